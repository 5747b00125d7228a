/* The schedule: the wire page's vectors, its properties, an independent reference, the index against none. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "berth/schedule.h"
#include "guard.h"
#include "seed.h"

#define NANO INT64_C(1000000000)
#define UNIT 1800

/* ---- the vectors of section 6
 * -------------------------------------------------------------------------------- */

enum { USER_M1 = 1, USER_A = 2, USER_B = 3, USER_C = 4 };

/* "08:00" or "01-21 08:00", in January 2030, as seconds. */
static int64_t at(const char *text)
{
    unsigned month = 1, day = 7, hour = 0, minute = 0;
    if (strlen(text) > 5)
        assert_int_equal(sscanf(text, "%u-%u %u:%u", &month, &day, &hour, &minute), 4);
    else
        assert_int_equal(sscanf(text, "%u:%u", &hour, &minute), 2);
    struct berth_civil civil = {2030, (uint8_t)month, (uint8_t)day, (uint8_t)hour, (uint8_t)minute, 0};
    int64_t seconds;
    assert_int_equal(berth_civil_to_seconds(&civil, &seconds), BERTH_OK);
    return seconds;
}

struct vector_row {
    char file;
    unsigned user;
    const char *start, *end;
    double cpus;
    int memory;
    uint64_t gpus;
    unsigned port; /* 0 = 10900 */
};

#define NONE UINT64_MAX
static const struct vector {
    const char *name;
    int gpus;
    struct vector_row rows[3];
    const char *start, *end;
    double cpus;
    int memory, want;
    const char *verdict;
    uint64_t near, wide; /* with R = 0 and R = 672 */
} vectors[] = {
    {"V01", 4, {{0}}, "08:00", "12:00", 4, 16, 1, "OK", 1, 1},
    {"V02", 4, {{0}}, "08:00", "12:00", 4, 16, 4, "OK", 15, 15},
    {"V03", 4, {{0}}, "08:00", "12:00", 4, 16, 0, "OK", 0, 0},
    {"V04", 4, {{0}}, "08:00", "12:00", 4, 16, 5, "E_USERCAP", NONE, NONE},
    {"V05", 4, {{0}}, "08:00", "12:00", 17, 16, 1, "E_USERCAP", NONE, NONE},
    {"V06", 4, {{'u', USER_A, "06:00", "08:00", 8, 32, 15, 0}}, "08:00", "09:00", 16, 64, 4, "OK", 15, 15},
    {"V07", 4, {{'b', USER_A, "09:00", "10:00", 8, 32, 15, 0}}, "08:00", "09:00", 16, 64, 4, "OK", 15, 15},
    {"V08", 4, {{'b', USER_A, "08:00", "10:00", 2, 8, 1, 0}}, "08:00", "09:00", 2, 8, 1, "OK", 2, 2},
    {"V09",
     2,
     {{'b', USER_A, "08:00", "10:00", 2, 8, 1, 0}, {'b', USER_B, "10:00", "12:00", 2, 8, 2, 0}},
     "08:00",
     "12:00",
     2,
     8,
     1,
     "E_GPUS",
     NONE,
     NONE},
    {"V10",
     2,
     {{'b', USER_A, "08:00", "10:00", 2, 8, 1, 0}, {'b', USER_B, "10:00", "12:00", 2, 8, 2, 0}},
     "08:00",
     "10:00",
     2,
     8,
     1,
     "OK",
     2,
     2},
    {"V11",
     3,
     {{'b', USER_A, "08:00", "09:00", 2, 8, 1, 0},
      {'b', USER_B, "08:00", "08:30", 2, 8, 2, 0},
      {'b', USER_C, "10:00", "11:00", 2, 8, 4, 0}},
     "08:00",
     "12:00",
     2,
     8,
     1,
     "E_GPUS",
     NONE,
     NONE},
    {"V12",
     3,
     {{'b', USER_A, "08:00", "09:00", 2, 8, 1, 0}, {'b', USER_B, "09:00", "10:00", 2, 8, 2, 0}},
     "08:00",
     "10:00",
     2,
     8,
     2,
     "E_GPUS",
     NONE,
     NONE},
    {"V13",
     3,
     {{'b', USER_A, "08:00", "09:00", 2, 8, 1, 0}, {'b', USER_B, "09:00", "10:00", 2, 8, 2, 0}},
     "08:00",
     "10:00",
     2,
     8,
     1,
     "OK",
     4,
     4},
    {"V14",
     2,
     {{'u', USER_A, "08:00", "12:00", 2, 8, 1, 0}, {'b', USER_B, "08:00", "12:00", 2, 8, 1, 0}},
     "08:00",
     "12:00",
     2,
     8,
     1,
     "OK",
     2,
     2},
    {"V15",
     1,
     {{'b', USER_A, "10:10", "10:50", 2, 8, 1, 0}},
     "10:30",
     "11:00",
     2,
     8,
     1,
     "E_GPUS",
     NONE,
     NONE},
    {"V16",
     1,
     {{'b', USER_A, "10:10", "10:20", 2, 8, 1, 0}},
     "10:00",
     "10:30",
     2,
     8,
     1,
     "E_GPUS",
     NONE,
     NONE},
    {"V17",
     4,
     {{'b', USER_A, "08:00", "12:00", 14, 8, 1, 0}},
     "08:00",
     "09:00",
     4,
     8,
     1,
     "E_CPUS",
     NONE,
     NONE},
    {"V18",
     4,
     {{'b', USER_A, "08:00", "10:00", 14, 8, 1, 0}, {'b', USER_B, "10:00", "12:00", 14, 8, 2, 0}},
     "09:00",
     "11:00",
     2,
     8,
     1,
     "OK",
     4,
     4},
    {"V19",
     4,
     {{'b', USER_A, "08:00", "12:00", 2, 60, 1, 0}},
     "11:30",
     "12:30",
     2,
     8,
     1,
     "E_MEMORY",
     NONE,
     NONE},
    {"V20",
     4,
     {{'b', USER_A, "08:00", "09:00", 1, 40, 1, 0}, {'b', USER_B, "09:00", "10:00", 1, 40, 2, 0}},
     "08:00",
     "10:00",
     1,
     24,
     1,
     "OK",
     4,
     4},
    {"V21",
     4,
     {{'b', USER_A, "08:00", "09:00", 1.3, 1, 0, 0},
      {'b', USER_B, "08:00", "09:00", 6.9, 1, 0, 0},
      {'b', USER_C, "08:00", "09:00", 5.7, 1, 0, 0}},
     "08:00",
     "09:00",
     2.1,
     1,
     0,
     "OK",
     0,
     0},
    {"V22",
     4,
     {{'b', USER_M1, "08:00", "10:00", 2, 8, 1, 0}},
     "10:00",
     "11:00",
     2,
     8,
     1,
     "E_OVERLAP",
     NONE,
     NONE},
    {"V23", 4, {{'b', USER_M1, "08:00", "10:00", 2, 8, 1, 0}}, "10:30", "11:00", 2, 8, 1, "OK", 1, 2},
    {"V24",
     4,
     {{'b', USER_A, "08:00", "12:00", 2, 8, 1, 10001}},
     "11:00",
     "13:00",
     2,
     8,
     1,
     "E_PORT",
     NONE,
     NONE},
    {"V25", 4, {{'b', USER_A, "08:00", "12:00", 2, 8, 1, 10001}}, "12:00", "13:00", 2, 8, 1, "OK", 1, 2},
    {"V26", 4, {{'b', USER_A, "13:00", "14:00", 2, 8, 1, 0}}, "08:00", "09:00", 2, 8, 1, "OK", 1, 2},
    {"V27",
     4,
     {{'b', USER_A, "13:00", "14:00", 2, 8, 1, 0}, {'b', USER_B, "14:00", "15:00", 2, 8, 2, 0}},
     "08:00",
     "09:00",
     2,
     8,
     3,
     "OK",
     7,
     13},
    {"V28",
     4,
     {{'b', USER_A, "01-21 08:30", "01-21 09:30", 2, 8, 1, 0}},
     "08:00",
     "09:00",
     2,
     8,
     1,
     "OK",
     1,
     2},
    {"V29",
     4,
     {{'b', USER_A, "01-21 09:00", "01-21 10:00", 2, 8, 1, 0}},
     "08:00",
     "09:00",
     2,
     8,
     1,
     "OK",
     1,
     1},
    {"V30", 1, {{'u', USER_A, "05:00", "07:00", 2, 8, 1, 0}}, "now", "08:00", 2, 8, 1, "E_GPUS", NONE, NONE},
    {"V31", 1, {{'u', USER_A, "05:00", "07:00", 2, 8, 1, 0}}, "07:30", "08:30", 2, 8, 1, "OK", 1, 1},
    {"V32", 2, {{'b', USER_A, "08:00", "12:00", 2, 8, 32, 0}}, "08:00", "12:00", 2, 8, 2, "OK", 3, 3},
    {"V33", 4, {{0}}, "01-21 07:00", "01-21 08:00", 1, 1, 1, "OK", 1, 1},
    {"V34", 4, {{0}}, "01-21 07:30", "01-21 08:00", 1, 1, 1, "E_WINDOW", NONE, NONE},
    {"V35", 4, {{0}}, "07:00", "08:00", 1, 1, 1, "E_WINDOW", NONE, NONE},
    {"V36", 4, {{0}}, "08:00", "01-21 08:00", 1, 1, 1, "OK", 1, 1},
    {"V37", 4, {{0}}, "08:00", "01-21 08:30", 1, 1, 1, "E_WINDOW", NONE, NONE},
};

