/* SPDX-License-Identifier: MIT
 *
 * koru as the guest of a libuv loop: a task has something computed by libuv's thread pool and waits
 * for it as for anything else, another sleeps, and a timer of libuv ticks all the while.
 */
#define _POSIX_C_SOURCE 200809L /* what uv.h needs */
#include <koru/koru.h>

#include <stdio.h>
#include <uv.h>

static uv_timer_t timer;
static uv_poll_t watcher;
static struct koru_guest *guest;
static int ticks;

/* Callbacks of libuv: no tasks. */

static void on_tick(uv_timer_t *handle)
{
	(void)handle;
	ticks++;
}

/* There is something to do for koru. */
static void on_ready(uv_poll_t *handle, int status, int events)
{
	(void)status;
	(void)events;
	if (koru_step(guest) != 0)
		return;
	/* All is done: without handles uv_run returns. */
	uv_close((uv_handle_t *)handle, NULL);
	uv_close((uv_handle_t *)&timer, NULL);
}

/* A job for libuv's threads, and the task that waits for it. */
struct job {
	uv_work_t request;
	struct koru_event done;
	long limit;
	long sum;
	int status;
};

static void work(uv_work_t *request)
{
	struct job *job = request->data;
	for (long i = 1; i <= job->limit; i++)
		job->sum += i;
}

static void after_work(uv_work_t *request, int status)
{
	struct job *job = request->data;
	job->status = status;
	koru_event_set(&job->done); /* wakes the task; it runs in the next step */
}

static int compute(void *arg)
{
	struct job *job = arg;
	job->request.data = job;
	int rc = uv_queue_work(timer.loop, &job->request, work, after_work);
	if (rc < 0)
		return rc;
	rc = koru_event_wait(&job->done);
	if (rc < 0)
		return rc; /* cancelled: libuv still has the job, which therefore is main's */
	if (job->status == 0)
		printf("the sum is %ld\n", job->sum);
	return job->status;
}

static int watch_ticks(void *arg)
{
	(void)arg;
	while (ticks < 10) {
		int rc = koru_sleep(KORU_MILLISECOND);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int app(void *arg)
{
	struct koru_scope both;
	koru_scope_open(&both, &(struct koru_scope_opts){ .timeout = KORU_MINUTE });
	koru_go(&both, compute, arg);
	koru_go(&both, watch_ticks, NULL);
	int rc = koru_scope_close(&both);
	if (rc == 0)
		puts("ten ticks or more");
	return rc;
}

int main(void)
{
	uv_loop_t *loop = uv_default_loop();
	struct job job = { .limit = 1000000 };
	int rc = koru_guest_open(&guest, app, &job, NULL);
	if (rc < 0)
		return 1;
	uv_timer_init(loop, &timer);
	uv_timer_start(&timer, on_tick, 2, 2);
	uv_poll_init(loop, &watcher, koru_guest_fd(guest));
	uv_poll_start(&watcher, UV_READABLE, on_ready);
	uv_run(loop, UV_RUN_DEFAULT);
	rc = koru_guest_close(guest);
	uv_loop_close(loop);
	printf("result: %d\n", rc);
	return rc < 0;
}
