/* SPDX-License-Identifier: MIT
 *
 * A server with bad manners, for tests of the client: plain threads and blocking sockets that
 * do exactly what a test says, byte by byte, and write down what they were sent. Nothing of
 * koru is used in it.
 */
#ifndef TESTS_HTTP_RAW_H
#define TESTS_HTTP_RAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct raw;

/* Serves one connection, in a thread of its own; `nth` counts from 0. The descriptor is
 * closed when it returns. */
typedef void raw_serve(struct raw *raw, int fd, int nth);

/* Listens on 127.0.0.1, on a free port. `arg` is what raw_arg returns. */
struct raw *raw_start(raw_serve *serve, const void *arg);

/* Ends it: its threads are woken from whatever they wait for, and waited for. */
void raw_stop(struct raw *raw);

uint16_t raw_port(const struct raw *raw);
const void *raw_arg(const struct raw *raw);

/* How many connections and requests there have been. */
int raw_connections(struct raw *raw);
int raw_requests(struct raw *raw);

/* Reads a request: its head up to the empty line, and the body that Content-Length promises.
 * All of it is written down. False when the stream ends first. */
bool raw_read(struct raw *raw, int fd);

/* The nth request read by any connection, as it came; "" when there were not so many. Valid
 * until raw_stop. */
const char *raw_request(struct raw *raw, int nth);

/* Writes a text; false when nobody reads it. */
bool raw_send(int fd, const char *text);
bool raw_send_bytes(int fd, const void *bytes, size_t len);

/* Makes the closing of the descriptor reset the connection. */
void raw_reset(int fd);

void raw_nap_ms(long ms);

/* A raw_serve: answers every request of every connection with the text that `arg` is. */
void raw_always(struct raw *raw, int fd, int nth);

/* A raw_serve: reads a request, sends the text that `arg` is, and closes. */
void raw_once(struct raw *raw, int fd, int nth);

#endif
