/* RIME: jobs and projects read out of answers, whatever shape the server gave them (absent, null and default
 * alike, numbers as texts, enums as numbers, ids in both forms). */
#include "platform/rime.h"

#include <stddef.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define FIELD(i, member)                                                                                     \
    [i] = {.name = BERTH_TEXT_INIT(member),                                                                  \
           .type = BERTH_FIELD_RAW,                                                                          \
           .offset = (uint16_t)(offsetof(struct berth_rime_members, at) + (i) * sizeof(struct berth_text))}
#define SHAPE(label, table)                                                                                  \
    {                                                                                                        \
        .name = (label), .fields = (table), .field_count = COUNT(table),                                     \
        .size = sizeof(struct berth_rime_members),                                                           \
        .present_offset = offsetof(struct berth_rime_members, present)                                       \
    }

static const struct berth_field envelope_fields[] = {
    FIELD(BERTH_RIME_IN_JOB, "job"),
    FIELD(BERTH_RIME_IN_PROJECT, "project"),
    FIELD(BERTH_RIME_IN_NEXT_TOKEN, "nextPageToken"),
    FIELD(BERTH_RIME_IN_HAS_MORE, "hasMore"),
    FIELD(BERTH_RIME_IN_TEST_RUN_ID, "testRunId"),
    FIELD(BERTH_RIME_IN_PROJECT_ID, "projectId"),
    FIELD(BERTH_RIME_IN_VERSION, "clusterInfoVersion"),
    FIELD(BERTH_RIME_IN_OLD_VERSION, "version"),
    FIELD(BERTH_RIME_IN_CODE, "code"),
    FIELD(BERTH_RIME_IN_MESSAGE, "message"),
    FIELD(BERTH_RIME_IN_ERROR, "error"),
};
const struct berth_shape berth_rime_envelope_shape = SHAPE("answer", envelope_fields);

static const struct berth_field case_fields[] = {
    FIELD(BERTH_RIME_CASE_TYPE, "testBatchType"),
    FIELD(BERTH_RIME_CASE_FEATURES, "features"),
    FIELD(BERTH_RIME_CASE_STATUS, "status"),
};
const struct berth_shape berth_rime_case_shape = SHAPE("test case", case_fields);

enum {
    JOB_ID,
    JOB_OLD_ID,
    JOB_NAME,
    JOB_TYPE,
    JOB_OLD_TYPE,
    JOB_STATUS,
    JOB_CREATED,
    JOB_START,
    JOB_COMPLETED,
    JOB_OLD_START,
    JOB_RUNNING,
    JOB_DATA,
    JOB_CANCEL,
    JOB_ARCHIVE,
    JOB_ERROR
};
static const struct berth_field job_fields[] = {
    FIELD(JOB_ID, "jobId"),
    FIELD(JOB_OLD_ID, "id"),
    FIELD(JOB_NAME, "name"),
    FIELD(JOB_TYPE, "jobType"),
    FIELD(JOB_OLD_TYPE, "type"),
    FIELD(JOB_STATUS, "status"),
    FIELD(JOB_CREATED, "creationTime"),
    FIELD(JOB_START, "startTime"),
    FIELD(JOB_COMPLETED, "completionTime"),
    FIELD(JOB_OLD_START, "startTimeSecs"),
    FIELD(JOB_RUNNING, "runningTimeSecs"),
    FIELD(JOB_DATA, "jobData"),
    FIELD(JOB_CANCEL, "cancellationRequested"),
    FIELD(JOB_ARCHIVE, "archivedJobLogs"),
    FIELD(JOB_ERROR, "errorMsg"),
};
static const struct berth_shape job_shape = SHAPE("job", job_fields);

/* Members that lead from one object to the next, and a project's own. */
enum {
    PART_STRESS,
    PART_PROJECT_ID,
    PART_RUN_ID,
    PART_PROGRESS,
    PART_RUN,
    PART_BATCHES,
    PART_STATUS,
    PART_URL,
    PART_EXPIRY,
    PART_UUID,
    PART_ID,
    PART_NAME,
    PART_DESCRIPTION,
    PART_PROJECT
};
static const struct berth_field part_fields[] = {
    FIELD(PART_STRESS, "stress"),
    FIELD(PART_PROJECT_ID, "projectId"),
    FIELD(PART_RUN_ID, "testRunId"),
    FIELD(PART_PROGRESS, "progress"),
    FIELD(PART_RUN, "testRun"),
    FIELD(PART_BATCHES, "testBatches"),
    FIELD(PART_STATUS, "status"),
    FIELD(PART_URL, "url"),
    FIELD(PART_EXPIRY, "expirationTime"),
    FIELD(PART_UUID, "uuid"),
    FIELD(PART_ID, "id"),
    FIELD(PART_NAME, "name"),
    FIELD(PART_DESCRIPTION, "description"),
    FIELD(PART_PROJECT, "project"),
};
static const struct berth_shape part_shape = SHAPE("part", part_fields);

