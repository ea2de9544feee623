/* SPDX-License-Identifier: MIT
 * Queues of waiting tasks. See waitq.h. */
#include "sched/waitq.h"

#include "base/assert.h"
#include "sched/park.h"
#include "sched/wait.h"

#include <stddef.h>

static const struct koru__wait_kind kind = { "its turn", koru__wait_interrupt };

void koru__waitq_init(struct koru__waitq *q)
{
	*q = (struct koru__waitq){ .waiters.first = NULL };
}

int koru__waitq_wait(struct koru__waitq *q)
{
	struct koru__wait wait;
	int rc = koru__wait_begin(&wait);
	if (rc < 0)
		return rc;
	struct koru__waiter w = { .wait = &wait };
	koru__lock_take(&q->lock);
	return koru__wait_in(&q->waiters, &w, &q->lock, &kind);
}

bool koru__waitq_wake_one(struct koru__waitq *q, int result)
{
	koru__assert(result >= 0);
	koru__lock_take(&q->lock);
	struct koru__waiter *w = koru__waiters_claim(&q->waiters);
	koru__lock_give(&q->lock);
	if (w)
		koru__wait_wake(w->wait, result);
	return w != NULL;
}

void koru__waitq_wake_all(struct koru__waitq *q, int result)
{
	/* Those who are there now: a woken one may come back before this ends. */
	koru__lock_take(&q->lock);
	struct koru__waiters now;
	koru__waiters_claim_all(&q->waiters, &now);
	koru__lock_give(&q->lock);
	koru__waiters_wake(&now, result);
}
