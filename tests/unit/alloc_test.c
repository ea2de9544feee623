/* SPDX-License-Identifier: MIT
 * Memory, base/alloc.h: each way to ask for it works and can be made to fail. */
#include "support/cmocka.h"

#include "base/alloc.h"
#include "base/fault.h"

#include <errno.h>
#include <string.h>

/* Volatile, so that the compiler does not warn of the sizes that must fail. */
static volatile size_t half = SIZE_MAX / 2;

static void arm(unsigned skip, unsigned count)
{
	koru__fault_arm(KORU__FAULT_ALLOC, skip, count, ENOMEM);
}

static int disarm(void **state)
{
	(void)state;
	koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
	return 0;
}

static void test_gives_memory(void **state)
{
	(void)state;
	char *block = koru__alloc(100);
	assert_non_null(block);
	memset(block, 'a', 100);
	block = koru__realloc(block, 1000, 3);
	assert_non_null(block);
	assert_int_equal(block[99], 'a');
	memset(block, 'b', 3000);
	koru__free(block);
	koru__free(NULL);
}

static void test_zalloc_is_zero(void **state)
{
	(void)state;
	static const unsigned char zeros[4000];
	void *block = koru__zalloc(1000, 4);
	assert_non_null(block);
	assert_memory_equal(block, zeros, sizeof(zeros));
	koru__free(block);
}

static void test_strndup_copies_only_len(void **state)
{
	(void)state;
	const char word[3] = { 'a', 'b', 'c' }; /* no zero behind it */
	char *copy = koru__strndup(word, sizeof(word));
	assert_non_null(copy);
	assert_string_equal(copy, "abc");
	koru__free(copy);
	copy = koru__strndup(word, 0);
	assert_non_null(copy);
	assert_string_equal(copy, "");
	koru__free(copy);
}

static void test_products_do_not_wrap(void **state)
{
	(void)state;
	char *block = koru__alloc(1);
	assert_non_null(block);
	*block = 'x';
	assert_null(koru__realloc(block, half, 4));
	assert_null(koru__realloc(block, half / 2 + 2, 4)); /* 2^64 + 4 */
	assert_int_equal(*block, 'x');                      /* still ours */
	koru__free(block);
	assert_null(koru__zalloc(half, 4));
}

static void test_each_call_can_fail(void **state)
{
	(void)state;
	char *block = koru__alloc(1);
	assert_non_null(block);
	*block = 'x';
	arm(0, 4);
	assert_null(koru__alloc(1));
	assert_null(koru__zalloc(1, 1));
	assert_null(koru__realloc(block, 2, 1));
	assert_null(koru__strndup("a", 1));
	assert_int_equal(koru__fault_hits(), 4);
	assert_int_equal(*block, 'x'); /* a failed realloc left it alone */
	koru__free(block);
}

static void test_the_nth_can_fail(void **state)
{
	(void)state;
	arm(1, 1);
	void *first = koru__alloc(1);
	void *second = koru__alloc(1);
	void *third = koru__alloc(1);
	assert_non_null(first);
	assert_null(second);
	assert_non_null(third);
	koru__free(first);
	koru__free(third);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gives_memory),
		cmocka_unit_test(test_zalloc_is_zero),
		cmocka_unit_test(test_strndup_copies_only_len),
		cmocka_unit_test(test_products_do_not_wrap),
		cmocka_unit_test_teardown(test_each_call_can_fail, disarm),
		cmocka_unit_test_teardown(test_the_nth_can_fail, disarm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
