/* SPDX-License-Identifier: MIT
 * The plan of faults: base/fault.h. */
#include "support/cmocka.h"

#include "base/fault.h"

#include <errno.h>
#include <pthread.h>

#define THREADS  4
#define PASSAGES 1000

static int disarm(void **state)
{
	(void)state;
	koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
	return 0;
}

static void test_nothing_armed_nothing_fails(void **state)
{
	(void)state;
	for (int point = KORU__FAULT_NONE + 1; point < KORU__FAULT_MAX; point++)
		assert_int_equal(koru__fault((enum koru__fault_point)point), 0);
	assert_int_equal(koru__fault_hits(), 0);
}

static void test_skip_then_fail_then_recover(void **state)
{
	(void)state;
	const int expected[] = { 0, 0, EMFILE, EMFILE, EMFILE, 0, 0 };
	koru__fault_arm(KORU__FAULT_SOCKET, 2, 3, EMFILE);
	for (size_t i = 0; i < koru__array_len(expected); i++)
		assert_int_equal(koru__fault(KORU__FAULT_SOCKET), expected[i]);
	assert_int_equal(koru__fault_hits(), 3);
}

static void test_other_points_pass(void **state)
{
	(void)state;
	koru__fault_arm(KORU__FAULT_IO, 0, 1, EIO);
	for (int point = KORU__FAULT_NONE + 1; point < KORU__FAULT_MAX; point++)
		if (point != KORU__FAULT_IO)
			assert_int_equal(koru__fault((enum koru__fault_point)point), 0);
	assert_int_equal(koru__fault_hits(), 0);
	assert_int_equal(koru__fault(KORU__FAULT_IO), EIO);
}

static void test_new_plan_replaces_the_old(void **state)
{
	(void)state;
	koru__fault_arm(KORU__FAULT_IO, 0, 10, EIO);
	assert_int_equal(koru__fault(KORU__FAULT_IO), EIO);
	koru__fault_arm(KORU__FAULT_MMAP, 0, 1, ENOMEM);
	assert_int_equal(koru__fault_hits(), 0);
	assert_int_equal(koru__fault(KORU__FAULT_IO), 0);
	assert_int_equal(koru__fault(KORU__FAULT_MMAP), ENOMEM);
	koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
	assert_int_equal(koru__fault(KORU__FAULT_MMAP), 0);
}

static void *pass_often(void *arg)
{
	int *failed = arg;
	for (int i = 0; i < PASSAGES; i++)
		*failed += koru__fault(KORU__FAULT_ALLOC) == ENOMEM;
	return NULL;
}

/* However threads interleave, a plan fails as many passages as it says. */
static void test_threads_share_the_plan(void **state)
{
	(void)state;
	const unsigned planned = THREADS * PASSAGES / 3;
	pthread_t threads[THREADS];
	int failed[THREADS] = { 0 };
	koru__fault_arm(KORU__FAULT_ALLOC, 100, planned, ENOMEM);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, pass_often, &failed[i]), 0);
	unsigned total = 0;
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		total += (unsigned)failed[i];
	}
	assert_int_equal(total, planned);
	assert_int_equal(koru__fault_hits(), planned);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_armed_nothing_fails),
		cmocka_unit_test_teardown(test_skip_then_fail_then_recover, disarm),
		cmocka_unit_test_teardown(test_other_points_pass, disarm),
		cmocka_unit_test_teardown(test_new_plan_replaces_the_old, disarm),
		cmocka_unit_test_teardown(test_threads_share_the_plan, disarm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
