/* SPDX-License-Identifier: MIT
 * Memory from libc, with a fault point in front. See alloc.h. */
#include "base/alloc.h"

#include "base/assert.h"
#include "base/fault.h"

#include <stdlib.h>
#include <string.h>

void *koru__alloc(size_t size)
{
	return koru__fault(KORU__FAULT_ALLOC) ? NULL : malloc(size);
}

void *koru__zalloc(size_t count, size_t size)
{
	return koru__fault(KORU__FAULT_ALLOC) ? NULL : calloc(count, size);
}

void *koru__realloc(void *ptr, size_t count, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(count, size, &bytes) || koru__fault(KORU__FAULT_ALLOC))
		return NULL;
	return realloc(ptr, bytes);
}

void *koru__alloc_sure(size_t size)
{
	void *ptr = malloc(size);
	koru__assert(ptr);
	return ptr;
}

char *koru__strndup(const char *str, size_t len)
{
	char *copy = koru__alloc(len + 1);
	if (!copy)
		return NULL;
	memcpy(copy, str, len);
	copy[len] = '\0';
	return copy;
}

void koru__free(void *ptr)
{
	free(ptr);
}
