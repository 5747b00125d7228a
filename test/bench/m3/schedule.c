/* Instructions that a Cortex-M3 takes for a question to a schedule of 100 and 1,000 rows. */
#include "berth/schedule.h"
#include "berth/text.h"
#include "m3.h"

#define NANO INT64_C(1000000000)
#define UNIT BERTH_SCHEDULE_UNIT_S
#define MAX_ROWS 1000
#define ROUNDS 200u
#define ROWS_A_DAY 18
#define GPUS 8

static struct berth_booking rows[MAX_ROWS];
static struct berth_schedule_node nodes[MAX_ROWS];
static uint32_t booked_s[BERTH_SCHEDULE_TALLY(MAX_ROWS / ROWS_A_DAY + 2, GPUS)];
static uint32_t random_state;

static uint32_t random_below(uint32_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state % limit;
}

/* As in bench_schedule.c: 8 GPUs, 18 rows a day of 2 to 14 hours, in random order. */
static uint32_t fill(uint32_t count)
{
    uint32_t units = (count / ROWS_A_DAY + 1) * 48;
    random_state = 2463534242u;
    for (uint32_t i = 0; i < count; i++) {
        int64_t start = (int64_t)random_below(units) * UNIT;
        rows[i] = (struct berth_booking){.start_s = start,
                                         .end_s = start + (int64_t)(4 + random_below(25)) * UNIT,
                                         .cpus_nano = (int64_t)(1 + random_below(8)) * NANO,
                                         .memory_gb = (int64_t)(1 + random_below(32)),
                                         .gpus = UINT64_C(1) << random_below(GPUS),
                                         .user = random_below(200),
                                         .port = (uint16_t)(10001 + random_below(999))};
    }
    return units;
}

static struct berth_request question(uint32_t units, uint32_t neighbourhood)
{
    struct berth_request q = {.want = {4 * NANO, 16, 1},
                              .host = {64 * NANO, 256, GPUS},
                              .limit = {64 * NANO, 256, GPUS},
                              .user = 1000,
                              .port = 11000,
                              .neighbourhood = neighbourhood};
    q.now_s = (int64_t)random_below(units) * UNIT;
    q.start_s = q.now_s + (1 + (int64_t)random_below(48)) * UNIT;
    q.end_s = q.start_s + (1 + (int64_t)random_below(8)) * UNIT;
    return q;
}

/* Instructions of ROUNDS questions, those that make the questions up left out. */
static uint32_t ask(const struct berth_schedule *s, uint32_t units, uint32_t neighbourhood,
                    uint32_t *answered)
{
    uint32_t ticks = 0;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        struct berth_request q = question(units, neighbourhood);
        struct berth_fit fit;
        uint32_t begin = m3_counter();
        enum berth_status status = berth_schedule_check(s, &q, &fit);
        ticks += m3_counter() - begin;
        *answered += status == BERTH_OK && fit.verdict == BERTH_VERDICT_OK;
    }
    return ticks * M3_INSTRUCTIONS_A_TICK / ROUNDS;
}

static uint32_t change(struct berth_schedule *s)
{
    uint32_t begin = m3_counter();
    for (uint32_t i = 0; i < ROUNDS; i++) {
        struct berth_booking row = rows[random_below((uint32_t)s->count)];
        if (berth_schedule_remove(s, random_below((uint32_t)s->count)) != BERTH_OK ||
            berth_schedule_insert(s, &row) != BERTH_OK)
            m3_exit(1);
    }
    return (m3_counter() - begin) * M3_INSTRUCTIONS_A_TICK / ROUNDS;
}

static void put_cell(struct berth_writer *w, uint32_t value)
{
    char digits[16];
    struct berth_writer d;
    berth_writer_init(&d, digits, sizeof digits);
    berth_put_u64(&d, value);
    berth_put_repeat(w, ' ', 14 - d.len);
    berth_put_text(w, berth_writer_text(&d));
}

static void measure(uint32_t count)
{
    char line[160];
    struct berth_writer w;
    struct berth_schedule s;
    uint32_t units = fill(count), answered = 0, cells[7] = {count};
    if (berth_schedule_init(&s, rows, count, MAX_ROWS, NULL, NULL) != BERTH_OK)
        m3_exit(1);
    cells[4] = ask(&s, units, 0, &answered);
    cells[5] = ask(&s, units, BERTH_SCHEDULE_NEIGHBOURHOOD, &answered);
    if (berth_schedule_init(&s, rows, count, MAX_ROWS, nodes, NULL) != BERTH_OK)
        m3_exit(1);
    cells[1] = ask(&s, units, 0, &answered);
    cells[2] = ask(&s, units, BERTH_SCHEDULE_NEIGHBOURHOOD, &answered);
    const struct berth_schedule_tally days = {booked_s, units / 48 + 1, GPUS, 0, 86400};
    if (berth_schedule_keep_tally(&s, &days) != BERTH_OK)
        m3_exit(1);
    cells[3] = ask(&s, units, BERTH_SCHEDULE_NEIGHBOURHOOD, &answered);
    cells[6] = change(&s);
    if (answered < ROUNDS) /* of five times as many */
        m3_exit(2);
    berth_writer_init(&w, line, sizeof line);
    for (unsigned i = 0; i < 7; i++)
        put_cell(&w, cells[i]);
    berth_put_string(&w, "\n");
    m3_write(berth_writer_terminate(&w) == BERTH_OK ? line : "?\n");
}

int m3_main(void)
{
    m3_write("Cortex-M3, instructions a question (check and choose), 8 GPUs:\n"
             "          rows     index R=0   index R=672     and tally  no index R=0 no index R=672   "
             "insert+rem.\n");
    measure(100);
    measure(MAX_ROWS);
    return 0;
}
