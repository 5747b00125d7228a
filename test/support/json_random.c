/* Random JSON documents. */
#include "json_random.h"

#include <stdio.h>
#include <string.h>

#include "seed.h"

size_t json_random_string(uint64_t *seed, char *buf, size_t cap)
{
    static const char *const pieces[] = {"a",
                                         "name",
                                         "\"",
                                         "\\",
                                         "/",
                                         "\n",
                                         "\x01",
                                         "\x1f",
                                         "\x7f",
                                         "\xC3\xA9",
                                         "\xE2\x82\xAC",
                                         "\xF0\x9F\x98\x80",
                                         "12345678",
                                         "[",
                                         "]",
                                         "{",
                                         "}",
                                         ",",
                                         ":",
                                         " ",
                                         "\xED\x9F\xBF",
                                         "\xEF\xBF\xBF",
                                         "u0041",
                                         "null",
                                         "\t"};
    size_t len = 0;
    for (size_t count = seed_below(seed, seed_below(seed, 4) == 0 ? 20 : 5); count > 0; count--) {
        const char *piece = pieces[seed_below(seed, sizeof pieces / sizeof pieces[0])];
        if (strlen(piece) > cap - len)
            break;
        memcpy(buf + len, piece, strlen(piece));
        len += strlen(piece);
    }
    return len;
}

static void put_scalar(uint64_t *seed, struct berth_json_writer *w)
{
    char text[200];
    switch (seed_below(seed, 6)) {
    case 0:
        berth_json_put_null(w);
        break;
    case 1:
        berth_json_put_bool(w, seed_below(seed, 2) != 0);
        break;
    case 2:
        berth_json_put_i64(w, (int64_t)(seed_next(seed) >> seed_below(seed, 64)) *
                                  (seed_below(seed, 2) ? 1 : -1));
        break;
    case 3: {
        uint64_t bits = seed_next(seed);
        double value;
        memcpy(&value, &bits, sizeof value);
        if (value - value != 0)
            value = 0.5;
        berth_json_put_double(w, value);
        break;
    }
    default:
        berth_json_put_text(w, berth_text_make(text, json_random_string(seed, text, sizeof text)));
    }
}

void json_random_value(uint64_t *seed, struct berth_json_writer *w, unsigned budget)
{
    /* A walk without recursion: each round opens, closes or puts a scalar. */
    unsigned depth = 0;
    bool objects[BERTH_JSON_DEPTH_MAX];
    char name[100];
    for (;; budget -= budget > 0) {
        if (depth > 0 && (budget == 0 || seed_below(seed, 4) == 0)) {
            depth--;
            if (objects[depth])
                berth_json_end_object(w);
            else
                berth_json_end_array(w);
        } else {
            if (depth > 0 && objects[depth - 1])
                berth_json_put_name(w, berth_text_make(name, json_random_string(seed, name, sizeof name)));
            if (depth < BERTH_JSON_DEPTH_MAX && budget > 0 && seed_below(seed, 3) == 0) {
                objects[depth] = seed_below(seed, 2) != 0;
                if (objects[depth])
                    berth_json_begin_object(w);
                else
                    berth_json_begin_array(w);
                depth++;
            } else {
                put_scalar(seed, w);
            }
        }
        if (depth == 0)
            return;
    }
}

size_t json_random_text(uint64_t *seed, char *buf, size_t cap, unsigned budget)
{
    char compact[20000];
    struct berth_writer plain, out;
    struct berth_json_writer w;
    berth_writer_init(&plain, compact, sizeof compact);
    berth_json_writer_init(&w, &plain);
    json_random_value(seed, &w, budget);
    berth_writer_init(&out, buf, cap);
    bool inside = false, spaces = seed_below(seed, 2) != 0;
    for (size_t i = 0; i < plain.len && plain.len <= plain.cap; i++) {
        char c = compact[i];
        if (inside && c == '\\') {
            size_t escape_len = compact[i + 1] == 'u' ? 6 : 2;
            berth_put_bytes(&out, compact + i, escape_len);
            i += escape_len - 1;
            continue;
        }
        if (inside && (c >= 'a' && c <= 'z') && seed_below(seed, 8) == 0) {
            char escape[8];
            snprintf(escape, sizeof escape, seed_below(seed, 2) ? "\\u%04x" : "\\u%04X", (unsigned)c);
            berth_put_string(&out, escape);
            continue;
        }
        inside = inside != (c == '"');
        bool punctuation = !inside && memchr("[]{},:", c, 6) != NULL;
        if (spaces && punctuation)
            berth_put_repeat(&out, " \n\t\r"[seed_below(seed, 4)], seed_below(seed, 3));
        berth_put_char(&out, c);
        if (spaces && punctuation)
            berth_put_repeat(&out, ' ', seed_below(seed, 2));
    }
    if (out.len == 0 || berth_writer_status(&out) != BERTH_OK) {
        memcpy(buf, "null", 4);
        return 4;
    }
    return out.len;
}
