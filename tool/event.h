/* SPDX-License-Identifier: MIT
 *
 * Something one task waits for and others of its loop announce. Built on nothing but
 * scopes: the waiter sleeps in a scope of its own, and announcing cancels that scope.
 */
#ifndef TOOL_EVENT_H
#define TOOL_EVENT_H

#include <stdbool.h>
#include <stdint.h>

struct koru_scope;

/* Zeroed is ready for use. */
struct event {
	struct koru_scope *waiter; /* where the waiting task sleeps, NULL while none does */
	bool set;                  /* announced and not yet noticed */
};

/* Announces it: wakes the waiter, or lets the next wait return at once. Never suspends. */
void event_set(struct event *event);

/* Waits until it is announced, at most `timeout` nanoseconds (0: without limit), and
 * takes it back. One waiter at a time, only in a task. Returns 0, -ETIMEDOUT, or
 * -ECANCELED with the announcement left in place. */
int event_wait(struct event *event, int64_t timeout);

#endif
