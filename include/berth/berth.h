/* berth: a portable library that talks to GPU job platforms, checks schedules and chooses GPUs - and never
 * allocates.
 *
 * Its promises, each proved by a make target (docs/README.md says which):
 *
 * 1. No allocation. Every byte belongs to the caller. There is no malloc, alloca or variable-length array, no
 * writable static data and no recursion that input could deepen. So nothing has to be freed, two instances
 * never meet, and a thread may own one.
 * 2. Bounds. What a buffer must hold is a macro with its reason. What does not fit is an error of its own
 * that says how much was needed; nothing is ever cut off silently. Lists and files of any length pass through
 * buffers of fixed size.
 * 3. Never stuck. Every wait has a deadline in milliseconds. Closed, would-block, timed out, reset and TLS
 * failure are five different answers, and everything can be driven in steps without blocking.
 * 4. Strict in, exact out. Malformed input is refused with its place and the reason; nothing is half-done.
 * 5. Honest numbers. Code size, memory, worst-case stack and speed are printed by make and kept in
 * docs/memory.md. */
#ifndef BERTH_BERTH_H
#define BERTH_BERTH_H

#define BERTH_VERSION_MAJOR 0
#define BERTH_VERSION_MINOR 1
#define BERTH_VERSION_PATCH 0
#define BERTH_VERSION "0.1.0"
#define BERTH_VERSION_DATE "2026-11-20"

#include "berth/status.h"
#include "berth/text.h"
#include "berth/number.h"
#include "berth/time.h"
#include "berth/guid.h"
#include "berth/io.h"
#include "berth/port.h"
#include "berth/json.h"
#include "berth/yaml.h"
#include "berth/csv.h"
#include "berth/url.h"
#include "berth/http.h"
#include "berth/call.h"
#include "berth/mlcycle.h"
#include "berth/openpai.h"
#include "berth/openpai_data.h"
#include "berth/openpai_files.h"
#include "berth/openpai_notebook.h"
#include "berth/openpai_runtime.h"
#include "berth/openpai_job_fields.h"
#include "berth/openpai_job.h"
#include "berth/webhdfs.h"
#include "berth/gpu.h"
#include "berth/gpu_links.h"
#include "berth/rime.h"
#include "berth/schedule.h"
#include "berth/booking_rows.h"
#include "berth/booking_config.h"
#include "berth/booking.h"
#include "berth/password.h"
#include "berth/store.h"
#include "berth/container.h"

#endif
