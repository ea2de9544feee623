/* SPDX-License-Identifier: MIT
 * Deadlines and shields: koru/scope.h, and the clock of koru/time.h. */
#include "support/cmocka.h"
#include "support/core.h"

#include "base/fault.h"
#include "koru/koru.h"

#include <errno.h>

static int sleeps_long(void *arg)
{
	int rc = koru_sleep(KORU_HOUR);
	if (arg)
		*(int *)arg += rc == -ECANCELED;
	return rc;
}

/* Burns processor time without a call of koru but the clock. */
static void compute(int64_t ns)
{
	int64_t end = koru_now() + ns;
	while (koru_now() < end)
		continue;
}

static int main_timeout(void *arg)
{
	struct koru_scope s;
	int64_t start = koru_now();
	koru_scope_open(&s, &(struct koru_scope_opts){ .timeout = 3 * KORU_MILLISECOND });
	koru_go(&s, sleeps_long, arg);
	koru_go(&s, sleeps_long, arg);
	assert_int_equal(koru_scope_close(&s), -ETIMEDOUT);
	assert_true(koru_now() - start >= 3 * KORU_MILLISECOND);
	assert_int_equal(koru_yield(), 0);
	return *(int *)arg;
}

static void test_a_timeout_cancels(void **state)
{
	(void)state;
	int cancelled = 0;
	assert_int_equal(run(main_timeout, &cancelled), 2);
}

static int main_in_time(void *arg)
{
	struct koru_scope s;
	(void)arg;
	koru_scope_open(&s, &(struct koru_scope_opts){ .timeout = KORU_HOUR });
	assert_int_equal(koru_sleep(KORU_MICROSECOND), 0);
	assert_int_equal(koru_yield(), 0);
	return koru_scope_close(&s);
}

static void test_a_deadline_that_does_not_pass_does_nothing(void **state)
{
	(void)state;
	assert_int_equal(run(main_in_time, NULL), 0);
}

static int main_absolute(void *arg)
{
	struct koru_scope s;
	(void)arg;
	int64_t when = koru_now() + 2 * KORU_MILLISECOND;
	koru_scope_open(&s, &(struct koru_scope_opts){ .deadline = when });
	assert_int_equal(koru_deadline(), when);
	assert_int_equal(koru_sleep(KORU_HOUR), -ECANCELED);
	assert_true(koru_now() >= when);
	assert_int_equal(koru_scope_close(&s), -ETIMEDOUT);
	assert_int_equal(koru_deadline(), KORU_FOREVER);
	/* Both: the nearer, whichever it is. */
	when = koru_now() + KORU_HOUR;
	koru_scope_open(&s, &(struct koru_scope_opts){ .deadline = when, .timeout = KORU_MINUTE });
	assert_true(koru_deadline() < when);
	assert_int_equal(koru_scope_close(&s), 0);
	koru_scope_open(&s,
	                &(struct koru_scope_opts){ .deadline = when, .timeout = 2 * KORU_HOUR });
	assert_int_equal(koru_deadline(), when);
	return koru_scope_close(&s);
}

static void test_absolute_deadlines(void **state)
{
	(void)state;
	assert_int_equal(run(main_absolute, NULL), 0);
}

static int main_zero_and_negative(void *arg)
{
	struct koru_scope s;
	(void)arg;
	koru_scope_open(&s, &(struct koru_scope_opts){ .timeout = 0, .deadline = 0 });
	assert_int_equal(koru_deadline(), KORU_FOREVER);
	assert_int_equal(koru_scope_close(&s), 0);
	const struct koru_scope_opts over[] = {
		{ .timeout = -1 },
		{ .timeout = INT64_MIN },
		{ .deadline = 1 },
		{ .deadline = -5 },
	};
	for (size_t i = 0; i < sizeof(over) / sizeof(over[0]); i++) {
		koru_scope_open(&s, &over[i]);
		assert_true(koru_cancelled());
		assert_int_equal(koru_yield(), -ECANCELED);
		assert_int_equal(koru_sleep(0), -ECANCELED);
		assert_int_equal(koru_scope_close(&s), -ETIMEDOUT);
		koru_scope_open(&s, &over[i]);
		assert_int_equal(koru_scope_close(&s), -ETIMEDOUT);
	}
	/* So far away that it does not fit. */
	koru_scope_open(&s, &(struct koru_scope_opts){ .timeout = KORU_FOREVER });
	assert_int_equal(koru_deadline(), KORU_FOREVER);
	return koru_scope_close(&s);
}

