/* SPDX-License-Identifier: MIT
 * Slack and intervals: koru/time.h. Periods of hours are played through by letting the clock jump;
 * none of these tests looks at how long a thing really took. */
#include "support/cmocka.h"
#include "support/core.h"

#include "base/fault.h"
#include "koru/koru.h"

#include <errno.h>
#include <limits.h>

enum { SLEEPERS = 100 };

struct sleeper {
	int64_t when;
	int64_t slack;
};

static int sleeps_with_slack(void *arg)
{
	const struct sleeper *s = arg;
	int rc = koru_sleep_until_slack(s->when, s->slack);
	assert_true(koru_now() >= s->when);
	return rc;
}

/* A hundred sleeps end `gap` apart, and there is one round moment, a multiple of 2^bits, that all
 * may wait for. Returns false when the first has ended before the last had begun. */
static bool shares_a_wakeup(int64_t gap, int bits)
{
	static struct sleeper sleepers[SLEEPERS];
	struct koru_scope s;
	struct koru_counters before, after;
	int64_t slack = 120 * gap;
	int64_t round = (((koru_now() + slack) >> bits) + 1) << bits;
	koru_scope_open(&s, NULL);
	for (int i = 0; i < SLEEPERS; i++) {
		sleepers[i] = (struct sleeper){ round - i * gap, slack };
		koru_go(&s, sleeps_with_slack, &sleepers[i]);
	}
	assert_int_equal(koru_counters(&before), 0);
	koru_yield(); /* until all sleep */
	bool in_time = koru_now() < sleepers[SLEEPERS - 1].when;
	assert_int_equal(koru_scope_close(&s), 0);
	assert_int_equal(koru_counters(&after), 0);
	if (!in_time)
		return false;
	assert_int_equal(after.timers - before.timers, SLEEPERS);
	/* A poller may come back early now and then. */
	assert_true(after.polls - before.polls <= 10);
	return true;
}

static int main_shares_a_wakeup(void *arg)
{
	(void)arg;
	int64_t gap = 100 * KORU_MICROSECOND;
	int bits = 24;
	while (!shares_a_wakeup(gap, bits)) { /* too little time for a slow machine */
		gap *= 2;
		bits++;
	}
	return 0;
}

static void test_slack_shares_a_wakeup(void **state)
{
	(void)state;
	assert_int_equal(run(main_shares_a_wakeup, NULL), 0);
}

static int body_slack(void *arg)
{
	(void)arg;
	int64_t start = koru_now();
	assert_int_equal(koru_sleep_slack(KORU_MILLISECOND, KORU_MILLISECOND), 0);
	assert_true(koru_now() - start >= KORU_MILLISECOND);
	const int64_t odd[] = { 0, -1, INT64_MIN };
	for (int i = 0; i < 3; i++) {
		start = koru_now();
		assert_int_equal(koru_sleep_slack(KORU_MICROSECOND, odd[i]), 0);
		assert_true(koru_now() - start >= KORU_MICROSECOND);
		assert_int_equal(koru_sleep_slack(odd[i], KORU_MICROSECOND), 0);
		assert_int_equal(koru_sleep_until_slack(odd[i], KORU_FOREVER), 0);
	}
	return 0;
}

static void test_slack_is_never_early(void **state)
{
	(void)state;
	in_both_places(body_slack, NULL);
}

static int main_slack_is_cancelled(void *arg)
{
	struct koru_scope s;
	(void)arg;
	koru_scope_open(&s, &(struct koru_scope_opts){ .timeout = KORU_MILLISECOND });
	assert_int_equal(koru_sleep_slack(KORU_HOUR, KORU_HOUR), -ECANCELED);
	assert_int_equal(koru_sleep_slack(KORU_FOREVER, KORU_HOUR), -ECANCELED);
	assert_int_equal(koru_sleep_slack(0, 0), -ECANCELED);
	assert_int_equal(koru_sleep_until_slack(0, 0), -ECANCELED);
	return koru_scope_close(&s);
}

static void test_slack_is_cancelled(void **state)
{
	(void)state;
	assert_int_equal(run(main_slack_is_cancelled, NULL), -ETIMEDOUT);
}

