/* MD5 (RFC 1321), where a platform names things by it; it protects nothing. */
#ifndef BERTH_BASE_MD5_H
#define BERTH_BASE_MD5_H

#include "berth/text.h"

#define BERTH_MD5_SIZE 16

struct berth_md5 {
    uint32_t state[4];
    uint64_t len;
    unsigned char block[64];
};

void berth_md5_init(struct berth_md5 *md5);
void berth_md5_add(struct berth_md5 *md5, struct berth_text text);
void berth_md5_end(struct berth_md5 *md5, unsigned char out[BERTH_MD5_SIZE]);

#endif
