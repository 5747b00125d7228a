/* PEM and DER documents out of a stream, and the subject of a certificate. */
#include "blocks.h"

#include <string.h>

enum {
    AT_FIRST_BYTE, /* nothing seen: PEM or DER? */
    AT_SECOND_BYTE,
    IN_TEXT,  /* between blocks, somewhere in a line */
    IN_BEGIN, /* in a line that may be the BEGIN marker */
    IN_BASE64,
    IN_END, /* in the END marker */
    IN_DER
};

static const struct berth_text begin_mark = BERTH_TEXT_INIT("-----BEGIN ");
static const struct berth_text end_mark = BERTH_TEXT_INIT("-----END ");
static const struct berth_text tail_mark = BERTH_TEXT_INIT("-----");

void berth_mbedtls_blocks_init(struct berth_mbedtls_blocks *b, const char *label, uint8_t *der,
                               size_t der_cap)
{
    memset(b, 0, sizeof *b);
    b->label = berth_text_of(label);
    b->der = der;
    b->der_cap = der_cap;
    b->what = "";
}

static int syntax(struct berth_mbedtls_blocks *b, const char *what)
{
    b->what = what;
    return BERTH_E_SYNTAX;
}

static void put(struct berth_mbedtls_blocks *b, unsigned byte)
{
    if (b->der_len < b->der_cap)
        b->der[b->der_len] = (uint8_t)byte;
    b->der_len++;
}

/* One byte of the marker MARK + label + "-----": 1 when it is complete, 0 when it goes on, -1 when BYTE does
 * not belong to it. */
static int marker(struct berth_mbedtls_blocks *b, struct berth_text mark, char byte)
{
    size_t at = b->matched++;
    char due;

    if (at < mark.len)
        due = mark.ptr[at];
    else if (at - mark.len < b->label.len)
        due = b->label.ptr[at - mark.len];
    else
        due = tail_mark.ptr[at - mark.len - b->label.len];
    if (byte != due)
        return -1;
    return b->matched == mark.len + b->label.len + tail_mark.len;
}

static int digit_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static int take_base64(struct berth_mbedtls_blocks *b, char c)
{
    int digit = digit_of(c);

    if (c == '=') {
        if (b->digits < 2 || ++b->pads + b->digits > 4)
            return syntax(b, "bad base64 padding");
        return 0;
    }
    if (digit < 0)
        return syntax(b, "a byte that is not base64");
    if (b->pads > 0)
        return syntax(b, "base64 after its padding");
    b->quantum = b->quantum << 6 | (uint32_t)digit;
    if (++b->digits == 4) {
        put(b, b->quantum >> 16 & 0xff);
        put(b, b->quantum >> 8 & 0xff);
        put(b, b->quantum & 0xff);
        b->quantum = 0;
        b->digits = 0;
    }
    return 0;
}

/* The bytes of the last, padded group of digits. */
static int finish_base64(struct berth_mbedtls_blocks *b)
{
    if (b->digits == 0 && b->pads == 0)
        return 0;
    if (b->digits + b->pads != 4)
        return syntax(b, "base64 ends inside a group of four");
    if (b->digits == 2) {
        put(b, b->quantum >> 4 & 0xff);
    } else {
        put(b, b->quantum >> 10 & 0xff);
        put(b, b->quantum >> 2 & 0xff);
    }
    return 0;
}

static void begin_document(struct berth_mbedtls_blocks *b, int state)
{
    b->state = state;
    b->der_len = b->total = b->matched = 0;
    b->quantum = 0;
    b->digits = b->pads = 0;
    b->at_line_start = false;
}

static int take_text(struct berth_mbedtls_blocks *b, char c)
{
    if (b->state == IN_TEXT && b->at_line_start && c == begin_mark.ptr[0]) {
        b->state = IN_BEGIN;
        b->matched = 0;
    }
    if (b->state == IN_BEGIN) {
        int match = marker(b, begin_mark, c);

        if (match > 0)
            begin_document(b, IN_BASE64);
        else if (match < 0)
            b->state = IN_TEXT;
    }
    b->at_line_start = c == '\n' || c == '\r';
    return 0;
}

static int take_block(struct berth_mbedtls_blocks *b, char c)
{
    int match;

    if (b->state == IN_BASE64 && c == end_mark.ptr[0]) {
        if (!b->at_line_start)
            return syntax(b, "a hyphen inside a block");
        if (finish_base64(b) != 0)
            return BERTH_E_SYNTAX;
        b->state = IN_END;
        b->matched = 0;
    }
    if (b->state == IN_END) {
        match = marker(b, end_mark, c);
        if (match < 0)
            return syntax(b, "a block without its END line");
        if (match == 0)
            return 0;
        b->state = IN_TEXT;
        b->at_line_start = false;
        return b->der_len > 0 ? 1 : syntax(b, "an empty block");
    }
    b->at_line_start = c == '\n' || c == '\r';
    if (b->at_line_start || c == ' ' || c == '\t')
        return 0;
    return take_base64(b, c);
}

/* Between DER documents there may be blanks (files put one after the other), and PEM may follow. */
static int after_der(struct berth_mbedtls_blocks *b, unsigned byte)
{
    if (byte == '\n' || byte == '\r' || byte == ' ')
        return 0;
    if (byte < ' ' || byte > '~')
        return syntax(b, "neither PEM nor DER");
    b->state = IN_TEXT;
    b->at_line_start = true;
    return take_text(b, (char)byte);
}

