/* SPDX-License-Identifier: MIT
 * A koru generator. See values.h. */
#include <koru/koru.h>

#include "gen/values.h"

static struct koru_gen gen;

static int count_up(struct koru_gen *g, void *arg)
{
	(void)arg;
	for (uintptr_t i = 0;; i++) {
		int rc = koru_gen_yield(g, (void *)i, NULL);
		if (rc < 0)
			return rc;
	}
}

static uint64_t take(long count)
{
	uint64_t sum = 0;
	for (long i = 0; i < count; i++) {
		void *value;
		bench_require(koru_gen_next(&gen, &value) == 1, "koru_gen_next");
		sum += (uintptr_t)value;
	}
	return sum;
}

struct arguments {
	int argc;
	char **argv;
};

static int run(void *arg)
{
	struct arguments *arguments = arg;
	bench_require(koru_gen_open(&gen, count_up, NULL) == 0, "koru_gen_open");
	values_run(arguments->argc, arguments->argv, take);
	return koru_gen_close(&gen);
}

int main(int argc, char **argv)
{
	struct arguments arguments = { argc, argv };
	bench_require(koru_run(run, &arguments, NULL) == 0, "koru_run");
	return 0;
}
