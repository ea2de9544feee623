/* SPDX-License-Identifier: MIT
 * ThreadSanitizer knows what several loops order, and what they do not. The program's argument is
 * the path of loops_victim.c's. */
#include "support/cmocka.h"
#include "support/victim.h"

#include <stdlib.h>

static void test_races_are_found(void **state)
{
	(void)state;
	victim_expect_report_always("on_any_loop", "data race");
	victim_expect_report_always("on_any_loop_asleep", "data race");
	victim_expect_report_always("on_any_loop_at_once", "data race");
	victim_expect_report_always("on_two_loops", "data race");
	victim_expect_report_always("on_two_loops_at_once", "data race");
	victim_expect_report_always("beside_the_parent", "data race");
	victim_expect_report_always("beside_the_waker", "data race");
	victim_expect_report_always("beside_the_poster", "data race");
}

static void test_nothing_else_is_reported(void **state)
{
	(void)state;
	victim_expect_silence("at_start_and_end");
	victim_expect_silence("joined_from_another_loop");
	victim_expect_silence("on_one_loop");
	victim_expect_silence("by_waking");
	victim_expect_silence("by_posting");
	victim_expect_silence("cancelled_from_another_loop");
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return EXIT_FAILURE;
	victim_set(argv[1]);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_races_are_found),
		cmocka_unit_test(test_nothing_else_is_reported),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
