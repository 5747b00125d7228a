/* users_config.yaml: who the users are. */
#include "booking/users.h"

#include <string.h>

#define FIELD(name, kind)                                                                                    \
    {                                                                                                        \
#name, #name, (uint16_t)offsetof(struct berth_user, name), kind, false                               \
    }
const struct berth_config_field berth_user_fields[BERTH_USER_FIELDS] = {
    [BERTH_USER_PASSWORD] = FIELD(password, BERTH_CONFIG_TEXT),
    [BERTH_USER_PORT] = FIELD(forward_port, BERTH_CONFIG_PORT),
    [BERTH_USER_IMAGE] = FIELD(image, BERTH_CONFIG_TEXT),
    [BERTH_USER_COMMAND] = FIELD(extra_command, BERTH_CONFIG_TEXT),
    [BERTH_USER_WORK_DIR] = FIELD(volume_work_dir, BERTH_CONFIG_PATH),
    [BERTH_USER_DATASET_DIR] = FIELD(volume_dataset_dir, BERTH_CONFIG_PATH),
    [BERTH_USER_BACKUP_DIR] = FIELD(volume_backup_dir, BERTH_CONFIG_PATH),
};

enum berth_status berth_users_field(struct berth_config_reader *c, struct berth_yaml_event *ev,
                                    size_t *out_field, bool *out_end)
{
    c->field = "";
    BERTH_TRY(berth_config_key(c, ev, out_end));
    if (*out_end)
        return BERTH_OK;
    *out_field = berth_config_find(berth_user_fields, BERTH_USER_FIELDS, ev);
    if (*out_field < BERTH_USER_FIELDS)
        return BERTH_OK;
    return berth_config_fail(c, BERTH_E_SYNTAX, ev,
                             "an unknown key: a user has password, forward_port, image, extra_command, "
                             "volume_work_dir, volume_dataset_dir, volume_backup_dir");
}

static enum berth_status read_user(struct berth_config_reader *c, const struct berth_yaml_event *id,
                                   struct berth_user *user)
{
    struct berth_yaml_event key;
    size_t field;
    bool end = false;
    BERTH_TRY(berth_config_collection(c, true, &end));
    if (end)
        return berth_config_fail(c, BERTH_E_TYPE, id, "a user without entries; {} for one that has none yet");
    for (;;) {
        BERTH_TRY(berth_users_field(c, &key, &field, &end));
        if (end)
            return BERTH_OK;
        BERTH_TRY(berth_config_value(c, &berth_user_fields[field], user));
    }
}

static struct berth_user *find_user(struct berth_user *users, size_t count, struct berth_text id)
{
    for (size_t i = 0; i < count; i++)
        if (berth_text_equal(users[i].id, id))
            return &users[i];
    return NULL;
}

enum berth_status berth_users_config_read(const struct berth_config_input *input, struct berth_user *users,
                                          size_t cap, size_t *out_count)
{
    struct berth_config_reader c;
    struct berth_yaml_event id;
    bool end = false;
    *out_count = 0;
    BERTH_TRY(berth_config_open(&c, input));
    BERTH_TRY(berth_config_top(&c, &end));
    while (!end) {
        struct berth_user user;
        memset(&user, 0, sizeof user);
        c.field = "";
        BERTH_TRY(berth_config_key(&c, &id, &end));
        if (end)
            break;
        BERTH_TRY(berth_config_user_id(&c, &id, &user.id));
        BERTH_TRY(read_user(&c, &id, &user));
        struct berth_user *place = find_user(users, *out_count < cap ? *out_count : cap, user.id);
        if (place == NULL && (*out_count)++ < cap)
            place = &users[*out_count - 1];
        if (place != NULL)
            *place = user;
    }
    c.field = "";
    return *out_count > cap ? berth_config_fail(&c, BERTH_E_SPACE, NULL, "more users than fit") : BERTH_OK;
}
