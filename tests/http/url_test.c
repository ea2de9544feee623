/* SPDX-License-Identifier: MIT
 * URLs: koru/url.h. The examples of RFC 3986 5.4 among them. */
#include "support/cmocka.h"

#include <koru/error.h>
#include <koru/url.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check_text(struct koru_text text, const char *expected)
{
	assert_int_equal(text.len, strlen(expected));
	assert_memory_equal(text.ptr, expected, text.len);
}

/* Parses a copy that ends where the text ends, so that a look beyond is seen. */
static int parse_tight(const char *text, size_t len, struct koru_url *ret, const char **why,
                       char **ret_copy)
{
	*ret_copy = malloc(len ? len : 1);
	assert_non_null(*ret_copy);
	memcpy(*ret_copy, text, len);
	return koru_url_parse(*ret_copy, len, ret, why);
}

static void check_url(const char *text, const char *host, int port, const char *path,
                      const char *query)
{
	struct koru_url url;
	const char *why = NULL;
	char *copy;
	int rc = parse_tight(text, strlen(text), &url, &why, &copy);
	if (rc < 0)
		print_error("%s: %s\n", text, why);
	assert_int_equal(rc, 0);
	assert_null(why);
	check_text(url.host, host);
	assert_int_equal(url.port, port);
	check_text(url.path, path);
	assert_int_equal(url.has_query, query != NULL);
	check_text(url.query, query ? query : "");
	free(copy);
}

static void check_bad_bytes(const char *text, size_t len, const char *expected)
{
	struct koru_url url = { .port = 7 };
	const char *why = "";
	char *copy;
	assert_int_equal(parse_tight(text, len, &url, &why, &copy), -KORU_EURL);
	assert_string_equal(why, expected);
	assert_int_equal(url.port, 7); /* untouched */
	assert_int_equal(koru_url_parse(copy, len, &url, NULL), -KORU_EURL);
	free(copy);
}

static void check_bad(const char *text, const char *expected)
{
	check_bad_bytes(text, strlen(text), expected);
}

static void good_urls(void **state)
{
	(void)state;
	check_url("http://a", "a", 80, "", NULL);
	check_url("https://a", "a", 443, "", NULL);
	check_url("HTTPS://A.b/", "A.b", 443, "/", NULL);
	check_url("http://a:8080/b/c?d=e&f?g/h#i", "a", 8080, "/b/c", "d=e&f?g/h");
	check_url("http://a?b", "a", 80, "", "b");
	check_url("http://a#b", "a", 80, "", NULL);
	check_url("http://a/?#", "a", 80, "/", "");
	check_url("http://a:/b", "a", 80, "/b", NULL);
	check_url("https://a:/b", "a", 443, "/b", NULL);
	check_url("http://a:65535/", "a", 65535, "/", NULL);
	check_url("http://a:00001/", "a", 1, "/", NULL);
	check_url("http://[::1]/", "::1", 80, "/", NULL);
	check_url("http://[2001:DB8::1.2.3.4]:81/", "2001:DB8::1.2.3.4", 81, "/", NULL);
	check_url("http://127.0.0.1/", "127.0.0.1", 80, "/", NULL);
	check_url("http://a_b-c~.d/", "a_b-c~.d", 80, "/", NULL);
	check_url("http://a//b/..//%7e;x=1,2@:!$&'()*+", "a", 80, "//b/..//%7e;x=1,2@:!$&'()*+",
	          NULL);
	check_url("http://a/@b", "a", 80, "/@b", NULL);
}

static void users(void **state)
{
	(void)state;
	struct koru_url url;
	const char *text = "https://me:p%40ss:x@a:1/b@c";
	assert_int_equal(koru_url_parse(text, strlen(text), &url, NULL), 0);
	assert_true(url.has_user && url.https && !url.host_is_ipv6);
	check_text(url.user, "me:p%40ss:x");
	check_text(url.host, "a");
	text = "http://@[::2]";
	assert_int_equal(koru_url_parse(text, strlen(text), &url, NULL), 0);
	assert_true(url.has_user && url.host_is_ipv6);
	check_text(url.user, "");
	text = "http://a/@";
	assert_int_equal(koru_url_parse(text, strlen(text), &url, NULL), 0);
	assert_false(url.has_user);
}

