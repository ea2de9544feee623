/* SPDX-License-Identifier: MIT
 *
 * The loop's turn: run what is ready, fire what is due, ask the poller. The only file that joins
 * run queue, timers and poller.
 */
#include "sched/loop.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/fault.h"
#include "context/overflow.h"
#include "poll/poller.h"
#include "sched/idle.h"
#include "sched/local.h"
#include "sched/op.h"
#include "sched/park.h"
#include "sched/port.h"
#include "sched/remote.h"
#include "sched/runq.h"
#include "sched/runtime.h"
#include "sched/scope.h"
#include "sched/wakeup.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

enum { DONE_MAX = 256 }; /* completions taken in one go */

/* While stacks lie unused, an idle loop wakes now and then to give their pages back. */
static const int64_t trim_interval = 100 * KORU_MILLISECOND;

__thread struct koru__loop_head koru__loop_here;

int koru__loop_open(struct koru__loop *loop, struct koru__runtime *runtime, int poller,
                    unsigned size_class)
{
	memset(loop, 0, sizeof(*loop));
	loop->runtime = runtime;
	loop->index = (int)(loop - runtime->loops);
	loop->size_class = size_class;
	koru__list_init(&loop->stand_ins);
	loop->spin_ns = runtime->count > 1 ? KORU__SPIN_MAX : 0;
	int rc = koru__poller_open(poller, &loop->poller);
	if (rc < 0)
		return rc;
	rc = koru__wakeup_open(loop);
	if (rc < 0) {
		loop->poller->ops->close(loop->poller);
		return rc;
	}
	koru__timers_init(loop, koru__clock_now());
	koru__stack_pool_init(&loop->stacks);
	koru__slab_init(&loop->tasks, sizeof(struct koru_task), 64);
	koru__scope_open_root(loop, &loop->root);
	koru__context_init_thread(&loop->context, loop);
	koru__loop_here = (struct koru__loop_head){
		.ticks = KORU__LOOP_TURN,
		.calls_left = KORU__CALLS_AT_ONCE_MAX - 1,
		.loop = loop,
	};
	return 0;
}

void koru__loop_close(struct koru__loop *loop)
{
	koru__assert(!koru__loop_here.current && !koru__loop_here.first && loop->ops == 0);
	koru__port_close(loop);
	koru__assert(koru__list_empty(&loop->root.koru__tasks) && koru__timers_empty(loop));
	koru__scope_unwind(&loop->root);
	koru__locals_done(loop);
	koru__wakeup_close(loop);
	koru__context_done(&loop->ended);
	koru__sanitize_quiet_begin(); /* tasks took some of this memory */
	koru__slab_done(&loop->tasks);
	loop->poller->ops->close(loop->poller);
	koru__sanitize_quiet_end();
	koru__context_done(&loop->context);
	koru__stack_pool_done(&loop->stacks);
	koru__remote_free(loop->spare);
	koru__loop_here = (struct koru__loop_head){ .loop = NULL };
}

/* Gives pages of unused stacks back; says after how long to look again. */
static int64_t trim(struct koru__loop *loop)
{
	bool done = koru__stack_pool_trim(&loop->stacks, &loop->counters.stacks_trimmed);
	return done ? trim_interval : 0;
}

int64_t koru__loop_patience(struct koru__loop *loop)
{
	if (koru__loop_here.first)
		return 0;
	int64_t until = koru__timers_next(loop);
	bool surplus = koru__stack_pool_has_surplus(&loop->stacks);
	if (until == KORU_FOREVER && !surplus)
		return KORU_FOREVER;
	int64_t now = koru__clock_now();
	if (until <= now)
		return 0;
	if (surplus) {
		if (now >= loop->trim_at)
			loop->trim_at = now + trim(loop);
		if (loop->trim_at < until)
			until = loop->trim_at;
	}
	return until - now;
}

int koru__loop_ask(struct koru__loop *loop, int64_t limit)
{
	struct koru__op *done[DONE_MAX];
	loop->counters.polls++;
	int n = loop->poller->ops->wait(loop->poller, limit, done, DONE_MAX);
	koru__wakeup_rise(loop);
	/* A poller that fails can finish nothing it holds; the tasks in it could never end. */
	koru__assert(n >= 0);
	for (int i = 0; i < n; i++) {
		if (done[i] == &loop->wake_op)
			koru__wakeup_completed(loop);
		else
			koru__op_completed(loop, done[i]);
	}
	return n;
}

static void begin_turn(struct koru__loop *loop)
{
	loop->counters.switches += KORU__LOOP_TURN - koru__loop_here.ticks;
	loop->counters.turns++;
	koru__loop_here.ticks = KORU__LOOP_TURN;
	/* One a turn, however many tasks keep each other busy. */
	if (!koru__deque_empty(&loop->deque))
		koru__runq_refill(loop);
}

bool koru__loop_next_turn(struct koru__loop *loop)
{
	if (!koru__timers_empty(loop) || loop->ops > 0 || !koru__inbox_empty(&loop->inbox) ||
	    loop->is_guest)
		return false;
	begin_turn(loop);
	return true;
}

bool koru__loop_turn(struct koru__loop *loop)
{
	begin_turn(loop);
	koru__wakeup_receive(loop);
	while (koru__runq_ready(loop) && koru__loop_here.ticks > 0)
		koru__resume_first(loop);
	if (!koru__timers_empty(loop))
		koru__timers_fire(loop, koru__clock_now());
	return !koru__runtime_is_over(loop->runtime);
}

void koru__loop_run(struct koru__loop *loop)
{
	while (koru__loop_turn(loop)) {
		int64_t limit = koru__loop_patience(loop);
		if (limit > 0)
			koru__idle(loop, limit);
		else if (loop->ops > 0)
			koru__loop_ask(loop, 0);
	}
	koru__wakeup_receive(loop); /* what is told to all at the end */
}

int koru_counters(struct koru_counters *ret_counters)
{
	if (!koru__task_self())
		return -EPERM;
	struct koru__loop *loop = koru__loop();
	*ret_counters = loop->counters;
	ret_counters->switches += KORU__LOOP_TURN - koru__loop_here.ticks;
	return 0;
}
