/* Reads a JSON list of any length through a buffer of fixed size: a stream cuts it into elements, a field
 * table turns each into a struct. The document may come from anywhere, in any pieces; here it is a string,
 * fed ten bytes at a time. */
#include <stdio.h>
#include <string.h>

#include "berth/json.h"

struct worker {
    uint32_t present; /* which members were there */
    struct berth_text name;
    int32_t gpus;
    struct berth_time since;
};

static const struct berth_field worker_fields[] = {
    {.name = BERTH_TEXT_INIT("name"),
     .type = BERTH_FIELD_TEXT,
     .flags = BERTH_FIELD_REQUIRED,
     .offset = offsetof(struct worker, name)},
    {.name = BERTH_TEXT_INIT("gpus"), .type = BERTH_FIELD_I32, .offset = offsetof(struct worker, gpus)},
    {.name = BERTH_TEXT_INIT("since"), .type = BERTH_FIELD_TIME, .offset = offsetof(struct worker, since)},
};
static const struct berth_shape worker_shape = {"worker", worker_fields, 3, sizeof(struct worker),
                                                offsetof(struct worker, present)};

static enum berth_status print_worker(void *ctx, const struct berth_json_element *element)
{
    (void)ctx;
    struct worker worker;
    struct berth_decode_error error;
    if (element->json == NULL) {
        printf("%zu: too long, needs a buffer of %zu bytes\n", element->index, element->needed);
        return BERTH_OK; /* the list goes on */
    }
    if (berth_json_element_decode(element, &worker_shape, &worker, &error) != BERTH_OK) {
        printf("%zu: %s: %.*s\n", element->index, error.at.reason, (int)error.member.len, error.member.ptr);
        return BERTH_OK;
    }
    printf("%zu: %.*s, %d GPUs\n", element->index, (int)worker.name.len, worker.name.ptr, (int)worker.gpus);
    return BERTH_OK;
}

int main(void)
{
    static const char document[] =
        "{\"total\": 4, \"workers\": ["
        "{\"name\": \"gpu-node-a\", \"gpus\": 8, \"since\": \"2021-03-04T05:06:07Z\"},"
        "{\"name\": \"Rechner S\\u00fcd\", \"gpus\": 2, \"owner\": {\"mail\": null}},"
        "{\"name\": \"attic\", \"gpus\": \"two\"},"
        "{\"name\": \"a name that is much longer than the eighty bytes that we have for one element\"}]}";
    char buf[80];
    struct berth_json_stream stream;
    const struct berth_json_stream_config config = {
        .path = BERTH_TEXT("workers[*]"), .buf = buf, .cap = sizeof buf, .element = print_worker};

    enum berth_status status = berth_json_stream_init(&stream, &config);
    for (size_t at = 0; at < strlen(document) && status == BERTH_OK; at += 10) {
        struct berth_text piece = berth_text_slice(berth_text_of(document), at, at + 10);
        status = berth_json_stream_feed(&stream, piece.ptr, piece.len);
    }
    if (status == BERTH_OK)
        status = berth_json_stream_end(&stream);
    if (status != BERTH_OK)
        fprintf(stderr, "%s at byte %llu\n", stream.error.reason, (unsigned long long)stream.error.offset);
    return status == BERTH_OK ? 0 : 1;
}
