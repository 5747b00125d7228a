/* The folder of a shared GPU host: its configuration, the store, the time. */
#define _DEFAULT_SOURCE
#include "booking_folder.h"

#include "files.h"

#include "berth/port_posix.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* Documents stay in memory, as what is read from them points into them. Untouched memory costs nothing. */
enum { HOST_SIZE = 256 << 10, CAPABILITY_SIZE = 1 << 20, USERS_SIZE = 4 << 20, LINE_SIZE = 2 * FOLDER_PATH };

static char host_document[HOST_SIZE], host_texts[BERTH_CONFIG_MEMORY(HOST_SIZE)];
static char capability_document[CAPABILITY_SIZE], capability_texts[BERTH_CONFIG_MEMORY(CAPABILITY_SIZE)];
static char users_document[USERS_SIZE], users_texts[BERTH_CONFIG_MEMORY(USERS_SIZE)];
static char old_users_document[USERS_SIZE], new_users_document[USERS_SIZE];
static struct berth_text allowed[FOLDER_PEOPLE];
static struct berth_custom_limits custom[FOLDER_PEOPLE];
static struct berth_user users[FOLDER_PEOPLE];
static struct berth_port_owner owners[FOLDER_PEOPLE];
static struct berth_store_files store_state;
static struct berth_store_key store_keys[FOLDER_ROWS];
static struct berth_posix_zone zone;

/* ---- Messages --------------------------------------------------------------------------------- */

void folder_say(struct folder *f, enum folder_level level, struct berth_text line)
{
    char text[LINE_SIZE + 1];
    struct berth_writer w;
    berth_writer_init(&w, text, sizeof text);
    berth_put_text(&w, line);
    if (f->options.say != NULL)
        f->options.say(f->options.say_ctx, level, line);
    else if (level == FOLDER_WARNING && !f->app->quiet)
        (void)fail_text(f->app, f->options.code, "warning", line);
    else if (level == FOLDER_ERROR && berth_writer_terminate(&w) == BERTH_OK)
        (void)fail(f->app, f->options.code, text, NULL);
}

/* "PATH: WHAT[: MORE]" as an error; the exit code. */
static int fail_path(struct folder *f, const char *path, const char *what, struct berth_text more)
{
    char line[LINE_SIZE];
    struct berth_writer w;
    berth_writer_init(&w, line, sizeof line);
    berth_put_string(&w, path);
    berth_put_string(&w, ": ");
    berth_put_string(&w, what);
    if (more.len > 0)
        berth_put_string(&w, what[0] != 0 ? ": " : "");
    berth_put_text(&w, more);
    struct berth_text text = berth_writer_text(&w);
    folder_say(f, FOLDER_ERROR, text.ptr != NULL ? text : berth_text_of(what));
    return (int)f->options.code;
}

/* Whether the system has words for it. */
static bool is_system(enum berth_status status)
{
    return status == BERTH_E_IO || status == BERTH_E_NO_FILE || status == BERTH_E_PERMISSION ||
           status == BERTH_E_DISK_FULL || status == BERTH_E_EXISTS;
}

int folder_fail(struct folder *f, enum berth_status status, const char *what)
{
    char line[LINE_SIZE];
    struct berth_writer w;
    struct berth_text reason = f->store.reason(f->store.ctx);
    berth_writer_init(&w, line, sizeof line);
    berth_put_string(&w, what);
    if (reason.len > 0) {
        berth_put_string(&w, ": ");
        berth_put_text(&w, reason);
    }
    if (is_system(status) && reason.len > 0 && status != BERTH_E_EXISTS && program_file_words().len > 0) {
        berth_put_string(&w, ": ");
        berth_put_text(&w, program_file_words());
    } else if (reason.len == 0) {
        berth_put_string(&w, ": ");
        berth_put_string(&w, berth_status_name(status));
    }
    if (status == BERTH_E_LOCKED || status == BERTH_E_CONFLICT)
        berth_put_string(&w, "; try again");
    struct berth_text text = berth_writer_text(&w);
    folder_say(f, FOLDER_ERROR, text.ptr != NULL ? text : berth_text_of(what));
    return (int)f->options.code;
}

/* ---- Configuration ---------------------------------------------------------------------------- */

struct reading {
    struct folder *f;
    const char *path;
};