/* The length of the whole document, once its first bytes are there. */
static int take_der(struct berth_mbedtls_blocks *b, unsigned byte)
{
    if (b->der_len == 0 && byte != 0x30)
        return after_der(b, byte);
    put(b, byte);
    if (b->der_len == 1)
        return 0;
    if (b->der_len == 2) {
        if (byte < 0x80)
            b->total = 2 + byte;
        else if (byte == 0x80 || byte > 0x84)
            return syntax(b, "a DER length that is too long");
        else
            b->matched = byte - 0x80; /* bytes of length that follow */
        return b->total == 2 ? syntax(b, "an empty document") : 0;
    }
    if (b->matched > 0 && b->der_len <= 2 + b->matched) {
        b->quantum = b->quantum << 8 | byte;
        if (b->der_len < 2 + b->matched)
            return 0;
        if (b->quantum < 0x80 || b->quantum > 0x01000000)
            return syntax(b, "a DER length that is not one of a certificate or list");
        b->total = 2 + b->matched + b->quantum;
    }
    return b->der_len == b->total;
}

static int take(struct berth_mbedtls_blocks *b, char c)
{
    unsigned byte = (unsigned char)c;

    switch (b->state) {
    case AT_FIRST_BYTE:
        b->state = AT_SECOND_BYTE;
        if (byte == 0x30)
            return 0;
        b->state = IN_TEXT;
        b->at_line_start = true;
        return take_text(b, c);
    case AT_SECOND_BYTE:
        if (byte >= 0x80) {
            begin_document(b, IN_DER);
            return take_der(b, 0x30) != 0 ? BERTH_E_SYNTAX : take_der(b, byte);
        }
        b->state = IN_TEXT;
        return take_text(b, c);
    case IN_DER:
        return take_der(b, byte);
    case IN_BASE64:
    case IN_END:
        return take_block(b, c);
    default:
        return take_text(b, c);
    }
}

int berth_mbedtls_blocks_next(struct berth_mbedtls_blocks *b, struct berth_text *input)
{
    int found = 0;

    if (input->len > 0 && b->state == IN_DER && b->total != 0 && b->der_len == b->total)
        begin_document(b, IN_DER);
    while (input->len > 0 && found == 0) {
        found = take(b, *input->ptr);
        input->ptr++;
        input->len--;
        b->offset++;
    }
    return found;
}

enum berth_status berth_mbedtls_blocks_end(struct berth_mbedtls_blocks *b)
{
    bool inside = b->state == IN_BASE64 || b->state == IN_END || b->state == AT_SECOND_BYTE ||
                  (b->state == IN_DER && b->der_len > 0 && b->der_len != b->total);

    if (!inside)
        return BERTH_OK;
    b->what = "it ends inside a block";
    return BERTH_E_SYNTAX;
}

/* ---- DER ---------------------------------------------------------------------------------------------- */

/* Cuts one element with tag TAG off the front of REST: its contents. WHOLE (may be NULL): with its header. */
static bool cut(struct berth_text *rest, unsigned tag, struct berth_text *out_inner, struct berth_text *whole)
{
    const unsigned char *p = (const unsigned char *)rest->ptr;
    size_t len, header = 2, i;

    if (rest->len < 2 || p[0] != tag)
        return false;
    len = p[1];
    if (len >= 0x80) {
        size_t bytes = len - 0x80;

        if (bytes == 0 || bytes > 4 || rest->len < 2 + bytes)
            return false;
        for (len = 0, i = 0; i < bytes; i++)
            len = len << 8 | p[2 + i];
        header += bytes;
    }
    if (len > rest->len - header)
        return false;
    *out_inner = berth_text_make(rest->ptr + header, len);
    if (whole != NULL)
        *whole = berth_text_make(rest->ptr, header + len);
    *rest = berth_text_make(rest->ptr + header + len, rest->len - header - len);
    return true;
}

/* Certificate = { tbs { [0] version?, serial, algorithm, issuer, validity, subject, ... } ... }: RFC 5280
 * section 4.1. */
bool berth_mbedtls_cert_subject(const uint8_t *der, size_t der_len, struct berth_text *out_subject)
{
    struct berth_text rest = berth_text_make((const char *)der, der_len);
    struct berth_text cert, tbs, inner;

    if (!cut(&rest, 0x30, &cert, NULL) || !cut(&cert, 0x30, &tbs, NULL))
        return false;
    (void)cut(&tbs, 0xa0, &inner, NULL);
    return cut(&tbs, 0x02, &inner, NULL) && cut(&tbs, 0x30, &inner, NULL) && cut(&tbs, 0x30, &inner, NULL) &&
           cut(&tbs, 0x30, &inner, NULL) && cut(&tbs, 0x30, &inner, out_subject);
}

static unsigned lower(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? c + 32u : c;
}

bool berth_mbedtls_names_alike(struct berth_text a, struct berth_text b)
{
    size_t i;

    if (a.len != b.len)
        return false;
    for (i = 0; i < a.len; i++) {
        unsigned char x = (unsigned char)a.ptr[i];
        unsigned char y = (unsigned char)b.ptr[i];
        bool string_types = (x == 0x0c && y == 0x13) || (x == 0x13 && y == 0x0c);

        if (lower(x) != lower(y) && !string_types)
            return false;
    }
    return true;
}
