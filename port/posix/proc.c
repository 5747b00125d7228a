/* Child processes: started by argument array, each in a group of its own, with captured output. */
#include "posix.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

/* A killed child is waited for this often and long before it is left for later. */
#define REAP_TRIES 100
#define REAP_PAUSE_MS 2

static enum berth_status failed(struct berth_posix_proc *p, int error)
{
    p->error_number = error;
    return berth_posix_file_status(error);
}

static struct berth_posix_child *find(struct berth_posix_proc *p, berth_child number)
{
    if (number < 0 || number >= BERTH_POSIX_CHILDREN)
        return NULL;
    struct berth_posix_child *child = &p->children[number];
    return child->pid > 0 && !child->dying ? child : NULL;
}

/* Takes an ended child out of the process table; true when it is gone. */
static bool reap(const struct berth_posix_child *child)
{
    pid_t got;
    do
        got = waitpid(child->pid, NULL, WNOHANG);
    while (got < 0 && errno == EINTR);
    return got != 0;
}

static berth_child free_slot(struct berth_posix_proc *p)
{
    berth_child slot = BERTH_E_SPACE;
    for (berth_child i = 0; i < BERTH_POSIX_CHILDREN; i++) {
        struct berth_posix_child *child = &p->children[i];
        if (child->dying && reap(child)) {
            child->dying = false;
            child->pid = 0;
        }
        if (child->pid == 0 && slot < 0)
            slot = i;
    }
    return slot;
}

/* FD, or a copy of it above 2, so that dup2 onto 0, 1 and 2 cannot hit it. -1 and errno. */
static int above_standard(int fd)
{
    if (fd < 0 || fd > 2)
        return fd;
    int higher = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    berth_posix_close(&fd);
    return higher;
}

static int open_pipe(int *ends)
{
    if (pipe2(ends, O_CLOEXEC) != 0)
        return errno;
    int error = 0;
    for (int i = 0; i < 2; i++) {
        ends[i] = above_standard(ends[i]);
        if (ends[i] < 0)
            error = errno;
    }
    if (error) {
        berth_posix_close(&ends[0]);
        berth_posix_close(&ends[1]);
    }
    return error;
}

/* ---- in the child, between fork and exec: async-signal-safe calls alone ---- */

/* What the child needs, gathered by the parent. */
struct plan {
    const struct berth_spawn *spawn;
    const struct berth_posix_proc_config *config;
    char *const *env;
    const char *path; /* the value of PATH; NULL = not searched */
    int in_fd;        /* the pipe's end for its input; -1 */
    int out_fd;       /* the pipe's end for its output; -1 */
    int err_fd;       /* the same for standard error alone; -1 */
    int report_fd;    /* closed by a successful exec */
    pid_t parent;
};

static _Noreturn void report(int fd, int error)
{
    ssize_t done;
    do
        done = write(fd, &error, sizeof error);
    while (done < 0 && errno == EINTR);
    _exit(127);
}

