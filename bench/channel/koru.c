/* SPDX-License-Identifier: MIT
 * One task sends numbers through a channel to another, on one loop, or from one loop to another
 * on a thread of its own. */
#include <koru/koru.h>

#include "lib/bench.h"

#include <pthread.h>

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
	if (job->loops == 1)
		koru_go(&all, sends, job);
	return koru_scope_close(&all);
}

static void *run_sender(void *arg)
{
	bench_require(koru_run(sends, arg, NULL) == 0, "koru_run");
	return NULL;
}

int main(int argc, char **argv)
{
	struct job job = {
		.messages = bench_arg(argc, argv, "messages"),
		.loops = bench_arg(argc, argv, "loops"),
	};
	size_t capacity = (size_t)bench_arg(argc, argv, "capacity1") - 1;
	bench_require(koru_chan_new(sizeof(long), capacity, NULL, &job.ch) == 0, "koru_chan_new");
	pthread_t sender;
	if (job.loops > 1)
		bench_require(pthread_create(&sender, NULL, run_sender, &job) == 0, "thread");
	bench_require(koru_run(run, &job, NULL) == 0, "koru_run");
	if (job.loops > 1)
		pthread_join(sender, NULL);
	bench_require(koru_chan_free(job.ch) == 0, "koru_chan_free");
	bench_print("message", (double)(job.ended - job.started) / (double)job.messages, "ns");
	return 0;
}
