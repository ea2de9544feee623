/* SPDX-License-Identifier: MIT
 * One task receives from whichever of several unbuffered channels it can, another sends to one
 * after the other. */
#include <koru/koru.h>

#include "lib/bench.h"

struct job {
	struct koru_chan *ch;
	struct koru_case *cases;
	int channels;
	long messages;
	int64_t started;
	int64_t ended;
};

static int sends(void *arg)
{
	struct job *job = arg;
	for (long i = 0; i < job->messages + job->messages / 10; i++)
		bench_require(koru_chan_send(&job->ch[i % job->channels], &i) == 0,
		              "koru_chan_send");
	return 0;
}

static void receive(struct job *job, long first, long end, long *n)
{
	for (long i = first; i < end; i++) {
		int chosen = koru_select(job->cases, job->channels, NULL);
		bench_require(chosen == i % job->channels && *n == i, "order");
	}
}

static int receives(void *arg)
{
	struct job *job = arg;
	long n;
	for (int i = 0; i < job->channels; i++)
		job->cases[i] = koru_case_recv(&job->ch[i], &n);
	receive(job, 0, job->messages / 10, &n);
	job->started = bench_now();
	receive(job, job->messages / 10, job->messages / 10 + job->messages, &n);
	job->ended = bench_now();
	return 0;
}

static int run(void *arg)
{
	struct koru_scope all;
	koru_scope_open(&all, NULL);
	koru_go(&all, receives, arg);
	koru_go(&all, sends, arg);
	return koru_scope_close(&all);
}

int main(int argc, char **argv)
{
	struct job job = {
		.messages = bench_arg(argc, argv, "messages"),
		.channels = (int)bench_arg(argc, argv, "channels"),
	};
	job.ch = calloc((size_t)job.channels, sizeof *job.ch);
	job.cases = calloc((size_t)job.channels, sizeof *job.cases);
	bench_require(job.ch && job.cases, "memory");
	for (int i = 0; i < job.channels; i++)
		bench_require(koru_chan_init(&job.ch[i], NULL, sizeof(long), 0, NULL) == 0,
		              "koru_chan_init");
	bench_require(koru_run(run, &job, NULL) == 0, "koru_run");
	bench_print("select", (double)(job.ended - job.started) / (double)job.messages, "ns");
	free(job.ch);
	free(job.cases);
	return 0;
}
