/* Ports that provide nothing, each call saying so. */
#include "berth/port_null.h"

static enum berth_status null_connect(void *ctx, const struct berth_endpoint *to, uint32_t wait_ms)
{
    (void)ctx;
    (void)to;
    (void)wait_ms;
    return BERTH_E_NOT_PROVIDED;
}

static enum berth_status null_secure(void *ctx, struct berth_text name, uint32_t wait_ms)
{
    (void)ctx;
    (void)name;
    (void)wait_ms;
    return BERTH_E_NOT_PROVIDED;
}

static ptrdiff_t null_recv(void *ctx, void *buf, size_t cap, uint32_t wait_ms)
{
    (void)ctx;
    (void)buf;
    (void)cap;
    (void)wait_ms;
    return BERTH_E_NOT_PROVIDED;
}

static ptrdiff_t null_send(void *ctx, const void *bytes, size_t len, uint32_t wait_ms)
{
    (void)ctx;
    (void)bytes;
    (void)len;
    (void)wait_ms;
    return BERTH_E_NOT_PROVIDED;
}

static void null_close(void *ctx)
{
    (void)ctx;
}

static unsigned null_want(void *ctx)
{
    (void)ctx;
    return BERTH_WANT_NOTHING;
}

static struct berth_text null_reason(void *ctx)
{
    (void)ctx;
    return BERTH_TEXT("this build has no network");
}

struct berth_net berth_null_net(void)
{
    return (struct berth_net){NULL,      null_connect, null_secure, null_recv,
                              null_send, null_close,   null_want,   null_reason};
}

static uint64_t null_monotonic_ms(void *ctx)
{
    (void)ctx;
    return 0;
}

static int64_t null_civil_s(void *ctx)
{
    (void)ctx;
    return 0;
}

static void null_sleep_ms(void *ctx, uint32_t ms)
{
    (void)ctx;
    (void)ms;
}

struct berth_clock berth_null_clock(void)
{
    return (struct berth_clock){NULL, null_monotonic_ms, null_civil_s, null_sleep_ms};
}

static enum berth_status null_fill(void *ctx, void *buf, size_t len)
{
    (void)ctx;
    (void)buf;
    (void)len;
    return BERTH_E_NOT_PROVIDED;
}

struct berth_rand berth_null_rand(void)
{
    return (struct berth_rand){NULL, null_fill};
}

static enum berth_status null_hash(void *ctx, struct berth_text password, struct berth_text setting,
                                   struct berth_writer *out)
{
    (void)ctx;
    (void)password;
    (void)setting;
    (void)out;
    return BERTH_E_NOT_PROVIDED;
}

struct berth_crypt berth_null_crypt(void)
{
    return (struct berth_crypt){NULL, null_hash};
}

/* ---- files ---- */

static berth_file null_open(void *ctx, const char *path, enum berth_file_mode mode, unsigned permissions)
{
    (void)ctx;
    (void)path;
    (void)mode;
    (void)permissions;
    return BERTH_E_NOT_PROVIDED;
}

static ptrdiff_t null_read(void *ctx, berth_file file, void *buf, size_t cap)
{
    (void)file;
    return null_recv(ctx, buf, cap, 0);
}

static enum berth_status null_write(void *ctx, berth_file file, const void *bytes, size_t len)
{
    (void)ctx;
    (void)file;
    (void)bytes;
    (void)len;
    return BERTH_E_NOT_PROVIDED;
}

static enum berth_status null_seek(void *ctx, berth_file file, uint64_t offset)
{
    (void)ctx;
    (void)file;
    (void)offset;
    return BERTH_E_NOT_PROVIDED;
}

static enum berth_status null_size(void *ctx, berth_file file, uint64_t *out_bytes)
{
    (void)ctx;
    (void)file;
    (void)out_bytes;
    return BERTH_E_NOT_PROVIDED;
}

static enum berth_status null_commit(void *ctx, berth_file file)
{
    (void)ctx;
    (void)file;
    return BERTH_E_NOT_PROVIDED;
}

static void null_close_file(void *ctx, berth_file file)
{
    (void)ctx;
    (void)file;
}

static enum berth_status null_path(void *ctx, const char *path)
{
    (void)ctx;
    (void)path;
    return BERTH_E_NOT_PROVIDED;
}

static enum berth_status null_rename(void *ctx, const char *from, const char *to)
{
    (void)to;
    return null_path(ctx, from);
}

static enum berth_status null_make_folder(void *ctx, const char *path, unsigned permissions)
{
    (void)permissions;
    return null_path(ctx, path);
}

static berth_file null_lock(void *ctx, const char *path, uint32_t wait_ms)
{
    (void)wait_ms;
    return null_path(ctx, path);
}

struct berth_files berth_null_files(void)
{
    return (struct berth_files){
        .ctx = NULL,
        .open = null_open,
        .read = null_read,
        .write = null_write,
        .seek = null_seek,
        .size = null_size,
        .commit = null_commit,
        .close = null_close_file,
        .remove = null_path,
        .rename = null_rename,
        .make_folder = null_make_folder,
        .remove_tree = null_path,
        .lock = null_lock,
        .unlock = null_close_file,
    };
}

/* ---- processes ---- */

static berth_child null_spawn(void *ctx, const struct berth_spawn *spawn)
{
    (void)ctx;
    (void)spawn;
    return BERTH_E_NOT_PROVIDED;
}

static ptrdiff_t null_output(void *ctx, berth_child child, void *buf, size_t cap, uint32_t wait_ms)
{
    (void)child;
    return null_recv(ctx, buf, cap, wait_ms);
}

static enum berth_status null_state(void *ctx, berth_child child, struct berth_child_state *out_state)
{
    (void)ctx;
    (void)child;
    (void)out_state;
    return BERTH_E_NOT_PROVIDED;
}

static enum berth_status null_signal(void *ctx, berth_child child, int number)
{
    (void)ctx;
    (void)child;
    (void)number;
    return BERTH_E_NOT_PROVIDED;
}

static void null_release(void *ctx, berth_child child)
{
    (void)ctx;
    (void)child;
}

struct berth_proc berth_null_proc(void)
{
    return (struct berth_proc){NULL,        null_spawn,   null_output, null_state,
                               null_signal, null_release, null_output};
}
