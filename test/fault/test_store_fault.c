/* The store over files in memory: every call of the port fails in turn, and the power fails at every call.
 * Each row is found exactly once, in the old or the new stage; what was answered with BERTH_OK has happened.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "berth/port_mem.h"
#include "store_state.h"
#include "store_suite.h"

#define KEYS 32

static struct berth_mem_files mem;
static struct berth_mem_faults faults;
static struct berth_store_key keys[KEYS];

static struct berth_store open_store(void)
{
    static struct berth_files files;
    static struct berth_store_files state;
    files = berth_mem_files_init(&mem);
    const struct berth_store_files_config config = {&files, "./jobs", "./users.yaml", keys, KEYS};
    return berth_store_files_init(&state, &config);
}

static void put_files(void)
{
    static const char *const NAMES[] = {"./jobs/booking.csv", "./jobs/using.csv", "./jobs/used.csv"};
    char document[1024];
    memset(&mem, 0, sizeof mem);
    memset(&faults, 0, sizeof faults);
    struct berth_files files = berth_mem_files_init(&mem);
    assert_int_equal(files.make_folder(files.ctx, "./jobs", 0755), BERTH_OK);
    for (int stage = 0; stage < BERTH_STAGE_COUNT; stage++) {
        store_state_document((enum berth_stage)stage, document);
        assert_int_equal(berth_mem_files_put(&mem, NAMES[stage], berth_text_of(document)), BERTH_OK);
    }
    assert_int_equal(berth_mem_files_put(&mem, "./users.yaml", BERTH_TEXT("m1:\n")), BERTH_OK);
    assert_int_equal(berth_mem_files_put(&mem, "./jobs/monitor_exec", BERTH_TEXT("now\n")), BERTH_OK);
    mem.faults = &faults;
}

/* After the fault: the next program comes, finds the store whole and goes on. */
static bool look(enum store_change change)
{
    struct berth_store store = open_store();
    mem.faults = NULL;
    assert_int_equal(store.begin(store.ctx, 0), BERTH_OK);
    bool changed = store_state_changed(&store, change, berth_mem_files_text(&mem, "./users.yaml"),
                                       berth_mem_files_text(&mem, "./jobs/monitor_exec"));
    store.end(store.ctx);
    assert_int_equal(berth_mem_files_open_count(&mem), 0);
    assert_true(berth_mem_files_count(&mem) <= 7); /* nothing temporary is left */
    return changed;
}

static void cut_everywhere(bool for_good, bool power, enum berth_status answer)
{
    for (int change = 0; change < STORE_CHANGES; change++) {
        unsigned done = 0, undone = 0;
        for (uint32_t at = 1;; at++) {
            put_files();
            struct berth_store store = open_store();
            faults = (struct berth_mem_faults){.fail_at = at, .for_good = for_good, .status = answer};
            enum berth_status status = store_state_change(&store, (enum store_change)change);
            bool tripped = faults.tripped;
            assert_int_equal(berth_mem_files_open_count(&mem), 0);
            if (status != BERTH_OK)
                assert_true(store.reason(store.ctx).len > 0);
            if (status != BERTH_OK && answer != BERTH_OK)
                assert_int_equal(status, answer);
            if (power)
                berth_mem_files_crash(&mem);
            bool changed = look((enum store_change)change);
            if (status == BERTH_OK)
                assert_true(changed);
            else /* a move may have arrived before it failed */
                assert_true(!changed || (change >= STORE_BEGIN_USING && change <= STORE_EXPIRE));
            done += changed;
            undone += !changed;
            if (!tripped)
                break;
            assert_true(at < 1000);
        }
        assert_true(done > 0 && undone > 10);
    }
}

static void test_each_call_fails_once(void **state)
{
    (void)state;
    cut_everywhere(false, false, BERTH_OK);
}

static void test_each_call_fails_for_good(void **state)
{
    (void)state;
    cut_everywhere(true, false, BERTH_OK);
}

static void test_the_power_fails_at_each_call(void **state)
{
    (void)state;
    cut_everywhere(true, true, BERTH_OK);
}

static void test_a_full_disk(void **state)
{
    (void)state;
    cut_everywhere(true, false, BERTH_E_DISK_FULL);
}

static void test_a_read_only_folder(void **state)
{
    (void)state;
    cut_everywhere(true, false, BERTH_E_PERMISSION);
}

/* A recovery that is itself cut at each call, and the one after that. */
static void test_recovery_is_cut(void **state)
{
    (void)state;
    for (int power = 0; power < 2; power++)
        for (uint32_t at = 1;; at++) {
            char document[1024];
            put_files();
            store_state_document(BERTH_STAGE_BOOKING, document); /* rows 1 and 2 at all stages */
            assert_int_equal(berth_mem_files_put(&mem, "./jobs/using.csv", berth_text_of(document)),
                             BERTH_OK);
            assert_int_equal(berth_mem_files_put(&mem, "./jobs/used.csv", berth_text_of(document)), BERTH_OK);
            struct berth_store store = open_store();
            faults = (struct berth_mem_faults){.fail_at = at, .for_good = true};
            enum berth_status status = store.begin(store.ctx, 0);
            bool tripped = faults.tripped;
            assert_true(tripped ? status != BERTH_OK : status == BERTH_OK);
            store.end(store.ctx);
            if (power)
                berth_mem_files_crash(&mem);
            mem.faults = NULL;
            assert_int_equal(store.begin(store.ctx, 0), BERTH_OK);
            struct store_state seen;
            store_state_read(&store, &seen);
            for (unsigned i = 1; i < STORE_STATE_ROWS; i++)
                assert_int_equal(seen.stage[i], i <= 2 ? BERTH_STAGE_USED : -1);
            for (int stage = 0; stage < BERTH_STAGE_COUNT; stage++)
                assert_int_equal(seen.bad[stage], 1);
            store.end(store.ctx);
            if (!tripped)
                break;
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_call_fails_once),         cmocka_unit_test(test_each_call_fails_for_good),
        cmocka_unit_test(test_the_power_fails_at_each_call), cmocka_unit_test(test_a_full_disk),
        cmocka_unit_test(test_a_read_only_folder),           cmocka_unit_test(test_recovery_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
