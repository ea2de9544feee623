/* SPDX-License-Identifier: MIT
 *
 * What the client's tests have in common: a test runs as the main task of a koru_run, leaves
 * no descriptor open, and knows no proxy of its environment.
 */
#ifndef TESTS_HTTP_CLIENT_H
#define TESTS_HTTP_CLIENT_H

#include "support/cmocka.h"

#include "raw.h"
#include "support/program.h"

#include <koru/http.h>
#include <koru/koru.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline int run_body(void *arg)
{
	void (*const *body)(void) = arg;
	(*body)();
	return 0;
}

/* TEST(name) { … } defines a cmocka test whose body is a task. */
#define TEST(name)                                                                                 \
	static void name##_body(void);                                                             \
	static void name(void **state)                                                             \
	{                                                                                          \
		(void)state;                                                                       \
		void (*body)(void) = name##_body;                                                  \
		int fds = program_open_fds();                                                      \
		assert_int_equal(koru_run(run_body, &body, NULL), 0);                              \
		assert_int_equal(program_open_fds(), fds);                                         \
	}                                                                                          \
	static void name##_body(void)

static inline void forget_proxies(void)
{
	static const char *const names[] = { "http_proxy",  "https_proxy", "all_proxy", "no_proxy",
		                             "HTTPS_PROXY", "ALL_PROXY",   "NO_PROXY" };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unsetenv(names[i]);
}

/* The URL of a path on a port of this machine, in one of a few static buffers. */
static inline const char *url_of(uint16_t port, const char *path)
{
	static char urls[8][512];
	static unsigned next;
	char *url = urls[next++ % 8];
	snprintf(url, sizeof(urls[0]), "http://127.0.0.1:%u%s", (unsigned)port, path);
	return url;
}

/* Gets a URL that must come with that status and body. */
static inline void check_get(const char *url, const struct koru_http_opts *opts, int status,
                             const char *body)
{
	struct koru_http_response *res;
	int rc = koru_http_get(url, opts, &res);
	if (rc < 0)
		print_error("%s: %s\n", url, koru_strerror(rc));
	assert_int_equal(rc, 0);
	assert_int_equal(koru_http_status(res), status);
	assert_string_equal(koru_http_body(res), body);
	assert_int_equal(koru_http_body_len(res), strlen(body));
	koru_http_response_free(res);
}

/* Gets a URL that must fail so, with words that contain `why`. */
static inline void check_fails(const char *url, const struct koru_http_opts *opts, int error,
                               const char *why)
{
	struct koru_http_response *res = (struct koru_http_response *)&res;
	struct koru_http_response *before = res;
	struct koru_stream_detail detail = { "untouched" };
	struct koru_http_opts with_detail = opts ? *opts : (struct koru_http_opts){ 0 };
	with_detail.ret_detail = &detail;
	int rc = koru_http_get(url, &with_detail, &res);
	if (rc != error || !strstr(detail.text, why))
		print_error("%s: %s; %s\n", url, koru_strerror(rc), detail.text);
	assert_int_equal(rc, error);
	assert_non_null(strstr(detail.text, why));
	assert_ptr_equal(res, before);
}

#endif