static void put_note(struct berth_writer *w, const char *path, const struct berth_config_note *note)
{
    berth_put_string(w, path);
    if (note->line > 0) {
        berth_put_char(w, ':');
        berth_put_u64(w, note->line);
        berth_put_char(w, ':');
        berth_put_u64(w, note->column);
    }
    berth_put_string(w, ": ");
    if (note->field != NULL && note->field[0] != 0) {
        berth_put_string(w, note->field);
        berth_put_string(w, ": ");
    }
    berth_put_string(w, note->reason);
}

static void warn(void *ctx, const struct berth_config_note *note)
{
    const struct reading *reading = ctx;
    char line[LINE_SIZE];
    struct berth_writer w;
    berth_writer_init(&w, line, sizeof line);
    put_note(&w, reading->path, note);
    folder_say(reading->f, FOLDER_WARNING, berth_writer_text(&w));
}

static int fail_note(struct folder *f, const char *path, enum berth_status status,
                     const struct berth_config_note *note)
{
    char line[LINE_SIZE];
    struct berth_writer w;
    if (note->reason == NULL || status == BERTH_E_SPACE)
        return fail_path(f, path,
                         status == BERTH_E_SPACE ? "more entries than this program holds (4096 of a kind)"
                                                 : berth_status_name(status),
                         berth_text_make(NULL, 0));
    berth_writer_init(&w, line, sizeof line);
    put_note(&w, path, note);
    folder_say(f, FOLDER_ERROR, berth_writer_text(&w));
    return (int)f->options.code;
}

/* DIR/PART into PATH. */
static int join(struct folder *f, char *path, struct berth_text part)
{
    struct berth_writer w;
    const char *folder = f->options.path;
    berth_writer_init(&w, path, FOLDER_PATH);
    if (folder != NULL && folder[0] != 0 && strcmp(folder, ".") != 0) {
        berth_put_string(&w, folder);
        if (folder[strlen(folder) - 1] != '/')
            berth_put_char(&w, '/');
    }
    berth_put_text(&w, part);
    if (berth_writer_terminate(&w) == BERTH_OK)
        return 0;
    return fail_path(f, folder != NULL ? folder : ".", "the path is too long", part);
}

static int read_document(struct folder *f, const char *path, char *document, size_t size,
                         struct berth_text *out_text)
{
    enum berth_status status = read_whole(path, document, size, out_text);
    if (status == BERTH_OK)
        return 0;
    if (status == BERTH_E_SPACE)
        return fail_path(f, path, "larger than this program reads", berth_text_make(NULL, 0));
    if (status == BERTH_E_NO_FILE && path == f->host_path)
        return fail_path(f, path, "no such file; --config names the folder that holds cfg/ and jobs/",
                         berth_text_make(NULL, 0));
    return fail_path(f, path, "", program_file_words());
}

static int load_host(struct folder *f)
{
    struct berth_writer memory;
    struct berth_config_note note = {0};
    struct reading reading = {f, f->host_path};
    struct berth_config_input input = {.memory = &memory, .warn = warn, .warn_ctx = &reading, .note = &note};
    int code = read_document(f, f->host_path, host_document, sizeof host_document, &input.document);
    if (code != 0)
        return code;
    berth_writer_init(&memory, host_texts, sizeof host_texts);
    enum berth_status status = berth_host_config_read(&input, &f->host);
    if (status != BERTH_OK)
        return fail_note(f, f->host_path, status, &note);
    code = join(f, f->users_path, f->host.users_config_yaml);
    return code != 0 ? code : join(f, f->capability_path, f->host.capability_config_yaml);
}

static int load_capability(struct folder *f)
{
    struct berth_writer memory;
    struct berth_config_note note = {0};
    struct reading reading = {f, f->capability_path};
    struct berth_config_input input = {.memory = &memory, .warn = warn, .warn_ctx = &reading, .note = &note};
    int code = read_document(f, f->capability_path, capability_document, sizeof capability_document,
                             &input.document);
    if (code != 0)
        return code;
    berth_writer_init(&memory, capability_texts, sizeof capability_texts);
    memset(&f->capability, 0, sizeof f->capability);
    f->capability.allowed = allowed;
    f->capability.allowed_cap = FOLDER_PEOPLE;
    f->capability.custom = custom;
    f->capability.custom_cap = FOLDER_PEOPLE;
    enum berth_status status = berth_capability_config_read(&input, &f->capability);
    return status == BERTH_OK ? 0 : fail_note(f, f->capability_path, status, &note);
}

