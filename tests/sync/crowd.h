/* SPDX-License-Identifier: MIT
 *
 * What the tests of the sync types share: many who do the same at once, tasks of several loops and
 * plain threads; and looking at who waits.
 */
#ifndef TESTS_SYNC_CROWD_H
#define TESTS_SYNC_CROWD_H

#include <koru/koru.h>

#include <stdatomic.h>
#include <stdbool.h>

struct crowd {
	int loops;     /* each in a thread of its own */
	int tasks;     /* on each of them */
	int threads;   /* without a loop */
	bool together; /* one koru_run with that many loops, and tasks that may run on any of them;
	                * otherwise each loop has a koru_run and a thread of its own */
	koru_fn *body;
	void *arg;
};

/* Calls body(arg) in all of these at once and asserts that each returns 0. An assertion that fails
 * in one of them ends the program. */
void crowd_run(const struct crowd *crowd);

/* The number in the crowd of whoever calls it, from 0 to crowd_size() - 1. */
int crowd_number(void);
int crowd_size(const struct crowd *crowd);

/* Calls body(arg) on a thread of its own; join returns what it returned. */
struct aside {
	unsigned long thread;
	koru_fn *body;
	void *arg;
};
void aside_start(struct aside *aside, koru_fn *body, void *arg);
int aside_join(struct aside *aside);

/* How many stand in a queue now. */
int count_waiters(struct koru__lock *lock, const struct koru__waiters *waiters);

/* Gives way until so many stand there. */
#define UNTIL_WAITING(object, number)                                                              \
	do {                                                                                       \
		while (count_waiters(&(object)->koru__lock, &(object)->koru__waiters) != (number)) \
			koru_yield();                                                              \
	} while (0)

/* A small random number, from a seed of the caller's. */
unsigned dice(unsigned *seed, unsigned sides);

/* The end of the program, with a message, after that many seconds: a lost wake-up otherwise shows
 * as a test that never ends. */
void give_up_after(unsigned seconds);

#endif
