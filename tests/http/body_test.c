/* SPDX-License-Identifier: MIT
 * Bodies: streamed and collected, plain, chunked and encoded, with and without an end. */
#include "client.h"
#include "encode.h"

#include <errno.h>

#define BIG ((size_t)300000)

static char *make_text(size_t len)
{
	char *text = malloc(len + 1);
	assert_non_null(text);
	for (size_t i = 0; i < len; i++)
		text[i] = "every tool is a weapon"[(i * 7 + i / 1000) % 22];
	text[len] = '\0';
	return text;
}

/* What the peer serves: an answer with `bytes` as its body, framed as `frame` says. */
enum frame { LENGTH, CHUNKS, SMALL_CHUNKS, CLOSE };

struct served {
	enum frame frame;
	const char *headers;
	struct bytes bytes;
};

static void send_chunks(int fd, struct bytes bytes, size_t size)
{
	char line[32];
	for (size_t at = 0; at < bytes.len; at += size) {
		size_t count = bytes.len - at < size ? bytes.len - at : size;
		snprintf(line, sizeof(line), "%zx\r\n", count);
		if (!raw_send(fd, line) || !raw_send_bytes(fd, bytes.ptr + at, count) ||
		    !raw_send(fd, "\r\n"))
			return;
	}
	raw_send(fd, "0\r\nX-Sum: 1\r\n\r\n");
}

static void serve(struct raw *raw, int fd, int nth)
{
	const struct served *served = raw_arg(raw);
	char head[512];
	(void)nth;
	while (raw_read(raw, fd)) {
		int len = snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\n%s", served->headers);
		if (served->frame == LENGTH)
			len += snprintf(head + len, sizeof(head) - (size_t)len,
			                "Content-Length: %zu\r\n", served->bytes.len);
		if (served->frame == CHUNKS || served->frame == SMALL_CHUNKS)
			len += snprintf(head + len, sizeof(head) - (size_t)len,
			                "Transfer-Encoding: chunked\r\n");
		snprintf(head + len, sizeof(head) - (size_t)len, "\r\n");
		if (!raw_send(fd, head))
			return;
		if (served->frame == CHUNKS)
			send_chunks(fd, served->bytes, 10000);
		else if (served->frame == SMALL_CHUNKS)
			send_chunks(fd, served->bytes, 333);
		else
			raw_send_bytes(fd, served->bytes.ptr, served->bytes.len);
		if (served->frame == CLOSE)
			return;
	}
}

/* Reads a streamed body in rooms of `room` bytes; the last result goes to *ret_rc. */
static struct bytes read_all(struct koru_http_response *res, size_t room, ssize_t *ret_rc)
{
	struct bytes all = { malloc(2 * BIG), 0 };
	assert_non_null(all.ptr);
	do {
		assert_true(all.len + room <= 2 * BIG);
		*ret_rc = koru_http_read(res, all.ptr + all.len, room);
		all.len += *ret_rc > 0 ? (size_t)*ret_rc : 0;
	} while (*ret_rc > 0);
	return all;
}

static void check_streamed(struct raw *raw, const struct koru_http_opts *opts, size_t room,
                           const char *text, size_t len)
{
	struct koru_http_response *res;
	ssize_t rc;
	assert_int_equal(koru_http_open("GET", url_of(raw_port(raw), "/"), opts, &res), 0);
	assert_int_equal(koru_http_body_len(res), 0);
	assert_int_equal(koru_http_read(res, NULL, 0), 0);
	struct bytes all = read_all(res, room, &rc);
	assert_int_equal(rc, 0);
	assert_int_equal(all.len, len);
	assert_memory_equal(all.ptr, text, len);
	assert_int_equal(koru_http_read(res, all.ptr, 1), 0);
	free(all.ptr);
	koru_http_response_free(res);
}

static void check_collected(struct raw *raw, const char *text, size_t len)
{
	struct koru_http_response *res;
	assert_int_equal(koru_http_get(url_of(raw_port(raw), "/"), NULL, &res), 0);
	assert_int_equal(koru_http_body_len(res), len);
	assert_memory_equal(koru_http_body(res), text, len + 1);
	koru_http_response_free(res);
}

