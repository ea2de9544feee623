/* SPDX-License-Identifier: MIT
 *
 * The clock, for the inside of koru; koru_now() is its public name.
 */
#ifndef KORU_BASE_CLOCK_H
#define KORU_BASE_CLOCK_H

#include <stdint.h>

/* Now, in nanoseconds of CLOCK_MONOTONIC. */
int64_t koru__clock_now(void);

/* `when` plus `ns`, never beyond KORU_FOREVER nor before 0. */
int64_t koru__clock_add(int64_t when, int64_t ns);

#endif
