/* Shell text for OpenPAI's jobs: words quoted, commands joined, files put where they belong. */
#include "platform/openpai_job.h"

#include "base/base64.h"
#include "data/json_text.h"
#include "data/yaml.h"

static bool is_name_byte(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

void berth_openpai_put(struct berth_writer *out, struct berth_text text, enum berth_openpai_writing writing)
{
    if (writing == BERTH_OPENPAI_PLAIN) {
        berth_put_text(out, text);
        return;
    }
    if (writing == BERTH_OPENPAI_RAW) {
        berth_yaml_put_json(out, text, true);
        return;
    }
    for (size_t at = 0; at < text.len;) {
        char escaped[8]; /* the longest: \u0001 */
        struct berth_writer w;
        uint32_t unused;
        size_t len = berth_text_character(berth_text_slice(text, at, text.len), &unused);
        len = len > 0 ? len : 1;
        berth_writer_init(&w, escaped, sizeof escaped);
        berth_json_put_escaped(&w, berth_text_slice(text, at, at + len));
        berth_yaml_put_json(out, berth_writer_text(&w), true);
        at += len;
    }
}

void berth_openpai_put_text(struct berth_writer *out, struct berth_text text)
{
    berth_put_char(out, '"');
    berth_openpai_put(out, text, BERTH_OPENPAI_INSIDE);
    berth_put_char(out, '"');
}

/* ---- Words ------------------------------------------------------------------------------------ */

/* Nothing in it means something to a shell. */
static bool is_plain_word(struct berth_text text)
{
    static const struct berth_text more = BERTH_TEXT_INIT("@%+=:,./-_");
    for (size_t i = 0; i < text.len; i++)
        if (!is_name_byte(text.ptr[i]) && berth_text_find_byte(more, text.ptr[i]) == SIZE_MAX)
            return false;
    return text.len > 0;
}

void berth_openpai_write_word(struct berth_writer *out, struct berth_text text,
                              enum berth_openpai_writing writing)
{
    struct berth_text part;
    bool first = true;
    if (is_plain_word(text)) {
        berth_openpai_put(out, text, writing);
        return;
    }
    if (text.ptr == NULL)
        text = BERTH_TEXT("");
    berth_put_char(out, '\'');
    for (; berth_text_split(&text, '\'', &part); first = false) {
        if (!first)
            berth_put_string(out, writing == BERTH_OPENPAI_PLAIN ? "'\\''" : "'\\\\''");
        berth_openpai_put(out, part, writing);
    }
    berth_put_char(out, '\'');
}

void berth_openpai_write_command(struct berth_writer *out, const struct berth_text *argv, size_t argc,
                                 enum berth_openpai_writing writing)
{
    if (argc == 1) {
        berth_openpai_put(out, argv[0], writing);
        return;
    }
    for (size_t i = 0; i < argc; i++) {
        if (i > 0)
            berth_put_char(out, ' ');
        berth_openpai_write_word(out, argv[i], writing);
    }
}

void berth_openpai_put_word(struct berth_writer *w, struct berth_text text)
{
    berth_openpai_write_word(w, text, BERTH_OPENPAI_PLAIN);
}

void berth_openpai_put_command(struct berth_writer *w, const struct berth_text *argv, size_t argc)
{
    berth_openpai_write_command(w, argv, argc, BERTH_OPENPAI_PLAIN);
}

/* The variable of the platform that TEXT, which begins with '$', begins with: its length, or 0. */
static size_t known_variable(struct berth_text text)
{
    static const struct berth_text known[] = {
        BERTH_TEXT_INIT("$PAI_DEFAULT_FS_URI"), BERTH_TEXT_INIT("$PAI_JOB_NAME"),
        BERTH_TEXT_INIT("$PAI_USER_NAME"), BERTH_TEXT_INIT("$PAI_USERNAME")};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (berth_text_starts(text, known[i]))
            return known[i].len;
    return 0;
}

void berth_openpai_write_folder(struct berth_writer *out, struct berth_text raw)
{
    size_t from = 0, at = 0;
    berth_put_string(out, "\\\"");
    while (at < raw.len) {
        struct berth_text rest = berth_text_slice(raw, at, raw.len);
        char c = raw.ptr[at];
        bool escape = c == '\\' && rest.len >= 2;
        size_t len = escape ? 2 : c == '$' ? known_variable(rest) : 1;
        if (len > 1 && c == '$') { /* in braces, so that no letter behind it changes it */
            berth_openpai_put(out, berth_text_slice(raw, from, at), BERTH_OPENPAI_RAW);
            berth_put_string(out, "${");
            berth_put_text(out, berth_text_slice(raw, at + 1, at + len));
            berth_put_char(out, '}');
            from = at + len;
        } else if (c == '`' || c == '$' || (escape && (rest.ptr[1] == '"' || rest.ptr[1] == '\\'))) {
            berth_openpai_put(out, berth_text_slice(raw, from, at), BERTH_OPENPAI_RAW);
            berth_put_string(out, "\\\\");
            from = at;
        }
        at += len > 0 ? len : 1;
    }
    berth_openpai_put(out, berth_text_slice(raw, from, raw.len), BERTH_OPENPAI_RAW);
    berth_put_string(out, "\\\"");
}

bool berth_openpai_is_variable(struct berth_text name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!is_name_byte(name.ptr[i]))
            return false;
    return name.len > 0 && (name.ptr[0] < '0' || name.ptr[0] > '9');
}

