/* SPDX-License-Identifier: MIT
 * Futures. See koru/future.h. */
#include "sched/future.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "context/sanitize.h"
#include "sched/loop.h"
#include "sched/park.h"
#include "sched/scope.h"
#include "sched/spawn.h"
#include "sched/task.h"
#include "sched/wait.h"

#include <errno.h>

enum {
	WAITERS_ON_STACK = 8,

	/* What the caller of koru_start is woken with. */
	STARTER_READY = 0,
	STARTER_ENDED = 1,
};

static const struct koru__wait_kind awaiting = { "a future", koru__wait_interrupt };
static const struct koru__wait_kind starting = { "a task that starts", koru__wait_interrupt };

/* Guards the lists of errors that nobody has awaited. One for all: those are rare, and their
 * futures are awaited on any thread. Taken last, when another lock is held. */
static struct koru__lock errors_lock;

static void errors_add(struct koru_scope *scope, struct koru_future *f)
{
	koru__lock_take(&errors_lock);
	f->koru__next = scope->koru__errors;
	f->koru__link = &scope->koru__errors;
	if (f->koru__next)
		f->koru__next->koru__link = &f->koru__next;
	__atomic_store_n(&scope->koru__errors, f, __ATOMIC_RELAXED);
	koru__lock_give(&errors_lock);
}

static void errors_remove(struct koru_future *f)
{
	koru__lock_take(&errors_lock);
	if (f->koru__link) {
		if (f->koru__next)
			f->koru__next->koru__link = f->koru__link;
		__atomic_store_n(f->koru__link, f->koru__next, __ATOMIC_RELAXED);
		f->koru__link = NULL;
	}
	koru__lock_give(&errors_lock);
}

int koru__future_errors_take(struct koru_scope *scope)
{
	struct koru_future *oldest_first = NULL;
	koru__lock_take(&errors_lock);
	for (struct koru_future *f; (f = scope->koru__errors) != NULL;) {
		__atomic_store_n(&scope->koru__errors, f->koru__next, __ATOMIC_RELAXED);
		f->koru__link = NULL;
		f->koru__next = oldest_first;
		oldest_first = f;
	}
	int oldest = oldest_first ? oldest_first->koru__result : 0;
	for (struct koru_future *f = oldest_first; f; f = f->koru__next)
		koru__scope_note(scope, f->koru__result, f->koru__name);
	koru__lock_give(&errors_lock);
	return oldest;
}

static void open(struct koru_future *f)
{
	*f = (struct koru_future){ .koru__state = KORU__FUTURE_PENDING };
}

void koru_future_init(struct koru_future *future)
{
	open(future);
}

int koru__future_take(struct koru_future *f)
{
	koru__sanitize_acquire(f);
	int result = f->koru__result;
	if (koru__unlikely(result < 0))
		errors_remove(f);
	return result;
}

/* The result is there: publishes it and takes out those who wait for it. The lock is held. */
static void complete(struct koru_future *f, int result, struct koru__waiters *ret_claimed)
{
	koru__waiters_claim_all(&f->koru__waiters, ret_claimed);
	koru__sanitize_release(f);
	f->koru__result = result;
	__atomic_store_n(&f->koru__state, KORU__FUTURE_DONE, __ATOMIC_RELEASE);
}

int koru_future_complete(struct koru_future *f, int result)
{
	struct koru__waiters claimed;
	koru__lock_take(&f->koru__lock);
	int rc = 0;
	if (f->koru__state == KORU__FUTURE_NONE)
		rc = -EINVAL;
	else if (f->koru__task)
		rc = -EPERM;
	else if (f->koru__state == KORU__FUTURE_DONE)
		rc = -EALREADY;
	else
		complete(f, result, &claimed);
	koru__lock_give(&f->koru__lock);
	if (rc == 0)
		koru__waiters_wake_each(&claimed, true);
	return rc;
}

