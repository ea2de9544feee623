/* SPDX-License-Identifier: MIT
 * Two connected streams for tests. See pair.h. */
#include "net/pair.h"

#include "support/certs.h"

#include <stdlib.h>
#include <sys/socket.h>

static char dir[PROGRAM_PATH_MAX];
static char ca[PROGRAM_PATH_MAX], cert[PROGRAM_PATH_MAX], key[PROGRAM_PATH_MAX];

const char *pair_ca(void)
{
	return ca;
}

void pair_open(struct pair *p)
{
	int fds[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	for (int i = 0; i < 2 && p->buffer; i++) {
		setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &p->buffer, sizeof(p->buffer));
		setsockopt(fds[i], SOL_SOCKET, SO_RCVBUF, &p->buffer, sizeof(p->buffer));
	}
	assert_int_equal(koru_stream_from_fd(fds[0], &p->a), 0);
	assert_int_equal(koru_stream_from_fd(fds[1], &p->b), 0);
	if (!p->client.ca_file)
		p->client.ca_file = ca;
	p->server.cert_file = cert;
	p->server.key_file = key;
}

static int accept_b(void *arg)
{
	struct pair *p = arg;
	p->server_rc = koru_stream_accept_tls(p->b, &p->server);
	return 0;
}

int pair_start_tls(struct pair *p)
{
	struct koru_scope both;
	koru_scope_open(&both, NULL);
	koru_go(&both, accept_b, p);
	int rc = koru_stream_start_tls(p->a, p->host ? p->host : "localhost", &p->client);
	if (rc < 0)
		koru_shutdown(koru_stream_fd(p->a), SHUT_RDWR);
	assert_int_equal(koru_scope_close(&both), 0);
	return rc;
}

void pair_open_tls(struct pair *p)
{
	pair_open(p);
	assert_int_equal(pair_start_tls(p), 0);
	assert_int_equal(p->server_rc, 0);
}

void pair_close(struct pair *p)
{
	koru_stream_close(p->a);
	koru_stream_close(p->b);
}

/* Byte `at` of a stream that does not repeat itself soon. */
static uint8_t pattern(uint64_t at)
{
	return (uint8_t)((at * UINT64_C(0x9e3779b97f4a7c15)) >> 56);
}

void pattern_fill(uint8_t *buf, size_t len, uint64_t from)
{
	for (size_t i = 0; i < len; i++)
		buf[i] = pattern(from + i);
}

void pattern_check(const uint8_t *buf, size_t len, uint64_t from)
{
	for (size_t i = 0; i < len; i++)
		assert_int_equal(buf[i], pattern(from + i));
}

int pair_setup(void **state)
{
	char path[PROGRAM_PATH_MAX];
	(void)state;
	program_tmpdir(dir);
	certs_make(dir);
	/* A system with one root, which signed nothing: the usual hundred only take longer. */
	setenv("SSL_CERT_FILE", certs_path(path, dir, "idle.pem"), 1);
	setenv("SSL_CERT_DIR", "/nowhere", 1);
	certs_path(ca, dir, "ca.pem");
	certs_path(cert, dir, "good.pem");
	certs_path(key, dir, "good.key");
	return 0;
}

int pair_teardown(void **state)
{
	(void)state;
	program_tmpdir_remove(dir);
	return 0;
}
