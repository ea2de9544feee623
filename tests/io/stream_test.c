/* SPDX-License-Identifier: MIT
 * koru_read, koru_write, koru_recv, koru_send: in a task and on a plain thread. koru/io.h. */
#include "support/cmocka.h"
#include "support/core.h"

#include "base/fault.h"
#include "koru/koru.h"
#include "support/pair.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <unistd.h>

/* Runs a body in a task, then on this thread, which has no loop. */
static void in_both_places(int (*body)(void *arg), void *arg)
{
	int fds = count_fds();
	assert_int_equal(run(body, arg), 0);
	assert_int_equal(body(arg), 0);
	assert_int_equal(count_fds(), fds);
}

static int body_there_and_back(void *arg)
{
	struct pair p;
	char buf[16];
	(void)arg;
	for (int kind = 0; kind < PAIR_KINDS; kind++) {
		pair_open(&p, kind);
		assert_int_equal(koru_write(p.in, "hello", 5), 5);
		assert_int_equal(koru_read(p.out, buf, 2), 2);
		assert_int_equal(koru_read(p.out, buf + 2, sizeof(buf) - 2), 3);
		assert_memory_equal(buf, "hello", 5);
		pair_close_in(&p);
		assert_int_equal(koru_read(p.out, buf, sizeof(buf)), 0);
		assert_int_equal(koru_read(p.out, buf, sizeof(buf)), 0);
		pair_close(&p);
	}
	return 0;
}

static void test_there_and_back(void **state)
{
	(void)state;
	in_both_places(body_there_and_back, NULL);
}

/* Somebody writes a little later: a task, or for the plain thread another thread. */
static int body_waits(void *arg)
{
	struct pair p;
	char buf[16];
	for (int kind = 0; kind < PAIR_KINDS; kind++) {
		pair_open(&p, kind);
		struct pair_later later = { .fd = p.in, .text = "later", .len = 5 };
		pair_write_later(&later);
		assert_int_equal(koru_read(p.out, buf, sizeof(buf)), 5);
		assert_memory_equal(buf, "later", 5);
		pair_join(&later);
		pair_close(&p);
	}
	(void)arg;
	return 0;
}

static void test_reading_waits(void **state)
{
	(void)state;
	in_both_places(body_waits, NULL);
}

static int body_files(void *arg)
{
	char path[] = "/tmp/koru-test-XXXXXX";
	char buf[64];
	(void)arg;
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	unlink(path);
	assert_int_equal(koru_write(fd, "0123456789", 10), 10);
	assert_int_equal(koru_write(fd, "abc", 3), 3); /* the position moves */
	assert_int_equal(lseek(fd, 2, SEEK_SET), 2);
	assert_int_equal(koru_read(fd, buf, 4), 4);
	assert_memory_equal(buf, "2345", 4);
	assert_int_equal(koru_read(fd, buf, sizeof(buf)), 7);
	assert_memory_equal(buf, "6789abc", 7);
	assert_int_equal(koru_read(fd, buf, sizeof(buf)), 0);
	assert_int_equal(koru_close(fd), 0);

	fd = open("/dev/null", O_RDWR);
	assert_int_equal(koru_write(fd, buf, sizeof(buf)), sizeof(buf));
	assert_int_equal(koru_read(fd, buf, sizeof(buf)), 0);
	assert_int_equal(koru_close(fd), 0);

	fd = eventfd(3, 0); /* blocking */
	uint64_t n = 0;
	assert_int_equal(koru_read(fd, &n, sizeof(n)), sizeof(n));
	assert_int_equal(n, 3);
	n = 5;
	assert_int_equal(koru_write(fd, &n, sizeof(n)), sizeof(n));
	assert_int_equal(koru_read(fd, &n, sizeof(n)), sizeof(n));
	assert_int_equal(n, 5);
	assert_int_equal(koru_write(fd, &n, sizeof(n)), sizeof(n));
	assert_int_equal(koru_read(fd, &n, 1), -EINVAL);
	assert_int_equal(koru_close(fd), 0);
	return 0;
}

