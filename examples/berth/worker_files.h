/* Files that steps can lay hands on, opened so that no trick with links, pipes or devices works. */
#ifndef BERTH_PROGRAM_WORKER_FILES_H
#define BERTH_PROGRAM_WORKER_FILES_H

#include <stdbool.h>

#include "berth/text.h"

/* Opens a regular file, never through a link at PATH's end and never waiting for a pipe's other side. FLAGS
 * as open(2). The descriptor, or -1 and errno (EINVAL: it is not a file). */
int plain_open(const char *path, int flags);
/* The size of an open file; 0 when it cannot be told. */
uint64_t plain_size(int fd);

/* Opens RELATIVE below the folder ROOT: a file to read or a folder. No part of RELATIVE may be "..", and none
 * a link. The descriptor, or -1 and errno (ELOOP, ENOTDIR: a link; EINVAL: neither file nor folder, or
 * outside). */
int inside_open(const char *root, const char *relative, bool folder);
/* Reads such a file whole. BERTH_OK, BERTH_E_NO_FILE, BERTH_E_SPACE (longer than CAP), or BERTH_E_IO;
 * *out_why is static text that says so. */
enum berth_status inside_read(const char *root, const char *relative, char *buf, size_t cap,
                              struct berth_text *out_text, struct berth_text *out_why) BERTH_MUST_CHECK;

#endif
