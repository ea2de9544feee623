/* SPDX-License-Identifier: MIT
 * The resolver and happy eyeballs against a name server of another project, dnsmasq. */
#include "koru/koru.h"
#include "koru/net.h"
#include "support/cmocka.h"
#include "support/program.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The addresses found, as text with spaces between, or the error. */
static int find(const char *node, int family, char *ret_text, size_t size)
{
	struct addrinfo hints = { .ai_family = family, .ai_socktype = SOCK_STREAM };
	struct addrinfo *res;
	size_t at = 0;
	int rc = koru_getaddrinfo(node, NULL, &hints, &res);
	if (rc < 0)
		return rc;
	for (struct addrinfo *a = res; a; a = a->ai_next) {
		char text[INET6_ADDRSTRLEN];
		assert_int_equal(getnameinfo(a->ai_addr, a->ai_addrlen, text, sizeof(text), NULL, 0,
		                             NI_NUMERICHOST),
		                 0);
		at += (size_t)snprintf(ret_text + at, size - at, "%s%s", at ? " " : "", text);
	}
	koru_freeaddrinfo(res);
	return 0;
}

static void assert_finds(const char *node, int family, const char *expected)
{
	char text[512] = "";
	assert_int_equal(find(node, family, text, sizeof(text)), 0);
	assert_string_equal(text, expected);
}

static void assert_fails(const char *node, int family, int error)
{
	char text[512];
	assert_int_equal(find(node, family, text, sizeof(text)), error);
}

static int lookups(void *arg)
{
	(void)arg;
	assert_finds("both.test", AF_UNSPEC, "::1 127.0.0.5");
	assert_finds("both.test", AF_INET6, "::1");
	assert_finds("four.test", AF_UNSPEC, "127.0.0.6");
	assert_fails("four.test", AF_INET6, -KORU_ENAME);
	assert_finds("alias.test", AF_UNSPEC, "::1 127.0.0.5");
	assert_fails("nowhere.test", AF_UNSPEC, -KORU_EHOST);
	return 0;
}

/* A big answer does not fit a datagram. */
static int big_answer(void *arg)
{
	struct addrinfo *res;
	struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM };
	int count = 0;
	(void)arg;
	assert_int_equal(koru_getaddrinfo("many.test", "80", &hints, &res), 0);
	for (struct addrinfo *a = res; a; a = a->ai_next)
		count++;
	koru_freeaddrinfo(res);
	assert_int_equal(count, KORU_DNS_ADDRS_MAX); /* of forty */
	return 0;
}

static int dial_by_name(void *arg)
{
	struct koru_stream *s;
	char peer[KORU_SOCKET_NAME_MAX];
	int fd;
	(void)arg;
	assert_int_equal(koru_listen("127.0.0.5", 0, 0, &fd), 0);
	int port = koru_socket_port(fd);
	assert_int_equal(koru_stream_dial("both.test", (uint16_t)port, NULL, &s), 0);
	assert_int_equal(koru_socket_peer(koru_stream_fd(s), peer, sizeof(peer)), 0);
	assert_memory_equal(peer, "127.0.0.5:", 10); /* nobody listens on ::1 */
	koru_stream_close(s);
	koru_close(fd);
	return 0;
}

static char dir[PROGRAM_PATH_MAX];
static uint16_t port;
static pid_t server;

static void with_dnsmasq(koru_fn *fn)
{
	if (!program_exists("dnsmasq"))
		skip();
	assert_int_equal(koru_run(fn, NULL, NULL), 0);
}

static void names(void **state)
{
	(void)state;
	with_dnsmasq(lookups);
}

static void answers_over_tcp(void **state)
{
	(void)state;
	with_dnsmasq(big_answer);
}

static void dialling(void **state)
{
	(void)state;
	with_dnsmasq(dial_by_name);
}

/* Outside a task each lookup has a resolver of its own, so this also tests the environment. */
static void without_a_loop(void **state)
{
	(void)state;
	if (!program_exists("dnsmasq"))
		skip();
	lookups(NULL);
}

static int setup(void **state)
{
	(void)state;
	char hosts[PROGRAM_PATH_MAX], option[PROGRAM_PATH_MAX + 16];
	char port_option[32], servers[32], text[2048];
	size_t at = 0;
	if (!program_exists("dnsmasq"))
		return 0;
	program_tmpdir(dir);
	snprintf(hosts, sizeof(hosts), "%.200s/hosts", dir);
	for (int i = 1; i <= 40; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "127.0.1.%d many.test\n", i);
	program_write_file(hosts, text);
	snprintf(option, sizeof(option), "--addn-hosts=%s", hosts);
	port = program_free_port();
	snprintf(port_option, sizeof(port_option), "--port=%d", port);
	const char *const argv[] = { "dnsmasq",
		                     "--keep-in-foreground",
		                     "--conf-file=/dev/null",
		                     "--pid-file=",
		                     "--user=root",
		                     "--no-resolv",
		                     "--no-hosts",
		                     "--listen-address=127.0.0.1",
		                     "--bind-interfaces",
		                     port_option,
		                     option,
		                     "--local=/test/",
		                     "--host-record=both.test,127.0.0.5,::1",
		                     "--host-record=four.test,127.0.0.6",
		                     "--cname=alias.test,both.test",
		                     NULL };
	server = program_start_server(NULL, port, argv);
	snprintf(servers, sizeof(servers), "127.0.0.1:%d", port);
	return setenv("KORU_DNS_SERVERS", servers, 1);
}

static int teardown(void **state)
{
	(void)state;
	if (server > 0) {
		program_stop(server);
		program_tmpdir_remove(dir);
	}
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(answers_over_tcp),
		cmocka_unit_test(dialling),
		cmocka_unit_test(without_a_loop),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
