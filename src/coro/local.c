/* SPDX-License-Identifier: MIT
 * Task-locals: a list of bindings from the latest outward. See koru/local.h. Not loop-locals, which
 * are koru's own (sched/local.h). */
#include "koru/local.h"

#include "base/assert.h"
#include "context/stack.h"
#include "sched/loop.h"
#include "sched/task.h"

#include <errno.h>
#include <stdbool.h>

static __thread struct koru_local *of_thread;

static struct koru_local **list(struct koru_task *task)
{
	return task ? &task->locals : &of_thread;
}

/* Whether the running task is inside a generator's body: those have stacks of their own. */
static bool in_generator(const struct koru_task *task)
{
	const char *here = __builtin_frame_address(0);
	return here < koru__stack_low(task->stack) || here >= (char *)koru__stack_top(task->stack);
}

int koru_local_bind(struct koru_local *binding, const struct koru_local_key *key, void *value)
{
	if (!key)
		return -EINVAL;
	struct koru_task *task = koru__task_self();
	struct koru_local **latest = list(task);
	binding->koru__outer = *latest;
	binding->koru__key = key;
	binding->koru__value = value;
	binding->koru__fence.koru__state = 0;
	if (task && in_generator(task)) {
		/* The binding lies on the generator's stack, but in the list of the task that runs
		 * it. So that it cannot stay there when the body yields it is put into a scope,
		 * which nobody can yield out of. */
		int rc = koru_scope_open(&binding->koru__fence,
		                         &(struct koru_scope_opts){ .name = key->name });
		koru__assert(rc == 0);
	}
	*latest = binding;
	return 0;
}

int koru_local_unbind(struct koru_local *binding)
{
	struct koru_task *task = koru__task_self();
	struct koru_local **latest = list(task);
	if (*latest != binding)
		return -EINVAL;
	/* The innermost scope was opened last, and says what was bound then. */
	if (task && task->head.scope->koru__locals == binding)
		return -EBUSY;
	if (binding->koru__fence.koru__state) {
		/* Others may still be open inside the fence only if they are closed too late. */
		int rc = koru_scope_close(&binding->koru__fence);
		if (rc == -EINVAL || rc == -EPERM)
			return -EBUSY;
	}
	*latest = binding->koru__outer;
	return 0;
}

void *koru_local_get(const struct koru_local_key *key)
{
	for (const struct koru_local *b = *list(koru__task_self()); b; b = b->koru__outer)
		if (b->koru__key == key)
			return b->koru__value;
	return key->otherwise;
}