static void test_zero_is_none_and_negative_is_over(void **state)
{
	(void)state;
	assert_int_equal(run(main_zero_and_negative, NULL), 0);
}

/* The nearest deadline holds, and is reported by the scope that set it. */
static int main_nearest(void *arg)
{
	struct koru_scope outer, middle, inner;
	const struct koru_scope_opts soon = { .timeout = 2 * KORU_MILLISECOND };
	const struct koru_scope_opts late = { .timeout = KORU_HOUR };
	(void)arg;
	koru_scope_open(&outer, &late);
	int64_t far = koru_deadline();
	koru_scope_open(&middle, &soon);
	int64_t near = koru_deadline();
	assert_true(near < far);
	koru_scope_open(&inner, &late);
	assert_int_equal(koru_deadline(), near);
	koru_go(&inner, sleeps_long, NULL);
	assert_int_equal(koru_scope_close(&inner), -ECANCELED);
	assert_int_equal(koru_scope_close(&middle), -ETIMEDOUT);
	assert_int_equal(koru_deadline(), far);
	assert_int_equal(koru_yield(), 0);
	/* The other way round. */
	koru_scope_open(&middle, &late);
	koru_scope_open(&inner, &soon);
	koru_go(&inner, sleeps_long, NULL);
	assert_int_equal(koru_scope_close(&inner), -ETIMEDOUT);
	assert_int_equal(koru_yield(), 0);
	assert_int_equal(koru_scope_close(&middle), 0);
	return koru_scope_close(&outer);
}

static void test_the_nearest_deadline_wins(void **state)
{
	(void)state;
	assert_int_equal(run(main_nearest, NULL), 0);
}

static int asks_own_deadline(void *arg)
{
	return koru_deadline() == *(int64_t *)arg ? 0 : -EDOM;
}

static int main_inherits(void *arg)
{
	struct koru_scope s;
	(void)arg;
	int64_t when = koru_now() + KORU_HOUR;
	koru_scope_open(&s, &(struct koru_scope_opts){ .deadline = when });
	koru_go(&s, asks_own_deadline, &when);
	return koru_scope_close(&s);
}

static void test_tasks_inherit_the_deadline(void **state)
{
	(void)state;
	assert_int_equal(run(main_inherits, NULL), 0);
}

/* A deadline that passes while a task computes is seen by its next call, and by the close. */
static int main_computes(void *arg)
{
	struct koru_scope s, t;
	const struct koru_scope_opts soon = { .timeout = KORU_MILLISECOND };
	(void)arg;
	koru_scope_open(&s, &soon);
	compute(2 * KORU_MILLISECOND);
	assert_true(koru_cancelled());
	assert_int_equal(koru_scope_close(&s), -ETIMEDOUT);
	koru_scope_open(&s, &soon);
	compute(2 * KORU_MILLISECOND);
	assert_int_equal(koru_yield(), -ECANCELED);
	assert_int_equal(koru_scope_close(&s), -ETIMEDOUT);
	koru_scope_open(&s, &soon);
	koru_scope_open(&t, NULL);
	compute(2 * KORU_MILLISECOND);
	assert_int_equal(koru_scope_close(&t), -ECANCELED);
	assert_int_equal(koru_scope_close(&s), -ETIMEDOUT);
	koru_scope_open(&s, &soon);
	compute(2 * KORU_MILLISECOND);
	return koru_scope_close(&s);
}

