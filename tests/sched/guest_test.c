/* SPDX-License-Identifier: MIT
 * A koru that another loop drives. The host here is a plain poll(2). */
#include "support/cmocka.h"
#include "support/core.h"

#include "base/fault.h"
#include "koru/koru.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define NUMBER(n) ((void *)(intptr_t)(n))

/* What a host does, and how often it had to. */
struct host {
	struct koru_guest *guest;
	int steps;
	void (*between)(struct host *host, void *arg); /* a callback of the host's */
	void *arg;
};

static int drive(struct host *host)
{
	for (;;) {
		struct pollfd p = { .fd = koru_guest_fd(host->guest), .events = POLLIN };
		int n = poll(&p, 1, 2000);
		assert_true(n > 0 || errno == EINTR);
		int rc = koru_step(host->guest);
		host->steps++;
		assert_null(koru_task_name());
		if (rc == 0)
			break;
		assert_int_equal(rc, 1);
		if (host->between)
			host->between(host, host->arg);
	}
	assert_int_equal(koru_step(host->guest), 0);
	return koru_guest_close(host->guest);
}

static int run_as_guest(struct host *host, koru_fn *main_fn, void *arg)
{
	int fds = count_fds();
	assert_int_equal(koru_guest_open(&host->guest, main_fn, arg, NULL), 0);
	int rc = drive(host);
	assert_int_equal(count_fds(), fds);
	return rc;
}

static int returns(void *arg)
{
	return (int)(intptr_t)arg;
}

static void test_it_returns_what_main_returned(void **state)
{
	(void)state;
	struct host host = { .steps = 0 };
	assert_int_equal(run_as_guest(&host, returns, NUMBER(7)), 7);
	assert_int_equal(run_as_guest(&host, returns, NUMBER(-EIO)), -EIO);
}

static int main_sleeps(void *arg)
{
	(void)arg;
	int64_t start = koru_now();
	for (int i = 1; i <= 5; i++)
		assert_int_equal(koru_sleep(i * 4 * KORU_MILLISECOND), 0);
	assert_true(koru_now() - start >= 60 * KORU_MILLISECOND);
	return 0;
}

/* The descriptor is ready when there is something to do, and not otherwise. */
static void test_it_sleeps_without_being_stepped(void **state)
{
	(void)state;
	struct host host = { .steps = 0 };
	assert_int_equal(run_as_guest(&host, main_sleeps, NULL), 0);
	assert_in_range(host.steps, 6, 40);
}

static int yields(void *arg)
{
	int *count = arg;
	for (int i = 0; i < 1000; i++) {
		koru_yield();
		(*count)++;
	}
	return 0;
}

static int main_yields(void *arg)
{
	struct koru_scope s;
	koru_scope_open(&s, NULL);
	koru_go(&s, yields, arg);
	koru_go(&s, yields, arg);
	return koru_scope_close(&s);
}

/* A step is one turn, whoever is ready, so that the host stays responsive. */
static void test_a_step_is_bounded(void **state)
{
	(void)state;
	int count = 0;
	struct host host = { .steps = 0 };
	assert_int_equal(run_as_guest(&host, main_yields, &count), 0);
	assert_int_equal(count, 2000);
	assert_in_range(host.steps, 2000 / 128, 100);
}

struct pipes {
	int fds[2];
	int total;
};

static int reads(void *arg)
{
	struct pipes *p = arg;
	char buf[16];
	for (;;) {
		ssize_t n = koru_read(p->fds[0], buf, sizeof(buf));
		assert_true(n >= 0);
		if (n == 0)
			return 0;
		p->total += (int)n;
	}
}

static void writes_between(struct host *host, void *arg)
{
	struct pipes *p = arg;
	if (host->steps <= 10)
		assert_int_equal(write(p->fds[1], "four", 4), 4);
	else if (p->fds[1] >= 0) {
		close(p->fds[1]);
		p->fds[1] = -1;
	}
}

static void test_io_wakes_it(void **state)
{
	(void)state;
	struct pipes p = { .total = 0 };
	assert_int_equal(pipe(p.fds), 0);
	struct host host = { .between = writes_between, .arg = &p };
	assert_int_equal(koru_guest_open(&host.guest, reads, &p, NULL), 0);
	assert_int_equal(drive(&host), 0);
	assert_int_equal(p.total, 40);
	close(p.fds[0]);
}

/* Callbacks of the host, on the same thread, wake tasks. */
static int waits_for_events(void *arg)
{
	struct koru_event *events = arg;
	for (int i = 0; i < 5; i++)
		assert_int_equal(koru_event_wait(&events[i]), 0);
	return 0;
}

static void sets_between(struct host *host, void *arg)
{
	struct koru_event *events = arg;
	if (host->steps <= 5)
		koru_event_set(&events[host->steps - 1]);
}

static void test_a_callback_wakes_a_task(void **state)
{
	(void)state;
	struct koru_event events[5] = { KORU_EVENT_INIT };
	struct host host = { .between = sets_between, .arg = events };
	assert_int_equal(run_as_guest(&host, waits_for_events, events), 0);
	assert_in_range(host.steps, 5, 20);
}

/* A descriptor that the host itself makes ready, on the same thread. */
static int polls_eventfd(void *arg)
{
	int *fd = arg;
	struct pollfd p = { .fd = *fd, .events = POLLIN };
	for (int i = 0; i < 5; i++) {
		uint64_t n;
		assert_int_equal(koru_poll(&p, 1, -1), 1);
		assert_int_equal(koru_read(*fd, &n, sizeof(n)), sizeof(n));
	}
	return 0;
}

