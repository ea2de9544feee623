/* SPDX-License-Identifier: MIT
 * Peers that break off, lie, flood or stall: each gets its own error, with words. */
#include "client.h"
#include "support/nameserver.h"

#include <koru/dns.h>

#include <errno.h>

/* What a peer sends, and what the client must make of it. */
struct answer {
	const char *text;
	int error;
	const char *why;
};

TEST(malformed_answers)
{
	static const struct answer answers[] = {
		{ "", -KORU_EEOF, "before the message began" },
		{ "HTTP/1.1 200 O", -KORU_EEOF, "within the header" },
		{ "HTTP/1.1 200 OK\r\nA: b\r\n", -KORU_EEOF, "within the header" },
		{ "HTTP/1.1 100 x\r\n\r\n", -KORU_EEOF, "within the header" },
		{ "SSH-2.0-OpenSSH\r\n", -KORU_EPROTO, "HTTP version" },
		{ "HTTP/2 200\r\n\r\n", -KORU_EPROTO, "HTTP version" },
		{ "HTTP/1.1 2 OK\r\n\r\n", -KORU_EPROTO, "status line" },
		{ "HTTP/1.1 200 OK\n\n", -KORU_EPROTO, "LF alone" },
		{ "HTTP/1.1 200 OK\r\na b: c\r\n\r\n", -KORU_EPROTO, "white space" },
		{ "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", -KORU_EPROTO, "folded" },
		{ "HTTP/1.1 101 x\r\nUpgrade: y\r\n\r\n", -KORU_EPROTO, "change of protocol" },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: "
		  "chunked\r\n\r\n0\r\n\r\n",
		  -KORU_EPROTO, "both Content-Length and Transfer-Encoding" },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
		  -KORU_EPROTO, "differ" },
		{ "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", -KORU_EPROTO, "Content-Length" },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", -KORU_EPROTO, "coding" },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc", -KORU_ESHORT,
		  "within the body" },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabc", -KORU_ESHORT,
		  "within the body" },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n",
		  -KORU_ESHORT, "within the body" },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", -KORU_EPROTO,
		  "chunk size" },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n",
		  -KORU_EPROTO, "does not end where its size says" },
		{ "HTTP/1.1 200 OK\r\nContent-Encoding: compress\r\nContent-Length: 3\r\n\r\nabc",
		  -KORU_EENCODING, "unknown or damaged" },
		{ "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
		  -KORU_EENCODING, "unknown or damaged" },
		{ "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\x08", -KORU_EENCODING,
		  "unknown or damaged" },
	};
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		struct raw *raw = raw_start(raw_once, answers[i].text);
		check_fails(url_of(raw_port(raw), "/"), NULL, answers[i].error, answers[i].why);
		raw_stop(raw);
	}
}

/* Sends the same, byte by byte. */
static void drip(struct raw *raw, int fd, int nth)
{
	(void)nth;
	if (!raw_read(raw, fd))
		return;
	for (const char *at = raw_arg(raw); *at; at++) {
		if (!raw_send_bytes(fd, at, 1))
			return;
		raw_nap_ms(1);
	}
}

TEST(slow_answers)
{
	struct raw *raw = raw_start(drip, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	                                  "3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nX: y\r\n\r\n");
	check_get(url_of(raw_port(raw), "/"), NULL, 200, "abcde");
	raw_stop(raw);
	raw = raw_start(drip, "HTTP/1.0 200 OK\r\nServer: x\r\n\r\nall the rest");
	check_get(url_of(raw_port(raw), "/"), NULL, 200, "all the rest");
	raw_stop(raw);
}

static void reset_at_once(struct raw *raw, int fd, int nth)
{
	(void)nth;
	if (raw_read(raw, fd))
		raw_reset(fd);
}

static void reset_in_body(struct raw *raw, int fd, int nth)
{
	(void)nth;
	if (!raw_read(raw, fd))
		return;
	raw_send(fd, raw_arg(raw));
	raw_nap_ms(50); /* so that it is read before the reset arrives */
	raw_reset(fd);
}

TEST(resets)
{
	struct raw *raw = raw_start(reset_at_once, NULL);
	check_fails(url_of(raw_port(raw), "/"), NULL, -ECONNRESET, "reset");
	raw_stop(raw);
	static const char *const answers[] = {
		"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabc",
		"HTTP/1.1 200 OK\r\n\r\nabc", /* ends with the connection: a reset is no end */
	};
	for (size_t i = 0; i < 3; i++) {
		raw = raw_start(reset_in_body, answers[i]);
		check_fails(url_of(raw_port(raw), "/"), NULL, -ECONNRESET, "");
		raw_stop(raw);
	}
	check_fails("http://127.0.0.1:1/", NULL, -ECONNREFUSED, "");
}

enum flood { MANY_HEADERS, LONG_HEADER, LONG_STATUS, ENDLESS_HEADERS, MANY_INTERIM, LONG_TRAILER };

