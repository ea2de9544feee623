/* SPDX-License-Identifier: MIT
 *
 * The run queue of a loop: the tasks that could run, first come, first served.
 */
#ifndef KORU_SCHED_RUNQ_H
#define KORU_SCHED_RUNQ_H

#include "sched/task.h"

#include <stddef.h>

struct koru__runq {
	struct koru_task *first;
	struct koru_task *last; /* valid while there is a first */
};

static inline void koru__runq_push(struct koru__runq *q, struct koru_task *task)
{
	task->next = NULL;
	if (q->first)
		q->last->next = task;
	else
		q->first = task;
	q->last = task;
}

/* Takes the first, which the caller has seen is there. */
static inline struct koru_task *koru__runq_pop(struct koru__runq *q)
{
	struct koru_task *task = q->first;
	q->first = task->next;
	return task;
}

#endif
