/* SPDX-License-Identifier: MIT
 * Conditions. See koru/cond.h. */
#include "koru/cond.h"

#include "sched/park.h"
#include "sched/wait.h"
#include "sync/mutex.h"

#include <errno.h>

static const struct koru__wait_kind waiting = { "a condition", koru__wait_interrupt };

static bool may_wait_with(const struct koru_cond *cond, const struct koru_mutex *mutex)
{
	return !cond->koru__waiters.first || cond->koru__mutex == mutex;
}

int koru_cond_wait(struct koru_cond *cond, struct koru_mutex *mutex)
{
	struct koru__wait wait;
	int rc = koru__wait_begin(&wait);
	if (rc < 0)
		return rc;
	if (!koru__mutex_is_mine(mutex))
		return -EPERM;
	struct koru__waiter self = { .wait = &wait };
	koru__lock_take(&cond->koru__lock);
	if (!may_wait_with(cond, mutex)) {
		koru__lock_give(&cond->koru__lock);
		return -EINVAL;
	}
	cond->koru__mutex = mutex;
	koru__waiters_push(&cond->koru__waiters, &self);
	koru__lock_give(&cond->koru__lock);
	koru__mutex_unlock_slow(mutex); /* which tells ThreadSanitizer, wherever it is called */
	rc = koru__wait_suspend(&wait, &waiting);
	if (rc < 0) {
		koru__lock_take(&cond->koru__lock);
		koru__waiters_remove(&cond->koru__waiters, &self);
		koru__lock_give(&cond->koru__lock);
	}
	koru__mutex_lock_again(mutex);
	return rc;
}

void koru_cond_signal(struct koru_cond *cond)
{
	koru__lock_take(&cond->koru__lock);
	struct koru__waiter *first = koru__waiters_claim(&cond->koru__waiters);
	koru__lock_give(&cond->koru__lock);
	if (first)
		koru__wait_wake(first->wait, 0);
}

void koru_cond_broadcast(struct koru_cond *cond)
{
	struct koru__waiters all;
	koru__lock_take(&cond->koru__lock);
	koru__waiters_claim_all(&cond->koru__waiters, &all);
	koru__lock_give(&cond->koru__lock);
	koru__waiters_wake(&all, 0);
}
