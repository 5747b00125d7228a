/* MD5 (RFC 1321). */
#include "base/md5.h"

#include <string.h>

static const uint32_t sines[64] = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391};
static const uint8_t shifts[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};

static uint32_t word(const unsigned char *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* One step's function of three words, and which word of the block it takes. */
static uint32_t mix(unsigned step, uint32_t b, uint32_t c, uint32_t d, unsigned *out_index)
{
    switch (step / 16) {
    case 0:
        *out_index = step;
        return (b & c) | (~b & d);
    case 1:
        *out_index = (5 * step + 1) % 16;
        return (d & b) | (~d & c);
    case 2:
        *out_index = (3 * step + 5) % 16;
        return b ^ c ^ d;
    default:
        *out_index = 7 * step % 16;
        return c ^ (b | ~d);
    }
}

static void take_block(struct berth_md5 *md5)
{
    uint32_t a = md5->state[0], b = md5->state[1], c = md5->state[2], d = md5->state[3];
    for (unsigned step = 0; step < 64; step++) {
        unsigned index, shift = shifts[step / 16][step % 4];
        uint32_t sum = a + mix(step, b, c, d, &index) + sines[step];
        sum += word(md5->block + (size_t)index * 4);
        a = d;
        d = c;
        c = b;
        b += sum << shift | sum >> (32 - shift);
    }
    md5->state[0] += a;
    md5->state[1] += b;
    md5->state[2] += c;
    md5->state[3] += d;
}

void berth_md5_init(struct berth_md5 *md5)
{
    static const uint32_t start[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
    memcpy(md5->state, start, sizeof start);
    md5->len = 0;
}

void berth_md5_add(struct berth_md5 *md5, struct berth_text text)
{
    for (size_t i = 0; i < text.len; i++) {
        md5->block[md5->len++ % sizeof md5->block] = (unsigned char)text.ptr[i];
        if (md5->len % sizeof md5->block == 0)
            take_block(md5);
    }
}

void berth_md5_end(struct berth_md5 *md5, unsigned char out[BERTH_MD5_SIZE])
{
    uint64_t bits = md5->len * 8;
    char length[8];
    berth_md5_add(md5, berth_text_make("\x80", 1));
    while (md5->len % sizeof md5->block != sizeof md5->block - sizeof length)
        berth_md5_add(md5, berth_text_make("\0", 1));
    for (unsigned i = 0; i < sizeof length; i++)
        length[i] = (char)(unsigned char)(bits >> (8 * i) & 0xff);
    berth_md5_add(md5, berth_text_make(length, sizeof length));
    for (unsigned i = 0; i < BERTH_MD5_SIZE; i++)
        out[i] = (unsigned char)(md5->state[i / 4] >> (8 * (i % 4)) & 0xff);
}
