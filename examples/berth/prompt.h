/* Questions on standard input: a terminal, or a pipe that has the answers. */
#ifndef BERTH_PROGRAM_PROMPT_H
#define BERTH_PROGRAM_PROMPT_H

#include "app.h"

/* Bytes of the longest answer; a terminal takes no longer line. */
#define PROMPT_LINE_MAX 4095

/* After the last two the program ends: from then on SIGINT, SIGTERM, SIGHUP and SIGQUIT are ignored. */
enum prompt_end {
    PROMPT_ANSWER,     /* a line, perhaps an empty one */
    PROMPT_LONG,       /* a line longer than fits: it is passed over */
    PROMPT_OVER,       /* end of input */
    PROMPT_INTERRUPTED /* one of these signals */
};

/* One for standard input; answers that came together in a pipe wait in it. */
struct prompt {
    struct out *out; /* where the questions go */
    int fd;
    size_t at, len;
    char buf[PROMPT_LINE_MAX + 1];
};

void prompt_init(struct prompt *p, struct out *out);
/* Shows QUESTION as it stands and reads a line into BUF; *out_answer is the line without its end, in BUF. The
 * last line of a pipe need not have an end. */
enum prompt_end prompt_ask(struct prompt *p, const char *question, char *buf, size_t cap,
                           struct berth_text *out_answer);
/* The same, and a terminal does not show what is typed; its modes come back whatever happens, also around
 * Ctrl-Z. The caller wipes BUF; nothing else keeps the answer. */
enum prompt_end prompt_secret(struct prompt *p, const char *question, char *buf, size_t cap,
                              struct berth_text *out_answer);
/* Wipes what was read ahead. */
void prompt_end(struct prompt *p);

#endif