static void default_signals(void)
{
    struct sigaction action;
    sigset_t none;
    memset(&action, 0, sizeof action);
    action.sa_handler = SIG_DFL;
    for (int number = 1; number < 65; number++)
        (void)sigaction(number, &action, NULL);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* 0, 1 and 2 as the plan says; 0, or errno. */
static int standard_files(const struct plan *plan)
{
    int nothing = above_standard(open("/dev/null", O_RDWR | O_CLOEXEC));
    if (nothing < 0 || dup2(plan->in_fd >= 0 ? plan->in_fd : nothing, 0) < 0)
        return errno;
    if (plan->spawn->inherit && !plan->spawn->capture)
        return 0;
    int out = plan->spawn->capture ? plan->out_fd : nothing;
    int err = plan->err_fd >= 0 ? plan->err_fd : out;
    return dup2(out, 1) < 0 || dup2(err, 2) < 0 ? errno : 0;
}

/* Everything above 2 is closed by exec, also what this program's own parent left open. */
static void close_rest(int report_fd)
{
#ifdef SYS_close_range
    if (syscall(SYS_close_range, 3U, ~0U, (unsigned)CLOSE_RANGE_CLOEXEC) == 0)
        return;
#endif
    for (int fd = 3; fd < 4096; fd++) {
        if (fd != report_fd)
            (void)close(fd);
    }
}

/* Tries each folder of PATH; the errno to tell: a file that may not be run outweighs none at all. */
static int search(const struct plan *plan, char *const *argv)
{
    char file[PATH_MAX];
    struct berth_text rest = berth_text_of(plan->path);
    struct berth_text folder;
    int error = ENOENT;
    size_t name_len = strlen(argv[0]);
    while (berth_text_split(&rest, ':', &folder)) {
        if (folder.len == 0 || folder.len + 1 + name_len >= sizeof file)
            continue;
        memcpy(file, folder.ptr, folder.len);
        file[folder.len] = '/';
        memcpy(file + folder.len + 1, argv[0], name_len + 1);
        (void)execve(file, argv, plan->env);
        if (errno != ENOENT && errno != ENOTDIR && error == ENOENT)
            error = errno;
    }
    return error;
}

static _Noreturn void run_child(const struct plan *plan)
{
    union {
        const char *const *in;
        char *const *out;
    } argv = {plan->spawn->argv};
    (void)setpgid(0, 0);
    default_signals();
#ifdef __linux__
    if (plan->config->end_with_parent) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != plan->parent)
            _exit(127);
    }
#endif
    int error = standard_files(plan);
    close_rest(plan->report_fd);
    if (!error && plan->spawn->folder && chdir(plan->spawn->folder) != 0)
        error = errno;
    if (!error && plan->path)
        error = search(plan, argv.out);
    else if (!error) {
        (void)execve(argv.out[0], argv.out, plan->env);
        error = errno;
    }
    report(plan->report_fd, error);
}

/* ---- in the parent ---- */

static const char *find_path(char *const *env)
{
    for (; env && *env; env++) {
        if (strncmp(*env, "PATH=", 5) == 0)
            return *env + 5;
    }
    return NULL;
}

static void make_plan(struct plan *plan, const struct berth_posix_proc *p, const struct berth_spawn *spawn)
{
    union {
        const char *const *in;
        char *const *out;
    } env = {spawn->env};
    plan->spawn = spawn;
    plan->config = &p->config;
    plan->env = spawn->env ? env.out : environ;
    plan->path = NULL;
    if (!strchr(spawn->argv[0], '/')) {
        plan->path = find_path(plan->env);
        if (!plan->path)
            plan->path = find_path(environ);
        if (!plan->path)
            plan->path = "/usr/local/bin:/usr/bin:/bin";
    }
    plan->in_fd = plan->out_fd = plan->err_fd = plan->report_fd = -1;
    plan->parent = getpid();
}

/* What the child says over the pipe that exec closes: 0, or its errno. */
static int wait_for_exec(int fd)
{
    int error = 0;
    ssize_t got;
    do
        got = read(fd, &error, sizeof error);
    while (got < 0 && errno == EINTR);
    return got == (ssize_t)sizeof error ? error : 0;
}

/* Forks with every signal held back, so that no handler of ours runs in the child. -1 and errno. */
static pid_t fork_quietly(const struct plan *plan)
{
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, &before);
    pid_t pid = fork();
    if (pid == 0)
        run_child(plan);
    int error = errno;
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return pid;
}

static int start(struct plan *plan, pid_t *out_pid)
{
    int report_ends[2];
    int error = open_pipe(report_ends);
    if (error)
        return error;
    plan->report_fd = report_ends[1];
    pid_t pid = fork_quietly(plan);
    error = pid < 0 ? errno : 0;
    berth_posix_close(&report_ends[1]);
    if (!error) {
        (void)setpgid(pid, pid);
        error = wait_for_exec(report_ends[0]);
        if (error)
            while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
            }
    }
    berth_posix_close(&report_ends[0]);
    *out_pid = pid;
    return error;
}

static int open_end_fd(pid_t pid)
{
#ifdef SYS_pidfd_open
    return (int)syscall(SYS_pidfd_open, pid, 0U);
#else
    (void)pid;
    return -1;
#endif
}

