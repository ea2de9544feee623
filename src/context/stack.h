/* SPDX-License-Identifier: MIT
 *
 * Stacks. Address space for them is reserved in large pieces, one series of pieces a size
 * class; memory comes as it is touched. Below each stack lies a guard page. A stack that is
 * given back is the first to be handed out again, because its pages are warm; those that
 * were not needed for a while give their pages back.
 */
#ifndef KORU_CONTEXT_STACK_H
#define KORU_CONTEXT_STACK_H

#include "base/list.h"
#include "context/guard.h"
#include "koru/task.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Size classes: powers of two from KORU_STACK_SIZE_MIN (class 0) to KORU_STACK_SIZE_MAX. */
#define KORU__STACK_CLASSES 13

/* One stack's slot. Lives apart from the stack, which may have no memory at the moment. */
struct koru__stack {
	struct koru__list link; /* in a list of free stacks */
	char *low;              /* its lowest byte: the guard page lies below */
	char *top;              /* where it begins; a little below its slot's end (colouring) */
	unsigned size_class;
};

/* A loop's own free stacks of all classes; used by its thread alone. */
struct koru__stack_pool {
	struct {
		struct koru__list warm; /* may hold pages; last in, first out */
		struct koru__list bare; /* hold none */
		unsigned warm_count;
		unsigned idle_count; /* least warm_count since the last trim */
	} classes[KORU__STACK_CLASSES];
};

/* The class whose stacks have at least `size` bytes, guard page included; -EINVAL for a size
 * over KORU_STACK_SIZE_MAX. 0 stands for KORU_STACK_SIZE_DEFAULT. */
int koru__stack_class(size_t size);
static inline size_t koru__stack_class_size(unsigned size_class)
{
	return KORU_STACK_SIZE_MIN << size_class;
}

static inline char *koru__stack_low(const struct koru__stack *s)
{
	return s->low;
}

static inline void *koru__stack_top(const struct koru__stack *s)
{
	return s->top;
}

static inline size_t koru__stack_room(const struct koru__stack *s)
{
	return (size_t)(s->top - s->low);
}

void koru__stack_pool_init(struct koru__stack_pool *pool);
/* Hands the free stacks to the process, for the loops to come. None may be in use. */
void koru__stack_pool_done(struct koru__stack_pool *pool);

/* Returns 0, -ENOMEM (no address space, no page tables), or -KORU_EGUARD (no guard page:
 * an unguarded stack is never handed out). */
int koru__stack_get_slow(struct koru__stack_pool *pool, unsigned size_class,
                         struct koru__stack **ret_stack);
static inline int koru__stack_get(struct koru__stack_pool *pool, unsigned size_class,
                                  struct koru__stack **ret_stack);

/* Gives it back; the caller may still be running on it, until its next switch. */
static inline void koru__stack_put(struct koru__stack_pool *pool, struct koru__stack *stack);

/* Whether it keeps more warm stacks than it would after trimming them all. */
bool koru__stack_pool_has_surplus(const struct koru__stack_pool *pool);

/* Takes the pages from stacks that were not needed since the last call, and adds their number to
 * *count. Returns false when it stopped early, to be called again soon, since it does a bounded
 * amount of work. */
bool koru__stack_pool_trim(struct koru__stack_pool *pool, uint64_t *count);

/* True when `address` lies in the guard page of some stack; then also how large that stack
 * is. Safe in a signal handler. */
bool koru__stack_guard_contains(const void *address, size_t *ret_size);

static inline int koru__stack_get(struct koru__stack_pool *pool, unsigned size_class,
                                  struct koru__stack **ret_stack)
{
	struct koru__list *warm = &pool->classes[size_class].warm;
	if (koru__list_empty(warm))
		return koru__stack_get_slow(pool, size_class, ret_stack);
	/* Not koru__list_pop_front: the link of a stack in use is never read. */
	struct koru__list *node = warm->next;
	warm->next = node->next;
	node->next->prev = warm;
	unsigned count = --pool->classes[size_class].warm_count;
	if (count < pool->classes[size_class].idle_count)
		pool->classes[size_class].idle_count = count;
	*ret_stack = (struct koru__stack *)node;
	return 0;
}

static inline void koru__stack_put(struct koru__stack_pool *pool, struct koru__stack *stack)
{
	struct koru__list *warm = &pool->classes[stack->size_class].warm;
	stack->link.next = warm->next;
	stack->link.prev = warm;
	warm->next->prev = &stack->link;
	warm->next = &stack->link;
	pool->classes[stack->size_class].warm_count++;
}

#endif
