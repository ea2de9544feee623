/* SPDX-License-Identifier: MIT
 *
 * The lock inside sync types and whatever else several threads touch: held for a few instructions,
 * never while anything waits. A mutex on a futex with three states (Drepper: Futexes Are Tricky,
 * 2011) that spins a little first. All zero bytes are an open lock.
 *
 * While the process has one thread only (glibc's __libc_single_threaded), it costs a load. That may
 * change under a holder only from "several" to "one", never the other way: a holder starts no
 * thread.
 */
#ifndef KORU_BASE_LOCK_H
#define KORU_BASE_LOCK_H

#include "base/macro.h"
#include "koru/node.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/single_threaded.h>

enum {
	KORU__LOCK_OPEN,
	KORU__LOCK_HELD,
	KORU__LOCK_WANTED, /* held, and somebody sleeps for it */
};

/* Whether nobody else could run at the same time. */
static inline bool koru__alone(void)
{
	return __libc_single_threaded;
}

void koru__lock_wait(struct koru__lock *lock);
void koru__lock_wake(struct koru__lock *lock);

static inline void koru__lock_take(struct koru__lock *lock)
{
	if (koru__likely(koru__alone()))
		return;
	uint32_t open = KORU__LOCK_OPEN;
	if (koru__unlikely(!__atomic_compare_exchange_n(&lock->word, &open, KORU__LOCK_HELD, false,
	                                                __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)))
		koru__lock_wait(lock);
}

/* Takes it if it is open. */
static inline bool koru__lock_try(struct koru__lock *lock)
{
	uint32_t open = KORU__LOCK_OPEN;
	return koru__likely(koru__alone()) ||
	       __atomic_compare_exchange_n(&lock->word, &open, KORU__LOCK_HELD, false,
	                                   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/* Touches the lock for the last time in one instruction, so that whoever takes it next may free
 * what it is in. */
static inline void koru__lock_give(struct koru__lock *lock)
{
	if (koru__likely(koru__alone()))
		lock->word = KORU__LOCK_OPEN;
	else if (koru__unlikely(__atomic_exchange_n(&lock->word, KORU__LOCK_OPEN,
	                                            __ATOMIC_RELEASE) == KORU__LOCK_WANTED))
		koru__lock_wake(lock);
}

/* Sets *word from 0 to 1: true for the one who did. */
static inline bool koru__claim(uint32_t *word)
{
	if (koru__likely(koru__alone())) {
		bool first = *word == 0;
		*word = 1;
		return first;
	}
	return __atomic_exchange_n(word, 1, __ATOMIC_ACQ_REL) == 0;
}

/* After an atomic exchange of whatever order, such as koru__lock_give: what was written before it
 * is seen by others before what is read after this. */
static inline void koru__fence_after_exchange(void)
{
#if defined(__x86_64__)
	__asm__ volatile("" ::: "memory"); /* every exchange is a fence */
#else
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}

static inline void koru__pause(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("isb" ::: "memory"); /* `yield` does nothing on most cores */
#else
	__asm__ volatile("" ::: "memory");
#endif
}

/* Sleeps while *word is `value`; may return early. `ns` at most, or KORU_FOREVER. */
void koru__futex_wait(uint32_t *word, uint32_t value, int64_t ns);

/* Wakes up to `count` sleepers. *word need not exist any more. */
void koru__futex_wake(uint32_t *word, int count);

#endif
