/* SPDX-License-Identifier: MIT
 * What a scope makes of the ends of its tasks: policies and the list of failures. koru/scope.h. */
#include "support/cmocka.h"
#include "support/core.h"

#include "base/fault.h"
#include "koru/koru.h"

#include <errno.h>
#include <string.h>

#define NUMBER(n) ((void *)(intptr_t)(n))

static int returns(void *arg)
{
	return (int)(intptr_t)arg;
}

static int returns_later(void *arg)
{
	koru_sleep(2 * KORU_MILLISECOND);
	return (int)(intptr_t)arg;
}

static int waits(void *arg)
{
	int rc = koru_sleep(KORU_HOUR);
	if (arg)
		++*(int *)arg;
	return rc;
}

static void expect_error(const struct koru_scope_error *e, int result, const char *task)
{
	assert_int_equal(e->result, result);
	assert_string_equal(e->task, task);
}

static int main_collects(void *arg)
{
	(void)arg;
	struct koru_scope s;
	struct koru_scope_error errors[2] = { { 0, NULL }, { 0, NULL } };
	int rc = koru_scope_open(&s, &(struct koru_scope_opts){ .policy = KORU_SCOPE_COLLECT,
	                                                        .errors = errors,
	                                                        .errors_max = 2 });
	assert_int_equal(rc, 0);
	koru_go(&s, returns_later, NUMBER(-EIO));
	koru_go(&s, returns, NUMBER(-EPIPE));
	koru_go_with(&s, returns_later, NUMBER(-EDOM), &(struct koru_task_opts){ .name = "last" });
	koru_go(&s, returns_later, NUMBER(3));
	assert_int_equal(koru_yield(), 0);
	assert_int_equal(koru_scope_errors(&s), 1);
	assert_false(koru_cancelled()); /* neither the siblings nor the opener */
	assert_int_equal(koru_scope_close(&s), -EPIPE);
	/* Counted beyond what there is room for. */
	assert_int_equal(koru_scope_errors(&s), 3);
	expect_error(&errors[0], -EPIPE, "returns");
	expect_error(&errors[1], -EIO, "returns_later");
	return 0;
}

static void test_a_scope_that_collects_lets_all_end(void **state)
{
	(void)state;
	assert_int_equal(run(main_collects, NULL), 0);
}

/* A scope that fails writes down what went wrong itself, not what its cancellation brought about.
 */
static int main_fails(void *arg)
{
	(void)arg;
	struct koru_scope s;
	struct koru_scope_error errors[4];
	int cancelled = 0;
	koru_scope_open(&s, &(struct koru_scope_opts){ .errors = errors, .errors_max = 4 });
	koru_go(&s, waits, &cancelled);
	koru_go(&s, returns, NUMBER(-EIO));
	koru_go(&s, returns, NUMBER(-EPIPE));
	assert_int_equal(koru_scope_close(&s), -EIO);
	assert_int_equal(cancelled, 1);
	assert_int_equal(koru_scope_errors(&s), 2);
	expect_error(&errors[0], -EIO, "returns");
	expect_error(&errors[1], -EPIPE, "returns");
	return 0;
}

static void test_a_scope_that_fails_lists_all_failures(void **state)
{
	(void)state;
	assert_int_equal(run(main_fails, NULL), 0);
}

/* -ECANCELED is an error like others of a task that nobody has cancelled. */
static int main_counts_cancellation(void *arg)
{
	(void)arg;
	struct koru_scope s;
	koru_scope_open(&s, &(struct koru_scope_opts){ .policy = KORU_SCOPE_COLLECT });
	koru_go(&s, returns, NUMBER(-ECANCELED));
	assert_int_equal(koru_scope_close(&s), -ECANCELED);
	assert_int_equal(koru_scope_errors(&s), 1);

	koru_scope_open(&s, &(struct koru_scope_opts){ .policy = KORU_SCOPE_COLLECT });
	koru_go(&s, waits, NULL);
	koru_go(&s, returns, NUMBER(-EIO));
	koru_sleep(0);
	koru_scope_cancel(&s);
	koru_go(&s, returns, NUMBER(-EPIPE));
	assert_int_equal(koru_scope_close(&s), -EIO); /* what came first */
	assert_int_equal(koru_scope_errors(&s), 2);

	koru_scope_open(&s, &(struct koru_scope_opts){ .policy = KORU_SCOPE_COLLECT,
	                                               .timeout = KORU_MILLISECOND });
	koru_go(&s, waits, NULL);
	koru_go(&s, returns_later, NUMBER(-EIO));
	assert_int_equal(koru_scope_close(&s), -ETIMEDOUT);
	assert_int_equal(koru_scope_errors(&s), 1);
	return 0;
}