static void malformed_urls(void **state)
{
	(void)state;
	check_bad("", "an empty URL");
#define SCHEME "a URL begins with http:// or https://"
	check_bad("a", SCHEME);
	check_bad("a.b/c", SCHEME);
	check_bad("ftp://a/", SCHEME);
	check_bad("http:/a", SCHEME);
	check_bad("http:a", SCHEME);
	check_bad("http//a", SCHEME);
	check_bad(" http://a", SCHEME);
	check_bad("//a", SCHEME);
	check_bad("http://", "no host");
	check_bad("http:///a", "no host");
	check_bad("http://:80/", "no host");
	check_bad("http://a@/", "no host");
	check_bad("http://?a", "no host");
#define PORT "the port is not a number from 1 to 65535"
	check_bad("http://a:0/", PORT);
	check_bad("http://a:65536/", PORT);
	check_bad("http://a:99999999999/", PORT);
	check_bad("http://a:000080/", PORT);
	check_bad("http://a:b/", PORT);
	check_bad("http://a:-1/", PORT);
	check_bad("http://a:8 0/", PORT);
	check_bad("http://::1/", "no host");
	check_bad("http://[::1/", "a [ without a ] in the host");
	check_bad("http://[::1]a/", "something between the host and its port");
	check_bad("http://[::g]/", "the brackets hold no IPv6 address");
	check_bad("http://[]/", "the brackets hold no IPv6 address");
	check_bad("http://[1.2.3.4]/", "the brackets hold no IPv6 address");
	check_bad("http://[v1.a]/", "the brackets hold no IPv6 address");
	check_bad("http://[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]/",
	          "the brackets hold no IPv6 address");
	check_bad("http://[fe80::1%25eth0]/",
	          "an IPv6 zone, which only means something on this machine");
#define HOST "a character in the host that must not stand there"
	check_bad("http://a b/", HOST);
	check_bad("http://a%20b/", HOST);
	check_bad("http://a\\b/", HOST);
	check_bad("http://\xc3\xa4/", HOST);
	check_bad("http://a\"/", HOST);
	check_bad("http://a]/", HOST);
	check_bad("http://a<b@c/", "a character in the user that must not stand there");
	check_bad("http://a@b@c/", "a character in the user that must not stand there");
#define ENCODE "a character that must be percent-encoded"
	check_bad("http://a/b c", ENCODE);
	check_bad("http://a/\t", ENCODE);
	check_bad("http://a/\xc3\xa4", ENCODE);
	check_bad("http://a/?\n", ENCODE);
	check_bad("http://a/#\x7f", ENCODE);
	check_bad_bytes("http://a/\0b", 11, ENCODE);
	check_bad_bytes("http://a\0b/", 11, HOST);
	check_bad("http://a/<b>", "a character in the path that must not stand there");
	check_bad("http://a/b|c", "a character in the path that must not stand there");
	check_bad("http://a/b\\c", "a character in the path that must not stand there");
	check_bad("http://a/[b]", "a character in the path that must not stand there");
	check_bad("http://a/?b^", "a character in the query that must not stand there");
	check_bad("http://a/#b#", "a character behind the # that must not stand there");
#define PERCENT "a % without two hexadecimal digits behind it"
	check_bad("http://a/%", PERCENT);
	check_bad("http://a/%4", PERCENT);
	check_bad("http://a/%4g", PERCENT);
	check_bad("http://a/%g4", PERCENT);
	check_bad("http://a/?%zz", PERCENT);
	check_bad("http://a/%4?1", PERCENT);
}

