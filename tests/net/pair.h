/* SPDX-License-Identifier: MIT
 *
 * Two connected streams, both of them the test's, so that either can misbehave; plain until
 * pair_start_tls. Everything here runs in a task, and a failure ends the test.
 */
#ifndef TESTS_NET_PAIR_H
#define TESTS_NET_PAIR_H

#include "koru/koru.h"
#include "koru/net.h"
#include "support/cmocka.h"
#include "support/program.h"

struct pair {
	struct koru_stream *a, *b; /* client and server; may be closed and set to NULL */
	int buffer;                /* of each socket, in bytes; 0: the system's */
	const char *host;          /* what the client calls the server; NULL: "localhost" */
	struct koru_tls_opts client, server;
	int server_rc; /* what the server's handshake returned */
};

/* Makes and removes the certificates: the group's setup and teardown. */
int pair_setup(void **state);
int pair_teardown(void **state);

/* The file of the root that signed the server's certificate. */
const char *pair_ca(void);

void pair_open(struct pair *p);
void pair_close(struct pair *p);

/* TLS on both ends. Returns the client's result. */
int pair_start_tls(struct pair *p);

/* Both, which must work. */
void pair_open_tls(struct pair *p);

/* A sequence of bytes that does not repeat itself soon: fills a buffer with what comes at
 * `from`, and compares. */
void pattern_fill(uint8_t *buf, size_t len, uint64_t from);
void pattern_check(const uint8_t *buf, size_t len, uint64_t from);

/* A test whose body runs in a task and leaves no descriptor open. */
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

#endif
