/* SPDX-License-Identifier: MIT
 * Queues of waiting tasks. See waitq.h. */
#include "sched/waitq.h"

#include "base/assert.h"
#include "sched/loop.h"
#include "sched/park.h"
#include "sched/scope.h"
#include "sched/task.h"

#include <errno.h>

struct waiter {
	struct koru__list node;
	struct koru_task *task;
};

void koru__waitq_init(struct koru__waitq *q)
{
	koru__list_init(&q->waiters);
}

static void interrupt(struct koru_task *task)
{
	struct waiter *w = task->wait;
	koru__list_remove(&w->node);
	koru__unpark(task, -ECANCELED);
}

int koru__waitq_wait(struct koru__waitq *q)
{
	struct koru__loop *loop = koru__loop();
	koru__assert(koru__task_self());
	int rc = koru__checkpoint(loop);
	if (rc < 0)
		return rc;
	struct waiter w = { .task = koru__task_self() };
	koru__list_push_back(&q->waiters, &w.node);
	return koru__park(loop, interrupt, &w);
}

bool koru__waitq_wake_one(struct koru__waitq *q, int result)
{
	koru__assert(result >= 0);
	struct koru__list *node = koru__list_pop_front(&q->waiters);
	if (!node)
		return false;
	koru__unpark(koru__container_of(node, struct waiter, node)->task, result);
	return true;
}

void koru__waitq_wake_all(struct koru__waitq *q, int result)
{
	while (koru__waitq_wake_one(q, result))
		continue;
}
