/* The families of commands, one file each (tables_NAME.c). */
#ifndef BERTH_PROGRAM_TABLES_H
#define BERTH_PROGRAM_TABLES_H

#include "options.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The single options of a command. */
#define OPTIONS(...)                                                                                         \
    (const uint8_t[])                                                                                        \
    {                                                                                                        \
        __VA_ARGS__, OPT_NONE                                                                                \
    }

/* The groups of every command that talks to an mlcycle server. */
#define MLCYCLE (GROUP_MLCYCLE | GROUP_SERVER | GROUP_OUTPUT)

extern const struct family family_mlcycle;
extern const struct family family_json;
extern const struct family family_worker;
extern const struct family family_gpu;
extern const struct family family_schedule;
extern const struct family family_pai;
extern const struct family family_book;
extern const struct family family_monitor;
extern const struct family family_hdfs;
extern const struct family family_program;

#endif
