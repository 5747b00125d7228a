/* berth pai job list: lists of jobs, one job, its configuration, how to reach its containers. */
#include "commands.h"
#include "pai.h"

#include <string.h>

/* ---- lists ------------------------------------------------------------------------------------ */

/* The user's name has a column when jobs of several may come. */
static bool several_users;

static void print_summary(struct pai_view *view, void *structure)
{
    static const struct column own[] = {{"STATE", 9, false}, {"SUBMITTED (UTC)", 16, false},
                                        {"TIME", 8, true},   {"GPUS", 4, true},
                                        {"VC", 7, false},    {"NAME", 0, false}};
    static const struct column all[] = {{"STATE", 9, false}, {"SUBMITTED (UTC)", 16, false},
                                        {"TIME", 8, true},   {"GPUS", 4, true},
                                        {"VC", 7, false},    {"USER", 8, false},
                                        {"NAME", 0, false}};
    const struct berth_openpai_summary *job = structure;
    char when[48], span[48], gpus[24];
    bool submitted = (job->present & BERTH_OPENPAI_SUMMARY_HAS_SUBMISSION) != 0;
    bool created = (job->present & BERTH_OPENPAI_SUMMARY_HAS_CREATED) != 0;
    bool launched = (job->present & BERTH_OPENPAI_SUMMARY_HAS_LAUNCHED) != 0;
    bool completed = (job->present & BERTH_OPENPAI_SUMMARY_HAS_COMPLETED) != 0;
    int64_t from = launched ? job->launched_ms : job->created_ms;
    int64_t to = completed ? job->completed_ms : pai_now_ms();
    const struct berth_text cells[] = {
        pai_state(job->state),
        pai_when(submitted || created, submitted ? job->submission_ms : job->created_ms, when, sizeof when),
        launched || created ? pai_span(to - from, span, sizeof span) : BERTH_TEXT(""),
        pai_number(job->total_gpus, gpus, sizeof gpus),
        job->virtual_cluster,
        several_users ? job->username : job->name,
        job->name};
    table_row_coloured(pai_table(view, several_users ? all : own, several_users ? 7 : 6), cells, 0,
                       pai_colour(job->state.value));
}

static void print_name(struct pai_view *view, void *structure)
{
    const struct berth_openpai_summary *job = structure;
    (void)view;
    if (job->legacy) {
        out_string(&pai.app->out, "~");
    } else if (!berth_text_equal(job->username, pai.cluster.user) && job->username.len > 0) {
        out_safe(&pai.app->out, job->username);
        out_string(&pai.app->out, "~");
    }
    out_safe(&pai.app->out, job->name);
    out_string(&pai.app->out, "\n");
}

/* The texts of an option that may be repeated or have commas. */
struct names {
    struct berth_text items[MULTI_MAX * 2];
    size_t count;
};

static int take_names(struct app *app, enum option_id id, struct names *names,
                      struct berth_openpai_names *out)
{
    const struct args *args = &app->args;
    for (size_t i = 0; i < args->multi_count; i++) {
        struct berth_text rest = berth_text_of(args->multi[i].value), item;
        while (args->multi[i].id == id && berth_text_split(&rest, ',', &item)) {
            if (item.len == 0)
                return fail(app, EXIT_USAGE, args_option_name(args, id), "a name in it is empty");
            if (names->count == MULTI_MAX * 2)
                return fail(app, EXIT_USAGE, args_option_name(args, id), "too many of them");
            names->items[names->count++] = item;
        }
    }
    *out = (struct berth_openpai_names){names->items, names->count};
    return 0;
}

static int take_order(struct app *app, struct berth_openpai_filter *filter)
{
    struct berth_text rest = berth_text_of(app->args.value[OPT_ORDER]), field, way;
    if (rest.len == 0)
        return 0;
    bool good = berth_text_split(&rest, ',', &field);
    filter->order = good ? berth_openpai_order_of(field) : BERTH_OPENPAI_ORDER_NONE;
    way = rest;
    filter->ascending = berth_text_equal_nocase(way, BERTH_TEXT("ASC"));
    if (filter->order != BERTH_OPENPAI_ORDER_NONE &&
        (filter->ascending || way.len == 0 || berth_text_equal_nocase(way, BERTH_TEXT("DESC"))))
        return 0;
    return fail(app, EXIT_USAGE, "--order",
                "FIELD,ASC or FIELD,DESC; fields are jobName, submissionTime, username, vc, retries, "
                "totalTaskNumber, totalGpuNumber, state, completionTime, jobPriority");
}

