/* SPDX-License-Identifier: MIT
 * The pairing heap. See heap.h. */
#include "base/heap.h"

#include "base/assert.h"

#include <stddef.h>

/* Joins two heaps without siblings: the larger key becomes a child of the smaller. */
static struct koru__heap_node *meld(struct koru__heap_node *a, struct koru__heap_node *b)
{
	if (b->key < a->key) {
		struct koru__heap_node *swap = a;
		a = b;
		b = swap;
	}
	b->next = a->child;
	if (b->next)
		b->next->link = &b->next;
	b->link = &a->child;
	a->child = b;
	return a;
}

/* Joins a list of siblings into one heap: pairs from left to right, then the pairs from
 * right to left. That order is what makes the cost logarithmic. */
static struct koru__heap_node *meld_siblings(struct koru__heap_node *first)
{
	struct koru__heap_node *pairs = NULL; /* the last pair first, through `next` */
	while (first) {
		struct koru__heap_node *a = first;
		struct koru__heap_node *b = a->next;
		first = b ? b->next : NULL;
		a->next = NULL;
		if (b) {
			b->next = NULL;
			a = meld(a, b);
		}
		a->next = pairs;
		pairs = a;
	}
	struct koru__heap_node *root = NULL;
	while (pairs) {
		struct koru__heap_node *rest = pairs->next;
		pairs->next = NULL;
		root = root ? meld(root, pairs) : pairs;
		pairs = rest;
	}
	return root;
}

void koru__heap_add(struct koru__heap *heap, struct koru__heap_node *node, int64_t key)
{
	koru__assert(!koru__heap_contains(node));
	node->child = NULL;
	node->next = NULL;
	node->key = key;
	heap->root = heap->root ? meld(heap->root, node) : node;
	heap->root->link = &heap->root;
}

void koru__heap_remove(struct koru__heap *heap, struct koru__heap_node *node)
{
	koru__assert(koru__heap_contains(node));
	*node->link = node->next;
	if (node->next)
		node->next->link = node->link;
	struct koru__heap_node *orphans = meld_siblings(node->child);
	if (orphans) {
		heap->root = heap->root ? meld(heap->root, orphans) : orphans;
		heap->root->link = &heap->root;
	}
	koru__heap_node_init(node);
}
