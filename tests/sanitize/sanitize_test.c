/* SPDX-License-Identifier: MIT
 * The sanitizers know of tasks: they find what is planted in victim.c, and cry out at nothing
 * else. The program's argument is the victim's path. */
#include "support/cmocka.h"
#include "support/victim.h"

#include "context/sanitize.h"

#include <stdlib.h>

#ifdef KORU__ASAN
static void test_memory_errors_are_found(void **state)
{
	(void)state;
	victim_expect_report("use_after_return", "stack-use-after-return");
	victim_expect_report("overflow", "stack-buffer-overflow");
	victim_expect_report("freed_buffer", "heap-use-after-free");
	/* Waiting for the kernel, or for another task, makes no difference. */
	victim_expect_report("use_after_return_in_a_call", "stack-use-after-return");
}
#endif

#ifdef KORU__TSAN
static void test_races_are_found(void **state)
{
	(void)state;
	victim_expect_report("race_of_waiters", "data race");
	victim_expect_report("race_of_yielders", "data race");
	victim_expect_report("race_of_runners", "data race");
	victim_expect_report("race_of_many", "data race");
	victim_expect_report("race_with_parent", "data race");
}
#endif

static void test_nothing_else_is_reported(void **state)
{
	(void)state;
	victim_expect_silence("shared_on_one_loop");
	victim_expect_silence("handed_over");
	victim_expect_silence("through_a_socket");
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return EXIT_FAILURE;
	victim_set(argv[1]);
	const struct CMUnitTest tests[] = {
#ifdef KORU__ASAN
		cmocka_unit_test(test_memory_errors_are_found),
#endif
#ifdef KORU__TSAN
		cmocka_unit_test(test_races_are_found),
#endif
		cmocka_unit_test(test_nothing_else_is_reported),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