/* ---- Values ----------------------------------------------------------------------------------- */

void berth_rime_members_of(const struct berth_shape *shape, struct berth_text json,
                           struct berth_rime_members *out)
{
    memset(out, 0, sizeof *out);
    /* Raw members are looked up, never changed. */
    if (json.len > 0 && json.ptr[0] == '{' &&
        berth_fields_decode_checked(shape, berth_rime_bytes(json), json.len, out, NULL) != BERTH_OK)
        memset(out, 0, sizeof *out);
}

static struct berth_text part_of(struct berth_text json, unsigned part)
{
    struct berth_rime_members parts;
    berth_rime_members_of(&part_shape, json, &parts);
    return parts.at[part];
}

void berth_rime_put_character(struct berth_writer *w, uint32_t code)
{
    static const uint8_t lead[] = {0, 0xC0, 0xE0, 0xF0};
    char bytes[4];
    if (code >= 0xD800 && code < 0xE000)
        code = 0xFFFD;
    size_t len = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = len; i-- > 1; code >>= 6)
        bytes[i] = (char)(0x80 | (code & 0x3F));
    bytes[0] = (char)(lead[len - 1] | code);
    berth_put_bytes(w, bytes, len);
}

static bool is_string(struct berth_text json)
{
    return json.len >= 2 && json.ptr[0] == '"' && json.ptr[json.len - 1] == '"';
}

static uint32_t unit_at(struct berth_text text, size_t at)
{
    uint64_t unit = 0;
    if (at + 6 > text.len || text.ptr[at] != '\\' || text.ptr[at + 1] != 'u' ||
        berth_parse_hex_u64(berth_text_slice(text, at + 2, at + 6), &unit) != BERTH_OK)
        return UINT32_MAX;
    return (uint32_t)unit;
}

/* The character at AT of a string's inside (its escape resolved); *AT goes behind it. */
static uint32_t next_character(struct berth_text text, size_t *at)
{
    static const char names[] = "bfnrt", values[] = "\b\f\n\r\t";
    uint32_t code = 0;
    if (text.ptr[*at] != '\\') {
        size_t len = berth_text_character(berth_text_slice(text, *at, text.len), &code);
        *at += len > 0 ? len : 1;
        return len > 0 ? code : 0xFFFD;
    }
    code = unit_at(text, *at);
    if (code == UINT32_MAX) {
        char c = *at + 1 < text.len ? text.ptr[*at + 1] : '\\';
        const char *found = memchr(names, c, 5);
        *at += 2;
        return (unsigned char)(found != NULL ? values[found - names] : c);
    }
    *at += 6;
    uint32_t low = code >= 0xD800 && code < 0xDC00 ? unit_at(text, *at) : UINT32_MAX;
    if (low < 0xDC00 || low >= 0xE000)
        return code;
    *at += 6;
    return 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
}

void berth_rime_put_string(struct berth_writer *w, struct berth_text json)
{
    struct berth_text inside = berth_text_slice(json, 1, json.len - 1);
    if (is_string(json))
        for (size_t at = 0; at < inside.len;)
            berth_rime_put_character(w, next_character(inside, &at));
}

bool berth_rime_copy_string(char *buf, size_t size, struct berth_text json)
{
    struct berth_text inside = berth_text_slice(json, 1, json.len - 1);
    struct berth_writer w;
    size_t end = 0;
    berth_writer_init(&w, buf, size - 1);
    if (is_string(json))
        for (size_t at = 0; at < inside.len && w.len == end;) {
            berth_rime_put_character(&w, next_character(inside, &at));
            end = berth_writer_status(&w) == BERTH_OK ? w.len : end;
        }
    buf[end] = '\0';
    return w.len == end;
}

void berth_rime_copy_id(char out_id[BERTH_RIME_ID_MAX + 1], struct berth_text json)
{
    if (json.len > 0 && json.ptr[0] == '{')
        json = part_of(json, PART_UUID);
    if (!berth_rime_copy_string(out_id, BERTH_RIME_ID_MAX + 1, json))
        out_id[0] = '\0';
}

bool berth_rime_is_true(struct berth_text json)
{
    return berth_text_equal(json, BERTH_TEXT("true")) || berth_text_equal(json, BERTH_TEXT("\"true\""));
}

/* A number, or a text that is one. */
static struct berth_text number_of(struct berth_text json)
{
    return is_string(json) ? berth_text_slice(json, 1, json.len - 1) : json;
}

