/* SPDX-License-Identifier: MIT
 * Connecting: one address, many addresses (RFC 8305), and what is said when it fails. */
#include "base/fault.h"
#include "koru/koru.h"
#include "koru/net.h"
#include "support/cmocka.h"
#include "support/nameserver.h"
#include "support/program.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct nameserver_rule rules[] = {
	{ .name = "both.test", .type = NAMESERVER_A, .ttl = 60, .addrs = { "127.0.0.1" } },
	{ .name = "both.test", .type = NAMESERVER_AAAA, .ttl = 60, .addrs = { "::1" } },
	{ .name = "four.test", .type = NAMESERVER_A, .ttl = 60, .addrs = { "127.0.0.1" } },
	{ .name = "four.test", .type = NAMESERVER_AAAA },
	{ .name = "two.test",
	  .type = NAMESERVER_A,
	  .ttl = 60,
	  .addrs = { "127.0.0.2", "127.0.0.1" } },
	{ .name = "two.test", .type = NAMESERVER_AAAA },
	{ .name = "late6.test", .type = NAMESERVER_A, .ttl = 60, .addrs = { "127.0.0.1" } },
	{ .name = "late6.test", .type = NAMESERVER_AAAA, .delay_ms = 400, .addrs = { "::1" } },
	{ .name = "soon6.test", .type = NAMESERVER_A, .ttl = 60, .addrs = { "127.0.0.1" } },
	{ .name = "soon6.test", .type = NAMESERVER_AAAA, .delay_ms = 5, .addrs = { "::1" } },
	{ .name = "late4.test", .type = NAMESERVER_A, .delay_ms = 400, .addrs = { "127.0.0.1" } },
	{ .name = "late4.test", .type = NAMESERVER_AAAA, .ttl = 60, .addrs = { "::1" } },
	{ .name = "more.test",
	  .type = NAMESERVER_A,
	  .ttl = 60,
	  .addrs = { "127.0.0.1", "127.0.0.2", "127.0.0.3" } },
	{ .name = "more.test", .type = NAMESERVER_AAAA, .ttl = 60, .addrs = { "::1", "::1" } },
	{ .name = NULL },
};

static struct nameserver *ns;

static int with_server(void *arg)
{
	koru_fn *const *fn = arg;
	int rc = koru_dns_setup(&(struct koru_dns_opts){ .servers = nameserver_address(ns) });
	return rc < 0 ? rc : (*fn)(NULL);
}

#define TEST(name)                                                                                 \
	static int name##_body(void *arg);                                                         \
	static void name(void **state)                                                             \
	{                                                                                          \
		(void)state;                                                                       \
		koru_fn *fn = name##_body;                                                         \
		int fds = program_open_fds();                                                      \
		ns = nameserver_start(rules);                                                      \
		int rc = koru_run(with_server, &fn, NULL);                                         \
		nameserver_stop(ns);                                                               \
		assert_int_equal(rc, 0);                                                           \
		assert_int_equal(program_open_fds(), fds);                                         \
	}                                                                                          \
	static int name##_body(void *arg __attribute__((unused)))

/* A listener on a numeric address; port 0: any. */
static int listener(const char *host, int *port)
{
	int fd;
	assert_int_equal(koru_listen(host, (uint16_t)*port, 0, &fd), 0);
	*port = koru_socket_port(fd);
	assert_true(*port > 0);
	return fd;
}

/* A port that is free on both loopback addresses; other tests look for ports too. */
static int port_of_both(void)
{
	for (int i = 0; i < 100; i++) {
		int port = 0, four;
		int six = listener("::1", &port);
		int rc = koru_listen("127.0.0.1", (uint16_t)port, 0, &four);
		koru_close(six);
		if (rc == 0) {
			koru_close(four);
			return port;
		}
	}
	fail_msg("no port is free on both addresses");
	return 0;
}

/* A listener that answers nothing: its queue is full, so that the kernel drops what comes. */
struct black_hole {
	int fd;
	int filler[4];
};

