/* Any bytes as a job document: what is said about it has a place in it, what is written of it is read again
 * and stays the same, a server hides its secrets, and memory of any size gives the same or is said to be too
 * small. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "berth/openpai_job.h"

static char memory[1 << 20], small[1 << 16], other[1 << 20];
static char first[1 << 18], second[1 << 18];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
    const struct berth_openpai_document *document;
    size_t errors;
};

static enum berth_status look(void *ctx, const struct berth_openpai_finding *finding)
{
    struct seen *seen = ctx;
    struct berth_json_cursor at;
    seen->errors += !finding->warning;
    if (finding->line == 0 || finding->column == 0 || finding->text.len == 0)
        abort();
    if (!berth_text_is_utf8(finding->text, NULL) || !berth_text_is_utf8(finding->path, NULL))
        abort();
    if (finding->line > seen->document->source.len + 1)
        abort();
    bool lacks = finding->rule == BERTH_OPENPAI_RULE_MISSING || finding->rule == BERTH_OPENPAI_RULE_INSTANCES;
    if (lacks || berth_text_find(finding->path, BERTH_TEXT("...")) != SIZE_MAX)
        return BERTH_OK;
    if (berth_json_find_path(berth_json_root(&seen->document->json), finding->path, &at) != BERTH_OK)
        abort();
    return BERTH_OK;
}

static size_t check(const struct berth_openpai_document *document)
{
    struct seen seen = {document, 0};
    struct berth_openpai_check c = {look, &seen, 0, 0};
    enum berth_status status = berth_openpai_document_check(document, &c);
    if (c.errors != seen.errors || status != (c.errors > 0 ? BERTH_E_BAD_REQUEST : BERTH_OK))
        abort();
    return c.errors;
}

static bool is_word_byte(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* Reads what was written; false only for a name that escapes have made longer than YAML allows. */
static bool read_again(struct berth_openpai_document *out, struct berth_text text)
{
    struct berth_yaml_error error;
    if (berth_openpai_document_read(out, text, other, sizeof other, NULL, &error) == BERTH_OK)
        return true;
    if (error.reason == NULL || strcmp(error.reason, "a key longer than 1024 bytes") != 0)
        abort();
    return false;
}

/* JavaScript's idea of a line's beginning, as the server's pattern has it. */
static bool begins_line(struct berth_text text, size_t i)
{
    struct berth_text before = berth_text_slice(text, 0, i);
    return i == 0 || text.ptr[i - 1] == '\n' || text.ptr[i - 1] == '\r' ||
           berth_text_ends(before, BERTH_TEXT("\xe2\x80\xa8")) ||
           berth_text_ends(before, BERTH_TEXT("\xe2\x80\xa9"));
}

/* What the server stores (wire 3.2): without `secrets:` up to the next line that begins with a word. */
static struct berth_text masked(struct berth_text text)
{
    size_t len = 0;
    bool inside = false;
    for (size_t i = 0; i < text.len; i++) {
        if (begins_line(text, i)) {
            inside = inside && !is_word_byte(text.ptr[i]);
            inside = inside || berth_text_starts(berth_text_slice(text, i, text.len), BERTH_TEXT("secrets:"));
        }
        if (!inside)
            second[len++] = text.ptr[i];
    }
    return berth_text_make(second, len);
}

/* Without its secrets the document has all its other members. */
static void check_hidden(struct berth_text text, size_t members)
{
    struct berth_openpai_document document;
    struct berth_text rest = masked(text);
    if (members <= 1)
        return;
    if (!read_again(&document, rest))
        return;
    struct berth_json_cursor root = berth_json_root(&document.json);
    if (berth_json_count(root) != members - 1 || berth_json_find(root, BERTH_TEXT("secrets")).json != NULL)
        abort();
}

static void check_writing(const struct berth_openpai_document *document)
{
    struct berth_openpai_document again;
    struct berth_writer w;
    struct berth_json_cursor root = berth_json_root(&document->json);
    bool secrets = berth_json_find(root, BERTH_TEXT("secrets")).json != NULL;
    size_t members = berth_json_count(root);
    if (document->protocol == BERTH_OPENPAI_V2 && secrets && berth_openpai_document_is_safe(document))
        check_hidden(document->source, members);
    berth_writer_init(&w, first, sizeof first);
    enum berth_status status = berth_openpai_document_write(document, &w);
    if (status != BERTH_OK)
        return; /* a name that needs quotes, or no room */
    struct berth_text text = berth_writer_text(&w);
    if (document->protocol == BERTH_OPENPAI_V2 && secrets)
        check_hidden(text, members);
    if (!read_again(&again, text))
        return;
    if (again.protocol == BERTH_OPENPAI_V2 && !berth_openpai_document_is_safe(&again))
        abort();
    berth_writer_init(&w, second, sizeof second);
    if (berth_openpai_document_write(&again, &w) != BERTH_OK ||
        !berth_text_equal(text, berth_writer_text(&w)))
        abort();
}

static void check_conversion(const struct berth_openpai_document *document, bool good)
{
    struct berth_openpai_conversion conversion = {.auth_file = BERTH_TEXT("r\nu\np")};
    struct berth_openpai_document v2;
    struct berth_writer w;
    berth_writer_init(&w, first, sizeof first);
    if (berth_openpai_convert(document, &conversion, &w) != BERTH_OK || !good)
        return;
    if (!read_again(&v2, berth_writer_text(&w)))
        return;
    if (v2.protocol != BERTH_OPENPAI_V2 || !berth_openpai_document_is_safe(&v2))
        abort();
    (void)check(&v2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct berth_openpai_document document, in_small;
    struct berth_yaml_error error;
    size_t needed = 0;
    if (size < 2 || size > 20000)
        return 0;
    struct berth_text source = berth_text_make((const char *)data + 2, size - 2);
    size_t cap = ((size_t)data[0] << 8 | data[1]) % sizeof small;
    enum berth_status status =
        berth_openpai_document_read(&document, source, memory, sizeof memory, &needed, &error);
    enum berth_status limited = berth_openpai_document_read(&in_small, source, small, cap, NULL, NULL);
    if (limited != BERTH_E_SPACE && limited != status)
        abort();
    if (status == BERTH_OK && limited == BERTH_E_SPACE && cap >= needed)
        abort();
    if (status != BERTH_OK) {
        if (status != BERTH_E_SPACE && (error.reason == NULL || error.line == 0))
            abort();
        return 0;
    }
    size_t errors = check(&document);
    check_writing(&document);
    if (document.protocol == BERTH_OPENPAI_V1)
        check_conversion(&document, errors == 0);
    return 0;
}