static void long_urls(void **state)
{
	(void)state;
	char text[KORU_URL_LEN_MAX + 2];
	struct koru_url url;
	const char *why;
	memset(text, 'a', sizeof(text));
	memcpy(text, "http://b/", 9);
	assert_int_equal(koru_url_parse(text, KORU_URL_LEN_MAX, &url, NULL), 0);
	assert_int_equal(koru_url_parse(text, KORU_URL_LEN_MAX + 1, &url, &why), -KORU_EURL);
	assert_string_equal(why, "the URL is too long");
	memcpy(text, "http://aa", 9);
	text[7 + 255] = '/';
	assert_int_equal(koru_url_parse(text, 300, &url, NULL), 0);
	text[7 + 255] = 'a';
	text[7 + 256] = '/';
	assert_int_equal(koru_url_parse(text, 300, &url, &why), -KORU_EURL);
	assert_string_equal(why, "the host is too long");
}

static void check_resolve(const char *base_text, const char *ref, const char *expected)
{
	struct koru_url base, url;
	const char *why = "";
	char buf[256];
	assert_int_equal(koru_url_parse(base_text, strlen(base_text), &base, NULL), 0);
	int rc = koru_url_resolve(&base, ref, strlen(ref), buf, sizeof(buf), &url, &why);
	if (rc < 0)
		print_error("%s: %s\n", ref, why);
	assert_int_equal(rc, strlen(expected));
	assert_string_equal(buf, expected);
	assert_ptr_equal(url.path.ptr + url.path.len + (url.has_query ? 1 + url.query.len : 0),
	                 buf + rc);
	/* A buffer that just suffices, and every one that does not. */
	assert_int_equal(koru_url_resolve(&base, ref, strlen(ref), buf, (size_t)rc, &url, &why),
	                 -ENOBUFS);
}

/* RFC 3986 5.4.1 and 5.4.2, with what must be refused here in refused_references. The
 * fragments are gone and the scheme is http. */
static void examples_of_the_rfc(void **state)
{
	(void)state;
	static const char *const examples[][2] = {
		{ "g", "http://a/b/c/g" },
		{ "./g", "http://a/b/c/g" },
		{ "g/", "http://a/b/c/g/" },
		{ "/g", "http://a/g" },
		{ "//g", "http://g/" },
		{ "?y", "http://a/b/c/d;p?y" },
		{ "g?y", "http://a/b/c/g?y" },
		{ "#s", "http://a/b/c/d;p?q" },
		{ "g#s", "http://a/b/c/g" },
		{ "g?y#s", "http://a/b/c/g?y" },
		{ ";x", "http://a/b/c/;x" },
		{ "g;x", "http://a/b/c/g;x" },
		{ "g;x?y#s", "http://a/b/c/g;x?y" },
		{ "", "http://a/b/c/d;p?q" },
		{ ".", "http://a/b/c/" },
		{ "./", "http://a/b/c/" },
		{ "..", "http://a/b/" },
		{ "../", "http://a/b/" },
		{ "../g", "http://a/b/g" },
		{ "../..", "http://a/" },
		{ "../../", "http://a/" },
		{ "../../g", "http://a/g" },
		{ "../../../g", "http://a/g" },
		{ "../../../../g", "http://a/g" },
		{ "/./g", "http://a/g" },
		{ "/../g", "http://a/g" },
		{ "g.", "http://a/b/c/g." },
		{ ".g", "http://a/b/c/.g" },
		{ "g..", "http://a/b/c/g.." },
		{ "..g", "http://a/b/c/..g" },
		{ "./../g", "http://a/b/g" },
		{ "./g/.", "http://a/b/c/g/" },
		{ "g/./h", "http://a/b/c/g/h" },
		{ "g/../h", "http://a/b/c/h" },
		{ "g;x=1/./y", "http://a/b/c/g;x=1/y" },
		{ "g;x=1/../y", "http://a/b/c/y" },
		{ "g?y/./x", "http://a/b/c/g?y/./x" },
		{ "g?y/../x", "http://a/b/c/g?y/../x" },
	};
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++)
		check_resolve("http://a/b/c/d;p?q", examples[i][0], examples[i][1]);
}

