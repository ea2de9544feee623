/* SPDX-License-Identifier: MIT
 *
 * The runtime: the loops of one koru_run, and what they have to agree on: when all is over, who
 * sleeps, and whether anything can still happen.
 *
 * Each loop has a root scope. That of the first is the real one; cancelling it cancels those of the
 * others by message, and what fails in those is reported to it. The run is over when all are empty:
 * a task can only be made by a task, so they stay so.
 */
#ifndef KORU_SCHED_RUNTIME_H
#define KORU_SCHED_RUNTIME_H

#include "base/lock.h"
#include "koru/run.h"
#include "sched/loop.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct koru__runtime {
	int count; /* of loops */
	struct koru__loop *loops;
	uint32_t forks; /* koru__forks when it began: else this is a copy of the parent's */
	void (*report)(const char *line, void *arg); /* NULL: standard error */
	void *report_arg;
	int64_t shutdown_timeout;
	bool late; /* it has passed */

	/* Written by all loops, as atomics. */
	uint32_t held;      /* root scopes with tasks in them, and tasks on their way to one */
	uint32_t ending;    /* main has ended: nothing new comes from outside */
	uint32_t over;      /* held has fallen to 0 */
	uint32_t idle;      /* loops with nothing to run */
	uint32_t searching; /* of these, those that look for something to steal, and */
	uint32_t sleeping;  /* those that sleep or are about to */
	uint32_t stuck;     /* of these, those that wait for nothing but messages */
	uint32_t stirs;     /* how often one of those woke */
	uint32_t told;      /* one more than `stirs` at the last deadlock */
};

/* A run of `count` loops, none of them open; and what koru_run returns once all are over. */
void koru__runtime_init(struct koru__runtime *runtime, int count, struct koru__loop *loops,
                        const struct koru_run_opts *opts);
int koru__runtime_verdict(const struct koru__runtime *runtime);

/* Looks the options over, but for the number of loops. Returns the size class of stacks, or an
 * error of koru_run. */
int koru__run_check(const struct koru_run_opts *opts);

/* Runs main_fn(arg) on the first of `count` loops, the others on threads of their own, and
 * returns when all is over. Errors as koru_run. */
int koru__runtime_run(int count, const struct koru_run_opts *opts, unsigned size_class,
                      koru_fn *main_fn, void *arg);

/* Keeps the run from being over; false when it is already. */
bool koru__runtime_hold(struct koru__runtime *runtime);
void koru__runtime_release(struct koru__runtime *runtime);

/* On the first loop: cancels all tasks, with a cause that koru_run will tell. */
void koru__runtime_fail(struct koru__loop *loop, int cause);

/* On the loop of a root scope: puts a task into it. */
void koru__runtime_root_add(struct koru__loop *loop, struct koru_task *task);

/* On the loop of a root scope: a detached task has failed, or could not be started. */
void koru__runtime_root_failed(struct koru__loop *loop, int result);

/* On the loop of a root scope, whose task has ended and is out of its list. */
void koru__runtime_root_task_ended(struct koru__loop *loop, struct koru_task *task, int result);

/* Wakes a loop that sleeps, if there is one, to steal what has just been made. */
void koru__runtime_wake_one(struct koru__runtime *runtime);

static inline bool koru__runtime_is_over(const struct koru__runtime *runtime)
{
	return __atomic_load_n(&runtime->over, __ATOMIC_SEQ_CST) != 0;
}

/* After something was put where it can be stolen (models/sleep.pml). */
static inline void koru__runtime_made_work(struct koru__runtime *runtime)
{
	koru__fence_after_exchange(); /* that of the deque's lock */
	if (__atomic_load_n(&runtime->sleeping, __ATOMIC_RELAXED) > 0 &&
	    __atomic_load_n(&runtime->searching, __ATOMIC_RELAXED) == 0)
		koru__runtime_wake_one(runtime);
}

/* A loop that waits for nothing but messages goes to sleep, and has woken again. */
void koru__runtime_stuck(struct koru__runtime *runtime);
void koru__runtime_unstuck(struct koru__runtime *runtime);

static inline uint32_t koru__runtime_stirs(const struct koru__runtime *runtime)
{
	return __atomic_load_n(&runtime->stirs, __ATOMIC_SEQ_CST);
}

/* Whether all loops wait for nothing but messages, have done so since there were `stirs`, and none
 * is on its way: only a thread that is no loop could send one (models/stuck.pml). */
bool koru__runtime_all_stuck(const struct koru__runtime *runtime, uint32_t stirs);

/* Of the loops that have seen it at the same `stirs`, only the first is to tell. */
bool koru__runtime_tell_deadlock(struct koru__runtime *runtime, uint32_t stirs);

#endif
