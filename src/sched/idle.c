/* SPDX-License-Identifier: MIT
 *
 * Idleness. See idle.h.
 *
 * A sleeping wake-up from another processor takes some 50 µs there and back, a spinning one a tenth
 * of a microsecond. So a loop that waits for others spins for about as long as sleeping would cost,
 * which is at most twice what is best in hindsight (Karlin and others: Empirical Studies of
 * Competitive Spinning, SOSP 1991); and less and less while it has been in vain. */
#include "sched/idle.h"

#include "base/clock.h"
#include "base/lock.h"
#include "base/threads.h"
#include "context/sanitize.h"
#include "sched/loop.h"
#include "sched/remote.h"
#include "sched/runtime.h"
#include "sched/shutdown.h"
#include "sched/wakeup.h"

static const int64_t spin_min = KORU_MICROSECOND;

/* So long all loops have to have been idle before one concludes that none is about to say
 * something: a message takes less. */
static const int64_t quiet_limit = 2 * KORU_MICROSECOND;

/* Tasks that only a thread which is no loop could wake: how often to see if there still is one. */
static const int64_t stuck_interval = KORU_SECOND;

enum { SPINS_A_LOOK = 32 }; /* between two looks at the clock */

/* Takes a task that another loop has not started. */
static bool steal(struct koru__loop *loop)
{
	struct koru__runtime *runtime = loop->runtime;
	for (int i = 0; i < runtime->count; i++) {
		if (++loop->victim >= (unsigned)runtime->count)
			loop->victim = 0;
		struct koru__loop *victim = &runtime->loops[loop->victim];
		if (victim == loop || koru__deque_empty(&victim->deque))
			continue;
		if (!loop->spare)
			loop->spare = koru__remote_new();
		if (!loop->spare)
			return false; /* no memory: they stay where they are */
		if (!koru__deque_steal(&victim->deque, victim, loop->spare, loop))
			continue;
		struct koru__remote *remote = loop->spare;
		loop->spare = NULL;
		loop->victim--; /* where there was one there may be more */
		loop->counters.tasks_stolen++;
		koru__remote_arrive(remote);
		return true;
	}
	return false;
}

static bool anything(struct koru__loop *loop)
{
	return !koru__inbox_empty(&loop->inbox) || steal(loop) ||
	       koru__runtime_is_over(loop->runtime);
}

/* Whether no loop has anything to do. One that sleeps and has been sent a message will run: it may
 * take the kernel a while, and then it may have something to say. */
static bool all_idle(const struct koru__runtime *runtime)
{
	if (__atomic_load_n(&runtime->idle, __ATOMIC_RELAXED) != (uint32_t)runtime->count)
		return false;
	for (int i = 0; i < runtime->count; i++)
		if (!koru__inbox_empty(&runtime->loops[i].inbox))
			return false;
	return true;
}

/* Looks around until something has happened. False when it is not worth while any longer. */
static bool spin(struct koru__loop *loop, int64_t limit)
{
	struct koru__runtime *runtime = loop->runtime;
	int64_t start = koru__clock_now();
	int64_t until = start + (loop->spin_ns < limit ? loop->spin_ns : limit);
	int64_t busy = start; /* when another loop was last seen at work */
	for (unsigned n = 1;; n++) {
		if (anything(loop))
			return true;
		koru__pause();
		if (n % SPINS_A_LOOK != 0)
			continue;
		if (loop->ops > 0 && koru__loop_ask(loop, 0) > 0)
			return true;
		int64_t now = koru__clock_now();
		if (!all_idle(runtime) || runtime->count == 1)
			busy = now;
		if (now >= until || now - busy > quiet_limit)
			return false;
	}
}

/* True when no other loop and, for all that can be known, no other thread can wake a task. Loops
 * that find so of one moment are told the same `ret_stirs`. */
static bool is_deadlock(struct koru__runtime *runtime, uint32_t *ret_stirs)
{
	/* Once more at the end: the last other thread may have left a message before it went, and
	 * whom that woke may have started another thread since we counted. */
	uint32_t stirs = koru__runtime_stirs(runtime);
	*ret_stirs = stirs;
	return koru__runtime_all_stuck(runtime, stirs) &&
	       koru__threads_count() <= runtime->count + KORU__SANITIZER_THREADS &&
	       koru__runtime_all_stuck(runtime, stirs);
}