/* The caller of koru_start, if it still waits; to be woken. The lock is held. */
static struct koru__wait *claim_starter(struct koru_future *f)
{
	struct koru__waiter *starter = f->koru__starter;
	f->koru__starter = NULL;
	return starter && koru__claim(&starter->wait->claimed) ? starter->wait : NULL;
}

/* Root scopes have nobody who could await before closing them. */
static bool is_being_closed(const struct koru_scope *scope)
{
	return scope->koru__state == KORU__SCOPE_CLOSING || !scope->koru__owner;
}

int koru__future_task_ended(struct koru_future *f, struct koru_scope *scope, int result)
{
	struct koru__waiters claimed;
	int left = 0;
	koru__sanitize_acquire(scope); /* where the task may have run on another loop */
	koru__lock_take(&f->koru__lock);
	struct koru__wait *starter = claim_starter(f);
	/* Not published yet, so that whoever finds an error finds it in its list. */
	koru__waiters_claim_all(&f->koru__waiters, &claimed);
	if (koru__unlikely(result < 0) && !claimed.first && !starter) {
		f->koru__result = result;
		if (scope->koru__cause || is_being_closed(scope))
			left = result;
		else
			errors_add(scope, f);
	}
	struct koru__waiters nobody;
	complete(f, result, &nobody);
	koru__lock_give(&f->koru__lock);
	if (starter)
		koru__wait_wake(starter, STARTER_ENDED);
	koru__waiters_wake_each(&claimed, true);
	return left;
}

/* A task that could not be started. */
static int refuse(struct koru_future *f, int error)
{
	open(f);
	f->koru__result = error;
	f->koru__state = KORU__FUTURE_DONE;
	return error;
}

int koru__async(struct koru_scope *scope, struct koru_future *future, koru_fn *fn, void *arg,
                const char *name, const struct koru_task_opts *opts)
{
	open(future);
	int rc = koru__spawn(scope, fn, arg, name, opts, future);
	return koru__likely(rc == 0) ? 0 : refuse(future, rc);
}

int koru__start(struct koru_scope *scope, struct koru_future *future, koru_fn *fn, void *arg,
                const char *name)
{
	struct koru__wait wait;
	int rc = koru__wait_begin(&wait);
	if (rc < 0)
		return refuse(future, rc);
	struct koru__waiter w = { .wait = &wait };
	open(future);
	future->koru__starter = &w; /* before anybody can answer */
	rc = koru__spawn(scope, fn, arg, name, NULL, future);
	if (rc < 0)
		return refuse(future, rc);
	rc = koru__wait_suspend(&wait, &starting);
	if (rc == STARTER_ENDED)
		return koru__future_take(future);
	if (rc < 0) {
		koru__lock_take(&future->koru__lock);
		future->koru__starter = NULL;
		koru__lock_give(&future->koru__lock);
	}
	return rc;
}

int koru_ready(void)
{
	struct koru_task *task = koru__task_self();
	if (!task)
		return -EPERM;
	struct koru_future *f = task->future;
	if (!f)
		return 0;
	koru__lock_take(&f->koru__lock);
	struct koru__wait *starter = claim_starter(f);
	koru__lock_give(&f->koru__lock);
	if (starter)
		koru__wait_wake(starter, STARTER_READY);
	return 0;
}

/* It was done when looked at without the lock: who completed it may still have that, and the caller
 * may free the future next. */
static void settle(struct koru_future *f)
{
	koru__lock_take(&f->koru__lock);
	koru__lock_give(&f->koru__lock);
}

int koru_await_result(struct koru_future *f, int *ret_result)
{
	struct koru__wait wait;
	int rc = koru__wait_begin(&wait);
	if (koru__unlikely(rc < 0))
		return rc;
	if (koru__future_is_done(f)) {
		settle(f);
		*ret_result = koru__future_take(f);
		koru__wait_spared();
		return 0;
	}
	rc = koru__future_admits(f, wait.task);
	if (koru__unlikely(rc < 0))
		return rc;
	struct koru__waiter w = { .wait = &wait };
	koru__lock_take(&f->koru__lock);
	if (f->koru__state != KORU__FUTURE_DONE) {
		rc = koru__wait_in(&f->koru__waiters, &w, &f->koru__lock, &awaiting);
		if (rc < 0)
			return rc;
	} else {
		koru__lock_give(&f->koru__lock);
	}
	*ret_result = koru__future_take(f);
	return 0;
}

