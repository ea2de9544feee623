/* SPDX-License-Identifier: MIT
 *
 * Cancellation against completion: whoever wins, what a call says is what happened. Bytes are
 * read once or stay where they are, connections are accepted once or stay queued. */
#include "support/cmocka.h"
#include "support/core.h"
#include "support/pair.h"

#include "base/random.h"
#include "koru/koru.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

static int rounds(void)
{
	return is_plain_build() ? 10000 : 300;
}

struct race {
	struct koru__random random;
	struct koru_scope scope;
	struct pair pair;
	int (*operate)(struct race *r);
	int delays[3];
	size_t sent;
	size_t received;
	int won, lost;
};

static void delay(int yields)
{
	for (int i = 0; i < yields; i++)
		if (koru_yield() < 0)
			return;
}

static int operates(void *arg)
{
	struct race *r = arg;
	delay(r->delays[0]);
	int rc = r->operate(r);
	if (rc == -ECANCELED)
		r->lost++;
	else
		r->won += rc >= 0;
	return rc == -ECANCELED ? 0 : rc < 0 ? rc : 0;
}

static int reads(struct race *r)
{
	char buf[3];
	int n = (int)koru_read(r->pair.out, buf, sizeof(buf));
	r->received += n > 0 ? (size_t)n : 0;
	return n;
}

static int receives(struct race *r)
{
	char buf[3];
	int n = (int)koru_recv(r->pair.out, buf, sizeof(buf), 0);
	r->received += n > 0 ? (size_t)n : 0;
	return n;
}

static int provides(void *arg)
{
	struct race *r = arg;
	delay(r->delays[1]);
	assert_int_equal(write(r->pair.in, "xy", 2), 2);
	r->sent += 2;
	return 0;
}

static int cancels(void *arg)
{
	struct race *r = arg;
	delay(r->delays[2]);
	int rc = koru_scope_cancel(&r->scope);
	assert_true(rc == 0 || rc == -EINVAL); /* closed already: the other was quicker */
	return 0;
}

static void close_both(struct koru_scope *scope, struct koru_scope *others)
{
	int rc = koru_scope_close(scope);
	assert_true(rc == 0 || rc == -ECANCELED);
	assert_int_equal(koru_scope_close(others), 0);
}

static void shuffle_delays(struct race *r)
{
	for (int i = 0; i < 3; i++)
		r->delays[i] = (int)koru__random_below(&r->random, 6);
}

static size_t drain(struct race *r)
{
	char buf[4096];
	size_t left = 0;
	ssize_t n;
	close(r->pair.in);
	while ((n = read(r->pair.out, buf, sizeof(buf))) > 0)
		left += (size_t)n;
	close(r->pair.out);
	return left;
}

static int main_reads(void *arg)
{
	struct race *r = arg;
	struct koru_scope others;
	for (int i = 0; i < rounds(); i++) {
		shuffle_delays(r);
		koru_scope_open(&others, NULL);
		koru_scope_open(&r->scope, NULL);
		koru_go(&r->scope, operates, r);
		koru_go(&others, provides, r);
		koru_go(&others, cancels, r);
		close_both(&r->scope, &others);
		char buf[256];
		while (r->sent - r->received > 100)
			r->received += (size_t)read(r->pair.out, buf, sizeof(buf));
	}
	return 0;
}

static void test_reading(void **state)
{
	(void)state;
	for (int kind = 0; kind < PAIR_KINDS; kind++) {
		struct race r = { .operate = kind % 2 ? receives : reads };
		if (kind == PAIR_PIPE_BLOCKING)
			r.operate = reads;
		koru__random_seed(&r.random, (uint64_t)kind);
		pair_open(&r.pair, kind);
		assert_int_equal(run(main_reads, &r), 0);
		assert_true(r.won > 0 && r.lost > 0);
		assert_int_equal(r.won + r.lost, rounds());
		assert_int_equal(r.received + drain(&r), r.sent);
	}
}

static int writes(struct race *r)
{
	static const char block[50000];
	int n = (int)koru_write(r->pair.in, block, sizeof(block));
	r->sent += n > 0 ? (size_t)n : 0;
	return n;
}

static int makes_room(void *arg)
{
	struct race *r = arg;
	static char buf[100000];
	delay(r->delays[1]);
	ssize_t n = koru_recv(r->pair.out, buf, 1 + koru__random_below(&r->random, sizeof(buf)),
	                      MSG_DONTWAIT);
	r->received += n > 0 ? (size_t)n : 0;
	return 0;
}

static int main_writes(void *arg)
{
	struct race *r = arg;
	struct koru_scope others;
	for (int i = 0; i < rounds(); i++) {
		shuffle_delays(r);
		koru_scope_open(&others, NULL);
		koru_scope_open(&r->scope, NULL);
		koru_go(&r->scope, operates, r);
		koru_go(&others, makes_room, r);
		koru_go(&others, cancels, r);
		close_both(&r->scope, &others);
	}
	return 0;
}

