/* SPDX-License-Identifier: MIT
 * Channels and select: workers take jobs from one channel and send results into another; the main
 * task hands out jobs and collects results at the same time, until a time limit. */
#include <koru/koru.h>

#include <stdio.h>

enum { WORKERS = 3, JOBS = 10 };

struct result {
	int job;
	int value;
};

struct office {
	struct koru_chan jobs;    /* of int: a rendezvous */
	struct koru_chan results; /* of struct result: up to four lie there */
	struct result room[4];
};

/* Until the channel is closed and empty. */
static int worker(void *arg)
{
	struct office *office = arg;
	int job;
	int rc;
	while ((rc = koru_chan_recv(&office->jobs, &job)) == 1) {
		struct result result = { job, job * job };
		koru_sleep((10 - job) * KORU_MILLISECOND); /* the first jobs take longest */
		rc = koru_chan_send(&office->results, &result);
		if (rc < 0)
			return rc;
	}
	return rc;
}

static int run(void *arg)
{
	struct office office;
	struct koru_scope workers;
	struct result result;
	int squares[JOBS] = { 0 };
	int job = 0, received = 0;
	(void)arg;

	koru_chan_init(&office.jobs, NULL, sizeof(int), 0, NULL);
	koru_chan_init(&office.results, office.room, sizeof(struct result), 4, NULL);
	koru_scope_open(&workers, NULL);
	for (int i = 0; i < WORKERS; i++)
		koru_go(&workers, worker, &office);

	struct koru_case deadline = koru_case_after(10 * KORU_SECOND);
	while (received < JOBS) {
		/* NULL for a channel: a case that is never possible. */
		struct koru_case cases[] = {
			koru_case_send(job < JOBS ? &office.jobs : NULL, &job),
			koru_case_recv(&office.results, &result),
			deadline,
		};
		int chosen = koru_select(cases, 3, NULL);
		if (chosen == 0) {
			job++;
		} else if (chosen == 1) {
			squares[result.job] = result.value;
			received++;
		} else {
			koru_scope_cancel(&workers);
			break;
		}
	}
	koru_chan_close(&office.jobs); /* the workers' end */
	int rc = koru_scope_close(&workers);
	for (int i = 0; i < JOBS; i++)
		printf("%d * %d = %d\n", i, i, squares[i]);
	return rc;
}

int main(void)
{
	return koru_run(run, NULL, NULL) < 0;
}
