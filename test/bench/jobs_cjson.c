/* Reads a job list with libcurl and cJSON: `jobs_cjson memory FILE` or `jobs_cjson tls URL CAFILE`. */
/* link: -lcurl -lcjson */
#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <unistd.h>

#include <cjson/cJSON.h>
#include <curl/curl.h>

#include "jobs.h"

struct body {
    char *ptr;
    size_t len;
};

/* ---- taking out what is asked for ------------------------------------------------------------- */

static struct berth_text text_of(const cJSON *object, const char *name)
{
    return berth_text_of(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name)));
}

static int32_t int_of(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNumber(item) ? item->valueint : 0;
}

/* By berth's own reader of dates, so that the difference between the two is the JSON. */
static struct berth_time time_of(const cJSON *object, const char *name)
{
    struct berth_time time = {0};
    struct berth_text text = text_of(object, name);
    if (text.ptr != NULL && berth_parse_rfc3339(text, &time) != BERTH_OK)
        bench_fail("cJSON: a date that is none");
    return time;
}

static void add_step(struct bench_sums *sums, const cJSON *step)
{
    const cJSON *docker = cJSON_GetObjectItemCaseSensitive(step, "docker");
    const cJSON *build = cJSON_GetObjectItemCaseSensitive(docker, "buildConfiguration");
    const cJSON *metrics = cJSON_GetObjectItemCaseSensitive(step, "metrics");
    struct bench_step one = {.name = text_of(step, "name"),
                             .image = text_of(docker, "image"),
                             .dockerfile = text_of(build, "dockerfile"),
                             .command = text_of(docker, "command"),
                             .start = time_of(step, "start"),
                             .end = time_of(step, "end"),
                             .number = int_of(step, "number"),
                             .state = int_of(step, "state"),
                             .metric_count = metrics == NULL ? 0 : (size_t)cJSON_GetArraySize(metrics)};
    bench_add_step(sums, &one);
}

static void add_job(struct bench_sums *sums, const cJSON *job)
{
    const cJSON *project = cJSON_GetObjectItemCaseSensitive(job, "project"), *step;
    struct bench_job taken = {.id = text_of(job, "id"),
                              .project_id = text_of(project, "id"),
                              .project_name = text_of(project, "name"),
                              .git_repository = text_of(project, "gitRepository"),
                              .created = time_of(job, "created"),
                              .finished = time_of(job, "finished"),
                              .state = int_of(job, "state"),
                              .initiator = int_of(job, "initiator")};
    bench_add_job(sums, &taken);
    cJSON_ArrayForEach(step, cJSON_GetObjectItemCaseSensitive(job, "steps")) add_step(sums, step);
}

static void decode(struct bench_sums *sums, const struct body *body)
{
    const cJSON *job, *jobs = cJSON_ParseWithLength(body->ptr, body->len);
    if (!cJSON_IsArray(jobs))
        bench_fail("cJSON: not a list of jobs");
    cJSON_ArrayForEach(job, jobs) add_job(sums, job);
}

/* ---- where the body comes from ---------------------------------------------------------------- */

/* The body is there before the clock starts; the tree is not freed while it runs. */
static void from_memory(const char *path)
{
    struct bench_sums sums = {0};
    struct body body = {0};
    ssize_t count = 1;
    int file = open(path, O_RDONLY);
    off_t size = file < 0 ? -1 : lseek(file, 0, SEEK_END);
    if (size <= 0 || (body.ptr = malloc((size_t)size)) == NULL)
        bench_fail("cannot open the job list");
    while (body.len < (size_t)size && count > 0) {
        count = pread(file, body.ptr + body.len, (size_t)size - body.len, (off_t)body.len);
        body.len += count > 0 ? (size_t)count : 0;
    }
    struct bench_watch begin = bench_now();
    decode(&sums, &body);
    struct bench_watch end = bench_now();
    bench_report(&sums, body.len, begin, end);
}

/* As in curl's own example getinmemory.c. */
static size_t keep(char *bytes, size_t size, size_t count, void *ctx)
{
    struct body *body = ctx;
    size_t len = size * count;
    char *larger = realloc(body->ptr, body->len + len + 1);
    if (larger == NULL)
        return 0;
    body->ptr = larger;
    memcpy(body->ptr + body->len, bytes, len);
    body->len += len;
    body->ptr[body->len] = '\0';
    return len;
}

static void over_tls(const char *base, const char *ca_file)
{
    struct bench_sums sums = {0};
    struct body body = {0};
    char url[512];
    snprintf(url, sizeof url, "%s/jobs", base);
    struct bench_watch begin = bench_now();
    curl_global_init(CURL_GLOBAL_DEFAULT);
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = curl_slist_append(NULL, "Accept-Encoding: identity");
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file);
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
    CURLcode code = curl_easy_perform(curl);
    if (code != CURLE_OK)
        bench_fail(curl_easy_strerror(code));
    decode(&sums, &body);
    struct bench_watch end = bench_now();
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    bench_report(&sums, body.len, begin, end);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "memory") == 0)
        from_memory(argv[2]);
    else if (argc == 4 && strcmp(argv[1], "tls") == 0)
        over_tls(argv[2], argv[3]);
    else
        bench_fail("usage: jobs_cjson memory FILE | tls URL CAFILE");
    return 0;
}
