/* SPDX-License-Identifier: MIT
 * Slabs. See slab.h. */
#include "base/slab.h"

#include "base/alloc.h"
#include "base/assert.h"

#include <stdint.h>

enum { BLOCK_BYTES = 64 << 10 };

struct koru__slab_block {
	struct koru__slab_block *next;
};

void koru__slab_init(struct koru__slab *slab, size_t size, size_t align)
{
	koru__assert(align > 0 && align <= 64 && (align & (align - 1)) == 0);
	size_t rounded = (size + align - 1) / align * align;
	koru__assert(rounded >= sizeof(struct koru__slab_free) && rounded < BLOCK_BYTES / 4);
	*slab = (struct koru__slab){ .size = rounded, .align = align };
}

void koru__slab_done(struct koru__slab *slab)
{
	koru__assert(slab->taken == 0);
	while (slab->blocks) {
		struct koru__slab_block *block = slab->blocks;
		slab->blocks = block->next;
		koru__free(block);
	}
	slab->free = NULL;
}

void *koru__slab_grow(struct koru__slab *slab)
{
	struct koru__slab_block *block = koru__alloc(BLOCK_BYTES);
	if (!block)
		return NULL;
	block->next = slab->blocks;
	slab->blocks = block;
	uintptr_t at = ((uintptr_t)(block + 1) + slab->align - 1) / slab->align * slab->align;
	uintptr_t end = (uintptr_t)block + BLOCK_BYTES;
	/* Backwards, so that objects are handed out in the order of their addresses. */
	size_t count = (end - at) / slab->size;
	for (size_t i = count; i-- > 0;) {
		struct koru__slab_free *object = (struct koru__slab_free *)(at + i * slab->size);
		object->next = slab->free;
		slab->free = object;
	}
	return koru__slab_take(slab);
}
