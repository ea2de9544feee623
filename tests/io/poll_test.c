/* SPDX-License-Identifier: MIT
 * koru_poll. koru/io.h. */
#include "support/cmocka.h"
#include "support/core.h"
#include "support/pair.h"

#include "base/fault.h"
#include "koru/koru.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

static int body_nothing(void *arg)
{
	struct pollfd negative[2] = { { .fd = -1, .events = POLLIN, .revents = 77 },
		                      { .fd = -9, .events = POLLOUT, .revents = 77 } };
	(void)arg;
	int64_t start = koru_now();
	assert_int_equal(koru_poll(NULL, 0, 0), 0);
	assert_int_equal(koru_poll(NULL, 0, 3), 0);
	assert_true(koru_now() - start >= 3 * KORU_MILLISECOND);
	start = koru_now();
	assert_int_equal(koru_poll(negative, 2, 3), 0);
	assert_true(koru_now() - start >= 3 * KORU_MILLISECOND);
	assert_int_equal(negative[0].revents, 0);
	assert_int_equal(negative[1].revents, 0);
	struct pollfd *many = NULL;
	assert_int_equal(koru_poll(many, KORU_POLL_MAX + 1, 0), -EINVAL);
	return 0;
}

static void test_no_descriptors(void **state)
{
	(void)state;
	in_both_places(body_nothing, NULL);
}

static int body_ready(void *arg)
{
	struct pair p, q;
	(void)arg;
	pair_open(&p, PAIR_SOCKET);
	pair_open(&q, PAIR_PIPE_BLOCKING);
	struct pollfd fds[] = {
		{ .fd = p.out, .events = POLLIN },
		{ .fd = q.out, .events = POLLIN },
		{ .fd = -1, .events = POLLIN },
		{ .fd = q.in, .events = POLLOUT },
	};
	for (int timeout = -1; timeout < 2; timeout++) {
		assert_int_equal(koru_poll(fds, 4, timeout), 1);
		assert_int_equal(fds[0].revents, 0);
		assert_int_equal(fds[1].revents, 0);
		assert_int_equal(fds[3].revents, POLLOUT);
	}
	assert_int_equal(koru_poll(fds, 3, 0), 0);
	assert_int_equal(koru_poll(fds, 3, 2), 0);
	assert_int_equal(write(p.in, "x", 1), 1);
	assert_int_equal(write(q.in, "x", 1), 1);
	int n = koru_poll(fds, 3, -1);
	assert_true(n == 1 || n == 2); /* at least the first that was noticed */
	assert_int_equal(n, (fds[0].revents != 0) + (fds[1].revents != 0));
	/* Reports only; takes nothing. */
	char c;
	assert_int_equal(koru_read(p.out, &c, 1), 1);
	assert_int_equal(koru_read(q.out, &c, 1), 1);
	/* The end of the stream. */
	pair_close_in(&p);
	pair_close_in(&q);
	assert_int_equal(koru_poll(&fds[0], 1, -1), 1);
	assert_int_equal(fds[0].revents, POLLIN | POLLHUP);
	assert_int_equal(koru_poll(&fds[1], 1, -1), 1);
	assert_int_equal(fds[1].revents, POLLHUP);
	fds[0].events = 0; /* POLLHUP needs no asking */
	assert_int_equal(koru_poll(&fds[0], 1, -1), 1);
	assert_int_equal(fds[0].revents, POLLHUP);
	pair_close(&p);
	pair_close(&q);
	/* The peer has said that it will write no more, of which nobody asked. */
	pair_open(&p, PAIR_SOCKET);
	shutdown(p.in, SHUT_WR);
	struct pollfd half = { .fd = p.out, .events = POLLPRI };
	assert_int_equal(koru_poll(&half, 1, 3), 0);
	half.events = POLLRDHUP;
	assert_int_equal(koru_poll(&half, 1, 3), 1);
	assert_int_equal(half.revents, POLLRDHUP);
	pair_close(&p);
	/* The other end of a pipe. */
	pair_open(&q, PAIR_PIPE);
	close(q.out);
	struct pollfd in = { .fd = q.in, .events = POLLOUT };
	assert_int_equal(koru_poll(&in, 1, -1), 1);
	assert_int_equal(in.revents, POLLOUT | POLLERR);
	close(q.in);
	/* No descriptor at all, beside one that is ready. */
	pair_open(&p, PAIR_SOCKET);
	struct pollfd mixed[] = {
		{ .fd = 19999, .events = POLLIN },
		{ .fd = p.in, .events = POLLOUT },
	};
	assert_int_equal(koru_poll(mixed, 1, -1), 1);
	assert_int_equal(mixed[0].revents, POLLNVAL);
	assert_int_equal(koru_poll(mixed, 2, -1), 2);
	assert_int_equal(mixed[0].revents, POLLNVAL);
	assert_int_equal(mixed[1].revents, POLLOUT);
	/* One descriptor twice. */
	struct pollfd twice[] = {
		{ .fd = p.in, .events = POLLIN },
		{ .fd = p.in, .events = POLLOUT },
	};
	assert_int_equal(koru_poll(twice, 2, -1), 1);
	assert_int_equal(twice[0].revents, 0);
	assert_int_equal(twice[1].revents, POLLOUT);
	pair_close(&p);
	return 0;
}

