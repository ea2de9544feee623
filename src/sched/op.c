/* SPDX-License-Identifier: MIT
 * Waiting for operations. See op.h. */
#include "sched/op.h"

#include "base/assert.h"
#include "poll/attempt.h"
#include "sched/call.h"
#include "sched/loop.h"
#include "sched/park.h"
#include "sched/scope.h"
#include "sched/task.h"

#include <errno.h>
#include <poll.h>

/* What a parked task waits for: some operations, and perhaps a timer. */
struct wait {
	struct koru__op_owner owner;
	struct koru__loop *loop;
	struct koru_task *task;
	struct koru__op *ops;
	int count;
	int pending;    /* submitted and not completed */
	bool cancelled; /* the task's scope was cancelled meanwhile */
	bool parked;
	struct koru__timer timer;
};

bool koru__op_submit(struct koru__loop *loop, struct koru__op *op, struct koru__op_owner *owner)
{
	op->owner = owner;
	op->cancelled = false;
	op->done = loop->poller->ops->submit(loop->poller, op);
	loop->counters.ops++;
	if (op->done)
		loop->counters.ops_at_once++;
	else
		loop->ops++;
	return op->done;
}

void koru__op_cancel(struct koru__loop *loop, struct koru__op *op)
{
	if (op->done || op->cancelled)
		return;
	op->cancelled = true;
	loop->counters.ops_cancelled++;
	loop->poller->ops->cancel(loop->poller, op);
}

void koru__op_completed(struct koru__loop *loop, struct koru__op *op)
{
	struct koru__op_owner *owner = op->owner;
	koru__assert(!op->done);
	op->done = true;
	loop->ops--;
	owner->completed(owner, op);
}

static void cancel_pending(struct wait *w)
{
	for (int i = 0; i < w->count; i++)
		koru__op_cancel(w->loop, &w->ops[i]);
}

/* The scope was cancelled: the task stays parked until the kernel has let go of its buffers. */
static void interrupt(struct koru_task *task)
{
	struct wait *w = task->wait;
	w->cancelled = true;
	cancel_pending(w);
}

static const struct koru__wait_kind kind = { "I/O", interrupt };

static void on_timeout(struct koru__timer *timer)
{
	cancel_pending(koru__container_of(timer, struct wait, timer));
}

static void on_completed(struct koru__op_owner *owner, struct koru__op *op)
{
	struct wait *w = koru__container_of(owner, struct wait, owner);
	koru__assert(w->pending > 0);
	(void)op;
	w->pending--;
	if (w->parked) {
		w->parked = false;
		koru__unpark(w->task, 0);
	}
}

static void submit_all(struct wait *w)
{
	w->owner.completed = on_completed;
	for (int i = 0; i < w->count; i++)
		w->pending += !koru__op_submit(w->loop, &w->ops[i], &w->owner);
}

static void park_once(struct wait *w)
{
	w->parked = true;
	koru__park(w->loop, &kind, w);
}

/* Submits, waits for the first to complete, cancels the rest and waits for those too. */
static void perform(struct wait *w)
{
	submit_all(w);
	if (w->pending == w->count)
		park_once(w);
	if (w->pending > 0)
		cancel_pending(w);
	while (w->pending > 0)
		park_once(w);
}

/* A thread without a loop: the same operation, and poll(2) where it would wait. */
static int64_t block(struct koru__op *op)
{
	op->started = false;
	while (!koru__attempt(op)) {
		struct pollfd p = { .fd = op->fd, .events = koru__attempt_events(op) };
		if (poll(&p, 1, -1) < 0 && errno != EINTR)
			return -errno;
	}
	return op->result;
}

int64_t koru__op_run_now(struct koru__op *op)
{
	int rc = koru__call_begin();
	if (rc < 0)
		return rc;
	op->started = false;
	(void)koru__attempt(op);
	koru__call_spared();
	return op->result;
}

int64_t koru__op_run(struct koru__op *op)
{
	struct koru__loop *loop = koru__loop();
	struct koru_task *task = koru__task_self();
	if (!task)
		return block(op);
	int rc = koru__checkpoint(loop);
	if (rc < 0)
		return rc;
	struct wait w = { .loop = loop, .task = task, .ops = op, .count = 1 };
	submit_all(&w);
	if (w.pending == 0) {
		koru__call_spared();
		return op->result;
	}
	koru__loop_here.calls_left = KORU__CALLS_AT_ONCE_MAX - 1;
	while (w.pending > 0)
		park_once(&w);
	return op->result;
}

int koru__op_run_first(struct koru__op *ops, int count, int64_t until)
{
	struct koru__loop *loop = koru__loop();
	koru__assert(koru__task_self());
	int rc = koru__checkpoint(loop);
	if (rc < 0)
		return rc;
	struct wait w = { .loop = loop, .task = koru__task_self(), .ops = ops, .count = count };
	if (until != KORU_FOREVER)
		koru__timer_add(loop, &w.timer, until, on_timeout);
	perform(&w);
	koru__timer_remove(loop, &w.timer);
	return w.cancelled ? -ECANCELED : 0;
}