/* ---- Names ------------------------------------------------------------------------------------ */

/* TEXT with '_' for every byte that is no letter, digit, '_' or MORE; one for each character. */
static void put_replaced(struct berth_writer *w, struct berth_text text, char more)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (is_name_byte(c) || c == more)
            berth_put_char(w, c);
        else if (((uint8_t)c & 0xC0) != 0x80)
            berth_put_char(w, '_');
    }
}

static bool begins_with_digit(struct berth_text name)
{
    return name.len > 0 && name.ptr[0] >= '0' && name.ptr[0] <= '9';
}

void berth_openpai_put_identifier(struct berth_writer *w, struct berth_text name)
{
    if (begins_with_digit(name))
        berth_put_char(w, '_');
    put_replaced(w, name, '_');
}

/* The next byte of NAME as an identifier, from *AT on; 0 at the end. */
static char next_of_identifier(struct berth_text name, size_t *at)
{
    while (*at < name.len && ((uint8_t)name.ptr[*at] & 0xC0) == 0x80)
        *at += 1;
    if (*at == name.len)
        return 0;
    char c = name.ptr[(*at)++];
    return is_name_byte(c) ? c : '_';
}

bool berth_openpai_same_identifier(struct berth_text a, struct berth_text b)
{
    size_t i = 0, k = 0;
    char from_a, from_b;
    bool digit_a = begins_with_digit(a), digit_b = begins_with_digit(b);
    if (digit_a != digit_b && next_of_identifier(digit_a ? b : a, digit_a ? &k : &i) != '_')
        return false;
    do {
        from_a = next_of_identifier(a, &i);
        from_b = next_of_identifier(b, &k);
    } while (from_a == from_b && from_a != 0);
    return from_a == from_b;
}

void berth_openpai_put_job_name(struct berth_writer *w, struct berth_text name)
{
    put_replaced(w, name, '-');
}

/* ---- Files ------------------------------------------------------------------------------------ */

bool berth_openpai_source_is_inside(struct berth_text path)
{
    struct berth_text part;
    if (path.len == 0 || path.ptr[0] == '/' || berth_text_find_byte(path, '\0') != SIZE_MAX)
        return false;
    while (berth_text_split(&path, '/', &part))
        if (berth_text_equal(part, BERTH_TEXT("..")))
            return false;
    return true;
}

enum berth_status berth_openpai_put_source(struct berth_writer *w, struct berth_text path,
                                           struct berth_text bytes)
{
    size_t folder = 0;
    if (!berth_openpai_source_is_inside(path))
        return BERTH_E_ARGUMENT;
    for (size_t i = 0; i < path.len; i++)
        if (path.ptr[i] == '/')
            folder = i;
    berth_put_string(w, "mkdir -p code/");
    if (folder > 0)
        berth_openpai_put_word(w, berth_text_slice(path, 0, folder));
    berth_put_string(w, " && echo ");
    berth_put_base64(w, bytes.ptr, bytes.len);
    berth_put_string(w, " | base64 -d >code/");
    berth_openpai_put_word(w, path);
    return berth_writer_status(w);
}