static int64_t nano(double cpus)
{
    return (int64_t)(cpus * 10 + 0.5) * (NANO / 10);
}

static void check_vector(const struct vector *v, struct berth_schedule_node *index, bool backwards,
                         uint32_t neighbourhood)
{
    struct berth_booking rows[3];
    size_t count = 0;
    while (count < 3 && v->rows[count].file != 0)
        count++;
    for (size_t i = 0; i < count; i++) {
        const struct vector_row *r = &v->rows[backwards ? count - 1 - i : i];
        rows[i] = (struct berth_booking){.start_s = at(r->start),
                                         .end_s = at(r->end),
                                         .cpus_nano = nano(r->cpus),
                                         .memory_gb = r->memory,
                                         .gpus = r->gpus,
                                         .user = r->user,
                                         .port = (uint16_t)(r->port != 0 ? r->port : 10900),
                                         .flags = r->file == 'u' ? BERTH_BOOKING_USING : 0};
    }
    struct berth_schedule schedule;
    assert_int_equal(berth_schedule_init(&schedule, rows, count, 3, index, NULL), BERTH_OK);
    const struct berth_port_owner owners[] = {{USER_M1, 10001}, {USER_A, 10900}};
    bool now = strcmp(v->start, "now") == 0;
    const struct berth_capacity host = {16 * NANO, 64, v->gpus};
    struct berth_request request = {.start_s = at(now ? "07:00" : v->start),
                                    .end_s = at(v->end),
                                    .now_s = at("07:10"),
                                    .want = {nano(v->cpus), v->memory, v->want},
                                    .host = host,
                                    .limit = host,
                                    .user = USER_M1,
                                    .port = 10001,
                                    .starts_now = now,
                                    .neighbourhood = neighbourhood,
                                    .owners = owners,
                                    .owner_count = 2};
    struct berth_fit fit;
    assert_int_equal(berth_schedule_check(&schedule, &request, &fit), BERTH_OK);
    uint64_t expected = neighbourhood == 0 ? v->near : v->wide;
    if (strcmp(berth_verdict_name(fit.verdict), v->verdict) != 0 ||
        (expected != NONE && fit.choice.gpus != expected))
        fail_msg("%s: %s, gpus %llx", v->name, berth_verdict_name(fit.verdict),
                 (unsigned long long)fit.choice.gpus);
}

static void test_vectors(void **state)
{
    (void)state;
    struct berth_schedule_node index[3];
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++)
        for (unsigned way = 0; way < 8; way++)
            check_vector(&vectors[i], (way & 1) != 0 ? index : NULL, (way & 2) != 0,
                         (way & 4) != 0 ? BERTH_SCHEDULE_NEIGHBOURHOOD : 0);
}

/* ---- a reference of the contract, instant by instant
 * --------------------------------------------------------- */

#define ROWS 160
#define BASE INT64_C(1894000000) /* no multiple of a unit is needed: floor is tested too */

struct world {
    struct berth_booking rows[ROWS];
    size_t count;
    struct berth_request request;
    struct berth_port_owner owners[3];
};

