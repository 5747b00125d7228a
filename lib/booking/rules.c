/* What is accepted: ids, wants, ports, images, commands, passwords (wire page 1.3, 2.2 to 2.5). */
#include "berth/booking.h"

#include <string.h>

#include "berth/number.h"
#include "berth/password.h"
#include "booking/words.h"

static const struct {
    const char *name, *text;
} REFUSALS[BERTH_REFUSAL_COUNT] = {
    [BERTH_REFUSAL_NONE] = {"none", "accepted"},
    [BERTH_REFUSAL_ID_FORM] = {"id-form", "a user id is 2 to 63 letters, digits, '_', '.', '-', the first a "
                                          "letter or digit"},
    [BERTH_REFUSAL_ID_RESERVED] = {"id-reserved", "\"now\" and \"booking\" cannot be user ids"},
    [BERTH_REFUSAL_TIME_FORM] = {"time-form", "a time is 'YYYY MM DD hh mm', or days and weeks from then "
                                              "as '2-day' and '1-week'"},
    [BERTH_REFUSAL_TIME_DATE] = {"time-date", "there is no such date or time of day"},
    [BERTH_REFUSAL_TIME_UNIT] = {"time-unit", "minutes are 00 or 30"},
    [BERTH_REFUSAL_TIME_NOW] = {"time-now", "'now' stands alone, and only for a start"},
    [BERTH_REFUSAL_TIME_FLAGS] = {"time-flags", "days add up to 1 to 14, weeks to 1 or 2"},
    [BERTH_REFUSAL_TIME_PAST] = {"time-past", "a start lies after the current half hour ('now' is that), an "
                                              "end after the start"},
    [BERTH_REFUSAL_TIME_FAR] = {"time-far",
                                "a start lies at most 14 days ahead, an end at most 14 days after "
                                "the start"},
    [BERTH_REFUSAL_WANT_FORM] = {"want-form", "three numbers are due: CPUs (up to 9 digits behind the dot), "
                                              "GB of memory, GPUs"},
    [BERTH_REFUSAL_WANT_LOW] = {"want-low", "at least 1 CPU and 1 GB of memory"},
    [BERTH_REFUSAL_WANT_HIGH] = {"want-high", "more than the user may have"},
    [BERTH_REFUSAL_PORT_FORM] = {"port-form", "a port is a number"},
    [BERTH_REFUSAL_PORT_RANGE] = {"port-range", "ports are 10001 to 11000"},
    [BERTH_REFUSAL_PORT_OWNED] = {"port-owned", "another user has this port"},
    [BERTH_REFUSAL_PORT_NONE] = {"port-none", "all ports from 10001 to 11000 are taken"},
    [BERTH_REFUSAL_IMAGE] = {"image", "the image is none of this host's list"},
    [BERTH_REFUSAL_COMMAND] = {"command", "a command has no control characters, and is no word that means "
                                          "none (NA, null ...)"},
    [BERTH_REFUSAL_PASSWORD_SHORT] = {"password-short", "a password has at least 4 characters"},
    [BERTH_REFUSAL_PASSWORD_SIMPLE] = {"password-simple", "this password is too easy to guess"},
    [BERTH_REFUSAL_PASSWORD_FORM] = {"password-form",
                                     "a password is text of at most 512 bytes without control "
                                     "characters, and does not look like a stored hash"},
    [BERTH_REFUSAL_PASSWORD_UNEQUAL] = {"password-unequal", "the two entries differ"},
};

const char *berth_refusal_text(enum berth_refusal refusal)
{
    return (unsigned)refusal < BERTH_REFUSAL_COUNT ? REFUSALS[refusal].text : "unknown refusal";
}

const char *berth_refusal_name(enum berth_refusal refusal)
{
    return (unsigned)refusal < BERTH_REFUSAL_COUNT ? REFUSALS[refusal].name : "unknown";
}

/* ---- Words ---- */

static bool is_blank(char ch)
{
    return ch == ' ' || ch == '\t';
}

bool berth_words_next(struct berth_text *rest, struct berth_text *out_word)
{
    size_t from = 0;
    while (from < rest->len && is_blank(rest->ptr[from]))
        from++;
    size_t to = from;
    while (to < rest->len && !is_blank(rest->ptr[to]))
        to++;
    *out_word = berth_text_slice(*rest, from, to);
    *rest = berth_text_slice(*rest, to, rest->len);
    return to > from;
}

