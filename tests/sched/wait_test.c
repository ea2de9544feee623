/* SPDX-License-Identifier: MIT
 * Ways to wait, and what a loop keeps: koru_sleep, sched/waitq.h, sched/local.h. */
#include "support/cmocka.h"
#include "support/core.h"

#include "base/fault.h"
#include "base/random.h"
#include "koru/koru.h"
#include "sched/local.h"
#include "sched/waitq.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <sys/time.h>

#define NUMBER(n) ((void *)(intptr_t)(n))

static struct trace trace;

static int body_sleeps(void *arg)
{
	(void)arg;
	const int64_t ns[] = { 1, 500 * KORU_MICROSECOND, 3 * KORU_MILLISECOND };
	for (size_t i = 0; i < sizeof(ns) / sizeof(ns[0]); i++) {
		int64_t start = koru_now();
		assert_int_equal(koru_sleep(ns[i]), 0);
		assert_true(koru_now() - start >= ns[i]);
	}
	int64_t when = koru_now() + 2 * KORU_MILLISECOND;
	assert_int_equal(koru_sleep_until(when), 0);
	assert_true(koru_now() >= when);
	int64_t start = koru_now();
	const int64_t at_once[] = { 0, -1, -KORU_HOUR, INT64_MIN };
	for (size_t i = 0; i < sizeof(at_once) / sizeof(at_once[0]); i++)
		assert_int_equal(koru_sleep(at_once[i]), 0);
	assert_int_equal(koru_sleep_until(0), 0);
	assert_int_equal(koru_sleep_until(-5), 0);
	assert_int_equal(koru_sleep_until(INT64_MIN), 0);
	assert_true(koru_now() - start < KORU_SECOND);
	return 0;
}

static void on_alarm(int sig)
{
	(void)sig;
}

static void test_sleeping(void **state)
{
	(void)state;
	assert_int_equal(run(body_sleeps, NULL), 0);
	assert_int_equal(body_sleeps(NULL), 0);
	struct sigaction action = { .sa_handler = on_alarm };
	sigaction(SIGALRM, &action, NULL); /* for good: Valgrind may deliver one later */
	setitimer(ITIMER_REAL, &(struct itimerval){ { 0, 200 }, { 0, 200 } }, NULL);
	assert_int_equal(run(body_sleeps, NULL), 0);
	assert_int_equal(body_sleeps(NULL), 0);
	setitimer(ITIMER_REAL, &(struct itimerval){ { 0, 0 }, { 0, 0 } }, NULL);
}

static int notes(void *arg)
{
	trace_add(&trace, (int)(intptr_t)arg);
	return 0;
}

static int main_gives_way(void *arg)
{
	(void)arg;
	koru_go(NULL, notes, NUMBER(1));
	notes(NUMBER(0));
	koru_sleep(0);
	notes(NUMBER(2));
	koru_go(NULL, notes, NUMBER(3));
	koru_sleep_until(koru_now() - KORU_HOUR);
	notes(NUMBER(4));
	return 0;
}

static void test_a_sleep_of_nothing_gives_way(void **state)
{
	(void)state;
	trace.len = 0;
	assert_int_equal(run(main_gives_way, NULL), 0);
	TRACE_EXPECT(&trace, 0, 1, 2, 3, 4);
}

enum { SLEEPERS = 2000 };

static int64_t moments[SLEEPERS];
static int64_t last_moment;
static int asleep;

static int sleeps_until(void *arg)
{
	int64_t when = *(int64_t *)arg;
	asleep++;
	assert_int_equal(koru_sleep_until(when), 0);
	assert_true(koru_now() >= when);
	assert_true(when >= last_moment);
	last_moment = when;
	return 0;
}

static int main_many_sleep(void *arg)
{
	struct koru_scope s;
	struct koru__random r;
	koru__random_seed(&r, (uint64_t)(uintptr_t)arg);
	int64_t start = koru_now() + KORU_HOUR;
	last_moment = 0;
	asleep = 0;
	koru_scope_open(&s, NULL);
	for (int i = 0; i < SLEEPERS; i++) {
		moments[i] = start + (int64_t)koru__random_below(&r, 10 * KORU_MILLISECOND);
		koru_go(&s, sleeps_until, &moments[i]);
	}
	while (asleep < SLEEPERS)
		koru_yield();
	koru__fault_arm(KORU__FAULT_CLOCK, 0, UINT_MAX, 7200); /* two hours later */
	int rc = koru_scope_close(&s);
	koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
	return rc;
}

static void test_sleepers_wake_in_order(void **state)
{
	(void)state;
	for (int seed = 1; seed < 4; seed++)
		assert_int_equal(run(main_many_sleep, NUMBER(seed)), 0);
}

static int main_sleep_is_cancelled(void *arg)
{
	struct koru_scope s;
	(void)arg;
	const int64_t ns[] = { KORU_HOUR, KORU_FOREVER, KORU_FOREVER - 1 };
	for (size_t i = 0; i < sizeof(ns) / sizeof(ns[0]); i++) {
		koru_scope_open(&s, &(struct koru_scope_opts){ .timeout = KORU_MILLISECOND });
		assert_int_equal(koru_sleep(ns[i]), -ECANCELED);
		assert_int_equal(koru_sleep(0), -ECANCELED);
		assert_int_equal(koru_sleep_until(0), -ECANCELED);
		assert_int_equal(koru_scope_close(&s), -ETIMEDOUT);
	}
	return koru_sleep(0);
}

