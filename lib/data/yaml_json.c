/* YAML to JSON: events in, text out; plain scalars typed by the core schema of YAML 1.2 (10.3). */
#include "berth/yaml.h"

#include <string.h>

#include "data/json_text.h"
#include "data/yaml.h"

/* One conversion. A repeated key's value is read where it stands last: back_* is where to go on afterwards.
 */
struct conversion {
    struct berth_yaml_reader reader;
    struct berth_writer *out;
    const struct berth_yaml_options *options;
    struct {
        uint32_t back_offset;
        uint32_t back_line;
        bool away;
        bool comma;
    } levels[BERTH_YAML_DEPTH_MAX + 1];
    struct berth_yaml_key keys[BERTH_YAML_KEYS];
};

/* ---- Scalars ---- */

static void put_json_text(struct berth_writer *out, const struct berth_yaml_event *scalar)
{
    struct berth_yaml_decoder d;
    struct berth_text run;
    berth_put_char(out, '"');
    berth_yaml_decode(&d, scalar);
    while (berth_yaml_decode_next(&d, &run))
        berth_json_put_escaped(out, run);
    berth_put_char(out, '"');
}

/* What the words of the core schema are in JSON; NULL = nothing. */
static const struct {
    struct berth_text word;
    const char *json;
} WORDS[] = {
    {BERTH_TEXT_INIT("true"), "true"},   {BERTH_TEXT_INIT("True"), "true"},
    {BERTH_TEXT_INIT("TRUE"), "true"},   {BERTH_TEXT_INIT("false"), "false"},
    {BERTH_TEXT_INIT("False"), "false"}, {BERTH_TEXT_INIT("FALSE"), "false"},
    {BERTH_TEXT_INIT(".nan"), NULL},     {BERTH_TEXT_INIT(".NaN"), NULL},
    {BERTH_TEXT_INIT(".NAN"), NULL},     {BERTH_TEXT_INIT(".inf"), NULL},
    {BERTH_TEXT_INIT(".Inf"), NULL},     {BERTH_TEXT_INIT(".INF"), NULL},
    {BERTH_TEXT_INIT("-.inf"), NULL},    {BERTH_TEXT_INIT("-.Inf"), NULL},
    {BERTH_TEXT_INIT("-.INF"), NULL},    {BERTH_TEXT_INIT("+.inf"), NULL},
    {BERTH_TEXT_INIT("+.Inf"), NULL},    {BERTH_TEXT_INIT("+.INF"), NULL},
};

/* The end of the digits from AT on. */
static size_t digits_end(struct berth_text text, size_t at)
{
    while (at < text.len && text.ptr[at] >= '0' && text.ptr[at] <= '9')
        at++;
    return at;
}

/* A decimal integer or float, rewritten by JSON's grammar. False when TEXT is none. */
static bool put_decimal(struct berth_writer *out, struct berth_text text)
{
    bool minus = berth_text_starts(text, BERTH_TEXT("-"));
    size_t whole = minus || berth_text_starts(text, BERTH_TEXT("+")) ? 1 : 0;
    size_t whole_end = digits_end(text, whole);
    bool dot = whole_end < text.len && text.ptr[whole_end] == '.';
    size_t fraction = dot ? whole_end + 1 : whole_end;
    size_t end = dot ? digits_end(text, fraction) : whole_end;
    if (whole_end == whole && end == fraction)
        return false;
    if (end < text.len) {
        size_t power = end + 1;
        if (text.ptr[end] != 'e' && text.ptr[end] != 'E')
            return false;
        if (power < text.len && (text.ptr[power] == '+' || text.ptr[power] == '-'))
            power++;
        if (power == text.len || digits_end(text, power) != text.len)
            return false;
    }
    while (whole < whole_end && text.ptr[whole] == '0')
        whole++;
    if (minus)
        berth_put_char(out, '-');
    if (whole == whole_end)
        berth_put_char(out, '0');
    berth_put_text(out, berth_text_slice(text, whole, whole_end));
    if (dot) {
        berth_put_char(out, '.');
        if (end == fraction)
            berth_put_char(out, '0');
        berth_put_text(out, berth_text_slice(text, fraction, end));
    }
    berth_put_text(out, berth_text_slice(text, end, text.len));
    return true;
}

