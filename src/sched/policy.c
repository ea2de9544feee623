/* SPDX-License-Identifier: MIT
 * What a scope makes of the ends of its tasks, and what it does as it closes: policies, the list
 * of failures, and the hooks. Not cancellation itself, which is in scope.c. */
#include "base/assert.h"
#include "koru/scope.h"
#include "sched/loop.h"
#include "sched/scope.h"

#include <errno.h>

void koru__scope_note(struct koru_scope *scope, int result, const char *name)
{
	if (scope->koru__failures_count < scope->koru__failures_max) {
		struct koru_scope_error *e = &scope->koru__failures[scope->koru__failures_count];
		e->result = result;
		e->task = name;
	}
	if (scope->koru__failures_count < UINT32_MAX)
		scope->koru__failures_count++;
}

void koru__scope_failed(struct koru__loop *loop, struct koru_scope *scope, int result,
                        const char *name)
{
	koru__assert(result < 0);
	if (result == -ECANCELED && scope->koru__cause)
		return; /* it only did as it was told */
	koru__scope_note(scope, result, name);
	koru__scope_decide(loop, scope, result);
}

void koru__scope_decide(struct koru__loop *loop, struct koru_scope *scope, int result)
{
	if (scope->koru__policy != KORU_SCOPE_COLLECT && scope->koru__policy != KORU_SCOPE_RACE) {
		koru__scope_fail(loop, scope, result);
	} else if (!scope->koru__cause && !scope->koru__decided) {
		scope->koru__decided = KORU__SCOPE_FAILED;
		scope->koru__outcome = result;
	}
}

void koru__scope_finished(struct koru__loop *loop, struct koru_scope *scope, int result)
{
	koru__assert(result >= 0 && scope->koru__policy == KORU_SCOPE_RACE);
	if (scope->koru__cause)
		return; /* too late: cancelled, or another has won */
	scope->koru__decided = KORU__SCOPE_WON;
	scope->koru__outcome = result;
	koru__scope_fail(loop, scope, -ECANCELED);
}

uint32_t koru_scope_errors(const struct koru_scope *scope)
{
	return scope->koru__failures_count;
}

void koru__scope_hook_add(struct koru_scope *scope, struct koru__scope_hook *hook)
{
	hook->next = scope->koru__hooks;
	scope->koru__hooks = hook;
}

struct koru__scope_hook *koru__scope_hook_take(struct koru_scope *scope)
{
	struct koru__scope_hook *first = scope->koru__hooks;
	if (first)
		scope->koru__hooks = first->next;
	return first;
}

struct koru__scope_hook *koru__scope_hook_last(struct koru_scope *scope,
                                               struct koru__scope_hook *hook)
{
	struct koru__scope_hook *there = NULL;
	bool set = __atomic_compare_exchange_n(&scope->koru__last_hook, &there, hook, false,
	                                       __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
	return set ? hook : there;
}

void koru__scope_unwind(struct koru_scope *scope)
{
	struct koru__scope_hook *hook;
	scope->koru__state = KORU__SCOPE_UNWINDING;
	while ((hook = koru__scope_hook_take(scope)) != NULL)
		hook->run(scope, hook);
	hook = scope->koru__last_hook;
	scope->koru__last_hook = NULL;
	if (hook)
		hook->run(scope, hook);
}

int koru__scope_hookable(const struct koru_scope *scope, bool last)
{
	const struct koru__loop *loop = koru__loop();
	if (scope->koru__state == KORU__SCOPE_REFUSED)
		return scope->koru__cause;
	if (scope->koru__state == KORU__SCOPE_CLOSED)
		return -EINVAL;
	if (!koru__task_self())
		return -EPERM;
	bool may =
	        scope->koru__loop == loop || (last && scope->koru__loop->runtime == loop->runtime);
	return may ? 0 : -EPERM;
}
