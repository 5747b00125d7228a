/* Builds an OpenPAI job out of a command and an image, or reads a job document (v1 or v2, YAML or JSON) from
 * standard input, says what a server would refuse in it, and prints what is to be sent: v2, its secrets
 * hidden by the server. All memory is the buffers below.
 *
 *     check_openpai_job NAME IMAGE WORD...
 *     check_openpai_job <job.yaml */
#include <stdio.h>
#include <string.h>

#include "berth/openpai_job.h"

/* A document of a few kilobytes; BERTH_OPENPAI_JOB_MEMORY is enough for every one. */
static char source[16384], memory[65536], sent[65536];

static enum berth_status print_finding(void *ctx, const struct berth_openpai_finding *finding)
{
    (void)ctx;
    fprintf(stderr, "%u:%u: %s: %.*s: %.*s\n", (unsigned)finding->line, (unsigned)finding->column,
            finding->warning ? "warning" : "error", (int)finding->path.len, finding->path.ptr,
            (int)finding->text.len, finding->text.ptr);
    return BERTH_OK;
}

/* The document's bytes, from the words of the command line or from standard input. */
static enum berth_status take_document(int argc, char **argv, struct berth_text *out)
{
    struct berth_text words[64];
    struct berth_writer w;
    size_t count = 0;
    if (argc < 4) {
        *out = berth_text_make(source, fread(source, 1, sizeof source, stdin));
        return BERTH_OK;
    }
    for (int i = 3; i < argc && count < 64; i++)
        words[count++] = berth_text_of(argv[i]);
    const struct berth_openpai_spec_role role = {.argv = words, .argc = count, .memory_mb = 2048};
    const struct berth_openpai_spec spec = {
        .job_name = berth_text_of(argv[1]), .image = berth_text_of(argv[2]), .roles = &role, .role_count = 1};
    berth_writer_init(&w, source, sizeof source);
    enum berth_status status = berth_openpai_build_v2(&spec, &w);
    *out = berth_writer_text(&w);
    return status;
}

int main(int argc, char **argv)
{
    struct berth_text text;
    struct berth_yaml_error error = {0, 0, NULL};
    struct berth_openpai_document document = {0};
    struct berth_openpai_check check = {.finding = print_finding};
    struct berth_openpai_conversion conversion = {.check = {.finding = print_finding}};
    struct berth_writer w;
    enum berth_status status = take_document(argc, argv, &text);
    if (status == BERTH_OK)
        status = berth_openpai_document_read(&document, text, memory, sizeof memory, NULL, &error);
    if (error.reason != NULL)
        fprintf(stderr, "%u:%u: %s\n", (unsigned)error.line, (unsigned)error.column, error.reason);
    if (status == BERTH_OK)
        status = berth_openpai_document_check(&document, &check);
    berth_writer_init(&w, sent, sizeof sent);
    if (status == BERTH_OK && document.protocol == BERTH_OPENPAI_V1)
        status = berth_openpai_convert(&document, &conversion, &w);
    else if (status == BERTH_OK)
        status = berth_openpai_document_write(&document, &w);
    if (status != BERTH_OK) {
        fprintf(stderr, "%s\n", berth_status_name(status));
        return 5;
    }
    return fwrite(sent, 1, w.len, stdout) == w.len ? 0 : 6;
}
