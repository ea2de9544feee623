/* SPDX-License-Identifier: MIT
 * Deadlock, when every task waits and nothing can wake one; tasks that do not end after main; and
 * what is reported of both. */
#include "support/cmocka.h"
#include "support/core.h"

#include "koru/koru.h"
#include "sched/waitq.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

/* What was reported, all lines. */
struct report {
	char text[16384];
	size_t len;
	int lines;
};

static void take_report(const char *line, void *arg)
{
	struct report *r = arg;
	size_t len = strlen(line);
	assert_true(len > 0 && line[len - 1] == '\n');
	assert_true(r->len + len < sizeof(r->text));
	memcpy(r->text + r->len, line, len + 1);
	r->len += len;
	r->lines++;
}

static struct report report;

static const struct koru_run_opts three = {
	.loops = 3,
	.report = take_report,
	.report_arg = &report,
};

static int waits_for_nobody(void *arg)
{
	return koru__waitq_wait(arg);
}

static int main_is_deadlocked(void *arg)
{
	struct koru_scope s;
	koru_scope_open(&s, NULL);
	koru_go_on(&s, KORU_LOOP(1), waits_for_nobody, arg);
	koru_go_on(&s, KORU_LOOP(0), waits_for_nobody, arg);
	return koru_scope_close(&s);
}

static void test_a_deadlock_over_several_loops(void **state)
{
	(void)state;
	if (is_emulated()) {
		print_message("skipped: an emulator's threads are taken for the program's\n");
		skip();
	}
	for (int i = 0; i < 5; i++) {
		struct koru__waitq q;
		koru__waitq_init(&q);
		report.len = 0;
		assert_int_equal(run_with(main_is_deadlocked, &q, &three), -EDEADLK);
		assert_string_equal(report.text,
		                    "koru: deadlock: no task can run and nothing can wake one:\n"
		                    "  task 'main' on loop 0 waits for the tasks of a scope\n"
		                    "  task 'waits_for_nobody' on loop 0 waits for its turn\n"
		                    "  task 'waits_for_nobody' on loop 1 waits for its turn\n");
	}
}

/* Two mutexes, taken in opposite order on two loops. */
struct crossing {
	struct koru_mutex locks[2];
	struct koru_event has[2];
};

struct side {
	struct crossing *crossing;
	int self;
};

static int locks_both(void *arg)
{
	const struct side *side = arg;
	struct crossing *c = side->crossing;
	int self = side->self;
	int rc = koru_mutex_lock(&c->locks[self]);
	if (rc < 0)
		return rc;
	koru_event_set(&c->has[self]);
	rc = koru_event_wait(&c->has[!self]);
	if (rc == 0)
		rc = koru_mutex_lock(&c->locks[!self]);
	if (rc == 0)
		koru_mutex_unlock(&c->locks[!self]);
	koru_mutex_unlock(&c->locks[self]);
	return rc;
}

static int main_crosses(void *arg)
{
	struct side sides[2] = { { arg, 0 }, { arg, 1 } };
	struct koru_scope s;
	koru_scope_open(&s, &(struct koru_scope_opts){ .name = "crossing" });
	for (int i = 0; i < 2; i++)
		koru_go_on(&s, KORU_LOOP(i), locks_both, &sides[i]);
	return koru_scope_close(&s);
}

static void test_locks_taken_in_opposite_order(void **state)
{
	(void)state;
	if (is_emulated()) {
		print_message("skipped: an emulator's threads are taken for the program's\n");
		skip();
	}
	struct crossing crossing = { .locks = { KORU_MUTEX_INIT, KORU_MUTEX_INIT } };
	report = (struct report){ .len = 0 };
	assert_int_equal(run_with(main_crosses, &crossing, &three), -EDEADLK);
	assert_non_null(strstr(report.text, "  task 'locks_both' on loop 0 waits for a mutex"));
	assert_non_null(strstr(report.text, "  task 'locks_both' on loop 1 waits for a mutex"));
}

/* A wake-up that the program loses: it looks without the lock, and what it looks for happens before
 * it waits. */
struct careless {
	struct koru_mutex lock;
	struct koru_cond changed;
	struct koru_event has_looked, has_signalled;
	atomic_int ready;
};

static int looks_without_the_lock(void *arg)
{
	struct careless *c = arg;
	if (atomic_load(&c->ready))
		return 0;
	koru_event_set(&c->has_looked);
	koru_event_wait(&c->has_signalled); /* what may happen here does happen */
	int rc = koru_mutex_lock(&c->lock);
	if (rc < 0)
		return rc;
	rc = koru_cond_wait(&c->changed, &c->lock);
	koru_mutex_unlock(&c->lock);
	return rc;
}

