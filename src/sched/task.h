/* SPDX-License-Identifier: MIT
 *
 * The task: a function, and once it has started, the context it runs in.
 *
 *                     pop                  fn returns
 *     koru_go → QUEUED ──→ RUNNING ────────────────────→ (gone)
 *                     ┌───↗   │ │
 *                pop  │       │ └─ koru_yield ─┐
 *                     │       ↓ park           │
 *                   READY ←─ PARKED            │
 *                     ↑ unpark                 │
 *                     └────────────────────────┘
 *
 * QUEUED and READY tasks are in the run queue of their loop; a QUEUED one has no stack yet, and
 * only those could move to another loop. PARKED ones are held by whatever will unpark them.
 */
#ifndef KORU_SCHED_TASK_H
#define KORU_SCHED_TASK_H

#include "base/assert.h"
#include "context/context.h"
#include "koru/node.h"
#include "koru/task.h"

#include <stdint.h>

enum koru__task_state {
	KORU__TASK_QUEUED,
	KORU__TASK_READY,
	KORU__TASK_RUNNING,
	KORU__TASK_PARKED,
};

struct koru_task {
	/* What every switch touches, in one cache line. */
	struct koru__context context; /* valid once it has a stack */
	struct koru_task *next;       /* in the run queue */
	struct koru_scope *scope;     /* the innermost open one: whose cancellation it sees */
	struct koru__stack *stack;    /* NULL until it first runs */
	uint8_t state;                /* enum koru__task_state */
	uint8_t size_class;           /* of its stack */
	uint8_t place;                /* enum koru_place */
	uint8_t ops_at_once;          /* I/O calls in a row that did not have to wait */
	int wake_result;              /* what koru__park returns: set by who unparks it */
	koru_fn *fn;
	void *arg;

	/* While PARKED: how cancellation ends the wait, or NULL where it cannot; and what it is
	 * about, for that function. */
	void (*interrupt)(struct koru_task *task);
	void *wait;

	struct koru_scope *home;      /* the scope it belongs to */
	struct koru__list sibling;    /* in home's list of tasks */
	const char *name;
};

#ifndef KORU__SANITIZED
static_assert(sizeof(struct koru_task) <= 128, "a million tasks should stay small");
#endif

static inline void koru__task_move(struct koru_task *task, enum koru__task_state from,
                                   enum koru__task_state to)
{
	koru__assert(task->state == from);
	task->state = (uint8_t)to;
}

#endif
