/* SPDX-License-Identifier: MIT
 *
 * The timers of a loop: what is to happen at which moment. It reads no clock and waits for nothing;
 * the loop says what time it is.
 */
#ifndef KORU_SCHED_TIMER_H
#define KORU_SCHED_TIMER_H

#include "base/heap.h"
#include "koru/node.h"

#include <stdbool.h>
#include <stdint.h>

struct koru__loop;

struct koru__timers {
	struct koru__heap heap;
};

/* Makes the loop's timers, of which there are none yet. */
void koru__timers_init(struct koru__loop *loop);

/* Whether nothing is to happen. */
bool koru__timers_empty(const struct koru__loop *loop);

/* The moment until which nothing is to happen, or KORU_FOREVER. */
int64_t koru__timers_next(const struct koru__loop *loop);

/* Fires all that are due at `now`. */
void koru__timers_fire(struct koru__loop *loop, int64_t now);

/* An unarmed timer. All zero bytes are one too. */
static inline void koru__timer_init(struct koru__timer *timer)
{
	koru__heap_node_init(&timer->node);
}

/* Arms a timer that is not armed. `fire` is called on the loop's own stack or by a task that
 * notices a deadline; it must not suspend. The timer stays the caller's. Cannot fail. */
void koru__timer_add(struct koru__loop *loop, struct koru__timer *timer, int64_t when,
                     void (*fire)(struct koru__timer *timer));

/* Harmless when it has fired or was never armed. */
void koru__timer_remove(struct koru__loop *loop, struct koru__timer *timer);

#endif
