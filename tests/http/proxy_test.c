/* SPDX-License-Identifier: MIT
 * Proxies: which one, how it is spoken to, and what its refusals become. */
#include "client.h"
#include "http/proxy.h"
#include "nginx.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

static bool excepts(const char *list, const char *host)
{
	return koru__proxy_excepts(list, (struct koru_text){ host, strlen(host) });
}

static void exceptions(void **state)
{
	(void)state;
	assert_true(excepts("*", "a"));
	assert_true(excepts("a.example", "a.example"));
	assert_true(excepts("A.Example", "a.eXAMPLE"));
	assert_true(excepts("a.example", "b.a.example"));
	assert_true(excepts(".a.example", "a.example"));
	assert_true(excepts(".a.example", "b.a.example"));
	assert_true(excepts("x, a.example ,y", "a.example"));
	assert_true(excepts("x a.example", "a.example"));
	assert_true(excepts("a.example", "a.example."));
	assert_true(excepts("10.0.0.1", "10.0.0.1"));
	assert_true(excepts("10.0.0.0/8", "10.1.2.3"));
	assert_true(excepts("192.168.128.0/17", "192.168.255.1"));
	assert_true(excepts("0.0.0.0/0", "1.2.3.4"));
	assert_true(excepts("::1", "::1"));
	assert_true(excepts("[::1]", "::1"));
	assert_true(excepts("2001:db8::/32", "2001:db8::5"));
	assert_true(excepts("10.0.0.1/32", "10.0.0.1"));
	assert_false(excepts("", "a"));
	assert_false(excepts("a.example", "xa.example"));
	assert_false(excepts("a.example", "a.example.org"));
	assert_false(excepts("a.example", "example"));
	assert_false(excepts(".", "a"));
	assert_false(excepts("*.example", "a.example")); /* as for curl, no pattern */
	assert_false(excepts("0.0.1", "10.0.0.1"));
	assert_false(excepts("10.0.0.0/8", "11.0.0.1"));
	assert_false(excepts("192.168.128.0/17", "192.168.127.1"));
	assert_false(excepts("10.0.0.0/33", "10.0.0.1"));
	assert_false(excepts("10.0.0.0/", "10.0.0.0"));
	assert_false(excepts("10.0.0.0/x", "10.0.0.0"));
	assert_false(excepts("10.0.0.0/8", "::1"));
	assert_false(excepts("2001:db8::/32", "2001:db9::5"));
	assert_false(excepts("::/0", "10.0.0.1"));
}

static int init(struct koru__proxies *proxies, const char *all)
{
	const char *why = NULL;
	int rc = koru__proxies_init(proxies, all, &why);
	assert_int_equal(rc == -KORU_EPROXY, why != NULL);
	return rc;
}

static void check_found(const struct koru__proxies *proxies, const char *url_text, const char *host,
                        int port)
{
	struct koru_url url;
	assert_int_equal(koru_url_parse(url_text, strlen(url_text), &url, NULL), 0);
	const struct koru__proxy *proxy = koru__proxies_find(proxies, &url);
	if (!host) {
		assert_null(proxy);
		return;
	}
	assert_non_null(proxy);
	assert_string_equal(proxy->host, host);
	assert_int_equal(proxy->port, port);
}

static void environment(void **state)
{
	(void)state;
	struct koru__proxies p;
	assert_int_equal(init(&p, NULL), 0);
	check_found(&p, "http://a/", NULL, 0);
	check_found(&p, "https://a/", NULL, 0);
	koru__proxies_done(&p);
	setenv("http_proxy", "http://one:81/", 1);
	setenv("HTTP_PROXY", "http://never:1/", 1);
	setenv("HTTPS_PROXY", "two:82", 1);
	setenv("no_proxy", "b,c", 1);
	assert_int_equal(init(&p, NULL), 0);
	check_found(&p, "http://a/", "one", 81);
	check_found(&p, "https://a/", "two", 82);
	check_found(&p, "https://x.b/", NULL, 0);
	koru__proxies_done(&p);
	assert_int_equal(init(&p, ""), 0);
	check_found(&p, "http://a/", NULL, 0);
	koru__proxies_done(&p);
	assert_int_equal(init(&p, "http://[::1]:83"), 0);
	check_found(&p, "https://b/", "::1", 83);
	koru__proxies_done(&p);
	setenv("https_proxy", "http://three", 1);
	unsetenv("http_proxy");
	assert_int_equal(init(&p, NULL), 0);
	check_found(&p, "http://a/", NULL, 0); /* HTTP_PROXY is not looked at */
	check_found(&p, "https://a/", "three", 80);
	koru__proxies_done(&p);
	forget_proxies();
	setenv("all_proxy", "http://me:p%40ss@four:84", 1);
	setenv("NO_PROXY", "*", 1);
	assert_int_equal(init(&p, NULL), 0);
	assert_string_equal(p.http.authorization, "Basic bWU6cEBzcw==");
	check_found(&p, "http://a/", NULL, 0);
	koru__proxies_done(&p);
	setenv("no_proxy", "x", 1);
	assert_int_equal(init(&p, NULL), 0);
	check_found(&p, "http://a/", "four", 84);
	check_found(&p, "https://a/", "four", 84);
	koru__proxies_done(&p);
	static const char *const bad[] = { "socks5://a:1", "https://a:1", "a:b", "a b", "http://" };
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(init(&p, bad[i]), -KORU_EPROXY);
		setenv("all_proxy", bad[i], 1);
		assert_int_equal(init(&p, NULL), -KORU_EPROXY);
		check_fails("http://127.0.0.1:1/", NULL, -KORU_EPROXY, "the proxy for http URLs");
	}
	forget_proxies();
	unsetenv("HTTP_PROXY");
}

