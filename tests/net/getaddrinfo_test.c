/* SPDX-License-Identifier: MIT
 * koru_getaddrinfo as its POSIX namesake: hints, services, and the shape of the result. Names
 * are dns_test.c's. */
#include "koru/koru.h"
#include "koru/net.h"
#include "support/cmocka.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

/* "127.0.0.1:80/1" for each result, the socket type behind the slash; or the error. */
static int list(const char *node, const char *service, const struct addrinfo *hints, char *ret_text,
                size_t size)
{
	struct addrinfo *res = NULL;
	size_t at = 0;
	ret_text[0] = '\0';
	int rc = koru_getaddrinfo(node, service, hints, &res);
	if (rc < 0) {
		assert_null(res);
		return rc;
	}
	for (struct addrinfo *a = res; a; a = a->ai_next) {
		char host[64], port[16];
		assert_int_equal(a->ai_family, a->ai_addr->sa_family);
		assert_int_equal(getnameinfo(a->ai_addr, a->ai_addrlen, host, sizeof(host), port,
		                             sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV),
		                 0);
		at += (size_t)snprintf(ret_text + at, size - at, "%s%s:%s/%d", at ? " " : "", host,
		                       port, a->ai_socktype);
	}
	koru_freeaddrinfo(res);
	return rc;
}

static void assert_lists(const char *node, const char *service, struct addrinfo hints,
                         const char *expected)
{
	char text[512];
	assert_int_equal(list(node, service, &hints, text, sizeof(text)), 0);
	assert_string_equal(text, expected);
}

static void assert_fails(const char *node, const char *service, struct addrinfo hints, int error)
{
	char text[512];
	assert_int_equal(list(node, service, &hints, text, sizeof(text)), error);
}

static const struct addrinfo stream = { .ai_socktype = SOCK_STREAM };

static void kinds_of_sockets(void **state)
{
	(void)state;
	assert_lists("127.0.0.1", "80", stream, "127.0.0.1:80/1");
	assert_lists("127.0.0.1", "80", (struct addrinfo){ .ai_socktype = SOCK_DGRAM },
	             "127.0.0.1:80/2");
	assert_lists("127.0.0.1", "80", (struct addrinfo){ .ai_protocol = IPPROTO_UDP },
	             "127.0.0.1:80/2 127.0.0.1:80/3");
	assert_lists("::1", NULL, (struct addrinfo){ 0 }, "::1:0/1 ::1:0/2 ::1:0/3");
	assert_fails("::1", NULL, (struct addrinfo){ .ai_socktype = 77 }, -EINVAL);
	assert_fails("::1", NULL,
	             (struct addrinfo){ .ai_socktype = SOCK_STREAM, .ai_protocol = IPPROTO_UDP },
	             -EINVAL);
}

static void services(void **state)
{
	(void)state;
	struct addrinfo numeric = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
	assert_lists("127.0.0.1", "65535", stream, "127.0.0.1:65535/1");
	assert_lists("127.0.0.1", "0", stream, "127.0.0.1:0/1");
	assert_fails("127.0.0.1", "65536", stream, -EINVAL);
	assert_fails("127.0.0.1", "99999999999999", stream, -EINVAL);
	assert_fails("127.0.0.1", "-1", stream, -EINVAL);
	assert_fails("127.0.0.1", "", stream, -EINVAL);
	assert_fails("127.0.0.1", "80x", stream, -EINVAL);
	assert_fails("127.0.0.1", "no such service", stream, -EINVAL);
	assert_fails("127.0.0.1", "http", numeric, -EINVAL);
	if (getservbyname("domain", "udp")) { /* there is a file of services */
		assert_lists("127.0.0.1", "http", stream, "127.0.0.1:80/1");
		assert_lists("127.0.0.1", "domain", (struct addrinfo){ 0 },
		             "127.0.0.1:53/1 127.0.0.1:53/2");
	}
}

static void without_a_node(void **state)
{
	(void)state;
	struct addrinfo passive = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
	struct addrinfo six = { .ai_socktype = SOCK_STREAM, .ai_family = AF_INET6 };
	assert_lists(NULL, "80", stream, "::1:80/1 127.0.0.1:80/1");
	assert_lists(NULL, "80", passive, ":::80/1 0.0.0.0:80/1");
	assert_lists(NULL, "80", six, "::1:80/1");
	assert_fails(NULL, NULL, stream, -EINVAL);
}

static void hints(void **state)
{
	(void)state;
	struct addrinfo h = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST };
	assert_lists("127.0.0.1", "80", h, "127.0.0.1:80/1");
	assert_fails("localhost", "80", h, -EINVAL);
	h.ai_flags = AI_V4MAPPED;
	assert_fails("127.0.0.1", "80", h, -EINVAL);
	h.ai_flags = 0;
	h.ai_family = AF_UNIX;
	assert_fails("127.0.0.1", "80", h, -EINVAL);
	assert_fails("", "80", stream, -EINVAL);

	struct addrinfo *res;
	h = (struct addrinfo){ .ai_flags = AI_CANONNAME | AI_ADDRCONFIG };
	assert_int_equal(koru_getaddrinfo("localhost", NULL, &h, &res), 0);
	assert_string_equal(res->ai_canonname, "localhost");
	assert_null(res->ai_next->ai_canonname);
	koru_freeaddrinfo(res);
	koru_freeaddrinfo(NULL);
	assert_int_equal(koru_getaddrinfo("127.0.0.1", NULL, NULL, &res), 0);
	koru_freeaddrinfo(res);
}

/* Each test once more, in a task. */
static int all(void *arg)
{
	kinds_of_sockets(arg);
	services(arg);
	without_a_node(arg);
	hints(arg);
	return 0;
}

static void in_a_task(void **state)
{
	(void)state;
	assert_int_equal(koru_run(all, NULL, NULL), 0);
}

static int setup_twice(void *arg)
{
	(void)arg;
	assert_int_equal(koru_dns_setup(&(struct koru_dns_opts){ .servers = "nonsense" }), -EINVAL);
	assert_int_equal(koru_dns_setup(&(struct koru_dns_opts){ .tries = -1 }), -EINVAL);
	assert_int_equal(koru_dns_setup(&(struct koru_dns_opts){ .timeout = -1 }), -EINVAL);
	assert_int_equal(koru_dns_setup(&(struct koru_dns_opts){ .timeout = KORU_HOUR }), -EINVAL);
	assert_int_equal(koru_dns_setup(&(struct koru_dns_opts){ .cache_max = 100000 }), -EINVAL);
	assert_int_equal(koru_dns_setup(NULL), 0);
	assert_int_equal(koru_dns_setup(NULL), -EBUSY);
	return 0;
}

static void setting_up(void **state)
{
	(void)state;
	assert_int_equal(koru_dns_setup(NULL), -EPERM);
	assert_int_equal(koru_run(setup_twice, NULL, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_of_sockets), cmocka_unit_test(services),
		cmocka_unit_test(without_a_node),   cmocka_unit_test(hints),
		cmocka_unit_test(in_a_task),        cmocka_unit_test(setting_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
