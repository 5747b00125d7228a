/* capability_config.yaml: what the host has, who may use it, and how much of it. */
#include "booking/config.h"

#include <string.h>

/* ---- Blocks of numbers ---- */

/* A capacity beyond these is no host's. */
#define MEMORY_HIGH (INT64_C(1) << 40)
#define SPACE_HIGH (INT64_MAX / 2)

enum {
    CPUS,
    MEMORY,
    GPUS,
    BACKUP_SPACE,
    WORK_SPACE,
    LIMIT_COUNT, /* those above are a user's limits */
    RAM = LIMIT_COUNT,
    SWAP_SIZE,
    SHM_RATE,
    MAX_COUNT
};

static const struct {
    const char *key;
    const char *paths[3]; /* in max, max_default_capability, max_custom_capability */
    uint8_t scale;
    bool expression; /* in max */
    int64_t high;
} NUMBERS[MAX_COUNT] = {
#define PATHS(key)                                                                                           \
    key,                                                                                                     \
    {                                                                                                        \
        "max." key, "max_default_capability." key, "max_custom_capability." key                              \
    }
    [CPUS] = {PATHS("cpus"), 9, false, INT64_MAX},
    [MEMORY] = {PATHS("memory"), 0, true, MEMORY_HIGH},
    [GPUS] = {PATHS("gpus"), 0, false, BERTH_GPU_MAX},
    [BACKUP_SPACE] = {PATHS("backup_space"), 3, false, SPACE_HIGH},
    [WORK_SPACE] = {PATHS("work_space"), 3, false, SPACE_HIGH},
    [RAM] = {PATHS("ram"), 0, false, MEMORY_HIGH},
    [SWAP_SIZE] = {PATHS("swap_size"), 0, false, MEMORY_HIGH},
    [SHM_RATE] = {PATHS("shm_rate"), 0, true, 0},
};

enum block { MAX, STANDARD, CUSTOM };

/* One block as it stands in the file; what "max" and left-out values mean is known at the end. */
struct numbers {
    int64_t value[MAX_COUNT];
    struct {
        uint32_t line, column; /* where it stands; 0: nowhere */
    } at[MAX_COUNT];
    struct berth_text text[MAX_COUNT]; /* of an expression */
    bool is_max[MAX_COUNT];            /* the word "max" */
};

static bool is_there(const struct numbers *n, size_t i)
{
    return n->at[i].line != 0;
}

static struct berth_yaml_event place(const struct numbers *n, size_t i)
{
    struct berth_yaml_event ev;
    memset(&ev, 0, sizeof ev);
    ev.line = n->at[i].line;
    ev.column = n->at[i].column;
    return ev;
}

static size_t find_number(const struct berth_yaml_event *key, size_t count)
{
    size_t i = 0;
    while (i < count && !berth_yaml_text_equal(key, berth_text_of(NUMBERS[i].key)))
        i++;
    return i;
}

static enum berth_status read_number(struct berth_config_reader *c, enum block block, size_t i,
                                     struct numbers *n)
{
    struct berth_yaml_event ev;
    c->field = NUMBERS[i].paths[block];
    n->at[i].line = 0;
    n->is_max[i] = false;
    BERTH_TRY(berth_config_scalar(c, &ev));
    if (berth_yaml_is_null(&ev))
        return BERTH_OK; /* as good as left out */
    n->at[i].line = ev.line;
    n->at[i].column = ev.column;
    n->is_max[i] = block != MAX && berth_yaml_text_equal(&ev, BERTH_TEXT("max"));
    if (n->is_max[i])
        return BERTH_OK;
    if (block == MAX && NUMBERS[i].expression)
        return berth_config_text(c, &ev, &n->text[i]);
    return berth_config_number(c, &ev, NUMBERS[i].scale, 0, NUMBERS[i].high, &n->value[i]);
}

