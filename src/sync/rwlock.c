/* SPDX-License-Identifier: MIT
 *
 * Read-write locks. See koru/rwlock.h.
 *
 * Readers and writers wait in one queue; what those at its front may have, they are given by
 * whoever makes it possible: who unlocks, and a writer who is cancelled while readers stand behind
 * it.
 */
#include "koru/rwlock.h"

#include "base/macro.h"
#include "context/sanitize.h"
#include "sched/park.h"
#include "sched/wait.h"
#include "sync/holder.h"

#include <errno.h>

static const struct koru__wait_kind reading = { "a read-write lock, to read",
	                                        koru__wait_interrupt };
static const struct koru__wait_kind writing = { "a read-write lock, to write",
	                                        koru__wait_interrupt };

/* What a waiter wants, in its `index`. */
enum { TO_READ, TO_WRITE };

/* For ThreadSanitizer: a reader comes after the writers before it, but not after other readers. */
static void acquired(struct koru_rwlock *lock, int what)
{
	koru__sanitize_acquire(&lock->koru__writer);
	if (what == TO_WRITE)
		koru__sanitize_acquire(&lock->koru__readers);
}

static void released(struct koru_rwlock *lock, int what)
{
	koru__sanitize_release(what == TO_WRITE ? (void *)&lock->koru__writer
	                                        : (void *)&lock->koru__readers);
}

/* Whether it may be had as things are, but for those who wait. */
static bool is_free(const struct koru_rwlock *lock, int what)
{
	return !lock->koru__writer.thread &&
	       (what == TO_READ ? lock->koru__readers < UINT32_MAX : lock->koru__readers == 0);
}

static void grant(struct koru_rwlock *lock, int what, const struct koru__holder *who)
{
	if (what == TO_READ)
		lock->koru__readers++;
	else
		lock->koru__writer = *who;
}

/* Gives it to those at the front who may have it now; the caller owes them a wake-up. */
static void serve(struct koru_rwlock *lock, struct koru__waiters *ret_served)
{
	*ret_served = (struct koru__waiters){ .first = NULL };
	for (;;) {
		struct koru__waiter *first = lock->koru__waiters.first;
		if (!first || !is_free(lock, first->index))
			return;
		koru__waiters_remove(&lock->koru__waiters, first);
		if (!koru__claim(&first->wait->claimed))
			continue; /* cancelled a moment ago */
		grant(lock, first->index, first->data);
		koru__waiters_push(ret_served, first);
	}
}

/* A cancelled one leaves the queue. If it was in front, those behind it may not have to wait any
 * more: it was a writer, or a reader that stood before a writer's unlock let others in. */
static void leave(struct koru_rwlock *lock, struct koru__waiter *self)
{
	struct koru__waiters served;
	koru__lock_take(&lock->koru__lock);
	koru__waiters_remove(&lock->koru__waiters, self);
	serve(lock, &served);
	koru__lock_give(&lock->koru__lock);
	koru__waiters_wake(&served, 0);
}

static int wait_for(struct koru_rwlock *lock, struct koru__wait *wait, int what,
                    struct koru__holder *who)
{
	struct koru__waiter self = { .wait = wait, .data = who, .index = what };
	koru__waiters_push(&lock->koru__waiters, &self);
	koru__lock_give(&lock->koru__lock);
	int rc = koru__wait_suspend(wait, what == TO_READ ? &reading : &writing);
	if (rc < 0)
		leave(lock, &self);
	return rc;
}

static int take(struct koru_rwlock *lock, int what)
{
	struct koru__wait wait;
	koru__wait_spared(); /* before it is locked, so as not to make others wait for it */
	int rc = koru__wait_begin(&wait);
	if (rc < 0)
		return rc;
	struct koru__holder self = koru__holder_self();
	koru__lock_take(&lock->koru__lock);
	if (!lock->koru__waiters.first && is_free(lock, what)) {
		grant(lock, what, &self);
		koru__lock_give(&lock->koru__lock);
	} else if (koru__holder_is(&lock->koru__writer, &self)) {
		koru__lock_give(&lock->koru__lock);
		return -EDEADLK;
	} else if (what == TO_READ && lock->koru__readers == UINT32_MAX) {
		koru__lock_give(&lock->koru__lock);
		return -EAGAIN;
	} else {
		rc = wait_for(lock, &wait, what, &self);
	}
	if (rc == 0)
		acquired(lock, what);
	return rc;
}

int koru_rwlock_rdlock(struct koru_rwlock *lock)
{
	return take(lock, TO_READ);
}

int koru_rwlock_wrlock(struct koru_rwlock *lock)
{
	return take(lock, TO_WRITE);
}

static int try_take(struct koru_rwlock *lock, int what)
{
	struct koru__holder self = koru__holder_self();
	koru__lock_take(&lock->koru__lock);
	bool taken = !lock->koru__waiters.first && is_free(lock, what);
	if (taken)
		grant(lock, what, &self);
	koru__lock_give(&lock->koru__lock);
	if (!taken)
		return -EBUSY;
	acquired(lock, what);
	return 0;
}

int koru_rwlock_tryrdlock(struct koru_rwlock *lock)
{
	return try_take(lock, TO_READ);
}

int koru_rwlock_trywrlock(struct koru_rwlock *lock)
{
	return try_take(lock, TO_WRITE);
}

/* Takes back what the caller was given: false when it has nothing. */
static bool give_back(struct koru_rwlock *lock)
{
	struct koru__holder self = koru__holder_self();
	if (koru__holder_is(&lock->koru__writer, &self)) {
		released(lock, TO_WRITE);
		lock->koru__writer = (struct koru__holder){ NULL, NULL };
		return true;
	}
	if (lock->koru__readers == 0)
		return false;
	released(lock, TO_READ);
	lock->koru__readers--;
	return true;
}

int koru_rwlock_unlock(struct koru_rwlock *lock)
{
	struct koru__waiters served = { .first = NULL };
	koru__lock_take(&lock->koru__lock);
	bool given = give_back(lock);
	if (given)
		serve(lock, &served);
	koru__lock_give(&lock->koru__lock);
	koru__waiters_wake(&served, 0);
	return given ? 0 : -EPERM;
}