static void test_a_deadline_passed_while_computing(void **state)
{
	(void)state;
	assert_int_equal(run(main_computes, NULL), -ETIMEDOUT);
}

static int main_error_before_deadline(void *arg)
{
	struct koru_scope s;
	(void)arg;
	koru_scope_open(&s, &(struct koru_scope_opts){ .timeout = KORU_MILLISECOND });
	koru_scope_cancel(&s);
	compute(2 * KORU_MILLISECOND);
	return koru_scope_close(&s);
}

static void test_the_first_cause_stays(void **state)
{
	(void)state;
	assert_int_equal(run(main_error_before_deadline, NULL), -ECANCELED);
}

/* The moment the shield is closed, what it kept out is there. */
static int main_shield(void *arg)
{
	struct koru_scope outer, shield, inner;
	const struct koru_scope_opts budget = { .shield = true, .timeout = KORU_HOUR };
	const struct koru_scope_opts tight = { .shield = true, .timeout = 2 * KORU_MILLISECOND };
	koru_scope_open(&outer, NULL);
	koru_scope_cancel(&outer);
	assert_int_equal(koru_yield(), -ECANCELED);
	koru_scope_open(&shield, &budget);
	assert_false(koru_cancelled());
	assert_int_equal(koru_sleep(KORU_MICROSECOND), 0);
	koru_scope_open(&inner, NULL); /* scopes inside are shielded with it */
	assert_int_equal(koru_yield(), 0);
	assert_int_equal(koru_scope_close(&inner), 0);
	assert_int_equal(koru_scope_close(&shield), 0);
	assert_int_equal(koru_yield(), -ECANCELED);
	/* The budget bounds it. */
	koru_scope_open(&shield, &tight);
	koru_go(&shield, sleeps_long, arg);
	assert_int_equal(koru_sleep(KORU_HOUR), -ECANCELED);
	assert_int_equal(koru_scope_close(&shield), -ETIMEDOUT);
	assert_true(koru_cancelled());
	return koru_scope_close(&outer) == -ECANCELED ? *(int *)arg : -EDOM;
}

static int shielded_sleep(void *arg)
{
	struct koru_scope shield, inner;
	koru_scope_open(&shield, &(struct koru_scope_opts){ .shield = true, .timeout = KORU_HOUR });
	koru_scope_open(&inner, NULL);
	*(int *)arg += koru_sleep(4 * KORU_MILLISECOND) == 0;
	koru_scope_close(&inner);
	koru_scope_close(&shield);
	*(int *)arg += koru_sleep(KORU_HOUR) == -ECANCELED;
	return 0;
}

/* Cancelled, and its deadline passed, while a shield is already open further in. */
static int main_cancels_around_shield(void *arg)
{
	struct koru_scope s;
	koru_scope_open(&s, NULL);
	koru_go(&s, shielded_sleep, arg);
	koru_sleep(KORU_MILLISECOND);
	koru_scope_cancel(&s);
	assert_int_equal(koru_scope_close(&s), -ECANCELED);
	koru_scope_open(&s, &(struct koru_scope_opts){ .timeout = KORU_MILLISECOND });
	koru_go(&s, shielded_sleep, arg);
	assert_int_equal(koru_scope_close(&s), -ETIMEDOUT);
	return *(int *)arg;
}