static void test_what_is_ready(void **state)
{
	(void)state;
	in_both_places(body_ready, NULL);
}

static int body_files(void *arg)
{
	int disk = open("/proc/self/exe", O_RDONLY);
	int null = open("/dev/null", O_RDWR);
	struct pollfd fds[] = {
		{ .fd = disk, .events = POLLIN | POLLOUT },
		{ .fd = null, .events = POLLIN },
	};
	(void)arg;
	assert_int_equal(koru_poll(fds, 2, -1), 2);
	assert_int_equal(fds[0].revents, POLLIN | POLLOUT);
	assert_int_equal(fds[1].revents, POLLIN);
	close(disk);
	close(null);
	return 0;
}

static void test_files_are_always_ready(void **state)
{
	(void)state;
	in_both_places(body_files, NULL);
}

static int body_waits(void *arg)
{
	struct pair p[3];
	struct pollfd fds[3];
	(void)arg;
	for (int i = 0; i < 3; i++) {
		pair_open(&p[i], i);
		fds[i] = (struct pollfd){ .fd = p[i].out, .events = POLLIN };
	}
	for (int i = 0; i < 3; i++) {
		char c;
		struct pair_later later = { .fd = p[i].in, .text = "x", .len = 1 };
		pair_write_later(&later);
		assert_int_equal(koru_poll(fds, 3, i == 1 ? 60000 : -1), 1);
		for (int j = 0; j < 3; j++)
			assert_int_equal(fds[j].revents, i == j ? POLLIN : 0);
		pair_join(&later);
		assert_int_equal(koru_read(p[i].out, &c, 1), 1);
	}
	for (int i = 0; i < 3; i++)
		pair_close(&p[i]);
	return 0;
}

static void test_waiting_for_the_first(void **state)
{
	(void)state;
	in_both_places(body_waits, NULL);
}

/* As many as there may be; more than the call keeps on the stack, and than a ring holds. */
static int body_many(void *arg)
{
	static struct pollfd fds[KORU_POLL_MAX];
	static struct pair pairs[KORU_POLL_MAX];
	int n = *(int *)arg;
	for (int i = 0; i < n; i++) {
		pair_open(&pairs[i], PAIR_PIPE);
		fds[i] = (struct pollfd){ .fd = pairs[i].out, .events = POLLIN };
	}
	assert_int_equal(koru_poll(fds, (nfds_t)n, 0), 0);
	assert_int_equal(koru_poll(fds, (nfds_t)n, 2), 0);
	assert_int_equal(write(pairs[n - 1].in, "x", 1), 1);
	assert_int_equal(koru_poll(fds, (nfds_t)n, -1), 1);
	for (int i = 0; i < n; i++)
		assert_int_equal(fds[i].revents, i == n - 1 ? POLLIN : 0);
	for (int i = 0; i < n; i++)
		pair_close(&pairs[i]);
	return 0;
}

