/* OpenPAI job documents as they stand: what a server's own reader and its hiding of secrets make of them. */
#include "platform/openpai_job.h"

#include "data/yaml.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* ---- Plain scalars ----------------------------------------------------------------------------
 * The server's reader follows YAML 1.1 in part: 010 is 8 to it, 1_000 is 1000, 1:30 is 90, 0b11 is 3, a date
 * is a date; 0o17 and -.5 are texts. Here are the plain scalars that mean something else to the core schema
 * of YAML 1.2, by which berth reads. */

/* Where the bytes of TEXT from AT on that are digits below BASE or '_' end. */
static size_t digits_end(struct berth_text text, size_t at, unsigned base)
{
    for (; at < text.len; at++) {
        char c = text.ptr[at];
        char low = (char)(c | 0x20);
        unsigned value = is_digit(c)                ? (unsigned)(c - '0')
                         : low >= 'a' && low <= 'f' ? (unsigned)(low - 'a') + 10
                                                    : 99;
        if (c != '_' && value >= base)
            break;
    }
    return at;
}

static bool has_underscore(struct berth_text text)
{
    return berth_text_find_byte(text, '_') != SIZE_MAX;
}

/* 'e' and a whole number, or nothing, from AT to the end. */
static bool is_exponent(struct berth_text text, size_t at)
{
    if (at == text.len)
        return true;
    if (text.ptr[at] != 'e' && text.ptr[at] != 'E')
        return false;
    at++;
    at += at < text.len && (text.ptr[at] == '+' || text.ptr[at] == '-');
    size_t from = at;
    while (at < text.len && is_digit(text.ptr[at]))
        at++;
    return at == text.len && at > from;
}

/* A fraction and an exponent, or nothing of it. */
static bool is_fraction(struct berth_text text, size_t at)
{
    if (at < text.len && text.ptr[at] == '.')
        at = digits_end(text, at + 1, 10);
    return is_exponent(text, at);
}

/* Behind ":30:15" from AT on; AT without. */
static size_t sixties_end(struct berth_text text, size_t at)
{
    while (at + 1 < text.len && text.ptr[at] == ':' && is_digit(text.ptr[at + 1])) {
        size_t end = at + 2;
        if (end < text.len && is_digit(text.ptr[end])) {
            if (text.ptr[at + 1] > '5')
                return at;
            end++;
        }
        at = end;
    }
    return at;
}

/* As many digits as LEAST to MOST from AT on: behind them, or 0. */
static size_t take_digits(struct berth_text text, size_t at, size_t least, size_t most)
{
    size_t end = at;
    while (end < text.len && end - at < most && is_digit(text.ptr[end]))
        end++;
    return end - at >= least ? end : 0;
}

/* "2021-01-31", or "2021-1-31" and a time with seconds. */
static bool is_date(struct berth_text text)
{
    static const struct {
        char before; /* ' ': a blank or a T */
        uint8_t least, most;
    } parts[] = {{'\0', 4, 4}, {'-', 1, 2}, {'-', 1, 2}, {' ', 1, 2}, {':', 2, 2}, {':', 2, 2}};
    size_t at = 0;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (i == 3 && at == text.len)
            return text.len == 10;
        if (i > 0) {
            char c = at < text.len ? text.ptr[at] : '\0';
            if (c != parts[i].before && !(i == 3 && (c == 'T' || c == 't' || c == '\t')))
                return false;
            at++;
            while (i == 3 && (c == ' ' || c == '\t') && at < text.len && text.ptr[at] == ' ')
                at++;
        }
        at = take_digits(text, at, parts[i].least, parts[i].most);
        if (at == 0)
            return false;
    }
    return true;
}

/* TEXT begins with a zero and another digit or '_'; END: behind its digits. */
static bool is_zero_ambiguous(struct berth_text text, size_t end)
{
    size_t digits = 0;
    if (end != text.len)
        return is_fraction(text, end) && !has_underscore(text);
    if (digits_end(text, 0, 8) != end)
        return !has_underscore(text); /* 089 is a text to the server */
    if (has_underscore(text))
        return text.ptr[end - 1] != '_';
    while (digits < end && text.ptr[digits] == '0')
        digits++;
    return end - digits > 1; /* in one digit base eight is base ten */
}

