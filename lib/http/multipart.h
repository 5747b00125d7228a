/* What multipart.c and its tests share. */
#ifndef BERTH_LIB_HTTP_MULTIPART_H
#define BERTH_LIB_HTTP_MULTIPART_H

#include "berth/http.h"

/* Checks the parts and makes the source; m->boundary is set already (NUL-terminated). */
enum berth_status berth_multipart_begin(struct berth_multipart *m, const struct berth_multipart_part *parts,
                                        size_t part_count, struct berth_source *out_source);

#endif