/* With SIGCHLD ignored (some parents leave it so) the kernel would forget how a child ended. */
static void keep_children(void)
{
    struct sigaction action;
    if (sigaction(SIGCHLD, NULL, &action) == 0 && action.sa_handler == SIG_IGN) {
        action.sa_handler = SIG_DFL;
        (void)sigaction(SIGCHLD, &action, NULL);
    }
}

/* A pipe that holds INPUT, its end following; *out_fd is where it is read. */
static int fill_pipe(struct berth_text input, int *out_fd)
{
    int ends[2];
    int error = open_pipe(ends);
    if (error)
        return error;
    (void)fcntl(ends[1], F_SETFL, O_NONBLOCK);
    ssize_t done;
    do
        done = write(ends[1], input.ptr, input.len);
    while (done < 0 && errno == EINTR);
    if (done != (ssize_t)input.len) {
        error = done < 0 ? errno : EIO;
        berth_posix_close(&ends[0]);
    }
    berth_posix_close(&ends[1]);
    *out_fd = ends[0];
    return error;
}

/* The child's pipes: its ends in PLAN, ours in CHILD. */
static int open_pipes(struct plan *plan, struct berth_posix_child *child)
{
    const struct berth_spawn *spawn = plan->spawn;
    int ends[2] = {-1, -1};
    int error = spawn->input.len > 0 ? fill_pipe(spawn->input, &plan->in_fd) : 0;
    if (!error && spawn->capture) {
        error = open_pipe(ends);
        child->out_fd = ends[0];
        plan->out_fd = ends[1];
    }
    if (!error && spawn->capture && spawn->separate) {
        error = open_pipe(ends);
        child->err_fd = ends[0];
        plan->err_fd = ends[1];
    }
    return error;
}

static berth_child proc_spawn(void *ctx, const struct berth_spawn *spawn)
{
    struct berth_posix_proc *p = ctx;
    struct plan plan;
    struct berth_posix_child child;
    pid_t pid = -1;
    if (!spawn->argv || !spawn->argv[0])
        return BERTH_E_ARGUMENT;
    if (spawn->input.len > BERTH_SPAWN_INPUT)
        return BERTH_E_SPACE;
    berth_child slot = free_slot(p);
    if (slot < 0)
        return slot;
    if (spawn->argv[0][0] == 0)
        return failed(p, ENOENT);
    memset(&child, 0, sizeof child);
    child.out_fd = child.err_fd = -1;
    make_plan(&plan, p, spawn);
    keep_children();
    int error = open_pipes(&plan, &child);
    if (!error)
        error = start(&plan, &pid);
    berth_posix_close(&plan.in_fd);
    berth_posix_close(&plan.out_fd);
    berth_posix_close(&plan.err_fd);
    if (error) {
        berth_posix_close(&child.out_fd);
        berth_posix_close(&child.err_fd);
        return failed(p, error);
    }
    child.pid = pid;
    if (child.out_fd >= 0)
        (void)fcntl(child.out_fd, F_SETFL, O_NONBLOCK);
    if (child.err_fd >= 0)
        (void)fcntl(child.err_fd, F_SETFL, O_NONBLOCK);
    child.end_fd = open_end_fd(pid);
    p->children[slot] = child;
    return slot;
}

static ptrdiff_t read_pipe(struct berth_posix_proc *p, int fd, void *buf, size_t cap, uint32_t wait_ms)
{
    if (fd < 0)
        return 0;
    uint64_t deadline_ms = wait_ms ? berth_posix_now_ms() + wait_ms : 0;
    for (;;) {
        ssize_t got = read(fd, buf, cap > INT_MAX ? INT_MAX : cap);
        if (got >= 0)
            return (ptrdiff_t)got;
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN && errno != EWOULDBLOCK)
            return failed(p, errno);
        if (berth_posix_now_ms() >= deadline_ms)
            return BERTH_E_WOULD_BLOCK;
        int ready = berth_posix_wait_fd(fd, BERTH_WANT_READ, deadline_ms, p->config.signals);
        if (ready == BERTH_E_CANCELLED)
            return BERTH_E_CANCELLED;
    }
}

