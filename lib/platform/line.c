/* One line for people: cut to fit, control characters replaced. */
#include "platform/line.h"

#include <string.h>

static bool is_blank(char c)
{
    return (unsigned char)c <= ' ' || c == 0x7f;
}

/* The bytes of the character at the front of TEXT, or 0 when it is no UTF-8. C1 controls count as none. */
static size_t character(struct berth_text text)
{
    uint32_t code;
    size_t len = berth_text_character(text, &code);
    return code >= 0x80 && code < 0xA0 ? 0 : len;
}

void berth_put_line(struct berth_writer *w, struct berth_text text)
{
    while (text.len > 0) {
        size_t len = 1;
        struct berth_text piece = {" ", 1};
        if (is_blank(text.ptr[0])) {
            while (len < text.len && is_blank(text.ptr[len]))
                len++;
        } else {
            size_t found = character(text);
            piece = found > 0 ? berth_text_make(text.ptr, found) : BERTH_TEXT("?");
            len = found > 0 ? found : 1;
        }
        if (w->len >= w->cap || piece.len > w->cap - w->len - 1)
            return;
        berth_put_text(w, piece);
        text = berth_text_slice(text, len, text.len);
    }
}

void berth_put_line_string(struct berth_writer *w, const char *string)
{
    berth_put_line(w, berth_text_of(string));
}

void berth_put_line_u64(struct berth_writer *w, uint64_t number)
{
    char digits[20];
    struct berth_writer out;
    berth_writer_init(&out, digits, sizeof digits);
    berth_put_u64(&out, number);
    berth_put_line(w, berth_writer_text(&out));
}
