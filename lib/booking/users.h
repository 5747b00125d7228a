/* What reading and writing users_config.yaml share. */
#ifndef BERTH_BOOKING_USERS_H
#define BERTH_BOOKING_USERS_H

#include "booking/config.h"

/* In the order in which they are written (wire page 1.4). */
enum {
    BERTH_USER_PASSWORD,
    BERTH_USER_PORT,
    BERTH_USER_IMAGE,
    BERTH_USER_COMMAND,
    BERTH_USER_WORK_DIR,
    BERTH_USER_DATASET_DIR,
    BERTH_USER_BACKUP_DIR,
    BERTH_USER_FIELDS
};
extern const struct berth_config_field berth_user_fields[BERTH_USER_FIELDS];

/* The next key of a user's mapping: its number in the table; *out_end at the mapping's end. A key that is not
 * in the table is BERTH_E_SYNTAX. */
enum berth_status berth_users_field(struct berth_config_reader *c, struct berth_yaml_event *ev,
                                    size_t *out_field, bool *out_end);

#endif