static void flood(struct raw *raw, int fd, int nth)
{
	(void)nth;
	static char block[70000];
	enum flood kind = *(const enum flood *)raw_arg(raw);
	if (!raw_read(raw, fd))
		return;
	memset(block, 'x', sizeof(block) - 1);
	if (kind == MANY_INTERIM) {
		while (raw_send(fd, "HTTP/1.1 100 Continue\r\n\r\n"))
			continue;
		return;
	}
	raw_send(fd, kind == LONG_STATUS ? "HTTP/1.1 200 " : "HTTP/1.1 200 OK\r\n");
	if (kind == LONG_TRAILER)
		raw_send(fd, "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n");
	if (kind == LONG_HEADER || kind == LONG_STATUS) {
		raw_send(fd, kind == LONG_HEADER ? "A: " : "");
		raw_send(fd, block);
	}
	if (kind == MANY_HEADERS) {
		for (int i = 0; i < 129; i++)
			raw_send(fd, "A: b\r\n");
		raw_send(fd, "\r\n");
		return;
	}
	block[600] = '\0';
	while (raw_send(fd, "A: ") && raw_send(fd, block) && raw_send(fd, "\r\n"))
		continue;
}

TEST(floods)
{
	static const char *const whys[] = {
		[MANY_HEADERS] = "too many header lines",
		[LONG_HEADER] = "too l",
		[LONG_STATUS] = "first line is too long",
		[ENDLESS_HEADERS] = "the header is too large",
		[MANY_INTERIM] = "too many interim answers",
		[LONG_TRAILER] = "the trailer is too large",
	};
	for (enum flood kind = MANY_HEADERS; kind <= LONG_TRAILER; kind++) {
		struct raw *raw = raw_start(flood, &kind);
		check_fails(url_of(raw_port(raw), "/"), NULL, -KORU_EHEADERS, whys[kind]);
		raw_stop(raw);
	}
}

TEST(unknown_hosts)
{
	static const struct nameserver_rule rules[] = { { NULL } };
	struct nameserver *ns = nameserver_start(rules);
	assert_int_equal(
	        koru_dns_setup(&(struct koru_dns_opts){ .servers = nameserver_address(ns) }), 0);
	check_fails("http://nowhere.test/", NULL, -KORU_EHOST, "");
	check_fails("https://nowhere.test/", NULL, -KORU_EHOST, "");
	nameserver_stop(ns);
}

/* Just what is allowed: 128 headers, 60 kB in one. */
static void large_head(struct raw *raw, int fd, int nth)
{
	(void)nth;
	static char block[60001];
	memset(block, 'x', sizeof(block) - 1);
	if (!raw_read(raw, fd))
		return;
	raw_send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nLarge: ");
	raw_send(fd, block);
	for (int i = 0; i < 126; i++)
		raw_send(fd, "\r\nA: b");
	raw_send(fd, "\r\n\r\nabc");
}

TEST(a_large_head)
{
	struct raw *raw = raw_start(large_head, NULL);
	struct koru_http_response *res;
	assert_int_equal(koru_http_get(url_of(raw_port(raw), "/"), NULL, &res), 0);
	assert_int_equal(strlen(koru_http_header(res, "large")), 60000);
	assert_string_equal(koru_http_body(res), "abc");
	struct koru_http_header header;
	assert_true(koru_http_header_at(res, 127, &header));
	assert_string_equal(header.value, "b");
	koru_http_response_free(res);
	raw_stop(raw);
}

static void never(struct raw *raw, int fd, int nth)
{
	(void)nth;
	if (!raw_read(raw, fd))
		return;
	raw_send(fd, raw_arg(raw));
	(void)raw_read(raw, fd); /* until the client has had enough */
}

/* The only time limit is the scope's, and it holds wherever the peer stalls. */
TEST(stalls)
{
	static const char *const answers[] = {
		"",
		"HTTP/1.1 200 OK\r\nA: ",
		"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
		"HTTP/1.1 200 OK\r\n\r\nabc",
	};
	for (size_t i = 0; i < 5; i++) {
		struct raw *raw = raw_start(never, answers[i]);
		struct koru_scope brief;
		koru_scope_open(&brief,
		                &(struct koru_scope_opts){ .timeout = 30 * KORU_MILLISECOND });
		check_fails(url_of(raw_port(raw), "/"), NULL, -ECANCELED, "");
		assert_int_equal(koru_scope_close(&brief), -ETIMEDOUT);
		raw_stop(raw);
	}
}

/* Answers before it has read the body, and closes. */
static void answer_early(struct raw *raw, int fd, int nth)
{
	(void)raw;
	(void)nth;
	raw_send(fd, "HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nabc");
	raw_nap_ms(100);
}

TEST(an_early_answer)
{
	struct raw *raw = raw_start(answer_early, NULL);
	size_t len = (size_t)16 << 20;
	char *body = calloc(1, len);
	assert_non_null(body);
	struct koru_http_opts opts = { .body = body, .body_len = len };
	struct koru_http_response *res;
	int rc = koru_http_request("POST", url_of(raw_port(raw), "/"), &opts, &res);
	/* The reset may overtake the answer; then it is a reset. */
	if (rc == 0) {
		assert_int_equal(koru_http_status(res), 413);
		koru_http_response_free(res);
	} else {
		assert_int_equal(rc, -ECONNRESET);
	}
	free(body);
	raw_stop(raw);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(malformed_answers),
		cmocka_unit_test(slow_answers),
		cmocka_unit_test(resets),
		cmocka_unit_test(floods),
		cmocka_unit_test(unknown_hosts),
		cmocka_unit_test(a_large_head),
		cmocka_unit_test(stalls),
		cmocka_unit_test(an_early_answer),
	};
	forget_proxies();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