static int64_t reference_end(const struct berth_booking *row, int64_t now)
{
    if ((row->flags & BERTH_BOOKING_USING) == 0 || row->end_s > now)
        return row->end_s;
    int64_t unit = now;
    while (unit % UNIT != 0)
        unit--;
    return unit + UNIT;
}

struct reference {
    enum berth_verdict verdict;
    int64_t at_s;
    uint64_t free, gpus;
};

static bool exceeds(const struct world *w, int64_t t, bool memory)
{
    const struct berth_request *q = &w->request;
    const int64_t half = INT64_C(1) << 31; /* sums in two halves, so that nothing overflows */
    int64_t want = memory ? q->want.memory_gb : q->want.cpus_nano,
            max = memory ? q->host.memory_gb : q->host.cpus_nano;
    int64_t high = want / half, low = want % half;
    for (size_t i = 0; i < w->count; i++)
        if (w->rows[i].start_s <= t && t < reference_end(&w->rows[i], q->now_s)) {
            int64_t share = memory ? w->rows[i].memory_gb : w->rows[i].cpus_nano;
            high += share / half;
            low += share % half;
        }
    high += low / half;
    return high > max / half || (high == max / half && low % half > max % half);
}

static uint64_t reference_usage(const struct world *w, unsigned gpu)
{
    const struct berth_request *q = &w->request;
    int64_t from = q->start_s - (int64_t)q->neighbourhood * UNIT,
            to = q->end_s + (int64_t)q->neighbourhood * UNIT;
    uint64_t sum = 0;
    for (size_t i = 0; i < w->count; i++) {
        const struct berth_booking *r = &w->rows[i];
        int64_t start = r->start_s < from ? from : r->start_s, end = r->end_s > to ? to : r->end_s;
        if ((r->gpus >> gpu & 1) != 0 && end > start)
            sum += (uint64_t)(end - start);
    }
    return sum;
}

static int popcount(uint64_t set)
{
    int n = 0;
    for (; set != 0; set &= set - 1)
        n++;
    return n;
}

/* The best set by trying all of them: least total usage, then the ids that come first. */
static uint64_t reference_choice(const struct world *w, uint64_t free)
{
    uint64_t best = 0, best_usage = UINT64_MAX, usage[64];
    for (unsigned g = 0; g < 64; g++)
        usage[g] = (free >> g & 1) != 0 ? reference_usage(w, g) : 0;
    for (uint64_t set = 0; set < UINT64_C(1) << w->request.host.gpus; set++) {
        if ((set & ~free) != 0 || popcount(set) != w->request.want.gpus)
            continue;
        uint64_t sum = 0;
        for (unsigned g = 0; g < 64; g++)
            sum += (set >> g & 1) != 0 ? usage[g] : 0;
        bool first = false;
        for (unsigned g = 0; g < 64; g++)
            if ((set >> g & 1) != (best >> g & 1)) {
                first = (set >> g & 1) != 0;
                break;
            }
        if (sum < best_usage || (sum == best_usage && first)) {
            best = set;
            best_usage = sum;
        }
    }
    return best;
}

/* Capacity looks at every multiple of STEP in the window and at every start of a row. */
static struct reference reference_capacity(const struct world *w)
{
    const struct berth_request *q = &w->request;
    struct reference answer = {BERTH_VERDICT_OK, q->start_s, 0, 0};
    for (int memory = 0; memory < 2; memory++) {
        int64_t first = INT64_MAX;
        if (exceeds(w, q->start_s, memory != 0))
            first = q->start_s;
        for (size_t i = 0; i < w->count; i++) {
            int64_t t = w->rows[i].start_s;
            if (t > q->start_s && t < q->end_s && t < first && exceeds(w, t, memory != 0))
                first = t;
        }
        if (first != INT64_MAX) {
            answer.verdict = memory != 0 ? BERTH_VERDICT_MEMORY : BERTH_VERDICT_CPUS;
            answer.at_s = first;
            return answer;
        }
        for (int64_t t = q->start_s; t < q->end_s; t += 600) /* nothing is missed between starts */
            assert_false(exceeds(w, t, memory != 0));
    }
    for (int g = 0; g < q->host.gpus; g++)
        answer.free |= UINT64_C(1) << g;
    bool taken = false;
    for (size_t i = 0; i < w->count; i++)
        if (w->rows[i].start_s < q->end_s && reference_end(&w->rows[i], q->now_s) > q->start_s) {
            answer.free &= ~w->rows[i].gpus;
            taken = taken || (q->port != 0 && w->rows[i].port == q->port && w->rows[i].user != q->user);
        }
    for (size_t i = 0; i < q->owner_count; i++)
        taken = taken || (q->port != 0 && q->owners[i].port == q->port && q->owners[i].user != q->user);
    if (popcount(answer.free) < q->want.gpus)
        answer.verdict = BERTH_VERDICT_GPUS;
    else if (taken)
        answer.verdict = BERTH_VERDICT_PORT;
    else
        answer.gpus = reference_choice(w, answer.free);
    return answer;
}

static struct reference reference_check(const struct world *w)
{
    const struct berth_request *q = &w->request;
    struct reference answer = {BERTH_VERDICT_OK, q->start_s, 0, 0};
    int64_t unit = q->now_s, horizon = 14 * 24 * 3600;
    while (unit % UNIT != 0)
        unit--;
    if (q->want.gpus < 0 || q->host.gpus > 64)
        answer.verdict = BERTH_VERDICT_ARG;
    else if (q->starts_now ? q->start_s != unit : q->start_s <= unit || q->start_s > unit + horizon)
        answer.verdict = BERTH_VERDICT_WINDOW;
    else if (q->end_s <= q->start_s || q->end_s > q->start_s + horizon || q->start_s % UNIT != 0 ||
             q->end_s % UNIT != 0)
        answer.verdict = BERTH_VERDICT_WINDOW;
    else if (q->want.cpus_nano < NANO || q->want.memory_gb < 1 || q->want.cpus_nano > q->limit.cpus_nano ||
             q->want.memory_gb > q->limit.memory_gb || q->want.gpus > q->limit.gpus)
        answer.verdict = BERTH_VERDICT_USERCAP;
    if (answer.verdict != BERTH_VERDICT_OK)
        return answer;
    for (size_t i = 0; i < w->count; i++)
        if (w->rows[i].user == q->user && w->rows[i].start_s <= q->end_s && w->rows[i].end_s >= q->start_s &&
            (answer.verdict == BERTH_VERDICT_OK || w->rows[i].start_s < answer.at_s)) {
            answer.verdict = BERTH_VERDICT_OVERLAP;
            answer.at_s = w->rows[i].start_s;
        }
    return answer.verdict == BERTH_VERDICT_OK ? reference_capacity(w) : answer;
}

