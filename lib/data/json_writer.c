/* Writes one JSON value; refuses what would not be one. */
#include "berth/json.h"

#include <string.h>

#include "data/json_scan.h"
#include "data/json_text.h"

void berth_json_writer_init(struct berth_json_writer *w, struct berth_writer *out)
{
    memset(w, 0, sizeof *w);
    w->out = out;
}

static void fail(struct berth_json_writer *w, enum berth_status status)
{
    if (w->status == BERTH_OK)
        w->status = status;
}

static bool in_object(const struct berth_json_writer *w)
{
    return w->depth > 0 && (w->objects >> (w->depth - 1) & 1) != 0;
}

/* Before a value: whether one may stand here, and the comma. */
static bool begin_value(struct berth_json_writer *w)
{
    if (w->finished || (in_object(w) && !w->have_name))
        fail(w, BERTH_E_STATE);
    if (w->status != BERTH_OK)
        return false;
    if (w->need_comma && !w->have_name)
        berth_put_char(w->out, ',');
    w->have_name = false;
    return true;
}

static void end_value(struct berth_json_writer *w)
{
    w->need_comma = true;
    w->finished = w->depth == 0;
}

static void put_literal(struct berth_json_writer *w, const char *literal)
{
    if (begin_value(w)) {
        berth_put_string(w->out, literal);
        end_value(w);
    }
}

static void begin_container(struct berth_json_writer *w, bool object)
{
    if (w->depth == BERTH_JSON_DEPTH_MAX)
        fail(w, BERTH_E_DEPTH);
    if (!begin_value(w))
        return;
    uint64_t bit = UINT64_C(1) << w->depth++;
    w->objects = object ? w->objects | bit : w->objects & ~bit;
    w->need_comma = false;
    berth_put_char(w->out, object ? '{' : '[');
}

static void end_container(struct berth_json_writer *w, bool object)
{
    if (w->depth == 0 || in_object(w) != object || w->have_name)
        fail(w, BERTH_E_STATE);
    if (w->status != BERTH_OK)
        return;
    w->depth--;
    berth_put_char(w->out, object ? '}' : ']');
    end_value(w);
}

void berth_json_begin_object(struct berth_json_writer *w)
{
    begin_container(w, true);
}

void berth_json_end_object(struct berth_json_writer *w)
{
    end_container(w, true);
}

void berth_json_begin_array(struct berth_json_writer *w)
{
    begin_container(w, false);
}

void berth_json_end_array(struct berth_json_writer *w)
{
    end_container(w, false);
}

static void put_quoted(struct berth_json_writer *w, struct berth_text text)
{
    if (!berth_text_is_utf8(text, NULL)) {
        fail(w, BERTH_E_UTF8);
        return;
    }
    berth_put_char(w->out, '"');
    berth_json_put_escaped(w->out, text);
    berth_put_char(w->out, '"');
}

void berth_json_put_name(struct berth_json_writer *w, struct berth_text name)
{
    if (!in_object(w) || w->have_name)
        fail(w, BERTH_E_STATE);
    if (w->status != BERTH_OK)
        return;
    if (w->need_comma)
        berth_put_char(w->out, ',');
    put_quoted(w, name);
    berth_put_char(w->out, ':');
    w->have_name = true;
}

void berth_json_put_text(struct berth_json_writer *w, struct berth_text text)
{
    if (begin_value(w)) {
        put_quoted(w, text);
        end_value(w);
    }
}

void berth_json_put_i64(struct berth_json_writer *w, int64_t value)
{
    if (begin_value(w)) {
        berth_put_i64(w->out, value);
        end_value(w);
    }
}

void berth_json_put_u64(struct berth_json_writer *w, uint64_t value)
{
    if (begin_value(w)) {
        berth_put_u64(w->out, value);
        end_value(w);
    }
}

void berth_json_put_double(struct berth_json_writer *w, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    if ((bits >> 52 & 0x7FF) == 0x7FF)
        fail(w, BERTH_E_RANGE);
    if (begin_value(w)) {
        berth_put_double(w->out, value);
        end_value(w);
    }
}

void berth_json_put_bool(struct berth_json_writer *w, bool value)
{
    put_literal(w, value ? "true" : "false");
}

void berth_json_put_null(struct berth_json_writer *w)
{
    put_literal(w, "null");
}

void berth_json_put_time(struct berth_json_writer *w, struct berth_time time)
{
    struct berth_writer count = {0};
    enum berth_status status = berth_put_rfc3339(&count, time);
    if (status != BERTH_OK)
        fail(w, status);
    if (begin_value(w)) {
        berth_put_char(w->out, '"');
        (void)!berth_put_rfc3339(w->out, time);
        berth_put_char(w->out, '"');
        end_value(w);
    }
}

void berth_json_put_guid(struct berth_json_writer *w, const struct berth_guid *guid)
{
    berth_json_put_text(w, berth_guid_text(guid));
}

void berth_json_put_raw(struct berth_json_writer *w, struct berth_text json)
{
    enum berth_status status = berth_json_check_at(json, w->depth, NULL);
    if (status != BERTH_OK)
        fail(w, status);
    if (begin_value(w)) {
        berth_put_text(w->out, json);
        end_value(w);
    }
}

enum berth_status berth_json_done(const struct berth_json_writer *w)
{
    if (w->status != BERTH_OK)
        return w->status;
    return w->finished ? berth_writer_status(w->out) : BERTH_E_STATE;
}