/* 0x1F or 0o17: BERTH_E_SYNTAX when TEXT is neither, BERTH_E_RANGE beyond 64 bits. */
static enum berth_status based_integer(struct berth_text text, uint64_t *out_value)
{
    struct berth_text digits = berth_text_slice(text, 2, text.len);
    if (digits.len == 0)
        return BERTH_E_SYNTAX;
    if (berth_text_starts(text, BERTH_TEXT("0x")))
        return berth_parse_hex_u64(digits, out_value);
    if (!berth_text_starts(text, BERTH_TEXT("0o")))
        return BERTH_E_SYNTAX;
    bool fits = true;
    *out_value = 0;
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.ptr[i] < '0' || digits.ptr[i] > '7')
            return BERTH_E_SYNTAX;
        fits = fits && *out_value >> 61 == 0;
        *out_value = *out_value << 3 | (uint64_t)(digits.ptr[i] - '0');
    }
    return fits ? BERTH_OK : BERTH_E_RANGE;
}

/* A plain scalar that has its characters on one line. */
static enum berth_status put_core(struct conversion *c, const struct berth_yaml_event *scalar)
{
    struct berth_text text = scalar->text;
    uint64_t value;
    for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++) {
        if (!berth_text_equal(WORDS[i].word, text))
            continue;
        if (WORDS[i].json == NULL)
            return berth_yaml_fail(&c->reader, BERTH_E_SYNTAX, (uint32_t)scalar->start,
                                   "JSON has no infinity and no NaN: quote it");
        berth_put_string(c->out, WORDS[i].json);
        return BERTH_OK;
    }
    enum berth_status status = based_integer(text, &value);
    if (status == BERTH_E_RANGE)
        return berth_yaml_fail(&c->reader, status, (uint32_t)scalar->start, "an integer beyond 64 bits");
    if (status == BERTH_OK)
        berth_put_u64(c->out, value);
    else if (!put_decimal(c->out, text))
        put_json_text(c->out, scalar);
    return BERTH_OK;
}

static enum berth_status put_scalar(struct conversion *c, const struct berth_yaml_event *scalar)
{
    bool plain = scalar->style == BERTH_YAML_PLAIN && scalar->text.ptr != NULL;
    bool core = c->options->types == BERTH_YAML_CORE;
    if (plain && (core ? berth_yaml_is_null(scalar) : scalar->text.len == 0))
        berth_put_string(c->out, "null");
    else if (plain && core)
        return put_core(c, scalar);
    else
        put_json_text(c->out, scalar);
    return BERTH_OK;
}

/* ---- Repeated keys: the last value counts ---- */

/* Learns all keys of the mapping that has just begun, and where each stands last. */
static enum berth_status look_ahead(struct berth_yaml_reader *r)
{
    struct berth_yaml_reader scout = *r;
    struct berth_yaml_event ev;
    scout.keys = NULL;
    do {
        if (berth_yaml_next(&scout, &ev) != BERTH_OK) {
            r->error = scout.error;
            r->status = scout.status;
            return r->status;
        }
        if (ev.type != BERTH_YAML_KEY || ev.depth != r->depth)
            continue;
        struct berth_yaml_key *known = berth_yaml_keys_find(r, &ev);
        if (known == NULL) {
            BERTH_TRY(berth_yaml_keys_push(r, &ev));
        } else {
            known->last = (uint32_t)ev.start;
            known->last_line = ev.line;
        }
    } while (ev.depth >= r->depth);
    return BERTH_OK;
}

/* KEY was read: decides where its value is read. *OUT_SKIPPED: it was given out before. */
static enum berth_status find_value(struct conversion *c, struct berth_yaml_event *key, bool *out_skipped)
{
    struct berth_yaml_reader *r = &c->reader;
    const struct berth_yaml_key *known = berth_yaml_keys_find(r, key);
    *out_skipped = known != NULL && known->first != key->start;
    if (*out_skipped)
        return berth_yaml_skip(r, key, NULL);
    if (known == NULL || known->last == known->first)
        return BERTH_OK;
    c->levels[r->depth].away = true;
    c->levels[r->depth].back_offset = (uint32_t)key->start;
    c->levels[r->depth].back_line = key->line;
    berth_yaml_move(r, known->last, known->last_line);
    return berth_yaml_next(r, key);
}