/* Reads the mapping that is due; *out_none when it is null. */
static enum berth_status read_block(struct berth_config_reader *c, enum block block, struct numbers *n,
                                    bool *out_none)
{
    static const char *const NAMES[] = {"max", "max_default_capability", "max_custom_capability"};
    size_t count = block == MAX ? MAX_COUNT : LIMIT_COUNT;
    struct berth_yaml_event key;
    bool end = false;
    memset(n, 0, sizeof *n);
    c->field = NAMES[block];
    BERTH_TRY(berth_config_collection(c, true, &end));
    *out_none = end;
    while (!end) {
        c->field = NAMES[block];
        BERTH_TRY(berth_config_key(c, &key, &end));
        if (end)
            break;
        size_t i = find_number(&key, count);
        if (i < count) {
            BERTH_TRY(read_number(c, block, i, n));
            continue;
        }
        berth_config_warn(c, &key, "an unknown key, which is ignored");
        BERTH_TRY(berth_config_skip(c));
    }
    return BERTH_OK;
}

static enum berth_status need(struct berth_config_reader *c, enum block block, const struct numbers *n,
                              size_t i)
{
    c->field = NUMBERS[i].paths[block];
    return is_there(n, i) ? BERTH_OK : berth_config_fail(c, BERTH_E_MISSING, NULL, "this value is missing");
}

static void fill_limits(struct berth_limits *out, const int64_t *value)
{
    out->capacity.cpus_nano = value[CPUS];
    out->capacity.memory_gb = value[MEMORY];
    out->capacity.gpus = (int32_t)value[GPUS];
    out->backup_space_mb = value[BACKUP_SPACE];
    out->work_space_mb = value[WORK_SPACE];
}

static void limit_values(const struct berth_limits *limits, int64_t value[LIMIT_COUNT])
{
    value[CPUS] = limits->capacity.cpus_nano;
    value[MEMORY] = limits->capacity.memory_gb;
    value[GPUS] = limits->capacity.gpus;
    value[BACKUP_SPACE] = limits->backup_space_mb;
    value[WORK_SPACE] = limits->work_space_mb;
}

/* ---- max ---- */

static enum berth_status evaluate(struct berth_config_reader *c, const struct numbers *n, size_t i,
                                  int64_t *out_num, int64_t *out_den)
{
    struct berth_yaml_event at = place(n, i);
    c->field = NUMBERS[i].paths[MAX];
    enum berth_status status =
        berth_capability_expression(n->text[i], n->value[RAM], n->value[SWAP_SIZE], out_num, out_den, NULL);
    switch (status) {
    case BERTH_OK:
        return BERTH_OK;
    case BERTH_E_DEPTH:
        return berth_config_fail(c, status, &at, "more than 16 brackets inside one another");
    case BERTH_E_RANGE:
        return berth_config_fail(c, status, &at, "a division by zero, or a number that is too large");
    default:
        return berth_config_fail(c, status, &at,
                                 "not an expression of numbers, ram, swap_size, + - * / // and brackets");
    }
}

static enum berth_status finish_max(struct berth_config_reader *c, struct numbers *n,
                                    struct berth_capability_config *config)
{
    static const uint8_t NEEDED[] = {CPUS, RAM, SWAP_SIZE, MEMORY, GPUS, SHM_RATE, BACKUP_SPACE, WORK_SPACE};
    for (size_t i = 0; i < sizeof NEEDED; i++)
        BERTH_TRY(need(c, MAX, n, NEEDED[i]));
    struct berth_yaml_event at = place(n, SHM_RATE);
    int64_t den;
    BERTH_TRY(evaluate(c, n, SHM_RATE, &config->shm_rate_num, &config->shm_rate_den));
    if (config->shm_rate_num <= 0 || config->shm_rate_num > config->shm_rate_den)
        return berth_config_fail(c, BERTH_E_RANGE, &at, "not above 0 and at most 1");
    at = place(n, MEMORY);
    BERTH_TRY(evaluate(c, n, MEMORY, &n->value[MEMORY], &den));
    if (den != 1 || n->value[MEMORY] < 1 || n->value[MEMORY] > MEMORY_HIGH)
        return berth_config_fail(c, BERTH_E_RANGE, &at,
                                 "not a whole number of GB of 1 or more (// divides to a whole number)");
    fill_limits(&config->max, n->value);
    return BERTH_OK;
}

