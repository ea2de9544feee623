/* SPDX-License-Identifier: MIT
 * Events. See koru/event.h. */
#include "koru/event.h"

#include "base/macro.h"
#include "context/sanitize.h"
#include "sched/park.h"
#include "sched/wait.h"

static const struct koru__wait_kind waiting = { "an event", koru__wait_interrupt };

int koru_event_wait(struct koru_event *event)
{
	struct koru__wait wait;
	int rc = koru__wait_begin(&wait);
	if (rc < 0)
		return rc;
	/* With the lock even if it is set: who sets it still has the lock, and the caller may free
	 * the event. */
	koru__lock_take(&event->koru__lock);
	if (!event->koru__set) {
		struct koru__waiter self = { .wait = &wait };
		rc = koru__wait_in(&event->koru__waiters, &self, &event->koru__lock, &waiting);
		if (rc < 0)
			return rc;
		koru__sanitize_acquire(event);
		return 0;
	}
	koru__lock_give(&event->koru__lock);
	koru__sanitize_acquire(event);
	koru__wait_spared();
	return 0;
}

void koru_event_set(struct koru_event *event)
{
	struct koru__waiters all;
	koru__lock_take(&event->koru__lock);
	koru__sanitize_release(event);
	__atomic_store_n(&event->koru__set, 1, __ATOMIC_RELEASE);
	koru__waiters_claim_all(&event->koru__waiters, &all);
	koru__lock_give(&event->koru__lock);
	koru__waiters_wake_each(&all, true);
}

void koru_event_clear(struct koru_event *event)
{
	koru__lock_take(&event->koru__lock);
	__atomic_store_n(&event->koru__set, 0, __ATOMIC_RELAXED);
	koru__lock_give(&event->koru__lock);
}

bool koru_event_is_set(const struct koru_event *event)
{
	if (!__atomic_load_n(&event->koru__set, __ATOMIC_ACQUIRE))
		return false;
	koru__sanitize_acquire((void *)(uintptr_t)event);
	return true;
}