static void writes_eventfd(struct host *host, void *arg)
{
	const uint64_t one = 1;
	(void)host;
	assert_int_equal(write(*(int *)arg, &one, sizeof(one)), sizeof(one));
}

static void test_the_host_makes_a_descriptor_ready(void **state)
{
	(void)state;
	int fd = eventfd(0, EFD_CLOEXEC);
	struct host host = { .between = writes_eventfd, .arg = &fd };
	assert_int_equal(run_as_guest(&host, polls_eventfd, &fd), 0);
	close(fd);
}

static void *sets_from_thread(void *arg)
{
	struct koru_event *events = arg;
	for (int i = 0; i < 5; i++) {
		usleep(3000);
		koru_event_set(&events[i]);
	}
	return NULL;
}

static void test_a_thread_wakes_a_task(void **state)
{
	(void)state;
	struct koru_event events[5] = { KORU_EVENT_INIT };
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, sets_from_thread, events), 0);
	struct host host = { .steps = 0 };
	assert_int_equal(run_as_guest(&host, waits_for_events, events), 0);
	pthread_join(thread, NULL);
	assert_in_range(host.steps, 2, 30);
}

/* Closing */

static int waits_until_cancelled(void *arg)
{
	atomic_int *ended = arg;
	int rc = koru_sleep(KORU_FOREVER);
	struct koru_scope shield;
	koru_scope_open(&shield,
	                &(struct koru_scope_opts){ .shield = true, .timeout = KORU_MINUTE });
	koru_sleep(2 * KORU_MILLISECOND);
	koru_scope_close(&shield);
	(*ended)++;
	return rc;
}

static int main_is_closed(void *arg)
{
	koru_go(NULL, waits_until_cancelled, arg);
	return waits_until_cancelled(arg);
}

static void test_closing_cancels_and_waits(void **state)
{
	(void)state;
	int fds = count_fds();
	for (int steps = 0; steps < 4; steps++) {
		atomic_int ended = 0;
		struct koru_guest *guest;
		assert_int_equal(koru_guest_open(&guest, main_is_closed, &ended, NULL), 0);
		for (int i = 0; i < steps; i++)
			assert_int_equal(koru_step(guest), 1);
		assert_int_equal(koru_guest_close(guest), -ECANCELED);
		assert_int_equal(ended, 2);
	}
	assert_int_equal(koru_guest_close(NULL), 0);
	assert_int_equal(count_fds(), fds);
}

/* Misuse */

static void *steps_from_thread(void *arg)
{
	assert_int_equal(koru_step(arg), -EPERM);
	assert_int_equal(koru_guest_close(arg), -EPERM);
	return NULL;
}

/* It would work with the parent's descriptors. */
static int steps_in_child(void *arg)
{
	return koru_step(arg) == -EPERM && koru_guest_close(arg) == -EPERM ? 7 : 1;
}

static struct koru_guest *the_guest;

static int main_steps_itself(void *arg)
{
	struct koru_guest *other;
	(void)arg;
	assert_int_equal(koru_step(the_guest), -EBUSY);
	assert_int_equal(koru_guest_close(the_guest), -EBUSY);
	assert_int_equal(koru_guest_open(&other, returns, NULL, NULL), -EBUSY);
	return 0;
}

static void test_misuse_is_refused(void **state)
{
	(void)state;
	struct koru_guest *guest;
	assert_int_equal(
	        koru_guest_open(&guest, returns, NULL, &(struct koru_run_opts){ .loops = 2 }),
	        -EINVAL);
	assert_int_equal(koru_guest_open(&guest, returns, NULL,
	                                 &(struct koru_run_opts){ .stack_size = -1ul }),
	                 -EINVAL);
	assert_int_equal(koru_guest_open(&the_guest, main_steps_itself, NULL, NULL), 0);
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, steps_from_thread, the_guest), 0);
	pthread_join(thread, NULL);
	struct child child;
	in_child(&child, steps_in_child, the_guest);
	assert_true(child.exited);
	assert_int_equal(child.code, 7);
	/* Between steps the thread is an ordinary one, and may run another. */
	assert_int_equal(run(returns, NUMBER(3)), 3);
	struct host host = { .guest = the_guest };
	assert_int_equal(drive(&host), 0);
}

static void test_what_it_needs_can_be_missing(void **state)
{
	(void)state;
	int fds = count_fds();
	struct koru_guest *guest;
	static const enum koru__fault_point points[] = { KORU__FAULT_ALLOC, KORU__FAULT_EPOLL,
		                                         KORU__FAULT_EVENTFD };
	for (size_t p = 0; p < sizeof(points) / sizeof(points[0]); p++) {
		unsigned skip = 0;
		for (;; skip++) {
			koru__fault_arm(points[p], skip, 1, ENOMEM);
			int rc = koru_guest_open(&guest, returns, NULL, NULL);
			unsigned hits = koru__fault_hits();
			koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
			if (hits == 0) {
				assert_int_equal(rc, 0);
				assert_int_equal(koru_guest_close(guest), 0);
				break;
			}
			assert_int_equal(rc, -ENOMEM);
			assert_int_equal(count_fds(), fds);
		}
		assert_true(skip > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_returns_what_main_returned),
		cmocka_unit_test(test_it_sleeps_without_being_stepped),
		cmocka_unit_test(test_a_step_is_bounded),
		cmocka_unit_test(test_io_wakes_it),
		cmocka_unit_test(test_a_callback_wakes_a_task),
		cmocka_unit_test(test_the_host_makes_a_descriptor_ready),
		cmocka_unit_test(test_a_thread_wakes_a_task),
		cmocka_unit_test(test_closing_cancels_and_waits),
		cmocka_unit_test(test_misuse_is_refused),
		cmocka_unit_test(test_what_it_needs_can_be_missing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
