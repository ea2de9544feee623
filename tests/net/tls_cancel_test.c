/* SPDX-License-Identifier: MIT
 * Streams whose calls are cancelled: what was read, what was sent, and what can still be done. */
#include "koru/koru.h"
#include "koru/net.h"
#include "net/pair.h"

#include <errno.h>
#include <string.h>

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
	pattern_fill(sent, sizeof(sent), 0);
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
	pattern_check(buf, at, 0);
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
		pattern_check(buf, (size_t)n, r->got);
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
			pattern_fill(chunk, sizeof(chunk), written);
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

static int answer_when_whole(void *arg)
{
	struct koru_stream *s = arg;
	static char buf[16384];
	size_t got = 0;
	while (got < 16384) {
		ssize_t n = koru_stream_read(s, buf, sizeof(buf));
		if (n <= 0)
			return (int)n - 1;
		got += (size_t)n;
	}
	return koru_stream_write(s, "thanks", 6);
}

/* What a cancelled write has left over is sent while the same end reads. */
TEST(a_reader_sends_what_a_writer_left)
{
	struct pair p = { .buffer = 4096 };
	static char big[16384];
	char buf[8];
	struct koru_scope all, brief;
	pair_open_tls(&p);
	koru_scope_open(&brief, &(struct koru_scope_opts){ .timeout = 5 * KORU_MILLISECOND });
	assert_int_equal(koru_stream_write_some(p.a, big, sizeof(big)), sizeof(big));
	assert_int_equal(koru_scope_close(&brief), -ETIMEDOUT);
	koru_scope_open(&all, &(struct koru_scope_opts){ .timeout = 10 * KORU_SECOND });
	koru_go(&all, answer_when_whole, p.b);
	assert_int_equal(koru_stream_read(p.a, buf, sizeof(buf)), 6);
	assert_int_equal(koru_scope_close(&all), 0);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cancelled_reads_lose_nothing),
		cmocka_unit_test(cancelled_writes_count_what_they_took),
		cmocka_unit_test(a_reader_sends_what_a_writer_left),
		cmocka_unit_test(a_write_that_stopped_part_way_is_the_last),
		cmocka_unit_test(a_handshake_can_be_cancelled),
	};
	return cmocka_run_group_tests(tests, pair_setup, pair_teardown);
}