/* Text that may go into files and onto terminals: UTF-8 without control characters. */
static bool is_clean(struct berth_text text)
{
    uint32_t code;
    for (size_t i = 0; i < text.len;) {
        size_t len = berth_text_character(berth_text_slice(text, i, text.len), &code);
        if (len == 0 || code < 0x20 || (code >= 0x7F && code < 0xA0))
            return false;
        i += len;
    }
    return true;
}

/* ---- Users ---- */

enum berth_refusal berth_booking_user_id(struct berth_text text, char *out, size_t *out_len)
{
    struct berth_text id = berth_text_trim(text);
    *out_len = 0;
    if (id.len < 2 || id.len > BERTH_USER_ID_MAX)
        return BERTH_REFUSAL_ID_FORM;
    for (size_t i = 0; i < id.len; i++) {
        char ch = id.ptr[i];
        if (ch >= 'A' && ch <= 'Z')
            ch = (char)(ch - 'A' + 'a');
        bool letter = (ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9');
        if (!letter && (i == 0 || (ch != '_' && ch != '.' && ch != '-')))
            return BERTH_REFUSAL_ID_FORM;
        out[i] = ch;
    }
    struct berth_text lower = berth_text_make(out, id.len);
    if (berth_text_equal(lower, BERTH_TEXT("now")) || berth_text_equal(lower, BERTH_TEXT("booking")))
        return BERTH_REFUSAL_ID_RESERVED;
    *out_len = id.len;
    return BERTH_REFUSAL_NONE;
}

/* ---- What is asked for ---- */

enum berth_refusal berth_booking_cpus(struct berth_text text, int64_t *out_nano)
{
    size_t dot = berth_text_find_byte(text, '.');
    if (text.len == 0 || text.ptr[0] == '-' || text.ptr[0] == '+' || (dot != SIZE_MAX && text.len - dot > 10))
        return BERTH_REFUSAL_WANT_FORM;
    switch (berth_parse_decimal(text, 9, out_nano)) {
    case BERTH_OK:
        return BERTH_REFUSAL_NONE;
    case BERTH_E_RANGE:
        return BERTH_REFUSAL_WANT_HIGH;
    default:
        return BERTH_REFUSAL_WANT_FORM;
    }
}

enum berth_refusal berth_booking_count(struct berth_text text, int64_t *out_value)
{
    uint64_t value = 0;
    enum berth_status status = berth_parse_u64(text, &value);
    if (status == BERTH_E_SYNTAX)
        return BERTH_REFUSAL_WANT_FORM;
    if (status != BERTH_OK || value > INT64_MAX)
        return BERTH_REFUSAL_WANT_HIGH;
    *out_value = (int64_t)value;
    return BERTH_REFUSAL_NONE;
}

enum berth_refusal berth_booking_want(struct berth_text line, const struct berth_capacity *limit,
                                      struct berth_capacity *out_want)
{
    struct berth_text words[3];
    struct berth_text more;
    int64_t values[3] = {0, 0, 0};
    const int64_t high[3] = {limit->cpus_nano, limit->memory_gb, limit->gpus};
    const int64_t low[3] = {1000000000, 1, 0};
    enum berth_refusal verdict = BERTH_REFUSAL_NONE;
    for (size_t i = 0; i < 3; i++)
        if (!berth_words_next(&line, &words[i]))
            return BERTH_REFUSAL_WANT_FORM;
    if (berth_words_next(&line, &more))
        return BERTH_REFUSAL_WANT_FORM;
    for (size_t i = 0; i < 3; i++) {
        enum berth_refusal refusal =
            i == 0 ? berth_booking_cpus(words[i], &values[i]) : berth_booking_count(words[i], &values[i]);
        if (refusal == BERTH_REFUSAL_WANT_FORM)
            return refusal;
        if (refusal != BERTH_REFUSAL_NONE || values[i] > high[i])
            verdict = BERTH_REFUSAL_WANT_HIGH;
        else if (values[i] < low[i] && verdict == BERTH_REFUSAL_NONE)
            verdict = BERTH_REFUSAL_WANT_LOW;
    }
    if (verdict == BERTH_REFUSAL_NONE)
        *out_want = (struct berth_capacity){values[0], values[1], (int32_t)values[2]};
    return verdict;
}

/* ---- Ports ---- */

enum berth_refusal berth_booking_port(struct berth_text text, uint32_t user,
                                      const struct berth_port_owner *owners, size_t owner_count,
                                      uint16_t *out_port)
{
    uint64_t port = 0;
    enum berth_status status = berth_parse_u64(berth_text_trim(text), &port);
    if (status == BERTH_E_SYNTAX)
        return BERTH_REFUSAL_PORT_FORM;
    if (status != BERTH_OK || port < BERTH_PORT_FIRST || port > BERTH_PORT_LAST)
        return BERTH_REFUSAL_PORT_RANGE;
    for (size_t i = 0; i < owner_count; i++)
        if (owners[i].port == port && owners[i].user != user)
            return BERTH_REFUSAL_PORT_OWNED;
    *out_port = (uint16_t)port;
    return BERTH_REFUSAL_NONE;
}

enum berth_refusal berth_booking_free_port(uint32_t random, const struct berth_port_owner *owners,
                                           size_t owner_count, uint16_t *out_port)
{
    enum { PORTS = BERTH_PORT_LAST - BERTH_PORT_FIRST + 1 };
    uint8_t taken[PORTS / 8 + 1];
    memset(taken, 0, sizeof taken);
    for (size_t i = 0; i < owner_count; i++) {
        unsigned place = owners[i].port - (unsigned)BERTH_PORT_FIRST;
        if (place < PORTS)
            taken[place / 8] |= (uint8_t)(1u << place % 8);
    }
    for (unsigned i = 0; i < PORTS; i++) {
        unsigned place = (random % PORTS + i) % PORTS;
        if ((taken[place / 8] >> place % 8 & 1) == 0) {
            *out_port = (uint16_t)(BERTH_PORT_FIRST + place);
            return BERTH_REFUSAL_NONE;
        }
    }
    return BERTH_REFUSAL_PORT_NONE;
}

/* ---- Own bookings ---- */

bool berth_booking_own_overlap(const struct berth_schedule *schedule, uint32_t user, int64_t start_s,
                               int64_t end_s, size_t *out_row)
{
    struct berth_schedule_walk walk;
    size_t found = SIZE_MAX;
    /* Both ends count, hence a second more on each side; long before now nothing is overdue, so that rows
     * count up to their own end. */
    berth_schedule_walk_start(&walk, schedule, start_s - 1, end_s + 1, -BERTH_SCHEDULE_TIME_MAX);
    for (size_t i; (i = berth_schedule_walk_next(&walk)) != SIZE_MAX;) {
        if (schedule->rows[i].user != user)
            continue;
        if (found == SIZE_MAX || schedule->rows[i].start_s < schedule->rows[found].start_s)
            found = i;
    }
    if (out_row != NULL)
        *out_row = found;
    return found != SIZE_MAX;
}

/* ---- Image, command, password ---- */

enum berth_refusal berth_booking_image(struct berth_text text, const struct berth_host_config *host)
{
    if (text.len == 0)
        return BERTH_REFUSAL_NONE;
    for (size_t i = 0; i < host->image_count; i++)
        if (berth_text_equal(text, host->images[i]))
            return BERTH_REFUSAL_NONE;
    return BERTH_REFUSAL_IMAGE;
}

enum berth_refusal berth_booking_command(struct berth_text text)
{
    if (text.len == 0)
        return BERTH_REFUSAL_NONE;
    return is_clean(text) && !berth_rows_is_none(text) ? BERTH_REFUSAL_NONE : BERTH_REFUSAL_COMMAND;
}

/* Whether TEXT is one character several times; *out_count is how many it has. TEXT is clean. */
static bool is_repeated(struct berth_text text, size_t *out_count)
{
    uint32_t first = 0, code;
    bool same = true;
    *out_count = 0;
    for (size_t i = 0; i < text.len; (*out_count)++) {
        i += berth_text_character(berth_text_slice(text, i, text.len), &code);
        if (*out_count == 0)
            first = code;
        same = same && code == first;
    }
    return same;
}

enum berth_refusal berth_booking_password(struct berth_text password, struct berth_text again)
{
    static const char *const SIMPLE[] = {"1234", "4321", "1qaz", "=0-9"};
    size_t count;
    if (password.len > BERTH_PASSWORD_MAX || !is_clean(password) || berth_password_is_hash(password))
        return BERTH_REFUSAL_PASSWORD_FORM;
    bool repeated = is_repeated(password, &count);
    if (count < 4)
        return BERTH_REFUSAL_PASSWORD_SHORT;
    for (size_t i = 0; i < sizeof SIMPLE / sizeof SIMPLE[0]; i++)
        repeated = repeated || berth_text_equal(password, berth_text_of(SIMPLE[i]));
    if (repeated)
        return BERTH_REFUSAL_PASSWORD_SIMPLE;
    return berth_text_equal_secret(password, again) ? BERTH_REFUSAL_NONE : BERTH_REFUSAL_PASSWORD_UNEQUAL;
}