static int take_number(struct app *app, enum option_id id, uint64_t *out)
{
    const char *text = app->args.value[id];
    if (text == NULL || berth_parse_u64(berth_text_of(text), out) == BERTH_OK)
        return 0;
    return fail(app, EXIT_USAGE, args_option_name(&app->args, id), "takes a whole number");
}

/* Everything but whose jobs. */
static int take_filter(struct app *app, struct berth_openpai_filter *filter)
{
    static struct names users, vcs, states, tags, no_tags, priorities;
    int code = take_names(app, OPT_USERNAME, &users, &filter->usernames);
    if (code == 0)
        code = take_names(app, OPT_VC, &vcs, &filter->vcs);
    if (code == 0)
        code = take_names(app, OPT_STATE, &states, &filter->states);
    if (code == 0)
        code = take_names(app, OPT_TAG, &tags, &filter->tags_contain);
    if (code == 0)
        code = take_names(app, OPT_NO_TAG, &no_tags, &filter->tags_not_contain);
    if (code == 0)
        code = take_names(app, OPT_PRIORITY, &priorities, &filter->priorities);
    if (code == 0)
        code = take_order(app, filter);
    if (code == 0)
        code = take_number(app, OPT_LIMIT, &filter->limit);
    if (code == 0)
        code = take_number(app, OPT_OFFSET, &filter->offset);
    filter->keyword = berth_text_of(app->args.value[OPT_KEYWORD]);
    if (code == 0 && args_given(&app->args, OPT_LIMIT) && filter->limit == 0)
        code = fail(app, EXIT_USAGE, "--limit", "takes a number from 1");
    return code;
}

/* Rows asked for at once: some 60 questions for the longest lists, well below the servers' limit a minute. */
enum { PAGE_ROWS = 5000, SEEN_JOBS = 65536 };

static int list_jobs(struct app *app)
{
    static uint64_t seen[SEEN_JOBS * 2]; /* memory that is never touched costs nothing */
    struct berth_openpai_filter filter;
    memset(&filter, 0, sizeof filter);
    int code = take_filter(app, &filter);
    if (code == 0)
        code = pai_open(app);
    if (code != 0)
        return code;
    several_users =
        filter.usernames.count > 0 || pai.cluster.user.len == 0 || args_given(&app->args, OPT_EVERYBODY);
    if (!several_users)
        filter.usernames = (struct berth_openpai_names){&pai.cluster.user, 1};
    filter.page_rows = PAGE_ROWS;
    filter.seen = seen;
    filter.seen_size = sizeof seen;
    bool names = args_given(&app->args, OPT_NAME);
    struct pai_view *view =
        pai_show(names ? print_name : print_summary, names ? NULL : &berth_openpai_summary_shape);
    code = pai_finish(berth_openpai_jobs_list(&pai.request, &pai.client, &filter, pai_element, view));
    if (code == 0 && pai.request.result.incomplete && !app->quiet) {
        out_flush(&app->out);
        out_string(&app->err, "berth: warning: jobs moved while they were listed; some may be missing\n");
    }
    return code;
}

/* ---- one job ---------------------------------------------------------------------------------- */

static struct berth_text ssh_of(const struct berth_openpai_task *task, char *buf, size_t size)
{
    struct berth_writer w;
    uint16_t port;
    berth_writer_init(&w, buf, size);
    if (task->container_ip.len == 0)
        return BERTH_TEXT("");
    berth_put_text(&w, task->container_ip);
    if (berth_openpai_task_port(task, BERTH_TEXT("ssh"), &port) == BERTH_OK) {
        berth_put_char(&w, ':');
        berth_put_u64(&w, port);
    }
    return berth_writer_text(&w);
}

static void print_task(struct pai_view *view, const struct berth_openpai_task *task)
{
    static const struct column columns[] = {{"ROLE", 10, false}, {"TASK", 4, true},  {"STATE", 9, false},
                                            {"EXIT", 5, true},   {"SSH", 21, false}, {"NODE", 0, false}};
    char index[24], exit[24], ssh[96];
    bool ended = (task->present & BERTH_OPENPAI_TASK_HAS_CONTAINER_EXIT_CODE) != 0;
    const struct berth_text cells[] = {task->role,
                                       pai_number(task->index, index, sizeof index),
                                       pai_state(task->state),
                                       ended ? pai_number(task->container_exit_code, exit, sizeof exit)
                                             : BERTH_TEXT(""),
                                       ssh_of(task, ssh, sizeof ssh),
                                       task->container_node_name};
    table_row_coloured(pai_table(view, columns, 6), cells, 2, pai_colour(task->state.value));
}

