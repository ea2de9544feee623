/* SPDX-License-Identifier: MIT
 * The timers of a loop, sched/timer.h, without a loop that runs: the clock is a number here. */
#include "support/cmocka.h"
#include "support/core.h"

#include "base/macro.h"
#include "base/random.h"
#include "koru/koru.h"
#include "sched/loop.h"

#include <stdlib.h>

enum { MANY = 300 };

struct timer {
	struct koru__timer timer;
	int64_t when;  /* as it was armed */
	unsigned seq;  /* the order of arming */
	bool armed;    /* the model's opinion */
	bool expected; /* armed for the future: fires in order */
};

static struct koru__loop loop;
static struct timer timers[MANY];
static unsigned seq;
static struct trace fired;
static int fired_count;
static struct timer *fired_last;

static bool is_after(const struct timer *a, const struct timer *b)
{
	return a->when != b->when ? a->when > b->when : a->seq > b->seq;
}

static void on_time(struct koru__timer *timer)
{
	struct timer *t = koru__container_of(timer, struct timer, timer);
	assert_true(t->armed);
	t->armed = false;
	fired_count++;
	if (!t->expected)
		return;
	if (fired_last)
		assert_true(is_after(t, fired_last));
	fired_last = t;
}

static void begin(int64_t now)
{
	koru__timers_init(&loop, now);
	for (int i = 0; i < MANY; i++)
		timers[i] = (struct timer){ .armed = false };
	fired.len = 0;
	assert_true(koru__timers_empty(&loop));
	assert_true(koru__timers_next(&loop) == KORU_FOREVER);
}

static void arm(struct timer *t, int64_t when, int64_t now)
{
	t->when = when < 0 ? 0 : when;
	t->seq = seq++;
	t->armed = true;
	t->expected = when > now;
	koru__timer_add(&loop, &t->timer, when, on_time);
}

static void cancel(struct timer *t)
{
	t->armed = false;
	koru__timer_remove(&loop, &t->timer);
}

static int64_t earliest(void)
{
	int64_t when = KORU_FOREVER;
	for (int i = 0; i < MANY; i++)
		if (timers[i].armed && timers[i].when < when)
			when = timers[i].when;
	return when;
}

static void fire(int64_t now)
{
	int due = 0;
	for (int i = 0; i < MANY; i++)
		due += timers[i].armed && timers[i].when <= now;
	fired_count = 0;
	fired_last = NULL;
	uint64_t before = loop.counters.timers;
	koru__timers_fire(&loop, now);
	assert_int_equal(fired_count, due);
	assert_int_equal(loop.counters.timers - before, due);
	assert_true(earliest() > now);
}

static void check_next(void)
{
	int64_t first = earliest();
	assert_int_equal(koru__timers_empty(&loop), first == KORU_FOREVER);
	assert_true(koru__timers_next(&loop) <= first);
	assert_int_equal(koru__timers_next(&loop) == KORU_FOREVER, first == KORU_FOREVER);
}

/* Arms what is not armed, mostly for the future, and cancels what is; then some time passes. */
static void one_round(struct koru__random *r, int64_t *now, uint64_t range)
{
	for (int i = 0; i < MANY / 10; i++) {
		struct timer *t = &timers[koru__random_below(r, MANY)];
		if (t->armed && koru__random_below(r, 2))
			cancel(t);
		else if (!t->armed)
			arm(t, *now + (int64_t)koru__random_below(r, range) - (int64_t)(range / 16),
			    *now);
		check_next();
	}
	*now += (int64_t)koru__random_below(r, range / 4 + 1);
	fire(*now);
	check_next();
}

static void test_random_operations(void **state)
{
	(void)state;
	const uint64_t ranges[] = { 2, 20, 1000, 1000000, UINT64_C(1) << 40, UINT64_C(1) << 56 };
	for (uint64_t seed = 0; seed < 3 * koru__array_len(ranges); seed++) {
		struct koru__random r;
		koru__random_seed(&r, seed);
		int64_t now = seed % 2 ? 0 : KORU_HOUR;
		begin(now);
		for (int i = 0; i < 200; i++)
			one_round(&r, &now, ranges[seed % koru__array_len(ranges)]);
		fire(KORU_FOREVER - 1);
		assert_true(koru__timers_empty(&loop));
	}
}

/* Woken at each moment that koru__timers_next names: never early, never for nothing. */
static void test_next_is_exact(void **state)
{
	(void)state;
	struct koru__random r;
	koru__random_seed(&r, 5);
	begin(1000);
	for (int i = 0; i < MANY; i++)
		arm(&timers[i], 1001 + (int64_t)koru__random_below(&r, UINT64_C(1) << (i % 50 + 1)),
		    1000);
	while (!koru__timers_empty(&loop)) {
		int64_t next = koru__timers_next(&loop);
		assert_true(next == earliest());
		fire(next - 1);
		assert_int_equal(fired_count, 0);
		assert_true(koru__timers_next(&loop) == next);
		fire(next);
		assert_true(fired_count > 0);
	}
}

