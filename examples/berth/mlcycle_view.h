/* How mlcycle's workers, projects, jobs, steps and files look on the screen and as JSON lines. */
#ifndef BERTH_PROGRAM_MLCYCLE_VIEW_H
#define BERTH_PROGRAM_MLCYCLE_VIEW_H

#include "session.h"
#include "table.h"

struct view;
typedef void view_print_fn(struct view *view, void *structure);

/* Prints a call's elements: as a table row or record by PRINT, or with --json as they came, one a line. */
struct view {
    struct app *app;
    struct berth_call *call;
    view_print_fn *print;
    const struct berth_shape *shape;
    size_t count;
    struct berth_text only_filename; /* fragments: show only the one stored under this name (in any case) */
    char problem[160]; /* what is wrong in an element: "step 2, member number: an integer is due"; or empty */
    struct table table;
    union {
        struct berth_mlcycle_worker worker;
        struct berth_mlcycle_project project;
        struct berth_mlcycle_job job;
        struct berth_mlcycle_fragment fragment;
    } element;
};

/* Makes CALL, already described, deliver to VIEW. */
void view_call(struct view *view, struct app *app, struct berth_call *call, view_print_fn *print);
berth_call_element_fn view_element;
/* Gives CALL, which has ended, the view's own words when it was the view that ended it. */
void view_explain(const struct view *view, struct berth_call *call);

view_print_fn view_worker, view_project, view_job_row, view_job, view_pending, view_fragment;

#endif
