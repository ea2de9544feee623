/* SPDX-License-Identifier: MIT
 * OpenSSL's way to the descriptor alone: what the kernel does not take is kept, in order, up to a
 * limit, and nothing waits. */
#include "net/tls.h"
#include "support/cmocka.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct end {
	struct koru__tls tls;
	BIO_METHOD *method;
	BIO *bio;
	int peer;
};

static void end_open(struct end *e)
{
	int fds[2], small = 4096;
	memset(e, 0, sizeof(*e));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	e->tls.fd = fds[0];
	e->peer = fds[1];
	e->method = koru__tls_bio_method();
	e->bio = BIO_new(e->method);
	assert_non_null(e->bio);
	BIO_set_data(e->bio, &e->tls);
	BIO_set_init(e->bio, 1);
}

static void end_close(struct end *e)
{
	BIO_free(e->bio);
	BIO_meth_free(e->method);
	free(e->tls.out);
	close(e->tls.fd);
	if (e->peer >= 0)
		close(e->peer);
}

static unsigned char pattern(size_t at)
{
	return (unsigned char)(at * 7 + at / 251);
}

/* Reads up to `max` bytes of the pattern at the other end. */
static size_t drain(struct end *e, size_t from, size_t max)
{
	unsigned char buf[1000];
	size_t got = 0;
	while (got < max) {
		size_t want = max - got < sizeof(buf) ? max - got : sizeof(buf);
		ssize_t n = recv(e->peer, buf, want, MSG_DONTWAIT);
		if (n <= 0)
			break;
		for (ssize_t i = 0; i < n; i++)
			assert_int_equal(buf[i], pattern(from + got + (size_t)i));
		got += (size_t)n;
	}
	return got;
}

static void what_is_left_over_is_kept_in_order(void **state)
{
	(void)state;
	struct end e;
	unsigned char chunk[3000];
	size_t written = 0, got = 0;
	end_open(&e);
	for (int round = 0; round < 200; round++) {
		size_t len = 1 + (size_t)round * 13 % sizeof(chunk);
		for (size_t i = 0; i < len; i++)
			chunk[i] = pattern(written + i);
		assert_int_equal(BIO_write(e.bio, chunk, (int)len), (int)len);
		written += len;
		got += drain(&e, got, (size_t)round * 29 % 4000);
		if (round % 3 == 0)
			(void)koru__tls_push(&e.tls);
	}
	while (koru__tls_push(&e.tls) == -EAGAIN)
		got += drain(&e, got, 5000);
	got += drain(&e, got, written);
	assert_int_equal(got, written);
	assert_null(e.tls.out); /* an idle connection keeps no buffer */
	end_close(&e);
}

static void there_is_a_limit(void **state)
{
	(void)state;
	struct end e;
	static unsigned char chunk[16384];
	int n = 1;
	end_open(&e);
	for (int i = 0; i < 100 && n > 0; i++)
		n = BIO_write(e.bio, chunk, sizeof(chunk));
	assert_true(n <= 0);
	assert_false(BIO_should_retry(e.bio));
	assert_int_equal(e.tls.io_error, -ENOBUFS);
	end_close(&e);
}

static void reading(void **state)
{
	(void)state;
	struct end e;
	char buf[8];
	end_open(&e);
	assert_true(BIO_read(e.bio, buf, sizeof(buf)) <= 0);
	assert_true(BIO_should_read(e.bio));
	assert_int_equal(send(e.peer, "data", 4, 0), 4);
	assert_int_equal(BIO_read(e.bio, buf, sizeof(buf)), 4);
	assert_false(e.tls.at_end);
	shutdown(e.peer, SHUT_WR);
	assert_true(BIO_read(e.bio, buf, sizeof(buf)) <= 0);
	assert_false(BIO_should_retry(e.bio));
	assert_true(e.tls.at_end);
	assert_true(BIO_eof(e.bio));
	close(e.peer);
	e.peer = -1;
	assert_true(BIO_write(e.bio, "x", 1) <= 0);
	assert_int_equal(e.tls.io_error, -EPIPE);
	end_close(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_left_over_is_kept_in_order),
		cmocka_unit_test(there_is_a_limit),
		cmocka_unit_test(reading),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