static void time_line(struct out *o, const char *title, bool present, int64_t ms)
{
    char buf[48];
    if (present)
        record_line(o, title, pai_when(true, ms, buf, sizeof buf));
}

static void text_line(struct out *o, const char *title, struct berth_text text)
{
    if (text.len > 0)
        record_line(o, title, text);
}

/* "220 UserCommandExitWithError: user command failed". */
static void exit_line(struct out *o, const struct berth_openpai_status *status)
{
    char line[512];
    struct berth_writer w;
    struct berth_text phrase = status->exit_spec.phrase;
    if ((status->present & BERTH_OPENPAI_STATUS_HAS_EXIT_CODE) == 0)
        return;
    berth_writer_init(&w, line, sizeof line);
    berth_put_i64(&w, status->exit_code);
    if (phrase.len == 0)
        phrase = berth_openpai_exit_phrase(status->exit_code);
    if (phrase.len > 0) {
        berth_put_char(&w, ' ');
        berth_put_text(&w, phrase);
    }
    size_t len = w.len;
    if (status->exit_spec.reason.len > 0) {
        berth_put_string(&w, ": ");
        berth_put_text(&w, status->exit_spec.reason);
    }
    record_line(o, "EXIT", berth_text_make(line, berth_writer_status(&w) == BERTH_OK ? w.len : len));
}

/* Diagnostics have several lines, each on a line of its own. */
static void diagnostics(struct out *o, struct berth_text text)
{
    struct berth_text line;
    for (bool first = true; text.len > 0 && berth_text_split(&text, '\n', &line); first = false)
        record_line(o, first ? "DIAGNOSTICS" : "", line);
}

static void print_job(const struct berth_openpai_job *job)
{
    struct out *o = &pai.app->out;
    const struct berth_openpai_status *status = &job->status;
    char buf[512];
    if (pai_view.count > 0)
        out_string(o, "\n");
    struct berth_text name = job->name, user; /* the first generation's has the user in front */
    if (berth_text_find_byte(name, '~') != SIZE_MAX)
        (void)berth_text_split(&name, '~', &user);
    text_line(o, "JOB", name);
    text_line(o, "USER", status->username);
    record_line(o, "STATE", pai_state(status->state));
    exit_line(o, status);
    text_line(o, "VC", status->virtual_cluster);
    text_line(o, "TAGS", pai_join(job->tags, buf, sizeof buf));
    bool submitted = (status->present & BERTH_OPENPAI_STATUS_HAS_SUBMISSION) != 0; /* since 1.2 */
    time_line(o, "SUBMITTED (UTC)", submitted || (status->present & BERTH_OPENPAI_STATUS_HAS_CREATED) != 0,
              submitted ? status->submission_ms : status->created_ms);
    time_line(o, "LAUNCHED (UTC)", (status->present & BERTH_OPENPAI_STATUS_HAS_LAUNCHED) != 0,
              status->launched_ms);
    time_line(o, "COMPLETED (UTC)", (status->present & BERTH_OPENPAI_STATUS_HAS_COMPLETED) != 0,
              status->completed_ms);
    if (status->retries > 0)
        record_line(o, "RETRIES", pai_number(status->retries, buf, sizeof buf));
    diagnostics(o, status->exit_diagnostics);
}

/* With --json the job is one line, although its tasks come first and one by one:
 * {"taskRoles":{"ROLE":{"taskStatuses":[...],"taskRoleStatus":...},...},"name":...}. */
static struct {
    bool in_role; /* its tasks are being written */
    size_t tasks, roles;
} json_state;

static enum berth_status json_role_begin(struct berth_text key)
{
    char buf[1024];
    struct berth_writer text;
    struct berth_json_writer w;
    berth_writer_init(&text, buf, sizeof buf);
    berth_json_writer_init(&w, &text);
    berth_json_put_text(&w, key);
    BERTH_TRY(berth_json_done(&w));
    out_string(&pai.app->out, json_state.roles++ == 0 ? "{\"taskRoles\":{" : ",");
    out_text(&pai.app->out, berth_writer_text(&text));
    out_string(&pai.app->out, ":{\"taskStatuses\":[");
    json_state.in_role = true;
    json_state.tasks = 0;
    return BERTH_OK;
}

