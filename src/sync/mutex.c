/* SPDX-License-Identifier: MIT
 *
 * Mutexes, where it takes more than the one word that koru/mutex.h changes by itself.
 *
 *     word:   0 ⇄ thread              lock and unlock, by anybody and by the owner
 *             thread → thread|WAITED  by one about to wait, under the lock
 *             thread|WAITED → thread  by the owner who finds nobody waiting, under the lock
 *             thread|WAITED → next    by the owner who hands it over, under the lock
 *
 * So while somebody waits the word is never 0, and nobody overtakes. models/mutex.pml is the proof.
 */
#include "sync/mutex.h"

#include "base/assert.h"
#include "context/sanitize.h"
#include "sched/loop.h"
#include "sched/park.h"
#include "sched/task.h"
#include "sched/wait.h"

#include <errno.h>

static const uintptr_t waited = 1;

/* How long to look on before waiting while the owner runs on another loop. Waiting and being woken
 * costs 0.2 us at best and 50 when a loop has to sleep meanwhile; looking on costs other tasks of
 * the loop their time. Between two looks the owner has the cache line to itself. */
enum {
	LOOKS_MAX = 200,     /* no other task of this loop is ready */
	LOOKS_BUSY_MAX = 20, /* some are */
	PAUSES = 8,          /* between two looks */
};

static const struct koru__wait_kind waiting = { "a mutex", koru__wait_interrupt };
static const struct koru__wait_kind waiting_again = { "a mutex, after a condition", NULL };

/* One who waits for a mutex, by the name that it will go by as its owner. */
struct candidate {
	struct koru__wait wait;
	struct koru__waiter waiter;
	uintptr_t thread;
};

static uintptr_t thread_self(void)
{
	return (uintptr_t)&koru__loop_here;
}

static bool take_open(struct koru_mutex *mutex)
{
	uintptr_t open = 0;
	if (!__atomic_compare_exchange_n(&mutex->koru__word, &open, thread_self(), false,
	                                 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return false;
	mutex->koru__owner = koru__loop_here.current;
	koru__sanitize_acquire(mutex);
	return true;
}

/* Looks on while that has a chance: not when the owner cannot run while this thread does, nor when
 * others are to have it before. */
static bool take_soon(struct koru_mutex *mutex)
{
	int looks = koru__loop_here.first ? LOOKS_BUSY_MAX : LOOKS_MAX;
	for (int i = 0; i < looks; i++) {
		uintptr_t word = __atomic_load_n(&mutex->koru__word, __ATOMIC_RELAXED);
		if (word == 0 && take_open(mutex))
			return true;
		if ((word & waited) || word == thread_self())
			return false;
		for (int j = 0; j < PAUSES; j++)
			koru__pause();
	}
	return false;
}

/* Waits in the queue, unless it is open after all. */
static int wait_for(struct koru_mutex *mutex, struct candidate *self,
                    const struct koru__wait_kind *kind)
{
	koru__lock_take(&mutex->koru__lock);
	uintptr_t word = __atomic_load_n(&mutex->koru__word, __ATOMIC_RELAXED);
	while (!(word & waited)) {
		if (word == 0 && take_open(mutex)) {
			koru__lock_give(&mutex->koru__lock);
			return 0;
		}
		if (word != 0 &&
		    __atomic_compare_exchange_n(&mutex->koru__word, &word, word | waited, false,
		                                __ATOMIC_RELAXED, __ATOMIC_RELAXED))
			break;
		word = __atomic_load_n(&mutex->koru__word, __ATOMIC_RELAXED);
	}
	self->thread = thread_self();
	self->waiter.wait = &self->wait;
	self->waiter.data = self;
	int rc = koru__wait_in(&mutex->koru__waiters, &self->waiter, &mutex->koru__lock, kind);
	if (rc == 0)
		koru__sanitize_acquire(mutex);
	return rc;
}

int koru__mutex_lock_slow(struct koru_mutex *mutex)
{
	struct candidate self;
	koru__wait_spared(); /* before it is locked, so as not to make others wait for it */
	int rc = koru__wait_begin(&self.wait);
	if (rc < 0)
		return rc;
	if (koru__mutex_is_mine(mutex))
		return -EDEADLK;
	if (take_open(mutex) || take_soon(mutex))
		return 0;
	return wait_for(mutex, &self, &waiting);
}

void koru__mutex_lock_again(struct koru_mutex *mutex)
{
	struct candidate self;
	(void)koru__wait_begin(&self.wait); /* cancelled or not */
	if (take_open(mutex) || take_soon(mutex))
		return;
	int rc = wait_for(mutex, &self, &waiting_again);
	koru__assert(rc == 0);
}

int koru_mutex_trylock(struct koru_mutex *mutex)
{
	return take_open(mutex) ? 0 : -EBUSY;
}

/* The owner has seen that others wait. True when one of them has it now; false when all of them
 * had been cancelled. */
static bool hand_over(struct koru_mutex *mutex)
{
	koru__lock_take(&mutex->koru__lock);
	struct koru__waiter *next = koru__waiters_claim(&mutex->koru__waiters);
	if (!next) {
		/* Not open yet: somebody could have it locked, unlocked and freed before we have
		 * given up the lock in it. */
		__atomic_store_n(&mutex->koru__word, thread_self(), __ATOMIC_RELAXED);
		koru__lock_give(&mutex->koru__lock);
		return false;
	}
	const struct candidate *candidate = next->data;
	uintptr_t more = mutex->koru__waiters.first ? waited : 0;
	mutex->koru__owner = next->wait->task ? &next->wait->task->head : NULL;
	__atomic_store_n(&mutex->koru__word, candidate->thread | more, __ATOMIC_RELEASE);
	koru__lock_give(&mutex->koru__lock);
	koru__wait_wake(next->wait, 0);
	return true;
}

int koru__mutex_unlock_slow(struct koru_mutex *mutex)
{
	if (!koru__mutex_is_mine(mutex))
		return -EPERM;
	koru__sanitize_release(mutex);
	for (;;) {
		uintptr_t word = thread_self();
		if (__atomic_compare_exchange_n(&mutex->koru__word, &word, 0, false,
		                                __ATOMIC_RELEASE, __ATOMIC_RELAXED))
			return 0;
		if (hand_over(mutex))
			return 0;
	}
}
