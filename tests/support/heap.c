/* SPDX-License-Identifier: MIT
 * Counting pieces of the heap. See heap.h. */
#include "support/heap.h"

#include <stddef.h>

static long in_use;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *ptr, size_t size);
void __real_free(void *ptr);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *ptr, size_t size);
void __wrap_free(void *ptr);

long memory_in_use(void)
{
	return in_use;
}

void *__wrap_malloc(size_t size)
{
	in_use++;
	return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	in_use++;
	return __real_calloc(count, size);
}

void *__wrap_realloc(void *ptr, size_t size)
{
	in_use += !ptr;
	return __real_realloc(ptr, size);
}

void __wrap_free(void *ptr)
{
	in_use -= ptr != NULL;
	__real_free(ptr);
}
