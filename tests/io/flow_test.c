/* SPDX-License-Identifier: MIT
 * Reading and writing for longer: more than buffers hold, under signals, with failures, and without
 * ever waiting. koru/io.h. */
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

/* Much more than fits, in both directions of the wait. */
struct stream {
	int fd;
	size_t total;
	int slow;
};

static int writes_all(void *arg)
{
	struct stream *s = arg;
	static const char block[100000];
	while (s->total > 0) {
		size_t want = s->total < sizeof(block) ? s->total : sizeof(block);
		ssize_t n = koru_write(s->fd, block, want);
		assert_true(n > 0 && (size_t)n <= want);
		s->total -= (size_t)n;
	}
	return koru_close(s->fd);
}

static int reads_all(void *arg)
{
	struct stream *s = arg;
	char block[30000];
	ssize_t n;
	for (int i = 0; (n = koru_read(s->fd, block, sizeof(block))) > 0; i++) {
		s->total += (size_t)n;
		if (s->slow && i % 16 == 0)
			koru_sleep(KORU_MICROSECOND);
	}
	assert_int_equal(n, 0);
	return koru_close(s->fd);
}

static int main_streams(void *arg)
{
	struct pair p;
	struct koru_scope scope;
	(void)arg;
	for (int kind = 0; kind < PAIR_KINDS; kind++) {
		pair_open(&p, kind);
		struct stream in = { p.in, 2000003, 0 };
		struct stream out = { p.out, 0, kind % 2 };
		koru_scope_open(&scope, NULL);
		koru_go(&scope, writes_all, &in);
		koru_go(&scope, reads_all, &out);
		assert_int_equal(koru_scope_close(&scope), 0);
		assert_int_equal(out.total, 2000003);
	}
	return 0;
}

static void test_streams_larger_than_buffers(void **state)
{
	(void)state;
	int fds = count_fds();
	assert_int_equal(run(main_streams, NULL), 0);
	assert_int_equal(count_fds(), fds);
}

/* A full pipe or socket: the write gets part way, no more. */
static int main_partial(void *arg)
{
	struct pair p;
	static char much[4 << 20];
	struct koru_scope s;
	(void)arg;
	for (int kind = 0; kind < PAIR_KINDS; kind++) {
		pair_open(&p, kind);
		size_t total = 0;
		koru_scope_open(&s, &(struct koru_scope_opts){ .timeout = 3 * KORU_MILLISECOND });
		ssize_t n;
		while ((n = koru_write(p.in, much, sizeof(much))) > 0)
			total += (size_t)n;
		assert_int_equal(n, -ECANCELED);
		assert_int_equal(koru_scope_close(&s), -ETIMEDOUT);
		close(p.in);
		/* What was reported is what is there. */
		size_t there = 0;
		while ((n = read(p.out, much, sizeof(much))) > 0)
			there += (size_t)n;
		assert_int_equal(there, total);
		close(p.out);
	}
	return 0;
}

static void test_partial_writes_are_counted(void **state)
{
	(void)state;
	assert_int_equal(run(main_partial, NULL), 0);
}

static void on_alarm(int sig)
{
	(void)sig;
}

/* Signals rain; no call notices. */
static int body_signals(void *arg)
{
	struct pair p;
	char buf[8];
	(void)arg;
	for (int kind = 0; kind < PAIR_KINDS; kind++) {
		pair_open(&p, kind);
		struct pair_later later = { .fd = p.in, .text = "x", .len = 1 };
		pair_write_later(&later);
		assert_int_equal(koru_read(p.out, buf, sizeof(buf)), 1);
		assert_int_equal(koru_sleep(2 * KORU_MILLISECOND), 0);
		pair_join(&later);
		pair_close(&p);
	}
	return 0;
}

static void test_signals_interrupt_nothing(void **state)
{
	(void)state;
	struct sigaction action = { .sa_handler = on_alarm }; /* no SA_RESTART */
	sigaction(SIGALRM, &action, NULL); /* for good: Valgrind may deliver one later */
	setitimer(ITIMER_REAL, &(struct itimerval){ { 0, 300 }, { 0, 300 } }, NULL);
	in_both_places(body_signals, NULL);
	setitimer(ITIMER_REAL, &(struct itimerval){ { 0, 0 }, { 0, 0 } }, NULL);
}

static int body_fails(void *arg)
{
	struct pair p;
	char buf[8];
	(void)arg;
	pair_open(&p, PAIR_SOCKET);
	koru__fault_arm(KORU__FAULT_IO, 0, 100, ENETDOWN);
	assert_int_equal(koru_read(p.out, buf, 8), -ENETDOWN);
	assert_int_equal(koru_recv(p.out, buf, 8, 0), -ENETDOWN);
	assert_int_equal(koru_write(p.in, buf, 8), -ENETDOWN);
	assert_int_equal(koru_send(p.in, buf, 8, 0), -ENETDOWN);
	koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
	assert_int_equal(koru_write(p.in, "ok", 2), 2);
	assert_int_equal(koru_read(p.out, buf, 8), 2);
	pair_close(&p);
	return 0;
}

/* Waiting for a descriptor can fail by itself. */
static int main_cannot_watch(void *arg)
{
	struct pair p;
	char buf[8];
	(void)arg;
	if (strcmp(koru_poller_name(), "epoll") != 0)
		return 0;
	pair_open(&p, PAIR_SOCKET);
	const enum koru__fault_point points[] = { KORU__FAULT_EPOLL, KORU__FAULT_ALLOC };
	for (size_t i = 0; i < 2; i++) {
		koru__fault_arm(points[i], 0, 1, i == 0 ? ENOSPC : ENOMEM);
		assert_int_equal(koru_read(p.out, buf, 8), i == 0 ? -ENOSPC : -ENOMEM);
		assert_int_equal(koru__fault_hits(), 1);
		koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
		pair_close(&p);
		pair_open(&p, PAIR_SOCKET);
		int more = dup2(p.out, 5000); /* beyond the table that the first round made */
		close(p.out);
		p.out = more;
	}
	pair_close(&p);
	return 0;
}

static void test_failures_are_returned(void **state)
{
	(void)state;
	in_both_places(body_fails, NULL);
	assert_int_equal(run(main_cannot_watch, NULL), 0);
}

static int raises_flag(void *arg)
{
	*(bool *)arg = true;
	return 0;
}

/* Its own calls never wait; the other one runs all the same. */
static int reads_zeros(void *arg)
{
	bool *stop = arg;
	char buf[16];
	int fd = open("/dev/zero", O_RDONLY);
	long rounds = 0;
	while (!*stop && rounds < 10000000) {
		assert_int_equal(koru_read(fd, buf, sizeof(buf)), sizeof(buf));
		rounds++;
	}
	close(fd);
	return *stop ? 0 : -EDOM;
}

static int main_fair(void *arg)
{
	struct koru_scope s;
	bool stop = false;
	(void)arg;
	koru_scope_open(&s, NULL);
	koru_go(&s, reads_zeros, &stop);
	koru_go(&s, reads_zeros, &stop);
	koru_go(&s, raises_flag, &stop);
	return koru_scope_close(&s);
}

static void test_calls_that_never_wait_give_way(void **state)
{
	(void)state;
	assert_int_equal(run(main_fair, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_streams_larger_than_buffers),
		cmocka_unit_test(test_partial_writes_are_counted),
		cmocka_unit_test(test_signals_interrupt_nothing),
		cmocka_unit_test(test_failures_are_returned),
		cmocka_unit_test(test_calls_that_never_wait_give_way),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
