/* SPDX-License-Identifier: MIT
 * POSIX threads */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>

enum { JOBS = 5 };

/* A thread cannot be interrupted safely: each of its waits has to watch for the end of all. */
struct all {
	pthread_mutex_t lock;
	pthread_cond_t stop;
	int cause; /* negative once they are to stop */
	struct timespec deadline;
};

struct job {
	struct all *all;
	int i, bad;
	int result;
	pthread_t thread;
};

static struct timespec from_now(int ms)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += ms % 1000 * 1000000L;
	if (t.tv_nsec >= 1000000000L) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000L;
	}
	return t;
}

static int is_before(struct timespec a, struct timespec b)
{
	return a.tv_sec < b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec < b.tv_nsec);
}

static void fail(struct all *all, int cause)
{
	if (all->cause == 0)
		all->cause = cause;
	pthread_cond_broadcast(&all->stop);
}

static void *run(void *arg)
{
	struct job *job = arg;
	struct all *all = job->all;
	struct timespec until = from_now((job->i + 1) * 20);
	int late = is_before(all->deadline, until);
	if (late)
		until = all->deadline;
	pthread_mutex_lock(&all->lock);
	int rc = 0;
	while (all->cause == 0 && rc != ETIMEDOUT)
		rc = pthread_cond_timedwait(&all->stop, &all->lock, &until);
	if (all->cause == 0) {
		if (late)
			fail(all, -ETIMEDOUT);
		else if (job->i == job->bad)
			fail(all, -EIO);
		else
			job->result = job->i * job->i;
	}
	pthread_mutex_unlock(&all->lock);
	return NULL;
}

static int gather(int bad, int timeout, int *results)
{
	struct all all = { .lock = PTHREAD_MUTEX_INITIALIZER, .deadline = from_now(timeout) };
	struct job jobs[JOBS];
	pthread_condattr_t attr;
	int started = 0;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&all.stop, &attr);
	for (; started < JOBS; started++) {
		jobs[started] = (struct job){ .all = &all, .i = started, .bad = bad };
		int rc = pthread_create(&jobs[started].thread, NULL, run, &jobs[started]);
		if (rc != 0) {
			pthread_mutex_lock(&all.lock);
			fail(&all, -rc);
			pthread_mutex_unlock(&all.lock);
			break;
		}
	}
	for (int i = 0; i < started; i++) {
		pthread_join(jobs[i].thread, NULL);
		results[i] = jobs[i].result;
	}
	pthread_cond_destroy(&all.stop);
	pthread_condattr_destroy(&attr);
	return all.cause;
}

static void show(int bad, int timeout)
{
	int results[JOBS];
	int rc = gather(bad, timeout, results);
	if (rc == -ETIMEDOUT) {
		printf("timed out\n");
	} else if (rc < 0) {
		printf("a job failed\n");
	} else {
		for (int i = 0; i < JOBS; i++)
			printf("%d%c", results[i], i < JOBS - 1 ? ' ' : '\n');
	}
}

int main(void)
{
	show(-1, 1000);
	show(2, 1000);
	show(-1, 50);
	return 0;
}