/* ---- A user's limits ---- */

/* "max" and what is left out become numbers; what exceeds the host is cut. DEFAULTS: of values left out, NULL
 * where all are needed. */
static enum berth_status finish_limits(struct berth_config_reader *c, enum block block, struct numbers *n,
                                       const struct berth_capability_config *config,
                                       const struct berth_limits *defaults, struct berth_limits *out)
{
    int64_t max[LIMIT_COUNT];
    int64_t standard[LIMIT_COUNT] = {0};
    limit_values(&config->max, max);
    if (defaults != NULL)
        limit_values(defaults, standard);
    for (size_t i = 0; i < LIMIT_COUNT; i++) {
        if (defaults == NULL)
            BERTH_TRY(need(c, block, n, i));
        c->field = NUMBERS[i].paths[block];
        if (!is_there(n, i)) {
            n->value[i] = standard[i];
        } else if (n->is_max[i]) {
            n->value[i] = max[i];
        } else if (i <= GPUS && n->value[i] > max[i]) {
            struct berth_yaml_event at = place(n, i);
            n->value[i] = max[i];
            berth_config_warn(c, &at, "more than the host has: cut to that");
        }
    }
    fill_limits(out, n->value);
    return BERTH_OK;
}

/* ---- The lists ---- */

static enum berth_status read_allowed(struct berth_config_reader *c, struct berth_capability_config *config)
{
    struct berth_yaml_event ev;
    bool none = false;
    config->allowed_count = 0;
    c->field = "allow_userIDs";
    BERTH_TRY(berth_config_collection(c, false, &none));
    while (!none) {
        struct berth_text id;
        BERTH_TRY(berth_config_next(c, &ev));
        if (ev.type == BERTH_YAML_SEQUENCE_END)
            break;
        if (ev.type != BERTH_YAML_SCALAR)
            return berth_config_fail(c, BERTH_E_TYPE, &ev, "a user id is due here");
        if (berth_yaml_is_null(&ev))
            continue;
        BERTH_TRY(berth_config_user_id(c, &ev, &id));
        if (config->allowed_count < config->allowed_cap)
            config->allowed[config->allowed_count] = id;
        config->allowed_count++;
    }
    return BERTH_OK;
}

static struct berth_custom_limits *find_custom(const struct berth_capability_config *config,
                                               struct berth_text user_id)
{
    size_t count = config->custom_count < config->custom_cap ? config->custom_count : config->custom_cap;
    for (size_t i = 0; i < count; i++)
        if (berth_text_equal(config->custom[i].user_id, user_id))
            return &config->custom[i];
    return NULL;
}

/* Reads the value of max_custom_capability; max and the default are known. */
static enum berth_status read_custom(struct berth_config_reader *c, struct berth_capability_config *config,
                                     struct numbers *n)
{
    struct berth_yaml_event key;
    bool end = false;
    config->custom_count = 0;
    c->field = "max_custom_capability";
    BERTH_TRY(berth_config_collection(c, true, &end));
    while (!end) {
        struct berth_text id;
        struct berth_limits limits;
        bool none;
        c->field = "max_custom_capability";
        BERTH_TRY(berth_config_key(c, &key, &end));
        if (end)
            break;
        BERTH_TRY(berth_config_user_id(c, &key, &id));
        BERTH_TRY(read_block(c, CUSTOM, n, &none));
        BERTH_TRY(finish_limits(c, CUSTOM, n, config, &config->standard, &limits));
        struct berth_custom_limits *own = find_custom(config, id);
        if (own == NULL && config->custom_count++ < config->custom_cap)
            own = &config->custom[config->custom_count - 1];
        if (own != NULL)
            *own = (struct berth_custom_limits){id, limits};
    }
    return BERTH_OK;
}

/* ---- The file ---- */

