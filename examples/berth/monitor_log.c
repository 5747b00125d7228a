/* The monitor's log: lines of wire page 1.7. */
#define _DEFAULT_SOURCE
#include "monitor.h"

#include "berth/port_posix.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

void monitor_log_init(struct monitor_log *log, struct app *app, const struct folder *folder)
{
    struct berth_writer w;
    memset(log, 0, sizeof *log);
    log->app = app;
    log->folder = folder;
    berth_writer_init(&w, log->path, sizeof log->path);
    berth_put_string(&w, folder->jobs);
    berth_put_string(&w, "/monitor.log");
    if (berth_writer_terminate(&w) != BERTH_OK)
        log->path[0] = '\0';
}

/* "YYYYMMDD HH:MM ". */
static void put_time(struct out *o, int64_t now_s)
{
    char text[24];
    struct berth_civil c;
    struct berth_writer w;
    if (berth_seconds_to_civil(now_s, &c) != BERTH_OK)
        return;
    berth_writer_init(&w, text, sizeof text);
    berth_put_u64_padded(&w, (uint64_t)c.year, 4);
    berth_put_u64_padded(&w, c.month, 2);
    berth_put_u64_padded(&w, c.day, 2);
    berth_put_char(&w, ' ');
    berth_put_u64_padded(&w, c.hour, 2);
    berth_put_char(&w, ':');
    berth_put_u64_padded(&w, c.minute, 2);
    berth_put_char(&w, ' ');
    out_text(o, berth_writer_text(&w));
}

static void put_line(struct out *o, int64_t now_s, enum event_level level, const char *sign,
                     struct berth_text message)
{
    static const char *const names[] = {"[INFO] ", "[WARNING] ", "[ERROR] "};
    put_time(o, now_s);
    out_string(o, names[level]);
    if (level != EVENT_INFO) {
        out_string(o, sign);
        out_string(o, ", ");
    }
    out_safe(o, message);
}

static void complain(struct monitor_log *log, int error)
{
    if (!log->failed)
        (void)fail_text(log->app, (enum exit_code)HOST_FILES, log->path, berth_posix_error_text(error));
    log->failed = true;
}

void monitor_log_say(void *ctx, enum event_level level, const char *sign, struct berth_text message)
{
    static const enum colour colours[] = {COLOUR_GREEN, COLOUR_YELLOW, COLOUR_RED};
    struct monitor_log *log = ctx;
    static struct out file; /* a line goes out in one write: lines of two monitors do not mix */
    int64_t now_s = folder_now(log->folder);
    struct out *out = &log->app->out;
    out_colour(out, colours[level]);
    put_line(out, now_s, level, sign, message);
    out_colour(out, COLOUR_NONE);
    out_string(out, "\n\n");
    out_flush(out);
    int fd = open(log->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644);
    if (fd < 0) {
        complain(log, errno);
        return;
    }
    out_init(&file, fd);
    put_line(&file, now_s, level, sign, message);
    out_string(&file, "\n");
    out_flush(&file);
    if (file.failed)
        complain(log, file.error);
    close(fd);
}
