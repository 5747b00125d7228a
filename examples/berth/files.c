/* Files, standard input and output, progress. */
#define _DEFAULT_SOURCE
#include "files.h"

#include "berth/port_posix.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SOURCE_WAIT_MS = 20 };

static struct berth_posix_files files_state;
static struct berth_posix_signals signals_state;
static bool signals_caught;

const struct berth_files *program_files(void)
{
    static struct berth_files port;
    if (port.open == NULL)
        port = berth_posix_files_init(&files_state);
    return &port;
}

const struct berth_clock *program_clock(void)
{
    static struct berth_clock port;
    if (port.monotonic_ms == NULL)
        port = berth_posix_clock(program_signals());
    return &port;
}

const struct berth_rand *program_rand(void)
{
    static struct berth_rand port;
    if (port.fill == NULL)
        port = berth_posix_rand();
    return &port;
}

const struct berth_posix_signals *program_signals(void)
{
    return signals_caught ? &signals_state : NULL;
}

void program_catch_signals(void)
{
    out_interrupted = program_signal;
    if (!signals_caught)
        signals_caught = berth_posix_signals_begin(&signals_state) == BERTH_OK;
}

int program_signal(void)
{
    return signals_caught ? berth_posix_signals_pending(&signals_state) : 0;
}

void program_signal_acknowledge(void)
{
    if (signals_caught)
        berth_posix_signals_acknowledge(&signals_state);
}

static int standard_input_errno; /* of the last read that failed */

static ptrdiff_t read_fd(int fd, void *buf, size_t cap)
{
    for (;;) {
        ssize_t n = read(fd, buf, cap);
        if (n >= 0)
            return n;
        standard_input_errno = errno;
        struct pollfd wait = {fd, POLLIN, 0};
        if (errno == EAGAIN) /* somebody made it non-blocking */
            (void)poll(&wait, 1, -1);
        else if (errno != EINTR)
            return BERTH_E_IO;
        if (program_signal() != 0)
            return BERTH_E_CANCELLED;
    }
}

static bool is_standard(const char *path)
{
    return strcmp(path, "-") == 0;
}

enum berth_status read_whole(const char *path, char *buf, size_t cap, struct berth_text *out_text)
{
    const struct berth_files *files = program_files();
    berth_file file = -1;
    if (!is_standard(path)) {
        file = files->open(files->ctx, path, BERTH_FILE_READ, 0);
        if (file < 0)
            return (enum berth_status)file;
    }
    size_t len = 0;
    ptrdiff_t n = 1;
    char extra = 0; /* one byte more than fits tells that there is more */
    while (n > 0) {
        void *at = len < cap ? buf + len : &extra;
        size_t room = len < cap ? cap - len : 1;
        n = file < 0 ? read_fd(STDIN_FILENO, at, room) : files->read(files->ctx, file, at, room);
        if (n > 0 && len == cap)
            n = BERTH_E_SPACE;
        if (n > 0)
            len += (size_t)n;
    }
    if (file >= 0)
        files->close(files->ctx, file);
    *out_text = berth_text_make(buf, len);
    return n < 0 ? (enum berth_status)n : BERTH_OK;
}

enum berth_status write_whole(const char *path, struct berth_text text)
{
    const struct berth_files *files = program_files();
    berth_file file = files->open(files->ctx, path, BERTH_FILE_REPLACE, 0600);
    if (file < 0)
        return (enum berth_status)file;
    enum berth_status status = files->write(files->ctx, file, text.ptr, text.len);
    if (status == BERTH_OK)
        return files->commit(files->ctx, file);
    files->close(files->ctx, file);
    return status;
}

enum berth_status make_folders(const char *path, unsigned permissions)
{
    const struct berth_files *files = program_files();
    char above[FILES_PATH_MAX];
    if (strlen(path) >= sizeof above)
        return BERTH_E_RANGE;
    for (size_t i = 1; path[i] != '\0'; i++) {
        if (path[i] != '/' || path[i - 1] == '/' || path[i + 1] == '\0')
            continue;
        memcpy(above, path, i);
        above[i] = '\0';
        enum berth_status status = files->make_folder(files->ctx, above, 0777);
        if (status != BERTH_OK && status != BERTH_E_EXISTS)
            return status;
    }
    enum berth_status status = files->make_folder(files->ctx, path, permissions);
    return status == BERTH_E_EXISTS ? BERTH_OK : status;
}

int fail_file(struct app *app, enum berth_status status, const char *path)
{
    int number = is_standard(path) ? standard_input_errno : berth_posix_files_errno(&files_state);
    if (number != 0 && status != BERTH_E_CANCELLED)
        return fail_text(app, exit_code_of(status), path, berth_posix_error_text(number));
    return fail(app, exit_code_of(status), path, berth_status_name(status));
}

