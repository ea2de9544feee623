/* SPDX-License-Identifier: MIT
 * ThreadSanitizer knows what the sync types order: what they protect is no race, and what only
 * lies beside them is one. The program's argument is the path of victim.c's. */
#include "support/cmocka.h"
#include "support/victim.h"

#include <stdlib.h>

static void test_races_are_found(void **state)
{
	(void)state;
	victim_expect_report("unprotected", "data race");
	victim_expect_report("beside_mutex", "data race");
	victim_expect_report("written_by_readers", "data race");
	victim_expect_report("beside_event", "data race");
	victim_expect_report("after_barrier", "data race");
}

static void test_nothing_else_is_reported(void **state)
{
	(void)state;
	victim_expect_silence("mutex");
	victim_expect_silence("rwlock");
	victim_expect_silence("cond");
	victim_expect_silence("sem");
	victim_expect_silence("event");
	victim_expect_silence("barrier");
	victim_expect_silence("once");
	victim_expect_silence("wait_group");
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
