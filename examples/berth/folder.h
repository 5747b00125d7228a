/* Reading a folder's names without a heap: opendir() allocates, the kernel's own call does not (Linux). */
#ifndef BERTH_PROGRAM_FOLDER_H
#define BERTH_PROGRAM_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

struct folder {
    int fd; /* -1: not open */
    size_t at, len;
    char entries[4096];
};

/* False when it cannot be read; F is closed then. */
bool folder_open(struct folder *f, const char *path);
/* The next name, "." and ".." included, valid until the next call; NULL at the end. */
const char *folder_next(struct folder *f);
void folder_close(struct folder *f);

#endif