static void test_files_and_the_like(void **state)
{
	(void)state;
	in_both_places(body_files, NULL);
}

static int body_bad_descriptors(void *arg)
{
	char buf[4];
	struct pair p;
	(void)arg;
	const int bad[] = { -1, 19999 };
	for (int i = 0; i < 2; i++) {
		assert_int_equal(koru_read(bad[i], buf, 4), -EBADF);
		assert_int_equal(koru_read(bad[i], buf, 0), -EBADF);
		assert_int_equal(koru_write(bad[i], buf, 4), -EBADF);
		assert_int_equal(koru_recv(bad[i], buf, 4, 0), -EBADF);
		assert_int_equal(koru_send(bad[i], buf, 4, 0), -EBADF);
		assert_int_equal(koru_recv(bad[i], buf, 4, MSG_DONTWAIT), -EBADF);
		assert_int_equal(koru_close(bad[i]), -EBADF);
	}
	pair_open(&p, PAIR_PIPE);
	assert_int_equal(koru_recv(p.out, buf, 4, 0), -ENOTSOCK);
	assert_int_equal(koru_send(p.in, buf, 4, 0), -ENOTSOCK);
	assert_int_equal(koru_write(p.out, buf, 4), -EBADF); /* the end for reading */
	assert_int_equal(koru_read(p.in, buf, 4), -EBADF);
	pair_close(&p);
	int fd = open("/", O_RDONLY | O_DIRECTORY);
	assert_int_equal(koru_read(fd, buf, 4), -EISDIR);
	assert_int_equal(koru_close(fd), 0);
	fd = koru_socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(koru_recv(fd, buf, 4, 0), -ENOTCONN);
	assert_int_equal(koru_read(fd, buf, 4), -ENOTCONN);
	assert_int_equal(koru_close(fd), 0);
	return 0;
}

static void test_bad_descriptors(void **state)
{
	(void)state;
	in_both_places(body_bad_descriptors, NULL);
}

/* Nothing to read, and nothing asked for: no reason to wait. */
static int body_nothing(void *arg)
{
	struct pair p;
	char buf[8];
	(void)arg;
	for (int kind = 0; kind < PAIR_KINDS; kind++) {
		pair_open(&p, kind);
		assert_int_equal(koru_read(p.out, buf, 0), 0);
		assert_int_equal(koru_write(p.in, buf, 0), 0);
		pair_close(&p);
	}
	/* More asked for than there is, or could ever be. */
	pair_open(&p, PAIR_SOCKET);
	assert_int_equal(koru_write(p.in, "abc", 3), 3);
	assert_int_equal(koru_read(p.out, buf, sizeof(buf)), 3);
	pair_close(&p);
	return 0;
}

static void test_nothing_asked_for(void **state)
{
	(void)state;
	in_both_places(body_nothing, NULL);
}

static int body_dontwait(void *arg)
{
	struct pair p;
	char buf[8];
	(void)arg;
	for (int kind = PAIR_SOCKET; kind <= PAIR_SOCKET_BLOCKING; kind++) {
		pair_open(&p, kind);
		assert_int_equal(koru_recv(p.out, buf, 8, MSG_DONTWAIT), -EAGAIN);
		assert_int_equal(koru_send(p.in, "xy", 2, MSG_DONTWAIT), 2);
		assert_int_equal(koru_recv(p.out, buf, 8, MSG_PEEK), 2);
		assert_int_equal(koru_recv(p.out, buf, 8, MSG_PEEK | MSG_DONTWAIT), 2);
		assert_int_equal(koru_recv(p.out, buf, 8, MSG_DONTWAIT), 2);
		static char much[1 << 20];
		ssize_t n;
		while ((n = koru_send(p.in, much, sizeof(much), MSG_DONTWAIT)) > 0)
			continue;
		assert_int_equal(n, -EAGAIN);
		pair_close(&p);
	}
	return 0;
}

