/* What the platforms use to describe a call, and the runner's state. */
#ifndef BERTH_PLATFORM_CALL_H
#define BERTH_PLATFORM_CALL_H

#include "berth/call.h"

/* An empty description for CLIENT. */
void berth_call_init(struct berth_call *call, struct berth_client *client);
/* The body is the first LEN bytes of the client's work memory, JSON. */
void berth_call_set_json(struct berth_call *call, size_t len);
/* The body is M; SOURCE is what berth_multipart_init() made of it. */
void berth_call_set_multipart(struct berth_call *call, const struct berth_multipart *m,
                              struct berth_source source);
/* The body of an answer other than 2xx as far as it fits the work memory; changed at will by who judges it.
 */
struct berth_text berth_call_error_body(const struct berth_call *call);
/* What an HTTP status means where the platform says nothing else. Not for 2xx. */
enum berth_status berth_call_status_of(int http_status);

#endif
