/* SPDX-License-Identifier: MIT
 * Semaphores. See koru/sem.h. */
#include "koru/sem.h"

#include "context/sanitize.h"
#include "sched/park.h"
#include "sched/wait.h"

#include <errno.h>

static const struct koru__wait_kind waiting = { "a semaphore", koru__wait_interrupt };

static bool take(struct koru_sem *sem)
{
	if (sem->koru__units == 0)
		return false;
	__atomic_store_n(&sem->koru__units, sem->koru__units - 1, __ATOMIC_RELAXED);
	return true;
}

int koru_sem_wait(struct koru_sem *sem)
{
	struct koru__wait wait;
	koru__wait_spared(); /* before it has a unit that others may want */
	int rc = koru__wait_begin(&wait);
	if (rc < 0)
		return rc;
	koru__lock_take(&sem->koru__lock);
	if (take(sem)) {
		koru__lock_give(&sem->koru__lock);
	} else {
		struct koru__waiter self = { .wait = &wait };
		rc = koru__wait_in(&sem->koru__waiters, &self, &sem->koru__lock, &waiting);
	}
	if (rc == 0)
		koru__sanitize_acquire(sem);
	return rc;
}

int koru_sem_trywait(struct koru_sem *sem)
{
	koru__lock_take(&sem->koru__lock);
	bool taken = take(sem);
	koru__lock_give(&sem->koru__lock);
	if (!taken)
		return -EAGAIN;
	koru__sanitize_acquire(sem);
	return 0;
}

int koru_sem_post(struct koru_sem *sem)
{
	int rc = 0;
	koru__lock_take(&sem->koru__lock);
	koru__sanitize_release(sem);
	struct koru__waiter *first = koru__waiters_claim(&sem->koru__waiters);
	if (!first && sem->koru__units == KORU_SEM_UNITS_MAX)
		rc = -EOVERFLOW;
	else if (!first)
		__atomic_store_n(&sem->koru__units, sem->koru__units + 1, __ATOMIC_RELAXED);
	koru__lock_give(&sem->koru__lock);
	if (first)
		koru__wait_wake(first->wait, 0);
	return rc;
}

int koru_sem_value(const struct koru_sem *sem)
{
	return __atomic_load_n(&sem->koru__units, __ATOMIC_RELAXED);
}
