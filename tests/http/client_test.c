/* SPDX-License-Identifier: MIT
 * The client: requests, answers, kept connections and turns. */
#include "client.h"

#include <errno.h>
#include <pthread.h>

#define OK3 "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX-One: 1\r\nx-two: a\tb\r\nX-One: 2\r\n\r\nabc"

static bool has(const char *text, const char *part)
{
	if (!strstr(text, part))
		print_error("%s in:\n%s\n", part, text);
	return strstr(text, part) != NULL;
}

TEST(one_get)
{
	struct raw *raw = raw_start(raw_always, OK3);
	struct koru_http_response *res;
	struct koru_http_header header;
	assert_int_equal(koru_http_get(url_of(raw_port(raw), "/a?b#c"), NULL, &res), 0);
	assert_int_equal(koru_http_status(res), 200);
	assert_int_equal(koru_http_content_length(res), 3);
	assert_int_equal(koru_http_body_len(res), 3);
	assert_string_equal(koru_http_body(res), "abc");
	assert_string_equal(koru_http_url(res), url_of(raw_port(raw), "/a?b"));
	assert_string_equal(koru_http_header(res, "x-ONE"), "1");
	assert_string_equal(koru_http_header(res, "X-Two"), "a\tb");
	assert_null(koru_http_header(res, "X-On"));
	assert_null(koru_http_header(res, ""));
	assert_true(koru_http_header_at(res, 3, &header));
	assert_string_equal(header.name, "X-One");
	assert_string_equal(header.value, "2");
	assert_false(koru_http_header_at(res, 4, &header));
	assert_int_equal(koru_http_read(res, &header, 1), -EINVAL);
	assert_string_equal(koru_http_error_detail(res), "");
	koru_http_response_free(res);
	char expected[256];
	snprintf(
	        expected, sizeof(expected),
	        "GET /a?b HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUser-Agent: koru/0.1\r\nAccept: */*\r\n"
	        "Accept-Encoding: gzip, deflate, br, zstd\r\n\r\n",
	        (unsigned)raw_port(raw));
	assert_string_equal(raw_request(raw, 0), expected);
	raw_stop(raw);
}

TEST(what_a_caller_may_say)
{
	struct raw *raw = raw_start(raw_always, OK3);
	struct koru_http_response *res;
	const struct koru_http_header headers[] = {
		{ "X-Mine", "yes" },       { "accept", "text/html" },     { "USER-AGENT", "me" },
		{ "Host", "elsewhere:8" }, { "Accept-encoding", "gzip" },
	};
	struct koru_http_opts opts = {
		.headers = headers, .header_count = 5, .body = "body", .body_len = 4
	};
	assert_int_equal(koru_http_request("POST", url_of(raw_port(raw), ""), &opts, &res), 0);
	koru_http_response_free(res);
	assert_string_equal(
	        raw_request(raw, 0),
	        "POST / HTTP/1.1\r\nX-Mine: yes\r\naccept: text/html\r\nUSER-AGENT: me\r\n"
	        "Host: elsewhere:8\r\nAccept-encoding: gzip\r\nContent-Length: 4\r\n\r\nbody");
	opts = (struct koru_http_opts){ .raw = true };
	assert_int_equal(koru_http_request("PUT", url_of(raw_port(raw), "/"), &opts, &res), 0);
	koru_http_response_free(res);
	assert_true(has(raw_request(raw, 1), "Content-Length: 0\r\n"));
	assert_null(strstr(raw_request(raw, 1), "Accept-Encoding"));
	const struct koru_http_header range = { "Range", "bytes=0-2" };
	opts = (struct koru_http_opts){ .headers = &range, .header_count = 1 };
	check_get(url_of(raw_port(raw), "/"), &opts, 200, "abc");
	assert_null(strstr(raw_request(raw, 2), "Accept-Encoding"));
	char user[64];
	snprintf(user, sizeof(user), "http://me:p%%40ss@127.0.0.1:%u/", (unsigned)raw_port(raw));
	assert_int_equal(koru_http_get(user, NULL, &res), 0);
	assert_null(strstr(koru_http_url(res), "me"));
	koru_http_response_free(res);
	assert_true(has(raw_request(raw, 3), "\r\nAuthorization: Basic bWU6cEBzcw==\r\n"));
	raw_stop(raw);
}

