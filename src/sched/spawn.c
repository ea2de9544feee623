/* SPDX-License-Identifier: MIT
 * Starting tasks. See koru/task.h. */
#include "sched/spawn.h"

#include "base/list.h"
#include "koru/future.h"
#include "sched/loop.h"
#include "sched/scope.h"
#include "sched/task.h"

#include <errno.h>

static int spawn(struct koru_scope *scope, enum koru_place place, koru_fn *fn, void *arg,
                 const char *name, size_t stack_size, struct koru_future *future)
{
	struct koru__loop *loop = koru__loop();
	if (koru__unlikely(!loop || !koru__task_self()))
		return -EPERM;
	if (!scope)
		scope = &loop->root;
	int rc = koru__scope_admits(loop, scope);
	if (koru__unlikely(rc < 0))
		return rc;
	int size_class = stack_size ? koru__stack_class(stack_size) : (int)loop->size_class;
	if (koru__unlikely(size_class < 0))
		return size_class;
	struct koru_task *task = koru__slab_take(&loop->tasks);
	if (koru__unlikely(!task)) {
		koru__scope_failed(loop, scope, -ENOMEM, name);
		return -ENOMEM;
	}
	/* Field by field: the context is set when it first runs. */
	koru__task_enter_scope(task, scope);
	task->stack = NULL;
	task->head.state = KORU__TASK_QUEUED;
	task->head.size_class = (uint8_t)size_class;
	task->head.place = (uint8_t)place;
	task->fn = fn;
	task->arg = arg;
	task->name = name;
	task->future = future;
	if (future) {
		future->koru__task = task;
		future->koru__name = name;
	}
	task->locals = scope->koru__locals;
	loop->counters.tasks++;
	koru__list_push_back(&scope->koru__tasks, &task->sibling);
	koru__sanitize_release(task);
	koru__runq_push(&koru__loop_here, task);
	return 0;
}

int koru__go(struct koru_scope *scope, koru_fn *fn, void *arg, const char *name)
{
	return spawn(scope, KORU_HERE, fn, arg, name, 0, NULL);
}

int koru__go_on(struct koru_scope *scope, enum koru_place place, koru_fn *fn, void *arg,
                const char *name)
{
	if (place != KORU_HERE && place != KORU_ANY_LOOP)
		return -EINVAL;
	return spawn(scope, place, fn, arg, name, 0, NULL);
}

int koru__spawn(struct koru_scope *scope, koru_fn *fn, void *arg, const char *name,
                const struct koru_task_opts *opts, struct koru_future *future)
{
	static const struct koru_task_opts defaults;
	if (!opts)
		opts = &defaults;
	if (opts->place != KORU_HERE && opts->place != KORU_ANY_LOOP)
		return -EINVAL;
	return spawn(scope, opts->place, fn, arg, opts->name ? opts->name : name, opts->stack_size,
	             future);
}

int koru__go_with(struct koru_scope *scope, koru_fn *fn, void *arg, const char *name,
                  const struct koru_task_opts *opts)
{
	return koru__spawn(scope, fn, arg, name, opts, NULL);
}

const char *koru_task_name(void)
{
	struct koru_task *task = koru__task_self();
	return task ? task->name : NULL;
}