static enum berth_status json_job(const struct berth_json_element *element, void *structure)
{
    struct out *o = &pai.app->out;
    if (element->level == 3) {
        const struct berth_openpai_task *task = structure;
        if (!json_state.in_role)
            BERTH_TRY(json_role_begin(task->role));
        out_string(o, json_state.tasks++ > 0 ? "," : "");
        return pai_put_json_part(&berth_openpai_task_shape, task, false, false);
    }
    if (element->level == 2) {
        const struct berth_openpai_role *role = structure;
        if (!json_state.in_role)
            BERTH_TRY(json_role_begin(role->key));
        out_string(o, "]");
        if (role->status.len > 0) {
            out_string(o, ",\"taskRoleStatus\":");
            out_text(o, role->status);
        }
        out_string(o, "}");
        json_state.in_role = false;
        return BERTH_OK;
    }
    out_string(o, json_state.roles > 0 ? "}," : "{\"taskRoles\":{},");
    return pai_put_json_part(&berth_openpai_job_shape, structure, true, false);
}

static enum berth_status on_job(void *ctx, const struct berth_json_element *element, void *structure)
{
    struct pai_view *view = ctx;
    if (structure == NULL)
        return BERTH_OK;
    if (pai.app->json)
        BERTH_TRY(json_job(element, structure));
    else if (element->level == 1)
        print_job(structure);
    else if (element->level == 3)
        print_task(view, structure);
    view->count++;
    return pai.app->out.failed ? BERTH_E_IO : BERTH_OK;
}

static int show_job(struct app *app)
{
    struct pai_job job;
    int code = pai_open(app);
    if (code == 0)
        code = pai_job_argument(app, &job);
    if (code != 0)
        return code;
    struct pai_view *view = pai_show(NULL, NULL);
    if (args_given(&app->args, OPT_NAME)) { /* whether it is there */
        view->count = 1;
        code = pai_finish(berth_openpai_jobs_get(&pai.request, &pai.client, job.user, job.name, NULL, NULL));
        out_safe(&app->out, code == 0 ? berth_text_of(args_word(&app->args, 0)) : BERTH_TEXT(""));
        out_string(&app->out, code == 0 ? "\n" : "");
        return code;
    }
    code = pai_finish(berth_openpai_jobs_get(&pai.request, &pai.client, job.user, job.name, on_job, view));
    if (app->json && view->count > 0)
        out_string(&app->out, "\n");
    return code;
}

/* ---- config ----------------------------------------------------------------------------------- */

/* JSON for people: compact lines would be hard to read. */
static void print_config(struct app *app, struct berth_text config, bool is_json)
{
    static char buf[SESSION_WORK_SIZE];
    struct berth_writer w;
    if (is_json && app->json) {
        out_bytes(&app->out, buf, json_compact(config.ptr, config.len, buf));
        out_string(&app->out, "\n");
        return;
    }
    if (is_json) {
        char *compact = buf + sizeof buf - config.len;
        berth_writer_init(&w, buf, sizeof buf - config.len);
        berth_openpai_put_indented(&w,
                                   berth_text_make(compact, json_compact(config.ptr, config.len, compact)));
        if (berth_writer_status(&w) == BERTH_OK)
            config = berth_writer_text(&w);
    }
    if (config.len > 0 && config.ptr[config.len - 1] == '\n')
        config.len--;
    struct berth_text line;
    while (berth_text_split(&config, '\n', &line)) {
        if (app->out.terminal)
            out_safe(&app->out, line);
        else
            out_text(&app->out, line);
        out_string(&app->out, "\n");
    }
}

static int show_config(struct app *app)
{
    static char config[SESSION_WORK_SIZE / 2];
    struct pai_job job;
    struct berth_writer w;
    int code = pai_open(app);
    if (code == 0)
        code = pai_job_argument(app, &job);
    if (code != 0)
        return code;
    berth_writer_init(&w, config, sizeof config);
    struct berth_sink sink = berth_sink_of_writer(&w);
    code =
        pai_run(berth_openpai_jobs_config(&pai.request, &pai.client, job.user, job.name, !app->json, &sink));
    pai_close();
    if (code == 0)
        print_config(app, berth_writer_text(&w), pai.request.result.is_json);
    return code;
}

/* ---- ssh -------------------------------------------------------------------------------------- */