/* ---- random worlds
 * ------------------------------------------------------------------------------------------- */

static int64_t unit_start(void)
{
    return BASE - BASE % UNIT;
}

static struct berth_booking random_row(uint64_t *random, bool busy)
{
    struct berth_booking row = {0};
    row.start_s = unit_start() + ((int64_t)seed_below(random, 60) - 16) * UNIT;
    row.end_s = row.start_s + (1 + (int64_t)seed_below(random, busy ? 40 : 4)) * UNIT;
    if (seed_below(random, 8) == 0) { /* off the half hour */
        row.start_s += (int64_t)seed_below(random, 1700);
        row.end_s += (int64_t)seed_below(random, 1700);
    }
    row.cpus_nano = (int64_t)seed_below(random, 60) * NANO / 10;
    row.memory_gb = (int64_t)seed_below(random, 20);
    row.gpus = UINT64_C(1) << seed_below(random, 8);
    if (seed_below(random, 3) == 0)
        row.gpus |= UINT64_C(1) << seed_below(random, 8);
    if (seed_below(random, 3) == 0)
        row.gpus = 0;
    row.user = (uint32_t)seed_below(random, 12);
    row.port = (uint16_t)(10001 + seed_below(random, 12));
    if (row.start_s <= BASE && seed_below(random, 2) == 0)
        row.flags = BERTH_BOOKING_USING;
    if (seed_below(random, 400) == 0)
        row.cpus_nano = INT64_MAX - (int64_t)seed_below(random, 2);
    if (seed_below(random, 400) == 0)
        row.memory_gb = INT64_MAX;
    return row;
}

static void random_world(uint64_t *random, struct world *w)
{
    memset(w, 0, sizeof *w);
    bool busy = seed_below(random, 12) == 0;
    w->count = busy ? 70 + seed_below(random, 90) : seed_below(random, 14);
    for (size_t i = 0; i < w->count; i++)
        w->rows[i] = random_row(random, busy);
    struct berth_request *q = &w->request;
    q->now_s = BASE;
    q->start_s = unit_start() + (1 + (int64_t)seed_below(random, 30)) * UNIT;
    if (seed_below(random, 6) == 0) {
        q->start_s = unit_start();
        q->starts_now = seed_below(random, 4) != 0;
    }
    q->end_s = q->start_s + (int64_t)seed_below(random, 10) * UNIT;
    if (seed_below(random, 3) != 0)
        q->end_s += UNIT;
    q->host = (struct berth_capacity){16 * NANO, 64, 1 + (int32_t)seed_below(random, 8)};
    if (busy && seed_below(random, 2) == 0)
        q->host = (struct berth_capacity){200 * NANO, 600, 8};
    q->limit = q->host;
    q->want = (struct berth_capacity){(1 + (int64_t)seed_below(random, 16)) * NANO / 2,
                                      1 + (int64_t)seed_below(random, 16), (int32_t)seed_below(random, 4)};
    if (seed_below(random, 2) == 0)
        q->want.cpus_nano = NANO;
    q->user = (uint32_t)(seed_below(random, 4) == 0 ? seed_below(random, 12) : 100);
    q->port = (uint16_t)(seed_below(random, 3) == 0 ? 10001 + seed_below(random, 20) : 0);
    static const uint32_t reach[] = {0, 1, 4, 672};
    q->neighbourhood = reach[seed_below(random, 4)];
    w->owners[0] = (struct berth_port_owner){(uint32_t)seed_below(random, 12), 10001};
    w->owners[1] = (struct berth_port_owner){100, 10002};
    q->owners = w->owners;
    q->owner_count = seed_below(random, 3);
}

static struct berth_fit ask_one(const struct world *w, bool with_index)
{
    struct berth_booking rows[ROWS];
    struct berth_schedule_node index[ROWS];
    struct berth_schedule schedule;
    struct berth_fit fit;
    memcpy(rows, w->rows, sizeof rows);
    memset(index, 0xA5, sizeof index);
    assert_int_equal(berth_schedule_init(&schedule, rows, w->count, ROWS, with_index ? index : NULL, NULL),
                     BERTH_OK);
    assert_int_equal(berth_schedule_check(&schedule, &w->request, &fit), BERTH_OK);
    return fit;
}

static void assert_same(const struct berth_fit *a, const struct berth_fit *b)
{
    assert_int_equal(a->verdict, b->verdict);
    assert_true(a->at_s == b->at_s && a->free_gpus == b->free_gpus && a->choice.gpus == b->choice.gpus);
}

/* The answer, with and without an index, which must agree. */
static struct berth_fit ask(const struct world *w)
{
    struct berth_fit plain = ask_one(w, false), indexed = ask_one(w, true);
    assert_same(&plain, &indexed);
    assert_true(plain.row == indexed.row);
    return plain;
}

static void test_reference(void **state)
{
    (void)state;
    uint64_t random = seed_start("schedule against the reference");
    static struct world w;
    unsigned seen[BERTH_VERDICT_COUNT] = {0};
    for (unsigned i = 0; i < 12000; i++) {
        random_world(&random, &w);
        struct reference expected = reference_check(&w);
        struct berth_fit fit = ask(&w);
        seen[fit.verdict]++;
        if (fit.verdict != expected.verdict)
            fail_msg("case %u: %s, expected %s", i, berth_verdict_name(fit.verdict),
                     berth_verdict_name(expected.verdict));
        if (fit.verdict != BERTH_VERDICT_PORT)
            assert_true(fit.at_s == expected.at_s);
        assert_true(fit.choice.gpus == expected.gpus);
        assert_true(fit.free_gpus == expected.free);
        if (fit.row != SIZE_MAX)
            assert_true(fit.at_s == w.rows[fit.row].start_s);
    }
    for (unsigned v = 0; v < BERTH_VERDICT_COUNT; v++)
        if (v != BERTH_VERDICT_ARG)
            assert_true(seen[v] > 20);
}