static void black_hole_open(struct black_hole *b, const char *host, int *port)
{
	char name[KORU_SOCKET_NAME_MAX];
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	assert_int_equal(koru_listen(host, (uint16_t)*port, 1, &b->fd), 0);
	*port = koru_socket_port(b->fd);
	assert_int_equal(koru_socket_name(b->fd, name, sizeof(name)), 0);
	assert_int_equal(getsockname(b->fd, (struct sockaddr *)&addr, &len), 0);
	for (int i = 0; i < 4; i++) {
		b->filler[i] =
		        socket(addr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		(void)!connect(b->filler[i], (struct sockaddr *)&addr, len);
	}
}

static void black_hole_close(struct black_hole *b)
{
	for (int i = 0; i < 4; i++)
		koru_close(b->filler[i]);
	koru_close(b->fd);
}

/* Dials and returns the family connected to, or the error. */
static int dial(const char *host, int port, const struct koru_dial_opts *opts)
{
	struct koru_stream *s;
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	int rc = koru_stream_dial(host, (uint16_t)port, opts, &s);
	if (rc < 0)
		return rc;
	assert_int_equal(getpeername(koru_stream_fd(s), (struct sockaddr *)&addr, &len), 0);
	koru_stream_close(s);
	return addr.ss_family;
}

static int dial_within(int64_t timeout, const char *host, int port,
                       const struct koru_dial_opts *opts)
{
	struct koru_scope scope;
	koru_scope_open(&scope, &(struct koru_scope_opts){ .timeout = timeout });
	int rc = dial(host, port, opts);
	int closed = koru_scope_close(&scope);
	assert_int_equal(closed, rc == -ECANCELED ? -ETIMEDOUT : 0);
	return rc;
}

/* Has both families of a name looked up, so that none can be late on a busy machine. */
static void know(const char *name)
{
	struct addrinfo *res;
	assert_int_equal(koru_getaddrinfo(name, NULL, NULL, &res), 0);
	koru_freeaddrinfo(res);
}

TEST(one_address)
{
	int port = 0;
	int fd = listener("127.0.0.1", &port);
	assert_int_equal(dial("127.0.0.1", port, NULL), AF_INET);
	assert_int_equal(dial("four.test", port, NULL), AF_INET);
	assert_int_equal(dial("127.0.0.1", port, &(struct koru_dial_opts){ .family = AF_INET6 }),
	                 -KORU_ENAME);
	koru_close(fd);
	int port6 = 0;
	fd = listener("::1", &port6);
	assert_int_equal(dial("::1", port6, NULL), AF_INET6);
	koru_close(fd);
	return 0;
}

TEST(mistakes)
{
	static const struct koru_dial_opts bad_family = { .family = AF_UNIX };
	static const struct koru_dial_opts too_soon = { .attempt_delay = KORU_MILLISECOND };
	static const struct koru_dial_opts too_late = { .attempt_delay = 3 * KORU_SECOND };
	assert_int_equal(dial("", 80, NULL), -EINVAL);
	assert_int_equal(dial("127.0.0.1", 0, NULL), -EINVAL);
	assert_int_equal(dial("127.0.0.1", 80, &bad_family), -EINVAL);
	assert_int_equal(dial("127.0.0.1", 80, &too_soon), -EINVAL);
	assert_int_equal(dial("127.0.0.1", 80, &too_late), -EINVAL);
	return 0;
}

TEST(refused)
{
	struct koru_stream_detail detail;
	struct koru_dial_opts opts = { .ret_detail = &detail };
	char expected[256];
	int port = port_of_both();
	assert_int_equal(dial("127.0.0.1", port, &opts), -ECONNREFUSED);
	assert_non_null(strstr(detail.text, "127.0.0.1"));
	know("both.test");
	assert_int_equal(dial("both.test", port, &opts), -ECONNREFUSED);
	snprintf(expected, sizeof(expected),
	         "[::1]:%d: Connection refused; 127.0.0.1:%d: Connection refused", port, port);
	assert_string_equal(detail.text, expected);
	return 0;
}

/* RFC 8305 section 4. */
TEST(families_take_turns)
{
	struct koru_stream_detail detail;
	int port = port_of_both();
	know("more.test");
	assert_int_equal(dial("more.test", port, &(struct koru_dial_opts){ .ret_detail = &detail }),
	                 -ECONNREFUSED);
	static const char *const order[] = { "[::1]:", "127.0.0.1:", "[::1]:", "127.0.0.2:",
		                             "127.0.0.3:" };
	const char *at = detail.text;
	for (size_t i = 0; i < 5; i++) {
		assert_memory_equal(at, order[i], strlen(order[i]));
		at = i < 4 ? strstr(at, "; ") + 2 : at;
	}
	return 0;
}

TEST(names_that_do_not_resolve)
{
	struct koru_stream_detail detail;
	struct koru_dial_opts opts = { .ret_detail = &detail };
	assert_int_equal(dial("nowhere.test", 80, &opts), -KORU_EHOST);
	assert_string_equal(detail.text, "nowhere.test: unknown host");
	opts.family = AF_INET6;
	assert_int_equal(dial("four.test", 80, &opts), -KORU_ENAME);
	return 0;
}

TEST(deadlines_hold)
{
	struct black_hole hole;
	struct koru_stream_detail detail;
	int port = 0;
	black_hole_open(&hole, "127.0.0.1", &port);
	assert_int_equal(dial_within(50 * KORU_MILLISECOND, "127.0.0.1", port, NULL), -ECANCELED);
	assert_int_equal(dial_within(50 * KORU_MILLISECOND, "two.test", port,
	                             &(struct koru_dial_opts){ .ret_detail = &detail,
	                                                       .attempt_delay = 2 * KORU_SECOND }),
	                 -ECANCELED);
	assert_non_null(strstr(detail.text, "127.0.0.1"));
	assert_non_null(strstr(detail.text, "no answer yet"));
	black_hole_close(&hole);
	assert_int_equal(dial_within(-1, "127.0.0.1", port, NULL), -ECANCELED);
	return 0;
}

TEST(six_goes_first)
{
	int port = port_of_both();
	int six = listener("::1", &port);
	int four = listener("127.0.0.1", &port);
	know("both.test");
	assert_int_equal(dial("both.test", port, NULL), AF_INET6);
	assert_int_equal(dial("localhost", port, NULL), AF_INET6);
	assert_int_equal(dial("both.test", port, &(struct koru_dial_opts){ .family = AF_INET }),
	                 AF_INET);
	koru_close(six);
	koru_close(four);
	return 0;
}

TEST(only_the_family_asked_for_is_looked_up)
{
	dial("both.test", program_free_port(), &(struct koru_dial_opts){ .family = AF_INET });
	assert_int_equal(nameserver_asked(ns, "both.test", NAMESERVER_A), 1);
	assert_int_equal(nameserver_asked(ns, "both.test", NAMESERVER_AAAA), 0);
	return 0;
}

/* A failed attempt is followed at once, whatever the delay. */
TEST(after_a_refusal_the_next_starts_at_once)
{
	static const struct koru_dial_opts slow = { .attempt_delay = 2 * KORU_SECOND };
	int port = port_of_both();
	int four = listener("127.0.0.1", &port);
	know("both.test");
	know("two.test");
	assert_int_equal(dial_within(KORU_SECOND, "both.test", port, &slow), AF_INET);
	assert_int_equal(dial_within(KORU_SECOND, "two.test", port, &slow), AF_INET);
	koru_close(four);
	return 0;
}

TEST(a_silent_address_is_overtaken)
{
	static const struct koru_dial_opts quick = { .attempt_delay = 20 * KORU_MILLISECOND };
	static const struct koru_dial_opts slow = { .attempt_delay = 2 * KORU_SECOND };
	struct black_hole hole;
	int port = port_of_both();
	black_hole_open(&hole, "::1", &port);
	int four = listener("127.0.0.1", &port);
	know("both.test");
	int fds = program_open_fds();
	assert_int_equal(dial_within(800 * KORU_MILLISECOND, "both.test", port, &quick), AF_INET);
	assert_int_equal(program_open_fds(), fds);
	assert_int_equal(dial_within(200 * KORU_MILLISECOND, "both.test", port, &slow), -ECANCELED);
	assert_int_equal(program_open_fds(), fds);
	koru_close(four);
	black_hole_close(&hole);
	return 0;
}

/* RFC 8305 section 3: IPv4 alone waits 50 ms for IPv6, and no longer. */
TEST(late_answers_are_not_waited_for)
{
	int port = port_of_both();
	int six = listener("::1", &port);
	int four = listener("127.0.0.1", &port);
	assert_int_equal(dial_within(300 * KORU_MILLISECOND, "late6.test", port, NULL), AF_INET);
	assert_int_equal(dial("soon6.test", port, NULL), AF_INET6);
	assert_int_equal(dial_within(300 * KORU_MILLISECOND, "late4.test", port, NULL), AF_INET6);
	koru_close(six);
	/* But what comes late still helps where nothing else does. */
	koru_close(four);
	six = listener("::1", &port);
	koru_sleep(KORU_SECOND / 2); /* for the query that was left behind */
	assert_int_equal(dial("late6.test", port, NULL), AF_INET6);
	koru_close(six);
	return 0;
}

/* A machine without IPv6: what the host said over IPv4 is the news. */
TEST(a_missing_family_does_not_hide_the_cause)
{
	struct koru_stream_detail detail;
	struct koru_dial_opts opts = { .ret_detail = &detail };
	int port = port_of_both();
	know("both.test");
	koru__fault_arm(KORU__FAULT_SOCKET, 0, 1, EAFNOSUPPORT);
	assert_int_equal(dial("both.test", port, &opts), -ECONNREFUSED);
	assert_int_equal(koru__fault_hits(), 1);
	assert_non_null(strstr(detail.text, "not supported by protocol; 127.0.0.1"));
	koru__fault_arm(KORU__FAULT_SOCKET, 0, 2, EMFILE);
	assert_int_equal(dial("both.test", port, NULL), -EMFILE);
	koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
	return 0;
}

static int dial_one(void *arg)
{
	const int *port = arg;
	assert_true(dial("both.test", *port, NULL) > 0);
	return 0;
}

TEST(many_at_once_share_the_lookup)
{
	struct koru_scope all;
	int port = port_of_both();
	int six = listener("::1", &port);
	int four = listener("127.0.0.1", &port);
	koru_scope_open(&all, NULL);
	for (int i = 0; i < 200; i++)
		koru_go(&all, dial_one, &port);
	assert_int_equal(koru_scope_close(&all), 0);
	assert_int_equal(nameserver_asked(ns, "both.test", 0), 2);
	koru_close(six);
	koru_close(four);
	return 0;
}

TEST(resets_are_reported)
{
	struct koru_stream *s;
	struct linger now = { .l_onoff = 1 };
	int port = 0;
	int fd = listener("127.0.0.1", &port);
	assert_int_equal(koru_stream_dial("127.0.0.1", (uint16_t)port, NULL, &s), 0);
	int peer = koru_accept(fd, NULL, NULL);
	setsockopt(peer, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	koru_close(peer);
	assert_int_equal(koru_stream_read(s, &(char){ 0 }, 1), -ECONNRESET);
	assert_int_equal(koru_stream_write(s, "x", 1), -EPIPE);
	koru_stream_close(s);
	koru_close(fd);
	return 0;
}

static void outside_a_task(void **state)
{
	(void)state;
	struct koru_stream *s;
	int port = 0;
	char buf[8];
	int fd = listener("localhost", &port);
	assert_int_equal(koru_stream_dial("localhost", (uint16_t)port, NULL, &s), 0);
	int peer = koru_accept(fd, NULL, NULL);
	assert_int_equal(koru_write(peer, "hello", 5), 5);
	assert_int_equal(koru_stream_read(s, buf, sizeof(buf)), 5);
	koru_stream_close(s);
	koru_close(peer);
	koru_close(fd);
	assert_int_equal(dial("localhost", port, NULL), -ECONNREFUSED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_address),
		cmocka_unit_test(mistakes),
		cmocka_unit_test(refused),
		cmocka_unit_test(families_take_turns),
		cmocka_unit_test(names_that_do_not_resolve),
		cmocka_unit_test(deadlines_hold),
		cmocka_unit_test(six_goes_first),
		cmocka_unit_test(only_the_family_asked_for_is_looked_up),
		cmocka_unit_test(after_a_refusal_the_next_starts_at_once),
		cmocka_unit_test(a_silent_address_is_overtaken),
		cmocka_unit_test(late_answers_are_not_waited_for),
		cmocka_unit_test(a_missing_family_does_not_hide_the_cause),
		cmocka_unit_test(many_at_once_share_the_lookup),
		cmocka_unit_test(resets_are_reported),
		cmocka_unit_test(outside_a_task),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
