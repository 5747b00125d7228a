/* users_config.yaml: one user's block written, every other byte kept. */
#include "booking/users.h"

#include <string.h>

#include "berth/booking.h"

/* For ids that must be copied: capitals, escapes. */
#define ID_MEMORY 256

/* Where an entry of the user's block stands in the document. */
struct span {
    size_t before; /* end of what stands before it */
    size_t key, key_end, value, end;
};

/* The user's first block. */
struct block {
    struct span head; /* the id; value and end: of the whole mapping */
    struct span fields[BERTH_USER_FIELDS];
    bool has[BERTH_USER_FIELDS];
    size_t first_key; /* of the first entry; 0 when there is none */
};

struct put {
    struct berth_writer *out;
    struct berth_text document;
    const struct berth_user *user;
    const char *line_end;
    size_t indent;
    size_t cursor;   /* what stands before is written */
    bool done;       /* the block is written */
    bool ended;      /* what is written ends with a line break, and nothing follows */
    bool flow_empty; /* the document is {} */
    struct berth_yaml_event top;
};

/* ---- Values ---- */

static const struct berth_text *text_field(const struct berth_user *user, size_t field)
{
    const unsigned char *member = (const unsigned char *)user + berth_user_fields[field].offset;
    return (const struct berth_text *)(const void *)member;
}

/* Words that YAML 1.1, which the Python programs read, takes for something else than text. */
static bool is_yaml_word(struct berth_text text)
{
    static const char *const WORDS[] = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"};
    for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++)
        if (berth_text_equal_nocase(text, berth_text_of(WORDS[i])))
            return true;
    return false;
}

/* Whether TEXT stands for itself without quotes, for every reader: no number, date or word, no mark of YAML.
 */
static bool is_plain(struct berth_text text)
{
    char first = text.len > 0 ? text.ptr[0] : '0';
    bool letter = (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z');
    if ((!letter && first != '/') || is_yaml_word(text) || text.ptr[text.len - 1] == ' ')
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char ch = text.ptr[i];
        if (ch < 0x20 || ch > 0x7E)
            return false;
        if (ch == '#' && text.ptr[i - 1] == ' ')
            return false;
        if (ch == ':' && (i + 1 == text.len || text.ptr[i + 1] == ' '))
            return false;
    }
    return true;
}

/* A character that YAML wants escaped, and line ends beyond ASCII. */
static bool is_unprintable(uint32_t code)
{
    return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x2028 || code == 0x2029 ||
           code == 0xFEFF || code == 0xFFFE || code == 0xFFFF;
}

static void put_single(struct berth_writer *w, struct berth_text text)
{
    berth_put_char(w, '\'');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\'')
            berth_put_char(w, '\'');
        berth_put_char(w, text.ptr[i]);
    }
    berth_put_char(w, '\'');
}

static void put_escape(struct berth_writer *w, uint32_t code)
{
    static const char DIGITS[] = "0123456789ABCDEF";
    char digits[8];
    size_t count = code <= 0xFF ? 2 : code <= 0xFFFF ? 4 : 8;
    for (size_t i = count; i-- > 0; code >>= 4)
        digits[i] = DIGITS[code & 15];
    berth_put_char(w, '\\');
    berth_put_char(w, count == 2 ? 'x' : count == 4 ? 'u' : 'U');
    berth_put_bytes(w, digits, count);
}

static void put_double(struct berth_writer *w, struct berth_text text)
{
    uint32_t code;
    berth_put_char(w, '"');
    for (size_t i = 0; i < text.len;) {
        i += berth_text_character(berth_text_slice(text, i, text.len), &code);
        if (code == '"' || code == '\\') {
            berth_put_char(w, '\\');
            berth_put_char(w, (char)code);
        } else if (code == '\n' || code == '\t') {
            berth_put_string(w, code == '\n' ? "\\n" : "\\t");
        } else if (code >= 0x20 && code < 0x7F) {
            berth_put_char(w, (char)code);
        } else {
            put_escape(w, code);
        }
    }
    berth_put_char(w, '"');
}

/* TEXT is UTF-8. */
static void put_value(struct berth_writer *w, struct berth_text text, bool password)
{
    bool ascii = true;
    bool printable = true;
    uint32_t code;
    for (size_t i = 0; i < text.len;) {
        i += berth_text_character(berth_text_slice(text, i, text.len), &code);
        ascii = ascii && code < 0x80;
        printable = printable && !is_unprintable(code);
    }
    if (text.ptr == NULL)
        berth_put_string(w, "null");
    else if (!printable || (!ascii && !password))
        put_double(w, text);
    else if (password || !is_plain(text))
        put_single(w, text);
    else
        berth_put_text(w, text);
}

/* ---- The block ---- */

static void put_slice(struct put *p, size_t from, size_t to)
{
    berth_put_text(p->out, berth_text_slice(p->document, from, to));
}