/* ---- the properties of section 3.5
 * --------------------------------------------------------------------------- */

static bool is_resource(enum berth_verdict verdict)
{
    return verdict == BERTH_VERDICT_CPUS || verdict == BERTH_VERDICT_MEMORY || verdict == BERTH_VERDICT_GPUS;
}

/* 1, 2, 3: sound, complete, and of the right shape. */
static void test_sound_and_complete(void **state)
{
    (void)state;
    uint64_t random = seed_start("properties 1 to 3");
    static struct world w;
    for (unsigned i = 0; i < 6000; i++) {
        random_world(&random, &w);
        struct berth_fit fit = ask(&w);
        if (fit.verdict == BERTH_VERDICT_OK) {
            assert_int_equal(popcount(fit.choice.gpus), w.request.want.gpus);
            assert_true((fit.choice.gpus & ~berth_gpu_mask((unsigned)w.request.host.gpus)) == 0);
            for (int64_t t = w.request.start_s; t < w.request.end_s; t += 900)
                assert_false(exceeds(&w, t, false) || exceeds(&w, t, true));
            for (size_t k = 0; k < w.count; k++)
                if (w.rows[k].start_s < w.request.end_s &&
                    reference_end(&w.rows[k], BASE) > w.request.start_s)
                    assert_true((w.rows[k].gpus & fit.choice.gpus) == 0);
        } else if (fit.verdict == BERTH_VERDICT_CPUS || fit.verdict == BERTH_VERDICT_MEMORY) {
            assert_true(fit.at_s >= w.request.start_s && fit.at_s < w.request.end_s);
            assert_true(exceeds(&w, fit.at_s, fit.verdict == BERTH_VERDICT_MEMORY));
        } else if (fit.verdict == BERTH_VERDICT_GPUS) {
            assert_true(popcount(fit.free_gpus) < w.request.want.gpus);
        }
    }
}

/* 4: the order of rows, and the file of those that are not overdue, change nothing. */
static void test_deterministic(void **state)
{
    (void)state;
    uint64_t random = seed_start("property 4");
    static struct world w;
    for (unsigned i = 0; i < 4000; i++) {
        random_world(&random, &w);
        struct berth_fit before = ask(&w);
        for (size_t k = w.count; k > 1; k--) {
            size_t other = seed_below(&random, k);
            struct berth_booking row = w.rows[k - 1];
            w.rows[k - 1] = w.rows[other];
            w.rows[other] = row;
        }
        for (size_t k = 0; k < w.count; k++)
            if (w.rows[k].end_s > BASE && seed_below(&random, 2) == 0)
                w.rows[k].flags ^= BERTH_BOOKING_USING;
        struct berth_fit after = ask(&w);
        assert_same(&before, &after);
    }
}

/* 5 and 7: rows that do not load the window, however close, never change the verdict; outside the
 * neighbourhood they do not change the ids either. */
static void test_local(void **state)
{
    (void)state;
    uint64_t random = seed_start("properties 5 and 7");
    static struct world w;
    for (unsigned i = 0; i < 5000; i++) {
        random_world(&random, &w);
        if (w.count > 100)
            continue;
        struct berth_fit before = ask(&w);
        bool outside = seed_below(&random, 2) == 0;
        int64_t reach = outside ? (int64_t)w.request.neighbourhood * UNIT : 0;
        for (unsigned k = 0; k < 20; k++) {
            struct berth_booking row = random_row(&random, false);
            int64_t length = row.end_s - row.start_s;
            int64_t away = seed_below(&random, 2) == 0 ? 0 : (int64_t)seed_below(&random, 100000);
            row.flags = 0;
            if (row.user == w.request.user)
                row.user = 200;
            if (w.request.end_s < w.request.start_s || seed_below(&random, 2) == 0)
                row.start_s = (w.request.end_s > w.request.start_s ? w.request.end_s : w.request.start_s) +
                              reach + away;
            else
                row.start_s = w.request.start_s - reach - away - length;
            row.end_s = row.start_s + length;
            w.rows[w.count++] = row;
        }
        struct berth_fit after = ask(&w);
        assert_int_equal(before.verdict, after.verdict);
        assert_true(before.at_s == after.at_s && before.free_gpus == after.free_gpus);
        if (outside)
            assert_true(before.choice.gpus == after.choice.gpus);
    }
}

/* 6: less never makes OK a lack, more never the reverse. */
static void test_monotone(void **state)
{
    (void)state;
    uint64_t random = seed_start("property 6");
    static struct world w;
    unsigned ok = 0;
    for (unsigned i = 0; i < 8000; i++) {
        random_world(&random, &w);
        struct berth_fit before = ask(&w);
        size_t which = seed_below(&random, 5);
        if (which == 0 && w.count > 0) {
            w.count--;
            w.rows[seed_below(&random, w.count + 1)] = w.rows[w.count];
        } else if (which == 1 && w.request.end_s > w.request.start_s + UNIT)
            w.request.end_s -= UNIT;
        else if (which == 2 && w.request.want.cpus_nano > NANO)
            w.request.want.cpus_nano--;
        else if (which == 3 && w.request.want.memory_gb > 1)
            w.request.want.memory_gb--;
        else if (which == 4 && w.request.want.gpus > 0)
            w.request.want.gpus--;
        struct berth_fit after = ask(&w);
        if (before.verdict == BERTH_VERDICT_OK) {
            assert_false(is_resource(after.verdict));
            ok++;
        }
    }
    assert_true(ok > 1000);
}

/* 7: all times moved by whole units, the answer moves along. */
static void test_translation(void **state)
{
    (void)state;
    uint64_t random = seed_start("property 7");
    static struct world w;
    for (unsigned i = 0; i < 4000; i++) {
        random_world(&random, &w);
        struct berth_fit before = ask(&w);
        int64_t by = ((int64_t)seed_below(&random, 40000000) - 20000000) * UNIT;
        for (size_t k = 0; k < w.count; k++) {
            w.rows[k].start_s += by;
            w.rows[k].end_s += by;
        }
        w.request.start_s += by;
        w.request.end_s += by;
        w.request.now_s += by;
        struct berth_fit after = ask(&w);
        before.at_s += by;
        assert_same(&before, &after);
    }
}

