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

static int body_there_and_back(void *arg)
{
	struct pair p;
	char buf[16] = { 0 };
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
	char buf[16] = { 0 };
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
	char buf[64] = { 0 };
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
	char buf[4] = { 0 };
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
	char buf[8] = { 0 };
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
	char buf[8] = { 0 };
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
	char buf[8] = { 0 };
	bool other_ran = false;
	struct koru_scope s;
	(void)arg;
	pair_open(&p, PAIR_SOCKET);
	koru_scope_open(&s, NULL);
	koru_go(&s, raises_flag, &other_ran);
	assert_int_equal(koru_recv(p.out, buf, 8, MSG_DONTWAIT), -EAGAIN);
	assert_int_equal(koru_send(p.in, "x", 1, MSG_DONTWAIT), 1);
	assert_false(other_ran);
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

/* In a cancelled scope no call does anything, whether or not it would have had to wait. */
static int main_cancelled_already(void *arg)
{
	struct pair p;
	struct koru_scope s;
	char buf[8] = { 0 };
	(void)arg;
	for (int kind = 0; kind < PAIR_KINDS; kind++) {
		bool is_socket = kind != PAIR_PIPE && kind != PAIR_PIPE_BLOCKING;
		pair_open(&p, kind);
		assert_int_equal(koru_write(p.in, "abc", 3), 3);
		koru_scope_open(&s, NULL);
		koru_scope_cancel(&s);
		for (int i = 0; i < 3; i++) {
			assert_int_equal(koru_read(p.out, buf, 8), -ECANCELED);
			assert_int_equal(koru_read(p.out, buf, 0), -ECANCELED);
			assert_int_equal(koru_write(p.in, "x", 1), -ECANCELED);
			if (!is_socket)
				continue;
			assert_int_equal(koru_recv(p.out, buf, 8, 0), -ECANCELED);
			assert_int_equal(koru_send(p.in, "x", 1, 0), -ECANCELED);
		}
		assert_int_equal(koru_scope_close(&s), -ECANCELED);
		assert_int_equal(koru_read(p.out, buf, 8), 3);
		assert_memory_equal(buf, "abc", 3);
		pair_close(&p);
	}
	int fd = open("/dev/null", O_RDWR);
	koru_scope_open(&s, &(struct koru_scope_opts){ .timeout = -1 });
	assert_int_equal(koru_write(fd, "x", 1), -ECANCELED);
	assert_int_equal(koru_scope_close(&s), -ETIMEDOUT);
	assert_int_equal(koru_close(fd), 0);
	return 0;
}

struct one_byte {
	int fd;
	ssize_t result;
};

static int reads_one(void *arg)
{
	struct one_byte *one = arg;
	char c;
	one->result = koru_read(one->fd, &c, 1);
	return 0;
}

/* Cancelled while it waits: it has read its byte and says so, or has not and it is there still. */
static int main_cancelled_meanwhile(void *arg)
{
	struct pair p;
	struct koru_scope s;
	char buf[8] = { 0 };
	(void)arg;
	for (int kind = 0; kind < PAIR_KINDS; kind++) {
		pair_open(&p, kind);
		koru_scope_open(&s, NULL);
		struct one_byte one = { .fd = p.out };
		koru_go(&s, reads_one, &one);
		koru_sleep(kind % 2 ? 0 : 100 * KORU_MICROSECOND);
		koru_scope_cancel(&s);
		assert_int_equal(write(p.in, "abc", 3), 3);
		assert_int_equal(koru_scope_close(&s), -ECANCELED);
		assert_true(one.result == 1 || one.result == -ECANCELED);
		assert_int_equal(koru_read(p.out, buf, 8), one.result == 1 ? 2 : 3);
		pair_close(&p);
	}
	return 0;
}

static void test_cancelled_calls_do_nothing(void **state)
{
	(void)state;
	assert_int_equal(run(main_cancelled_already, NULL), 0);
	assert_int_equal(run(main_cancelled_meanwhile, NULL), 0);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_reading_waits),
		cmocka_unit_test(test_files_and_the_like),
		cmocka_unit_test(test_bad_descriptors),
		cmocka_unit_test(test_nothing_asked_for),
		cmocka_unit_test(test_dontwait),
		cmocka_unit_test(test_cancelled_calls_do_nothing),
		cmocka_unit_test(test_no_sigpipe),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
