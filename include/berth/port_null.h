/* The null ports: every call answers "not provided", so that a program links before its ports are written,
 * and a platform without files or processes has something to pass. No memory, no context. */
#ifndef BERTH_PORT_NULL_H
#define BERTH_PORT_NULL_H

#include "berth/port.h"

#ifdef __cplusplus
extern "C" {
#endif

/* connect() and secure() are BERTH_E_NOT_PROVIDED, so are recv() and send(); close() does nothing. */
struct berth_net berth_null_net(void);
/* Time stands still at 0; sleep_ms() returns at once. Waits that are bounded by this clock never end by
 * themselves: a port with a net has a clock. */
struct berth_clock berth_null_clock(void);
/* fill() is BERTH_E_NOT_PROVIDED and leaves the buffer as it was. */
struct berth_rand berth_null_rand(void);
/* hash() is BERTH_E_NOT_PROVIDED and puts nothing: plain passwords alone can be checked. */
struct berth_crypt berth_null_crypt(void);
/* Every fallible call is BERTH_E_NOT_PROVIDED. */
struct berth_files berth_null_files(void);
struct berth_proc berth_null_proc(void);

#ifdef __cplusplus
}
#endif
#endif
