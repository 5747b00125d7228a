/* Paths on the host that a user has a hand in. */
#ifndef BERTH_PROGRAM_CONTAINER_PATHS_H
#define BERTH_PROGRAM_CONTAINER_PATHS_H

#include "berth/text.h"

#define CONTAINER_PATH 4096

enum path_place {
    PATH_INSIDE,
    PATH_ABSENT,
    PATH_OUTSIDE, /* a link leads out of the folder, or to the folder itself */
    PATH_ERROR    /* too long, too many links, not readable: errno */
};

/* Where RELATIVE of the folder ROOT (absolute) really is, every link followed. INSIDE: OUT (CONTAINER_PATH
 * bytes) holds the place below ROOT without links, dots and double slashes. */
enum path_place path_below(struct berth_text root, struct berth_text relative, char *out,
                           struct berth_text *out_relative);
/* Whether there is a folder at PATH (a link to one counts). */
enum path_place path_folder(struct berth_text path);
/* Copies the folder FROM with everything below it to TO, which does not exist yet and appears whole: files,
 * folders, links as links, at most PATH_LEVELS deep. Missing folders above TO are made. *out_why tells what
 * went wrong (static text). */
#define PATH_LEVELS 8
enum berth_status path_copy_folder(const char *from, const char *to,
                                   struct berth_text *out_why) BERTH_MUST_CHECK;

#endif
