/* SPDX-License-Identifier: MIT
 *
 * The loop: one thread's run queue, timers and poller.
 */
#ifndef KORU_SCHED_LOOP_H
#define KORU_SCHED_LOOP_H

#include "base/macro.h"
#include "base/slab.h"
#include "context/context.h"
#include "context/stack.h"
#include "koru/counter.h"
#include "koru/scope.h"
#include "poll/poller.h"
#include "sched/deque.h"
#include "sched/inbox.h"
#include "sched/task.h"
#include "sched/timer.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	KORU__LOOP_TURN = 128,        /* switches between two looks at timers and I/O */
	KORU__CALLS_AT_ONCE_MAX = 64, /* calls that did not wait before a task gives way */
	KORU__LOOP_LOCALS = 16,       /* kinds of loop-locals in a program (local.h) */
};

struct koru__remote;
struct koru__runtime;
struct koru_port;

/* Without the running task and the run queue, which are in koru__loop_here (koru/task.h). */
struct koru__loop {
	struct koru__context context; /* the loop's own, on the thread's stack */
	struct koru__context ended;   /* of the task that ended last; its fiber is still there */
	struct koru__stack_pool stacks;
	int64_t trim_at;     /* when unused stacks are looked for next */
	unsigned size_class; /* of tasks that do not name their own */

	struct koru__timers timers;
	struct koru__poller *poller;
	unsigned ops; /* operations the poller holds */

	struct koru__inbox inbox;
	bool is_guest;           /* another loop drives it (guest.c) */
	int wake_fd;             /* an eventfd, written by whoever finds the loop asleep */
	struct koru__op wake_op; /* watches it; while `wake_watched` the poller holds it */
	bool wake_watched;
	bool asleep;         /* the inbox says so, or somebody found it so */
	unsigned wakes_owed; /* writes to wake_fd that have come or are on their way */

	struct koru__runtime *runtime;
	int index;                        /* in the runtime's loops */
	struct koru__deque deque;         /* unstarted tasks that other loops may take */
	struct koru__remote *spare;       /* for the next theft */
	unsigned victim;                  /* whom to look at first */
	int64_t spin_ns;                  /* how long spinning is worth while */
	struct koru__message root_cancel; /* to this loop: main has ended */
	struct koru__message root_failed; /* from this loop to the first, once: */
	struct koru__message deadlock;
	struct koru__message report_message;
	bool reported;
	struct koru__timer shutdown_timer; /* of the first loop */
	struct koru__list stand_ins;       /* scopes here that stand for those of other loops */
	struct koru_port *port;            /* NULL until one is asked for */
	int root_error;                    /* the first failure of a detached task here */

	struct koru__slab tasks;
	struct koru_scope root; /* holds the main task and the detached ones */
	struct koru_task *main; /* NULL once it has ended */
	int main_result;
	void *locals[KORU__LOOP_LOCALS];
	struct koru_counters counters; /* without `switches` of this turn, which `ticks` has */
};

/* The loop of this thread, NULL when it runs none. */
static inline struct koru__loop *koru__loop(void)
{
	return koru__loop_here.loop;
}

/* The running task of this thread; NULL outside one. */
static inline struct koru_task *koru__task_self(void)
{
	return koru__task_of(koru__loop_here.current);
}

static inline struct koru_scope *koru__task_scope(const struct koru_task *task)
{
	return task->head.scope;
}

/* Makes a loop for the calling thread and installs it there; the mirror image. */
int koru__loop_open(struct koru__loop *loop, struct koru__runtime *runtime, int poller,
                    unsigned size_class);
void koru__loop_close(struct koru__loop *loop);

/* One turn: messages, tasks, timers; no I/O. False when the whole run is over. */
bool koru__loop_turn(struct koru__loop *loop);

/* How long the poller may wait: not at all while a task is ready, else to the next timer. */
int64_t koru__loop_patience(struct koru__loop *loop);

/* Runs until the whole run is over. */
void koru__loop_run(struct koru__loop *loop);

/* Leaves a message for the loop, which is in the hands of its thread from then on. Any thread,
 * while something keeps the run from being over: a task of it that has not ended, or
 * koru__runtime_hold. */
void koru__loop_send(struct koru__loop *loop, struct koru__message *message);

/* Wakes it if it sleeps; false if it does not. Any thread. */
bool koru__loop_rouse(struct koru__loop *loop);

/* Asks the poller, waiting for at most `limit`, and hands out what has completed. Returns how
 * many. */
int koru__loop_ask(struct koru__loop *loop, int64_t limit);

/* A turn is over. Begins the next one without the loop where that would have nothing to do
 * between them: no timer, nothing asked of the poller. */
bool koru__loop_next_turn(struct koru__loop *loop);

#endif
