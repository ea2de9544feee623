/* SPDX-License-Identifier: MIT
 * libuv's timers, which count milliseconds. See pool.h. */
#include "timers/pool.h"

#include <uv.h>

static uv_timer_t *timers;
static uv_loop_t *loop;

static void on_time(uv_timer_t *timer)
{
	(void)timer;
}

static void begin(void)
{
	uv_update_time(loop);
}

static void arm(long index, int64_t ns)
{
	bench_require(uv_timer_start(&timers[index], on_time, (uint64_t)ns / 1000000, 0) == 0,
	              "uv_timer_start");
}

static void cancel(long index)
{
	bench_require(uv_timer_stop(&timers[index]) == 0, "uv_timer_stop");
}

static void fire(void)
{
	bench_require(uv_run(loop, UV_RUN_DEFAULT) == 0, "uv_run");
}

int main(int argc, char **argv)
{
	static const struct pool_timers pool = { arm, cancel, begin, fire };
	long pending = bench_arg(argc, argv, "pending");
	timers = calloc((size_t)pending, sizeof *timers);
	bench_require(timers != NULL, "memory");
	loop = uv_default_loop();
	for (long i = 0; i < pending; i++)
		bench_require(uv_timer_init(loop, &timers[i]) == 0, "uv_timer_init");
	pool_run(&pool, argc, argv);
	return 0;
}
