/* SPDX-License-Identifier: MIT
 * The timers of a loop. See timer.h. */
#include "sched/timer.h"

#include "base/macro.h"
#include "koru/time.h"
#include "sched/loop.h"

void koru__timers_init(struct koru__loop *loop)
{
	koru__heap_init(&loop->timers.heap);
}

bool koru__timers_empty(const struct koru__loop *loop)
{
	return !loop->timers.heap.root;
}

int64_t koru__timers_next(const struct koru__loop *loop)
{
	return loop->timers.heap.root ? loop->timers.heap.root->key : KORU_FOREVER;
}

void koru__timers_fire(struct koru__loop *loop, int64_t now)
{
	struct koru__heap *heap = &loop->timers.heap;
	while (heap->root && heap->root->key <= now) {
		struct koru__timer *timer =
		        koru__container_of(heap->root, struct koru__timer, node);
		koru__heap_remove(heap, &timer->node);
		loop->counters.timers++;
		timer->fire(timer);
	}
}

void koru__timer_add(struct koru__loop *loop, struct koru__timer *timer, int64_t when,
                     void (*fire)(struct koru__timer *timer))
{
	timer->fire = fire;
	koru__heap_add(&loop->timers.heap, &timer->node, when);
}

void koru__timer_remove(struct koru__loop *loop, struct koru__timer *timer)
{
	if (koru__heap_contains(&timer->node))
		koru__heap_remove(&loop->timers.heap, &timer->node);
}
