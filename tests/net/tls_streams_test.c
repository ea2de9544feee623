/* SPDX-License-Identifier: MIT
 * TLS streams between two tasks: upgrading, both ways at once, how they end, what others leave
 * behind. Cancelling is tls_cancel_test.c's. */
#include "koru/koru.h"
#include "koru/net.h"
#include "net/pair.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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
		pattern_fill(buf, len, at);
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
		pattern_check(buf, (size_t)n, at);
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

TEST(nothing_follows_the_end)
{
	struct pair p = { 0 };
	char buf[16];
	pair_open_tls(&p);
	assert_int_equal(koru_stream_shutdown(p.a), 0);
	assert_int_equal(koru_stream_write(p.a, "x", 1), -EPIPE);
	assert_int_equal(koru_stream_write(p.b, "answer", 6), 0); /* reading goes on */
	assert_int_equal(koru_stream_read(p.a, buf, sizeof(buf)), 6);
	assert_int_equal(koru_stream_shutdown(p.a), 0);
	pair_close(&p);

	pair_open_tls(&p);
	koru_shutdown(koru_stream_fd(p.b), SHUT_WR);
	assert_int_equal(koru_stream_read(p.a, buf, sizeof(buf)), -KORU_EEOF);
	assert_int_equal(koru_stream_write(p.a, "x", 1), -EPIPE);
	pair_close(&p);
	return 0;
}

/* Returns whether the handshake was an abbreviated one. */
static bool meet(const char *host, const char *ca)
{
	struct pair p = { .host = host, .client.ca_file = ca };
	char byte;
	pair_open_tls(&p);
	assert_int_equal(koru_stream_write(p.b, "x", 1), 0);
	assert_int_equal(koru_stream_read(p.a, &byte, 1), 1); /* with the tickets before it */
	bool resumed = koru_stream_tls_resumed(p.a);
	pair_close(&p);
	return resumed;
}

/* Many hosts and many sets of files: what is kept is bounded, and the oldest go. */
TEST(sessions_and_contexts_are_bounded)
{
	char host[32];
	for (int i = 0; i < KORU_TLS_SESSIONS_MAX; i++) {
		snprintf(host, sizeof(host), "h%d.test.localhost", i);
		assert_false(meet(host, NULL));
	}
	assert_true(meet(host, NULL));
	assert_false(meet("h1.test.localhost", NULL));

	char path[PROGRAM_PATH_MAX], dir[PROGRAM_PATH_MAX];
	program_tmpdir(dir);
	for (int i = 0; i <= KORU_TLS_CONTEXTS_MAX; i++) {
		snprintf(path, sizeof(path), "%.200s/%d.pem", dir, i);
		assert_int_equal(symlink(pair_ca(), path), 0);
		assert_false(meet("localhost", path));
		assert_true(meet("localhost", path));
	}
	snprintf(path, sizeof(path), "%.200s/0.pem", dir);
	assert_false(meet("localhost", path)); /* forgotten, and its sessions with it */
	program_tmpdir_remove(dir);
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

static int count_turns(void *arg)
{
	int *turns = arg;
	while (koru_yield() == 0)
		++*turns;
	return 0;
}

/* Semantics: a task whose calls never have to wait gives way now and then. */
TEST(reads_that_need_no_waiting_give_way)
{
	struct pair p = { 0 };
	static char record[10000];
	char byte;
	int turns = 0;
	struct koru_scope others;
	pair_open_tls(&p);
	assert_int_equal(koru_stream_write(p.b, record, sizeof(record)), 0);
	koru_scope_open(&others, NULL);
	koru_go(&others, count_turns, &turns);
	for (size_t i = 0; i < sizeof(record); i++)
		assert_int_equal(koru_stream_read(p.a, &byte, 1), 1);
	assert_true(turns > 50);
	koru_scope_cancel(&others);
	koru_scope_close(&others);
	pair_close(&p);
	return 0;
}

/* The error queue belongs to the thread, and so to every user of OpenSSL on it. */
TEST(errors_that_others_left_behind)
{
	struct pair p = { 0 };
	struct koru_scope brief;
	char buf[8];
	pair_open(&p);
	ERR_raise(ERR_LIB_USER, ERR_R_INTERNAL_ERROR);
	assert_int_equal(pair_start_tls(&p), 0);
	for (int i = 0; i < 2; i++) { /* the first meets tickets, the second nothing */
		ERR_raise(ERR_LIB_USER, ERR_R_INTERNAL_ERROR);
		koru_scope_open(&brief, &(struct koru_scope_opts){ .timeout = KORU_MILLISECOND });
		assert_int_equal(koru_stream_read(p.a, buf, sizeof(buf)), -ECANCELED);
		koru_scope_close(&brief);
	}
	ERR_raise(ERR_LIB_USER, ERR_R_INTERNAL_ERROR);
	assert_true(koru_stream_idle(p.a));
	ERR_raise(ERR_LIB_USER, ERR_R_INTERNAL_ERROR);
	assert_int_equal(koru_stream_write(p.a, "hello", 5), 0);
	assert_int_equal(koru_stream_read(p.b, buf, sizeof(buf)), 5);
	ERR_raise(ERR_LIB_USER, ERR_R_INTERNAL_ERROR);
	assert_int_equal(koru_stream_shutdown(p.a), 0);
	assert_int_equal(koru_stream_read(p.b, buf, sizeof(buf)), 0);
	pair_close(&p);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_then_tls),
		cmocka_unit_test(both_ways_at_once),
		cmocka_unit_test(truncation_is_told_from_the_end),
		cmocka_unit_test(nothing_follows_the_end),
		cmocka_unit_test(sessions_and_contexts_are_bounded),
		cmocka_unit_test(closing_says_so),
		cmocka_unit_test(reads_that_need_no_waiting_give_way),
		cmocka_unit_test(errors_that_others_left_behind),
		cmocka_unit_test(idle),
		cmocka_unit_test(protocols_without_overlap),
		cmocka_unit_test(peers_that_do_not_speak_tls),
		cmocka_unit_test(good_and_bad_handshakes_at_once),
	};
	return cmocka_run_group_tests(tests, pair_setup, pair_teardown);
}
