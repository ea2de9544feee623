/* SPDX-License-Identifier: MIT
 *
 * Two ends of a stream of bytes, of every kind that koru's calls should treat alike.
 */
#ifndef TESTS_SUPPORT_PAIR_H
#define TESTS_SUPPORT_PAIR_H

#include <koru/scope.h>

#include <pthread.h>
#include <stddef.h>

enum {
	PAIR_SOCKET, /* a Unix socket pair, non-blocking */
	PAIR_SOCKET_BLOCKING,
	PAIR_PIPE, /* non-blocking */
	PAIR_PIPE_BLOCKING,
	PAIR_TCP, /* a connection over the loopback interface, non-blocking */
	PAIR_KINDS,
};

struct pair {
	int in;  /* written to */
	int out; /* read from */
};

void pair_open(struct pair *ret_pair, int kind);
void pair_close_in(struct pair *pair);
void pair_close(struct pair *pair);

/* Writes after two milliseconds: in a task of its own where there is a loop, else in a thread.
 * The first three are the caller's. */
struct pair_later {
	int fd;
	const char *text;
	size_t len;
	struct koru_scope scope;
	pthread_t thread;
};

void pair_write_later(struct pair_later *later);
void pair_join(struct pair_later *later);

#endif
