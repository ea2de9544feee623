/* SPDX-License-Identifier: MIT
 * Running random programs. See seeds.h. */
#include "support/seeds.h"

#include "support/cmocka.h"
#include "support/core.h"

#include "base/random.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static uint64_t current;

static void on_end(int sig)
{
	char line[80];
	int len = snprintf(line, sizeof(line), "the program was KORU_TEST_SEED=%llu\n",
	                   (unsigned long long)current);
	(void)!write(STDERR_FILENO, line, (size_t)len);
	signal(sig, SIG_DFL);
	raise(sig);
}

static unsigned long long from_environment(const char *name, unsigned long long otherwise)
{
	const char *value = getenv(name);
	return value ? strtoull(value, NULL, 0) : otherwise;
}

unsigned long long run_seeds(unsigned long long plain, unsigned long long watched,
                             void (*run_one)(uint64_t seed))
{
	struct koru__random r;
	koru__random_init(&r);
	unsigned long long count =
	        from_environment("KORU_TEST_PROGRAMS", is_plain_build() ? plain : watched);
	uint64_t first = koru__random_next(&r) >> 16;
	if (getenv("KORU_TEST_SEED")) {
		first = from_environment("KORU_TEST_SEED", 0);
		count = 1;
	}
	print_message("%llu programs from KORU_TEST_SEED=%llu on\n", count,
	              (unsigned long long)first);
	signal(SIGABRT, on_end);
	signal(SIGALRM, on_end);
	int fds = count_fds();
	for (unsigned long long i = 0; i < count; i++) {
		current = first + i;
		run_one(current);
	}
	assert_int_equal(count_fds(), fds);
	signal(SIGABRT, SIG_DFL);
	signal(SIGALRM, SIG_DFL);
	return count;
}
