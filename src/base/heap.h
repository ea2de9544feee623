/* SPDX-License-Identifier: MIT
 *
 * A priority queue of nodes that live inside what they order: a pairing heap (Fredman,
 * Sedgewick, Sleator, Tarjan: The Pairing Heap, Algorithmica 1986). Adding and removing a
 * node that is not the first cost a few pointer writes, which is what timers do most;
 * taking the first is O(log n), amortised. No memory, no limit, cannot fail.
 */
#ifndef KORU_BASE_HEAP_H
#define KORU_BASE_HEAP_H

#include <stdbool.h>
#include <stdint.h>

struct koru__heap_node {
	struct koru__heap_node *child; /* its first child: keys there are not smaller */
	struct koru__heap_node *next;  /* its next sibling */
	struct koru__heap_node **link; /* what points here; NULL while in no heap */
	int64_t key;
};

struct koru__heap {
	struct koru__heap_node *root; /* the smallest key; NULL when empty */
};

static inline void koru__heap_init(struct koru__heap *heap)
{
	heap->root = 0;
}

static inline void koru__heap_node_init(struct koru__heap_node *node)
{
	node->child = 0;
	node->next = 0;
	node->link = 0;
	node->key = 0;
}

static inline bool koru__heap_contains(const struct koru__heap_node *node)
{
	return node->link != 0;
}

/* Adds a node that is in no heap. Nodes with equal keys leave in any order. */
void koru__heap_add(struct koru__heap *heap, struct koru__heap_node *node, int64_t key);

/* Takes a node out of the heap it is in. */
void koru__heap_remove(struct koru__heap *heap, struct koru__heap_node *node);

#endif
