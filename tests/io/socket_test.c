/* SPDX-License-Identifier: MIT
 * koru_socket, koru_connect, koru_accept, koru_shutdown, koru_close. koru/io.h. */
#include "support/cmocka.h"
#include "support/core.h"

#include "base/fault.h"
#include "koru/koru.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* A listener and where it is: TCP on the loopback interface, or a Unix socket without a file. */
struct listener {
	int fd;
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_un un;
	} addr;
	socklen_t len;
};

static void listen_at(struct listener *l, int domain, int backlog, int flags)
{
	static int number;
	l->fd = socket(domain, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
	assert_true(l->fd >= 0);
	memset(&l->addr, 0, sizeof(l->addr));
	l->addr.any.sa_family = (sa_family_t)domain;
	l->len = sizeof(l->addr.in);
	if (domain == AF_UNIX) {
		int n = snprintf(l->addr.un.sun_path + 1, 64, "koru-test-%d-%d", (int)getpid(),
		                 ++number);
		l->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n);
	} else {
		l->addr.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	}
	assert_int_equal(bind(l->fd, &l->addr.any, l->len), 0);
	if (domain == AF_INET)
		assert_int_equal(getsockname(l->fd, &l->addr.any, &l->len), 0);
	assert_int_equal(listen(l->fd, backlog), 0);
}

static const int domains[] = { AF_INET, AF_UNIX };

static void assert_cloexec_nonblock(int fd)
{
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
}

static int body_socket(void *arg)
{
	(void)arg;
	int fd = koru_socket(AF_INET, SOCK_DGRAM, 0);
	assert_true(fd >= 0);
	assert_cloexec_nonblock(fd);
	assert_int_equal(koru_close(fd), 0);
	assert_int_equal(koru_close(fd), -EBADF);
	assert_int_equal(koru_socket(12345, SOCK_STREAM, 0), -EAFNOSUPPORT);
	koru__fault_arm(KORU__FAULT_SOCKET, 0, 1, EMFILE);
	assert_int_equal(koru_socket(AF_INET, SOCK_STREAM, 0), -EMFILE);
	koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
	assert_int_equal(koru_shutdown(fd, SHUT_WR), -EBADF);
	fd = koru_socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(koru_shutdown(fd, SHUT_WR), -ENOTCONN);
	assert_int_equal(koru_shutdown(fd, 77), -EINVAL);
	assert_int_equal(koru_close(fd), 0);
	return 0;
}

static void test_socket_shutdown_close(void **state)
{
	(void)state;
	in_both_places(body_socket, NULL);
}

/* Either side in either mode; the accepted end is non-blocking always. */
static int body_connects(void *arg)
{
	(void)arg;
	for (int i = 0; i < 8; i++) {
		struct listener l;
		int domain = domains[i & 1];
		listen_at(&l, domain, 5, i & 2 ? SOCK_NONBLOCK : 0);
		int fd = socket(domain, SOCK_STREAM | (i & 4 ? SOCK_NONBLOCK : 0), 0);
		int mode = fcntl(fd, F_GETFL);
		assert_int_equal(koru_connect(fd, &l.addr.any, l.len), 0);
		assert_int_equal(fcntl(fd, F_GETFL), mode);
		struct sockaddr_storage from;
		socklen_t len = sizeof(from);
		int peer = koru_accept(l.fd, i & 1 ? NULL : (struct sockaddr *)&from,
		                       i & 1 ? NULL : &len);
		assert_true(peer >= 0);
		assert_cloexec_nonblock(peer);
		if (domain == AF_INET) {
			struct sockaddr_in own;
			socklen_t own_len = sizeof(own);
			getsockname(fd, (struct sockaddr *)&own, &own_len);
			assert_int_equal(len, sizeof(own));
			assert_memory_equal(&from, &own, sizeof(own));
			assert_int_equal(koru_connect(fd, &l.addr.any, l.len), -EISCONN);
		}
		char c;
		assert_int_equal(koru_write(fd, "x", 1), 1);
		assert_int_equal(koru_read(peer, &c, 1), 1);
		assert_int_equal(koru_shutdown(fd, SHUT_WR), 0);
		assert_int_equal(koru_read(peer, &c, 1), 0);
		koru_close(fd);
		koru_close(peer);
		koru_close(l.fd);
	}
	return 0;
}

static void test_connect_and_accept(void **state)
{
	(void)state;
	in_both_places(body_connects, NULL);
}