static void test_the_first_thing_that_went_wrong_is_the_result(void **state)
{
	(void)state;
	assert_int_equal(run(main_counts_cancellation, NULL), 0);
}

static int main_notes_what_could_not_start(void *arg)
{
	(void)arg;
	struct koru_scope s;
	struct koru_scope_error error;
	koru_scope_open(&s, &(struct koru_scope_opts){ .policy = KORU_SCOPE_COLLECT,
	                                               .errors = &error,
	                                               .errors_max = 1 });
	int rc = 0;
	koru__fault_arm(KORU__FAULT_ALLOC, 0, 1, ENOMEM);
	for (int i = 0; i < 100000 && rc == 0; i++)
		rc = koru_go(&s, returns, NUMBER(0));
	koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
	assert_int_equal(rc, -ENOMEM);
	assert_false(koru_cancelled());
	assert_int_equal(koru_scope_close(&s), -ENOMEM);
	assert_int_equal(koru_scope_errors(&s), 1);
	expect_error(&error, -ENOMEM, "returns");
	return 0;
}

static void test_a_task_without_memory_is_a_failure(void **state)
{
	(void)state;
	assert_int_equal(run(main_notes_what_could_not_start, NULL), 0);
}

/* Errors that nobody awaits reach the scope as it closes, oldest first, with names. */
static int main_keeps_errors_of_futures(void *arg)
{
	(void)arg;
	struct koru_scope s;
	struct koru_future f[3];
	struct koru_scope_error errors[4];
	koru_scope_open(&s, &(struct koru_scope_opts){ .policy = KORU_SCOPE_COLLECT,
	                                               .errors = errors,
	                                               .errors_max = 4 });
	koru_async(&s, &f[0], returns, NUMBER(-EIO));
	koru_async_with(&s, &f[1], returns, NUMBER(-EPIPE),
	                &(struct koru_task_opts){ .name = "second" });
	koru_async(&s, &f[2], returns, NUMBER(-EDOM));
	koru_sleep(0);
	assert_int_equal(koru_await(&f[2]), -EDOM);
	assert_int_equal(koru_scope_errors(&s), 0);
	assert_int_equal(koru_scope_close(&s), -EIO);
	assert_int_equal(koru_scope_errors(&s), 2);
	expect_error(&errors[0], -EIO, "returns");
	expect_error(&errors[1], -EPIPE, "second");
	/* After its scope has closed, a future still says how it ended. */
	assert_int_equal(koru_await(&f[1]), -EPIPE);
	assert_int_equal(koru_await(&f[2]), -EDOM);
	return 0;
}

static void test_errors_of_futures_are_kept(void **state)
{
	(void)state;
	assert_int_equal(run(main_keeps_errors_of_futures, NULL), 0);
}

static const struct koru_scope_opts race = { .policy = KORU_SCOPE_RACE };

static int main_races(void *arg)
{
	(void)arg;
	struct koru_scope s;
	int cancelled = 0;
	koru_scope_open(&s, &race);
	koru_go(&s, waits, &cancelled);
	koru_go(&s, returns, NUMBER(-EIO)); /* does not matter: another wins */
	koru_go(&s, returns_later, NUMBER(7));
	koru_go(&s, waits, &cancelled);
	assert_int_equal(koru_sleep(KORU_HOUR), -ECANCELED); /* the opener is inside */
	koru_go(&s, returns, NUMBER(8));                     /* too late */
	assert_int_equal(koru_scope_close(&s), 7);
	assert_int_equal(cancelled, 2);
	assert_int_equal(koru_scope_errors(&s), 1);

	koru_scope_open(&s, &race); /* zero is a result too */
	koru_go(&s, waits, &cancelled);
	koru_go(&s, returns, NUMBER(0));
	assert_int_equal(koru_scope_close(&s), 0);
	assert_int_equal(cancelled, 3);
	return koru_yield();
}