static double seconds_of(struct berth_text json)
{
    double value;
    if (berth_parse_double(number_of(json), &value) != BERTH_OK || !(value > 0))
        return 0;
    return value;
}

static bool read_time(struct berth_text json, int64_t *out_s)
{
    char text[48];
    struct berth_time time;
    if (!berth_rime_copy_string(text, sizeof text, json) ||
        berth_parse_rfc3339(berth_text_of(text), &time) != BERTH_OK)
        return false;
    *out_s = time.seconds;
    return true;
}

/* ---- Jobs ------------------------------------------------------------------------------------- */

static const struct {
    struct berth_text word;
    enum berth_rime_status status;
    bool cancelled;
} words[] = {
    {BERTH_TEXT_INIT("REQUESTED"), BERTH_RIME_PENDING, false},
    {BERTH_TEXT_INIT("PENDING"), BERTH_RIME_PENDING, false},
    {BERTH_TEXT_INIT("RECONCILING"), BERTH_RIME_PENDING, false},
    {BERTH_TEXT_INIT("RUNNING"), BERTH_RIME_RUNNING, false},
    {BERTH_TEXT_INIT("SUCCEEDED"), BERTH_RIME_SUCCEEDED, false},
    {BERTH_TEXT_INIT("FAILED"), BERTH_RIME_FAILING, false},
    {BERTH_TEXT_INIT("FAILING"), BERTH_RIME_FAILING, false},
    {BERTH_TEXT_INIT("CANCELLED"), BERTH_RIME_FAILING, true},
    {BERTH_TEXT_INIT("CANCELED"), BERTH_RIME_FAILING, true},
};

/* An enum's word without PREFIX; letters of either case. */
static struct berth_text word_of(struct berth_text text, struct berth_text prefix)
{
    return berth_text_equal_nocase(berth_text_slice(text, 0, prefix.len), prefix)
               ? berth_text_slice(text, prefix.len, text.len)
               : text;
}

static void read_status(struct berth_rime_job *job, struct berth_text json)
{
    if (!is_string(json)) {
        size_t len = json.len < sizeof job->raw_status - 1 ? json.len : sizeof job->raw_status - 1;
        bool scalar = len > 0 && json.ptr[0] != '{' && json.ptr[0] != '[';
        if (scalar)
            memcpy(job->raw_status, json.ptr, len);
        return;
    }
    if (!berth_rime_copy_string(job->raw_status, sizeof job->raw_status, json))
        return;
    struct berth_text word = word_of(berth_text_of(job->raw_status), BERTH_TEXT("JOB_STATUS_"));
    for (size_t i = 0; i < COUNT(words); i++)
        if (berth_text_equal_nocase(word, words[i].word)) {
            job->status = words[i].status;
            job->cancelled = words[i].cancelled;
        }
}

static bool is_stress_test(struct berth_text json)
{
    char text[64];
    return berth_rime_copy_string(text, sizeof text, json) &&
           berth_text_equal_nocase(word_of(berth_text_of(text), BERTH_TEXT("JOB_TYPE_")),
                                   BERTH_TEXT("MODEL_STRESS_TEST"));
}

static void read_progress(struct berth_rime_job *job, struct berth_text batches)
{
    struct berth_json_list list = {berth_rime_bytes(batches), batches.len, 0}, item;
    char status[48];
    if (batches.len == 0 || batches.ptr[0] != '[')
        return;
    while (berth_json_list_next(&list, NULL, &item) == BERTH_OK) {
        struct berth_text word = part_of(berth_text_make(item.ptr, item.len), PART_STATUS);
        job->progress_total++;
        if (berth_rime_copy_string(status, sizeof status, word) &&
            berth_text_equal_nocase(word_of(berth_text_of(status), BERTH_TEXT("TEST_TASK_STATUS_")),
                                    BERTH_TEXT("COMPLETED")))
            job->progress_done++;
    }
}

static void read_stress(struct berth_rime_job *job, struct berth_text data)
{
    struct berth_rime_members stress;
    berth_rime_members_of(&part_shape, part_of(data, PART_STRESS), &stress);
    struct berth_text run = part_of(stress.at[PART_PROGRESS], PART_RUN);
    berth_rime_copy_id(job->project_id, stress.at[PART_PROJECT_ID]);
    berth_rime_copy_id(job->test_run_id, stress.at[PART_RUN_ID]);
    if (job->test_run_id[0] == '\0')
        berth_rime_copy_id(job->test_run_id, part_of(run, PART_RUN_ID));
    read_progress(job, part_of(run, PART_BATCHES));
}

