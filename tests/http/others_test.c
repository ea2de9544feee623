/* SPDX-License-Identifier: MIT
 * The client against servers of others: nginx, plain and with certificates of every kind, and
 * Python's http.server. */
#include "client.h"
#include "nginx.h"

#include <koru/net.h>

#include <errno.h>

static struct nginx nginx;
static struct koru_http_client *client; /* trusts the test's root */

static void make_client(void)
{
	struct koru_http_client_opts opts = { .ca_file = nginx.ca };
	assert_int_equal(koru_http_client_new(&opts, &client), 0);
}

static const char *https_url(const char *host, enum nginx_port port, const char *path)
{
	static char urls[8][512];
	static unsigned next;
	char *url = urls[next++ % 8];
	snprintf(url, sizeof(urls[0]), "https://%s:%u%s", host, (unsigned)nginx.ports[port], path);
	return url;
}

static const char *plain_url(const char *path)
{
	return url_of(nginx.ports[NGINX_PLAIN], path);
}

static void check_big(const char *url, const struct koru_http_opts *opts)
{
	struct koru_http_response *res;
	assert_int_equal(koru_http_get(url, opts, &res), 0);
	assert_int_equal(koru_http_status(res), 200);
	assert_int_equal(koru_http_body_len(res), NGINX_BIG_LEN);
	assert_memory_equal(koru_http_body(res), nginx_big(), NGINX_BIG_LEN);
	koru_http_response_free(res);
}

TEST(pages)
{
	check_get(plain_url("/small"), NULL, 200, "small page\n");
	check_get(plain_url("/empty"), NULL, 200, "");
	check_big(plain_url("/big"), NULL);
	struct koru_http_response *res;
	assert_int_equal(koru_http_get(plain_url("/missing"), NULL, &res), 0);
	assert_int_equal(koru_http_status(res), 404);
	assert_true(koru_http_body_len(res) > 0);
	koru_http_response_free(res);
	assert_int_equal(koru_http_request("HEAD", plain_url("/big"), NULL, &res), 0);
	assert_int_equal(koru_http_content_length(res), NGINX_BIG_LEN);
	assert_int_equal(koru_http_body_len(res), 0);
	koru_http_response_free(res);
	struct koru_http_opts opts = { .body = "x", .body_len = 1 };
	assert_int_equal(koru_http_request("POST", plain_url("/small"), &opts, &res), 0);
	assert_int_equal(koru_http_status(res), 405);
	koru_http_response_free(res);
}

static const char *header_of(const char *url, const char *name)
{
	static char value[128];
	struct koru_http_response *res;
	assert_int_equal(koru_http_get(url, NULL, &res), 0);
	const char *text = koru_http_header(res, name);
	snprintf(value, sizeof(value), "%s", text ? text : "");
	koru_http_response_free(res);
	return value;
}

TEST(encodings_and_chunks)
{
	assert_string_equal(header_of(plain_url("/gzip/small"), "Content-Encoding"), "gzip");
	assert_string_equal(header_of(plain_url("/gzip/small"), "Transfer-Encoding"), "chunked");
	assert_string_equal(header_of(plain_url("/chunked/small"), "Transfer-Encoding"), "chunked");
	assert_string_equal(header_of(plain_url("/chunked/small"), "Content-Encoding"), "");
	check_get(plain_url("/gzip/small"), NULL, 200, "small page\n");
	check_get(plain_url("/chunked/small"), NULL, 200, "small page\n");
	check_get(plain_url("/gzip/empty"), NULL, 200, "");
	check_get(plain_url("/chunked/empty"), NULL, 200, "");
	check_big(plain_url("/gzip/big"), NULL);
	check_big(plain_url("/chunked/big"), NULL);
	struct koru_http_opts raw = { .raw = true };
	check_big(plain_url("/gzip/big"), &raw); /* not asked for, not encoded */
}

TEST(keeping)
{
	char first[128];
	snprintf(first, sizeof(first), "%s", header_of(plain_url("/small"), "X-Connection"));
	assert_true(strlen(first) > 0);
	static const char *const paths[] = { "/big",     "/gzip/big", "/chunked/big",
		                             "/missing", "/to/302",   "/empty" };
	for (size_t i = 0; i < 6; i++) {
		struct koru_http_response *res;
		assert_int_equal(koru_http_get(plain_url(paths[i]), NULL, &res), 0);
		koru_http_response_free(res);
	}
	assert_string_equal(header_of(plain_url("/small"), "X-Connection"), first);
	/* nginx closes after some requests, and says so with the last. */
	for (int i = 0; i < 10; i++)
		check_get(plain_url("/few"), NULL, 200, "small page\n");
	assert_string_not_equal(header_of(plain_url("/small"), "X-Connection"), first);
}

