/* SPDX-License-Identifier: MIT
 *
 * Objects of one size, taken from larger blocks and recycled last in, first out. One thread
 * uses a slab. What was freed keeps its memory until the slab is done.
 */
#ifndef KORU_BASE_SLAB_H
#define KORU_BASE_SLAB_H

#include "base/macro.h"

#include <stddef.h>

struct koru__slab {
	struct koru__slab_free *free;
	struct koru__slab_block *blocks;
	size_t size;  /* of an object */
	size_t align; /* a power of two, at most 64 */
	size_t taken; /* objects in use */
};

struct koru__slab_free {
	struct koru__slab_free *next;
};

void koru__slab_init(struct koru__slab *slab, size_t size, size_t align);
/* Every object must have been given back. */
void koru__slab_done(struct koru__slab *slab);

/* Makes more; returns an object or NULL. */
void *koru__slab_grow(struct koru__slab *slab);

/* An object with undefined contents; NULL without memory. */
static inline void *koru__slab_take(struct koru__slab *slab)
{
	struct koru__slab_free *object = slab->free;
	if (koru__unlikely(!object))
		return koru__slab_grow(slab);
	slab->free = object->next;
	slab->taken++;
	return object;
}

static inline void koru__slab_give(struct koru__slab *slab, void *ptr)
{
	struct koru__slab_free *object = ptr;
	object->next = slab->free;
	slab->free = object;
	slab->taken--;
}

#endif
