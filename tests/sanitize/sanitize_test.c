/* SPDX-License-Identifier: MIT
 * The sanitizers know of tasks: they find what is planted in victim.c, and cry out at nothing
 * else. The program's argument is the victim's path. */
#include "support/cmocka.h"
#include "support/core.h"

#include "context/sanitize.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static const char *victim;

enum { RUNS = 20 };

struct outcome {
	int ended_well;
	int reported; /* with the text looked for */
};

static struct outcome run_often(const char *program, const char *text)
{
	struct outcome o = { 0, 0 };
	for (int i = 0; i < RUNS; i++) {
		char command[1024], line[512];
		bool found = false;
		snprintf(command, sizeof(command), "'%s' %s 2>&1", victim, program);
		FILE *f = popen(command, "re");
		assert_non_null(f);
		while (fgets(line, sizeof(line), f)) {
			found |= text && strstr(line, text);
			if (!text && i == 0)
				print_message("%s", line);
		}
		int status = pclose(f);
		o.ended_well += WIFEXITED(status) && WEXITSTATUS(status) == 0;
		o.reported += found;
	}
	return o;
}

static void expect_report(const char *program, const char *text)
{
	struct outcome o = run_often(program, text);
	print_message("%s: reported in %d of %d runs\n", program, o.reported, RUNS);
	assert_true(o.reported >= RUNS - 1);
}

static void expect_silence(const char *program)
{
	assert_int_equal(run_often(program, NULL).ended_well, RUNS);
}

#ifdef KORU__ASAN
static void test_memory_errors_are_found(void **state)
{
	(void)state;
	expect_report("use_after_return", "stack-use-after-return");
	expect_report("overflow", "stack-buffer-overflow");
	expect_report("freed_buffer", "heap-use-after-free");
	/* Waiting for the kernel, or for another task, makes no difference. */
	expect_report("use_after_return_in_a_call", "stack-use-after-return");
}
#endif

#ifdef KORU__TSAN
static void test_races_are_found(void **state)
{
	(void)state;
	expect_report("race_of_waiters", "data race");
	expect_report("race_of_yielders", "data race");
	expect_report("race_of_runners", "data race");
	expect_report("race_of_many", "data race");
	expect_report("race_with_parent", "data race");
}
#endif

static void test_nothing_else_is_reported(void **state)
{
	(void)state;
	expect_silence("shared_on_one_loop");
	expect_silence("handed_over");
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return EXIT_FAILURE;
	victim = argv[1];
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
