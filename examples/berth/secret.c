/* Passwords and tokens. */
#define _DEFAULT_SOURCE
#include "secret.h"

#include "files.h"
#include "prompt.h"

#include <string.h>
#include <unistd.h>

bool secret_can_ask(void)
{
    return isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1;
}

int secret_ask(struct app *app, const char *question, char *buf, size_t size)
{
    struct prompt prompt;
    struct berth_text answer;
    out_flush(&app->out);
    prompt_init(&prompt, &app->err);
    enum prompt_end end = prompt_secret(&prompt, question, buf, size - 1, &answer);
    prompt_end(&prompt);
    int code = 0;
    if (end == PROMPT_INTERRUPTED)
        code = EXIT_INTERRUPTED;
    else if (end == PROMPT_LONG)
        code = fail(app, EXIT_USAGE, "what was given is too long", NULL);
    else if (end != PROMPT_ANSWER || answer.len == 0)
        code = fail(app, EXIT_USAGE, "nothing was given", NULL);
    if (code == 0)
        buf[answer.len] = '\0';
    else
        berth_wipe(buf, size);
    return code;
}

int secret_read(struct app *app, const char *path, char *buf, size_t size)
{
    struct berth_text text, line;
    char room[8192];
    int code = load_file(app, path, room, sizeof room, &text);
    if (code != 0)
        return code;
    struct berth_text rest = text;
    if (!berth_text_split(&rest, '\n', &line))
        line = BERTH_TEXT("");
    if (line.len > 0 && line.ptr[line.len - 1] == '\r')
        line.len--;
    if (line.len == 0)
        code = fail(app, EXIT_USAGE, path, "is empty; the first line is what counts");
    else if (line.len >= size || memchr(line.ptr, '\0', line.len) != NULL)
        code = fail(app, EXIT_USAGE, path, "the first line is too long, or no text");
    else
        memcpy(buf, line.ptr, line.len);
    if (code == 0)
        buf[line.len] = '\0';
    berth_wipe(room, sizeof room);
    return code;
}
