/* SPDX-License-Identifier: MIT
 *
 * Values as people write them on a command line: counts, durations, sizes. Pure: text in,
 * number out. Not the options themselves, which belong to each command.
 */
#ifndef TOOL_ARGS_H
#define TOOL_ARGS_H

#include <stddef.h>
#include <stdint.h>

/* Each reads the whole of `text`, with no sign and no blanks, and returns 0, or
 *   -EINVAL  it is not of the form described,
 *   -ERANGE  it is, but outside the range named. */

/* "100": a whole number from `min` to `max`. */
int args_count(const char *text, uint64_t min, uint64_t max, uint64_t *ret_count);

/* "250us", "100ms", "1.5s", "2m", "1h": nanoseconds, at most 365 days. A number without
 * a unit is refused, since some read it as seconds and others as milliseconds; only "0"
 * needs none. */
int args_duration(const char *text, int64_t *ret_ns);

/* "512", "64K", "1M", "2G": bytes, in steps of 1,024, at most `max`. */
int args_size(const char *text, uint64_t max, uint64_t *ret_bytes);

#endif