static void check_all_ways(struct served *served, const char *text, size_t len)
{
	static const size_t rooms[] = { 100, 4096, 100000 };
	for (served->frame = LENGTH; served->frame <= CLOSE; served->frame++) {
		struct raw *raw = raw_start(serve, served);
		for (size_t i = 0; i < 3; i++)
			check_streamed(raw, NULL, rooms[i], text, len);
		check_collected(raw, text, len);
		assert_int_equal(raw_connections(raw), served->frame == CLOSE ? 4 : 1);
		raw_stop(raw);
	}
}

TEST(plain_bodies)
{
	char *text = make_text(BIG);
	static const size_t lens[] = { 0, 1, 5000, BIG };
	for (size_t i = 0; i < 4; i++) {
		text[lens[i]] = '\0';
		struct served served = { .headers = "", .bytes = { text, lens[i] } };
		check_all_ways(&served, text, lens[i]);
		free(text);
		text = make_text(BIG);
	}
	free(text);
}

TEST(encoded_bodies)
{
	char *text = make_text(BIG);
	static const char *const codings[] = { "gzip", "deflate", "br", "zstd" };
	for (size_t i = 0; i < 4; i++) {
		char header[64];
		snprintf(header, sizeof(header), "Content-Encoding: %s\r\n", codings[i]);
		struct served served = { .headers = header,
			                 .bytes = encode(codings[i], text, BIG) };
		check_all_ways(&served, text, BIG);
		/* Left as it is when the caller wants it so. */
		struct raw *raw = raw_start(serve, &served);
		served.frame = LENGTH;
		check_streamed(raw, &(struct koru_http_opts){ .raw = true }, 4096, served.bytes.ptr,
		               served.bytes.len);
		raw_stop(raw);
		free(served.bytes.ptr);
	}
	struct bytes inner = encode("gzip", text, BIG);
	struct served served = {
		.headers = "Content-Encoding: gzip\r\nContent-Encoding: identity , br\r\n",
		.bytes = encode("br", inner.ptr, inner.len),
	};
	check_all_ways(&served, text, BIG);
	free(inner.ptr);
	free(served.bytes.ptr);
	free(text);
}

TEST(bodies_that_are_too_large)
{
	char *text = make_text(BIG);
	struct served plain = { .headers = "", .bytes = { text, BIG } };
	struct served packed = { .headers = "Content-Encoding: gzip\r\n",
		                 .bytes = encode("gzip", text, BIG) };
	struct served *both[] = { &plain, &packed };
	for (size_t i = 0; i < 2; i++)
		for (enum frame frame = LENGTH; frame <= CLOSE; frame++) {
			both[i]->frame = frame;
			struct raw *raw = raw_start(serve, both[i]);
			struct koru_http_opts opts = { .body_max = BIG - 1 };
			check_fails(url_of(raw_port(raw), "/"), &opts, -KORU_EBODY, "larger");
			opts.body_max = 1;
			check_fails(url_of(raw_port(raw), "/"), &opts, -KORU_EBODY, "larger");
			opts.body_max = BIG;
			check_get(url_of(raw_port(raw), "/"), &opts, 200, text);
			struct koru_http_response *res;
			ssize_t rc;
			opts.body_max = BIG - 1;
			assert_int_equal(
			        koru_http_open("GET", url_of(raw_port(raw), "/"), &opts, &res), 0);
			struct bytes all = read_all(res, 4096, &rc);
			assert_int_equal(rc, -KORU_EBODY);
			assert_int_equal(koru_http_read(res, all.ptr, 1), -KORU_EBODY);
			assert_string_equal(koru_http_error_detail(res),
			                    koru_strerror(-KORU_EBODY));
			free(all.ptr);
			koru_http_response_free(res);
			raw_stop(raw);
		}
	free(packed.bytes.ptr);
	free(text);
}