/* 0b11, 0x1F, 0o17 without their sign. */
static bool is_base_ambiguous(struct berth_text text, bool sign)
{
    char c = text.ptr[1];
    unsigned base = c == 'b' ? 2 : c == 'o' ? 8 : 16;
    if (text.len < 3 || text.ptr[text.len - 1] == '_' || digits_end(text, 2, base) != text.len)
        return false;
    if (c == 'o')
        return !sign && !has_underscore(text);
    return c == 'b' || sign || has_underscore(text);
}

static bool is_ambiguous(struct berth_text whole)
{
    bool sign = whole.len > 0 && (whole.ptr[0] == '-' || whole.ptr[0] == '+');
    struct berth_text text = berth_text_slice(whole, sign, whole.len);
    if (text.len < 2)
        return false;
    bool ends_well = text.ptr[text.len - 1] != '_';
    if (text.ptr[0] == '.')
        return (is_digit(text.ptr[1]) || text.ptr[1] == '_') && is_fraction(text, 0) && ends_well &&
               sign != has_underscore(text);
    if (!is_digit(text.ptr[0]))
        return false;
    size_t end = digits_end(text, 0, 10);
    char next = end < text.len ? text.ptr[end] : '\0';
    if (text.ptr[0] == '0' && end == 1 && (next == 'b' || next == 'x' || next == 'o'))
        return is_base_ambiguous(text, sign);
    if (next == ':') {
        size_t sixties = sixties_end(text, end);
        if (sixties == text.len)
            return text.ptr[0] != '0';
        return sixties > end && ends_well && text.ptr[sixties] == '.' &&
               digits_end(text, sixties + 1, 10) == text.len;
    }
    if (!sign && next == '-')
        return is_date(text);
    if (text.ptr[0] == '0' && end > 1)
        return is_zero_ambiguous(text, end);
    return is_fraction(text, end) && has_underscore(text) && ends_well;
}

/* ---- The walk through the source -------------------------------------------------------------- */

struct source {
    struct berth_openpai_report *report; /* NULL: nothing is told */
    struct berth_text text;
    bool block;       /* the document is a block mapping */
    bool has_secrets; /* and whether the server hides them: */
    bool hidden;
    bool ambiguous;
    size_t secrets_from; /* after the key, while its value is read; 0: not there */
};

static bool is_word_byte(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || is_digit(c) || c == '_';
}

/* An unquoted key in the first column, with its colon right behind it. */
static bool is_bare(const struct source *s, const struct berth_yaml_event *key)
{
    return s->block && key->style == BERTH_YAML_PLAIN && is_word_byte(s->text.ptr[key->start]) &&
           (key->start == 0 || s->text.ptr[key->start - 1] == '\n') && key->end < s->text.len &&
           s->text.ptr[key->end] == ':';
}

/* A line between FROM and TO that begins with a word ends what the server hides. */
static bool has_word_line(const struct source *s, size_t from, size_t to)
{
    for (size_t i = from; i + 1 < to; i++)
        if ((s->text.ptr[i] == '\n' || s->text.ptr[i] == '\r') && is_word_byte(s->text.ptr[i + 1]))
            return true;
    return false;
}

static void top_key(struct source *s, const struct berth_yaml_event *key)
{
    bool bare = is_bare(s, key);
    if (s->secrets_from != 0 && has_word_line(s, s->secrets_from, key->start - 1))
        s->hidden = false;
    if (s->has_secrets && !bare) /* swallowed with them */
        s->hidden = false;
    s->secrets_from = 0;
    if (!berth_yaml_text_equal(key, BERTH_TEXT("secrets"))) {
        /* To the server's pattern `secrets:x` is `secrets`. */
        struct berth_text rest = berth_text_slice(s->text, key->start, key->end);
        s->ambiguous = s->ambiguous || berth_text_starts(rest, BERTH_TEXT("secrets:"));
        return;
    }
    s->has_secrets = true;
    s->hidden = bare;
    s->secrets_from = key->end;
}

static void plain_scalar(struct source *s, const struct berth_yaml_event *event, uint32_t token)
{
    bool key = event->type == BERTH_YAML_KEY;
    if (event->style != BERTH_YAML_PLAIN || !is_ambiguous(event->text))
        return;
    s->ambiguous = true;
    if (s->report == NULL)
        return;
    const struct berth_openpai_job_place place = {.at = {&s->report->document->json, token + key},
                                                  .name = key};
    const struct berth_openpai_saying saying = {"a server reads ", event->text,
                                                " as something else: put it in quotes, or write it out"};
    berth_openpai_tell(s->report, &place, BERTH_OPENPAI_RULE_SCALAR, true, &saying);
}

