/* SPDX-License-Identifier: MIT
 * Streams of random numbers: base/random.h. All seeds are fixed, so no run differs. */
#include "support/cmocka.h"

#include "base/fault.h"
#include "base/macro.h"
#include "base/random.h"

#include <errno.h>

static void test_known_answers(void **state)
{
	(void)state;
	/* SplitMix64 from the seed 1234567, as its authors' program prints it. */
	const uint64_t expected[] = {
		UINT64_C(6457827717110365317),  UINT64_C(3203168211198807973),
		UINT64_C(9817491932198370423),  UINT64_C(4593380528125082431),
		UINT64_C(16408922859458223821),
	};
	struct koru__random r;
	koru__random_seed(&r, 1234567);
	for (size_t i = 0; i < koru__array_len(expected); i++)
		assert_true(koru__random_next(&r) == expected[i]);
}

static void test_one_seed_one_stream(void **state)
{
	(void)state;
	struct koru__random a, b, other;
	koru__random_seed(&a, 42);
	koru__random_seed(&b, 42);
	koru__random_seed(&other, 43);
	int same_as_other = 0;
	for (int i = 0; i < 1000; i++) {
		uint64_t x = koru__random_next(&a);
		assert_true(x == koru__random_next(&b));
		same_as_other += x == koru__random_next(&other);
	}
	assert_int_equal(same_as_other, 0);
}

static void test_below_stays_below(void **state)
{
	(void)state;
	const uint64_t bounds[] = { 1, 2, 3, 10, UINT64_C(1) << 63, UINT64_MAX };
	struct koru__random r;
	koru__random_seed(&r, 1);
	for (size_t b = 0; b < koru__array_len(bounds); b++)
		for (int i = 0; i < 1000; i++)
			assert_true(koru__random_below(&r, bounds[b]) < bounds[b]);
}

static void test_below_reaches_all(void **state)
{
	(void)state;
	int drawn[10] = { 0 };
	struct koru__random r;
	koru__random_seed(&r, 1);
	for (int i = 0; i < 10000; i++)
		drawn[koru__random_below(&r, 10)]++;
	for (int i = 0; i < 10; i++)
		assert_in_range(drawn[i], 850, 1150);
}

/* 3 * 2^62 does not divide 2^64: a plain remainder would hit the lowest third in half of
 * all draws. */
static void test_below_favours_none(void **state)
{
	(void)state;
	const uint64_t third = UINT64_C(1) << 62;
	int low = 0;
	struct koru__random r;
	koru__random_seed(&r, 1);
	for (int i = 0; i < 9000; i++)
		low += koru__random_below(&r, 3 * third) < third;
	assert_in_range(low, 2800, 3200);
}

static void test_init_differs_each_time(void **state)
{
	(void)state;
	struct koru__random a, b;
	koru__random_init(&a);
	koru__random_init(&b);
	assert_true(koru__random_next(&a) != koru__random_next(&b));
}

static void test_init_without_the_kernel(void **state)
{
	(void)state;
	struct koru__random a, b;
	koru__fault_arm(KORU__FAULT_RANDOM, 0, 2, ENOSYS);
	koru__random_init(&a);
	koru__random_init(&b);
	assert_int_equal(koru__fault_hits(), 2);
	koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
	assert_true(koru__random_next(&a) != koru__random_next(&b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_answers),
		cmocka_unit_test(test_one_seed_one_stream),
		cmocka_unit_test(test_below_stays_below),
		cmocka_unit_test(test_below_reaches_all),
		cmocka_unit_test(test_below_favours_none),
		cmocka_unit_test(test_init_differs_each_time),
		cmocka_unit_test(test_init_without_the_kernel),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
