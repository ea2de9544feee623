/* SPDX-License-Identifier: MIT
 *
 * A loop that another loop drives. See koru/guest.h. Its descriptor is an epoll of three: what the
 * poller waits on, the loop's wake-up, and a timer that goes off when it would have woken by
 * itself. */
#include "koru/guest.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "base/fault.h"
#include "context/overflow.h"
#include "sched/fork.h"
#include "sched/loop.h"
#include "sched/runtime.h"
#include "sched/shutdown.h"
#include "sched/spawn.h"
#include "sched/wakeup.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

struct koru_guest {
	struct koru__runtime runtime;
	struct koru__loop loop;
	struct koru__loop_head here; /* what the thread has during a step */
	pthread_t thread;
	int fd;
	int timer_fd;
	bool armed; /* the timer is set */
	bool over;
	void *altstack;
};

static void enter(struct koru_guest *guest)
{
	koru__loop_here = guest->here;
}

static void leave(struct koru_guest *guest)
{
	guest->here = koru__loop_here;
	koru__loop_here = (struct koru__loop_head){ .loop = NULL };
}

/* Makes the descriptor ready in `limit` nanoseconds; 0: now; KORU_FOREVER: not by itself. */
static void arm(struct koru_guest *guest, int64_t limit)
{
	if (limit == KORU_FOREVER && !guest->armed)
		return;
	struct itimerspec when = { .it_value.tv_nsec = 0 }; /* zero disarms */
	if (limit != KORU_FOREVER) {
		when.it_value.tv_sec = limit / KORU_SECOND;
		when.it_value.tv_nsec = limit > 0 ? limit % KORU_SECOND : 1;
	}
	int rc = timerfd_settime(guest->timer_fd, 0, &when, NULL);
	koru__assert(rc == 0);
	guest->armed = limit != KORU_FOREVER;
}

static int add_fd(struct koru_guest *guest, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };
	int fault = koru__fault(KORU__FAULT_EPOLL);
	if (fault)
		return -fault;
	return epoll_ctl(guest->fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int open_fds(struct koru_guest *guest)
{
	int fault = koru__fault(KORU__FAULT_EPOLL);
	if (fault)
		return -fault;
	guest->fd = epoll_create1(EPOLL_CLOEXEC);
	if (guest->fd < 0)
		return -errno;
	guest->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	int rc = guest->timer_fd < 0 ? -errno : 0;
	if (rc < 0)
		goto out_fd;
	rc = add_fd(guest, guest->timer_fd);
	if (rc < 0)
		goto out_timer_fd;
	rc = add_fd(guest, guest->loop.wake_fd);
	if (rc < 0)
		goto out_timer_fd;
	int poller_fd = guest->loop.poller->ops->fd(guest->loop.poller);
	rc = poller_fd < 0 ? poller_fd : add_fd(guest, poller_fd);
	if (rc == 0)
		return 0;
out_timer_fd:
	close(guest->timer_fd);
out_fd:
	close(guest->fd);
	return rc;
}

static void close_fds(struct koru_guest *guest)
{
	close(guest->timer_fd);
	close(guest->fd);
}

/* With the loop installed. */
static int prepare(struct koru_guest *guest, koru_fn *main_fn, void *arg)
{
	int rc = koru__overflow_open(koru_task_name, &guest->altstack);
	if (rc < 0)
		return rc;
	rc = open_fds(guest);
	if (rc < 0)
		goto out_overflow;
	rc = koru__spawn_main(&guest->loop, main_fn, arg);
	if (rc < 0)
		goto out_fds;
	arm(guest, 0);
	return 0;
out_fds:
	close_fds(guest);
out_overflow:
	koru__overflow_close(guest->altstack);
	return rc;
}

int koru_guest_open(struct koru_guest **ret_guest, koru_fn *main_fn, void *arg,
                    const struct koru_run_opts *opts)
{
	static const struct koru_run_opts defaults;
	if (!opts)
		opts = &defaults;
	int size_class = koru__run_check(opts);
	if (size_class < 0)
		return size_class;
	if (opts->loops != 0 && opts->loops != 1)
		return -EINVAL;
	struct koru_guest *guest = koru__zalloc(1, sizeof(*guest));
	if (!guest)
		return -ENOMEM;
	koru__runtime_init(&guest->runtime, 1, &guest->loop, opts);
	guest->thread = pthread_self();
	int rc = koru__loop_open(&guest->loop, &guest->runtime, opts->poller, (unsigned)size_class);
	if (rc < 0)
		goto out_free;
	guest->loop.is_guest = true;
	rc = prepare(guest, main_fn, arg);
	if (rc < 0)
		goto out_loop;
	leave(guest);
	*ret_guest = guest;
	return 0;
out_loop:
	koru__loop_close(&guest->loop);
out_free:
	koru__free(guest);
	return rc;
}

int koru_guest_fd(const struct koru_guest *guest)
{
	return guest->fd;
}

static int check(const struct koru_guest *guest)
{
	if (!pthread_equal(pthread_self(), guest->thread) || guest->runtime.forks != koru__forks)
		return -EPERM;
	return koru__loop() ? -EBUSY : 0;
}

/* One turn; then everything that has been asked for is with the kernel, and whoever has something
 * for the loop has to ring. */
static void step(struct koru_guest *guest)
{
	struct koru__loop *loop = &guest->loop;
	koru__wakeup_rise(loop);
	koru__wakeup_drain(loop);
	guest->over = !koru__loop_turn(loop);
	if (guest->over) {
		arm(guest, 0);
		return;
	}
	int done = koru__loop_ask(loop, 0);
	int64_t limit = done > 0 ? 0 : koru__loop_patience(loop);
	if (limit > 0 && !koru__wakeup_doze(loop))
		limit = 0;
	arm(guest, limit);
}

int koru_step(struct koru_guest *guest)
{
	int rc = check(guest);
	if (rc < 0)
		return rc;
	if (guest->over)
		return 0;
	enter(guest);
	step(guest);
	leave(guest);
	return !guest->over;
}

int koru_guest_close(struct koru_guest *guest)
{
	if (!guest)
		return 0;
	int rc = check(guest);
	if (rc < 0)
		return rc;
	enter(guest);
	if (!guest->over)
		koru__runtime_fail(&guest->loop, -ECANCELED);
	while (!guest->over) {
		step(guest);
		struct pollfd p = { .fd = guest->fd, .events = POLLIN };
		(void)poll(&p, 1, -1); /* an interruption only means another step */
	}
	koru__shutdown_end(&guest->loop);
	koru__wakeup_rise(&guest->loop);
	int result = koru__runtime_verdict(&guest->runtime);
	close_fds(guest);
	koru__overflow_close(guest->altstack);
	koru__loop_close(&guest->loop);
	koru__free(guest);
	return result;
}