static void test_many_descriptors(void **state)
{
	(void)state;
	const int counts[] = { 8, 9, 300, KORU_POLL_MAX };
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		int n = counts[i];
		in_both_places(body_many, &n);
	}
}

static int main_cancelled(void *arg)
{
	struct pair p;
	struct koru_scope s;
	(void)arg;
	pair_open(&p, PAIR_SOCKET);
	struct pollfd fds[] = {
		{ .fd = p.out, .events = POLLIN },
		{ .fd = p.in, .events = POLLIN },
	};
	koru_scope_open(&s, &(struct koru_scope_opts){ .timeout = KORU_MILLISECOND });
	assert_int_equal(koru_poll(fds, 2, -1), -ECANCELED);
	assert_int_equal(koru_poll(fds, 2, 5), -ECANCELED);
	assert_int_equal(koru_poll(fds, 0, 5), -ECANCELED);
	fds[0].events = POLLOUT; /* ready or not */
	assert_int_equal(koru_poll(fds, 2, -1), -ECANCELED);
	assert_int_equal(koru_scope_close(&s), -ETIMEDOUT);
	assert_int_equal(koru_poll(fds, 2, -1), 1);
	pair_close(&p);
	return 0;
}

static void test_cancellation(void **state)
{
	(void)state;
	assert_int_equal(run(main_cancelled, NULL), 0);
}

static int main_fails(void *arg)
{
	struct pair p;
	struct pollfd fds[20];
	(void)arg;
	pair_open(&p, PAIR_SOCKET);
	for (int i = 0; i < 20; i++)
		fds[i] = (struct pollfd){ .fd = p.out, .events = POLLIN };
	koru__fault_arm(KORU__FAULT_ALLOC, 0, 1, ENOMEM);
	assert_int_equal(koru_poll(fds, 20, -1), -ENOMEM);
	koru__fault_arm(KORU__FAULT_IO, 0, 20, EIO);
	assert_int_equal(koru_poll(fds, 20, -1), -EIO);
	if (strcmp(koru_poller_name(), "epoll") == 0) {
		koru__fault_arm(KORU__FAULT_EPOLL, 0, 1, ENOSPC);
		assert_int_equal(koru_poll(fds, 20, -1), -ENOSPC);
	}
	koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
	assert_int_equal(koru_poll(fds, 20, 0), 0);
	pair_close(&p);
	return 0;
}

static void test_failures_are_returned(void **state)
{
	(void)state;
	int fds = count_fds();
	assert_int_equal(run(main_fails, NULL), 0);
	assert_int_equal(count_fds(), fds);
}

static void on_alarm(int sig)
{
	(void)sig;
}

static int body_signals(void *arg)
{
	struct pair p;
	(void)arg;
	pair_open(&p, PAIR_SOCKET);
	struct pollfd fd = { .fd = p.out, .events = POLLIN };
	int64_t start = koru_now();
	assert_int_equal(koru_poll(&fd, 1, 5), 0);
	assert_true(koru_now() - start >= 5 * KORU_MILLISECOND);
	struct pair_later later = { .fd = p.in, .text = "x", .len = 1 };
	pair_write_later(&later);
	assert_int_equal(koru_poll(&fd, 1, -1), 1);
	pair_join(&later);
	pair_close(&p);
	return 0;
}

static void test_signals_interrupt_nothing(void **state)
{
	(void)state;
	struct sigaction action = { .sa_handler = on_alarm };
	sigaction(SIGALRM, &action, NULL); /* for good: Valgrind may deliver one later */
	setitimer(ITIMER_REAL, &(struct itimerval){ { 0, 300 }, { 0, 300 } }, NULL);
	in_both_places(body_signals, NULL);
	setitimer(ITIMER_REAL, &(struct itimerval){ { 0, 0 }, { 0, 0 } }, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_descriptors),
		cmocka_unit_test(test_what_is_ready),
		cmocka_unit_test(test_files_are_always_ready),
		cmocka_unit_test(test_waiting_for_the_first),
		cmocka_unit_test(test_many_descriptors),
		cmocka_unit_test(test_cancellation),
		cmocka_unit_test(test_failures_are_returned),
		cmocka_unit_test(test_signals_interrupt_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