/* A link without an expiry is taken for good; one that is over is left out. */
static void read_link(struct berth_rime_job *job, struct berth_text archive, int64_t now_s)
{
    struct berth_rime_members parts;
    int64_t end_s = INT64_MAX;
    berth_rime_members_of(&part_shape, archive, &parts);
    if (parts.at[PART_EXPIRY].len > 0 && !read_time(parts.at[PART_EXPIRY], &end_s))
        return;
    if (end_s <= now_s ||
        !berth_rime_copy_string(job->log_link, sizeof job->log_link, part_of(parts.at[PART_URL], PART_URL)))
        job->log_link[0] = '\0';
}

static void read_times(struct berth_rime_job *job, const struct berth_rime_members *m)
{
    job->has_start = read_time(m->at[JOB_START], &job->start_time_s);
    if (!job->has_start && berth_parse_i64(number_of(m->at[JOB_OLD_START]), &job->start_time_s) == BERTH_OK)
        job->has_start = job->start_time_s != 0;
    (void)read_time(m->at[JOB_CREATED], &job->creation_time_s);
    (void)read_time(m->at[JOB_COMPLETED], &job->completion_time_s);
    job->running_time_s = seconds_of(m->at[JOB_RUNNING]);
}

void berth_rime_read_job(struct berth_rime_job *out_job, const char *json, size_t len,
                         struct berth_text handle, int64_t now_s)
{
    struct berth_rime_members m;
    memset(out_job, 0, sizeof *out_job);
    berth_rime_members_of(&job_shape, berth_text_make(json, len), &m);
    berth_rime_copy_id(out_job->id, m.at[JOB_ID]);
    if (out_job->id[0] == '\0')
        berth_rime_copy_id(out_job->id, m.at[JOB_OLD_ID]);
    (void)berth_rime_copy_string(out_job->name, sizeof out_job->name, m.at[JOB_NAME]);
    if (out_job->name[0] == '\0')
        memcpy(out_job->name, out_job->id, sizeof out_job->name);
    if (out_job->name[0] == '\0' && handle.len > 0)
        memcpy(out_job->name, handle.ptr, handle.len < BERTH_RIME_ID_MAX ? handle.len : BERTH_RIME_ID_MAX);
    out_job->is_stress_test = is_stress_test(m.at[JOB_TYPE].len > 0 ? m.at[JOB_TYPE] : m.at[JOB_OLD_TYPE]);
    read_status(out_job, m.at[JOB_STATUS]);
    read_times(out_job, &m);
    read_stress(out_job, m.at[JOB_DATA]);
    out_job->cancel_requested = berth_rime_is_true(m.at[JOB_CANCEL]);
    (void)berth_rime_copy_string(out_job->error, sizeof out_job->error, m.at[JOB_ERROR]);
    read_link(out_job, m.at[JOB_ARCHIVE], now_s);
}

struct berth_text berth_rime_type_name(const struct berth_rime_job *job)
{
    return job->is_stress_test ? BERTH_TEXT("MODEL_STRESS_TEST") : BERTH_TEXT("UNKNOWN_JOB_TYPE");
}

void berth_rime_put_dict(struct berth_json_writer *w, const struct berth_rime_job *job)
{
    berth_json_begin_object(w);
    berth_json_put_name(w, BERTH_TEXT("name"));
    berth_json_put_text(w, berth_text_of(job->name));
    berth_json_put_name(w, BERTH_TEXT("type"));
    berth_json_put_text(w, berth_rime_type_name(job));
    berth_json_put_name(w, BERTH_TEXT("status"));
    berth_json_put_text(w, berth_rime_status_name(job->status));
    berth_json_put_name(w, BERTH_TEXT("start_time_secs"));
    berth_json_put_i64(w, job->start_time_s);
    berth_json_put_name(w, BERTH_TEXT("running_time_secs"));
    berth_json_put_double(w, job->running_time_s);
    berth_json_end_object(w);
}

bool berth_rime_read_project(struct berth_rime_project *out_project, struct berth_text json)
{
    struct berth_rime_members parts;
    memset(out_project, 0, sizeof *out_project);
    berth_rime_members_of(&part_shape, json, &parts);
    if (parts.at[PART_ID].len == 0)
        berth_rime_members_of(&part_shape, parts.at[PART_PROJECT], &parts);
    berth_rime_copy_id(out_project->id, parts.at[PART_ID]);
    (void)berth_rime_copy_string(out_project->name, sizeof out_project->name, parts.at[PART_NAME]);
    (void)berth_rime_copy_string(out_project->description, sizeof out_project->description,
                                 parts.at[PART_DESCRIPTION]);
    return out_project->id[0] != '\0';
}
