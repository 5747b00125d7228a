/* Notebooks as OpenPAI jobs: names and commands (the wire page's 4.8). */
#include "platform/openpai_job.h"

struct berth_text berth_openpai_notebook_base(struct berth_text path)
{
    size_t from = 0;
    for (size_t i = 0; i < path.len; i++)
        if (path.ptr[i] == '/')
            from = i + 1;
    struct berth_text name = berth_text_slice(path, from, path.len);
    if (berth_text_ends(name, BERTH_TEXT(".ipynb")))
        name.len -= sizeof ".ipynb" - 1;
    return name;
}

void berth_openpai_put_notebook_name(struct berth_writer *w, struct berth_text path, const uint8_t random[16])
{
    struct berth_text base = berth_openpai_notebook_base(path);
    /* Each character becomes one. */
    base = berth_text_slice(base, 0, BERTH_OPENPAI_JOB_NAME_MAX - 33);
    berth_openpai_put_job_name(w, base);
    berth_put_char(w, '_');
    berth_put_hex(w, random, 16);
}

static void put_file(struct berth_writer *w, struct berth_text base, const char *ending)
{
    /* A name that begins with a dash would be an option. */
    char whole[260];
    struct berth_writer name;
    berth_writer_init(&name, whole, sizeof whole);
    berth_put_string(&name, "./");
    berth_put_text(&name, base);
    berth_put_string(&name, ending);
    berth_openpai_put_word(w, berth_writer_text(&name));
}

static bool is_token(struct berth_text token)
{
    for (size_t i = 0; i < token.len; i++) {
        char c = token.ptr[i];
        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')))
            return false;
    }
    return token.len > 0;
}

enum berth_status berth_openpai_put_notebook_command(struct berth_writer *w,
                                                     enum berth_openpai_notebook_mode mode,
                                                     struct berth_text path, struct berth_text token)
{
    struct berth_text base = berth_openpai_notebook_base(path);
    if (base.len == 0 || base.len > 240) /* a file's name has at most 255 bytes */
        return BERTH_E_ARGUMENT;
    switch (mode) {
    case BERTH_OPENPAI_NOTEBOOK_SCRIPT:
        berth_put_string(w, "ipython ");
        put_file(w, base, ".py");
        break;
    case BERTH_OPENPAI_NOTEBOOK_SILENT:
        berth_put_string(w, "jupyter nbconvert --to html --execute --ExecutePreprocessor.timeout=-1 ");
        put_file(w, base, ".ipynb");
        break;
    case BERTH_OPENPAI_NOTEBOOK_INTERACTIVE:
        if (!is_token(token))
            return BERTH_E_ARGUMENT;
        berth_put_string(w, "jupyter notebook --no-browser --allow-root --ip=0.0.0.0 "
                            "--port=$PAI_CONTAINER_HOST_" BERTH_OPENPAI_NOTEBOOK_PORT
                            "_PORT_LIST --NotebookApp.token=");
        berth_put_text(w, token);
        break;
    default:
        return BERTH_E_ARGUMENT;
    }
    return berth_writer_status(w);
}
