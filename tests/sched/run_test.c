/* SPDX-License-Identifier: MIT
 * koru_run: what it returns, what it refuses, what it leaves behind. koru/run.h. */
#include "support/cmocka.h"
#include "support/core.h"

#include "base/fault.h"
#include "koru/koru.h"
#include "sched/loop.h"
#include "sched/waitq.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER(n) ((void *)(intptr_t)(n))

static int returns(void *arg)
{
	return (int)(intptr_t)arg;
}

static void test_it_returns_what_main_returned(void **state)
{
	(void)state;
	assert_int_equal(run(returns, NUMBER(0)), 0);
	assert_int_equal(run(returns, NUMBER(42)), 42);
	assert_int_equal(run(returns, NUMBER(-ENOTTY)), -ENOTTY);
	assert_int_equal(run(returns, NUMBER(-ECANCELED)), -ECANCELED);
}

/* How main and a detached task end; what koru_run makes of it. */
struct ends {
	int main_result;     /* what main returns; CALL: what its call returned */
	int detached_result; /* likewise */
	int64_t detached_sleep;
	int64_t main_sleep;
	int verdict;
};

enum { CALL = 99 };

static int detached_ends(void *arg)
{
	const struct ends *e = arg;
	int rc = koru_sleep(e->detached_sleep);
	return e->detached_result == CALL ? rc : e->detached_result;
}

static int main_ends(void *arg)
{
	const struct ends *e = arg;
	koru_go(NULL, detached_ends, arg);
	int rc = koru_sleep(e->main_sleep);
	return e->main_result == CALL ? rc : e->main_result;
}

static void test_the_verdict_in_all_combinations(void **state)
{
	(void)state;
	const int64_t first = 0, later = 2 * KORU_MILLISECOND, never = KORU_HOUR;
	const struct ends ends[] = {
		/* main ends while the detached task waits: that one is cancelled */
		{ 0, CALL, never, later, 0 },
		{ 5, CALL, never, later, 5 },
		{ -EIO, CALL, never, later, -EIO },
		{ 0, 0, never, later, 0 },
		/* … and fails on its way out */
		{ 0, -EIO, never, later, -EIO },
		{ 5, -EIO, never, later, -EIO },
		{ -EPIPE, -EIO, never, later, -EPIPE },
		/* the detached task ends first, well */
		{ 0, 0, first, later, 0 },
		{ 5, 3, first, later, 5 },
		{ -EIO, 0, first, later, -EIO },
		/* … or badly: main is cancelled, and what it says afterwards counts only if it is
		 * an error of its own */
		{ CALL, -EIO, first, never, -EIO },
		{ 0, -EIO, first, never, -EIO },
		{ 5, -EIO, first, never, -EIO },
		{ -EPIPE, -EIO, first, never, -EPIPE },
	};
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		struct ends e = ends[i];
		int rc = run(main_ends, &e);
		if (rc != e.verdict)
			print_message("combination %zu: %d\n", i, rc);
		assert_int_equal(rc, e.verdict);
	}
}

static int waits_forever(void *arg)
{
	int rc = koru_sleep(KORU_FOREVER);
	*(int *)arg += rc == -ECANCELED;
	return rc;
}

static int main_leaves_detached(void *arg)
{
	for (int i = 0; i < 10; i++)
		koru_go(NULL, waits_forever, arg);
	koru_sleep(0);
	koru_go(NULL, waits_forever, arg); /* will not have started when main ends */
	return 1;
}

static void test_detached_tasks_are_cancelled_and_waited_for(void **state)
{
	(void)state;
	int cancelled = 0;
	assert_int_equal(run(main_leaves_detached, &cancelled), 1);
	assert_int_equal(cancelled, 11);
}

static int detached_starts_more(void *arg)
{
	koru_sleep(KORU_HOUR);
	assert_true(koru_cancelled());
	assert_int_equal(koru_go(NULL, waits_forever, arg), 0);
	return 0;
}