int koru_await(struct koru_future *future)
{
	int result;
	int rc = koru_await_result(future, &result);
	return koru__likely(rc == 0) ? result : rc;
}

/* Enters the queue of a future; false when that is done already. */
static bool enter(struct koru_future *f, struct koru__waiter *w)
{
	koru__lock_take(&f->koru__lock);
	bool pending = f->koru__state != KORU__FUTURE_DONE;
	if (pending)
		koru__waiters_push(&f->koru__waiters, w);
	koru__lock_give(&f->koru__lock);
	return pending;
}

static void leave(struct koru_future *f, struct koru__waiter *w)
{
	koru__lock_take(&f->koru__lock);
	koru__waiters_remove(&f->koru__waiters, w);
	koru__lock_give(&f->koru__lock);
}

/* Waits in all of their queues. Returns the index of one that is done, or -ECANCELED. */
static int wait_for_first(struct koru_future *const futures[], int count, struct koru__wait *wait,
                          struct koru__waiter *waiters)
{
	int entered = 0;
	int first = -1;
	for (; entered < count && first < 0; entered++) {
		struct koru__waiter *w = &waiters[entered];
		*w = (struct koru__waiter){ .wait = wait, .index = entered };
		if (futures[entered] && !enter(futures[entered], w))
			first = entered;
	}
	/* One that was done on entering wins, unless one entered before has been quicker. */
	if (first < 0 || !koru__claim(&wait->claimed)) {
		int rc = koru__wait_suspend(wait, &awaiting);
		first = rc < 0 ? rc : koru__wake_index(rc);
	}
	for (int i = 0; i < entered; i++)
		if (futures[i])
			leave(futures[i], &waiters[i]);
	return first;
}

/* The first that is done, `count` when none is, or a reason not to wait. */
static int look(struct koru_future *const futures[], int count, const struct koru__wait *wait)
{
	int known = 0;
	for (int i = 0; i < count; i++) {
		if (!futures[i])
			continue;
		known++;
		if (koru__future_is_done(futures[i]))
			return i;
		int rc = koru__future_admits(futures[i], wait->task);
		if (rc < 0)
			return rc;
	}
	return known > 0 ? count : -EINVAL;
}

int koru_await_first(struct koru_future *const futures[], int count, int *ret_index)
{
	struct koru__wait wait;
	int first = koru__wait_begin(&wait);
	if (first < 0)
		return first;
	first = look(futures, count, &wait);
	if (first < 0)
		return first;
	bool spared = first < count;
	if (!spared) {
		struct koru__waiter on_stack[WAITERS_ON_STACK];
		struct koru__waiter *waiters = on_stack;
		if (count > WAITERS_ON_STACK) {
			waiters = koru__zalloc((size_t)count, sizeof(*waiters));
			if (!waiters)
				return -ENOMEM;
		}
		first = wait_for_first(futures, count, &wait, waiters);
		if (waiters != on_stack)
			koru__free(waiters);
		if (first < 0)
			return first;
	} else {
		settle(futures[first]);
	}
	int result = koru__future_take(futures[first]);
	if (ret_index)
		*ret_index = first;
	if (spared)
		koru__wait_spared();
	return result;
}

bool koru_future_done(const struct koru_future *future)
{
	return koru__future_is_done(future);
}

int koru_future_result(struct koru_future *future, int *ret_result)
{
	if (future->koru__state == KORU__FUTURE_NONE)
		return -EINVAL;
	if (!koru__future_is_done(future))
		return -EAGAIN;
	settle(future);
	*ret_result = koru__future_take(future);
	return 0;
}
