/* docker (and du): one program at a time, by argument array, with a time limit. */
#ifndef BERTH_PROGRAM_DOCKER_H
#define BERTH_PROGRAM_DOCKER_H

#include "app.h"

#include "berth/port_posix.h"

/* Arguments of `docker run`: every mount that a backup.yaml can have, and the backup folder's path before
 * each. */
#define DOCKER_TEXT 262144
#define DOCKER_ITEMS 256
#define DOCKER_ENV 512

struct docker {
    const char *program; /* "docker", or --docker's */
    uint32_t longest_ms; /* of --timeout: no command gets more */
    struct berth_posix_proc state;
    struct berth_proc proc;
    struct berth_argv argv;
    char text[DOCKER_TEXT];
    const char *items[DOCKER_ITEMS];
    const char *env[DOCKER_ENV];
    char password[BERTH_PASSWORD_MAX + sizeof "PASSWORD="];
};

enum docker_end {
    DOCKER_DONE = 0,   /* exit status 0 */
    DOCKER_FAILED,     /* another one, a signal, or it could not be started */
    DOCKER_TIMEOUT,    /* stopped when its time was up */
    DOCKER_INTERRUPTED /* stopped because a signal came to this program */
};

struct docker_answer {
    enum docker_end end;
    bool absent;              /* FAILED: there is no such container */
    struct berth_text output; /* the beginning of what it printed */
    struct berth_text why; /* not DONE, and not yet safe to show: the first line that it complained with, or
                              what happened */
    char output_text[1024], why_text[512];
};

/* Takes --docker and --timeout; 0 or an exit code (reported). */
int docker_init(struct docker *d, struct app *app);
/* Begins an argument list: the program itself, and WORDS (NULL-terminated, may be NULL). More is added to
 * d->argv. */
void docker_begin(struct docker *d, const char *const *words);
/* The same with another program than docker's. */
void docker_begin_program(struct docker *d, const char *program, const char *const *words);
/* A variable PASSWORD for the next child; wiped when it has ended. False when it is too long. */
bool docker_set_password(struct docker *d, struct berth_text password);
/* Runs it. INPUT goes to its standard input. ANSWER is filled in; its texts live as long as it does. */
void docker_run(struct docker *d, struct berth_text input, uint32_t limit_ms, struct docker_answer *answer);
/* The list as a line of output, for --dry-run; forgets the password. */
void docker_show(struct docker *d, struct out *o);

#endif
