/* SPDX-License-Identifier: MIT
 * TLS streams between two tasks: both ends are ours, so that either can misbehave. */
#include "koru/koru.h"
#include "koru/net.h"
#include "support/certs.h"
#include "support/cmocka.h"
#include "support/program.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char dir[PROGRAM_PATH_MAX];
static char ca[PROGRAM_PATH_MAX], cert[PROGRAM_PATH_MAX], key[PROGRAM_PATH_MAX];

/* Two connected ends, a and b, without TLS yet. */
struct pair {
	struct koru_stream *a, *b;
	int buffer; /* of each socket, in bytes; 0: the system's */
	struct koru_tls_opts client, server;
	int server_rc;
};

static void pair_open(struct pair *p)
{
	int fds[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	for (int i = 0; i < 2 && p->buffer; i++) {
		setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &p->buffer, sizeof(p->buffer));
		setsockopt(fds[i], SOL_SOCKET, SO_RCVBUF, &p->buffer, sizeof(p->buffer));
	}
	assert_int_equal(koru_stream_from_fd(fds[0], &p->a), 0);
	assert_int_equal(koru_stream_from_fd(fds[1], &p->b), 0);
	if (!p->client.ca_file)
		p->client.ca_file = ca;
	p->server.cert_file = cert;
	p->server.key_file = key;
}

static int accept_b(void *arg)
{
	struct pair *p = arg;
	p->server_rc = koru_stream_accept_tls(p->b, &p->server);
	return 0;
}

/* TLS on both ends. Returns the client's result. */
static int pair_start_tls(struct pair *p)
{
	struct koru_scope both;
	koru_scope_open(&both, NULL);
	koru_go(&both, accept_b, p);
	int rc = koru_stream_start_tls(p->a, "localhost", &p->client);
	if (rc < 0)
		koru_shutdown(koru_stream_fd(p->a), SHUT_RDWR);
	assert_int_equal(koru_scope_close(&both), 0);
	return rc;
}

static void pair_open_tls(struct pair *p)
{
	pair_open(p);
	assert_int_equal(pair_start_tls(p), 0);
	assert_int_equal(p->server_rc, 0);
}

static void pair_close(struct pair *p)
{
	koru_stream_close(p->a);
	koru_stream_close(p->b);
}

/* Byte `at` of a stream that does not repeat itself soon. */
static uint8_t pattern(uint64_t at)
{
	return (uint8_t)((at * UINT64_C(0x9e3779b97f4a7c15)) >> 56);
}

static void fill(uint8_t *buf, size_t len, uint64_t from)
{
	for (size_t i = 0; i < len; i++)
		buf[i] = pattern(from + i);
}

static void assert_pattern(const uint8_t *buf, size_t len, uint64_t from)
{
	for (size_t i = 0; i < len; i++)
		assert_int_equal(buf[i], pattern(from + i));
}