static void read_source(struct source *s)
{
    struct berth_yaml_reader reader;
    struct berth_yaml_event event;
    uint32_t token = 0;
    if (berth_yaml_reader_init(&reader, s->text, NULL, 0) != BERTH_OK)
        return;
    while (berth_yaml_next(&reader, &event) == BERTH_OK && event.type != BERTH_YAML_END) {
        if (event.type == BERTH_YAML_MAPPING_END || event.type == BERTH_YAML_SEQUENCE_END)
            continue;
        if (token == 0)
            s->block = event.style == BERTH_YAML_BLOCK;
        if (event.type == BERTH_YAML_KEY && event.depth == 1)
            top_key(s, &event);
        if (event.type == BERTH_YAML_KEY || event.type == BERTH_YAML_SCALAR)
            plain_scalar(s, &event, token);
        token++;
    }
    if (s->secrets_from != 0 && has_word_line(s, s->secrets_from, s->text.len))
        s->hidden = false;
}

/* JSON: every name is quoted. */
static void look(struct source *s, const struct berth_openpai_document *document)
{
    struct berth_json_cursor root = berth_openpai_root(document);
    s->text = document->source;
    if (!document->is_json)
        read_source(s);
    else
        s->has_secrets = berth_json_find(root, BERTH_TEXT("secrets")).json != NULL;
}

/* ---- What follows from it --------------------------------------------------------------------- */

static bool says_instances(const struct berth_openpai_document *document)
{
    struct berth_json_cursor roles = berth_json_find(berth_openpai_root(document), BERTH_TEXT("taskRoles"));
    if (berth_json_type_of(roles) != BERTH_JSON_OBJECT)
        return true;
    for (struct berth_json_cursor at = berth_json_enter(roles); at.json != NULL; at = berth_json_next(at))
        if (berth_json_type_of(at) == BERTH_JSON_OBJECT &&
            berth_json_find(at, BERTH_TEXT("instances")).json == NULL)
            return false;
    return true;
}

static size_t count_lines(struct berth_text text)
{
    size_t lines = text.len > 0 && text.ptr[text.len - 1] != '\n';
    for (size_t i = 0; i < text.len; i++)
        lines += text.ptr[i] == '\n';
    return lines;
}

static bool is_safe(const struct berth_openpai_document *document, const struct source *s)
{
    if (document->protocol == BERTH_OPENPAI_V1)
        return document->is_json;
    /* Tabs between values are JSON's only. What YAML does not print, the server's reader refuses or its
     * hiding takes for a line's end. */
    bool tabs = document->is_json && berth_text_find_byte(document->source, '\t') != SIZE_MAX;
    return (!s->has_secrets || s->hidden) && !s->ambiguous && !tabs &&
           berth_yaml_is_printable(document->source) && says_instances(document) &&
           count_lines(document->source) < BERTH_OPENPAI_JOB_LINES_MAX;
}

bool berth_openpai_document_is_safe(const struct berth_openpai_document *document)
{
    struct source s = {.report = NULL};
    look(&s, document);
    return is_safe(document, &s);
}

void berth_openpai_check_source(struct berth_openpai_report *r)
{
    const struct berth_openpai_document *document = r->document;
    struct berth_json_cursor root = berth_openpai_root(document);
    struct source s = {.report = document->protocol == BERTH_OPENPAI_V2 ? r : NULL};
    struct berth_writer count = {0};
    look(&s, document);
    if (document->protocol == BERTH_OPENPAI_V2 && s.has_secrets && !s.hidden) {
        const struct berth_openpai_job_place place = {.at = berth_json_find(root, BERTH_TEXT("secrets")),
                                                      .name = true};
        static const struct berth_openpai_saying saying = {
            .before = "sent as it stands, a server would show these secrets to everybody (berth writes the "
                      "document anew)"};
        berth_openpai_tell(r, &place, BERTH_OPENPAI_RULE_SECRETS, true, &saying);
    }
    if (count_lines(document->source) >= BERTH_OPENPAI_JOB_LINES_MAX)
        berth_openpai_warn(r, root, BERTH_OPENPAI_RULE_LINES,
                           "has a thousand lines or more: such jobs are known to hang");
    if (is_safe(document, &s))
        return;
    (void)!berth_openpai_document_write(document, &count);
    if (count.len > BERTH_OPENPAI_JOB_SIZE_MAX)
        berth_openpai_error(r, root, BERTH_OPENPAI_RULE_SIZE,
                            "is larger than a server takes (102400 bytes) as it has to be sent");
}