static void more_references(void **state)
{
	(void)state;
	check_resolve("http://a", "", "http://a/");
	check_resolve("http://a?q", "", "http://a/?q");
	check_resolve("http://a", "g", "http://a/g");
	check_resolve("http://a", "?y", "http://a/?y");
	check_resolve("http://A:80/b", "c", "http://a/c");
	check_resolve("http://a:81/b", "c", "http://a:81/c");
	check_resolve("https://a/b", "//C:443?d", "https://c/?d");
	check_resolve("https://a/b", "//c:80", "https://c:80/");
	check_resolve("http://a/b", "https://c:81/../d?", "https://c:81/d?");
	check_resolve("http://[::AB]:8/b", "c", "http://[::ab]:8/c");
	check_resolve("http://me:pw@a/b", "c", "http://a/c");
	check_resolve("http://a/b", "//me@c", "http://me@c/");
	check_resolve("http://a/b", "/.//c", "http://a//c");
	check_resolve("http://a//b", "..", "http://a/");
	check_resolve("http://a/b//c", "..", "http://a/b/");
	check_resolve("http://a/", "./c:d", "http://a/c:d");
	check_resolve("http://a/", "/...", "http://a/...");
}

static void refused_references(void **state)
{
	(void)state;
	static const char *const refused[] = {
		"ftp://b/", "javascript:a", "g:h", "http:g", "//",
		"///a",     "//a:x",        "a b", "/%",     "\n",
	};
	struct koru_url base, url;
	char buf[64];
	assert_int_equal(koru_url_parse("http://a/b", 10, &base, NULL), 0);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		const char *why = NULL;
		assert_int_equal(koru_url_resolve(&base, refused[i], strlen(refused[i]), buf,
		                                  sizeof(buf), &url, &why),
		                 -KORU_EURL);
		assert_non_null(why);
	}
}

static void long_references(void **state)
{
	(void)state;
	static char ref[KORU_URL_LEN_MAX + 2], buf[KORU_URL_LEN_MAX + 2];
	struct koru_url base, url;
	const char *why;
	memset(ref, 'a', sizeof(ref));
	assert_int_equal(koru_url_parse("http://a/b", 10, &base, NULL), 0);
	size_t room = KORU_URL_LEN_MAX - strlen("http://a/");
	assert_int_equal(koru_url_resolve(&base, ref, room, buf, KORU_URL_LEN_MAX + 1, &url, &why),
	                 KORU_URL_LEN_MAX);
	assert_int_equal(koru_url_resolve(&base, ref, room + 1, buf, sizeof(buf), &url, &why),
	                 -KORU_EURL);
	assert_int_equal(koru_url_resolve(&base, ref, sizeof(ref), buf, sizeof(buf), &url, &why),
	                 -KORU_EURL);
}

static void printing(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{ "HTTP://me@A.B:80?c#d", "http://a.b/?c" },
		{ "https://a:80/B?", "https://a:80/B?" },
		{ "http://[::A]:81/", "http://[::a]:81/" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct koru_url url;
		char buf[64];
		assert_int_equal(koru_url_parse(cases[i][0], strlen(cases[i][0]), &url, NULL), 0);
		size_t len = strlen(cases[i][1]);
		assert_int_equal(koru_url_print(&url, buf, sizeof(buf)), len);
		assert_string_equal(buf, cases[i][1]);
		assert_int_equal(koru_url_print(&url, buf, len + 1), len);
		for (size_t size = 0; size <= len; size++)
			assert_int_equal(koru_url_print(&url, buf, size), -ENOBUFS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_urls),
		cmocka_unit_test(users),
		cmocka_unit_test(malformed_urls),
		cmocka_unit_test(long_urls),
		cmocka_unit_test(examples_of_the_rfc),
		cmocka_unit_test(more_references),
		cmocka_unit_test(refused_references),
		cmocka_unit_test(long_references),
		cmocka_unit_test(printing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
