/* SPDX-License-Identifier: MIT
 * Unstarted tasks that any loop may run. See deque.h. */
#include "sched/deque.h"

#include "base/assert.h"
#include "sched/remote.h"
#include "sched/task.h"

static void set_count(struct koru__deque *deque, unsigned count)
{
	__atomic_store_n(&deque->count, count, __ATOMIC_RELAXED);
}

static void unlink_oldest(struct koru__deque *deque)
{
	struct koru_task *next = koru__task_of(deque->oldest->head.next);
	deque->oldest = next;
	if (next)
		next->older = NULL;
	else
		deque->youngest = NULL;
	set_count(deque, deque->count - 1);
}

void koru__deque_push(struct koru__deque *deque, struct koru_task *task)
{
	koru__lock_take(&deque->lock);
	task->head.next = NULL;
	task->older = deque->youngest;
	if (deque->youngest)
		deque->youngest->head.next = &task->head;
	else
		deque->oldest = task;
	deque->youngest = task;
	set_count(deque, deque->count + 1);
	koru__lock_give(&deque->lock);
}

/* It stays with its owner: from here on it is a task like those that began here. */
static struct koru_task *keep(struct koru_task *task)
{
	if (task) {
		koru__task_set_place(task, KORU__KEPT);
		task->stack = NULL;
	}
	return task;
}

struct koru_task *koru__deque_take_oldest(struct koru__deque *deque)
{
	koru__lock_take(&deque->lock);
	struct koru_task *task = deque->oldest;
	if (task)
		unlink_oldest(deque);
	koru__lock_give(&deque->lock);
	return keep(task);
}

struct koru_task *koru__deque_take_youngest(struct koru__deque *deque,
                                            const struct koru_scope *scope)
{
	koru__lock_take(&deque->lock);
	struct koru_task *task = deque->youngest;
	if (task && task->head.scope == scope) {
		deque->youngest = task->older;
		if (task->older)
			task->older->head.next = NULL;
		else
			deque->oldest = NULL;
		set_count(deque, deque->count - 1);
	} else {
		task = NULL;
	}
	koru__lock_give(&deque->lock);
	return keep(task);
}

bool koru__deque_steal(struct koru__deque *deque, struct koru__loop *home,
                       struct koru__remote *remote, struct koru__loop *thief)
{
	koru__lock_take(&deque->lock);
	struct koru_task *task = deque->oldest;
	if (task) {
		unlink_oldest(deque);
		task->stack = NULL;
		koru__remote_take(remote, task, task->head.scope, home, thief);
	}
	koru__lock_give(&deque->lock);
	return task != NULL;
}
