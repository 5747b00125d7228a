/* host_deploy.yaml: where things are, and the images that may be asked for. */
#include "booking/config.h"

#include <string.h>

enum { IMAGES = 5, FIELD_COUNT = 7 };

#define FIELD(name, kind, required)                                                                          \
    {                                                                                                        \
#name, #name, (uint16_t)offsetof(struct berth_host_config, name), kind, required                     \
    }
static const struct berth_config_field FIELDS[FIELD_COUNT] = {
    FIELD(volume_work_dir, BERTH_CONFIG_PATH, true),
    FIELD(volume_dataset_dir, BERTH_CONFIG_PATH, true),
    FIELD(volume_backup_dir, BERTH_CONFIG_PATH, true),
    FIELD(users_config_yaml, BERTH_CONFIG_FILE, true),
    FIELD(capability_config_yaml, BERTH_CONFIG_FILE, true),
    [IMAGES] = FIELD(images, BERTH_CONFIG_OPENED, true),
    FIELD(host_pids, BERTH_CONFIG_BOOL, false),
};

static enum berth_status read_images(struct berth_config_reader *c, struct berth_host_config *config)
{
    bool none = false;
    struct berth_yaml_event ev;
    config->image_count = 0;
    c->field = FIELDS[IMAGES].path;
    BERTH_TRY(berth_config_collection(c, false, &none));
    while (!none) {
        struct berth_text image;
        BERTH_TRY(berth_config_next(c, &ev));
        if (ev.type == BERTH_YAML_SEQUENCE_END)
            break;
        if (ev.type != BERTH_YAML_SCALAR)
            return berth_config_fail(c, BERTH_E_TYPE, &ev, "an image's name is due here");
        BERTH_TRY(berth_config_text(c, &ev, &image));
        if (image.len == 0)
            continue; /* an item that is not filled in */
        if (config->image_count == BERTH_IMAGES_MAX)
            return berth_config_fail(c, BERTH_E_RANGE, &ev, "more than 256 images");
        config->images[config->image_count++] = image;
    }
    return BERTH_OK;
}

enum berth_status berth_host_config_read(const struct berth_config_input *input,
                                         struct berth_host_config *out_config)
{
    struct berth_config_reader c;
    struct berth_yaml_event key;
    unsigned seen = 0;
    bool end = false;
    memset(out_config, 0, sizeof *out_config);
    BERTH_TRY(berth_config_open(&c, input));
    BERTH_TRY(berth_config_top(&c, &end));
    while (!end) {
        c.field = "";
        BERTH_TRY(berth_config_key(&c, &key, &end));
        if (end)
            break;
        size_t i = berth_config_find(FIELDS, FIELD_COUNT, &key);
        if (i == FIELD_COUNT) {
            berth_config_warn(&c, &key, "an unknown key, which is ignored");
            BERTH_TRY(berth_config_skip(&c));
            continue;
        }
        seen |= 1u << i;
        if (i == IMAGES)
            BERTH_TRY(read_images(&c, out_config));
        else
            BERTH_TRY(berth_config_value(&c, &FIELDS[i], out_config));
    }
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        c.field = FIELDS[i].path;
        if (FIELDS[i].required && (seen >> i & 1) == 0)
            return berth_config_fail(&c, BERTH_E_MISSING, NULL, "this key is missing");
    }
    return BERTH_OK;
}
