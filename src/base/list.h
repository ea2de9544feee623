/* SPDX-License-Identifier: MIT
 *
 * A doubly linked ring of nodes that live inside what they link. The head is a node too;
 * a node that is in no list points to itself.
 */
#ifndef KORU_BASE_LIST_H
#define KORU_BASE_LIST_H

#include "koru/node.h"

#include <stdbool.h>
#include <stddef.h>

static inline void koru__list_init(struct koru__list *node)
{
	node->next = node;
	node->prev = node;
}

static inline bool koru__list_empty(const struct koru__list *head)
{
	return head->next == head;
}

static inline void koru__list_push_back(struct koru__list *head, struct koru__list *node)
{
	node->next = head;
	node->prev = head->prev;
	head->prev->next = node;
	head->prev = node;
}

/* Takes a node out of whatever list it is in; harmless for one that is in none. */
static inline void koru__list_remove(struct koru__list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	koru__list_init(node);
}

/* The same for a node that is in a list, and will be gone or in another at once. */
static inline void koru__list_unlink(struct koru__list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
}

/* The first node, taken out; NULL when there is none. */
static inline struct koru__list *koru__list_pop_front(struct koru__list *head)
{
	if (koru__list_empty(head))
		return NULL;
	struct koru__list *node = head->next;
	koru__list_remove(node);
	return node;
}

#endif