/* Runs a body in a task. */
#define TEST(name)                                                                                 \
	static int name##_body(void *arg);                                                         \
	static void name(void **state)                                                             \
	{                                                                                          \
		(void)state;                                                                       \
		int fds = program_open_fds();                                                      \
		assert_int_equal(koru_run(name##_body, NULL, NULL), 0);                            \
		assert_int_equal(program_open_fds(), fds);                                         \
	}                                                                                          \
	static int name##_body(void *arg __attribute__((unused)))

TEST(plain_then_tls)
{
	struct pair p = { 0 };
	char buf[16];
	pair_open(&p);
	assert_null(koru_stream_tls_version(p.a));
	assert_int_equal(koru_stream_write(p.a, "STARTTLS\n", 9), 0);
	assert_int_equal(koru_stream_read(p.b, buf, sizeof(buf)), 9);
	assert_int_equal(pair_start_tls(&p), 0);
	assert_string_equal(koru_stream_tls_version(p.a), "TLSv1.3");
	assert_int_equal(koru_stream_start_tls(p.a, "localhost", NULL), -EINVAL);
	assert_int_equal(koru_stream_write(p.a, "ping", 4), 0);
	assert_int_equal(koru_stream_read(p.b, buf, sizeof(buf)), 4);
	assert_memory_equal(buf, "ping", 4);
	assert_int_equal(koru_stream_read(p.b, buf, 0), 0);
	assert_int_equal(koru_stream_write(p.a, buf, 0), 0);
	pair_close(&p);
	return 0;
}

enum { TRANSFER = 3 << 20 };

static int send_all(void *arg)
{
	struct koru_stream *s = arg;
	uint8_t buf[5000];
	for (size_t at = 0; at < TRANSFER; at += sizeof(buf)) {
		size_t len = TRANSFER - at < sizeof(buf) ? TRANSFER - at : sizeof(buf);
		fill(buf, len, at);
		int rc = koru_stream_write(s, buf, len);
		if (rc < 0)
			return rc;
	}
	return koru_stream_shutdown(s);
}

static int receive_all(void *arg)
{
	struct koru_stream *s = arg;
	uint8_t buf[7000];
	size_t at = 0;
	ssize_t n;
	while ((n = koru_stream_read(s, buf, sizeof(buf))) > 0) {
		assert_pattern(buf, (size_t)n, at);
		at += (size_t)n;
	}
	assert_int_equal(n, 0);
	assert_int_equal(at, TRANSFER);
	return 0;
}

/* Two tasks on each end, one that reads and one that writes, over small buffers. */
TEST(both_ways_at_once)
{
	static const int buffers[] = { 0, 4096 };
	for (size_t i = 0; i < 2; i++) {
		struct pair p = { .buffer = buffers[i] };
		struct koru_scope all;
		pair_open_tls(&p);
		koru_scope_open(&all, NULL);
		koru_go(&all, send_all, p.a);
		koru_go(&all, send_all, p.b);
		koru_go(&all, receive_all, p.a);
		koru_go(&all, receive_all, p.b);
		assert_int_equal(koru_scope_close(&all), 0);
		pair_close(&p);
	}
	return 0;
}

TEST(truncation_is_told_from_the_end)
{
	for (int i = 0; i < 3; i++) {
		struct pair p = { .client.allow_truncation = i == 2 };
		char buf[16];
		pair_open_tls(&p);
		assert_int_equal(koru_stream_write(p.b, "part", 4), 0);
		if (i == 0)
			assert_int_equal(koru_stream_shutdown(p.b), 0);
		else /* a cut, as an attacker would make it */
			assert_int_equal(koru_shutdown(koru_stream_fd(p.b), SHUT_WR), 0);
		assert_int_equal(koru_stream_read(p.a, buf, sizeof(buf)), 4);
		int end = i == 1 ? -KORU_EEOF : 0;
		assert_int_equal(koru_stream_read(p.a, buf, sizeof(buf)), end);
		assert_int_equal(koru_stream_read(p.a, buf, sizeof(buf)), end);
		if (end == 0) /* the other direction goes on */
			assert_int_equal(koru_stream_write(p.a, "more", 4), 0);
		pair_close(&p);
	}
	return 0;
}

TEST(closing_says_so)
{
	struct pair p = { 0 };
	char buf[16];
	pair_open_tls(&p);
	koru_stream_close(p.b);
	p.b = NULL;
	assert_int_equal(koru_stream_read(p.a, buf, sizeof(buf)), 0);
	pair_close(&p);
	return 0;
}

/* A read that is cancelled has read nothing, not even half a record. */
TEST(cancelled_reads_lose_nothing)
{
	struct pair p = { 0 };
	struct koru_scope brief;
	static uint8_t buf[40000], sent[40000];
	size_t at = 0;
	pair_open_tls(&p);
	for (int i = 0; i < 5; i++) {
		koru_scope_open(&brief, &(struct koru_scope_opts){ .timeout = KORU_MILLISECOND });
		assert_int_equal(koru_stream_read(p.a, buf, sizeof(buf)), -ECANCELED);
		assert_int_equal(koru_scope_close(&brief), -ETIMEDOUT);
	}
	fill(sent, sizeof(sent), 0);
	assert_int_equal(koru_stream_write(p.b, sent, sizeof(sent)), 0);
	koru_scope_open(&brief, NULL);
	koru_scope_cancel(&brief); /* even where there is something */
	assert_int_equal(koru_stream_read(p.a, buf, sizeof(buf)), -ECANCELED);
	koru_scope_close(&brief);
	while (at < sizeof(sent)) {
		ssize_t n = koru_stream_read(p.a, buf + at, sizeof(buf) - at);
		assert_true(n > 0);
		at += (size_t)n;
	}
	assert_pattern(buf, at, 0);
	pair_close(&p);
	return 0;
}

struct slow_reader {
	struct koru_stream *s;
	uint64_t got;
};

static int read_slowly(void *arg)
{
	struct slow_reader *r = arg;
	static uint8_t buf[20000];
	ssize_t n;
	while ((n = koru_stream_read(r->s, buf, sizeof(buf))) > 0) {
		assert_pattern(buf, (size_t)n, r->got);
		r->got += (uint64_t)n;
		koru_sleep(2 * KORU_MILLISECOND);
	}
	return (int)n;
}

/* What koru_stream_write_some counted arrives, whatever was cancelled, and nothing else. */
TEST(cancelled_writes_count_what_they_took)
{
	struct pair p = { .buffer = 4096 };
	static uint8_t chunk[20000];
	struct koru_scope all;
	uint64_t written = 0;
	pair_open_tls(&p);
	struct slow_reader reader = { .s = p.b };
	koru_scope_open(&all, NULL);
	koru_go(&all, read_slowly, &reader);
	for (int round = 0; round < 50; round++) {
		struct koru_scope brief;
		ssize_t n;
		koru_scope_open(&brief, &(struct koru_scope_opts){ .timeout = KORU_MILLISECOND });
		do {
			fill(chunk, sizeof(chunk), written);
			n = koru_stream_write_some(p.a, chunk, sizeof(chunk));
			written += n > 0 ? (uint64_t)n : 0;
		} while (n > 0);
		assert_int_equal(n, -ECANCELED);
		assert_int_equal(koru_scope_close(&brief), -ETIMEDOUT);
	}
	assert_int_equal(koru_stream_shutdown(p.a), 0);
	assert_int_equal(koru_scope_close(&all), 0);
	assert_true(written > 0);
	assert_int_equal(reader.got, written);
	pair_close(&p);
	return 0;
}

TEST(a_write_that_stopped_part_way_is_the_last)
{
	for (int tls = 0; tls < 2; tls++) {
		struct pair p = { .buffer = 4096 };
		struct koru_scope brief;
		static uint8_t big[1 << 20];
		char buf[16];
		pair_open(&p);
		if (tls)
			assert_int_equal(pair_start_tls(&p), 0);
		koru_scope_open(&brief, NULL);
		koru_scope_cancel(&brief);
		assert_int_equal(koru_stream_write(p.a, big, sizeof(big)), -ECANCELED);
		koru_scope_close(&brief);
		assert_int_equal(koru_stream_write(p.a, "x", 1), 0); /* nothing had been sent */
		koru_scope_open(&brief, &(struct koru_scope_opts){ .timeout = KORU_MILLISECOND });
		assert_int_equal(koru_stream_write(p.a, big, sizeof(big)), -ECANCELED);
		koru_scope_close(&brief);
		assert_int_equal(koru_stream_write(p.a, "x", 1), -EPIPE);
		assert_int_equal(koru_stream_write(p.b, "still", 5), 0);
		assert_int_equal(koru_stream_read(p.a, buf, sizeof(buf)), 5);
		pair_close(&p);
	}
	return 0;
}

TEST(idle)
{
	for (int tls = 0; tls < 2; tls++) {
		struct pair p = { 0 };
		char buf[16];
		pair_open(&p);
		if (tls)
			assert_int_equal(pair_start_tls(&p), 0);
		assert_true(koru_stream_idle(p.a)); /* tickets are no data */
		assert_int_equal(koru_stream_write(p.b, "hi", 2), 0);
		assert_false(koru_stream_idle(p.a));
		assert_int_equal(koru_stream_read(p.a, buf, 1), 1);
		assert_false(koru_stream_idle(p.a));
		assert_int_equal(koru_stream_read(p.a, buf, 1), 1);
		assert_true(koru_stream_idle(p.a));
		koru_stream_close(p.b);
		p.b = NULL;
		assert_false(koru_stream_idle(p.a));
		pair_close(&p);
	}
	return 0;
}

TEST(protocols_without_overlap)
{
	struct pair p = { .client.alpn = "h2", .server.alpn = "http/1.1" };
	pair_open(&p);
	assert_int_equal(pair_start_tls(&p), -KORU_ETLS);
	assert_int_equal(p.server_rc, -KORU_ETLS);
	assert_string_equal(koru_stream_error_detail(p.a), "tlsv1 alert no application protocol");
	assert_int_equal(koru_stream_write(p.a, "x", 1), -KORU_ETLS);
	assert_int_equal(koru_stream_read(p.a, &(char){ 0 }, 1), -KORU_ETLS);
	pair_close(&p);
	return 0;
}

static int answer_in_plain_text(void *arg)
{
	struct koru_stream *s = arg;
	return koru_stream_write(s, "HTTP/1.0 400 Bad Request\r\n\r\n", 28);
}

TEST(peers_that_do_not_speak_tls)
{
	struct pair p = { 0 };
	struct koru_scope both;
	pair_open(&p);
	koru_scope_open(&both, NULL);
	koru_go(&both, answer_in_plain_text, p.b);
	assert_int_equal(koru_stream_start_tls(p.a, "localhost", NULL), -KORU_ETLS);
	assert_string_equal(koru_stream_error_detail(p.a), "wrong version number");
	assert_int_equal(koru_scope_close(&both), 0);
	pair_close(&p);

	pair_open(&p);
	koru_shutdown(koru_stream_fd(p.b), SHUT_WR);
	assert_int_equal(koru_stream_start_tls(p.a, "localhost", NULL), -KORU_ETLS);
	assert_string_equal(koru_stream_error_detail(p.a),
	                    "the peer closed the connection in the handshake");
	pair_close(&p);
	return 0;
}

TEST(a_handshake_can_be_cancelled)
{
	struct pair p = { 0 };
	struct koru_scope brief;
	pair_open(&p);
	koru_scope_open(&brief, &(struct koru_scope_opts){ .timeout = 5 * KORU_MILLISECOND });
	assert_int_equal(koru_stream_start_tls(p.a, "localhost", NULL), -ECANCELED);
	assert_int_equal(koru_scope_close(&brief), -ETIMEDOUT);
	assert_int_equal(koru_stream_write(p.a, "x", 1), -EPIPE);
	pair_close(&p);
	return 0;
}

static int one_handshake(void *arg)
{
	int *number = arg;
	struct pair p = { .client.no_session_reuse = true };
	bool bad = *number % 3 == 0;
	pair_open(&p);
	if (bad)
		p.client.ca_file = NULL;
	assert_int_equal(pair_start_tls(&p), bad ? -KORU_ECERT : 0);
	if (!bad) {
		char buf[4];
		assert_int_equal(koru_stream_write(p.a, "abc", 4), 0);
		assert_int_equal(koru_stream_read(p.b, buf, 4), 4);
		assert_string_equal(buf, "abc");
	}
	pair_close(&p);
	return 0;
}

/* OpenSSL's errors belong to the thread: those of one task must not reach another. */
TEST(good_and_bad_handshakes_at_once)
{
	struct koru_scope all;
	int numbers[60];
	koru_scope_open(&all, NULL);
	for (int i = 0; i < 60; i++) {
		numbers[i] = i;
		koru_go(&all, one_handshake, &numbers[i]);
	}
	assert_int_equal(koru_scope_close(&all), 0);
	return 0;
}

static int setup(void **state)
{
	(void)state;
	program_tmpdir(dir);
	certs_make(dir);
	certs_path(ca, dir, "ca.pem");
	certs_path(cert, dir, "good.pem");
	certs_path(key, dir, "good.key");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	program_tmpdir_remove(dir);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_then_tls),
		cmocka_unit_test(both_ways_at_once),
		cmocka_unit_test(truncation_is_told_from_the_end),
		cmocka_unit_test(closing_says_so),
		cmocka_unit_test(cancelled_reads_lose_nothing),
		cmocka_unit_test(cancelled_writes_count_what_they_took),
		cmocka_unit_test(a_write_that_stopped_part_way_is_the_last),
		cmocka_unit_test(idle),
		cmocka_unit_test(protocols_without_overlap),
		cmocka_unit_test(peers_that_do_not_speak_tls),
		cmocka_unit_test(a_handshake_can_be_cancelled),
		cmocka_unit_test(good_and_bad_handshakes_at_once),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
