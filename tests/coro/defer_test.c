/* SPDX-License-Identifier: MIT
 * Deferred clean-up. koru/defer.h. */
#include "support/cmocka.h"
#include "support/core.h"

#include "koru/koru.h"

#include <errno.h>
#include <string.h>

#define NUMBER(n) ((void *)(intptr_t)(n))

static struct trace trace;

static int notes(void *arg)
{
	trace_add(&trace, (int)(intptr_t)arg);
	return 0;
}

static int notes_later(void *arg)
{
	koru_sleep(KORU_MILLISECOND);
	return notes(arg);
}

static int returns(void *arg)
{
	return (int)(intptr_t)arg;
}

static int main_order(void *arg)
{
	(void)arg;
	struct koru_scope s;
	struct koru_defer d[3];
	koru_scope_open(&s, NULL);
	for (int i = 0; i < 3; i++)
		assert_int_equal(koru_defer(&s, &d[i], notes_later, NUMBER(10 + i)), 0);
	koru_go(&s, notes_later, NUMBER(1));
	notes(NUMBER(0));
	assert_int_equal(koru_scope_close(&s), 0);
	notes(NUMBER(99));
	return 0;
}

static void test_the_latest_is_called_first_and_after_the_tasks(void **state)
{
	(void)state;
	trace.len = 0;
	assert_int_equal(run(main_order, NULL), 0);
	TRACE_EXPECT(&trace, 0, 1, 12, 11, 10, 99);
}

static int waits_well(void *arg)
{
	assert_false(koru_cancelled());
	assert_int_equal(koru_sleep(KORU_MILLISECOND), 0);
	*(bool *)arg = true;
	return 0;
}

/* Neither the scope's own cancellation nor that of those around it, nor their deadlines. */
static int main_shielded(void *arg)
{
	(void)arg;
	struct koru_scope outer, s;
	struct koru_defer d;
	for (int way = 0; way < 4; way++) {
		bool waited = false;
		koru_scope_open(&outer, NULL);
		koru_scope_open(&s, way == 2 ? &(struct koru_scope_opts){ .timeout = -1 } : NULL);
		koru_defer(&s, &d, waits_well, &waited);
		if (way == 0)
			koru_scope_cancel(&s);
		if (way == 1)
			koru_scope_cancel(&outer);
		if (way == 3)
			koru_go(&s, returns, NUMBER(-EIO));
		int rc = koru_scope_close(&s);
		assert_int_equal(rc, way == 3 ? -EIO : way == 2 ? -ETIMEDOUT : -ECANCELED);
		assert_true(waited);
		assert_int_equal(koru_scope_close(&outer), way == 1 ? -ECANCELED : 0);
	}
	return 0;
}

static void test_clean_up_may_wait_in_a_cancelled_scope(void **state)
{
	(void)state;
	assert_int_equal(run(main_shielded, NULL), 0);
}

static int waits_for_long(void *arg)
{
	(void)arg;
	return koru_sleep(150 * KORU_MILLISECOND);
}

/* The time that clean-up takes is not taken from the scope's own. */
static int main_in_time(void *arg)
{
	(void)arg;
	struct koru_scope s;
	struct koru_defer d;
	koru_scope_open(&s, &(struct koru_scope_opts){ .timeout = 100 * KORU_MILLISECOND });
	koru_defer(&s, &d, waits_for_long, NULL);
	return koru_scope_close(&s);
}

static int sleeps_for_long(void *arg)
{
	++*(int *)arg;
	return koru_sleep(KORU_HOUR);
}

static int asks_whether_it_may_wait(void *arg)
{
	*(int *)arg = koru_yield();
	return 0;
}

/* All of it together has a budget; what comes after that is still called. */
static int main_bounded(void *arg)
{
	(void)arg;
	struct koru_scope s;
	struct koru_defer d[3];
	struct koru_scope_error errors[3];
	int called = 0, last = 0;
	koru_scope_open(&s, &(struct koru_scope_opts){ .cleanup_timeout = 5 * KORU_MILLISECOND,
	                                               .errors = errors,
	                                               .errors_max = 3 });
	koru_defer(&s, &d[0], asks_whether_it_may_wait, &last);
	koru_defer(&s, &d[1], sleeps_for_long, &called);
	koru_defer(&s, &d[2], sleeps_for_long, &called);
	int64_t began = koru_now();
	assert_int_equal(koru_scope_close(&s), -ETIMEDOUT);
	assert_true(koru_now() - began >= 5 * KORU_MILLISECOND);
	assert_int_equal(called, 2);
	assert_int_equal(last, -ECANCELED);
	assert_int_equal(koru_scope_errors(&s), 2);
	assert_int_equal(errors[0].result, -ETIMEDOUT);
	assert_string_equal(errors[0].task, "sleeps_for_long");

	koru_scope_open(&s, &(struct koru_scope_opts){ .cleanup_timeout = -1 });
	koru_defer(&s, &d[0], sleeps_for_long, &called);
	assert_int_equal(koru_scope_close(&s), -ETIMEDOUT);
	return 0;
}

static void test_clean_up_is_bounded(void **state)
{
	(void)state;
	assert_int_equal(run(main_in_time, NULL), 0);
	assert_int_equal(run(main_bounded, NULL), 0);
}

