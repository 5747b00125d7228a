/* WebHDFS over the memory ports: a scripted peer, and what came of a call as text. */
#ifndef TEST_WEBHDFS_RIG_H
#define TEST_WEBHDFS_RIG_H

#include "berth/webhdfs.h"
#include "http_rig.h"

#define WEBHDFS_JSON "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
#define WEBHDFS_EMPTY "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: 0\r\n\r\n"

struct webhdfs_rig {
    struct rig rig;
    struct berth_webhdfs fs;
    struct berth_webhdfs_config config; /* to be changed before webhdfs_reset() */
    struct berth_text roots[2];
    struct berth_call call;
    char *work;      /* ends at a forbidden page */
    char text[8192]; /* what was delivered, one line each */
    struct berth_writer told;
    struct berth_mem_step steps[64];
    size_t step_count;
};

/* A cluster http://nn.cluster.test:9870 of user lee, one try. */
void webhdfs_open(struct webhdfs_rig *w);
/* As new, with what was changed in w->config; the script is empty. */
void webhdfs_reset(struct webhdfs_rig *w);
void webhdfs_close(struct webhdfs_rig *w);

/* The peer waits for a request that ends in (or holds) AWAITS, and answers. */
void webhdfs_answer(struct webhdfs_rig *w, const char *awaits, struct berth_text answer);
/* What follows is for the next connection. */
void webhdfs_next(struct webhdfs_rig *w);
/* The script is complete. */
void webhdfs_go(struct webhdfs_rig *w);

/* For berth_webhdfs_list(): a line for each entry. */
enum berth_status webhdfs_on_entry(void *ctx, const struct berth_json_element *element, void *structure);
/* A sink that tells the bytes. */
struct berth_sink webhdfs_sink(struct webhdfs_rig *w);
/* What the last call answered, by its operation, and how it ended; all of it as one text. */
const char *webhdfs_told(struct webhdfs_rig *w, enum berth_status status);

#endif
