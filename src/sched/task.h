/* SPDX-License-Identifier: MIT
 *
 * The task: a function, and once it has started, the context it runs in.
 *
 *                     pop                  fn returns
 *     koru_go → QUEUED ──→ RUNNING ────────────────────→ (gone)
 *                     ┌───↗   │ │ ↖───────────────┐
 *                pop  │       │ └─ koru_yield ─┐  │ the hosted task has ended
 *                     │       ↓ park           │  │
 *                   READY ←─ PARKED            │  HOSTING
 *                     ↑ unpark                 │
 *                     └────────────────────────┘
 *
 * QUEUED and READY tasks are in the run queue of their loop; a QUEUED one has no stack yet, and
 * only those could move to another loop. PARKED ones are held by whatever will unpark them. A
 * HOSTING one is closing a scope and has called a task of that scope on its own stack.
 */
#ifndef KORU_SCHED_TASK_H
#define KORU_SCHED_TASK_H

#include "base/assert.h"
#include "base/macro.h"
#include "koru/node.h"
#include "koru/task.h"

#include <stddef.h>
#include <stdint.h>

struct koru__wait_kind;
struct koru__remote;

/* Where a task is, beside what enum koru_place asks for. `place` is KORU_ANY_LOOP while it could
 * still be stolen; then it turns into one of these. */
enum {
	KORU__KEPT = 254, /* its own loop has started it, unordered with the others there */
	KORU__AWAY = 255, /* it runs on another loop than that of its scope (remote.h) */
};

struct koru_task {
	struct koru__task_head head; /* what every switch touches */
	union {
		struct koru__stack *stack; /* where it runs: its own, or its host's. NULL while
		                            * QUEUED */
		struct koru_task *older;   /* while any loop may take it: its neighbour there */
	};
	union {
		struct { /* while QUEUED: what it will run */
			koru_fn *fn;
			void *arg;
		};
		struct { /* while PARKED: what for, and what that kind needs to know of it */
			const struct koru__wait_kind *kind;
			void *wait;
		};
	};
	struct koru__list sibling; /* in the list of tasks of the scope it belongs to */
	union {
		const char *name;
		struct koru__remote *remote; /* KORU__AWAY: that has the name too */
	};
	struct koru_future *future; /* where its result goes, or NULL: it belongs to no one */
	struct koru_local *locals;  /* its task-locals, the latest first (koru/local.h) */
};

static_assert(sizeof(struct koru_task) <= 128, "a million tasks should stay small");

/* The task around a head; NULL for NULL. */
static inline struct koru_task *koru__task_of(struct koru__task_head *head)
{
	return (struct koru_task *)head;
}

static_assert(offsetof(struct koru_task, head) == 0, "koru__task_of");

/* Others than the task's loop ask where it is. */
static inline unsigned koru__task_place(const struct koru_task *task)
{
	return __atomic_load_n(&task->head.place, __ATOMIC_ACQUIRE);
}

static inline void koru__task_set_place(struct koru_task *task, unsigned place)
{
	__atomic_store_n(&task->head.place, (uint8_t)place, __ATOMIC_RELEASE);
}

static inline void koru__task_move(struct koru_task *task, enum koru__task_state from,
                                   enum koru__task_state to)
{
	koru__assert(task->head.state == from);
	task->head.state = (uint8_t)to;
}

#endif
