/* SPDX-License-Identifier: MIT
 *
 * The handful of compiler helpers that every floor uses.
 */
#ifndef KORU_BASE_MACRO_H
#define KORU_BASE_MACRO_H

#include <stddef.h>

#define koru__likely(x)   __builtin_expect(!!(x), 1)
#define koru__unlikely(x) __builtin_expect(!!(x), 0)

/* The struct that `ptr` points into, at its field `member`. */
#define koru__container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

#define koru__array_len(a) (sizeof(a) / sizeof((a)[0]))

/* Libraries are built with hidden visibility; this marks what they export. */
#define KORU__EXPORT __attribute__((visibility("default")))

#endif
