/* SPDX-License-Identifier: MIT
 * Redirects: where they lead, with which method, and what stays behind. */
#include "client.h"

#include <errno.h>

/* Answers "/STATUS/REST" with a redirect of that status to "/REST" or to what `arg` says, and
 * everything else with "abc". */
static void redirect(struct raw *raw, int fd, int nth)
{
	(void)nth;
	while (raw_read(raw, fd)) {
		const char *path = strchr(raw_request(raw, raw_requests(raw) - 1), ' ') + 1;
		int status = 0, used = 0;
		char answer[1024];
		(void)sscanf(path, "/%3d%n", &status, &used);
		if (status < 300) {
			raw_send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc");
			continue;
		}
		const char *to = raw_arg(raw);
		int len = (int)strcspn(path + used, " ");
		snprintf(
		        answer, sizeof(answer),
		        "HTTP/1.1 %d Elsewhere\r\nLocation: %.*s\r\nContent-Length: 5\r\n\r\nmoved",
		        status, to ? (int)strlen(to) : len, to ? to : path + used);
		raw_send(fd, answer);
	}
}

static void check_request(struct raw *raw, int nth, const char *begins)
{
	const char *text = raw_request(raw, nth);
	if (strncmp(text, begins, strlen(begins)) != 0)
		print_error("%s\nis not\n%s\n", text, begins);
	assert_int_equal(strncmp(text, begins, strlen(begins)), 0);
}

static bool said(struct raw *raw, int nth, const char *part)
{
	return strstr(raw_request(raw, nth), part) != NULL;
}

TEST(methods)
{
	static const struct {
		int status;
		const char *method;
		const char *becomes;
	} cases[] = {
		{ 301, "GET", "GET" },   { 301, "POST", "GET" },  { 301, "PUT", "PUT" },
		{ 302, "POST", "GET" },  { 302, "HEAD", "HEAD" }, { 302, "DELETE", "DELETE" },
		{ 303, "POST", "GET" },  { 303, "PUT", "GET" },   { 303, "HEAD", "HEAD" },
		{ 307, "POST", "POST" }, { 308, "POST", "POST" }, { 307, "GET", "GET" },
	};
	struct raw *raw = raw_start(redirect, NULL);
	const struct koru_http_header header = { "Content-Type", "text/plain" };
	struct koru_http_opts opts = { .headers = &header, .header_count = 1 };
	for (int i = 0; i < 12; i++) {
		struct koru_http_response *res;
		char path[32], expected[64];
		bool body =
		        strcmp(cases[i].method, "POST") == 0 || strcmp(cases[i].method, "PUT") == 0;
		bool keeps = body && strcmp(cases[i].becomes, "GET") != 0;
		opts.body = body ? "body" : NULL;
		opts.body_len = body ? 4 : 0;
		snprintf(path, sizeof(path), "/%d/x%d", cases[i].status, i);
		snprintf(expected, sizeof(expected), "%s /x%d ", cases[i].becomes, i);
		if (strcmp(cases[i].method, "HEAD") == 0)
			continue; /* the raw server sends bodies to HEAD */
		assert_int_equal(koru_http_request(cases[i].method, url_of(raw_port(raw), path),
		                                   &opts, &res),
		                 0);
		assert_string_equal(koru_http_body(res), "abc");
		snprintf(path, sizeof(path), "/x%d", i);
		assert_string_equal(koru_http_url(res), url_of(raw_port(raw), path));
		koru_http_response_free(res);
		int last = raw_requests(raw) - 1;
		check_request(raw, last, expected);
		assert_int_equal(said(raw, last, "\r\n\r\nbody"), keeps);
		assert_int_equal(said(raw, last, "Content-Length: 4"), keeps);
		assert_int_equal(said(raw, last, "Content-Type"), keeps || !body);
	}
	assert_int_equal(raw_connections(raw), 1); /* their bodies were passed over */
	raw_stop(raw);
}

