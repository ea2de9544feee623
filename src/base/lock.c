/* SPDX-License-Identifier: MIT
 * Waiting for a lock. See lock.h. */
#include "base/lock.h"

#include "koru/time.h"

#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* A holder is done within tens of nanoseconds, unless the kernel took its processor away. */
enum { SPINS_MAX = 100 };

void koru__futex_wait(uint32_t *word, uint32_t value, int64_t ns)
{
	struct timespec ts = { .tv_sec = ns / KORU_SECOND, .tv_nsec = ns % KORU_SECOND };
	/* Whatever it answers, the caller looks at the word again. */
	(void)syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, ns == KORU_FOREVER ? NULL : &ts,
	              NULL, 0);
}

void koru__futex_wake(uint32_t *word, int count)
{
	/* An address that is gone by now is no error: its waiter has seen the word change. */
	(void)syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
}

void koru__lock_wait(struct koru__lock *lock)
{
	for (int i = 0; i < SPINS_MAX; i++) {
		uint32_t open = KORU__LOCK_OPEN;
		if (__atomic_load_n(&lock->word, __ATOMIC_RELAXED) == KORU__LOCK_OPEN &&
		    __atomic_compare_exchange_n(&lock->word, &open, KORU__LOCK_HELD, false,
		                                __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			return;
		koru__pause();
	}
	/* Whoever takes it from here on says that others may sleep, since it cannot know. */
	while (__atomic_exchange_n(&lock->word, KORU__LOCK_WANTED, __ATOMIC_ACQUIRE) !=
	       KORU__LOCK_OPEN)
		koru__futex_wait(&lock->word, KORU__LOCK_WANTED, KORU_FOREVER);
}

void koru__lock_wake(struct koru__lock *lock)
{
	koru__futex_wake(&lock->word, 1);
}
