/* berth mlcycle projects and workers. */
#include "commands.h"
#include "mlcycle_command.h"

int mlcycle_projects_list(struct app *app)
{
    int code = mlcycle_open(app);
    return code != 0 ? code
                     : mlcycle_run(app,
                                   berth_mlcycle_projects_list(&mlcycle_call, &mlcycle_session.client,
                                                               view_element, &mlcycle_view),
                                   view_project);
}

int mlcycle_workers_list(struct app *app)
{
    int code = mlcycle_open(app);
    return code != 0 ? code
                     : mlcycle_run(app,
                                   berth_mlcycle_workers_list(&mlcycle_call, &mlcycle_session.client,
                                                              view_element, &mlcycle_view),
                                   view_worker);
}

/* ID, and the session. */
static int open_with_id(struct app *app, struct berth_guid *out_id)
{
    int code = mlcycle_id_at(app, 0, out_id);
    return code != 0 ? code : mlcycle_open(app);
}

int mlcycle_projects_get(struct app *app)
{
    struct berth_guid id;
    int code = open_with_id(app, &id);
    return code != 0 ? code
                     : mlcycle_run(app,
                                   berth_mlcycle_projects_get(&mlcycle_call, &mlcycle_session.client, &id,
                                                              view_element, &mlcycle_view),
                                   view_project);
}

int mlcycle_workers_get(struct app *app)
{
    struct berth_guid id;
    int code = open_with_id(app, &id);
    return code != 0 ? code
                     : mlcycle_run(app,
                                   berth_mlcycle_workers_get(&mlcycle_call, &mlcycle_session.client, &id,
                                                             view_element, &mlcycle_view),
                                   view_worker);
}

int mlcycle_projects_delete(struct app *app)
{
    struct berth_guid id;
    int code = open_with_id(app, &id);
    return code != 0
               ? code
               : mlcycle_run(app, berth_mlcycle_projects_delete(&mlcycle_call, &mlcycle_session.client, &id),
                             NULL);
}

int mlcycle_workers_delete(struct app *app)
{
    struct berth_guid id;
    int code = open_with_id(app, &id);
    return code != 0
               ? code
               : mlcycle_run(app, berth_mlcycle_workers_delete(&mlcycle_call, &mlcycle_session.client, &id),
                             NULL);
}

static int project_options(struct app *app, struct berth_text *out_name, struct berth_text *out_git)
{
    int code = mlcycle_need(app, OPT_NAME, out_name);
    return code != 0 ? code : mlcycle_need(app, OPT_GIT, out_git);
}

int mlcycle_projects_add(struct app *app)
{
    struct berth_text name, git;
    int code = project_options(app, &name, &git);
    if (code == 0)
        code = mlcycle_open(app);
    return code != 0 ? code
                     : mlcycle_run(app,
                                   berth_mlcycle_projects_add(&mlcycle_call, &mlcycle_session.client, name,
                                                              git, view_element, &mlcycle_view),
                                   view_project);
}

int mlcycle_projects_update(struct app *app)
{
    struct berth_guid id;
    struct berth_text name, git;
    int code = project_options(app, &name, &git);
    if (code == 0)
        code = open_with_id(app, &id);
    return code != 0 ? code
                     : mlcycle_run(app,
                                   berth_mlcycle_projects_update(&mlcycle_call, &mlcycle_session.client, &id,
                                                                 name, git, view_element, &mlcycle_view),
                                   view_project);
}

int mlcycle_workers_add(struct app *app)
{
    struct berth_text name;
    int code = mlcycle_need(app, OPT_NAME, &name);
    if (code == 0)
        code = mlcycle_open(app);
    return code != 0 ? code
                     : mlcycle_run(app,
                                   berth_mlcycle_workers_add(&mlcycle_call, &mlcycle_session.client, name,
                                                             view_element, &mlcycle_view),
                                   view_worker);
}

int mlcycle_workers_update(struct app *app)
{
    struct berth_guid id;
    struct berth_text name;
    int code = mlcycle_need(app, OPT_NAME, &name);
    if (code == 0)
        code = open_with_id(app, &id);
    return code != 0 ? code
                     : mlcycle_run(app,
                                   berth_mlcycle_workers_update(&mlcycle_call, &mlcycle_session.client, &id,
                                                                name, view_element, &mlcycle_view),
                                   view_worker);
}
