/* The booking system's three files: an answer with a place, and a user written changes nobody else. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "berth/booking_config.h"

#define USERS 64

static char memory_room[2][1 << 18];
static char written[1 << 18];
static struct berth_user users[2][USERS];
static struct berth_text allowed[USERS];
static struct berth_custom_limits custom[USERS];

static void must(bool holds)
{
    if (!holds)
        abort();
}

static struct berth_config_note note;
static struct berth_writer memory;

static struct berth_config_input input_of(struct berth_text document, unsigned which)
{
    struct berth_config_input input = {document, &memory, NULL, NULL, &note};
    berth_writer_init(&memory, memory_room[which], sizeof memory_room[which]);
    memset(&note, 0, sizeof note);
    return input;
}

static void must_explain(enum berth_status status, struct berth_text document)
{
    must(status == BERTH_OK || (note.reason != NULL && note.field != NULL));
    must(memory.len <= BERTH_CONFIG_MEMORY(document.len));
}

static bool same_text(struct berth_text a, struct berth_text b)
{
    return berth_text_equal(a, b) && (a.ptr == NULL) == (b.ptr == NULL);
}

static bool same_user(const struct berth_user *a, const struct berth_user *b)
{
    return same_text(a->id, b->id) && same_text(a->password, b->password) &&
           a->forward_port == b->forward_port && same_text(a->image, b->image) &&
           same_text(a->extra_command, b->extra_command) &&
           same_text(a->volume_work_dir, b->volume_work_dir) &&
           same_text(a->volume_dataset_dir, b->volume_dataset_dir) &&
           same_text(a->volume_backup_dir, b->volume_backup_dir);
}

/* USER is written into the document that users[0] was read from, and all of it read again. */
static void put(struct berth_text document, size_t count, const struct berth_user *user)
{
    struct berth_writer w;
    size_t after = 0, place = 0;
    berth_writer_init(&w, written, sizeof written);
    enum berth_status status = berth_users_config_put(&w, document, user, NULL);
    if (status == BERTH_E_SPACE)
        return;
    must(status == BERTH_OK);
    struct berth_config_input input = input_of(berth_writer_text(&w), 1);
    must(berth_users_config_read(&input, users[1], USERS, &after) == BERTH_OK);
    while (place < count && !berth_text_equal(users[0][place].id, user->id))
        place++;
    must(after == count + (place == count));
    must(same_user(&users[1][place], user));
    for (size_t i = 0; i < count; i++)
        must(i == place || same_user(&users[1][i], &users[0][i]));
    must(berth_writer_text(&w).ptr[w.len - 1] == '\n');
}

static void try_users(struct berth_text document)
{
    static const struct berth_user NEW = {
        BERTH_TEXT_INIT("zz"),      BERTH_TEXT_INIT("it's"), 10001,     {NULL, 0},
        BERTH_TEXT_INIT("a: #b\n"), BERTH_TEXT_INIT("/w"),   {NULL, 0}, BERTH_TEXT_INIT("/b"),
    };
    size_t count = 0;
    struct berth_config_input input = input_of(document, 0);
    enum berth_status status = berth_users_config_read(&input, users[0], USERS, &count);
    must_explain(status, document);
    if (status != BERTH_OK || count == USERS)
        return;
    put(document, count, &NEW);
    if (count == 0)
        return;
    struct berth_user changed = users[0][document.len % count];
    put(document, count, &changed);
    changed.password = NEW.password;
    changed.image = BERTH_TEXT("null");
    put(document, count, &changed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct berth_host_config host;
    struct berth_capability_config capability;
    if (size > sizeof written / 8)
        return 0;
    char *copy = malloc(size == 0 ? 1 : size);
    must(copy != NULL);
    if (size > 0)
        memcpy(copy, data, size);
    struct berth_text document = berth_text_make(copy, size);
    struct berth_config_input input = input_of(document, 0);
    must_explain(berth_host_config_read(&input, &host), document);
    input = input_of(document, 0);
    memset(&capability, 0, sizeof capability);
    capability.allowed = allowed;
    capability.custom = custom;
    capability.allowed_cap = capability.custom_cap = USERS;
    enum berth_status status = berth_capability_config_read(&input, &capability);
    must_explain(status, document);
    if (status == BERTH_OK) {
        const struct berth_capacity *max = &capability.max.capacity;
        must(max->memory_gb >= 1 && max->gpus >= 0 && max->gpus <= 64 && max->cpus_nano >= 0);
        must(capability.shm_rate_num > 0 && capability.shm_rate_num <= capability.shm_rate_den);
        must(capability.standard.capacity.gpus <= max->gpus);
    }
    int64_t num, den;
    if (berth_capability_expression(document, 30, 10, &num, &den, NULL) == BERTH_OK)
        must(den > 0 && num >= -INT64_MAX);
    try_users(document);
    free(copy);
    return 0;
}