/* The end of the line that OFFSET is in, without its line break. */
static size_t line_end_of(const struct put *p, size_t offset)
{
    size_t feed = berth_text_find_byte(berth_text_slice(p->document, offset, p->document.len), '\n');
    if (feed == SIZE_MAX)
        return p->document.len;
    bool carriage = feed > 0 && p->document.ptr[offset + feed - 1] == '\r';
    return offset + feed - carriage;
}

static bool has_comment(const struct put *p, size_t from, size_t to)
{
    return berth_text_find_byte(berth_text_slice(p->document, from, to), '#') != SIZE_MAX;
}

/* The comment behind what ends at FROM on its line, as it stands. */
static void put_tail(struct put *p, size_t from)
{
    size_t end = line_end_of(p, from);
    if (has_comment(p, from, end))
        put_slice(p, from, end);
}

/* Comments between a key and a value on another line, as lines of their own. */
static void put_between(struct put *p, size_t from, size_t to)
{
    while (has_comment(p, from, to)) {
        size_t start = from + berth_text_find_byte(berth_text_slice(p->document, from, to), '#');
        size_t end = line_end_of(p, start);
        berth_put_repeat(p->out, ' ', p->indent + 2);
        put_slice(p, start, end);
        berth_put_string(p->out, p->line_end);
        from = end;
    }
}

/* Whole lines before an entry: comments and empty ones. */
static void put_lines_before(struct put *p, const struct span *span)
{
    struct berth_text gap = berth_text_slice(p->document, span->before, span->key);
    size_t first = berth_text_find_byte(gap, '\n');
    size_t last = gap.len;
    while (last > 0 && gap.ptr[last - 1] != '\n')
        last--;
    if (first != SIZE_MAX && last > first + 1)
        berth_put_text(p->out, berth_text_slice(gap, first + 1, last));
}

static void put_key(struct put *p, struct berth_text id)
{
    if (is_plain(id))
        berth_put_text(p->out, id);
    else
        put_single(p->out, id);
    berth_put_char(p->out, ':');
}

/* The user's lines, the first without its indentation and the last without its line break. OLD (may be NULL)
 * is the block that they replace: its comments stay. */
static void put_block(struct put *p, const struct block *old)
{
    size_t old_end = old == NULL ? 0 : old->head.end; /* what stands behind it stays where it is */
    put_key(p, p->user->id);
    if (old != NULL && old->first_key > 0) {
        size_t colon =
            berth_text_find_byte(berth_text_slice(p->document, old->head.key_end, old->head.end), ':');
        put_tail(p, old->head.key_end + colon + 1);
    }
    for (size_t i = 0; i < BERTH_USER_FIELDS; i++) {
        const struct span *span = old != NULL && old->has[i] ? &old->fields[i] : NULL;
        berth_put_string(p->out, p->line_end);
        if (i == 0 && old != NULL && old->first_key == 0)
            put_between(p, old->head.key_end, old->head.value);
        if (span != NULL) {
            put_lines_before(p, span);
            put_between(p, span->key_end, span->value);
        }
        berth_put_repeat(p->out, ' ', p->indent + 2);
        berth_put_string(p->out, berth_user_fields[i].key);
        berth_put_string(p->out, ": ");
        if (i != BERTH_USER_PORT)
            put_value(p->out, *text_field(p->user, i), i == BERTH_USER_PASSWORD);
        else if (p->user->forward_port == 0)
            berth_put_string(p->out, "null");
        else
            berth_put_u64(p->out, p->user->forward_port);
        if (span != NULL && span->end != old_end)
            put_tail(p, span->end);
    }
}

/* ---- The document ---- */

/* The mapping of the id whose key was read: where everything stands. */
static enum berth_status read_block(struct berth_config_reader *c, struct block *block)
{
    struct berth_yaml_event ev;
    size_t field;
    size_t before = block->head.key_end;
    bool end = false;
    BERTH_TRY(berth_config_next(c, &ev));
    if (ev.type != BERTH_YAML_MAPPING_START)
        return berth_config_fail(c, BERTH_E_TYPE, &ev, "keys and values are due here");
    block->head.value = ev.start;
    for (;;) {
        BERTH_TRY(berth_users_field(c, &ev, &field, &end));
        if (end)
            break;
        struct span span = {before, ev.start, ev.end, 0, 0};
        BERTH_TRY(berth_config_scalar(c, &ev));
        span.value = ev.start;
        before = span.end = ev.end;
        block->fields[field] = span;
        block->has[field] = true;
        if (block->first_key == 0)
            block->first_key = span.key;
    }
    block->head.end = ev.end;
    return BERTH_OK;
}

/* Writes up to the block, and the new one in its place; a later block of the same id goes without one. */
static void replace_block(struct put *p, const struct block *block)
{
    put_slice(p, p->cursor, p->done ? block->head.key - p->indent : block->head.key);
    p->cursor = block->head.end;
    if (!p->done) {
        p->done = true;
        put_block(p, block);
        return;
    }
    /* With its last line, unless a comment stays on it. */
    size_t end = line_end_of(p, p->cursor);
    if (!has_comment(p, p->cursor, end)) {
        p->cursor = end;
        if (p->cursor < p->document.len && p->document.ptr[p->cursor] == '\r')
            p->cursor++;
        if (p->cursor < p->document.len)
            p->cursor++;
        p->ended = p->cursor == p->document.len;
    }
}