/* The clock of an interval of hours: this long after it began. */
static void set_clock(int hours, int minutes)
{
	koru__fault_arm(KORU__FAULT_CLOCK, 0, UINT_MAX, hours * 3600 + minutes * 60);
}

static uint64_t next(struct koru_interval *iv)
{
	uint64_t missed = 99;
	assert_int_equal(koru_interval_next(iv, &missed), 0);
	return missed;
}

/* The tick that is waited for, in whole minutes after `start`; the tests allow for the time that
 * they take. */
static int minutes(const struct koru_interval *iv, int64_t start)
{
	return (int)((iv->koru__next - start) / KORU_MINUTE);
}

static int body_skips(void *arg)
{
	struct koru_interval iv;
	(void)arg;
	int64_t start = koru_now();
	assert_int_equal(koru_interval_init(&iv, KORU_HOUR, NULL), 0);
	int64_t first = iv.koru__next;
	assert_true(first >= start + KORU_HOUR);
	set_clock(1, 10);
	assert_int_equal(next(&iv), 0); /* a little late, which the next ones do not see */
	assert_true(iv.koru__next == first + KORU_HOUR);
	set_clock(5, 30);
	assert_int_equal(next(&iv), 3); /* of 2:00; those of 3:00, 4:00 and 5:00 are left out */
	assert_true(iv.koru__next == first + 5 * KORU_HOUR);
	set_clock(6, 10);
	assert_int_equal(next(&iv), 0);
	assert_true(iv.koru__next == first + 6 * KORU_HOUR);
	set_clock(0, 0);
	return 0;
}

static int body_bursts(void *arg)
{
	struct koru_interval iv;
	const struct koru_interval_opts opts = { .missed = KORU_MISSED_BURST };
	(void)arg;
	assert_int_equal(koru_interval_init(&iv, KORU_HOUR, &opts), 0);
	int64_t first = iv.koru__next;
	set_clock(4, 30);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(next(&iv), 3 - i);
		assert_true(iv.koru__next == first + (i + 1) * KORU_HOUR);
	}
	set_clock(0, 0);
	return 0;
}

static int body_delays(void *arg)
{
	struct koru_interval iv;
	const struct koru_interval_opts opts = { .missed = KORU_MISSED_DELAY };
	(void)arg;
	int64_t start = koru_now();
	assert_int_equal(koru_interval_init(&iv, KORU_HOUR, &opts), 0);
	int64_t first = iv.koru__next;
	set_clock(1, 20);
	assert_int_equal(next(&iv), 0);
	assert_true(iv.koru__next == first + KORU_HOUR); /* late, but none was missed */
	set_clock(4, 40);
	assert_int_equal(next(&iv), 2);
	assert_int_equal(minutes(&iv, start), 5 * 60 + 40);
	set_clock(0, 0);
	return 0;
}

static void test_missed_ticks(void **state)
{
	(void)state;
	in_both_places(body_skips, NULL);
	in_both_places(body_bursts, NULL);
	in_both_places(body_delays, NULL);
}

/* However late each one is answered, the moments stay multiples of the period. */
static int body_does_not_drift(void *arg)
{
	struct koru_interval iv;
	(void)arg;
	const int64_t period = 200 * KORU_MICROSECOND;
	const struct koru_interval_opts opts = { .first = koru_now() + period,
		                                 .slack = period / 2 };
	assert_int_equal(koru_interval_init(&iv, period, &opts), 0);
	for (int i = 0; i < 20; i++) {
		int64_t tick = iv.koru__next;
		uint64_t missed = next(&iv);
		assert_true(koru_now() >= tick);
		assert_true(iv.koru__next == tick + (int64_t)(missed + 1) * period);
	}
	return 0;
}

static void test_no_drift(void **state)
{
	(void)state;
	in_both_places(body_does_not_drift, NULL);
}

