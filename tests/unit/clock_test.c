/* SPDX-License-Identifier: MIT
 * The clock, base/clock.h: it goes forward, can be made to jump, and sums never wrap. */
#include "support/cmocka.h"

#include "base/clock.h"
#include "base/fault.h"
#include "base/macro.h"
#include "koru/time.h"

static void test_never_goes_back(void **state)
{
	(void)state;
	int64_t last = koru_now();
	assert_true(last > 0);
	for (int i = 0; i < 1000; i++) {
		int64_t now = koru__clock_now();
		assert_true(now >= last);
		last = now;
	}
}

static void test_sums_saturate(void **state)
{
	(void)state;
	static const struct {
		int64_t when, ns, sum;
	} cases[] = {
		{ 5, 10, 15 },
		{ 15, -10, 5 },
		{ 5, -5, 0 },
		{ 5, -6, 0 },
		{ 0, INT64_MIN, 0 },
		{ -10, 5, 0 },
		{ INT64_MIN, INT64_MIN, 0 },
		{ KORU_FOREVER - 1, 1, KORU_FOREVER },
		{ KORU_FOREVER - 1, 2, KORU_FOREVER },
		{ KORU_FOREVER, KORU_FOREVER, KORU_FOREVER },
		{ 1, KORU_FOREVER, KORU_FOREVER },
		{ KORU_FOREVER, 0, KORU_FOREVER },
	};
	for (size_t i = 0; i < koru__array_len(cases); i++)
		assert_true(koru__clock_add(cases[i].when, cases[i].ns) == cases[i].sum);
}

static void test_can_be_made_to_jump(void **state)
{
	(void)state;
	int64_t before = koru_now();
	koru__fault_arm(KORU__FAULT_CLOCK, 1, 1, 3600);
	int64_t same_hour = koru_now();
	int64_t next_hour = koru_now();
	int64_t after = koru_now();
	assert_int_equal(koru__fault_hits(), 1);
	koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
	assert_true(same_hour - before < KORU_HOUR);
	assert_true(next_hour - same_hour >= KORU_HOUR);
	assert_true(after < next_hour);
}

static void test_units(void **state)
{
	(void)state;
	assert_true(KORU_SECOND == INT64_C(1000000000));
	assert_true(KORU_HOUR == 3600 * KORU_SECOND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_never_goes_back),
		cmocka_unit_test(test_sums_saturate),
		cmocka_unit_test(test_can_be_made_to_jump),
		cmocka_unit_test(test_units),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
