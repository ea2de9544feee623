/* SPDX-License-Identifier: MIT
 * Causes in words and as names: tool/cause.h. */
#include "support/cmocka.h"

#include "cause.h"

#include "koru/error.h"
#include "koru/time.h"

#include <errno.h>
#include <string.h>

static void names(void **state)
{
	(void)state;
	assert_string_equal(cause_code(-ECONNREFUSED), "ECONNREFUSED");
	assert_string_equal(cause_code(-KORU_EHOST), "EHOST");
	assert_string_equal(cause_code(-KORU_ECERTEXPIRED), "ECERTEXPIRED");
	assert_string_equal(cause_code(-CAUSE_STATUS), "ESTATUS");
	assert_string_equal(cause_code(-CAUSE_NOT_RUN), "ENOTSTARTED");
	assert_string_equal(cause_code(-99999), "EUNKNOWN");
}

static void requests(void **state)
{
	(void)state;
	static const struct {
		int error;
		const char *why; /* as koru_http_open tells it */
		const char *url;
		const char *cause;
	} rows[] = {
		{ -ECONNREFUSED, "127.0.0.1 port 1: Connection refused", "http://127.0.0.1:1/",
		  "connection refused by 127.0.0.1 port 1" },
		/* After a redirect it is not the URL's host. */
		{ -ECONNREFUSED, "10.0.0.7:81: Connection refused", "http://a/",
		  "connection refused by 10.0.0.7:81" },
		{ -ECONNREFUSED, "[::1]:1: Connection refused; 127.0.0.1:1: Connection refused",
		  "http://localhost:1/",
		  "no connection: [::1]:1: Connection refused; 127.0.0.1:1: Connection refused" },
		{ -ECONNRESET, "Connection reset by peer", "http://a:81/b",
		  "connection reset by a port 81" },
		{ -ECONNRESET, "", "https://a/b", "connection reset by a port 443" },
		{ -ECONNRESET, NULL, "no url", "connection reset by peer" },
		{ -KORU_EHOST, "no.such: unknown host", "http://no.such/",
		  "unknown host: no.such" },
		{ -KORU_EURL, "a URL begins with http:// or https://", "x",
		  "malformed URL: a URL begins with http:// or https://" },
		{ -KORU_ECERTEXPIRED, "the certificate of a has expired", "https://a/",
		  "the certificate of a has expired" },
		{ -KORU_ECERTEXPIRED, "", "https://a/", "the certificate has expired" },
		{ -KORU_ECERTHOST, "the certificate of a: hostname mismatch", "https://a/",
		  "the certificate of a is for another host" },
		{ -KORU_ECERT, "the certificate of a: unable to get local issuer certificate",
		  "https://a/",
		  "the certificate of a cannot be trusted: unable to get local issuer "
		  "certificate" },
		{ -KORU_ESHORT, "the body is shorter than promised", "http://a/",
		  "the body is shorter than promised" },
		{ -EMFILE, NULL, "http://a/", "too many open files" },
		{ -EIO, NULL, "http://a/", "input/output error" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char buf[CAUSE_SIZE];
		cause_of_request(buf, rows[i].error, rows[i].why, rows[i].url);
		assert_string_equal(buf, rows[i].cause);
	}
}

/* What a server sends can be of any length; the buffer is not. */
static void long_texts(void **state)
{
	(void)state;
	char text[10000];
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	char buf[CAUSE_SIZE];
	cause_of_request(buf, -KORU_EPROTO, text, "http://a/");
	assert_true(strlen(buf) < CAUSE_SIZE);
	cause_of_status(buf, 302, text);
	assert_int_equal(strlen(buf), CAUSE_SIZE - 1);
	cause_of_file(buf, -ENOSPC, text, text);
	assert_memory_equal(buf, "cannot be saved: no space left on device (xxx", 45);
}

static void the_others(void **state)
{
	(void)state;
	char buf[CAUSE_SIZE];
	cause_of_status(buf, 404, NULL);
	assert_string_equal(buf, "the server answered 404 Not Found");
	cause_of_status(buf, 499, NULL);
	assert_string_equal(buf, "the server answered 499");
	cause_of_status(buf, 302, "/there");
	assert_string_equal(buf, "the server answered 302 Found, and no redirect is to be followed "
	                         "to /there");
	cause_of_deadline(buf, 30 * KORU_SECOND, 500);
	assert_string_equal(buf,
	                    "no complete answer within 30s (see --timeout); 500 bytes had come");
	cause_of_deadline(buf, 1500 * KORU_MILLISECOND, 0);
	assert_string_equal(buf,
	                    "no complete answer within 1.5s (see --timeout); nothing had come");
	cause_of_stop(buf, "cut off", 0);
	assert_string_equal(buf, "cut off");
	cause_of_stop(buf, "cut off", 1500);
	assert_string_equal(buf, "cut off after 1.5 kB");
	cause_of_file(buf, -EACCES, "pages", "a_b");
	assert_string_equal(buf, "cannot be saved: permission denied (pages/a_b)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(requests),
		cmocka_unit_test(long_texts),
		cmocka_unit_test(the_others),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