/* In the order in which they are needed: limits refer to the host's, custom ones to the default. */
enum { BLOCK_MAX, BLOCK_STANDARD, BLOCK_CUSTOM, BLOCK_ALLOWED, BLOCK_COUNT };

static const struct {
    const char *key;
    bool required;
} BLOCKS[BLOCK_COUNT] = {
    [BLOCK_MAX] = {"max", true},
    [BLOCK_STANDARD] = {"max_default_capability", true},
    [BLOCK_CUSTOM] = {"max_custom_capability", false},
    [BLOCK_ALLOWED] = {"allow_userIDs", true},
};

/* The value of a block that was found; numbers are kept in N, since a later block of the same name replaces
 * them. */
static enum berth_status read_value(struct berth_config_reader *c, size_t block,
                                    struct berth_capability_config *config, struct numbers *n, bool *out_none)
{
    *out_none = false;
    switch (block) {
    case BLOCK_MAX:
        return read_block(c, MAX, n, out_none);
    case BLOCK_STANDARD:
        return read_block(c, STANDARD, n, out_none);
    case BLOCK_CUSTOM:
        return read_custom(c, config, n);
    default:
        return read_allowed(c, config);
    }
}

/* Goes through the document for one block. Blocks may come in any order, so each has a pass of its own: that
 * takes less memory than keeping what cannot be understood yet. */
static enum berth_status read_pass(struct berth_config_reader *c, size_t block,
                                   struct berth_capability_config *config, struct numbers *n)
{
    struct berth_yaml_event key;
    bool end = false, none = true;
    BERTH_TRY(berth_config_top(c, &end));
    while (!end) {
        size_t i = 0;
        c->field = "";
        BERTH_TRY(berth_config_key(c, &key, &end));
        if (end)
            break;
        while (i < BLOCK_COUNT && !berth_yaml_text_equal(&key, berth_text_of(BLOCKS[i].key)))
            i++;
        if (i == BLOCK_COUNT && block == 0)
            berth_config_warn(c, &key, "an unknown key, which is ignored");
        c->field = i < BLOCK_COUNT ? BLOCKS[i].key : "";
        BERTH_TRY(i == block ? read_value(c, block, config, n, &none) : berth_config_skip(c));
    }
    c->field = BLOCKS[block].key;
    if (none && BLOCKS[block].required)
        return berth_config_fail(c, BERTH_E_MISSING, NULL, "this block is missing");
    if (block == BLOCK_MAX)
        return finish_max(c, n, config);
    return block == BLOCK_STANDARD ? finish_limits(c, STANDARD, n, config, NULL, &config->standard)
                                   : BERTH_OK;
}

enum berth_status berth_capability_config_read(const struct berth_config_input *input,
                                               struct berth_capability_config *config)
{
    struct berth_config_reader c;
    struct numbers n;
    memset(&n, 0, sizeof n);
    config->allowed_count = config->custom_count = 0;
    size_t memory_start = input->memory == NULL ? 0 : input->memory->len;
    for (size_t block = 0; block < BLOCK_COUNT; block++) {
        BERTH_TRY(berth_config_open(&c, input));
        c.memory_start = memory_start;
        BERTH_TRY(read_pass(&c, block, config, &n));
    }
    c.field = config->allowed_count > config->allowed_cap ? "allow_userIDs" : "max_custom_capability";
    if (config->allowed_count > config->allowed_cap || config->custom_count > config->custom_cap)
        return berth_config_fail(&c, BERTH_E_SPACE, NULL, "more users than fit");
    return BERTH_OK;
}

const struct berth_limits *berth_capability_limits(const struct berth_capability_config *config,
                                                   struct berth_text user_id)
{
    const struct berth_custom_limits *own = find_custom(config, user_id);
    return own == NULL ? &config->standard : &own->limits;
}

bool berth_capability_allows(const struct berth_capability_config *config, struct berth_text user_id)
{
    size_t count = config->allowed_count < config->allowed_cap ? config->allowed_count : config->allowed_cap;
    for (size_t i = 0; i < count; i++)
        if (berth_text_equal(config->allowed[i], user_id))
            return true;
    return false;
}