TEST(how_many)
{
	struct raw *raw = raw_start(redirect, NULL);
	struct koru_http_opts opts = { .redirects_max = 3 };
	check_get(url_of(raw_port(raw), "/301/302/307/x"), &opts, 200, "abc");
	check_fails(url_of(raw_port(raw), "/301/302/307/308/x"), &opts, -KORU_EREDIRECTS,
	            "too many redirects");
	opts.redirects_max = -1;
	struct koru_http_response *res;
	assert_int_equal(koru_http_get(url_of(raw_port(raw), "/301/x"), &opts, &res), 0);
	assert_int_equal(koru_http_status(res), 301);
	assert_string_equal(koru_http_header(res, "location"), "/x");
	assert_string_equal(koru_http_body(res), "moved");
	koru_http_response_free(res);
	/* Not all that begins with 3 is one, and without Location none is. */
	assert_int_equal(koru_http_get(url_of(raw_port(raw), "/300/x"), NULL, &res), 0);
	assert_int_equal(koru_http_status(res), 300);
	koru_http_response_free(res);
	raw_stop(raw);
	raw = raw_start(raw_always, "HTTP/1.1 301 x\r\nContent-Length: 3\r\n\r\nabc");
	check_get(url_of(raw_port(raw), "/"), NULL, 301, "abc");
	raw_stop(raw);
	raw = raw_start(redirect, "/301/again");
	check_fails(url_of(raw_port(raw), "/301/"), NULL, -KORU_EREDIRECTS, "");
	assert_int_equal(raw_requests(raw), 1 + KORU_HTTP_REDIRECTS_DEFAULT);
	raw_stop(raw);
}

TEST(where_to)
{
	static const char *const cases[][2] = {
		{ "../c?d#e", "GET /301/c?d " },     { "?q", "GET /301/b/?q " },
		{ "a b", "GET /301/b/a%20b " },      { "/\xc3\xa4", "GET /%C3%A4 " },
		{ "./././x/../y", "GET /301/b/y " },
	};
	for (size_t i = 0; i < 5; i++) {
		struct raw *raw = raw_start(redirect, cases[i][0]);
		struct koru_http_response *res;
		/* Most of them lead to yet another redirect. */
		struct koru_http_opts opts = { .redirects_max = 1 };
		int rc = koru_http_get(url_of(raw_port(raw), "/301/b/"), &opts, &res);
		if (rc == 0)
			koru_http_response_free(res);
		check_request(raw, 1, cases[i][1]);
		raw_stop(raw);
	}
}

TEST(where_not)
{
	static const char *const cases[][2] = {
		{ "ftp://a/", "http://" },
		{ "javascript:x", "http://" },
		{ "http://a:99999/", "port" },
		{ "//", "no host" },
		{ "/%zz", "%" },
		{ "http://me:pw@127.0.0.1/", "a user in it" },
	};
	for (size_t i = 0; i < 6; i++) {
		struct raw *raw = raw_start(redirect, cases[i][0]);
		check_fails(url_of(raw_port(raw), "/301/"), NULL, -KORU_EURL, cases[i][1]);
		raw_stop(raw);
	}
}

/* What was said to one origin is not said to another; and an origin is scheme, host and port. */
TEST(credentials)
{
	struct raw *other =
	        raw_start(raw_always, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc");
	char to[64], url[128];
	snprintf(to, sizeof(to), "http://127.0.0.1:%u/other", (unsigned)raw_port(other));
	struct raw *raw = raw_start(redirect, to);
	const struct koru_http_header headers[] = {
		{ "Authorization", "secret1" },
		{ "cookie", "secret2" },
		{ "Proxy-Authorization", "secret3" },
		{ "Host", "secret4" },
		{ "X-Plain", "plain" },
	};
	struct koru_http_opts opts = { .headers = headers, .header_count = 5 };
	check_get(url_of(raw_port(raw), "/302/"), &opts, 200, "abc");
	for (int i = 1; i <= 4; i++) {
		char secret[16];
		snprintf(secret, sizeof(secret), "secret%d", i);
		assert_true(said(raw, 0, secret));
		assert_false(said(other, 0, secret));
	}
	assert_true(said(other, 0, "X-Plain: plain"));
	assert_true(said(other, 0, "Host: 127.0.0.1:"));
	/* The user in a URL too. */
	snprintf(url, sizeof(url), "http://me:pw@127.0.0.1:%u/302/", (unsigned)raw_port(raw));
	check_get(url, NULL, 200, "abc");
	assert_true(said(raw, 1, "Authorization: Basic"));
	assert_false(said(other, 1, "Authorization"));
	raw_stop(raw);
	/* Within the origin they stay. */
	raw = raw_start(redirect, NULL);
	check_get(url_of(raw_port(raw), "/302/x"), &opts, 200, "abc");
	assert_true(said(raw, 1, "secret1") && said(raw, 1, "secret2") && said(raw, 1, "secret4"));
	raw_stop(raw);
	raw_stop(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(methods),     cmocka_unit_test(how_many),
		cmocka_unit_test(where_to),    cmocka_unit_test(where_not),
		cmocka_unit_test(credentials),
	};
	forget_proxies();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
