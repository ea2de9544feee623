/* SPDX-License-Identifier: MIT
 *
 * What every measured program in C or C++ shares: its arguments, its clock, and the form
 * of its results. It knows nothing of what is measured.
 *
 * A program is given its amount of work as arguments "name=number" and has no figure of
 * its own; it prints one line "name value unit" per result.
 */
#ifndef BENCH_LIB_BENCH_H
#define BENCH_LIB_BENCH_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BENCH_NOINLINE __attribute__((noinline, noclone))

/* Ends the program unless `fine`: a benchmark that went wrong has no result. */
static inline void bench_require(int fine, const char *what)
{
	if (fine)
		return;
	fprintf(stderr, "failed: %s\n", what);
	exit(1);
}

/* Monotonic nanoseconds. */
static inline int64_t bench_now(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* The number in the argument "name=number", which must be there and positive. */
static inline long bench_arg(int argc, char **argv, const char *name)
{
	size_t len = strlen(name);
	for (int i = 1; i < argc; i++) {
		if (strncmp(argv[i], name, len) != 0 || argv[i][len] != '=')
			continue;
		char *end;
		long value = strtol(argv[i] + len + 1, &end, 10);
		if (*end == '\0' && value > 0)
			return value;
	}
	fprintf(stderr, "needs the argument %s=NUMBER\n", name);
	exit(2);
}

/* One result. */
static inline void bench_print(const char *name, double value, const char *unit)
{
	printf("%s %.6g %s\n", name, value, unit);
	fflush(stdout);
}

#endif