static int signals_without_the_lock(void *arg)
{
	struct careless *c = arg;
	koru_event_wait(&c->has_looked);
	atomic_store(&c->ready, 1);
	koru_cond_signal(&c->changed);
	koru_event_set(&c->has_signalled);
	return 0;
}

static int main_is_careless(void *arg)
{
	struct koru_scope s;
	koru_scope_open(&s, NULL);
	koru_go_on(&s, KORU_LOOP(1), looks_without_the_lock, arg);
	koru_go_on(&s, KORU_ANY_LOOP, signals_without_the_lock, arg);
	return koru_scope_close(&s);
}

static void test_a_wakeup_that_the_program_loses(void **state)
{
	(void)state;
	if (is_emulated()) {
		print_message("skipped: an emulator's threads are taken for the program's\n");
		skip();
	}
	struct careless careless = { .ready = 0 };
	report = (struct report){ .len = 0 };
	assert_int_equal(run_with(main_is_careless, &careless, &three), -EDEADLK);
	assert_non_null(strstr(report.text,
	                       "  task 'looks_without_the_lock' on loop 1 waits for a condition"));
	assert_null(strstr(report.text, "signals_without_the_lock"));
}

static void *wakes_late(void *arg)
{
	usleep(50000);
	while (!koru__waitq_wake_one(arg, 3))
		usleep(1000);
	return NULL;
}

/* As long as another thread might, it is none. */
static void test_a_thread_may_still_wake_us(void **state)
{
	(void)state;
	for (int loops = 1; loops <= 2; loops++) {
		struct koru__waitq q;
		koru__waitq_init(&q);
		pthread_t thread;
		assert_int_equal(pthread_create(&thread, NULL, wakes_late, &q), 0);
		assert_int_equal(
		        run_with(waits_for_nobody, &q, &(struct koru_run_opts){ .loops = loops }),
		        3);
		pthread_join(thread, NULL);
	}
}

static int main_of_many(void *arg)
{
	struct koru_scope outer, inner;
	koru_scope_open(&outer, &(struct koru_scope_opts){ .name = "outer" });
	koru_go_with(&outer, waits_for_nobody, arg,
	             &(struct koru_task_opts){ .name = "the first" });
	koru_scope_open(&inner, &(struct koru_scope_opts){ .name = "inner" });
	for (int i = 0; i < 150; i++)
		koru_go(&inner, waits_for_nobody, arg);
	koru_scope_close(&inner);
	return koru_scope_close(&outer);
}

static void test_a_long_report_is_cut(void **state)
{
	(void)state;
	struct koru__waitq q;
	koru__waitq_init(&q);
	report = (struct report){ .len = 0 };
	assert_int_equal(
	        run_with(main_of_many, &q,
	                 &(struct koru_run_opts){ .report = take_report, .report_arg = &report }),
	        -EDEADLK);
	assert_int_equal(report.lines, 102);
	assert_non_null(strstr(report.text, "  task 'the first' on loop 0 waits for its turn, "
	                                    "inside scope 'outer'\n"));
	assert_non_null(strstr(report.text, "  task 'main' on loop 0 waits for the tasks of a "
	                                    "scope, inside scope 'inner'\n"));
	assert_non_null(strstr(report.text, "  and 52 more on loop 0\n"));
}

/* Without a place of its own the report goes to standard error. */
static int child_deadlocks(void *arg)
{
	struct koru__waitq q;
	koru__waitq_init(&q);
	(void)arg;
	return koru_run(waits_for_nobody, &q, NULL) == -EDEADLK ? 7 : 1;
}

static void test_it_is_said_on_standard_error(void **state)
{
	(void)state;
	struct child child;
	in_child(&child, child_deadlocks, NULL);
	assert_true(child.exited);
	assert_int_equal(child.code, 7);
	assert_non_null(strstr(child.said, "  task 'main' on loop 0 waits for its turn\n"));
}

/* A wait that cancellation does not end: there is no way out. */
static int waits_for_good(void *arg)
{
	struct koru_cond *cond = arg;
	static struct koru_mutex mutex = KORU_MUTEX_INIT;
	if (koru_mutex_lock(&mutex) < 0)
		return 1;
	if (cond) { /* keeps the mutex while the other wants it back */
		koru_cond_wait(cond, &mutex);
		return 0;
	}
	koru_sleep(KORU_FOREVER);
	return 0;
}