static int body_first(void *arg)
{
	struct koru_interval iv;
	struct koru_interval_opts opts = { .first = 1 };
	(void)arg;
	assert_int_equal(koru_interval_init(&iv, KORU_HOUR, &opts), 0);
	next(&iv); /* at once */
	assert_true(iv.koru__next > koru_now());
	assert_int_equal((iv.koru__next - 1) % KORU_HOUR, 0);
	assert_int_equal(koru_interval_next(&(struct koru_interval){ 0 }, NULL), -EINVAL);
	/* A period that goes beyond the end of time has no second tick. */
	assert_int_equal(koru_interval_init(&iv, KORU_FOREVER, &opts), 0);
	assert_int_equal(koru_interval_next(&iv, NULL), 0);
	assert_true(iv.koru__next == KORU_FOREVER);
	return 0;
}

static void test_the_first_tick(void **state)
{
	(void)state;
	in_both_places(body_first, NULL);
}

static int main_interval_is_cancelled(void *arg)
{
	struct koru_interval iv;
	struct koru_scope s;
	uint64_t missed = 99;
	(void)arg;
	koru_interval_init(&iv, KORU_HOUR, NULL);
	int64_t tick = iv.koru__next;
	koru_scope_open(&s, &(struct koru_scope_opts){ .timeout = KORU_MILLISECOND });
	assert_int_equal(koru_interval_next(&iv, &missed), -ECANCELED);
	iv.koru__next = 1; /* and where it would not have waited */
	assert_int_equal(koru_interval_next(&iv, &missed), -ECANCELED);
	assert_int_equal(iv.koru__next, 1);
	assert_int_equal(missed, 99);
	iv.koru__next = tick;
	assert_int_equal(koru_interval_next(&iv, &missed), -ECANCELED);
	assert_true(iv.koru__next == tick);
	return koru_scope_close(&s);
}

static void test_an_interval_is_cancelled(void **state)
{
	(void)state;
	assert_int_equal(run(main_interval_is_cancelled, NULL), -ETIMEDOUT);
}

static void test_what_init_refuses(void **state)
{
	(void)state;
	struct koru_interval iv = { .koru__period = 7 };
	struct koru_interval_opts opts = { .slack = 10 };
	assert_int_equal(koru_interval_init(&iv, 0, NULL), -EINVAL);
	assert_int_equal(koru_interval_init(&iv, -1, NULL), -EINVAL);
	assert_int_equal(koru_interval_init(&iv, 10, &opts), -EINVAL);
	opts.slack = -1;
	assert_int_equal(koru_interval_init(&iv, 10, &opts), -EINVAL);
	opts.slack = 9;
	opts.missed = (enum koru_missed)3;
	assert_int_equal(koru_interval_init(&iv, 10, &opts), -EINVAL);
	opts.missed = KORU_MISSED_SKIP;
	opts.first = -1;
	assert_int_equal(koru_interval_init(&iv, 10, &opts), -EINVAL);
	assert_int_equal(iv.koru__period, 7); /* untouched */
	opts.first = 0;
	assert_int_equal(koru_interval_init(&iv, 10, &opts), 0);
}

/* Tasks that only answer ticks that have passed let others run. */
static int counts(void *arg)
{
	for (int i = 0; i < 10; i++) {
		++*(int *)arg;
		koru_yield();
	}
	return 0;
}

static int main_gives_way(void *arg)
{
	struct koru_interval iv;
	struct koru_scope s;
	int count = 0;
	(void)arg;
	const struct koru_interval_opts opts = { .first = 1, .missed = KORU_MISSED_BURST };
	koru_scope_open(&s, NULL);
	koru_go(&s, counts, &count);
	koru_interval_init(&iv, 1, &opts);
	for (int i = 1; i <= 10; i++) {
		assert_true(next(&iv) > 0);
		assert_int_equal(count, i);
	}
	return koru_scope_close(&s);
}

static void test_late_ticks_give_way(void **state)
{
	(void)state;
	assert_int_equal(run(main_gives_way, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slack_shares_a_wakeup),
		cmocka_unit_test(test_slack_is_never_early),
		cmocka_unit_test(test_slack_is_cancelled),
		cmocka_unit_test(test_missed_ticks),
		cmocka_unit_test(test_no_drift),
		cmocka_unit_test(test_the_first_tick),
		cmocka_unit_test(test_an_interval_is_cancelled),
		cmocka_unit_test(test_what_init_refuses),
		cmocka_unit_test(test_late_ticks_give_way),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
