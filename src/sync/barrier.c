/* SPDX-License-Identifier: MIT
 * Barriers. See koru/barrier.h. */
#include "koru/barrier.h"

#include "context/sanitize.h"
#include "sched/park.h"
#include "sched/wait.h"

#include <errno.h>

static const struct koru__wait_kind waiting = { "a barrier", koru__wait_interrupt };

/* All have come. Who was cancelled a moment ago and has not left yet has come too: it finds another
 * round than its own and does not leave. */
static void begin_next_round(struct koru_barrier *barrier, struct koru__waiters *ret_claimed)
{
	barrier->koru__arrived = 0;
	barrier->koru__round++;
	koru__waiters_claim_all(&barrier->koru__waiters, ret_claimed);
}

/* A cancelled one leaves, unless it is too late for that. */
static int leave(struct koru_barrier *barrier, struct koru__waiter *self, uint32_t round)
{
	int rc = 0;
	koru__lock_take(&barrier->koru__lock);
	koru__waiters_remove(&barrier->koru__waiters, self);
	if (barrier->koru__round == round) {
		barrier->koru__arrived--;
		rc = -ECANCELED;
	}
	koru__lock_give(&barrier->koru__lock);
	return rc;
}

int koru_barrier_wait(struct koru_barrier *barrier)
{
	struct koru__wait wait;
	int rc = koru__wait_begin(&wait);
	if (rc < 0)
		return rc;
	if (barrier->koru__parties == 0)
		return -EINVAL;
	koru__sanitize_release(barrier);
	koru__lock_take(&barrier->koru__lock);
	if (++barrier->koru__arrived >= barrier->koru__parties) {
		struct koru__waiters others;
		begin_next_round(barrier, &others);
		koru__lock_give(&barrier->koru__lock);
		koru__sanitize_acquire(barrier); /* the others may free it once they are awake */
		koru__waiters_wake(&others, 0);
		koru__wait_spared();
		return 1;
	}
	uint32_t round = barrier->koru__round;
	struct koru__waiter self = { .wait = &wait };
	koru__waiters_push(&barrier->koru__waiters, &self);
	koru__lock_give(&barrier->koru__lock);
	rc = koru__wait_suspend(&wait, &waiting);
	if (rc < 0)
		rc = leave(barrier, &self, round);
	if (rc == 0)
		koru__sanitize_acquire(barrier);
	return rc;
}