static int main_waits_for_good(void *arg)
{
	struct koru_scope s;
	koru_scope_open(&s, NULL);
	koru_go(&s, waits_for_good, arg);
	koru_yield();
	koru_go(&s, waits_for_good, NULL);
	return koru_scope_close(&s);
}

static int child_waits_for_good(void *arg)
{
	struct koru_cond cond = KORU_COND_INIT;
	(void)arg;
	return koru_run(main_waits_for_good, &cond, NULL);
}

static void test_what_cannot_be_cancelled_ends_the_program(void **state)
{
	(void)state;
	struct child child;
	in_child(&child, child_waits_for_good, NULL);
	assert_false(child.exited);
	assert_int_equal(child.code, SIGABRT);
	assert_non_null(strstr(child.said, "waits for a mutex, after a condition"));
	assert_non_null(strstr(child.said, "the program cannot go on"));
}

/* The end of main */

static int ends_late(void *arg)
{
	(void)arg;
	koru_sleep(KORU_FOREVER);
	struct koru_scope shield;
	koru_scope_open(&shield, &(struct koru_scope_opts){ .shield = true,
	                                                    .timeout = 60 * KORU_MILLISECOND });
	koru_sleep(KORU_FOREVER);
	koru_scope_close(&shield);
	return 0;
}

static int ends_at_once(void *arg)
{
	(void)arg;
	koru_sleep(KORU_FOREVER);
	return 0;
}

static int main_leaves_late_ones(void *arg)
{
	koru_go(NULL, ends_late, NULL);
	koru_go_on(NULL, KORU_LOOP(1), ends_late, NULL);
	koru_go_on(NULL, KORU_LOOP(1), ends_at_once, NULL);
	koru_sleep(5 * KORU_MILLISECOND);
	return *(int *)arg;
}

static void test_what_ends_late_is_named(void **state)
{
	(void)state;
	for (int result = 0; result >= -EIO; result -= EIO) {
		report = (struct report){ .len = 0 };
		struct koru_run_opts opts = three;
		opts.shutdown_timeout = 20 * KORU_MILLISECOND;
		assert_int_equal(run_with(main_leaves_late_ones, &result, &opts),
		                 result ? result : -ETIMEDOUT);
		assert_non_null(strstr(report.text,
		                       "koru: these have not ended 0.02 s after main:\n"
		                       "  task 'ends_late' on loop 0 waits for a moment "
		                       "in time"));
		assert_non_null(strstr(report.text, "  task 'ends_late' on loop 1 waits"));
		assert_null(strstr(report.text, "ends_at_once"));
	}
	int result = 3;
	struct koru_run_opts opts = three;
	report = (struct report){ .len = 0 };
	opts.shutdown_timeout = KORU_MINUTE;
	assert_int_equal(run_with(main_leaves_late_ones, &result, &opts), 3);
	assert_int_equal(report.lines, 0);
	opts.shutdown_timeout = -1;
	assert_int_equal(run_with(main_leaves_late_ones, &result, &opts), -EINVAL);
}

static atomic_int computing;

static int computes(void *arg)
{
	(void)arg;
	computing = 1;
	int64_t until = koru_now() + 300 * KORU_MILLISECOND;
	while (koru_now() < until)
		continue;
	return 0;
}

static int main_leaves_one_computing(void *arg)
{
	(void)arg;
	koru_go_on(NULL, KORU_LOOP(1), computes, NULL);
	while (!computing)
		koru_yield();
	return 0;
}

static void test_a_loop_that_does_not_answer(void **state)
{
	(void)state;
	report = (struct report){ .len = 0 };
	struct koru_run_opts opts = three;
	opts.shutdown_timeout = 10 * KORU_MILLISECOND;
	assert_int_equal(run_with(main_leaves_one_computing, NULL, &opts), -ETIMEDOUT);
	assert_non_null(strstr(report.text, "  loop 1 does not answer"));
	assert_null(strstr(report.text, "  loop 2 does not answer"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* Before there are threads: an emulator's own are taken for the program's. */
		cmocka_unit_test(test_a_long_report_is_cut),
		cmocka_unit_test(test_it_is_said_on_standard_error),
		cmocka_unit_test(test_what_cannot_be_cancelled_ends_the_program),
		cmocka_unit_test(test_a_deadlock_over_several_loops),
		cmocka_unit_test(test_locks_taken_in_opposite_order),
		cmocka_unit_test(test_a_wakeup_that_the_program_loses),
		cmocka_unit_test(test_a_thread_may_still_wake_us),
		cmocka_unit_test(test_what_ends_late_is_named),
		cmocka_unit_test(test_a_loop_that_does_not_answer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