static int main_errors(void *arg)
{
	(void)arg;
	struct koru_scope s;
	struct koru_defer d[2];
	koru_scope_open(&s, NULL);
	koru_defer(&s, &d[0], returns, NUMBER(-EIO));
	koru_defer(&s, &d[1], returns, NUMBER(-EPIPE));
	assert_int_equal(koru_scope_close(&s), -EPIPE); /* the first that was called */
	assert_int_equal(koru_scope_errors(&s), 2);

	koru_scope_open(&s, NULL); /* a task's error came before it */
	koru_defer(&s, &d[0], returns, NUMBER(-EIO));
	koru_go(&s, returns, NUMBER(-EDOM));
	assert_int_equal(koru_scope_close(&s), -EDOM);

	koru_scope_open(&s, &(struct koru_scope_opts){ .policy = KORU_SCOPE_COLLECT });
	koru_defer(&s, &d[0], returns, NUMBER(-EIO));
	assert_int_equal(koru_scope_close(&s), -EIO);

	koru_scope_open(&s, &(struct koru_scope_opts){ .policy = KORU_SCOPE_RACE });
	koru_defer(&s, &d[0], returns, NUMBER(-EIO));
	koru_go(&s, returns, NUMBER(4));
	assert_int_equal(koru_scope_close(&s), 4);
	assert_int_equal(koru_scope_errors(&s), 1);
	return 0;
}

static void test_an_error_of_clean_up_is_not_silent(void **state)
{
	(void)state;
	assert_int_equal(run(main_errors, NULL), 0);
}

static struct koru_scope *home;

/* A clean-up starts tasks in a scope of its own, defers more, and cannot start tasks in the
 * scope that is being closed. */
static int works(void *arg)
{
	static struct koru_defer more;
	struct koru_scope s;
	assert_int_equal(koru_go(home, notes, NUMBER(50)), -EINVAL);
	assert_int_equal(koru_scope_cancel(home), -EINVAL);
	assert_int_equal(koru_scope_close(home), -EINVAL);
	koru_scope_open(&s, NULL);
	koru_go(&s, notes_later, NUMBER(20));
	assert_int_equal(koru_scope_close(&s), 0);
	assert_int_equal(koru_defer(home, &more, notes, NUMBER(30)), 0);
	return notes(arg);
}

static int defers_for_another(void *arg)
{
	assert_int_equal(koru_defer(home, arg, notes, NUMBER(40)), 0);
	return 0;
}

static int main_more(void *arg)
{
	(void)arg;
	struct koru_scope s;
	struct koru_defer d[4];
	home = &s;
	koru_scope_open(&s, NULL);
	koru_defer(&s, &d[0], notes, NUMBER(10));
	koru_defer(&s, &d[1], works, NUMBER(11));
	koru_defer(&s, &d[2], notes, NUMBER(12));
	koru_defer_drop(&d[2]);
	koru_go(&s, defers_for_another, &d[3]);
	assert_int_equal(koru_scope_close(&s), 0);
	return 0;
}

static void test_clean_up_may_do_what_tasks_do(void **state)
{
	(void)state;
	trace.len = 0;
	assert_int_equal(run(main_more, NULL), 0);
	TRACE_EXPECT(&trace, 40, 20, 11, 30, 10);
}

static struct koru_defer unused;

static int main_misuse(void *arg)
{
	struct koru_scope s = { .koru__cause = 0 };
	(void)arg;
	assert_int_equal(koru_defer(&s, &unused, notes, NULL), -EINVAL);
	assert_int_equal(koru_defer(NULL, &unused, notes, NULL), -EINVAL);
	koru_scope_open(&s, NULL);
	assert_int_equal(koru__defer(&s, &unused, NULL, NULL, "nothing"), -EINVAL);
	assert_int_equal(koru_scope_close(&s), 0);
	assert_int_equal(koru_defer(&s, &unused, notes, NULL), -EINVAL);
	return 0;
}

static void test_a_scope_that_is_not_open_defers_nothing(void **state)
{
	(void)state;
	struct koru_scope s;
	assert_int_equal(run(main_misuse, NULL), 0);
	assert_int_equal(koru_scope_open(&s, NULL), -EPERM);
	assert_int_equal(koru_defer(&s, &unused, notes, NULL), -EPERM);
}

static int forgets_a_scope(void *arg)
{
	static struct koru_scope s;
	(void)arg;
	return koru_scope_open(&s, NULL);
}

static int main_forgets(void *arg)
{
	(void)arg;
	struct koru_scope s;
	koru_scope_open(&s, NULL);
	koru_defer(&s, &unused, forgets_a_scope, NULL);
	return koru_scope_close(&s);
}

static int runs(void *arg)
{
	return koru_run(main_forgets, arg, NULL);
}

static void test_a_scope_that_clean_up_leaves_open_is_fatal(void **state)
{
	(void)state;
	struct child child;
	in_child(&child, runs, NULL);
	assert_false(child.exited);
	assert_non_null(strstr(child.said, "'forgets_a_scope' returned without closing"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_latest_is_called_first_and_after_the_tasks),
		cmocka_unit_test(test_clean_up_may_wait_in_a_cancelled_scope),
		cmocka_unit_test(test_clean_up_is_bounded),
		cmocka_unit_test(test_an_error_of_clean_up_is_not_silent),
		cmocka_unit_test(test_clean_up_may_do_what_tasks_do),
		cmocka_unit_test(test_a_scope_that_is_not_open_defers_nothing),
		cmocka_unit_test(test_a_scope_that_clean_up_leaves_open_is_fatal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