static int raises_flag(void *arg)
{
	*(bool *)arg = true;
	return 0;
}

/* MSG_DONTWAIT does not suspend: nobody else runs meanwhile, and cancellation is none of its
 * business. */
static int main_dontwait_stays(void *arg)
{
	struct pair p;
	char buf[8];
	bool other_ran = false;
	struct koru_scope s;
	(void)arg;
	pair_open(&p, PAIR_SOCKET);
	koru_go(NULL, raises_flag, &other_ran);
	assert_int_equal(koru_recv(p.out, buf, 8, MSG_DONTWAIT), -EAGAIN);
	assert_int_equal(koru_send(p.in, "x", 1, MSG_DONTWAIT), 1);
	assert_false(other_ran);
	koru_scope_open(&s, NULL);
	koru_scope_cancel(&s);
	assert_int_equal(koru_recv(p.out, buf, 8, MSG_DONTWAIT), 1);
	koru_scope_close(&s);
	pair_close(&p);
	return 0;
}

static void test_dontwait(void **state)
{
	(void)state;
	in_both_places(body_dontwait, NULL);
	assert_int_equal(run(main_dontwait_stays, NULL), 0);
}

/* The peer has gone. SIGPIPE has its default action here: it would end the child. */
static int child_writes_to_nobody(void *arg)
{
	struct pair p;
	signal(SIGPIPE, SIG_DFL);
	for (int kind = PAIR_SOCKET; kind <= PAIR_SOCKET_BLOCKING; kind++) {
		pair_open(&p, kind);
		close(p.out);
		if (koru_write(p.in, "x", 1) != -EPIPE || koru_send(p.in, "x", 1, 0) != -EPIPE ||
		    koru_send(p.in, "x", 1, MSG_DONTWAIT) != -EPIPE)
			return 1;
		close(p.in);
	}
	signal(SIGPIPE, SIG_IGN);
	for (int kind = PAIR_PIPE; kind <= PAIR_PIPE_BLOCKING; kind++) {
		pair_open(&p, kind);
		close(p.out);
		if (koru_write(p.in, "x", 1) != -EPIPE)
			return 2;
		close(p.in);
	}
	(void)arg;
	return 0;
}

static int child_in_a_loop(void *arg)
{
	return koru_run(child_writes_to_nobody, arg, NULL);
}

static void test_no_sigpipe(void **state)
{
	(void)state;
	struct child child;
	in_child(&child, child_in_a_loop, NULL);
	assert_true(child.exited);
	assert_int_equal(child.code, 0);
	in_child(&child, child_writes_to_nobody, NULL);
	assert_true(child.exited);
	assert_int_equal(child.code, 0);
}

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
	struct sigaction action = { .sa_handler = on_alarm }, before; /* no SA_RESTART */
	sigaction(SIGALRM, &action, &before);
	setitimer(ITIMER_REAL, &(struct itimerval){ { 0, 300 }, { 0, 300 } }, NULL);
	in_both_places(body_signals, NULL);
	setitimer(ITIMER_REAL, &(struct itimerval){ { 0, 0 }, { 0, 0 } }, NULL);
	sigaction(SIGALRM, &before, NULL);
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
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_reading_waits),
		cmocka_unit_test(test_files_and_the_like),
		cmocka_unit_test(test_bad_descriptors),
		cmocka_unit_test(test_nothing_asked_for),
		cmocka_unit_test(test_dontwait),
		cmocka_unit_test(test_no_sigpipe),
		cmocka_unit_test(test_streams_larger_than_buffers),
		cmocka_unit_test(test_partial_writes_are_counted),
		cmocka_unit_test(test_signals_interrupt_nothing),
		cmocka_unit_test(test_failures_are_returned),
		cmocka_unit_test(test_calls_that_never_wait_give_way),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
