/* SPDX-License-Identifier: MIT
 * The timers of a koru loop, as a sleep and a deadline use them, without a task for each. They are
 * private to the library: what is measured is what the peers' timers are too. See pool.h. */
#include "base/macro.h"
#include "sched/loop.h"
#include "sched/park.h"
#include "timers/pool.h"

#include <koru/koru.h>

static struct koru__timer *timers;
static struct koru_task *waiter;
static long pending;
static long armed;
static int64_t begun;

static void on_time(struct koru__timer *timer)
{
	(void)timer;
	if (--armed == 0)
		koru__unpark(waiter, 0);
}

static void begin(void)
{
	begun = koru_now();
}

static void arm(long index, int64_t ns)
{
	armed++;
	koru__timer_add(koru__loop(), &timers[index], begun + ns, on_time);
}

static void cancel(long index)
{
	armed--;
	koru__timer_remove(koru__loop(), &timers[index]);
}

static void fire(void)
{
	static const struct koru__wait_kind kind = { "timers", NULL };
	waiter = koru__task_self();
	koru__park(koru__loop(), &kind, NULL);
}

struct arguments {
	int argc;
	char **argv;
};

static int run(void *arg)
{
	static const struct pool_timers pool = { arm, cancel, begin, fire };
	struct arguments *arguments = arg;
	pool_run(&pool, arguments->argc, arguments->argv);
	return 0;
}

int main(int argc, char **argv)
{
	struct arguments arguments = { argc, argv };
	pending = bench_arg(argc, argv, "pending");
	timers = calloc((size_t)pending, sizeof *timers);
	bench_require(timers != NULL, "memory");
	bench_require(koru_run(run, &arguments, NULL) == 0, "koru_run");
	free(timers);
	return 0;
}