static void test_writing(void **state)
{
	(void)state;
	const int kinds[] = { PAIR_SOCKET, PAIR_SOCKET_BLOCKING, PAIR_TCP };
	for (int i = 0; i < 3; i++) {
		struct race r = { .operate = writes };
		koru__random_seed(&r.random, (uint64_t)i);
		pair_open(&r.pair, kinds[i]);
		assert_int_equal(run(main_writes, &r), 0);
		assert_true(r.won > 0 && r.lost > 0);
		assert_int_equal(r.received + drain(&r), r.sent);
	}
}

/* The bytes come from another thread, so that they come at any moment. */
static _Atomic size_t thread_sent;
static atomic_bool stop;

static void *thread_provides(void *arg)
{
	struct race *r = arg;
	while (!stop) {
		if (write(r->pair.in, "xyz", 3) == 3)
			thread_sent += 3;
		for (volatile int i = 0; i < 500; i++)
			continue;
	}
	return NULL;
}

static int main_reads_from_thread(void *arg)
{
	struct race *r = arg;
	for (int i = 0; i < rounds(); i++) {
		int64_t timeout = (int64_t)koru__random_below(&r->random, 8000);
		struct koru_scope s;
		koru_scope_open(&s, &(struct koru_scope_opts){ .timeout = timeout + 1 });
		koru_go(&s, operates, r);
		koru_go(&s, operates, r);
		int rc = koru_scope_close(&s);
		assert_true(rc == 0 || rc == -ETIMEDOUT);
	}
	return 0;
}

static void test_reading_from_a_thread(void **state)
{
	(void)state;
	for (int kind = 0; kind < PAIR_KINDS; kind++) {
		struct race r = { .operate = reads };
		pthread_t thread;
		koru__random_seed(&r.random, (uint64_t)kind);
		pair_open(&r.pair, kind);
		stop = false;
		thread_sent = 0;
		assert_int_equal(fcntl(r.pair.in, F_SETFL, O_NONBLOCK), 0);
		pthread_create(&thread, NULL, thread_provides, &r);
		assert_int_equal(run(main_reads_from_thread, &r), 0);
		stop = true;
		pthread_join(thread, NULL);
		assert_int_equal(r.won + r.lost, 2 * rounds());
		size_t left = drain(&r);
		assert_int_equal(r.received + left, thread_sent);
	}
}

static int listener_fd;
static struct sockaddr_in listener_addr;

static int accepts(struct race *r)
{
	int fd = koru_accept(listener_fd, NULL, NULL);
	if (fd >= 0) {
		r->received++;
		close(fd);
	}
	return fd;
}

static int connects(void *arg)
{
	struct race *r = arg;
	delay(r->delays[1]);
	int fd = koru_socket(AF_INET, SOCK_STREAM, 0);
	int rc = koru_connect(fd, (struct sockaddr *)&listener_addr, sizeof(listener_addr));
	r->sent += rc == 0;
	koru_close(fd);
	return rc;
}

static int main_accepts(void *arg)
{
	struct race *r = arg;
	struct koru_scope others;
	for (int i = 0; i < rounds(); i++) {
		shuffle_delays(r);
		koru_scope_open(&others, NULL);
		koru_scope_open(&r->scope, NULL);
		koru_go(&r->scope, operates, r);
		koru_go(&others, connects, r);
		koru_go(&others, cancels, r);
		close_both(&r->scope, &others);
		if (r->sent - r->received > 100)
			for (int fd; (fd = accept(listener_fd, NULL, NULL)) >= 0; close(fd))
				r->received++;
	}
	return 0;
}

static void test_accepting(void **state)
{
	(void)state;
	int fds = count_fds();
	struct race r = { .operate = accepts };
	socklen_t len = sizeof(listener_addr);
	koru__random_seed(&r.random, 1);
	listener_addr = (struct sockaddr_in){ .sin_family = AF_INET,
		                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	listener_fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(listener_fd, (struct sockaddr *)&listener_addr, len), 0);
	assert_int_equal(getsockname(listener_fd, (struct sockaddr *)&listener_addr, &len), 0);
	assert_int_equal(listen(listener_fd, 1000), 0);
	assert_int_equal(run(main_accepts, &r), 0);
	assert_true(r.won > 0 && r.lost > 0);
	for (int fd; (fd = accept(listener_fd, NULL, NULL)) >= 0; close(fd))
		r.received++;
	assert_int_equal(r.received, r.sent);
	close(listener_fd);
	assert_int_equal(count_fds(), fds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reading),
		cmocka_unit_test(test_writing),
		cmocka_unit_test(test_reading_from_a_thread),
		cmocka_unit_test(test_accepting),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
