/* Argument lists, built element by element. */
#include "berth/container.h"

#include <string.h>

void berth_argv_init(struct berth_argv *argv, char *text, size_t text_cap, const char **items, size_t cap)
{
    memset(argv, 0, sizeof *argv);
    berth_writer_init(&argv->text, text, text_cap);
    argv->items = items;
    argv->cap = cap;
}

struct berth_writer *berth_argv_open(struct berth_argv *argv)
{
    argv->element = argv->text.len;
    return &argv->text;
}

/* Without memory for the characters there are no pointers either. */
static bool has_room(const struct berth_argv *argv)
{
    return argv->count < argv->cap && argv->text.buf != NULL && berth_writer_status(&argv->text) == BERTH_OK;
}

void berth_argv_close(struct berth_argv *argv)
{
    size_t from = argv->element;
    if (has_room(argv) && argv->text.len > from &&
        memchr(argv->text.buf + from, '\0', argv->text.len - from) != NULL)
        argv->has_nul = true;
    berth_put_char(&argv->text, '\0');
    if (has_room(argv))
        argv->items[argv->count] = argv->text.buf + from;
    argv->count++;
}

void berth_argv_add(struct berth_argv *argv, struct berth_text element)
{
    berth_put_text(berth_argv_open(argv), element);
    berth_argv_close(argv);
}

void berth_argv_add_all(struct berth_argv *argv, const char *const *elements)
{
    for (; *elements != NULL; elements++)
        berth_argv_add(argv, berth_text_of(*elements));
}

enum berth_status berth_argv_finish(struct berth_argv *argv)
{
    if (argv->has_nul)
        return BERTH_E_RANGE;
    if (!has_room(argv))
        return BERTH_E_SPACE;
    argv->items[argv->count] = NULL;
    return BERTH_OK;
}

/* ---- for people ------------------------------------------------------------------------------- */

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           memchr("-_./:=,+@%", c, 10) != NULL;
}

static bool needs_quotes(struct berth_text element)
{
    for (size_t i = 0; i < element.len; i++) {
        if (!is_plain(element.ptr[i]))
            return true;
    }
    return element.len == 0;
}

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

static void put_quoted(struct berth_writer *w, struct berth_text element)
{
    berth_put_char(w, '\'');
    for (size_t i = 0; i < element.len; i++) {
        if (element.ptr[i] == '\'')
            berth_put_string(w, "'\\''");
        else
            berth_put_char(w, is_control(element.ptr[i]) ? '?' : element.ptr[i]);
    }
    berth_put_char(w, '\'');
}

void berth_argv_put_line(struct berth_writer *w, const char *const *items)
{
    for (size_t i = 0; items[i] != NULL; i++) {
        struct berth_text element = berth_text_of(items[i]);
        berth_put_string(w, i > 0 ? " " : "");
        if (needs_quotes(element))
            put_quoted(w, element);
        else
            berth_put_text(w, element);
    }
}