TEST(what_a_caller_may_not_say)
{
	static const struct koru_http_header bad[] = {
		{ "", "a" },
		{ "a b", "c" },
		{ "a:", "b" },
		{ "a", "b\r\nc: d" },
		{ "a", "b\n" },
		{ "a", "\x7f" },
		{ NULL, "a" },
		{ "a", NULL },
		{ "Connection", "close" },
		{ "content-length", "3" },
		{ "Transfer-Encoding", "chunked" },
		{ "Expect", "100-continue" },
		{ "Host", "a/b" },
		{ "TE", "trailers" },
	};
	struct koru_http_response *res;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct koru_http_opts opts = { .headers = &bad[i], .header_count = 1 };
		check_fails("http://127.0.0.1:1/", &opts, -EINVAL, "header");
	}
	static const char *const methods[] = { "", "G T", "GET\r\n", "CONNECT" };
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(koru_http_request(methods[i], "http://127.0.0.1:1/", NULL, &res),
		                 -EINVAL);
	struct koru_http_opts opts = { .header_count = 1 };
	assert_int_equal(koru_http_get("http://127.0.0.1:1/", &opts, &res), -EINVAL);
	check_fails("http://a b/", NULL, -KORU_EURL, "a character in the host");
	check_fails("ftp://a/", NULL, -KORU_EURL, "http://");
	static char large[70000];
	memset(large, 'x', sizeof(large) - 1);
	struct koru_http_header header = { "a", large };
	struct raw *raw = raw_start(raw_always, OK3);
	opts = (struct koru_http_opts){ .headers = &header, .header_count = 1 };
	check_fails(url_of(raw_port(raw), "/"), &opts, -EMSGSIZE, "");
	large[60000] = '\0'; /* fits: the buffer grows */
	check_get(url_of(raw_port(raw), "/"), &opts, 200, "abc");
	raw_stop(raw);
}

TEST(kept_connections)
{
	struct raw *raw = raw_start(raw_always, OK3);
	for (int i = 0; i < 5; i++)
		check_get(url_of(raw_port(raw), "/"), NULL, 200, "abc");
	assert_int_equal(raw_connections(raw), 1);
	assert_int_equal(raw_requests(raw), 5);
	/* Another client has connections of its own; a short patience makes it forget them. */
	struct koru_http_client *client;
	assert_int_equal(
	        koru_http_client_new(&(struct koru_http_client_opts){ .idle_timeout = 1 }, &client),
	        0);
	struct koru_http_opts opts = { .client = client };
	check_get(url_of(raw_port(raw), "/"), &opts, 200, "abc");
	check_get(url_of(raw_port(raw), "/"), &opts, 200, "abc");
	assert_int_equal(raw_connections(raw), 3);
	koru_http_client_free(client);
	koru_http_client_free(NULL);
	raw_stop(raw);
}

/* What must not be used again: "close", HTTP/1.0, bytes behind the answer. */
TEST(connections_not_kept)
{
	static const char *const answers[] = {
		"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc",
		"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc",
		"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 200 OK\r\nContent-Length: "
		"4"
		"\r\n\r\nevil",
	};
	for (size_t i = 0; i < 3; i++) {
		struct raw *raw = raw_start(raw_always, answers[i]);
		check_get(url_of(raw_port(raw), "/"), NULL, 200, "abc");
		check_get(url_of(raw_port(raw), "/"), NULL, 200, "abc");
		assert_int_equal(raw_connections(raw), 2);
		raw_stop(raw);
	}
}

/* Answers, and says something more a moment later. */
static void talk_out_of_turn(struct raw *raw, int fd, int nth)
{
	(void)nth;
	while (raw_read(raw, fd)) {
		raw_send(fd, OK3);
		raw_nap_ms(50);
		raw_send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
	}
}

TEST(unasked_answers_are_not_read)
{
	struct raw *raw = raw_start(talk_out_of_turn, NULL);
	for (int i = 0; i < 3; i++) {
		check_get(url_of(raw_port(raw), "/"), NULL, 200, "abc");
		assert_int_equal(koru_sleep(100 * KORU_MILLISECOND), 0);
	}
	assert_int_equal(raw_connections(raw), 3);
	raw_stop(raw);
}