static ptrdiff_t proc_read(void *ctx, berth_child number, void *buf, size_t cap, uint32_t wait_ms)
{
    const struct berth_posix_child *child = find(ctx, number);
    return child ? read_pipe(ctx, child->out_fd, buf, cap, wait_ms) : BERTH_E_ARGUMENT;
}

static ptrdiff_t proc_read_errors(void *ctx, berth_child number, void *buf, size_t cap, uint32_t wait_ms)
{
    const struct berth_posix_child *child = find(ctx, number);
    return child ? read_pipe(ctx, child->err_fd, buf, cap, wait_ms) : BERTH_E_ARGUMENT;
}

/* Looks without reaping: the pid stays the child's until release(). */
static enum berth_status proc_state(void *ctx, berth_child number, struct berth_child_state *out_state)
{
    struct berth_posix_child *child = find(ctx, number);
    siginfo_t info;
    if (!child)
        return BERTH_E_ARGUMENT;
    memset(&info, 0, sizeof info);
    if (!child->ended) {
        int done;
        do
            done = waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT);
        while (done != 0 && errno == EINTR);
        if (done != 0)
            return failed(ctx, errno);
        if (info.si_pid != 0) {
            child->ended = true;
            child->state.end = info.si_code == CLD_EXITED ? BERTH_CHILD_EXITED : BERTH_CHILD_SIGNALLED;
            child->state.code = info.si_status;
        }
    }
    *out_state = child->state;
    return BERTH_OK;
}

static enum berth_status proc_signal(void *ctx, berth_child number, int signal_number)
{
    struct berth_posix_proc *p = ctx;
    struct berth_posix_child *child = find(p, number);
    if (!child || signal_number < 1)
        return BERTH_E_ARGUMENT;
    if (kill(-child->pid, signal_number) == 0 || errno == ESRCH)
        return BERTH_OK;
    return failed(p, errno);
}

static void proc_release(void *ctx, berth_child number)
{
    struct berth_posix_child *child = find(ctx, number);
    if (!child)
        return;
    (void)kill(-child->pid, SIGKILL);
    berth_posix_close(&child->out_fd);
    berth_posix_close(&child->err_fd);
    berth_posix_close(&child->end_fd);
    for (int i = 0; i < REAP_TRIES; i++) {
        if (reap(child)) {
            child->pid = 0;
            return;
        }
        (void)poll(NULL, 0, REAP_PAUSE_MS);
    }
    child->dying = true;
}

struct berth_proc berth_posix_proc_init(struct berth_posix_proc *p,
                                        const struct berth_posix_proc_config *config)
{
    memset(p, 0, sizeof *p);
    if (config)
        p->config = *config;
    return (struct berth_proc){p,           proc_spawn,   proc_read,       proc_state,
                               proc_signal, proc_release, proc_read_errors};
}

static const struct berth_posix_child *look(const struct berth_posix_proc *p, berth_child number)
{
    if (number < 0 || number >= BERTH_POSIX_CHILDREN || p->children[number].pid == 0 ||
        p->children[number].dying)
        return NULL;
    return &p->children[number];
}

int berth_posix_proc_output_fd(const struct berth_posix_proc *p, berth_child child)
{
    const struct berth_posix_child *found = look(p, child);
    return found ? found->out_fd : -1;
}

int berth_posix_proc_errors_fd(const struct berth_posix_proc *p, berth_child child)
{
    const struct berth_posix_child *found = look(p, child);
    return found ? found->err_fd : -1;
}

int berth_posix_proc_end_fd(const struct berth_posix_proc *p, berth_child child)
{
    const struct berth_posix_child *found = look(p, child);
    return found ? found->end_fd : -1;
}

int berth_posix_proc_pid(const struct berth_posix_proc *p, berth_child child)
{
    const struct berth_posix_child *found = look(p, child);
    return found ? found->pid : 0;
}

int berth_posix_proc_errno(const struct berth_posix_proc *p)
{
    return p->error_number;
}
