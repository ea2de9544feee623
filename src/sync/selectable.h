/* SPDX-License-Identifier: MIT
 *
 * What select asks of an object that it can wait for. Such an object begins with its koru__lock and
 * keeps its waiters in queues of sched/wait.h, and wakes them with koru__wake_result. To add a
 * kind: one of these, a line in select.c's table, and a koru_case_… in koru/select.h.
 */
#ifndef KORU_SYNC_SELECTABLE_H
#define KORU_SYNC_SELECTABLE_H

#include "koru/select.h"

#include <stdbool.h>

struct koru_task;

struct koru__selectable {
	/* Whether the caller, a task or NULL, may wait for it at all: 0, or select's error. May be
	 * missing. */
	int (*admit)(const struct koru_case *c, const struct koru_task *task);

	/* Whether the case seems possible. Without the lock only a hint; with it, false is true. */
	bool (*ready)(const struct koru_case *c);

	/* Carries it out if it is possible, with the lock held, and sets the result. *ret_wake is
	 * set to the waiter that is to be woken, when there is one, as one that got what it waited
	 * for; the lock is given up first. */
	bool (*attempt)(struct koru_case *c, struct koru__waiter **ret_wake);

	/* The queue to wait in. */
	struct koru__waiters *(*queue)(const struct koru_case *c);

	/* It was woken, and so the case carried out: the result. */
	int (*finish)(const struct koru_case *c, bool passed);
};

extern const struct koru__selectable koru__selectable_send;
extern const struct koru__selectable koru__selectable_recv;
extern const struct koru__selectable koru__selectable_future;
extern const struct koru__selectable koru__selectable_event;

#endif
