/* SPDX-License-Identifier: MIT
 * Waiting and waking. See wait.h. */
#include "sched/wait.h"

#include "base/assert.h"
#include "base/clock.h"
#include "context/sanitize.h"
#include "sched/call.h"
#include "sched/loop.h"
#include "sched/park.h"
#include "sched/scope.h"
#include "sched/task.h"
#include "sched/wakeup.h"

#include <errno.h>

/* A plain thread spins this often before it sleeps: about as long as sleeping would cost. */
enum { THREAD_SPINS_MAX = 200 };

/* A task: so often before it parks; and how many failures in a row it takes to stop that for how
 * many waits. */
enum {
	TASK_LOOKS_MAX = 600,
	LUCK_MAX = 8,
	LUCK_PAUSE = 32,
};

int koru__wait_begin(struct koru__wait *wait)
{
	koru__call_waits(wait);
	return koru__call_begin();
}

void koru__wait_spared(void)
{
	koru__call_spared();
}

/* Cancellation, on the waiter's loop. */
void koru__wait_interrupt(struct koru_task *task)
{
	struct koru__wait *wait = task->wait;
	if (koru__claim(&wait->claimed))
		koru__unpark(task, -ECANCELED);
}

static bool is_woken(const struct koru__wait *wait)
{
	return __atomic_load_n(&wait->woken, __ATOMIC_ACQUIRE) == KORU__WOKEN;
}

int koru__wait_block(struct koru__wait *wait, int64_t until)
{
	for (int i = 0; i < THREAD_SPINS_MAX && !is_woken(wait); i++)
		koru__pause();
	/* Whoever sees it awake leaves it alone: it could be gone by then. */
	uint32_t state = KORU__WOKEN_NOT;
	(void)__atomic_compare_exchange_n(&wait->woken, &state, KORU__WOKEN_NOT_AND_SLEEPS, false,
	                                  __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
	while (!is_woken(wait)) {
		int64_t left = until == KORU_FOREVER ? until : until - koru__clock_now();
		if (left > 0)
			koru__futex_wait(&wait->woken, KORU__WOKEN_NOT_AND_SLEEPS, left);
		else if (koru__claim(&wait->claimed))
			return -ETIMEDOUT;
		else
			until = KORU_FOREVER; /* it is on its way */
	}
	koru__sanitize_acquire(wait);
	return wait->result;
}

/* How it went the last times: while below 0, looking on is not tried. */
static __thread int luck;

bool koru__wait_may_look(void)
{
	if (koru__loop_here.first || !koru__inbox_empty(&koru__loop()->inbox))
		return false;
	if (luck >= 0)
		return true;
	luck++;
	return false;
}

void koru__wait_looked(bool came)
{
	if (came)
		luck = LUCK_MAX;
	else if (--luck < 0)
		luck = -LUCK_PAUSE;
}

/* A task about to park looks on for as long as being woken across loops takes: whoever serves it
 * meanwhile need not send a message. True when somebody has. models/look.pml is the proof. */
static bool look(struct koru__wait *wait)
{
	uint32_t state = KORU__WOKEN_NOT;
	if (!__atomic_compare_exchange_n(&wait->woken, &state, KORU__WOKEN_NOT_AND_LOOKS, false,
	                                 __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return false; /* served, and the message is on its way */
	for (int i = 0; i < TASK_LOOKS_MAX && !is_woken(wait); i++)
		koru__pause();
	state = KORU__WOKEN_NOT_AND_LOOKS;
	bool came = !__atomic_compare_exchange_n(&wait->woken, &state, KORU__WOKEN_NOT, false,
	                                         __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
	koru__wait_looked(came);
	return came;
}

int koru__wait_suspend(struct koru__wait *wait, const struct koru__wait_kind *kind)
{
	if (koru__unlikely(!wait->task))
		return koru__wait_block(wait, KORU_FOREVER);
	if (koru__unlikely(!koru__alone()) && koru__wait_may_look() && look(wait)) {
		koru__sanitize_acquire(wait->task);
		return wait->result;
	}
	return koru__park(wait->loop, kind, wait);
}

int koru__wait_in(struct koru__waiters *queue, struct koru__waiter *waiter, struct koru__lock *lock,
                  const struct koru__wait_kind *kind)
{
	koru__waiters_push(queue, waiter);
	koru__lock_give(lock);
	int result = koru__wait_suspend(waiter->wait, kind);
	if (koru__unlikely(result == -ECANCELED)) {
		koru__lock_take(lock);
		koru__waiters_remove(queue, waiter);
		koru__lock_give(lock);
	}
	return result;
}

static void on_message(struct koru__loop *loop, struct koru__message *message)
{
	(void)loop;
	struct koru__wait *wait = koru__container_of(message, struct koru__wait, message);
	koru__unpark(wait->task, wait->result);
}

void koru__wait_wake(struct koru__wait *wait, int result)
{
	struct koru__loop *loop = wait->loop;
	if (koru__likely(loop && loop == koru__loop())) {
		koru__unpark(wait->task, result);
		return;
	}
	wait->result = result;
	if (loop) {
		koru__sanitize_release(wait->task);
		if (__atomic_exchange_n(&wait->woken, KORU__WOKEN, __ATOMIC_ACQ_REL) ==
		    KORU__WOKEN_NOT_AND_LOOKS)
			return; /* it sees that, and may be gone */
		wait->message.receive = on_message;
		koru__loop_send(loop, &wait->message);
		return;
	}
	koru__sanitize_release(wait);
	uint32_t *word = &wait->woken;
	bool polls = __atomic_load_n(word, __ATOMIC_RELAXED) == KORU__WOKEN_NOT_AND_POLLS;
	int fd = polls ? wait->wake_fd : -1;
	uint32_t state = __atomic_exchange_n(word, KORU__WOKEN, __ATOMIC_ACQ_REL);
	if (koru__unlikely(polls))
		koru__wakeup_write(fd);
	else if (state == KORU__WOKEN_NOT_AND_SLEEPS)
		koru__futex_wake(word, 1);
}

void koru__waiters_claim_all(struct koru__waiters *q, struct koru__waiters *ret_claimed)
{
	*ret_claimed = (struct koru__waiters){ .first = NULL };
	for (struct koru__waiter *w; (w = koru__waiters_claim(q)) != NULL;)
		koru__waiters_push(ret_claimed, w);
}

void koru__waiters_wake(struct koru__waiters *claimed, int result)
{
	for (struct koru__waiter *next, *w = claimed->first; w; w = next) {
		next = w->next;
		w->queued = false;
		koru__wait_wake(w->wait, result);
	}
}

void koru__waiters_wake_each(struct koru__waiters *claimed, bool passed)
{
	for (struct koru__waiter *next, *w = claimed->first; w; w = next) {
		next = w->next;
		w->queued = false;
		koru__wait_wake(w->wait, koru__wake_result(w, passed));
	}
}