static void note(struct koru__timer *timer)
{
	trace_add(&fired, (int)(koru__container_of(timer, struct timer, timer) - timers));
}

static void test_equal_moments_fire_in_the_order_armed(void **state)
{
	(void)state;
	begin(0);
	/* Some armed from afar, some from near, some when the moment has come. */
	for (int i = 0; i < 5; i++)
		koru__timer_add(&loop, &timers[i].timer, KORU_HOUR, note);
	koru__timer_add(&loop, &timers[50].timer, KORU_HOUR - 70, note);
	koru__timer_add(&loop, &timers[51].timer, KORU_HOUR + 1, note);
	koru__timers_fire(&loop, KORU_HOUR - 50);
	for (int i = 5; i < 10; i++)
		koru__timer_add(&loop, &timers[i].timer, KORU_HOUR, note);
	koru__timers_fire(&loop, KORU_HOUR - 1);
	koru__timer_add(&loop, &timers[10].timer, KORU_HOUR, note);
	koru__timers_fire(&loop, KORU_HOUR + 1);
	TRACE_EXPECT(&fired, 50, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 51);
}

/* Moments that have passed, negative ones and those near the end of time. */
static void test_extreme_moments(void **state)
{
	(void)state;
	begin(1000);
	koru__timer_add(&loop, &timers[0].timer, KORU_FOREVER, note);
	koru__timer_add(&loop, &timers[1].timer, KORU_FOREVER - 1, note);
	koru__timer_add(&loop, &timers[2].timer, 1000, note);
	koru__timer_add(&loop, &timers[3].timer, 999, note);
	koru__timer_add(&loop, &timers[4].timer, INT64_MIN, note);
	koru__timer_add(&loop, &timers[5].timer, 0, note);
	assert_true(koru__timers_next(&loop) <= 1000);
	koru__timers_fire(&loop, 1000);
	assert_true(koru__timers_next(&loop) == KORU_FOREVER - 1);
	koru__timers_fire(&loop, KORU_FOREVER - 1);
	koru__timers_fire(&loop, KORU_FOREVER);
	TRACE_EXPECT(&fired, 3, 4, 5, 2, 1, 0);
}

static void test_cancel_in_every_state(void **state)
{
	(void)state;
	begin(0);
	struct koru__timer fresh;
	koru__timer_init(&fresh);
	koru__timer_remove(&loop, &fresh); /* never armed */
	for (int i = 0; i < 5; i++)
		koru__timer_add(&loop, &timers[i].timer, KORU_SECOND + i, note);
	koru__timer_add(&loop, &timers[5].timer, KORU_HOUR, note);
	koru__timer_remove(&loop, &timers[0].timer); /* the first of a slot */
	koru__timer_remove(&loop, &timers[2].timer); /* in the middle */
	koru__timer_remove(&loop, &timers[4].timer); /* the last */
	koru__timer_remove(&loop, &timers[5].timer); /* alone */
	koru__timer_remove(&loop, &timers[5].timer); /* twice */
	koru__timers_fire(&loop, KORU_SECOND + 1);
	TRACE_EXPECT(&fired, 1);
	koru__timer_remove(&loop, &timers[1].timer); /* it has fired */
	koru__timer_add(&loop, &timers[0].timer, 5, note);
	koru__timer_add(&loop, &timers[1].timer, 6, note);
	koru__timer_remove(&loop, &timers[0].timer); /* too late already */
	koru__timers_fire(&loop, KORU_SECOND + 2);
	TRACE_EXPECT(&fired, 1, 1);
	koru__timer_remove(&loop, &timers[3].timer);
	assert_true(koru__timers_empty(&loop));

	/* The moment of a cancelled one may be named as the next; nothing happens then. */
	koru__timer_add(&loop, &timers[0].timer, KORU_HOUR, note);
	koru__timer_add(&loop, &timers[1].timer, KORU_HOUR + 1000, note);
	koru__timer_remove(&loop, &timers[0].timer);
	koru__timers_fire(&loop, KORU_HOUR);
	TRACE_EXPECT(&fired, 1, 1);
	assert_true(koru__timers_next(&loop) == KORU_HOUR + 1000);
	koru__timer_remove(&loop, &timers[1].timer);
	assert_true(koru__timers_next(&loop) == KORU_FOREVER);
}

static void cancels_the_next(struct koru__timer *timer)
{
	struct timer *t = koru__container_of(timer, struct timer, timer);
	note(timer);
	koru__timer_remove(&loop, timer); /* itself: fired, so not armed any more */
	koru__timer_remove(&loop, &t[1].timer);
}

static void test_cancel_while_firing(void **state)
{
	(void)state;
	begin(0);
	for (int i = 0; i < 6; i++)
		koru__timer_add(&loop, &timers[i].timer, i < 3 ? 100 : 100 + i, cancels_the_next);
	koru__timers_fire(&loop, 1000);
	TRACE_EXPECT(&fired, 0, 2, 4);
	assert_true(koru__timers_empty(&loop));
}

