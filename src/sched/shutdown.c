/* SPDX-License-Identifier: MIT
 * The end of a run. See shutdown.h. */
#include "sched/shutdown.h"

#include "base/clock.h"
#include "base/die.h"
#include "sched/loop.h"
#include "sched/report.h"
#include "sched/runtime.h"
#include "sched/timer.h"

#include <errno.h>

/* A loop that is not held by a task has said what it has by then. */
static const int64_t answer_time = 100 * KORU_MILLISECOND;

static void on_report(struct koru__loop *loop, struct koru__message *message)
{
	(void)message;
	koru__report_tasks(loop);
	__atomic_store_n(&loop->reported, true, __ATOMIC_RELEASE);
}

static void on_no_answer(struct koru__timer *timer)
{
	struct koru__loop *first = koru__container_of(timer, struct koru__loop, shutdown_timer);
	struct koru__runtime *runtime = first->runtime;
	for (int i = 1; i < runtime->count; i++)
		if (!__atomic_load_n(&runtime->loops[i].reported, __ATOMIC_ACQUIRE))
			koru__report_line(runtime,
			                  "  loop %d does not answer: a task there runs without "
			                  "making a call",
			                  i);
}

static void on_timeout(struct koru__timer *timer)
{
	struct koru__loop *first = koru__container_of(timer, struct koru__loop, shutdown_timer);
	struct koru__runtime *runtime = first->runtime;
	runtime->late = true;
	koru__report_line(runtime, "koru: these have not ended %.3g s after main:",
	                  (double)runtime->shutdown_timeout / (double)KORU_SECOND);
	koru__report_tasks(first);
	for (int i = 1; i < runtime->count; i++) {
		runtime->loops[i].report_message.receive = on_report;
		koru__loop_send(&runtime->loops[i], &runtime->loops[i].report_message);
	}
	if (runtime->count > 1)
		koru__timer_add(first, timer, koru__clock_add(koru__clock_now(), answer_time),
		                on_no_answer);
}

void koru__shutdown_begin(struct koru__loop *loop)
{
	int64_t timeout = loop->runtime->shutdown_timeout;
	if (timeout > 0)
		koru__timer_add(loop, &loop->shutdown_timer,
		                koru__clock_add(koru__clock_now(), timeout), on_timeout);
}

void koru__shutdown_end(struct koru__loop *loop)
{
	koru__timer_remove(loop, &loop->shutdown_timer);
}

/* On the first loop, the others asleep. */
static void deadlock(struct koru__loop *first)
{
	struct koru__runtime *runtime = first->runtime;
	koru__report_line(runtime, "koru: deadlock: no task can run and nothing can wake one:");
	for (int i = 0; i < runtime->count; i++)
		koru__report_tasks(&runtime->loops[i]);
	if (first->root.koru__cause)
		koru__die("koru: they are cancelled already and wait all the same: the program "
		          "cannot go on\n");
	koru__runtime_fail(first, -EDEADLK);
}

static void on_deadlock(struct koru__loop *first, struct koru__message *message)
{
	(void)message;
	deadlock(first);
}

void koru__shutdown_deadlock(struct koru__runtime *runtime)
{
	struct koru__loop *first = &runtime->loops[0];
	struct koru__loop *loop = koru__loop();
	if (first == loop) {
		deadlock(first);
		return;
	}
	loop->deadlock.receive = on_deadlock;
	koru__loop_send(first, &loop->deadlock);
}