/* 9 and 10: what was accepted never needs more than the host has, anywhere; rows of a user never touch. */
static void test_closed_under_use(void **state)
{
    (void)state;
    uint64_t random = seed_start("properties 9 and 10");
    static struct world w;
    for (unsigned round = 0; round < 60; round++) {
        memset(&w, 0, sizeof w);
        struct berth_request *q = &w.request;
        q->host = q->limit = (struct berth_capacity){16 * NANO, 64, 1 + (int32_t)seed_below(&random, 8)};
        q->neighbourhood = BERTH_SCHEDULE_NEIGHBOURHOOD;
        for (unsigned i = 0; i < 100; i++) {
            q->now_s = unit_start() + i * 600;
            q->start_s = unit_start() + (int64_t)(1 + i / 3 + seed_below(&random, 30)) * UNIT;
            q->end_s = q->start_s + (1 + (int64_t)seed_below(&random, 12)) * UNIT;
            q->want = (struct berth_capacity){(1 + (int64_t)seed_below(&random, 8)) * NANO,
                                              1 + (int64_t)seed_below(&random, 32),
                                              (int32_t)seed_below(&random, 4)};
            q->user = (uint32_t)seed_below(&random, 20);
            struct berth_fit fit = ask(&w);
            if (fit.verdict == BERTH_VERDICT_OK)
                w.rows[w.count++] =
                    (struct berth_booking){q->start_s,      q->end_s, q->want.cpus_nano,    q->want.memory_gb,
                                           fit.choice.gpus, q->user,  (uint16_t)(i + 1000), 0};
        }
        assert_true(w.count > 5);
        q->want = (struct berth_capacity){0, 0, 0};
        q->now_s = 0;
        for (size_t i = 0; i < w.count; i++) {
            assert_false(exceeds(&w, w.rows[i].start_s, false) || exceeds(&w, w.rows[i].start_s, true));
            for (size_t k = 0; k < i; k++) {
                bool overlap = w.rows[i].start_s < w.rows[k].end_s && w.rows[k].start_s < w.rows[i].end_s;
                bool touch = w.rows[i].start_s <= w.rows[k].end_s && w.rows[k].start_s <= w.rows[i].end_s;
                assert_false(overlap && (w.rows[i].gpus & w.rows[k].gpus) != 0);
                assert_false(touch && w.rows[i].user == w.rows[k].user);
            }
        }
    }
}

/* ---- arguments, rows, the index
 * ------------------------------------------------------------------------------ */

static struct berth_request plain_request(void)
{
    struct berth_request q = {
        .start_s = unit_start() + UNIT, .end_s = unit_start() + 3 * UNIT, .now_s = BASE};
    q.want = (struct berth_capacity){NANO, 1, 1};
    q.host = q.limit = (struct berth_capacity){16 * NANO, 64, 4};
    return q;
}

static void test_arguments(void **state)
{
    (void)state;
    const int64_t far = BERTH_SCHEDULE_TIME_MAX + 1;
    struct berth_schedule s;
    struct berth_fit fit;
    assert_int_equal(berth_schedule_init(&s, NULL, 0, 0, NULL, NULL), BERTH_OK);
    struct berth_request good = plain_request();
    assert_int_equal(berth_schedule_check(&s, &good, &fit), BERTH_OK);
    assert_int_equal(fit.verdict, BERTH_VERDICT_OK);
    for (unsigned i = 0; i < 15; i++) {
        struct berth_request q = good;
        int64_t *const times[] = {&q.start_s, &q.end_s, &q.now_s};
        if (i < 3)
            *times[i] = far;
        else if (i < 6)
            *times[i - 3] = -far;
        else if (i == 6)
            q.want.gpus = -1;
        else if (i == 7)
            q.host.gpus = 65;
        else if (i == 8)
            q.host.gpus = -1;
        else if (i == 9)
            q.limit.gpus = 65;
        else if (i == 10)
            q.host.cpus_nano = INT64_MAX;
        else if (i == 11)
            q.host.memory_gb = -1;
        else if (i == 12)
            q.end_s = INT64_MAX;
        else if (i == 13)
            q.now_s = INT64_MIN;
        else
            q.limit.cpus_nano = -1;
        assert_int_equal(berth_schedule_check(&s, &q, &fit), BERTH_OK);
        assert_int_equal(fit.verdict, BERTH_VERDICT_ARG);
        assert_int_equal(berth_schedule_fits(&s, &q, &fit), BERTH_OK);
        assert_int_equal(fit.verdict, BERTH_VERDICT_ARG);
    }
    static const struct berth_capacity below[] = {
        {NANO - 1, 1, 0}, {NANO, 0, 0}, {-NANO, 1, 0}, {NANO, -5, 0}};
    for (size_t i = 0; i < 4; i++) {
        struct berth_request q = good;
        q.want = below[i];
        assert_int_equal(berth_schedule_check(&s, &q, &fit), BERTH_OK);
        assert_int_equal(fit.verdict, BERTH_VERDICT_USERCAP);
    }
    assert_string_equal(berth_verdict_name(BERTH_VERDICT_PORT), "E_PORT");
    assert_string_equal(berth_verdict_name((enum berth_verdict)9), "?");
    assert_int_equal(berth_schedule_floor(-1), -1800);
    assert_int_equal(berth_schedule_floor(-1800), -1800);
    assert_int_equal(berth_schedule_floor(1799), 0);
}

/* fits() looks at any window: in the past, off the half hour, longer than 14 days, of a user with a row
 * there. */