static void put_ssh(struct pai_view *view, struct berth_text role, const char *index, struct berth_text ip,
                    struct berth_text port)
{
    static const struct column columns[] = {{"ROLE", 12, false},
                                            {"TASK", 4, true},
                                            {"HOST", 15, false},
                                            {"PORT", 5, true},
                                            {"COMMAND", 0, false}};
    char command[256];
    struct berth_writer w;
    berth_writer_init(&w, command, sizeof command);
    berth_put_string(&w, "ssh -p ");
    berth_put_text(&w, port);
    berth_put_string(&w, " root@");
    berth_put_text(&w, ip);
    view->count++;
    if (!pai.app->json) {
        const struct berth_text cells[] = {role, berth_text_of(index), ip, port, berth_writer_text(&w)};
        table_row(pai_table(view, columns, 5), cells);
        return;
    }
    char line[1024];
    struct berth_writer text;
    struct berth_json_writer json;
    berth_writer_init(&text, line, sizeof line);
    berth_json_writer_init(&json, &text);
    berth_json_begin_object(&json);
    berth_json_put_name(&json, BERTH_TEXT("taskRole"));
    berth_json_put_text(&json, role);
    berth_json_put_name(&json, BERTH_TEXT("taskIndex"));
    berth_json_put_raw(&json, index[0] != '\0' ? berth_text_of(index) : BERTH_TEXT("null"));
    berth_json_put_name(&json, BERTH_TEXT("sshIp"));
    berth_json_put_text(&json, ip);
    berth_json_put_name(&json, BERTH_TEXT("sshPort"));
    berth_json_put_text(&json, port);
    berth_json_end_object(&json);
    if (berth_json_done(&json) == BERTH_OK) {
        out_text(&pai.app->out, berth_writer_text(&text));
        out_string(&pai.app->out, "\n");
    }
}

static enum berth_status on_task_ssh(void *ctx, const struct berth_json_element *element, void *structure)
{
    const struct berth_openpai_task *task = structure;
    char number[24], index[24];
    uint16_t port;
    if (element->level != 3 || task == NULL || task->container_ip.len == 0 ||
        berth_openpai_task_port(task, BERTH_TEXT("ssh"), &port) != BERTH_OK)
        return BERTH_OK;
    struct berth_text text = pai_number(task->index, index, sizeof index - 1);
    index[text.len] = '\0';
    put_ssh(ctx, task->role, index, task->container_ip, pai_number(port, number, sizeof number));
    return pai.app->out.failed ? BERTH_E_IO : BERTH_OK;
}

static enum berth_status on_ssh(void *ctx, const struct berth_json_element *element, void *structure)
{
    const struct berth_openpai_ssh_container *container = structure;
    const struct berth_openpai_ssh *ssh = structure;
    if (structure == NULL)
        return BERTH_OK;
    if (element->level == 2)
        put_ssh(ctx, container->id, "", container->ip, container->port);
    else if (!pai.app->json && ssh->key.private_key_link.len > 0) {
        out_string(&pai.app->out, "\n");
        record_line(&pai.app->out, "PRIVATE KEY", ssh->key.private_key_link);
    }
    return pai.app->out.failed ? BERTH_E_IO : BERTH_OK;
}

/* Servers on Kubernetes do not tell; there the job's tasks say it. */
static int show_ssh(struct app *app)
{
    struct pai_job job;
    int code = pai_open(app);
    if (code == 0)
        code = pai_job_argument(app, &job);
    if (code == 0)
        code = pai_probe();
    if (code != 0)
        return code;
    struct pai_view *view = pai_show(NULL, NULL);
    if (pai_wants_v2())
        return pai_finish(
            berth_openpai_jobs_get(&pai.request, &pai.client, job.user, job.name, on_task_ssh, view));
    return pai_finish(berth_openpai_jobs_ssh(&pai.request, &pai.client, job.user, job.name, on_ssh, view));
}

int pai_job_list(struct app *app)
{
    const char *query = args_word(&app->args, 1);
    if (args_count(&app->args) == 0)
        return list_jobs(app);
    if (args_given(&app->args, OPT_NAME) && query != NULL)
        return fail(app, EXIT_USAGE, "--name", "goes without config and ssh");
    if (query == NULL)
        return show_job(app);
    if (strcmp(query, "config") == 0)
        return show_config(app);
    if (strcmp(query, "ssh") == 0)
        return show_ssh(app);
    return fail(app, EXIT_USAGE, query, "a job's config or ssh can be asked for");
}