struct berth_text program_file_words(void)
{
    int number = berth_posix_files_errno(&files_state);
    return number != 0 ? berth_posix_error_text(number) : berth_text_make(NULL, 0);
}

int load_file(struct app *app, const char *path, char *buf, size_t cap, struct berth_text *out_text)
{
    enum berth_status status = read_whole(path, buf, cap, out_text);
    if (status == BERTH_E_SPACE)
        return fail(app, EXIT_SPACE, path, "larger than this program reads at once");
    return status == BERTH_OK ? 0 : fail_file(app, status, path);
}

/* ---- progress --------------------------------------------------------------------------------- */

static void put_size(struct berth_writer *w, uint64_t bytes)
{
    static const char *const units[] = {" B", " KiB", " MiB", " GiB", " TiB"};
    unsigned unit = 0;
    uint64_t tenths = bytes * 10;
    while (tenths >= 10240 && unit < 4) {
        tenths /= 1024;
        unit++;
    }
    berth_put_u64(w, tenths / 10);
    if (unit > 0) {
        berth_put_char(w, '.');
        berth_put_u64(w, tenths % 10);
    }
    berth_put_string(w, units[unit]);
}

static void show_progress(struct progress *p, uint64_t now_ms)
{
    char line[160];
    struct berth_writer w;
    berth_writer_init(&w, line, sizeof line);
    uint64_t elapsed_ms = now_ms - p->start_ms;
    uint64_t rate = elapsed_ms > 0 ? p->done * 1000 / elapsed_ms : 0;
    berth_put_string(&w, p->verb);
    berth_put_char(&w, ' ');
    put_size(&w, p->done);
    if (p->total != BERTH_LENGTH_UNKNOWN && p->total > 0) {
        berth_put_string(&w, " of ");
        put_size(&w, p->total);
        berth_put_string(&w, ", ");
        berth_put_u64(&w, p->done * 100 / p->total);
        berth_put_char(&w, '%');
    }
    berth_put_string(&w, ", ");
    put_size(&w, rate);
    berth_put_string(&w, "/s");
    if (p->total != BERTH_LENGTH_UNKNOWN && rate > 0 && p->done < p->total) {
        berth_put_string(&w, ", ");
        berth_put_u64(&w, (p->total - p->done) / rate + 1);
        berth_put_string(&w, " s left");
    }
    struct berth_text text = berth_writer_text(&w);
    unsigned room = p->err->width > 1 ? p->err->width - 1 : 1;
    out_string(p->err, "\r");
    out_text(p->err, berth_text_slice(text, 0, room));
    out_string(p->err, "\033[K");
    out_flush(p->err);
    p->shown = true;
    p->shown_ms = now_ms;
}

void progress_begin(struct progress *p, struct app *app, const char *verb, uint64_t total)
{
    memset(p, 0, sizeof *p);
    p->err = &app->err;
    p->verb = verb;
    p->total = total;
    p->on = app->err.terminal && !app->quiet;
    p->start_ms = p->shown_ms = program_clock()->monotonic_ms(program_clock()->ctx);
}

void progress_add(struct progress *p, uint64_t bytes)
{
    p->done += bytes;
    if (!p->on)
        return;
    uint64_t now = program_clock()->monotonic_ms(program_clock()->ctx);
    if (now - p->shown_ms >= 100)
        show_progress(p, now);
}

void progress_end(struct progress *p)
{
    if (p->shown) {
        out_string(p->err, "\r\033[K");
        out_flush(p->err);
    }
    p->on = false;
    p->shown = false;
}

/* ---- input ------------------------------------------------------------------------------------ */

/* Whether a pipe or terminal has bytes or has ended, after a short wait: a slow one must not hold up
 * deadlines and signals. */
static bool has_something(int fd)
{
    struct pollfd wait = {fd, POLLIN, 0};
    return poll(&wait, 1, SOURCE_WAIT_MS) != 0 && program_signal() == 0;
}

static ptrdiff_t input_read(void *ctx, void *buf, size_t cap)
{
    struct input *in = ctx;
    const struct berth_files *files = program_files();
    ptrdiff_t n;
    if (in->fd < 0)
        n = files->read(files->ctx, in->file, buf, cap);
    else
        n = has_something(in->fd) ? read_fd(in->fd, buf, cap) : BERTH_E_WOULD_BLOCK;
    if (program_signal() != 0)
        return BERTH_E_CANCELLED;
    if (n > 0)
        progress_add(&in->progress, (uint64_t)n);
    return n;
}