static void test_a_sleep_is_cancelled(void **state)
{
	(void)state;
	assert_int_equal(run(main_sleep_is_cancelled, NULL), 0);
}

/* Waits in a queue and notes what it was woken with, 100 a waiter. */
struct waiter {
	struct koru__waitq *q;
	int number;
};

static int waits(void *arg)
{
	struct waiter *w = arg;
	int rc = koru__waitq_wait(w->q);
	trace_add(&trace, w->number * 100 + (rc < 0 ? 99 : rc));
	return rc < 0 ? rc : 0;
}

static int main_queue(void *arg)
{
	struct koru__waitq q;
	struct koru_scope s, t;
	struct waiter w[6];
	(void)arg;
	koru__waitq_init(&q);
	assert_false(koru__waitq_wake_one(&q, 1));
	koru__waitq_wake_all(&q, 1);
	koru_scope_open(&s, NULL);
	koru_scope_open(&t, NULL);
	for (int i = 0; i < 6; i++) {
		w[i] = (struct waiter){ &q, i };
		koru_go(i == 2 ? &t : &s, waits, &w[i]);
	}
	koru_yield();
	assert_true(koru__waitq_wake_one(&q, 7)); /* the first; it runs later */
	koru_scope_cancel(&t);                    /* the third leaves the queue */
	assert_int_equal(koru__waitq_wait(&q), -ECANCELED);
	assert_int_equal(koru_scope_close(&t), -ECANCELED);
	assert_true(koru__waitq_wake_one(&q, 8));
	assert_true(koru__waitq_wake_one(&q, 9)); /* no wake-up was spent on the third */
	koru_yield();
	koru__waitq_wake_all(&q, 5);
	assert_int_equal(koru_scope_close(&s), 0);
	assert_false(koru__waitq_wake_one(&q, 1));
	return 0;
}

static void test_a_wait_queue(void **state)
{
	(void)state;
	trace.len = 0;
	assert_int_equal(run(main_queue, NULL), 0);
	TRACE_EXPECT(&trace, 7, 299, 108, 309, 405, 505);
}

/* Woken and cancelled before it has run: the wake-up was spent on it, and that is what it says. */
static int main_woken_then_cancelled(void *arg)
{
	struct koru__waitq q;
	struct koru_scope s;
	struct waiter w = { &q, 1 };
	(void)arg;
	koru__waitq_init(&q);
	koru_scope_open(&s, NULL);
	koru_go(&s, waits, &w);
	koru_yield();
	assert_true(koru__waitq_wake_one(&q, 3));
	koru_scope_cancel(&s);
	assert_int_equal(koru_scope_close(&s), -ECANCELED);
	return 0;
}

static void test_a_wake_up_is_not_lost(void **state)
{
	(void)state;
	trace.len = 0;
	assert_int_equal(run(main_woken_then_cancelled, NULL), 0);
	TRACE_EXPECT(&trace, 103);
}

static void local_done(void *value)
{
	assert_null(koru_task_name()); /* after the last task */
	trace_add(&trace, (int)(intptr_t)value);
}

enum { KINDS = 16 };
static struct koru__loop_local kinds[KINDS + 1];

static int sees_local(void *arg)
{
	assert_ptr_equal(koru__loop_local_get(&kinds[1]), NUMBER(11));
	(void)arg;
	return 0;
}

static int main_locals(void *arg)
{
	struct koru_scope s;
	for (int i = 0; i < KINDS; i++)
		kinds[i].done = local_done;
	kinds[KINDS].done = local_done;
	assert_null(koru__loop_local_get(&kinds[0]));
	assert_int_equal(koru__loop_local_set(&kinds[0], NUMBER(10)), 0);
	assert_int_equal(koru__loop_local_set(&kinds[1], NUMBER(11)), 0);
	assert_ptr_equal(koru__loop_local_get(&kinds[0]), NUMBER(10));
	koru_scope_open(&s, NULL);
	koru_go(&s, sees_local, NULL);
	assert_int_equal(koru_scope_close(&s), 0);
	if (!arg)
		return 0;
	for (int i = 2; i < KINDS; i++)
		assert_int_equal(koru__loop_local_set(&kinds[i], NUMBER(10 + i)), 0);
	assert_int_equal(koru__loop_local_set(&kinds[KINDS], NUMBER(1)), -ENOSPC);
	assert_null(koru__loop_local_get(&kinds[KINDS]));
	return 0;
}

static void test_loop_locals(void **state)
{
	(void)state;
	trace.len = 0;
	assert_int_equal(run(main_locals, NULL), 0);
	TRACE_EXPECT(&trace, 11, 10); /* the latest kind first */
	/* Another loop begins with none. */
	trace.len = 0;
	assert_int_equal(run(main_locals, NUMBER(1)), 0);
	TRACE_EXPECT(&trace, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sleeping),
		cmocka_unit_test(test_a_sleep_of_nothing_gives_way),
		cmocka_unit_test(test_sleepers_wake_in_order),
		cmocka_unit_test(test_a_sleep_is_cancelled),
		cmocka_unit_test(test_a_wait_queue),
		cmocka_unit_test(test_a_wake_up_is_not_lost),
		cmocka_unit_test(test_loop_locals),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
