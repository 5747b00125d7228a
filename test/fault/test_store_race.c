/* Eight processes that book and one that moves rows on, all at once on one folder: at no instant is more
 * promised than the host has, no GPU twice, nobody twice at a time, and no booking that was accepted is lost.
 */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "berth/port_posix.h"
#include "berth/schedule.h"
#include "berth/store.h"
#include "seed.h"

#define BOOKERS 8
#define USERS 24
#define ROWS 4096
#define UNIT 1800
#define LIFE_MS 1500
#define NANO INT64_C(1000000000)
/* A unit of time passes in this many milliseconds. */
#define UNIT_MS 20

static const struct berth_capacity HOST = {16 * NANO, 64, 4};
static int64_t first_unit;
static uint64_t began_ms;

static uint64_t clock_ms(void)
{
    struct timespec t;
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &t), 0);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static int64_t now_s(void)
{
    return first_unit + (int64_t)((clock_ms() - began_ms) * UNIT / UNIT_MS);
}

/* ---- One process ------------------------------------------------------------------------------ */

static char folder[64], jobs[80];
static struct berth_posix_files posix;
static struct berth_files files;
static struct berth_store_files store_state;
static struct berth_store_key keys[ROWS];
static struct berth_booking bookings[ROWS];
static struct berth_schedule_node nodes[ROWS];

static struct berth_store open_store(void)
{
    files = berth_posix_files_init(&posix);
    const struct berth_store_files_config config = {&files, jobs, "/nowhere", keys, ROWS};
    return berth_store_files_init(&store_state, &config);
}

static void put_id(struct berth_writer *w, uint32_t user)
{
    berth_put_string(w, "user");
    berth_put_u64_padded(w, user, 2);
}

static uint32_t user_of(struct berth_text id)
{
    return (uint32_t)((id.ptr[4] - '0') * 10 + (id.ptr[5] - '0'));
}

static enum berth_status load_row(void *ctx, const struct berth_store_row *row)
{
    size_t *count = ctx;
    const struct berth_record *r = row->record;
    assert_int_equal(row->fault, BERTH_ROW_GOOD);
    assert_true(*count < ROWS);
    bookings[(*count)++] =
        (struct berth_booking){r->start_s,   r->end_s,
                               r->cpus_nano, r->memory_gb,
                               r->gpus,      user_of(r->user_id),
                               r->port,      row->stage == BERTH_STAGE_USING ? BERTH_BOOKING_USING : 0};
    return BERTH_OK;
}

/* Under the lock: read everything, ask, write. True when it was accepted. */
static bool book(const struct berth_store *s, uint64_t *seed, struct berth_record *record)
{
    struct berth_schedule schedule;
    struct berth_fit fit;
    size_t count = 0;
    uint32_t user = user_of(record->user_id);
    int64_t now = now_s();
    struct berth_request request = {.start_s = berth_schedule_floor(now) +
                                               UNIT * (1 + (int64_t)seed_below(seed, 40)),
                                    .now_s = now,
                                    .want = {NANO * (int64_t)(2 + seed_below(seed, 11)) / 2,
                                             1 + (int64_t)seed_below(seed, 30), (int32_t)seed_below(seed, 4)},
                                    .host = HOST,
                                    .limit = HOST,
                                    .user = user,
                                    .port = (uint16_t)(10001 + user),
                                    .neighbourhood = BERTH_SCHEDULE_NEIGHBOURHOOD};
    request.end_s = request.start_s + UNIT * (1 + (int64_t)seed_below(seed, 8));
    assert_int_equal(s->rows(s->ctx, 3, load_row, &count), BERTH_OK);
    assert_int_equal(berth_schedule_init(&schedule, bookings, count, ROWS, nodes, NULL), BERTH_OK);
    assert_int_equal(berth_schedule_check(&schedule, &request, &fit), BERTH_OK);
    if (fit.verdict != BERTH_VERDICT_OK)
        return false;
    record->start_s = request.start_s;
    record->end_s = request.end_s;
    record->cpus_nano = request.want.cpus_nano;
    record->memory_gb = request.want.memory_gb;
    record->gpus = fit.choice.gpus;
    record->port = request.port;
    assert_int_equal(s->add(s->ctx, record), BERTH_OK);
    return true;
}

struct acknowledged {
    uint32_t user;
    int64_t start_s;
};

static void booker(uint64_t seed, int tell)
{
    struct berth_store s = open_store();
    while (clock_ms() - began_ms < LIFE_MS) {
        char id[16];
        struct berth_writer w;
        struct berth_record record = {0};
        berth_writer_init(&w, id, sizeof id);
        put_id(&w, (uint32_t)seed_below(&seed, USERS));
        record.user_id = berth_writer_text(&w);
        if (s.begin(s.ctx, 10000) != BERTH_OK)
            _exit(1);
        bool accepted = book(&s, &seed, &record);
        s.end(s.ctx);
        const struct acknowledged line = {user_of(record.user_id), record.start_s};
        if (accepted && write(tell, &line, sizeof line) != (ssize_t)sizeof line)
            _exit(1);
        (void)usleep((unsigned)seed_below(&seed, 3000));
    }
    _exit(0);
}