/* The file holds passwords. */
static void look_at_mode(struct folder *f)
{
    struct stat info;
    if (f->warned_mode || stat(f->users_path, &info) != 0 || (info.st_mode & 077) == 0)
        return;
    char line[LINE_SIZE];
    struct berth_writer w;
    berth_writer_init(&w, line, sizeof line);
    berth_put_string(&w, f->users_path);
    berth_put_string(&w, ": others may read the passwords in it; chmod 600 ");
    berth_put_string(&w, f->users_path);
    f->warned_mode = true;
    folder_say(f, FOLDER_WARNING, berth_writer_text(&w));
}

int folder_load_users(struct folder *f)
{
    struct berth_writer document, memory;
    struct berth_config_note note = {0};
    struct reading reading = {f, f->users_path};
    struct berth_config_input input = {.memory = &memory, .warn = warn, .warn_ctx = &reading, .note = &note};
    berth_writer_init(&document, users_document, sizeof users_document);
    f->user_count = f->owner_count = 0;
    enum berth_status status = f->store.read_users(f->store.ctx, &document);
    if (status == BERTH_E_PERMISSION && f->options.users_optional)
        return 0;
    if (status != BERTH_OK)
        return folder_fail(f, status, "the users are not known");
    look_at_mode(f);
    input.document = f->users_document = berth_writer_text(&document);
    berth_writer_init(&memory, users_texts, sizeof users_texts);
    size_t count = 0;
    status = berth_users_config_read(&input, users, FOLDER_PEOPLE, &count);
    if (status != BERTH_OK)
        return fail_note(f, f->users_path, status, &note);
    f->users = users;
    f->user_count = count;
    f->owners = owners;
    for (size_t i = 0; i < count; i++) {
        uint32_t number = folder_user_add(f, users[i].id);
        if (number == FOLDER_NO_USER)
            return fail_path(f, f->users_path, "more users than this program holds", users[i].id);
        if (users[i].forward_port != 0)
            owners[f->owner_count++] = (struct berth_port_owner){number, users[i].forward_port};
    }
    return 0;
}

int folder_load_config(struct folder *f)
{
    int code = load_host(f);
    if (code == 0)
        code = load_capability(f);
    return code == 0 ? folder_load_users(f) : code;
}

/* ---- Opening ---------------------------------------------------------------------------------- */

static int open_store(struct folder *f)
{
    struct stat info;
    int code = join(f, f->jobs, BERTH_TEXT("jobs"));
    if (code != 0)
        return code;
    if (stat(f->jobs, &info) != 0 || !S_ISDIR(info.st_mode))
        return fail_path(f, f->jobs, "no such folder; bookings are kept there: make it, or see --config",
                         berth_text_make(NULL, 0));
    const struct berth_store_files_config config = {program_files(), f->jobs, f->users_path, store_keys,
                                                    FOLDER_ROWS};
    f->store = berth_store_files_init(&store_state, &config);
    return 0;
}

/* Bookings are in local time. */
static void open_zone(struct folder *f)
{
    char line[LINE_SIZE];
    struct berth_writer w;
    if (f->options.now != NULL || berth_posix_zone_open(&zone, getenv("TZ")) == BERTH_OK)
        return;
    berth_writer_init(&w, line, sizeof line);
    berth_put_text(&w, berth_posix_zone_reason(&zone));
    berth_put_string(&w, "; local time is taken to be UTC");
    folder_say(f, FOLDER_WARNING, berth_writer_text(&w));
}

/* The users' passwords are in this memory. A limit of one byte, as of 0 some systems still hand the dump to
 * a program; those that we start keep it, of whose environment one password may be. */
static void forbid_cores(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_CORE, &limit) != 0 || limit.rlim_cur <= 1)
        return;
    limit.rlim_cur = 1;
    (void)setrlimit(RLIMIT_CORE, &limit);
}

int folder_open(struct folder *f, struct app *app, const struct folder_options *options)
{
    forbid_cores();
    memset(f, 0, sizeof *f);
    f->app = app;
    f->options = *options;
    if (options->now != NULL &&
        berth_parse_civil(berth_text_of(options->now), false, &f->fixed_now_s) != BERTH_OK)
        return fail(app, EXIT_USAGE, "--now: not a time 'YYYY-MM-DD hh:mm[:ss]'", options->now);
    open_zone(f);
    int code = join(f, f->host_path, BERTH_TEXT("cfg/host_deploy.yaml"));
    if (code == 0)
        code = load_host(f);
    if (code == 0)
        code = load_capability(f);
    if (code == 0)
        code = open_store(f);
    return code == 0 ? folder_load_users(f) : code;
}