TEST(redirects)
{
	static const char *const paths[] = { "/to/301", "/to/302", "/to/303", "/to/307",
		                             "/to/308" };
	for (size_t i = 0; i < 5; i++)
		check_get(plain_url(paths[i]), NULL, 200, "small page\n");
	check_fails(plain_url("/loop"), NULL, -KORU_EREDIRECTS, "too many redirects");
	make_client();
	struct koru_http_opts opts = { .client = client };
	struct koru_http_response *res;
	assert_int_equal(koru_http_get(plain_url("/away"), &opts, &res), 0);
	assert_string_equal(koru_http_url(res), https_url("localhost", NGINX_GOOD, "/small"));
	assert_string_equal(koru_http_body(res), "small page\n");
	koru_http_response_free(res);
	koru_http_client_free(client);
}

TEST(certificates)
{
	static const struct {
		enum nginx_port port;
		int error;
		const char *why;
	} cases[] = {
		{ NGINX_EXPIRED, -KORU_ECERTEXPIRED, "expired" },
		{ NGINX_EARLY, -KORU_ECERTEARLY, "not" },
		{ NGINX_WRONGHOST, -KORU_ECERTHOST, "localhost" },
		{ NGINX_SELFSIGNED, -KORU_ECERTSELF, "self" },
		{ NGINX_UNKNOWN, -KORU_ECERT, "" },
	};
	make_client();
	struct koru_http_opts opts = { .client = client };
	check_get(https_url("localhost", NGINX_GOOD, "/small"), &opts, 200, "small page\n");
	check_get(https_url("127.0.0.1", NGINX_GOOD, "/gzip/small"), &opts, 200, "small page\n");
	check_big(https_url("localhost", NGINX_GOOD, "/big"), &opts);
	for (size_t i = 0; i < 5; i++)
		check_fails(https_url("localhost", cases[i].port, "/small"), &opts, cases[i].error,
		            cases[i].why);
	/* The system does not know the test's root. */
	check_fails(https_url("localhost", NGINX_GOOD, "/small"), NULL, -KORU_ECERT, "");
	/* http spoken to an https port, and the reverse. */
	struct koru_http_response *res;
	assert_int_equal(koru_http_get(url_of(nginx.ports[NGINX_GOOD], "/small"), &opts, &res), 0);
	assert_int_equal(koru_http_status(res), 400);
	koru_http_response_free(res);
	check_fails(https_url("localhost", NGINX_PLAIN, "/small"), &opts, -KORU_ETLS, "");
	koru_http_client_free(client);
	struct koru_http_client_opts insecure = { .insecure = true };
	assert_int_equal(koru_http_client_new(&insecure, &client), 0);
	opts.client = client;
	for (size_t i = 0; i < 5; i++)
		check_get(https_url("localhost", cases[i].port, "/small"), &opts, 200,
		          "small page\n");
	koru_http_client_free(client);
}

/* The loop's own client ends with the loop, kept connections and all; and before or after the
 * TLS of the loop. */
TEST(kept_at_the_end)
{
	setenv("SSL_CERT_FILE", nginx.ca, 1);
	check_get(https_url("localhost", NGINX_GOOD, "/small"), NULL, 200, "small page\n");
	check_get(https_url("127.0.0.1", NGINX_GOOD, "/small"), NULL, 200, "small page\n");
	unsetenv("SSL_CERT_FILE");
}

static void on_a_plain_thread(void **state)
{
	(void)state;
	int fds = program_open_fds();
	setenv("SSL_CERT_FILE", nginx.ca, 1);
	check_get(https_url("localhost", NGINX_GOOD, "/small"), NULL, 200, "small page\n");
	unsetenv("SSL_CERT_FILE");
	assert_int_equal(program_open_fds(), fds);
}

/* A server of koru's own, for what no good server does: it sends a body that ends with the
 * connection, and ends the connection with or without saying so in TLS. */
struct cutter {
	int fd;
	bool cut;
};

static int serve_cut(void *arg)
{
	struct cutter *cutter = arg;
	char cert[PROGRAM_PATH_MAX], key[PROGRAM_PATH_MAX], request[1024];
	static const char answer[] = "HTTP/1.1 200 OK\r\n\r\nabc";
	struct koru_stream *s;
	struct koru_tls_opts opts = { .cert_file = certs_path(cert, nginx.dir, "good.pem"),
		                      .key_file = certs_path(key, nginx.dir, "good.key") };
	int fd = koru_accept(cutter->fd, NULL, NULL);
	assert_true(fd >= 0);
	assert_int_equal(koru_stream_from_fd(fd, &s), 0);
	assert_int_equal(koru_stream_accept_tls(s, &opts), 0);
	assert_true(koru_stream_read(s, request, sizeof(request)) > 0);
	assert_int_equal(koru_stream_write(s, answer, strlen(answer)), 0);
	if (cutter->cut)
		assert_int_equal(koru_shutdown(koru_stream_fd(s), SHUT_WR), 0);
	else
		assert_int_equal(koru_stream_shutdown(s), 0);
	while (koru_stream_read(s, request, sizeof(request)) > 0)
		continue;
	koru_stream_close(s);
	return 0;
}