static void basic(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{ "Aladdin:open%20sesame", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==" }, /* RFC 7617 2 */
		{ "a", "Basic YTo=" },
		{ "", "Basic Og==" },
		{ "ab:c", "Basic YWI6Yw==" },
		{ "%ff:%00", "Basic /zoA" },
	};
	for (size_t i = 0; i < 5; i++) {
		char *text = koru__basic_authorization(
		        (struct koru_text){ cases[i][0], strlen(cases[i][0]) });
		assert_string_equal(text, cases[i][1]);
		free(text);
	}
}

/* Copies bytes one way until that end is over, then ends the other. */
struct pipe {
	int from, to;
};

static void *pump(void *arg)
{
	struct pipe *pipe = arg;
	char block[4096];
	ssize_t count;
	while ((count = read(pipe->from, block, sizeof(block))) > 0)
		if (!raw_send_bytes(pipe->to, block, (size_t)count))
			break;
	shutdown(pipe->to, SHUT_WR);
	return NULL;
}

/* A CONNECT proxy to 127.0.0.1, whatever host is asked for. `arg` is what it answers. */
static void tunnel(struct raw *raw, int fd, int nth)
{
	(void)nth;
	unsigned port = 0;
	if (!raw_read(raw, fd) || !raw_send(fd, raw_arg(raw)))
		return;
	if (sscanf(raw_request(raw, raw_requests(raw) - 1), "CONNECT %*[^:]:%u ", &port) != 1)
		return;
	struct sockaddr_in addr = { .sin_family = AF_INET,
		                    .sin_port = htons((uint16_t)port),
		                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int out = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pthread_t thread;
	struct pipe there = { fd, out }, back = { out, fd };
	if (connect(out, (struct sockaddr *)&addr, sizeof(addr)) == 0 &&
	    pthread_create(&thread, NULL, pump, &back) == 0) {
		pump(&there);
		pthread_join(thread, NULL);
	}
	close(out);
}

#define STANDS "HTTP/1.1 200 Connection established\r\n\r\n"

static struct nginx nginx;

static struct koru_http_client *client_through(struct raw *raw, const char *user)
{
	char proxy[128];
	struct koru_http_client *client;
	snprintf(proxy, sizeof(proxy), "http://%s127.0.0.1:%u", user, (unsigned)raw_port(raw));
	struct koru_http_client_opts opts = { .proxy = proxy, .ca_file = nginx.ca };
	assert_int_equal(koru_http_client_new(&opts, &client), 0);
	return client;
}

static const char *secure(enum nginx_port port)
{
	static char url[128];
	snprintf(url, sizeof(url), "https://localhost:%u/small", (unsigned)nginx.ports[port]);
	return url;
}

TEST(tunnels)
{
	struct raw *raw = raw_start(tunnel, STANDS);
	struct koru_http_opts opts = { .client = client_through(raw, "me:secret@") };
	for (int i = 0; i < 3; i++)
		check_get(secure(NGINX_GOOD), &opts, 200, "small page\n");
	assert_int_equal(raw_connections(raw), 1);
	char expected[512];
	snprintf(expected, sizeof(expected),
	         "CONNECT localhost:%u HTTP/1.1\r\nHost: localhost:%u\r\nUser-Agent: koru/0.1\r\n"
	         "Proxy-Authorization: Basic bWU6c2VjcmV0\r\n\r\n",
	         (unsigned)nginx.ports[NGINX_GOOD], (unsigned)nginx.ports[NGINX_GOOD]);
	assert_string_equal(raw_request(raw, 0), expected);
	/* The certificate is the server's to show, not the proxy's. */
	check_fails(secure(NGINX_EXPIRED), &opts, -KORU_ECERTEXPIRED, "expired");
	check_fails(secure(NGINX_WRONGHOST), &opts, -KORU_ECERTHOST, "");
	koru_http_client_free(opts.client);
	raw_stop(raw);
}

TEST(refusals)
{
	static const struct {
		const char *answer;
		int error;
		const char *why;
	} cases[] = {
		{ "HTTP/1.1 407 No\r\nContent-Length: 3\r\n\r\nabc", -KORU_EPROXY, "407" },
		{ "HTTP/1.1 502 Bad\r\n\r\n", -KORU_EPROXY, "502" },
		{ "HTTP/1.1 301 x\r\nLocation: http://127.0.0.1:1/\r\n\r\n", -KORU_EPROXY, "301" },
		{ "HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 evil\r\n", -KORU_EPROTO,
		  "behind its answer" },
		{ "nonsense\r\n", -KORU_EPROTO, "the proxy: " },
		{ "", -KORU_EEOF, "the proxy: " },
		{ STANDS, -KORU_ETLS, "" }, /* and then nothing */
	};
	for (size_t i = 0; i < 7; i++) {
		struct raw *raw = raw_start(raw_once, cases[i].answer);
		struct koru_http_opts opts = { .client = client_through(raw, "") };
		struct koru_http_response *res;
		struct koru_stream_detail detail;
		opts.ret_detail = &detail;
		int rc = koru_http_get(secure(NGINX_GOOD), &opts, &res);
		if (i < 6)
			assert_int_equal(rc, cases[i].error);
		else
			assert_true(rc == -KORU_ETLS || rc == -ECONNRESET || rc == -KORU_EEOF);
		assert_non_null(strstr(detail.text, cases[i].why));
		koru_http_client_free(opts.client);
		raw_stop(raw);
	}
	struct koru_http_client *client;
	struct koru_http_client_opts nobody = { .proxy = "127.0.0.1:1" };
	assert_int_equal(koru_http_client_new(&nobody, &client), 0);
	struct koru_http_opts opts = { .client = client };
	check_fails("http://a.test/", &opts, -ECONNREFUSED, "the proxy 127.0.0.1: ");
	koru_http_client_free(client);
}

/* Plain http is not tunnelled: the proxy is told the whole URL. The host need not exist here. */
TEST(plain_requests)
{
	struct raw *raw = raw_start(raw_always, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc");
	struct koru_http_opts opts = { .client = client_through(raw, "me:secret@") };
	check_get("http://nowhere.test/a?b#c", &opts, 200, "abc");
	check_get("http://nowhere.test:81", &opts, 200, "abc");
	const char *begin = "GET http://nowhere.test/a?b HTTP/1.1\r\nHost: nowhere.test\r\n";
	assert_int_equal(strncmp(raw_request(raw, 0), begin, strlen(begin)), 0);
	assert_non_null(
	        strstr(raw_request(raw, 0), "\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\n"));
	begin = "GET http://nowhere.test:81/ HTTP/1.1\r\nHost: nowhere.test:81\r\n";
	assert_int_equal(strncmp(raw_request(raw, 1), begin, strlen(begin)), 0);
	koru_http_client_free(opts.client);
	raw_stop(raw);
}

/* The proxy's password must not reach the server at the end of a tunnel. */
TEST(secrets_of_the_proxy)
{
	struct raw *raw =
	        raw_start(raw_always, "HTTP/1.1 302 x\r\nLocation: /b\r\nContent-Length: 0"
	                              "\r\n\r\n");
	struct koru_http_opts opts = { .client = client_through(raw, "me:secret@"),
		                       .redirects_max = 1 };
	check_fails("http://nowhere.test/", &opts, -KORU_EREDIRECTS, "");
	assert_non_null(strstr(raw_request(raw, 1), "Proxy-Authorization"));
	assert_null(strstr(raw_request(raw, 1), "\r\nAuthorization"));
	koru_http_client_free(opts.client);
	raw_stop(raw);
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
		cmocka_unit_test(exceptions),
		cmocka_unit_test(environment),
		cmocka_unit_test(basic),
		cmocka_unit_test(tunnels),
		cmocka_unit_test(refusals),
		cmocka_unit_test(plain_requests),
		cmocka_unit_test(secrets_of_the_proxy),
	};
	forget_proxies();
	return cmocka_run_group_tests(tests, start, stop);
}
