/* SPDX-License-Identifier: MIT
 * Plain streams, listening sockets and the names of sockets. */
#include "koru/koru.h"
#include "koru/net.h"
#include "support/cmocka.h"
#include "support/program.h"

#include <errno.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/un.h>
#include <unistd.h>

#define TEST(name)                                                                                 \
	static int name##_body(void *arg);                                                         \
	static void name(void **state)                                                             \
	{                                                                                          \
		(void)state;                                                                       \
		int fds = program_open_fds();                                                      \
		assert_int_equal(koru_run(name##_body, NULL, NULL), 0);                            \
		assert_int_equal(program_open_fds(), fds);                                         \
	}                                                                                          \
	static int name##_body(void *arg __attribute__((unused)))

/* A connection over the loopback interface, both ends. */
static void connect_pair(struct koru_stream **ret_a, struct koru_stream **ret_b)
{
	int fd;
	assert_int_equal(koru_listen("127.0.0.1", 0, 0, &fd), 0);
	assert_int_equal(koru_stream_dial("127.0.0.1", (uint16_t)koru_socket_port(fd), NULL, ret_a),
	                 0);
	int peer = koru_accept(fd, NULL, NULL);
	assert_true(peer >= 0);
	assert_int_equal(koru_stream_from_fd(peer, ret_b), 0);
	koru_close(fd);
}

TEST(both_ways_and_half_closed)
{
	struct koru_stream *a, *b;
	char buf[16];
	connect_pair(&a, &b);
	assert_int_equal(koru_stream_write(a, "ping", 4), 0);
	assert_int_equal(koru_stream_read(b, buf, sizeof(buf)), 4);
	assert_int_equal(koru_stream_shutdown(a), 0);
	assert_int_equal(koru_stream_read(b, buf, sizeof(buf)), 0);
	assert_int_equal(koru_stream_write_some(b, "pong", 4), 4);
	assert_int_equal(koru_stream_read(a, buf, 2), 2);
	assert_int_equal(koru_stream_read(a, buf, sizeof(buf)), 2);
	assert_string_equal(koru_stream_error_detail(a), "");
	assert_null(koru_stream_alpn(a));
	assert_null(koru_stream_tls_version(a));
	assert_false(koru_stream_tls_resumed(a));
	koru_stream_close(a);
	koru_stream_close(b);
	koru_stream_close(NULL);
	return 0;
}

TEST(small_writes_are_not_held_back)
{
	struct koru_stream *ends[2];
	connect_pair(&ends[0], &ends[1]);
	for (int i = 0; i < 2; i++) {
		int on = 0;
		socklen_t len = sizeof(on);
		getsockopt(koru_stream_fd(ends[i]), IPPROTO_TCP, TCP_NODELAY, &on, &len);
		assert_int_equal(on, 1);
		koru_stream_close(ends[i]);
	}
	return 0;
}

static void not_every_descriptor_is_a_stream(void **state)
{
	(void)state;
	struct koru_stream *s = NULL;
	int pipes[2];
	assert_int_equal(koru_stream_from_fd(-1, &s), -EBADF);
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(koru_stream_from_fd(pipes[0], &s), -ENOTSOCK);
	assert_null(s);
	close(pipes[0]);
	close(pipes[1]);
}

TEST(cancelled_scopes_do_nothing)
{
	struct koru_stream *a, *b;
	struct koru_scope scope;
	char buf[4];
	connect_pair(&a, &b);
	assert_int_equal(koru_stream_write(b, "data", 4), 0);
	koru_scope_open(&scope, NULL);
	koru_scope_cancel(&scope);
	assert_int_equal(koru_stream_read(a, buf, 4), -ECANCELED);
	assert_int_equal(koru_stream_read(a, buf, 0), -ECANCELED);
	assert_int_equal(koru_stream_write(a, "x", 1), -ECANCELED);
	assert_int_equal(koru_stream_write(a, "x", 0), -ECANCELED);
	assert_int_equal(koru_stream_shutdown(a), -ECANCELED);
	assert_int_equal(koru_stream_dial("127.0.0.1", 1, NULL, &(struct koru_stream *){ NULL }),
	                 -ECANCELED);
	koru_scope_close(&scope);
	assert_int_equal(koru_stream_read(a, buf, 4), 4);
	koru_stream_close(b);
	assert_int_equal(koru_stream_read(a, buf, 4), 0); /* nor had anything been sent */
	koru_stream_close(a);
	return 0;
}

/* A thousand connections cost their descriptors and little else. */
TEST(a_thousand_are_cheap)
{
	enum { MANY = 1000 };
	static struct koru_stream *ends[MANY];
	int pair[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	size_t before = mallinfo2().uordblks;
	for (int i = 0; i < MANY; i++)
		assert_int_equal(koru_stream_from_fd(dup(pair[0]), &ends[i]), 0);
	size_t bytes = mallinfo2().uordblks - before;
	assert_true(bytes < MANY * 200);
	for (int i = 0; i < MANY; i++)
		koru_stream_close(ends[i]);
	close(pair[0]);
	close(pair[1]);
	return 0;
}

static void assert_serves(int fd, const char *host)
{
	struct koru_stream *s;
	int port = koru_socket_port(fd);
	assert_int_equal(koru_stream_dial(host, (uint16_t)port, NULL, &s), 0);
	int peer = koru_accept(fd, NULL, NULL);
	assert_true(peer >= 0);
	koru_close(peer);
	koru_stream_close(s);
}

TEST(listening)
{
	int fd, other = -1;
	assert_int_equal(koru_listen(NULL, 0, 0, &fd), 0);
	assert_serves(fd, "127.0.0.1");
	assert_serves(fd, "::1");
	int port = koru_socket_port(fd);
	assert_int_equal(koru_listen(NULL, (uint16_t)port, 0, &other), -EADDRINUSE);
	koru_close(fd);
	assert_int_equal(koru_listen(NULL, (uint16_t)port, 0, &fd), 0); /* at once again */
	koru_close(fd);
	assert_int_equal(koru_listen("localhost", 0, 5, &fd), 0);
	koru_close(fd);
	assert_int_equal(koru_listen("", 0, 0, &other), -EINVAL);
	assert_int_equal(koru_listen("192.0.2.250", 0, 0, &other), -EADDRNOTAVAIL);
	assert_int_equal(other, -1);
	return 0;
}

TEST(names)
{
	char name[KORU_SOCKET_NAME_MAX], peer[KORU_SOCKET_NAME_MAX], expected[64];
	struct koru_stream *a, *b;
	connect_pair(&a, &b);
	assert_int_equal(koru_socket_name(koru_stream_fd(a), name, sizeof(name)), 0);
	assert_int_equal(koru_socket_peer(koru_stream_fd(b), peer, sizeof(peer)), 0);
	assert_string_equal(name, peer);
	snprintf(expected, sizeof(expected), "127.0.0.1:%d", koru_socket_port(koru_stream_fd(a)));
	assert_string_equal(name, expected);
	assert_int_equal(koru_socket_name(koru_stream_fd(a), name, strlen(expected)), -ENOBUFS);
	koru_stream_close(a);
	koru_stream_close(b);

	int fd;
	assert_int_equal(koru_listen("::1", 0, 0, &fd), 0);
	snprintf(expected, sizeof(expected), "[::1]:%d", koru_socket_port(fd));
	assert_int_equal(koru_socket_name(fd, name, sizeof(name)), 0);
	assert_string_equal(name, expected);
	assert_int_equal(koru_socket_peer(fd, name, sizeof(name)), -ENOTCONN);
	koru_close(fd);
	assert_int_equal(koru_socket_name(-1, name, sizeof(name)), -EBADF);
	assert_int_equal(koru_socket_port(-1), -EBADF);
	return 0;
}

static void names_of_unix_sockets(void **state)
{
	(void)state;
	char name[KORU_SOCKET_NAME_MAX];
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(koru_socket_name(fd, name, sizeof(name)), 0);
	assert_string_equal(name, "unix:");
	snprintf(un.sun_path + 1, sizeof(un.sun_path) - 1, "koru test %d", getpid());
	socklen_t len =
	        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(un.sun_path + 1));
	assert_int_equal(bind(fd, (struct sockaddr *)&un, len), 0);
	assert_int_equal(koru_socket_name(fd, name, sizeof(name)), 0);
	assert_memory_equal(name, "unix:@koru test ", 16);
	assert_int_equal(koru_socket_port(fd), -EAFNOSUPPORT);
	close(fd);

	/* The longest there is, without a zero at its end. */
	char dir[PROGRAM_PATH_MAX];
	program_tmpdir(dir);
	struct {
		struct sockaddr_un un;
		char zero; /* Valgrind looks for one */
	} full = { .un.sun_family = AF_UNIX };
	memset(full.un.sun_path, 'x', sizeof(un.sun_path));
	memcpy(full.un.sun_path, dir, strlen(dir));
	full.un.sun_path[strlen(dir)] = '/';
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&full.un, sizeof(full.un)), 0);
	assert_int_equal(koru_socket_name(fd, name, sizeof(name)), 0);
	assert_int_equal(strlen(name), strlen("unix:") + sizeof(un.sun_path));
	close(fd);
	program_tmpdir_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ways_and_half_closed),
		cmocka_unit_test(small_writes_are_not_held_back),
		cmocka_unit_test(not_every_descriptor_is_a_stream),
		cmocka_unit_test(cancelled_scopes_do_nothing),
		cmocka_unit_test(a_thousand_are_cheap),
		cmocka_unit_test(listening),
		cmocka_unit_test(names),
		cmocka_unit_test(names_of_unix_sockets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