static int main_shield_keeps_deadline(void *arg)
{
	struct koru_scope outer, shield, inner;
	(void)arg;
	koru_scope_open(&outer, &(struct koru_scope_opts){ .timeout = KORU_MINUTE });
	int64_t out = koru_deadline();
	koru_scope_open(&shield, &(struct koru_scope_opts){ .shield = true, .timeout = KORU_HOUR });
	int64_t own = koru_deadline();
	assert_true(own > out);
	koru_scope_open(&inner, &(struct koru_scope_opts){ .timeout = 2 * KORU_HOUR });
	assert_int_equal(koru_deadline(), own);
	assert_int_equal(koru_scope_close(&inner), 0);
	koru_scope_open(&inner, &(struct koru_scope_opts){ .timeout = KORU_MILLISECOND });
	assert_int_equal(koru_sleep(KORU_HOUR), -ECANCELED); /* an inner deadline fires */
	assert_int_equal(koru_scope_close(&inner), -ETIMEDOUT);
	assert_int_equal(koru_scope_close(&shield), 0);
	assert_int_equal(koru_deadline(), out);
	return koru_scope_close(&outer);
}

/* A shield is no armour against its own. */
static int main_cancels_shield(void *arg)
{
	struct koru_scope s;
	koru_scope_open(&s, &(struct koru_scope_opts){ .shield = true, .timeout = KORU_HOUR });
	koru_go(&s, sleeps_long, arg);
	koru_sleep(0);
	koru_scope_cancel(&s);
	assert_int_equal(koru_sleep(1), -ECANCELED);
	assert_int_equal(koru_scope_close(&s), -ECANCELED);
	assert_int_equal(koru_scope_open(&s, &(struct koru_scope_opts){ .shield = true,
	                                                                .timeout = KORU_FOREVER }),
	                 -EINVAL); /* forever is no budget */
	return *(int *)arg;
}

static void test_shields(void **state)
{
	(void)state;
	int count = 0;
	assert_int_equal(run(main_shield, &count), 1);
	count = 0;
	assert_int_equal(run(main_cancels_around_shield, &count), 4);
	assert_int_equal(run(main_shield_keeps_deadline, NULL), 0);
	count = 0;
	assert_int_equal(run(main_cancels_shield, &count), 1);
}

/* The clock jumps an hour ahead, for one reading or for good: deadlines pass, nothing breaks. */
static int main_clock_jumps(void *arg)
{
	struct koru_scope s;
	unsigned readings = *(unsigned *)arg;
	koru_scope_open(&s, &(struct koru_scope_opts){ .timeout = KORU_MINUTE });
	koru_go(&s, sleeps_long, NULL);
	koru_yield();
	koru__fault_arm(KORU__FAULT_CLOCK, 0, readings, 3700);
	int rc = koru_scope_close(&s);
	assert_true(koru__fault_hits() > 0);
	koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
	assert_int_equal(koru_yield(), 0);
	return rc;
}

static int main_clock_jumps_back(void *arg)
{
	struct koru_scope s;
	(void)arg;
	/* Armed with a moment an hour too late; then the clock is right again. */
	koru__fault_arm(KORU__FAULT_CLOCK, 0, 1, 3600);
	koru_scope_open(&s, &(struct koru_scope_opts){ .timeout = KORU_MILLISECOND });
	assert_int_equal(koru__fault_hits(), 1);
	koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
	assert_int_equal(koru_sleep(2 * KORU_MILLISECOND), 0);
	return koru_scope_close(&s);
}

static void test_the_clock_jumps(void **state)
{
	(void)state;
	for (unsigned readings = 1; readings < 5; readings++) {
		int rc = run(main_clock_jumps, &readings);
		assert_int_equal(rc, -ETIMEDOUT);
	}
	assert_int_equal(run(main_clock_jumps_back, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_timeout_cancels),
		cmocka_unit_test(test_a_deadline_that_does_not_pass_does_nothing),
		cmocka_unit_test(test_absolute_deadlines),
		cmocka_unit_test(test_zero_is_none_and_negative_is_over),
		cmocka_unit_test(test_the_nearest_deadline_wins),
		cmocka_unit_test(test_tasks_inherit_the_deadline),
		cmocka_unit_test(test_a_deadline_passed_while_computing),
		cmocka_unit_test(test_the_first_cause_stays),
		cmocka_unit_test(test_shields),
		cmocka_unit_test(test_the_clock_jumps),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