static void arms_again(struct koru__timer *timer)
{
	struct timer *t = koru__container_of(timer, struct timer, timer);
	note(timer);
	if (t->seq-- > 0)
		koru__timer_add(&loop, timer, t->when += 10, arms_again);
}

/* What is due at the same time fires in the same call, in its place; the rest later. */
static void test_arm_while_firing(void **state)
{
	(void)state;
	begin(0);
	timers[0].seq = timers[1].seq = 5;
	timers[1].when = 5;
	koru__timer_add(&loop, &timers[0].timer, 0, arms_again);
	koru__timer_add(&loop, &timers[1].timer, 5, arms_again);
	koru__timers_fire(&loop, 30);
	TRACE_EXPECT(&fired, 0, 1, 0, 1, 0, 1, 0);
	assert_true(koru__timers_next(&loop) == 35);
	timers[0].when = 1; /* armed for what has passed: due at once */
	timers[0].seq = 1;
	koru__timer_remove(&loop, &timers[0].timer);
	koru__timer_add(&loop, &timers[0].timer, 1, arms_again);
	koru__timers_fire(&loop, 30);
	TRACE_EXPECT(&fired, 0, 1, 0, 1, 0, 1, 0, 0, 0);
}

/* After a jump ahead that was taken back, near moments are near again. */
static void test_the_clock_goes_back(void **state)
{
	(void)state;
	begin(1000);
	arm(&timers[0], 2 * KORU_HOUR, 1000);
	arm(&timers[1], 3 * KORU_HOUR, 1000);
	arm(&timers[2], 3 * KORU_HOUR, 1000);
	fire(2 * KORU_HOUR);
	for (int i = 3; i < MANY; i++)
		arm(&timers[i], 2000 - i, 1000);
	assert_true(koru__timers_next(&loop) == 2000 - (MANY - 1));
	fire(1000);
	assert_int_equal(fired_count, 0);
	assert_true(koru__timers_next(&loop) == 2000 - (MANY - 1));
	fire(1900);
	assert_int_equal(fired_count, MANY - 100);
	fire(2000);
	assert_true(koru__timers_next(&loop) == 3 * KORU_HOUR);
	fire(3 * KORU_HOUR);
	assert_true(koru__timers_empty(&loop));
}

enum { MILLION = 1000000 };

static int64_t last_moment;

static void in_order(struct koru__timer *timer)
{
	assert_true(timer->when >= last_moment);
	last_moment = timer->when;
}

/* They need no memory but their own. */
static void test_a_million_pending(void **state)
{
	(void)state;
	struct koru__random r;
	koru__random_seed(&r, 9);
	begin(0);
	struct koru__timer *all = calloc(MILLION, sizeof(*all));
	assert_non_null(all);
	for (int i = 0; i < MILLION; i++)
		koru__timer_add(&loop, &all[i], (int64_t)koru__random_below(&r, KORU_MINUTE),
		                in_order);
	size_t before = resident();
	for (int i = 0; i < MILLION; i += 2)
		koru__timer_remove(&loop, &all[i]);
	for (int i = 0; i < MILLION; i += 2)
		koru__timer_add(&loop, &all[i], (int64_t)koru__random_below(&r, KORU_MINUTE),
		                in_order);
	last_moment = 0;
	uint64_t fired_before = loop.counters.timers;
	for (int64_t now = 0; now <= KORU_MINUTE; now += KORU_SECOND / 2)
		koru__timers_fire(&loop, now);
	assert_int_equal(loop.counters.timers - fired_before, MILLION);
	assert_true(koru__timers_empty(&loop));
	if (is_plain_build())
		assert_true(resident() <= before + (1 << 20)); /* the kernel counts roughly */
	free(all);
}

/* The roundest moment of each range, by trying all. */
static void test_rounding(void **state)
{
	(void)state;
	for (int64_t when = 1; when < 200; when++) {
		for (int64_t slack = 0; slack < 150; slack++) {
			int64_t best = when;
			for (int64_t at = when; at <= when + slack; at++)
				if ((at & -at) > (best & -best))
					best = at;
			assert_true(koru__timer_round(when, slack) == best);
		}
	}
	assert_true(koru__timer_round(1000, -5) == 1000);
	assert_true(koru__timer_round(-1000, 5) == -1000);
	assert_true(koru__timer_round(KORU_FOREVER, 5) == KORU_FOREVER);
	assert_true(koru__timer_round(1000, KORU_FOREVER) == 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_operations),
		cmocka_unit_test(test_next_is_exact),
		cmocka_unit_test(test_equal_moments_fire_in_the_order_armed),
		cmocka_unit_test(test_extreme_moments),
		cmocka_unit_test(test_cancel_in_every_state),
		cmocka_unit_test(test_cancel_while_firing),
		cmocka_unit_test(test_arm_while_firing),
		cmocka_unit_test(test_the_clock_goes_back),
		cmocka_unit_test(test_a_million_pending),
		cmocka_unit_test(test_rounding),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
