/* SPDX-License-Identifier: MIT
 * Sleeping. See koru/time.h. */
#include "base/clock.h"
#include "sched/loop.h"
#include "sched/park.h"
#include "sched/scope.h"
#include "sched/task.h"

#include <errno.h>
#include <sched.h>
#include <time.h>

struct sleep {
	struct koru__timer timer;
	struct koru__loop *loop;
	struct koru_task *task;
};

static void on_time(struct koru__timer *timer)
{
	struct sleep *s = koru__container_of(timer, struct sleep, timer);
	koru__unpark(s->task, 0);
}

static void interrupt(struct koru_task *task)
{
	struct sleep *s = task->wait;
	koru__timer_remove(s->loop, &s->timer);
	koru__unpark(task, -ECANCELED);
}

static const struct koru__wait_kind kind = { "a moment in time", interrupt };

/* A thread without a loop. The clock of koru__clock_now() and of this call are one. */
static int block_until(int64_t when)
{
	if (when <= koru__clock_now()) {
		sched_yield();
		return 0;
	}
	struct timespec ts = { .tv_sec = when / KORU_SECOND, .tv_nsec = when % KORU_SECOND };
	int rc;
	do
		rc = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
	while (rc == EINTR);
	return -rc;
}

int koru_sleep_until_slack(int64_t when, int64_t slack)
{
	struct koru__loop *loop = koru__loop();
	struct koru_task *task = koru__task_self();
	when = koru__timer_round(when, slack);
	if (!task)
		return block_until(when);
	int rc = koru__checkpoint(loop);
	if (rc < 0)
		return rc;
	if (when <= koru__clock_now()) {
		koru__give_way(loop);
		return 0;
	}
	struct sleep s = { .loop = loop, .task = task };
	if (when != KORU_FOREVER)
		koru__timer_add(loop, &s.timer, when, on_time);
	return koru__park(loop, &kind, &s);
}

int koru_sleep_until(int64_t when)
{
	return koru_sleep_until_slack(when, 0);
}

int koru_sleep_slack(int64_t ns, int64_t slack)
{
	if (ns == KORU_FOREVER)
		return koru_sleep_until(KORU_FOREVER);
	return koru_sleep_until_slack(koru__clock_add(koru__clock_now(), ns), slack);
}

int koru_sleep(int64_t ns)
{
	return koru_sleep_slack(ns, 0);
}
