/* SPDX-License-Identifier: MIT
 *
 * A priority queue of nodes that live inside what they order: a pairing heap (Fredman,
 * Sedgewick, Sleator, Tarjan: The Pairing Heap, Algorithmica 1986). Adding and removing a
 * node that is not the first cost a few pointer writes, which is what timers do most;
 * taking the first is O(log n), amortised. No memory, no limit, cannot fail.
 */
#ifndef KORU_BASE_HEAP_H
#define KORU_BASE_HEAP_H

#include "koru/node.h"

#include <stdbool.h>
#include <stddef.h>

struct koru__heap {
	struct koru__heap_node *root; /* the smallest key; NULL when empty */
};

static inline void koru__heap_init(struct koru__heap *heap)
{
	heap->root = NULL;
}

static inline void koru__heap_node_init(struct koru__heap_node *node)
{
	node->child = NULL;
	node->next = NULL;
	node->link = NULL;
	node->key = 0;
}

static inline bool koru__heap_contains(const struct koru__heap_node *node)
{
	return node->link != NULL;
}

/* Adds a node that is in no heap. Nodes with equal keys leave in any order. */
void koru__heap_add(struct koru__heap *heap, struct koru__heap_node *node, int64_t key);

/* Takes a node out of the heap it is in. */
void koru__heap_remove(struct koru__heap *heap, struct koru__heap_node *node);

#endif
