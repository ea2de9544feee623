/* SPDX-License-Identifier: MIT
 * Victims. See victim.h. */
#include "support/victim.h"

#include "support/cmocka.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

enum { RUNS = 20 };

static const char *victim;

struct outcome {
	int ended_well;
	int reported; /* with the text looked for */
};

void victim_set(const char *path)
{
	victim = path;
}

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

static int count_reports(const char *program, const char *text)
{
	int reported = run_often(program, text).reported;
	print_message("%s: reported in %d of %d runs\n", program, reported, RUNS);
	return reported;
}

void victim_expect_report(const char *program, const char *text)
{
	assert_true(count_reports(program, text) >= RUNS - 1);
}

void victim_expect_report_always(const char *program, const char *text)
{
	assert_int_equal(count_reports(program, text), RUNS);
}

void victim_expect_silence(const char *program)
{
	assert_int_equal(run_often(program, NULL).ended_well, RUNS);
}
