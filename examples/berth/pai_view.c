/* How OpenPAI's answers are printed. */
#include "pai.h"

#include "files.h"

#include <string.h>

struct pai_view pai_view;
static char scratch[SESSION_WORK_SIZE]; /* an element as JSON */

struct pai_view *pai_show(pai_print_fn *print, const struct berth_shape *shape)
{
    memset(&pai_view, 0, sizeof pai_view);
    pai_view.print = print;
    pai_view.shape = shape;
    return &pai_view;
}

enum berth_status pai_put_json_part(const struct berth_shape *shape, const void *structure, bool no_first,
                                    bool no_last)
{
    struct berth_writer text;
    struct berth_json_writer w;
    berth_writer_init(&text, scratch, sizeof scratch);
    berth_json_writer_init(&w, &text);
    berth_fields_encode(shape, structure, &w);
    BERTH_TRY(berth_json_done(&w));
    size_t len = json_compact(scratch, text.len, scratch);
    out_bytes(&pai.app->out, scratch + no_first, len - no_first - no_last);
    return pai.app->out.failed ? BERTH_E_IO : BERTH_OK;
}

enum berth_status pai_put_json(const struct berth_shape *shape, const void *structure)
{
    BERTH_TRY(pai_put_json_part(shape, structure, false, false));
    out_string(&pai.app->out, "\n");
    return pai.app->out.failed ? BERTH_E_IO : BERTH_OK;
}

enum berth_status pai_element(void *ctx, const struct berth_json_element *element, void *structure)
{
    struct pai_view *view = ctx;
    (void)element;
    if (structure == NULL) /* too large: reported at the end, with the size */
        return BERTH_OK;
    view->count++;
    if (pai.app->json && view->shape != NULL)
        return pai_put_json(view->shape, structure);
    view->print(view, structure);
    return pai.app->out.failed ? BERTH_E_IO : BERTH_OK;
}

int pai_finish(enum berth_status described)
{
    struct app *app = pai.app;
    int code = pai_run(described);
    pai_close();
    if (code == 0 && pai_view.count == 0 && !app->json && !app->quiet && app->err.terminal)
        out_string(&app->err, "(none)\n"); /* for who wonders at an empty screen */
    return code;
}

struct table *pai_table(struct pai_view *view, const struct column *columns, size_t count)
{
    if (view->table.out == NULL)
        table_init(&view->table, &pai.app->out, columns, count);
    return &view->table;
}

/* ---- words ------------------------------------------------------------------------------------ */

struct berth_text pai_when(bool present, int64_t ms, char *buf, size_t size)
{
    struct berth_writer w;
    struct berth_time time = {ms / 1000, 0};
    berth_writer_init(&w, buf, size);
    if (!present)
        return BERTH_TEXT("");
    if (berth_put_rfc3339(&w, time) != BERTH_OK || berth_writer_status(&w) != BERTH_OK)
        return BERTH_TEXT("?");
    buf[10] = ' ';
    return berth_text_make(buf, 16);
}

struct berth_text pai_span(int64_t ms, char *buf, size_t size)
{
    struct berth_writer w;
    uint64_t s = ms > 0 ? (uint64_t)ms / 1000 : 0;
    berth_writer_init(&w, buf, size);
    if (s >= 86400) {
        berth_put_u64(&w, s / 86400);
        berth_put_string(&w, "d ");
        berth_put_u64_padded(&w, s % 86400 / 3600, 2);
        berth_put_char(&w, ':');
        berth_put_u64_padded(&w, s % 3600 / 60, 2);
    } else {
        berth_put_u64(&w, s / 3600);
        berth_put_char(&w, ':');
        berth_put_u64_padded(&w, s % 3600 / 60, 2);
        berth_put_char(&w, ':');
        berth_put_u64_padded(&w, s % 60, 2);
    }
    return berth_writer_text(&w);
}

struct berth_text pai_number(int64_t value, char *buf, size_t size)
{
    struct berth_writer w;
    berth_writer_init(&w, buf, size);
    berth_put_i64(&w, value);
    return berth_writer_text(&w);
}

enum colour pai_colour(int32_t state)
{
    switch (state) {
    case BERTH_OPENPAI_SUCCEEDED:
        return COLOUR_GREEN;
    case BERTH_OPENPAI_FAILED:
        return COLOUR_RED;
    case BERTH_OPENPAI_RUNNING:
        return COLOUR_YELLOW;
    default:
        return COLOUR_NONE;
    }
}

struct berth_text pai_state(struct berth_enum state)
{
    struct berth_text name = berth_openpai_state_name(state.value);
    return name.len > 0 ? name : state.text;
}

int64_t pai_now_ms(void)
{
    return program_clock()->civil_s(program_clock()->ctx) * 1000;
}

struct berth_text pai_join(struct berth_json_list list, char *buf, size_t size)
{
    struct berth_writer w;
    struct berth_text text;
    berth_writer_init(&w, buf, size);
    while (berth_openpai_next_text(&list, &text) == BERTH_OK) {
        size_t before = w.len;
        if (before > 0)
            berth_put_string(&w, ", ");
        berth_put_text(&w, text);
        if (berth_writer_status(&w) != BERTH_OK) {
            w.len = before;
            return berth_text_make(buf, before);
        }
    }
    return berth_writer_text(&w);
}