void folder_close(struct folder *f)
{
    folder_end(f);
    berth_wipe(users_document, f->users_document.len);
    berth_wipe(users_texts, BERTH_CONFIG_MEMORY(f->users_document.len));
    f->users_document = berth_text_make(NULL, 0);
    f->user_count = f->owner_count = 0;
}

int64_t folder_now(const struct folder *f)
{
    if (f->options.now != NULL)
        return f->fixed_now_s;
    return berth_posix_zone_civil(&zone, program_clock()->civil_s(program_clock()->ctx));
}

/* ---- Changing --------------------------------------------------------------------------------- */

int folder_look(struct folder *f)
{
    static const char *const names[] = {"booking.csv",  "using.csv", "used.csv",
                                        "monitor_exec", ".lock",     ".monitor.lock"};
    char path[FOLDER_PATH + 16];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct stat info;
        struct berth_writer w;
        berth_writer_init(&w, path, sizeof path);
        berth_put_string(&w, f->jobs);
        berth_put_char(&w, '/');
        berth_put_string(&w, names[i]);
        if (berth_writer_terminate(&w) == BERTH_OK && stat(path, &info) == 0 &&
            (S_ISFIFO(info.st_mode) || S_ISCHR(info.st_mode)))
            return fail_path(f, path, "a pipe or a device, not a file", berth_text_make(NULL, 0));
    }
    return 0;
}

int folder_begin(struct folder *f)
{
    int code = folder_look(f);
    if (code != 0)
        return code;
    enum berth_status status = f->store.begin(f->store.ctx, FOLDER_LOCK_WAIT_MS);
    f->locked = status == BERTH_OK;
    return status == BERTH_OK ? 0 : folder_fail(f, status, "the bookings cannot be changed");
}

void folder_end(struct folder *f)
{
    if (f->locked)
        f->store.end(f->store.ctx);
    f->locked = false;
}

/* The document with USER's entry written anew. */
static int write_user(struct folder *f, const struct berth_user *user, struct berth_writer *before,
                      struct berth_writer *after)
{
    struct berth_config_note note = {0};
    enum berth_status status = f->store.read_users(f->store.ctx, before);
    if (status != BERTH_OK)
        return folder_fail(f, status, "the user's entry was not written");
    status = berth_users_config_put(after, berth_writer_text(before), user, &note);
    if (status != BERTH_OK)
        return fail_note(f, f->users_path, status, &note);
    status = f->store.write_users(f->store.ctx, berth_writer_text(after));
    return status == BERTH_OK ? 0 : folder_fail(f, status, "the user's entry was not written");
}

int folder_save_user(struct folder *f, const struct berth_user *user)
{
    struct berth_writer before, after; /* not in users_document: USER's texts may lie there */
    berth_writer_init(&before, old_users_document, sizeof old_users_document);
    berth_writer_init(&after, new_users_document, sizeof new_users_document);
    int code = write_user(f, user, &before, &after);
    berth_wipe(old_users_document, before.len < USERS_SIZE ? before.len : USERS_SIZE);
    berth_wipe(new_users_document, after.len < USERS_SIZE ? after.len : USERS_SIZE);
    return code == 0 ? folder_load_users(f) : code;
}

/* ---- Asking ----------------------------------------------------------------------------------- */

const struct berth_user *folder_user_config(const struct folder *f, struct berth_text id)
{
    for (size_t i = 0; i < f->user_count; i++)
        if (berth_text_equal_nocase(f->users[i].id, id))
            return &f->users[i];
    return NULL;
}

void folder_request(const struct folder *f, uint32_t user, struct berth_request *out_request)
{
    *out_request = (struct berth_request){
        .now_s = folder_now(f),
        .host = f->capability.max.capacity,
        .limit = berth_capability_limits(&f->capability, folder_user_id(f, user))->capacity,
        .user = user,
        .neighbourhood = BERTH_SCHEDULE_NEIGHBOURHOOD,
        .owners = f->owners,
        .owner_count = f->owner_count,
    };
}