/* Whether nothing else of this loop can wake a task of it. */
static bool waits_for_messages(const struct koru__loop *loop)
{
	return koru__timers_empty(loop) && loop->ops == 0;
}

/* Sleeps in the poller. Others know that it does. */
static void sleep_in_poller(struct koru__loop *loop, int64_t limit)
{
	struct koru__runtime *runtime = loop->runtime;
	__atomic_add_fetch(&runtime->sleeping, 1, __ATOMIC_SEQ_CST);
	limit = koru__wakeup_sleep(loop, limit);
	/* What was made before others could see that we sleep has to be looked for once more. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (limit > 0 && anything(loop))
		limit = 0;
	if (limit == 0) {
		koru__loop_ask(loop, 0);
	} else if (waits_for_messages(loop)) {
		uint32_t stirs;
		koru__runtime_stuck(runtime);
		bool deadlock = is_deadlock(runtime, &stirs);
		if (!deadlock)
			koru__loop_ask(loop, limit < stuck_interval ? limit : stuck_interval);
		koru__runtime_unstuck(runtime);
		/* Not stuck meanwhile: a report may take long, and others look again. */
		if (deadlock && koru__runtime_tell_deadlock(runtime, stirs))
			koru__shutdown_deadlock(runtime);
	} else {
		koru__loop_ask(loop, limit);
	}
	koru__wakeup_rise(loop);
	__atomic_sub_fetch(&runtime->sleeping, 1, __ATOMIC_SEQ_CST);
}

/* Whether spinning could be of use: there are others that could say something. */
static bool has_company(const struct koru__loop *loop)
{
	return loop->runtime->count > 1 || !koru__alone();
}

/* What was made while we searched, or what we were woken for, has been left to us. If there is more
 * than we can take, it is somebody else's turn. */
static void pass_on(struct koru__runtime *runtime)
{
	koru__fence_after_exchange(); /* that of `searching` or `sleeping` */
	for (int i = 0; i < runtime->count; i++) {
		if (koru__deque_empty(&runtime->loops[i].deque))
			continue;
		koru__runtime_made_work(runtime);
		return;
	}
}

static bool search(struct koru__loop *loop, int64_t limit)
{
	struct koru__runtime *runtime = loop->runtime;
	if (anything(loop))
		return true;
	if (loop->spin_ns < spin_min)
		return false;
	__atomic_add_fetch(&runtime->searching, 1, __ATOMIC_SEQ_CST);
	bool found = spin(loop, limit);
	__atomic_sub_fetch(&runtime->searching, 1, __ATOMIC_SEQ_CST);
	loop->spin_ns = found ? KORU__SPIN_MAX : loop->spin_ns / 2;
	if (found)
		pass_on(runtime);
	return found;
}

void koru__idle(struct koru__loop *loop, int64_t limit)
{
	struct koru__runtime *runtime = loop->runtime;
	if (!has_company(loop)) {
		if (!koru__inbox_empty(&loop->inbox))
			return; /* from a thread that was the last but this one */
		if (waits_for_messages(loop))
			koru__shutdown_deadlock(runtime);
		else
			koru__loop_ask(loop, limit);
		return;
	}
	__atomic_add_fetch(&runtime->idle, 1, __ATOMIC_SEQ_CST);
	if (!search(loop, limit)) {
		int64_t start = koru__clock_now();
		sleep_in_poller(loop, limit);
		/* Had it spun, it would have been better off. */
		if (!koru__inbox_empty(&loop->inbox) && koru__clock_now() - start < KORU__SPIN_MAX)
			loop->spin_ns = KORU__SPIN_MAX;
		if (!koru__loop_here.first)
			(void)anything(loop);
		pass_on(runtime);
	}
	__atomic_sub_fetch(&runtime->idle, 1, __ATOMIC_SEQ_CST);
}