/* A streamed body that is not read to its end takes its connection along. */
TEST(bodies_left_behind)
{
	char *text = make_text(BIG);
	struct served served = { .headers = "", .bytes = { text, BIG } };
	struct raw *raw = raw_start(serve, &served);
	struct koru_http_response *res;
	char some[100];
	for (int i = 0; i < 2; i++) {
		assert_int_equal(koru_http_open("GET", url_of(raw_port(raw), "/"), NULL, &res), 0);
		assert_int_equal(koru_http_read(res, some, sizeof(some)), sizeof(some));
		koru_http_response_free(res);
	}
	assert_int_equal(raw_connections(raw), 2);
	raw_stop(raw);
	/* One that is read to its end, exactly, gives it back without being asked for more. */
	served.bytes.len = sizeof(some);
	text[sizeof(some)] = '\0';
	raw = raw_start(serve, &served);
	assert_int_equal(koru_http_open("GET", url_of(raw_port(raw), "/"), NULL, &res), 0);
	size_t got = 0;
	while (got < sizeof(some)) {
		ssize_t count = koru_http_read(res, some, sizeof(some) - got);
		assert_true(count > 0);
		got += (size_t)count;
	}
	check_get(url_of(raw_port(raw), "/"), NULL, 200, text);
	koru_http_response_free(res);
	assert_int_equal(raw_connections(raw), 1);
	raw_stop(raw);
	free(text);
}

static void in_two_halves(struct raw *raw, int fd, int nth)
{
	(void)nth;
	if (!raw_read(raw, fd))
		return;
	raw_send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc");
	raw_nap_ms(100);
	raw_send(fd, "def");
	(void)raw_read(raw, fd);
}

/* Cancelled means that nothing was read: a later read goes on. */
TEST(a_read_that_is_cancelled)
{
	struct raw *raw = raw_start(in_two_halves, NULL);
	struct koru_http_response *res;
	struct koru_scope brief;
	char text[8] = "";
	assert_int_equal(koru_http_open("GET", url_of(raw_port(raw), "/"), NULL, &res), 0);
	assert_int_equal(koru_http_read(res, text, 8), 3);
	koru_scope_open(&brief, &(struct koru_scope_opts){ .timeout = 10 * KORU_MILLISECOND });
	assert_int_equal(koru_http_read(res, text + 3, 5), -ECANCELED);
	assert_int_equal(koru_http_read(res, text + 3, 5), -ECANCELED);
	assert_int_equal(koru_scope_close(&brief), -ETIMEDOUT);
	assert_int_equal(koru_http_read(res, text + 3, 5), 3);
	assert_string_equal(text, "abcdef");
	assert_int_equal(koru_http_read(res, text, 8), 0);
	koru_http_response_free(res);
	raw_stop(raw);
}

static void with_a_bad_end(struct raw *raw, int fd, int nth)
{
	(void)nth;
	if (raw_read(raw, fd))
		raw_send(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcXX");
}

/* What was good is handed out first, and the error stays. */
TEST(a_streamed_body_that_ends_badly)
{
	struct raw *raw = raw_start(with_a_bad_end, NULL);
	struct koru_http_response *res;
	char text[8] = "";
	assert_int_equal(koru_http_open("GET", url_of(raw_port(raw), "/"), NULL, &res), 0);
	assert_int_equal(koru_http_read(res, text, 8), 3);
	assert_string_equal(text, "abc");
	for (int i = 0; i < 2; i++)
		assert_int_equal(koru_http_read(res, text, 8), -KORU_EPROTO);
	assert_non_null(strstr(koru_http_error_detail(res), "does not end where its size says"));
	koru_http_response_free(res);
	raw_stop(raw);
}

/* A promise alone takes no memory. */
TEST(promises)
{
	struct raw *raw = raw_start(raw_once, "HTTP/1.1 200 OK\r\nContent-Length: "
	                                      "9223372036854775807\r\n\r\nabc");
	struct koru_http_opts opts = { .body_max = SIZE_MAX };
	check_fails(url_of(raw_port(raw), "/"), &opts, -KORU_ESHORT, "within the body");
	check_fails(url_of(raw_port(raw), "/"), NULL, -KORU_EBODY, "larger");
	raw_stop(raw);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_bodies),
		cmocka_unit_test(encoded_bodies),
		cmocka_unit_test(bodies_that_are_too_large),
		cmocka_unit_test(bodies_left_behind),
		cmocka_unit_test(a_read_that_is_cancelled),
		cmocka_unit_test(a_streamed_body_that_ends_badly),
		cmocka_unit_test(promises),
	};
	forget_proxies();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