static enum berth_status walk(struct put *p, struct berth_config_reader *c)
{
    struct berth_yaml_event ev;
    struct berth_writer *memory = c->input->memory;
    BERTH_TRY(berth_config_next(c, &p->top));
    if (p->top.type == BERTH_YAML_END)
        return BERTH_OK;
    if (p->top.type != BERTH_YAML_MAPPING_START)
        return berth_config_fail(c, BERTH_E_TYPE, &p->top, "keys and values are due at the top of the file");
    p->flow_empty = p->top.style == BERTH_YAML_FLOW;
    p->indent = p->top.column - 1;
    for (bool end = false;;) {
        struct block block;
        struct berth_text id;
        memset(&block, 0, sizeof block);
        c->field = "";
        memory->len = 0;
        BERTH_TRY(berth_config_key(c, &ev, &end));
        if (end)
            break;
        enum berth_status status = berth_config_user_id(c, &ev, &id);
        if (status == BERTH_E_SPACE)
            status = berth_config_fail(c, BERTH_E_RANGE, &ev, berth_refusal_text(BERTH_REFUSAL_ID_FORM));
        BERTH_TRY(status);
        block.head.key = ev.start;
        block.head.key_end = ev.end;
        BERTH_TRY(read_block(c, &block));
        if (berth_text_equal(id, p->user->id))
            replace_block(p, &block);
    }
    return BERTH_OK;
}

/* Adds the block behind everything, or in the place of {}. */
static void append_block(struct put *p)
{
    struct berth_text doc = p->document;
    if (p->flow_empty) {
        put_slice(p, 0, p->top.start);
        p->cursor = p->top.start + 2;
        put_block(p, NULL);
        return;
    }
    put_slice(p, 0, doc.len);
    p->cursor = doc.len;
    size_t first = berth_text_starts(doc, BERTH_TEXT("\xEF\xBB\xBF")) ? 3 : 0;
    if (doc.len > first) {
        size_t line = doc.len - 1;
        if (doc.ptr[line] != '\n') {
            berth_put_string(p->out, p->line_end);
            line = doc.len;
        }
        while (line > first && doc.ptr[line - 1] != '\n')
            line--;
        if (berth_text_trim(berth_text_slice(doc, line, doc.len)).len > 0)
            berth_put_string(p->out, p->line_end);
    }
    berth_put_repeat(p->out, ' ', p->indent);
    put_block(p, NULL);
}

/* Whether a reader takes the user back as it is. */
static bool is_writable(const struct berth_user *user)
{
    char id[BERTH_USER_ID_MAX];
    size_t len;
    if (berth_booking_user_id(user->id, id, &len) != BERTH_REFUSAL_NONE ||
        !berth_text_equal(berth_text_make(id, len), user->id))
        return false;
    for (size_t i = 0; i < BERTH_USER_FIELDS; i++) {
        if (i == BERTH_USER_PORT)
            continue;
        struct berth_text text = *text_field(user, i);
        if (!berth_text_is_utf8(text, NULL) || berth_text_find_byte(text, '\0') != SIZE_MAX)
            return false;
        if (i >= BERTH_USER_WORK_DIR && text.ptr != NULL && berth_config_bad_path(text, BERTH_CONFIG_PATH))
            return false;
    }
    return true;
}

enum berth_status berth_users_config_put(struct berth_writer *out, struct berth_text document,
                                         const struct berth_user *user, struct berth_config_note *note)
{
    char ids[ID_MEMORY];
    struct berth_writer memory;
    struct berth_config_reader c;
    struct berth_config_input input = {document, &memory, NULL, NULL, note};
    struct put p;
    memset(&p, 0, sizeof p);
    berth_writer_init(&memory, ids, sizeof ids);
    p.out = out;
    p.document = document;
    p.user = user;
    if (!is_writable(user)) {
        if (note != NULL)
            *note = (struct berth_config_note){0, 0, "", "a value that these files cannot hold"};
        return BERTH_E_RANGE;
    }
    size_t feed = berth_text_find_byte(document, '\n');
    p.line_end = feed != SIZE_MAX && feed > 0 && document.ptr[feed - 1] == '\r' ? "\r\n" : "\n";
    BERTH_TRY(berth_config_open(&c, &input));
    BERTH_TRY(walk(&p, &c));
    if (!p.done)
        append_block(&p);
    put_slice(&p, p.cursor, document.len);
    if (p.cursor < document.len ? document.ptr[document.len - 1] != '\n' : !p.ended)
        berth_put_string(out, p.line_end);
    return berth_writer_status(out);
}