static int body_refused(void *arg)
{
	(void)arg;
	for (int i = 0; i < 4; i++) {
		struct listener l;
		int domain = domains[i & 1];
		listen_at(&l, domain, 5, 0);
		close(l.fd);
		int fd = socket(domain, SOCK_STREAM | (i & 2 ? SOCK_NONBLOCK : 0), 0);
		assert_int_equal(koru_connect(fd, &l.addr.any, l.len), -ECONNREFUSED);
		koru_close(fd);
	}
	struct sockaddr_in addr = { .sin_family = AF_INET };
	assert_int_equal(koru_connect(-1, (struct sockaddr *)&addr, sizeof(addr)), -EBADF);
	assert_int_equal(koru_accept(-1, NULL, NULL), -EBADF);
	int fds[2];
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(koru_connect(fds[0], (struct sockaddr *)&addr, sizeof(addr)), -ENOTSOCK);
	assert_int_equal(koru_accept(fds[1], NULL, NULL), -ENOTSOCK);
	close(fds[0]);
	close(fds[1]);
	int fd = koru_socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(koru_accept(fd, NULL, NULL), -EINVAL); /* does not listen */
	assert_int_equal(koru_connect(fd, (struct sockaddr *)&addr, 3), -EINVAL);
	koru_close(fd);
	koru__fault_arm(KORU__FAULT_IO, 0, 10, ENOBUFS);
	assert_int_equal(koru_connect(3, (struct sockaddr *)&addr, sizeof(addr)), -ENOBUFS);
	assert_int_equal(koru_accept(3, NULL, NULL), -ENOBUFS);
	koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
	return 0;
}

static void test_refusals_and_mistakes(void **state)
{
	(void)state;
	in_both_places(body_refused, NULL);
}