static enum berth_status input_rewind(void *ctx)
{
    struct input *in = ctx;
    in->progress.done = 0;
    return program_files()->seek(program_files()->ctx, in->file, 0);
}

/* A regular file: its size is known, and it can be read again. */
static int open_regular(struct input *in, struct app *app, const char *path, struct berth_source *source)
{
    const struct berth_files *files = program_files();
    in->file = files->open(files->ctx, path, BERTH_FILE_READ, 0);
    if (in->file < 0)
        return fail_file(app, (enum berth_status)in->file, path);
    source->rewind = input_rewind;
    enum berth_status status = files->size(files->ctx, in->file, &source->length);
    if (status == BERTH_OK)
        return 0;
    input_close(in);
    return fail_file(app, status, path);
}

int input_open(struct input *in, struct app *app, const char *path, struct berth_source *out_source)
{
    struct stat info;
    int code = 0;
    memset(in, 0, sizeof *in);
    in->fd = in->file = -1;
    memset(out_source, 0, sizeof *out_source);
    out_source->ctx = in;
    out_source->read = input_read;
    out_source->length = BERTH_LENGTH_UNKNOWN;
    if (is_standard(path)) {
        in->fd = STDIN_FILENO;
    } else if (stat(path, &info) != 0 || S_ISREG(info.st_mode)) {
        code = open_regular(in, app, path, out_source);
    } else if (S_ISDIR(info.st_mode)) {
        return fail(app, EXIT_BAD_DATA, path, "is a folder");
    } else { /* a pipe or a device has no size and no way back */
        in->fd = open(path, O_RDONLY | O_CLOEXEC);
        if (in->fd < 0)
            return program_signal() != 0 ? 128 + program_signal()
                                         : fail_text(app, EXIT_BAD_DATA, path, berth_posix_error_text(errno));
    }
    if (code == 0)
        progress_begin(&in->progress, app, "upload", out_source->length);
    return code;
}

void input_close(struct input *in)
{
    progress_end(&in->progress);
    if (in->file >= 0)
        program_files()->close(program_files()->ctx, in->file);
    if (in->fd > STDIN_FILENO)
        close(in->fd);
    in->file = in->fd = -1;
}

/* ---- output ----------------------------------------------------------------------------------- */

static enum berth_status output_write(void *ctx, const void *bytes, size_t len)
{
    struct output *o = ctx;
    progress_add(&o->progress, len);
    if (o->out != NULL) {
        out_bytes(o->out, bytes, len);
        return o->out->failed ? BERTH_E_IO : BERTH_OK;
    }
    enum berth_status status = program_files()->write(program_files()->ctx, o->file, bytes, len);
    if (status != BERTH_OK)
        o->failure = status;
    return status;
}

static enum berth_status output_restart(void *ctx)
{
    struct output *o = ctx;
    const struct berth_files *files = program_files();
    files->close(files->ctx, o->file);
    o->progress.done = 0;
    o->file = files->open(files->ctx, o->path, BERTH_FILE_REPLACE, 0644);
    return o->file < 0 ? (enum berth_status)o->file : BERTH_OK;
}

int output_open(struct output *o, struct app *app, const char *path, struct berth_sink *out_sink)
{
    const struct berth_files *files = program_files();
    memset(o, 0, sizeof *o);
    memset(out_sink, 0, sizeof *out_sink);
    o->app = app;
    o->path = path;
    o->file = -1;
    out_sink->ctx = o;
    out_sink->write = output_write;
    if (is_standard(path)) {
        o->out = &app->out;
    } else {
        o->file = files->open(files->ctx, path, BERTH_FILE_REPLACE, 0644);
        if (o->file < 0)
            return fail_file(app, (enum berth_status)o->file, path);
        struct stat info;
        if (stat(path, &info) != 0 || S_ISREG(info.st_mode)) /* what is in a pipe cannot be taken back */
            out_sink->restart = output_restart;
    }
    progress_begin(&o->progress, app, "download", BERTH_LENGTH_UNKNOWN);
    if (o->out != NULL && o->out->terminal)
        o->progress.on = false;
    return 0;
}

int output_commit(struct output *o)
{
    progress_end(&o->progress);
    if (o->out != NULL)
        return 0;
    enum berth_status status = program_files()->commit(program_files()->ctx, o->file);
    o->file = -1;
    return status == BERTH_OK ? 0 : fail_file(o->app, status, o->path);
}

int output_report(const struct output *o)
{
    return fail_file(o->app, o->failure, o->path);
}

void output_discard(struct output *o)
{
    progress_end(&o->progress);
    if (o->file >= 0)
        program_files()->close(program_files()->ctx, o->file);
    o->file = -1;
}