static void test_fits(void **state)
{
    (void)state;
    struct berth_booking rows[2] = {{.start_s = BASE,
                                     .end_s = BASE + 100,
                                     .cpus_nano = 4 * NANO,
                                     .memory_gb = 60,
                                     .gpus = 3,
                                     .user = 5,
                                     .port = 7}};
    struct berth_schedule s;
    struct berth_fit fit;
    assert_int_equal(berth_schedule_init(&s, rows, 1, 2, NULL, NULL), BERTH_OK);
    struct berth_request q = plain_request();
    q.user = 5;
    q.port = 7;
    q.limit = (struct berth_capacity){0, 0, 0};
    q.start_s = BASE + 99;
    q.end_s = BASE + 40 * 86400;
    q.want = (struct berth_capacity){1, 4, 2};
    assert_int_equal(berth_schedule_fits(&s, &q, &fit), BERTH_OK);
    assert_int_equal(fit.verdict, BERTH_VERDICT_OK);
    assert_true(fit.choice.gpus == 12);
    q.user = 6;
    assert_int_equal(berth_schedule_fits(&s, &q, &fit), BERTH_OK);
    assert_true(fit.verdict == BERTH_VERDICT_PORT && fit.row == 0 && fit.at_s == BASE);
    q.want.gpus = 3;
    assert_int_equal(berth_schedule_fits(&s, &q, &fit), BERTH_OK);
    assert_true(fit.verdict == BERTH_VERDICT_GPUS && fit.free_gpus == 12);
    q.want.memory_gb = 5;
    assert_int_equal(berth_schedule_fits(&s, &q, &fit), BERTH_OK);
    assert_true(fit.verdict == BERTH_VERDICT_MEMORY && fit.at_s == BASE + 99);
    q.start_s = q.end_s;
    assert_int_equal(berth_schedule_fits(&s, &q, &fit), BERTH_OK);
    assert_int_equal(fit.verdict, BERTH_VERDICT_ARG);
}

/* The best-connected set that is free for the whole window; required and sick GPUs decide over the verdict.
 */
static void test_choosing(void **state)
{
    (void)state;
    struct berth_booking rows[] = {
        {.start_s = unit_start() + 2 * UNIT, .end_s = unit_start() + 9 * UNIT, .gpus = 0x01, .user = 9}};
    struct berth_schedule s;
    struct berth_fit fit;
    uint16_t scores[BERTH_GPU_PAIRS(8)];
    struct berth_gpu_links links;
    assert_int_equal(berth_schedule_init(&s, rows, 1, 1, NULL, NULL), BERTH_OK);
    assert_int_equal(berth_gpu_links_init(&links, scores, 8), BERTH_OK);
    assert_int_equal(berth_gpu_links_set(&links, 0, 1, BERTH_GPU_PATH_PIX, 12), BERTH_OK);
    assert_int_equal(berth_gpu_links_set(&links, 4, 6, BERTH_GPU_PATH_PIX, 4), BERTH_OK);
    assert_int_equal(berth_gpu_links_set(&links, 6, 7, BERTH_GPU_PATH_PIX, 3), BERTH_OK);
    struct berth_gpu_question choose = {.policy = BERTH_GPU_TOPOLOGY, .links = &links};
    struct berth_request q = plain_request();
    q.host.gpus = q.limit.gpus = 8;
    q.want.gpus = 2;
    q.choose = &choose;
    assert_int_equal(berth_schedule_check(&s, &q, &fit), BERTH_OK);
    assert_true(fit.verdict == BERTH_VERDICT_OK && fit.choice.gpus == 0x50 && fit.choice.score == 450);
    choose.sick = 0x10;
    assert_int_equal(berth_schedule_check(&s, &q, &fit), BERTH_OK);
    assert_true(fit.choice.gpus == 0xC0 && fit.choice.skipped == 0x10);
    choose.required = 0x02;
    assert_int_equal(berth_schedule_check(&s, &q, &fit), BERTH_OK);
    assert_true(fit.choice.gpus == 0x06);
    choose.required = 0x01; /* busy */
    assert_int_equal(berth_schedule_check(&s, &q, &fit), BERTH_OK);
    assert_int_equal(fit.verdict, BERTH_VERDICT_GPUS);
    choose.required = 0;
    choose.sick = 0x7E;
    assert_int_equal(berth_schedule_check(&s, &q, &fit), BERTH_OK);
    assert_int_equal(fit.verdict, BERTH_VERDICT_GPUS);
    choose.sick = 0;
    choose.policy = (enum berth_gpu_policy)9;
    assert_int_equal(berth_schedule_check(&s, &q, &fit), BERTH_E_ARGUMENT);
}

static void test_rows(void **state)
{
    (void)state;
    const int64_t max = BERTH_SCHEDULE_TIME_MAX;
    struct berth_booking rows[3] = {{.start_s = 0, .end_s = 1}, {.start_s = -max, .end_s = max}};
    struct berth_schedule_node index[3];
    struct berth_schedule s;
    size_t bad;
    assert_int_equal(berth_schedule_init(&s, rows, 4, 3, NULL, &bad), BERTH_E_ARGUMENT);
    assert_int_equal(berth_schedule_init(&s, NULL, 0, 1, NULL, &bad), BERTH_E_ARGUMENT);
    assert_int_equal(berth_schedule_init(&s, rows, 2, (size_t)BERTH_SCHEDULE_INDEX_ROWS + 1, index, &bad),
                     BERTH_E_ARGUMENT);
    assert_int_equal(berth_schedule_init(&s, rows, 2, 3, index, &bad), BERTH_OK);
    assert_true(bad == SIZE_MAX);
    static const struct berth_booking wrong[] = {{.start_s = 1, .end_s = 1},
                                                 {.start_s = 2, .end_s = 1},
                                                 {.start_s = 0, .end_s = INT64_MAX},
                                                 {.start_s = INT64_MIN, .end_s = 0},
                                                 {.start_s = 0, .end_s = 1, .cpus_nano = -1},
                                                 {.start_s = 0, .end_s = 1, .memory_gb = -1}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(berth_schedule_insert(&s, &wrong[i]), BERTH_E_RANGE);
        struct berth_booking two[2] = {rows[0], wrong[i]};
        struct berth_schedule other;
        assert_int_equal(berth_schedule_init(&other, two, 2, 2, NULL, &bad), BERTH_E_RANGE);
        assert_true(bad == 1);
    }
    assert_int_equal(berth_schedule_insert(&s, &rows[0]), BERTH_OK);
    assert_int_equal(berth_schedule_insert(&s, &rows[0]), BERTH_E_SPACE);
    assert_int_equal(berth_schedule_remove(&s, 3), BERTH_E_ARGUMENT);
    for (size_t left = 3; left-- > 0;) {
        assert_int_equal(berth_schedule_remove(&s, 0), BERTH_OK);
        assert_true(s.count == left);
    }
    assert_int_equal(berth_schedule_remove(&s, 0), BERTH_E_ARGUMENT);
    assert_true(sizeof(struct berth_booking) + sizeof(struct berth_schedule_node) <= 64);
}