/* The peer throws the connection away. */
static int body_reset(void *arg)
{
	struct listener l;
	char c;
	(void)arg;
	listen_at(&l, AF_INET, 5, 0);
	int fd = koru_socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(koru_connect(fd, &l.addr.any, l.len), 0);
	int peer = koru_accept(l.fd, NULL, NULL);
	struct linger now = { 1, 0 };
	setsockopt(peer, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	koru_close(peer);
	assert_int_equal(koru_read(fd, &c, 1), -ECONNRESET);
	koru_close(fd);
	koru_close(l.fd);
	return 0;
}

static void test_reset(void **state)
{
	(void)state;
	in_both_places(body_reset, NULL);
}

struct waiter {
	const struct listener *l;
	int rc;
};

static int accepts(void *arg)
{
	struct waiter *w = arg;
	w->rc = koru_accept(w->l->fd, NULL, NULL);
	return 0;
}

/* A cancelled accept takes no connection, and one that comes as it is cancelled stays. */
static int main_cancels_accept(void *arg)
{
	(void)arg;
	for (int i = 0; i < 4; i++) {
		struct listener l;
		struct koru_scope s;
		listen_at(&l, domains[i & 1], 5, i & 2 ? SOCK_NONBLOCK : 0);
		struct waiter w = { &l, 0 };
		koru_scope_open(&s, NULL);
		koru_go(&s, accepts, &w);
		koru_sleep(100 * KORU_MICROSECOND);
		int fd = -1;
		koru_scope_cancel(&s);
		assert_int_equal(koru_accept(l.fd, NULL, NULL), -ECANCELED);
		assert_int_equal(koru_scope_close(&s), -ECANCELED);
		assert_int_equal(w.rc, -ECANCELED);
		fd = koru_socket(domains[i & 1], SOCK_STREAM, 0);
		assert_int_equal(koru_connect(fd, &l.addr.any, l.len), 0);
		koru_scope_open(&s, NULL);
		koru_scope_cancel(&s);
		assert_int_equal(koru_accept(l.fd, NULL, NULL), -ECANCELED);
		koru_scope_close(&s);
		int peer = koru_accept(l.fd, NULL, NULL);
		assert_true(peer >= 0);
		koru_close(peer);
		koru_close(fd);
		koru_close(l.fd);
	}
	return 0;
}

static void test_a_cancelled_accept_takes_nothing(void **state)
{
	(void)state;
	int fds = count_fds();
	assert_int_equal(run(main_cancels_accept, NULL), 0);
	assert_int_equal(count_fds(), fds);
}

/* Fills the queue of a listener until a connect would wait. */
static int fill(const struct listener *l, int *fds, int max)
{
	int n = 0;
	for (; n < max; n++) {
		fds[n] = socket(l->addr.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
		assert_true(fds[n] >= 0);
		if (connect(fds[n], &l->addr.any, l->len) == 0)
			continue;
		if (errno == EAGAIN) {
			close(fds[n]);
			return n;
		}
		assert_int_equal(errno, EINPROGRESS);
		struct timespec ts = { .tv_nsec = 20000000 };
		nanosleep(&ts, NULL);
		int error;
		socklen_t len = sizeof(error);
		struct sockaddr_in peer;
		socklen_t peer_len = sizeof(peer);
		getsockopt(fds[n], SOL_SOCKET, SO_ERROR, &error, &len);
		if (getpeername(fds[n], (struct sockaddr *)&peer, &peer_len) != 0)
			return n + 1;
	}
	fail_msg("the queue does not fill");
	return n;
}

static int64_t processor_time(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ts.tv_sec * KORU_SECOND + ts.tv_nsec;
}

enum { FDS = 64 };

/* Nothing listens to the queue: the connect waits until it is cancelled, and does not spin. */
static int main_cancels_connect(void *arg)
{
	(void)arg;
	for (int i = 0; i < 4; i++) {
		struct listener l;
		struct koru_scope s;
		int fds[FDS];
		int domain = domains[i & 1];
		listen_at(&l, domain, 1, 0);
		int n = fill(&l, fds, FDS);
		int fd = socket(domain, SOCK_STREAM | (i & 2 ? SOCK_NONBLOCK : 0), 0);
		int64_t start = processor_time();
		koru_scope_open(&s, &(struct koru_scope_opts){ .timeout = 40 * KORU_MILLISECOND });
		assert_int_equal(koru_connect(fd, &l.addr.any, l.len), -ECANCELED);
		assert_int_equal(koru_scope_close(&s), -ETIMEDOUT);
		if (is_plain_build())
			assert_true(processor_time() - start < 20 * KORU_MILLISECOND);
		koru_close(fd);
		while (n > 0)
			close(fds[--n]);
		close(l.fd);
	}
	return 0;
}

static int connects_now(void *arg)
{
	const struct listener *l = arg;
	int fd = koru_socket(AF_UNIX, SOCK_STREAM, 0);
	int rc = koru_connect(fd, &l->addr.any, l->len);
	koru_close(fd);
	return rc;
}

static int drains(void *arg)
{
	const struct listener *l = arg;
	koru_sleep(3 * KORU_MILLISECOND);
	int peer = koru_accept(l->fd, NULL, NULL);
	koru_close(peer);
	return peer < 0 ? peer : 0;
}

/* The queue of a Unix socket is full for a while. */
static int main_full_for_a_while(void *arg)
{
	struct listener l;
	struct koru_scope s;
	int fds[FDS];
	(void)arg;
	listen_at(&l, AF_UNIX, 1, SOCK_NONBLOCK);
	int n = fill(&l, fds, FDS);
	koru_scope_open(&s, NULL);
	koru_go(&s, connects_now, &l);
	koru_go(&s, drains, &l);
	int rc = koru_scope_close(&s);
	while (n > 0)
		close(fds[--n]);
	close(l.fd);
	return rc;
}

static void *drains_thread(void *arg)
{
	return drains(arg) < 0 ? NULL : arg;
}

static void test_a_full_queue(void **state)
{
	(void)state;
	int open_fds = count_fds();
	assert_int_equal(run(main_cancels_connect, NULL), 0);
	assert_int_equal(run(main_full_for_a_while, NULL), 0);
	/* The same without a loop. */
	struct listener l;
	int fds[FDS];
	pthread_t thread;
	void *result;
	listen_at(&l, AF_UNIX, 1, 0);
	int n = fill(&l, fds, FDS);
	assert_int_equal(pthread_create(&thread, NULL, drains_thread, &l), 0);
	assert_int_equal(connects_now(&l), 0);
	pthread_join(thread, &result);
	assert_non_null(result);
	while (n > 0)
		close(fds[--n]);
	close(l.fd);
	assert_int_equal(count_fds(), open_fds);
}

static void on_alarm(int sig)
{
	(void)sig;
}

struct later {
	struct listener *l;
	int fd;
};

static void *connects_later(void *arg)
{
	struct later *later = arg;
	struct timespec ts = { .tv_nsec = 3000000 };
	nanosleep(&ts, NULL);
	int rc;
	do
		rc = connect(later->fd, &later->l->addr.any, later->l->len);
	while (rc != 0 && errno == EINTR);
	return NULL;
}

static int body_accept_in_a_rain_of_signals(void *arg)
{
	(void)arg;
	for (int i = 0; i < 4; i++) {
		struct listener l;
		listen_at(&l, domains[i & 1], 5, i & 2 ? SOCK_NONBLOCK : 0);
		struct later later = { &l, socket(domains[i & 1], SOCK_STREAM, 0) };
		pthread_t thread;
		assert_int_equal(pthread_create(&thread, NULL, connects_later, &later), 0);
		int peer = koru_accept(l.fd, NULL, NULL);
		pthread_join(thread, NULL);
		assert_true(peer >= 0);
		close(peer);
		close(later.fd);
		close(l.fd);
	}
	return 0;
}

static void test_signals_interrupt_nothing(void **state)
{
	(void)state;
	struct sigaction action = { .sa_handler = on_alarm };
	sigaction(SIGALRM, &action, NULL); /* for good: Valgrind may deliver one later */
	setitimer(ITIMER_REAL, &(struct itimerval){ { 0, 300 }, { 0, 300 } }, NULL);
	in_both_places(body_accept_in_a_rain_of_signals, NULL);
	setitimer(ITIMER_REAL, &(struct itimerval){ { 0, 0 }, { 0, 0 } }, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_socket_shutdown_close),
		cmocka_unit_test(test_connect_and_accept),
		cmocka_unit_test(test_refusals_and_mistakes),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_a_cancelled_accept_takes_nothing),
		cmocka_unit_test(test_a_full_queue),
		cmocka_unit_test(test_signals_interrupt_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