static int main_detached_of_detached(void *arg)
{
	koru_go(NULL, detached_starts_more, arg);
	return koru_yield();
}

static void test_a_detached_task_may_start_another(void **state)
{
	(void)state;
	int cancelled = 0;
	assert_int_equal(run(main_detached_of_detached, &cancelled), 0);
	assert_int_equal(cancelled, 1);
}

static void test_options_out_of_range(void **state)
{
	(void)state;
	struct koru_run_opts opts = { .stack_size = KORU_STACK_SIZE_MAX + 1 };
	assert_int_equal(run_with(returns, NULL, &opts), -EINVAL);
	opts = (struct koru_run_opts){ .poller = (enum koru_poller)3 };
	assert_int_equal(run_with(returns, NULL, &opts), -EINVAL);
	opts = (struct koru_run_opts){ .poller = (enum koru_poller) - 1 };
	assert_int_equal(run_with(returns, NULL, &opts), -EINVAL);
	opts = (struct koru_run_opts){ .stack_size = 1 };
	assert_int_equal(run_with(returns, NUMBER(3), &opts), 3);
	opts = (struct koru_run_opts){ .stack_size = KORU_STACK_SIZE_MAX };
	assert_int_equal(run_with(returns, NUMBER(3), &opts), 3);
}

static int main_runs_inside(void *arg)
{
	assert_int_equal(koru_run(returns, arg, NULL), -EBUSY);
	assert_string_equal(koru_task_name(), "main");
	return koru_yield();
}

static void test_no_loop_inside_a_task(void **state)
{
	(void)state;
	assert_int_equal(run(main_runs_inside, NULL), 0);
}

static int main_sleeps_and_sums(void *arg)
{
	int *sum = arg;
	for (int i = 0; i < 50; i++) {
		koru_sleep(20 * KORU_MICROSECOND);
		++*sum;
	}
	return 0;
}

static void *thread_runs(void *arg)
{
	for (int i = 0; i < 5; i++)
		assert_int_equal(koru_run(main_sleeps_and_sums, arg, NULL), 0);
	return NULL;
}

static void test_threads_run_loops_of_their_own(void **state)
{
	(void)state;
	enum { THREADS = 4 };
	pthread_t threads[THREADS];
	int sums[THREADS] = { 0 };
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, thread_runs, &sums[i]), 0);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(sums[i], 250);
	}
}

/* Nobody can ever wake them. */
static int main_waits_for_nobody(void *arg)
{
	int rc = koru_sleep(KORU_FOREVER);
	++*(int *)arg;
	return rc;
}

static int waits_in_queue(void *arg)
{
	return koru__waitq_wait(arg);
}

static int main_of_a_deadlock(void *arg)
{
	struct koru__waitq q;
	struct koru_scope s;
	koru__waitq_init(&q);
	koru_scope_open(&s, NULL);
	koru_go(&s, waits_in_queue, &q);
	koru_go(&s, waits_in_queue, &q);
	int rc = koru_scope_close(&s);
	*(int *)arg = rc;
	return rc;
}

static int main_ignores_deadlock(void *arg)
{
	(void)arg;
	koru_sleep(KORU_FOREVER);
	return 0;
}

static int main_answers_deadlock(void *arg)
{
	(void)arg;
	koru_sleep(KORU_FOREVER);
	return -EIO;
}

static void test_a_deadlock_is_reported(void **state)
{
	(void)state;
	int woken = 0;
	assert_int_equal(run(main_waits_for_nobody, &woken), -EDEADLK);
	assert_int_equal(woken, 1);
	int inner = 0;
	assert_int_equal(run(main_of_a_deadlock, &inner), -EDEADLK);
	assert_int_equal(inner, -ECANCELED);
	assert_int_equal(run(main_ignores_deadlock, NULL), -EDEADLK);
	assert_int_equal(run(main_answers_deadlock, NULL), -EIO);
}

