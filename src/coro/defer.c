/* SPDX-License-Identifier: MIT
 * Deferred clean-up. See koru/defer.h. */
#include "koru/defer.h"

#include "base/assert.h"
#include "base/die.h"
#include "base/macro.h"
#include "sched/loop.h"
#include "sched/scope.h"

#include <errno.h>

static void run(struct koru_scope *scope, struct koru__scope_hook *hook);

static struct koru_defer *defer_of(struct koru__scope_hook *hook)
{
	return koru__container_of(hook, struct koru_defer, koru__hook);
}

/* Calls one function. Its node may be gone afterwards. */
static void call(struct koru_scope *scope, const struct koru_scope *shield,
                 const struct koru_defer *defer)
{
	const char *name = defer->koru__name;
	if (!defer->koru__fn)
		return;
	int rc = defer->koru__fn(defer->koru__arg);
	/* As for tasks: its storage was on the stack of a function that has returned. */
	if (koru__unlikely(koru__task_self()->head.scope != shield))
		koru__die("koru: clean-up '%s' returned without closing a scope it had opened\n",
		          name);
	if (rc == -ECANCELED && shield->koru__cause)
		rc = shield->koru__cause;
	if (rc < 0)
		koru__scope_failed(koru__loop(), scope, rc, name);
}

/* Calls this one, and all that follow without another kind of hook between them, so that they share
 * one time budget. */
static void run(struct koru_scope *scope, struct koru__scope_hook *hook)
{
	int64_t timeout = scope->koru__cleanup_timeout;
	struct koru_scope shield;
	int rc = koru_scope_open(
	        &shield, &(struct koru_scope_opts){
	                         .shield = true,
	                         .timeout = timeout ? timeout : KORU_CLEANUP_TIMEOUT_DEFAULT,
	                         .name = "deferred clean-up" });
	koru__assert(rc == 0);
	call(scope, &shield, defer_of(hook));
	while (scope->koru__hooks && scope->koru__hooks->run == run)
		call(scope, &shield, defer_of(koru__scope_hook_take(scope)));
	/* That the time is over is an error of those only whom it kept from their work. */
	(void)koru_scope_close(&shield);
}

int koru__defer(struct koru_scope *scope, struct koru_defer *defer, koru_fn *fn, void *arg,
                const char *name)
{
	int rc = scope && fn ? koru__scope_hookable(scope, false) : -EINVAL;
	if (rc < 0)
		return rc;
	*defer = (struct koru_defer){ { NULL, run }, fn, arg, name };
	koru__scope_hook_add(scope, &defer->koru__hook);
	return 0;
}

void koru_defer_drop(struct koru_defer *defer)
{
	defer->koru__fn = NULL;
}
