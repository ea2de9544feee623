/* SPDX-License-Identifier: MIT
 *
 * Memory: the one place where koru asks for it, so that tests can make it fail.
 */
#ifndef KORU_BASE_ALLOC_H
#define KORU_BASE_ALLOC_H

#include <stddef.h>

/* As malloc, calloc and realloc: NULL when there is none, and for count * size that does
 * not fit a size_t. */
void *koru__alloc(size_t size) __attribute__((malloc, alloc_size(1), warn_unused_result));
void *koru__zalloc(size_t count, size_t size)
        __attribute__((malloc, alloc_size(1, 2), warn_unused_result));
void *koru__realloc(void *ptr, size_t count, size_t size)
        __attribute__((alloc_size(2, 3), warn_unused_result));

/* Memory that tests cannot make fail, for what sanitized builds add: a test of running out of
 * memory is about the rest. Ends the program when there really is none. */
void *koru__alloc_sure(size_t size)
        __attribute__((malloc, alloc_size(1), returns_nonnull, warn_unused_result));

/* A copy of `len` bytes of `str` with a zero behind them. */
char *koru__strndup(const char *str, size_t len) __attribute__((malloc, warn_unused_result));

/* free(NULL) does nothing, as usual. */
void koru__free(void *ptr);

#endif
