/* SPDX-License-Identifier: MIT
 *
 * Time: every duration and every moment is a count of nanoseconds in an int64_t.
 * Moments are read from one monotonic clock that setting the date does not move.
 */
#ifndef KORU_TIME_H
#define KORU_TIME_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KORU_NANOSECOND  INT64_C(1)
#define KORU_MICROSECOND (1000 * KORU_NANOSECOND)
#define KORU_MILLISECOND (1000 * KORU_MICROSECOND)
#define KORU_SECOND      (1000 * KORU_MILLISECOND)
#define KORU_MINUTE      (60 * KORU_SECOND)
#define KORU_HOUR        (60 * KORU_MINUTE)

/* A moment that never comes, and a duration that never ends. */
#define KORU_FOREVER INT64_MAX

/* The current moment (CLOCK_MONOTONIC), in nanoseconds. Any thread, never
 * suspends. */
int64_t koru_now(void);

/* Waits for `ns` nanoseconds; zero or less only gives way to other tasks.
 * Suspends the task, or blocks a thread that runs no loop. KORU_FOREVER waits for
 * cancellation.
 * Returns 0, or -ECANCELED when the scope was cancelled before the time was over. */
int koru_sleep(int64_t ns);

/* Waits until koru_now() has reached `when`. Otherwise as koru_sleep. */
int koru_sleep_until(int64_t when);

#ifdef __cplusplus
}
#endif
#endif
