/* YAML: whatever comes in, what comes out is JSON, or is refused with a place; reading by events agrees; and
 * the JSON written as YAML comes back. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "berth/yaml.h"

static char room[1 << 20], written[1 << 21], back[1 << 20];

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void comes_back(struct berth_text json)
{
    struct berth_writer w, again;
    berth_writer_init(&w, written, sizeof written);
    berth_writer_init(&again, back, sizeof back);
    enum berth_status status = berth_yaml_from_json(json, &w);
    must(status == BERTH_OK || status == BERTH_E_RANGE || status == BERTH_E_SPACE);
    if (status != BERTH_OK)
        return;
    must(berth_yaml_to_json(berth_writer_text(&w), NULL, &again, NULL) == BERTH_OK);
    must(berth_text_equal(json, berth_writer_text(&again)));
}

static enum berth_status convert(struct berth_text document, enum berth_yaml_types types, bool wins)
{
    struct berth_yaml_options options = {types, wins, NULL, 0};
    struct berth_yaml_error error = {0, 0, NULL};
    struct berth_writer w, counter;
    berth_writer_init(&w, room, sizeof room);
    berth_writer_init(&counter, NULL, 0);
    enum berth_status status = berth_yaml_to_json(document, &options, &w, &error);
    enum berth_status counted = berth_yaml_to_json(document, &options, &counter, NULL);
    must(w.len == counter.len);
    if (status == BERTH_OK) {
        must(berth_json_check(berth_writer_text(&w), NULL) == BERTH_OK);
        must(counted == BERTH_E_SPACE);
        if (!wins)
            comes_back(berth_writer_text(&w));
    } else if (status != BERTH_E_SPACE) {
        must(counted == status && error.line > 0 && error.column > 0 && error.reason != NULL);
    }
    return status;
}

static enum berth_status read_events(struct berth_text document)
{
    struct berth_yaml_reader r;
    struct berth_yaml_event ev;
    size_t last = 0;
    unsigned depth = 0;
    enum berth_status status = berth_yaml_reader_init(&r, document, NULL, 0);
    while (status == BERTH_OK && (status = berth_yaml_next(&r, &ev)) == BERTH_OK) {
        if (ev.type == BERTH_YAML_END)
            break;
        depth -= ev.type == BERTH_YAML_MAPPING_END || ev.type == BERTH_YAML_SEQUENCE_END;
        must(ev.depth == depth && ev.start >= last && ev.start <= ev.end && ev.end <= document.len);
        depth += ev.type == BERTH_YAML_MAPPING_START || ev.type == BERTH_YAML_SEQUENCE_START;
        last = ev.start;
    }
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* A copy of the exact size, so that a read beyond it is seen. */
    char *copy = malloc(size == 0 ? 1 : size);
    must(copy != NULL);
    memcpy(copy, data, size);
    struct berth_text document = berth_text_make(copy, size);
    enum berth_status events = read_events(document);
    for (int types = 0; types < 2; types++) {
        enum berth_status last = convert(document, types != 0 ? BERTH_YAML_ALL_TEXT : BERTH_YAML_CORE, true);
        enum berth_status strict =
            convert(document, types != 0 ? BERTH_YAML_ALL_TEXT : BERTH_YAML_CORE, false);
        must(strict != BERTH_OK || last == BERTH_OK);
        must(strict != BERTH_OK || events == BERTH_OK);
        if (types == 1)
            must(last == events || last == BERTH_E_RANGE || last == BERTH_E_SPACE);
    }
    free(copy);
    return 0;
}
