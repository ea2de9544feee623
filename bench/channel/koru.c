/* SPDX-License-Identifier: MIT
 * One task sends numbers through a channel to another, on one loop, or from one loop to another. */
#include <koru/koru.h>

#include "lib/bench.h"

struct job {
	struct koru_chan *ch;
	long messages;
	long loops;
	int64_t started;
	int64_t ended;
};

static int sends(void *arg)
{
	struct job *job = arg;
	for (long i = 0; i < job->messages + job->messages / 10; i++)
		bench_require(koru_chan_send(job->ch, &i) == 0, "koru_chan_send");
	return 0;
}

/* The receiver holds the clock; the first tenth warms up. */
static int receives(void *arg)
{
	struct job *job = arg;
	long n;
	for (long i = 0; i < job->messages / 10; i++)
		bench_require(koru_chan_recv(job->ch, &n) == 1, "koru_chan_recv");
	job->started = bench_now();
	for (long i = 0; i < job->messages; i++)
		bench_require(koru_chan_recv(job->ch, &n) == 1, "koru_chan_recv");
	job->ended = bench_now();
	bench_require(n == job->messages + job->messages / 10 - 1, "order");
	return 0;
}

static int run(void *arg)
{
	struct job *job = arg;
	struct koru_scope all;
	koru_scope_open(&all, NULL);
	koru_go(&all, receives, job);
	koru_go_on(&all, KORU_LOOP(job->loops - 1), sends, job);
	return koru_scope_close(&all);
}

int main(int argc, char **argv)
{
	struct job job = {
		.messages = bench_arg(argc, argv, "messages"),
		.loops = bench_arg(argc, argv, "processors"),
	};
	size_t capacity = (size_t)bench_arg(argc, argv, "capacity1") - 1;
	bench_require(koru_chan_new(sizeof(long), capacity, NULL, &job.ch) == 0, "koru_chan_new");
	struct koru_run_opts opts = { .loops = (int)job.loops };
	bench_require(koru_run(run, &job, &opts) == 0, "koru_run");
	bench_require(koru_chan_free(job.ch) == 0, "koru_chan_free");
	bench_print("message", (double)(job.ended - job.started) / (double)job.messages, "ns");
	return 0;
}
