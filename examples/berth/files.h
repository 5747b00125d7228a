/* The program's files as sources and sinks: "-" is standard input or output, output files appear whole or not
 * at all. */
#ifndef BERTH_PROGRAM_FILES_H
#define BERTH_PROGRAM_FILES_H

#include "app.h"

/* The one files port of the program. */
const struct berth_files *program_files(void);
const struct berth_clock *program_clock(void);
const struct berth_rand *program_rand(void);
struct berth_posix_signals;
const struct berth_posix_signals *program_signals(void);
/* Catches SIGINT, SIGTERM, SIGHUP; called once by commands that wait. */
void program_catch_signals(void);
int program_signal(void);              /* the number that came, or 0 */
void program_signal_acknowledge(void); /* forgets it, so that waits work again */

/* Reads all of PATH ("-": standard input) into BUF. BERTH_E_SPACE when it is larger than CAP. */
enum berth_status read_whole(const char *path, char *buf, size_t cap,
                             struct berth_text *out_text) BERTH_MUST_CHECK;
/* The same with the error reported; 0 or an exit code. */
int load_file(struct app *app, const char *path, char *buf, size_t cap, struct berth_text *out_text);

/* Writes the file PATH anew, whole or not at all, for its owner alone. */
enum berth_status write_whole(const char *path, struct berth_text text) BERTH_MUST_CHECK;

/* Makes the folder PATH with PERMISSIONS, and the missing ones above it as mkdir -p does. BERTH_OK when it is
 * there already; BERTH_E_RANGE for a path longer than FILES_PATH_MAX. */
#define FILES_PATH_MAX 4096
enum berth_status make_folders(const char *path, unsigned permissions) BERTH_MUST_CHECK;

/* Reports a port's failure with a file in the system's words; the exit code. */
int fail_file(struct app *app, enum berth_status status, const char *path);

/* The system's words for the files port's last failure; empty when there was none. */
struct berth_text program_file_words(void);

/* How far a transfer is, on standard error when that is a terminal. */
struct progress {
    struct out *err;
    const char *verb; /* "upload" */
    uint64_t total;   /* BERTH_LENGTH_UNKNOWN */
    uint64_t done;
    uint64_t start_ms, shown_ms;
    bool shown;
    bool on;
};
void progress_begin(struct progress *p, struct app *app, const char *verb, uint64_t total);
void progress_add(struct progress *p, uint64_t bytes);
void progress_end(struct progress *p);

struct input {
    int fd; /* standard input, or -1 */
    berth_file file;
    struct progress progress;
};
/* A source over PATH; 0 or an exit code (reported). */
int input_open(struct input *in, struct app *app, const char *path, struct berth_source *out_source);
void input_close(struct input *in);

struct output {
    struct out *out; /* standard output, or NULL */
    berth_file file;
    struct app *app;
    const char *path;
    enum berth_status failure; /* of a write */
    struct progress progress;
};
/* A sink to PATH: a temporary file until output_commit(). */
int output_open(struct output *o, struct app *app, const char *path, struct berth_sink *out_sink);
/* Gives the file its name; 0 or an exit code (reported). */
int output_commit(struct output *o);
void output_discard(struct output *o);
/* Reports o->failure; an exit code. */
int output_report(const struct output *o);

#endif
