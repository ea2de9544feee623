/* SPDX-License-Identifier: MIT
 * The stack of a task, as debuggers and unwinders see it: it ends at context/start.S. */
#include "support/cmocka.h"
#include "support/core.h"

#include "koru/koru.h"

#include <execinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char koru__context_start[];

void backtrace_stop_here(void);

/* Where gdb stops. */
__attribute__((noinline)) void backtrace_stop_here(void)
{
	__asm__ volatile("" : : : "memory");
}

enum { FRAMES = 100 };

static int looks_back(void *arg)
{
	void *frames[FRAMES];
	backtrace_stop_here();
	int count = backtrace(frames, FRAMES);
	if (count < 3 || count == FRAMES)
		return -1;
	ptrdiff_t into = (char *)frames[count - 1] - koru__context_start;
	if (into <= 0 || into > 64)
		return -2;
	*(int *)arg = count;
	return 0;
}

static int looks_back_after_waiting(void *arg)
{
	koru_sleep(KORU_MICROSECOND);
	koru_yield();
	return looks_back(arg);
}

/* Hosted: whoever waits for it is further back. */
static int hosts_one(void *arg)
{
	struct koru_scope s;
	koru_scope_open(&s, NULL);
	koru_go(&s, looks_back_after_waiting, arg);
	return koru_scope_close(&s);
}

static int main_looks_back(void *arg)
{
	int *counts = arg;
	int rc = looks_back(&counts[0]);
	return rc < 0 ? rc : hosts_one(&counts[1]);
}

static void test_backtrace_ends(void **state)
{
	(void)state;
	int counts[2] = { 0, 0 };
	assert_int_equal(run(main_looks_back, counts), 0);
	assert_true(counts[0] > 2);
	assert_true(counts[1] > 2);
}

/* Runs this program under gdb, which prints a backtrace at each stop. */
static void test_gdb_ends_it_too(void **state)
{
	(void)state;
	if (!is_plain_build() || access("/usr/bin/gdb", X_OK) != 0) {
		print_message("skipped: no gdb, or not a plain build\n");
		skip();
	}
	char self[512], command[1024];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	assert_true(len > 0);
	self[len] = '\0';
	snprintf(command, sizeof(command),
	         "/usr/bin/gdb -nx -batch -ex 'set debuginfod enabled off' "
	         "-ex 'break backtrace_stop_here' -ex run -ex bt -ex continue -ex bt -ex continue "
	         "--args '%s' victim </dev/null 2>&1",
	         self);
	FILE *gdb = popen(command, "re"); /* NOLINT: a fixed command */
	assert_non_null(gdb);
	char line[1024];
	static char all[65536];
	int frames = 0, starts = 0, stops = 0;
	bool ended = false, strange = false;
	while (fgets(line, sizeof(line), gdb)) {
		if (strlen(all) + strlen(line) < sizeof(all))
			strncat(all, line, sizeof(all) - strlen(all) - 1);
		stops += strstr(line, "Breakpoint 1, ") != NULL;
		strange |= strstr(line, "corrupt") || strstr(line, "Backtrace stopped");
		if (line[0] != '#')
			continue;
		frames++;
		ended = strstr(line, "koru__context_start") != NULL;
		starts += ended;
	}
	int status = pclose(gdb);
	if (stops == 0) {
		print_message("skipped: gdb cannot run a program here\n%s", all);
		skip();
	}
	if (stops != 2 || starts != 2 || !ended || strange)
		print_message("%s", all);
	assert_int_equal(status, 0);
	assert_int_equal(stops, 2);
	assert_int_equal(starts, 2); /* each backtrace has it once … */
	assert_true(ended);          /* … as its last frame */
	assert_false(strange);
	assert_true(frames < 40);
}

int main(int argc, char **argv)
{
	int counts[2];
	if (argc == 2 && strcmp(argv[1], "victim") == 0)
		return run(main_looks_back, counts) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_backtrace_ends),
		cmocka_unit_test(test_gdb_ends_it_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