/* Heights of an AVL tree: at most 1.4405 log2(n + 2). Returns the height; checks order, balance and sums. */
static unsigned check_node(const struct berth_schedule *s, uint32_t n, size_t *count, int64_t *latest,
                           unsigned level)
{
    assert_true(level < 40);
    if (n == BERTH_SCHEDULE_INDEX_ROWS)
        return 0;
    const struct berth_schedule_node *node = &s->index[n];
    int64_t ends[2] = {INT64_MIN, INT64_MIN};
    uint32_t left = node->left & BERTH_SCHEDULE_INDEX_ROWS, right = node->right & BERTH_SCHEDULE_INDEX_ROWS;
    assert_true(n < s->count);
    if (left != BERTH_SCHEDULE_INDEX_ROWS)
        assert_true(s->rows[left].start_s <= s->rows[n].start_s);
    if (right != BERTH_SCHEDULE_INDEX_ROWS)
        assert_true(s->rows[right].start_s >= s->rows[n].start_s);
    unsigned a = check_node(s, left, count, &ends[0], level + 1),
             b = check_node(s, right, count, &ends[1], level + 1);
    assert_true(a <= b + 1 && b <= a + 1);
    *latest = s->rows[n].end_s;
    *latest = ends[0] > *latest ? ends[0] : *latest;
    *latest = ends[1] > *latest ? ends[1] : *latest;
    assert_true(node->max_end_s == *latest);
    ++*count;
    return 1 + (a > b ? a : b);
}

static void check_tree(const struct berth_schedule *s)
{
    size_t count = 0;
    int64_t latest;
    check_node(s, s->root, &count, &latest, 0);
    assert_true(count == s->count);
}

/* Which rows a walk gives, in any order: a checksum of their numbers, after checking each. */
static uint64_t walk_all(const struct berth_schedule *s, int64_t from, int64_t to, int64_t now)
{
    struct berth_schedule_walk walk;
    uint64_t sum = 0;
    int64_t last = INT64_MIN;
    berth_schedule_walk_start(&walk, s, from, to, now);
    for (size_t i; (i = berth_schedule_walk_next(&walk)) != SIZE_MAX;) {
        assert_true(s->rows[i].start_s < to && berth_booking_effective_end(&s->rows[i], now) > from);
        if (s->index != NULL)
            assert_true(s->rows[i].start_s >= last);
        last = s->rows[i].start_s;
        sum += (i + 1) * UINT64_C(0x9E3779B97F4A7C15);
    }
    assert_true(berth_schedule_walk_next(&walk) == SIZE_MAX);
    return sum;
}

/* Rows come and go; after each step the tree is whole, and walks give what they give without it. Both arrays
 * end at a forbidden page. */
static void test_index(void **state)
{
    (void)state;
    uint64_t random = seed_start("index under insert and remove");
    enum { CAP = 300 };
    struct berth_booking *rows = guard_new(CAP * sizeof *rows);
    struct berth_schedule_node *index = guard_new(CAP * sizeof *index);
    static struct berth_booking shadow[CAP];
    for (unsigned round = 0; round < 12; round++) {
        struct berth_schedule s;
        assert_int_equal(berth_schedule_init(&s, rows, 0, CAP, index, NULL), BERTH_OK);
        for (unsigned step = 0; step < 1200; step++) {
            bool more = seed_below(&random, 1200) > step; /* it fills, then it empties */
            if (more && s.count < CAP) {
                struct berth_booking row = random_row(&random, seed_below(&random, 3) == 0);
                if (round % 3 == 0) { /* one after the other */
                    row.start_s = unit_start() + (int64_t)step * 600;
                    row.end_s = row.start_s + 1 + (int64_t)seed_below(&random, 9000);
                }
                shadow[s.count] = row;
                assert_int_equal(berth_schedule_insert(&s, &row), BERTH_OK);
            } else if (s.count > 0) {
                size_t number = seed_below(&random, s.count);
                shadow[number] = shadow[s.count - 1]; /* the last row takes the number */
                assert_int_equal(berth_schedule_remove(&s, number), BERTH_OK);
            }
            assert_memory_equal(rows, shadow, s.count * sizeof *rows);
            if (step % 8 == 0)
                check_tree(&s);
            struct berth_schedule plain = s;
            plain.index = NULL;
            int64_t from = unit_start() + ((int64_t)seed_below(&random, 80) - 30) * UNIT;
            int64_t to = from + (int64_t)seed_below(&random, 8) * UNIT + 1;
            int64_t now = seed_below(&random, 4) == 0 ? 0 : BASE + (int64_t)seed_below(&random, 20) * UNIT;
            assert_true(walk_all(&s, from, to, now) == walk_all(&plain, from, to, now));
        }
        /* The same rows taken over at once. */
        size_t count = s.count;
        assert_int_equal(berth_schedule_init(&s, rows, count, CAP, index, NULL), BERTH_OK);
        check_tree(&s);
    }
    guard_free(index);
    guard_free(rows);
}

/* Rows in order, the worst that a plain tree could get, stay balanced. */
static void test_ascending(void **state)
{
    (void)state;
    enum { CAP = 40000 };
    static struct berth_booking rows[CAP];
    static struct berth_schedule_node index[CAP];
    struct berth_schedule s;
    for (int down = 0; down < 2; down++) {
        for (int i = 0; i < CAP; i++) {
            int64_t start = (int64_t)(down != 0 ? CAP - i : i) * UNIT;
            rows[i] = (struct berth_booking){.start_s = start, .end_s = start + UNIT};
        }
        assert_int_equal(berth_schedule_init(&s, rows, CAP, CAP, index, NULL), BERTH_OK);
        check_tree(&s);
        size_t count = 0;
        int64_t latest;
        assert_true(check_node(&s, s.root, &count, &latest, 0) <= 22);
        while (s.count > 0)
            assert_int_equal(berth_schedule_remove(&s, s.count / 2), BERTH_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_reference),
        cmocka_unit_test(test_sound_and_complete),
        cmocka_unit_test(test_deterministic),
        cmocka_unit_test(test_local),
        cmocka_unit_test(test_monotone),
        cmocka_unit_test(test_translation),
        cmocka_unit_test(test_closed_under_use),
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_fits),
        cmocka_unit_test(test_choosing),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_index),
        cmocka_unit_test(test_ascending),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
