/* What every `berth pai` command that asks a cluster does: choose it, log in, run a request, print, report.
 */
#ifndef BERTH_PROGRAM_PAI_H
#define BERTH_PROGRAM_PAI_H

#include "pai_files.h"
#include "session.h"
#include "table.h"

/* One command runs in a process: its cluster, session and request. */
struct pai {
    struct app *app;
    struct berth_openpai_cluster cluster;
    struct session session;
    struct berth_openpai_account account;
    struct berth_openpai client;
    struct berth_openpai_request request;
};
extern struct pai pai;

/* Chooses the cluster and sets up the session; 0 or an exit code (reported), as all of these. Nothing is sent
 * yet. */
int pai_open(struct app *app);
/* Only chooses the cluster. */
int pai_choose_cluster(struct app *app);
/* The file that it came from. */
struct pai_file *pai_cluster_file(void);
void pai_close(void);
/* Runs pai.request, which was described with DESCRIBED; a password that is missing is asked for. The status
 * is left to the caller. */
enum berth_status pai_ask(enum berth_status described);
/* Reports what pai.request came to. */
int pai_report(enum berth_status status);
/* Both. */
int pai_run(enum berth_status described);
/* Finds out what the server is, and logs in. */
int pai_probe(void);
/* Whether jobs are described by protocol v2 alone. */
bool pai_wants_v2(void);

/* USER~JOB, JOB (of the configured user) or ~JOB (of nobody: the first generation's). */
struct pai_job {
    struct berth_text user, name;
};
int pai_job_of(struct app *app, const char *text, struct pai_job *out);
/* The first argument, else --job-name, else the default job-name. */
int pai_job_argument(struct app *app, struct pai_job *out);
/* The same without looking at the arguments. */
int pai_job_option(struct app *app, struct pai_job *out);

/* An option's whole number from 0, or OTHERWISE. */
int pai_number_option(struct app *app, enum option_id id, int64_t otherwise, int64_t *out);

/* ---- printing ---- */

struct pai_view;
typedef void pai_print_fn(struct pai_view *view, void *structure);

/* Prints a request's elements: by PRINT for people, or with --json one object a line, members that the
 * platform sent as null left out. */
struct pai_view {
    pai_print_fn *print;
    const struct berth_shape *shape;
    size_t count;
    struct table table;
    struct berth_text only; /* whatever the command looks for */
};
extern struct pai_view pai_view;
/* Makes it ready; answers its element function's context. */
struct pai_view *pai_show(pai_print_fn *print, const struct berth_shape *shape);
berth_call_element_fn pai_element;
/* Runs and reports, says "(none)" to a person when nothing came, and closes. */
int pai_finish(enum berth_status described);

struct table *pai_table(struct pai_view *view, const struct column *columns, size_t count);
/* STRUCTURE as one line of JSON; BERTH_E_SPACE, BERTH_E_IO. */
enum berth_status pai_put_json(const struct berth_shape *shape, const void *structure);
/* The same without the line's end and, when OPEN, without the brace at its end. */
enum berth_status pai_put_json_part(const struct berth_shape *shape, const void *structure, bool no_first,
                                    bool no_last);
/* "2023-11-14 22:13" in UTC, or an empty text for a time that is not known (PRESENT false). */
struct berth_text pai_when(bool present, int64_t ms, char *buf, size_t size);
/* "3:04:05" or "12d 03:04". */
struct berth_text pai_span(int64_t ms, char *buf, size_t size);
struct berth_text pai_number(int64_t value, char *buf, size_t size);
enum colour pai_colour(int32_t state);
/* The state's word as the server sent it. */
struct berth_text pai_state(struct berth_enum state);
int64_t pai_now_ms(void);
/* A list of texts with ", " between; the list is walked. */
struct berth_text pai_join(struct berth_json_list list, char *buf, size_t size);

#endif