/* The first row that is due: its name, and where it goes. */
struct due {
    int64_t now;
    bool found;
    char id[16];
    struct berth_text user_id;
    int64_t start_s;
    enum berth_stage from;
};

static enum berth_status find_due(void *ctx, const struct berth_store_row *row)
{
    struct due *due = ctx;
    int64_t at = row->stage == BERTH_STAGE_BOOKING ? row->record->start_s : row->record->end_s;
    if (at > due->now)
        return BERTH_OK;
    memcpy(due->id, row->record->user_id.ptr, row->record->user_id.len);
    due->user_id = berth_text_make(due->id, row->record->user_id.len);
    due->start_s = row->record->start_s;
    due->from = row->stage;
    due->found = true;
    return BERTH_E_CANCELLED;
}

static void monitor(void)
{
    struct berth_store s = open_store();
    while (clock_ms() - began_ms < LIFE_MS) {
        struct due due = {.now = now_s()};
        if (s.begin(s.ctx, 10000) != BERTH_OK)
            _exit(1);
        enum berth_status status = s.rows(s.ctx, 3, find_due, &due);
        if (status != BERTH_OK && status != BERTH_E_CANCELLED)
            _exit(1);
        s.end(s.ctx);
        (void)usleep(1000); /* its container starts */
        if (due.found) {    /* the row is moved by name in whatever the files are now */
            if (s.begin(s.ctx, 10000) != BERTH_OK)
                _exit(1);
            if (s.move(s.ctx, due.user_id, due.start_s, due.from, (enum berth_stage)(due.from + 1)) !=
                BERTH_OK)
                _exit(1);
            s.end(s.ctx);
        }
    }
    _exit(0);
}

/* ---- All of them ------------------------------------------------------------------------------ */

static int make_folder(void **state)
{
    (void)state;
    /* in memory where that can be: thousands of flushes are due */
    snprintf(folder, sizeof folder, "%s/berth-race-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(folder));
    snprintf(jobs, sizeof jobs, "%s/jobs", folder);
    assert_int_equal(mkdir(jobs, 0755), 0);
    first_unit = INT64_C(1893456000);
    began_ms = clock_ms();
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    files = berth_posix_files_init(&posix);
    return files.remove_tree(files.ctx, folder) == BERTH_OK ? 0 : -1;
}

/* What everybody is promised in each unit of time, counted the plain way. */
static void check_promises(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct berth_booking *a = &bookings[i];
        int64_t cpus = 0, memory = 0;
        for (size_t k = 0; k < count; k++) {
            const struct berth_booking *b = &bookings[k];
            if (k != i && b->user == a->user) /* nobody twice, ends included */
                assert_true(b->start_s > a->end_s || b->end_s < a->start_s);
            if (b->start_s > a->start_s || b->end_s <= a->start_s)
                continue;
            cpus += b->cpus_nano;
            memory += b->memory_gb;
            if (k != i)
                assert_int_equal(b->gpus & a->gpus, 0);
        }
        assert_true(cpus <= HOST.cpus_nano && memory <= HOST.memory_gb);
        assert_true(a->gpus < 1u << HOST.gpus);
    }
}

static void test_all_at_once(void **state)
{
    (void)state;
    uint64_t seed = seed_start("store race");
    int pipe_fds[2];
    pid_t children[BOOKERS + 1];
    assert_int_equal(pipe(pipe_fds), 0);
    for (size_t i = 0; i <= BOOKERS; i++) {
        uint64_t own = seed_next(&seed);
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0 && i == BOOKERS)
            monitor();
        if (children[i] == 0)
            booker(own, pipe_fds[1]);
    }
    (void)close(pipe_fds[1]);
    static struct acknowledged told[ROWS];
    size_t accepted = 0;
    while (accepted < ROWS && read(pipe_fds[0], &told[accepted], sizeof told[0]) == (ssize_t)sizeof told[0])
        accepted++;
    (void)close(pipe_fds[0]);
    for (size_t i = 0; i <= BOOKERS; i++) {
        int status = 0;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    struct berth_store s = open_store();
    size_t count = 0;
    assert_int_equal(s.begin(s.ctx, 0), BERTH_OK);
    assert_int_equal(s.rows(s.ctx, 7, load_row, &count), BERTH_OK);
    s.end(s.ctx);
    print_message("%zu bookings accepted\n", accepted);
    assert_true(accepted > 20);
    assert_int_equal(count, accepted);
    for (size_t i = 0; i < accepted; i++) {
        size_t found = 0;
        for (size_t k = 0; k < count; k++)
            found += bookings[k].user == told[i].user && bookings[k].start_s == told[i].start_s;
        assert_int_equal(found, 1);
    }
    check_promises(count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_all_at_once, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