TEST(cut_off_connections)
{
	make_client();
	struct koru_http_opts opts = { .client = client };
	for (int cut = 0; cut < 2; cut++) {
		struct koru_scope scope;
		struct cutter cutter = { .cut = cut };
		char url[64];
		assert_int_equal(koru_listen("127.0.0.1", 0, 0, &cutter.fd), 0);
		snprintf(url, sizeof(url), "https://127.0.0.1:%d/", koru_socket_port(cutter.fd));
		koru_scope_open(&scope, NULL);
		koru_go(&scope, serve_cut, &cutter);
		if (cut)
			check_fails(url, &opts, -KORU_ESHORT, "shorter");
		else
			check_get(url, &opts, 200, "abc");
		assert_int_equal(koru_scope_close(&scope), 0);
		koru_close(cutter.fd);
	}
	koru_http_client_free(client);
}

static int get_some(void *arg)
{
	static const char *const paths[] = { "/small", "/gzip/small", "/chunked/small", "/to/301" };
	const struct koru_http_opts *opts = arg;
	for (size_t i = 0; i < 12; i++) {
		char url[256]; /* of its own: the other tasks make theirs meanwhile */
		snprintf(url, sizeof(url), "%s",
		         i % 3 ? plain_url(paths[i % 4])
		               : https_url("localhost", NGINX_GOOD, "/gzip/small"));
		check_get(url, opts, 200, "small page\n");
	}
	return 0;
}

TEST(many_at_once)
{
	struct koru_scope all;
	struct koru_http_client_opts few = { .ca_file = nginx.ca, .per_host_max = 7 };
	assert_int_equal(koru_http_client_new(&few, &client), 0);
	struct koru_http_opts opts = { .client = client };
	koru_scope_open(&all, NULL);
	for (int i = 0; i < 40; i++)
		koru_go(&all, get_some, &opts);
	assert_int_equal(koru_scope_close(&all), 0);
	koru_http_client_free(client);
}

TEST(through_a_proxy)
{
	struct koru_http_client_opts opts = { .proxy = url_of(nginx.ports[NGINX_PROXY], "") };
	assert_int_equal(koru_http_client_new(&opts, &client), 0);
	struct koru_http_opts get = { .client = client };
	check_get(plain_url("/small"), &get, 200, "small page\n");
	check_get(plain_url("/to/301"), &get, 200, "small page\n");
	check_big(plain_url("/big"), &get);
	/* nginx knows no CONNECT. */
	check_fails(https_url("localhost", NGINX_GOOD, "/small"), &get, -KORU_EPROXY, "40");
	koru_http_client_free(client);
}

static void python(const char *protocol)
{
	uint16_t port = program_free_port();
	char port_text[16], www[PROGRAM_PATH_MAX + 8];
	snprintf(port_text, sizeof(port_text), "%u", (unsigned)port);
	snprintf(www, sizeof(www), "%s/www", nginx.dir);
	pid_t pid = program_start_server(
	        NULL, port,
	        (const char *const[]){ "/usr/bin/python3", "-m", "http.server", "--bind",
	                               "127.0.0.1", "--directory", www, "--protocol", protocol,
	                               port_text, NULL });
	for (int i = 0; i < 3; i++) {
		check_get(url_of(port, "/small"), NULL, 200, "small page\n");
		check_get(url_of(port, "/empty"), NULL, 200, "");
	}
	check_big(url_of(port, "/big"), NULL);
	struct koru_http_response *res;
	assert_int_equal(koru_http_get(url_of(port, "/missing"), NULL, &res), 0);
	assert_int_equal(koru_http_status(res), 404);
	koru_http_response_free(res);
	assert_int_equal(koru_http_get(url_of(port, "/"), NULL, &res), 0);
	assert_non_null(strstr(koru_http_body(res), "small"));
	koru_http_response_free(res);
	assert_int_equal(koru_http_request("PUT", url_of(port, "/small"), NULL, &res), 0);
	assert_int_equal(koru_http_status(res), 501);
	koru_http_response_free(res);
	program_stop(pid);
}

TEST(pythons_server)
{
	python("HTTP/1.0");
	python("HTTP/1.1");
}

static int start(void **state)
{
	(void)state;
	nginx_start(&nginx);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	nginx_stop(&nginx);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages),           cmocka_unit_test(encodings_and_chunks),
		cmocka_unit_test(keeping),         cmocka_unit_test(redirects),
		cmocka_unit_test(certificates),    cmocka_unit_test(cut_off_connections),
		cmocka_unit_test(kept_at_the_end), cmocka_unit_test(on_a_plain_thread),
		cmocka_unit_test(many_at_once),    cmocka_unit_test(through_a_proxy),
		cmocka_unit_test(pythons_server),
	};
	forget_proxies();
	return cmocka_run_group_tests(tests, start, stop);
}