/* A value ended: after one that was read where it stands last, goes back behind the first. */
static enum berth_status value_done(struct conversion *c)
{
    struct berth_yaml_reader *r = &c->reader;
    struct berth_yaml_event key;
    c->levels[r->depth].comma = true;
    if (!c->levels[r->depth].away)
        return BERTH_OK;
    c->levels[r->depth].away = false;
    berth_yaml_move(r, c->levels[r->depth].back_offset, c->levels[r->depth].back_line);
    BERTH_TRY(berth_yaml_next(r, &key));
    return berth_yaml_skip(r, &key, NULL);
}

/* ---- Events ---- */

static enum berth_status put_key(struct conversion *c, struct berth_yaml_event *key)
{
    bool skipped = false;
    if (key->repeated)
        return berth_yaml_fail(&c->reader, BERTH_E_SYNTAX, (uint32_t)key->start,
                               "a key that this mapping has already");
    if (c->options->last_key_wins)
        BERTH_TRY(find_value(c, key, &skipped));
    if (skipped)
        return BERTH_OK;
    if (c->levels[c->reader.depth].comma)
        berth_put_char(c->out, ',');
    c->levels[c->reader.depth].comma = false;
    put_json_text(c->out, key);
    berth_put_char(c->out, ':');
    return BERTH_OK;
}

static enum berth_status put_start(struct conversion *c, bool mapping)
{
    memset(&c->levels[c->reader.depth], 0, sizeof c->levels[0]);
    berth_put_char(c->out, mapping ? '{' : '[');
    return mapping && c->options->last_key_wins ? look_ahead(&c->reader) : BERTH_OK;
}

static enum berth_status convert(struct conversion *c, struct berth_yaml_event *ev)
{
    if (ev->type == BERTH_YAML_KEY)
        return put_key(c, ev);
    bool end = ev->type == BERTH_YAML_MAPPING_END || ev->type == BERTH_YAML_SEQUENCE_END;
    if (!end && c->levels[ev->depth].comma)
        berth_put_char(c->out, ',');
    switch (ev->type) {
    case BERTH_YAML_MAPPING_START:
    case BERTH_YAML_SEQUENCE_START:
        return put_start(c, ev->type == BERTH_YAML_MAPPING_START);
    case BERTH_YAML_SCALAR:
        BERTH_TRY(put_scalar(c, ev));
        break;
    default:
        berth_put_char(c->out, ev->type == BERTH_YAML_MAPPING_END ? '}' : ']');
        break;
    }
    return value_done(c);
}

static enum berth_status convert_all(struct conversion *c)
{
    struct berth_yaml_event ev;
    for (;;) {
        BERTH_TRY(berth_yaml_next(&c->reader, &ev));
        if (ev.type == BERTH_YAML_END)
            break;
        BERTH_TRY(convert(c, &ev));
    }
    if (!c->levels[0].comma) /* there was no value */
        berth_put_string(c->out, "null");
    return berth_writer_status(c->out);
}

enum berth_status berth_yaml_to_json(struct berth_text document, const struct berth_yaml_options *options,
                                     struct berth_writer *out, struct berth_yaml_error *out_error)
{
    static const struct berth_yaml_options DEFAULTS;
    struct conversion c;
    c.out = out;
    c.options = options == NULL ? &DEFAULTS : options;
    memset(c.levels, 0, sizeof c.levels);
    bool own = c.options->keys == NULL;
    enum berth_status status = berth_yaml_reader_init(&c.reader, document, own ? c.keys : c.options->keys,
                                                      own ? BERTH_YAML_KEYS : c.options->key_cap);
    c.reader.keys_known = c.options->last_key_wins;
    if (status == BERTH_OK)
        status = convert_all(&c);
    if (out_error != NULL && c.reader.status != BERTH_OK)
        *out_error = c.reader.error;
    return status;
}
