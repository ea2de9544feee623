/* SPDX-License-Identifier: MIT
 *
 * The memory of this process as the kernel counts it: pages in use, page tables, and the
 * number of mappings. Memory of the kernel itself (a mapping costs it about 200 bytes) is
 * in none of these figures.
 */
#ifndef BENCH_LIB_MEMORY_H
#define BENCH_LIB_MEMORY_H

#include "lib/bench.h"

struct bench_memory {
	int64_t resident;   /* bytes; Rss of smaps_rollup, which unlike VmRSS is exact */
	int64_t page_table; /* bytes; VmPTE */
	long mappings;      /* lines of /proc/self/maps */
};

/* The number after `field` in a file of "Field:  number kB" lines, in bytes. */
static inline int64_t bench__field(const char *path, const char *field)
{
	char line[256];
	int64_t value = -1;
	FILE *file = fopen(path, "re");
	bench_require(file != NULL, path);
	while (value < 0 && fgets(line, sizeof line, file))
		if (strncmp(line, field, strlen(field)) == 0)
			value = strtoll(line + strlen(field), NULL, 10) * 1024;
	fclose(file);
	bench_require(value >= 0, field);
	return value;
}

static inline struct bench_memory bench_memory_now(void)
{
	struct bench_memory now;
	now.mappings = 0;
	FILE *file = fopen("/proc/self/maps", "re");
	bench_require(file != NULL, "/proc/self/maps");
	for (int c = fgetc(file); c != EOF; c = fgetc(file))
		now.mappings += c == '\n';
	fclose(file);
	now.resident = bench__field("/proc/self/smaps_rollup", "Rss:");
	now.page_table = bench__field("/proc/self/status", "VmPTE:");
	return now;
}

/* Prints what `tasks` parked tasks added since `before`. */
static inline void bench_memory_print(struct bench_memory before, long tasks)
{
	struct bench_memory now = bench_memory_now();
	int64_t bytes = now.resident - before.resident + now.page_table - before.page_table;
	bench_print("memory", (double)bytes / (double)tasks, "bytes");
	bench_print("mappings", (double)now.mappings, "mappings");
}

#endif
