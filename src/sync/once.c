/* SPDX-License-Identifier: MIT
 * Once. See koru/once.h. */
#include "koru/once.h"

#include "context/sanitize.h"
#include "sched/loop.h"
#include "sched/park.h"
#include "sched/wait.h"
#include "sync/holder.h"

#include <errno.h>

static const struct koru__wait_kind waiting = { "a koru_once", koru__wait_interrupt };

/* What a waiter is woken with. */
enum { IS_DONE, YOUR_TURN };

static int wait_for_runner(struct koru_once *once, struct koru__wait *wait,
                           struct koru__holder *self)
{
	struct koru__waiter waiter = { .wait = wait, .data = self };
	return koru__wait_in(&once->koru__waiters, &waiter, &once->koru__lock, &waiting);
}

static void let_next_run(struct koru_once *once)
{
	koru__lock_take(&once->koru__lock);
	struct koru__waiter *next = koru__waiters_claim(&once->koru__waiters);
	once->koru__runner =
	        next ? *(struct koru__holder *)next->data : (struct koru__holder){ NULL, NULL };
	koru__lock_give(&once->koru__lock);
	if (next)
		koru__wait_wake(next->wait, YOUR_TURN);
}

static void finish(struct koru_once *once)
{
	struct koru__waiters all;
	koru__lock_take(&once->koru__lock);
	koru__sanitize_release(once);
	__atomic_store_n(&once->koru__done, 1, __ATOMIC_RELEASE);
	once->koru__runner = (struct koru__holder){ NULL, NULL };
	koru__waiters_claim_all(&once->koru__waiters, &all);
	koru__lock_give(&once->koru__lock);
	koru__waiters_wake(&all, IS_DONE);
}

static int run(struct koru_once *once, koru_fn *fn, void *arg)
{
	koru__sanitize_acquire(once); /* what those left behind whose fn failed */
	int rc = fn(arg);
	if (rc >= 0) {
		finish(once);
		return 0;
	}
	koru__sanitize_release(once);
	let_next_run(once);
	return rc;
}

int koru__once_run_slow(struct koru_once *once, koru_fn *fn, void *arg)
{
	struct koru__wait wait;
	int rc = koru__wait_begin(&wait);
	if (rc < 0)
		return rc;
	struct koru__holder self = koru__holder_self();
	koru__lock_take(&once->koru__lock);
	if (once->koru__done) {
		koru__lock_give(&once->koru__lock);
		koru__wait_spared();
	} else if (!once->koru__runner.thread) {
		once->koru__runner = self;
		koru__lock_give(&once->koru__lock);
		return run(once, fn, arg);
	} else if (koru__holder_is(&once->koru__runner, &self)) {
		koru__lock_give(&once->koru__lock);
		return -EDEADLK;
	} else {
		rc = wait_for_runner(once, &wait, &self);
		if (rc < 0)
			return rc;
		if (rc == YOUR_TURN)
			return run(once, fn, arg);
	}
	koru__sanitize_acquire(once);
	return 0;
}
