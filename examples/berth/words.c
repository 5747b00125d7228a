/* Splitting a command into words. */
#include "words.h"

struct splitter {
    struct berth_text text;
    size_t at;
    struct berth_writer out;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* What follows a backslash: inside double quotes it is special before $ ` " \ and a line end only. */
static void backslash(struct splitter *s, bool quoted)
{
    char c = s->text.ptr[s->at++];
    if (c == '\n')
        return;
    if (quoted && c != '$' && c != '`' && c != '"' && c != '\\')
        berth_put_char(&s->out, '\\');
    berth_put_char(&s->out, c);
}

static enum berth_status quoted(struct splitter *s, char quote)
{
    while (s->at < s->text.len) {
        char c = s->text.ptr[s->at++];
        if (c == quote)
            return BERTH_OK;
        if (c == '\\' && quote == '"' && s->at < s->text.len)
            backslash(s, true);
        else
            berth_put_char(&s->out, c);
    }
    return BERTH_E_SYNTAX;
}

static enum berth_status word(struct splitter *s)
{
    while (s->at < s->text.len && !is_blank(s->text.ptr[s->at])) {
        char c = s->text.ptr[s->at++];
        if (c == '\0')
            return BERTH_E_SYNTAX;
        if (c == '\'' || c == '"')
            BERTH_TRY(quoted(s, c));
        else if (c == '\\' && s->at < s->text.len)
            backslash(s, false);
        else
            berth_put_char(&s->out, c);
    }
    berth_put_char(&s->out, '\0');
    return berth_writer_status(&s->out);
}

enum berth_status split_words(struct berth_text text, char *buf, size_t size, const char **out_words,
                              size_t cap, size_t *out_count)
{
    struct splitter s = {text, 0, {buf, size, 0}};
    size_t count = 0;
    for (;;) {
        while (s.at < text.len && is_blank(text.ptr[s.at]))
            s.at++;
        if (s.at == text.len)
            break;
        if (count + 1 >= cap)
            return BERTH_E_SPACE;
        out_words[count++] = buf + s.out.len;
        BERTH_TRY(word(&s));
    }
    out_words[count] = NULL;
    *out_count = count;
    return BERTH_OK;
}