static int main_races_without_winner(void *arg)
{
	(void)arg;
	struct koru_scope s;
	koru_scope_open(&s, &race);
	koru_go(&s, returns_later, NUMBER(-EIO));
	koru_go(&s, returns, NUMBER(-EPIPE));
	assert_int_equal(koru_scope_close(&s), -EPIPE);
	assert_int_equal(koru_scope_errors(&s), 2);

	koru_scope_open(&s, &race);
	assert_int_equal(koru_scope_close(&s), 0);

	koru_scope_open(&s, &(struct koru_scope_opts){ .policy = KORU_SCOPE_RACE,
	                                               .timeout = KORU_MILLISECOND });
	koru_go(&s, waits, NULL);
	assert_int_equal(koru_scope_close(&s), -ETIMEDOUT);

	koru_scope_open(&s, &race);
	koru_go(&s, returns_later, NUMBER(5)); /* ends well, but after the cancellation */
	koru_scope_cancel(&s);
	assert_int_equal(koru_scope_close(&s), -ECANCELED);
	return 0;
}

/* A failure that somebody awaits is no end of the race. */
static int main_races_with_futures(void *arg)
{
	(void)arg;
	struct koru_scope s;
	struct koru_future f, g;
	koru_scope_open(&s, &race);
	koru_async(&s, &f, returns_later, NUMBER(-EIO));
	assert_int_equal(koru_await(&f), -EIO);
	assert_false(koru_cancelled());
	koru_async(&s, &g, returns, NUMBER(9));
	koru_go(&s, waits, NULL);
	assert_int_equal(koru_scope_close(&s), 9);
	assert_int_equal(koru_scope_errors(&s), 0);
	return 0;
}

static void test_the_first_to_succeed_wins_a_race(void **state)
{
	(void)state;
	assert_int_equal(run(main_races, NULL), 0);
	assert_int_equal(run(main_races_without_winner, NULL), 0);
	assert_int_equal(run(main_races_with_futures, NULL), 0);
}

static int main_is_refused(void *arg)
{
	(void)arg;
	struct koru_scope s;
	const struct koru_scope_opts bad[] = {
		{ .policy = (enum koru_scope_policy)3 },
		{ .policy = (enum koru_scope_policy) - 1 },
		{ .errors_max = 1 },
	};
	for (int i = 0; i < 3; i++) {
		assert_int_equal(koru_scope_open(&s, &bad[i]), -EINVAL);
		assert_int_equal(koru_go(&s, returns, NULL), -EINVAL);
		assert_int_equal(koru_scope_close(&s), -EINVAL);
		assert_int_equal(koru_scope_errors(&s), 0);
	}
	return koru_yield();
}

static void test_wrong_options_are_refused(void **state)
{
	(void)state;
	assert_int_equal(run(main_is_refused, NULL), 0);
}

static int closes_the_others(void *arg)
{
	struct koru_scope *s = arg;
	assert_int_equal(koru_scope_close(s), -EPERM);
	return 0;
}

static int main_keeps_its_scope(void *arg)
{
	(void)arg;
	struct koru_scope s;
	koru_scope_open(&s, NULL);
	koru_go(&s, closes_the_others, &s);
	koru_sleep(0);
	koru_go(&s, returns, NUMBER(0)); /* still open */
	return koru_scope_close(&s);
}

static void test_nobody_else_closes_a_scope(void **state)
{
	(void)state;
	assert_int_equal(run(main_keeps_its_scope, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_scope_that_collects_lets_all_end),
		cmocka_unit_test(test_a_scope_that_fails_lists_all_failures),
		cmocka_unit_test(test_the_first_thing_that_went_wrong_is_the_result),
		cmocka_unit_test(test_a_task_without_memory_is_a_failure),
		cmocka_unit_test(test_errors_of_futures_are_kept),
		cmocka_unit_test(test_the_first_to_succeed_wins_a_race),
		cmocka_unit_test(test_wrong_options_are_refused),
		cmocka_unit_test(test_nobody_else_closes_a_scope),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