static int main_waits_with_timer(void *arg)
{
	(void)arg;
	struct koru_scope s;
	koru_scope_open(&s, &(struct koru_scope_opts){ .timeout = KORU_MILLISECOND });
	int rc = koru_sleep(KORU_FOREVER);
	assert_int_equal(koru_scope_close(&s), -ETIMEDOUT);
	return rc == -ECANCELED ? 0 : rc;
}

static void test_what_a_timer_can_end_is_no_deadlock(void **state)
{
	(void)state;
	assert_int_equal(run(main_waits_with_timer, NULL), 0);
}

static void test_what_the_loop_needs_can_be_missing(void **state)
{
	(void)state;
	const struct {
		enum koru__fault_point point;
		int error;
		int result;
	} cases[] = {
		{ KORU__FAULT_SIGALTSTACK, EPERM, -EPERM },
		{ KORU__FAULT_ALLOC, ENOMEM, -ENOMEM },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int fds = count_fds();
		koru__fault_arm(cases[i].point, 0, 1, cases[i].error);
		assert_int_equal(run(returns, NULL), cases[i].result);
		assert_int_equal(koru__fault_hits(), 1);
		koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
		assert_int_equal(count_fds(), fds);
		assert_null(koru__loop());
	}
	assert_int_equal(run(returns, NUMBER(1)), 1);
}

/* A stack for main itself: a class that nobody has used, so that it has none. */
static void test_no_stack_for_main(void **state)
{
	(void)state;
	struct koru_run_opts opts = { .stack_size = 8 << 20 };
	koru__fault_arm(KORU__FAULT_MMAP, 0, 1000, ENOMEM);
	assert_int_equal(run_with(returns, NUMBER(1), &opts), -ENOMEM);
	koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
	assert_int_equal(run_with(returns, NUMBER(1), &opts), 1);
}

static int main_name(void *arg)
{
	const char *forced = getenv("KORU_POLLER");
	(void)arg;
	assert_non_null(koru_poller_name());
	if (forced)
		assert_string_equal(koru_poller_name(), forced);
	return 0;
}

static void test_the_poller_is_named(void **state)
{
	(void)state;
	assert_null(koru_poller_name());
	assert_int_equal(run(main_name, NULL), 0);
	assert_null(koru_poller_name());
}

static void test_nothing_is_left_behind(void **state)
{
	(void)state;
	assert_int_equal(run(returns, NULL), 0);
	struct sigaction before, after;
	stack_t alt_before, alt_after;
	sigaction(SIGSEGV, NULL, &before);
	sigaltstack(NULL, &alt_before);
	int fds = count_fds();
	int mappings = count_mappings();
	for (int i = 0; i < 20; i++)
		assert_int_equal(run(returns, NUMBER(i)), i);
	assert_int_equal(count_fds(), fds);
	if (is_plain_build())
		assert_true(count_mappings() <= mappings + 1);
	sigaction(SIGSEGV, NULL, &after);
	sigaltstack(NULL, &alt_after);
	assert_true(before.sa_handler == after.sa_handler);
	assert_int_equal(alt_before.ss_flags, alt_after.ss_flags);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* Before there are threads: an emulator's own are taken for the program's. */
		cmocka_unit_test(test_a_deadlock_is_reported),
		cmocka_unit_test(test_it_returns_what_main_returned),
		cmocka_unit_test(test_the_verdict_in_all_combinations),
		cmocka_unit_test(test_detached_tasks_are_cancelled_and_waited_for),
		cmocka_unit_test(test_a_detached_task_may_start_another),
		cmocka_unit_test(test_options_out_of_range),
		cmocka_unit_test(test_no_loop_inside_a_task),
		cmocka_unit_test(test_threads_run_loops_of_their_own),
		cmocka_unit_test(test_what_a_timer_can_end_is_no_deadlock),
		cmocka_unit_test(test_what_the_loop_needs_can_be_missing),
		cmocka_unit_test(test_no_stack_for_main),
		cmocka_unit_test(test_the_poller_is_named),
		cmocka_unit_test(test_nothing_is_left_behind),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