/* The first connection answers once and is then closed as the next request arrives. */
static void die_at_second_request(struct raw *raw, int fd, int nth)
{
	if (nth > 0) {
		raw_always(raw, fd, nth);
		return;
	}
	if (raw_read(raw, fd) && raw_send(fd, OK3))
		(void)raw_read(raw, fd);
	raw_reset(fd);
}

TEST(a_kept_connection_that_died)
{
	struct raw *raw = raw_start(die_at_second_request, OK3);
	check_get(url_of(raw_port(raw), "/1"), NULL, 200, "abc");
	check_get(url_of(raw_port(raw), "/2"), NULL, 200, "abc"); /* sent twice */
	assert_int_equal(raw_connections(raw), 2);
	assert_int_equal(raw_requests(raw), 3);
	raw_stop(raw);
	/* POST must not be repeated: nobody knows what the server has done. */
	raw = raw_start(die_at_second_request, OK3);
	struct koru_http_response *res;
	check_get(url_of(raw_port(raw), "/1"), NULL, 200, "abc");
	int rc = koru_http_request("POST", url_of(raw_port(raw), "/2"), NULL, &res);
	assert_true(rc == -ECONNRESET || rc == -KORU_EEOF);
	assert_int_equal(raw_requests(raw), 2);
	raw_stop(raw);
}

static void closed_soon(struct raw *raw, int fd, int nth)
{
	(void)nth;
	if (raw_read(raw, fd))
		raw_send(fd, OK3);
}

TEST(a_kept_connection_that_was_closed)
{
	struct raw *raw = raw_start(closed_soon, NULL);
	struct koru_http_response *res;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(koru_http_request("POST", url_of(raw_port(raw), "/"), NULL, &res),
		                 0);
		koru_http_response_free(res);
		assert_int_equal(koru_sleep(50 * KORU_MILLISECOND), 0);
	}
	assert_int_equal(raw_connections(raw), 3);
	raw_stop(raw);
}

TEST(heads_without_bodies)
{
	struct raw *raw = raw_start(raw_always, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n"
	                                        "Content-Encoding: gzip\r\n\r\n");
	struct koru_http_response *res;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(koru_http_request("HEAD", url_of(raw_port(raw), "/"), NULL, &res),
		                 0);
		assert_int_equal(koru_http_content_length(res), 1000);
		assert_int_equal(koru_http_body_len(res), 0);
		assert_string_equal(koru_http_body(res), "");
		koru_http_response_free(res);
	}
	assert_int_equal(raw_connections(raw), 1);
	raw_stop(raw);
	raw = raw_start(raw_always, "HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 204 No\r\n\r\n");
	assert_int_equal(koru_http_get(url_of(raw_port(raw), "/"), NULL, &res), 0);
	assert_int_equal(koru_http_status(res), 204);
	assert_null(koru_http_header(res, "Link"));
	assert_int_equal(koru_http_content_length(res), -1);
	koru_http_response_free(res);
	raw_stop(raw);
}

/* On a plain thread the call runs a loop of its own. */
static void on_a_plain_thread(void **state)
{
	(void)state;
	int fds = program_open_fds();
	struct raw *raw = raw_start(raw_always, OK3);
	struct koru_http_response *res;
	check_get(url_of(raw_port(raw), "/"), NULL, 200, "abc");
	check_fails("http://a:0/", NULL, -KORU_EURL, "the port");
	assert_int_equal(koru_http_open("GET", url_of(raw_port(raw), "/"), NULL, &res), -EPERM);
	struct koru_http_client *client;
	assert_int_equal(koru_http_client_new(NULL, &client), 0);
	struct koru_http_opts opts = { .client = client };
	assert_int_equal(koru_http_get(url_of(raw_port(raw), "/"), &opts, &res), -EPERM);
	koru_http_client_free(client);
	raw_stop(raw);
	assert_int_equal(program_open_fds(), fds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_get),
		cmocka_unit_test(what_a_caller_may_say),
		cmocka_unit_test(what_a_caller_may_not_say),
		cmocka_unit_test(kept_connections),
		cmocka_unit_test(connections_not_kept),
		cmocka_unit_test(unasked_answers_are_not_read),
		cmocka_unit_test(a_kept_connection_that_died),
		cmocka_unit_test(a_kept_connection_that_was_closed),
		cmocka_unit_test(heads_without_bodies),
		cmocka_unit_test(on_a_plain_thread),
	};
	forget_proxies();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
