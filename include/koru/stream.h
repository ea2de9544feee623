/* SPDX-License-Identifier: MIT
 *
 * Streams: connections that carry bytes both ways, with one interface over TCP and TLS.
 *
 *     struct koru_stream *s;
 *     int rc = koru_stream_dial("example.org", 443,
 *                               &(struct koru_dial_opts){ .tls = &(struct koru_tls_opts){ 0 } },
 *                               &s);
 *     if (rc < 0)
 *             return rc;
 *     rc = koru_stream_write(s, hello, sizeof(hello));
 *     ...
 *     koru_stream_close(s);
 *
 * A stream has no timeouts: deadlines are those of the scope. It has no buffer either: a
 * plain one is 32 bytes and a descriptor.
 *
 * Two tasks may use one stream at a time when one reads and the other writes. A stream is
 * used on the loop (or plain thread) where it was made.
 */
#ifndef KORU_STREAM_H
#define KORU_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct koru_stream;
struct koru_tls_opts;

/* A sentence about a failure, for people: what exactly was wrong with the certificate, or
 * which address gave which answer. Zero-terminated. */
struct koru_stream_detail {
	char text[256];
};

struct koru_dial_opts {
	const struct koru_tls_opts *tls; /* NULL: plain TCP. Else TLS is started, for `host`. */
	int family;                      /* AF_INET or AF_INET6 alone; 0: both */
	int64_t attempt_delay;           /* nanoseconds between attempts, RFC 8305 section 5.
	                                  * 0: 250 ms. From 10 ms to 2 s */
	struct koru_stream_detail *ret_detail; /* filled in when the call fails; may be NULL */
};

/* Connects to `host`, a name or a numeric address ("::1", without brackets), and starts
 * TLS if asked to. `opts` may be NULL.
 *
 * Where the name has several addresses they are tried as RFC 8305 describes: a new
 * attempt joins the others every 250 ms, the first connection that stands is kept, the
 * others are dropped. At most KORU_DNS_ADDRS_MAX of each family. TCP_NODELAY is set.
 *
 * May suspend. From any thread. Close the stream with koru_stream_close.
 * Returns 0, or
 *   -KORU_EHOST, -KORU_ENAME, -KORU_EDNS  as koru_getaddrinfo,
 *   -ECONNREFUSED, -ETIMEDOUT, -EHOSTUNREACH, -ENETUNREACH, …  what connect(2) said of
 *               the first address (an address that this machine has no route to gives
 *               way to one that answered),
 *   with TLS, what koru_stream_start_tls returns,
 *   -EINVAL     an empty host, port 0, an option out of range,
 *   -EMFILE, -ENFILE, -ENOMEM, -ECANCELED. */
int koru_stream_dial(const char *host, uint16_t port, const struct koru_dial_opts *opts,
                     struct koru_stream **ret_stream);

/* Makes a stream of a connected socket, and owns it from then on. Sets TCP_NODELAY where
 * the socket is TCP. Never suspends. Any thread.
 * Returns 0, or -EBADF, -ENOTSOCK, -ENOMEM; `fd` is then still the caller's. */
int koru_stream_from_fd(int fd, struct koru_stream **ret_stream);

/* Reads what there is, at least one byte and up to `len`. May suspend.
 * Returns the count; 0 when the peer has ended its side (for TLS: has said so), and for
 * `len` 0; or
 *   -KORU_EEOF   TLS only: the connection ended and the peer had not said so. Data may be
 *                missing (an attacker can cut a connection); see allow_truncation,
 *   -KORU_ETLS   TLS only: what came is not what the peer may send,
 *   -ECONNRESET, …  as recv(2),
 *   -ECANCELED   nothing was read; the stream is as it was. */
ssize_t koru_stream_read(struct koru_stream *s, void *buf, size_t len);

/* Writes all of `len` bytes. May suspend, until the kernel has taken them.
 * Returns 0, or
 *   -EPIPE       koru_stream_shutdown was called, or the peer has gone,
 *   -ECONNRESET, …  as send(2); the stream can only be closed,
 *   -KORU_ETLS   TLS only,
 *   -ECANCELED   where nothing had been sent the stream is as it was. Where part had, the
 *                stream can still be read but every later write returns -EPIPE. Use
 *                koru_stream_write_some where the count matters. */
int koru_stream_write(struct koru_stream *s, const void *buf, size_t len);

/* Writes at least one byte of `len`. May suspend.
 * Returns the count (0 for `len` 0), or as koru_stream_write; -ECANCELED means that nothing
 * was sent. */
ssize_t koru_stream_write_some(struct koru_stream *s, const void *buf, size_t len);

/* Says that no more will be written (for TLS: also sends close_notify); the peer reads 0.
 * Reading goes on. May suspend.
 * Returns 0, or -ENOTCONN, -EPIPE, … as shutdown(2) and send(2), or -ECANCELED. */
int koru_stream_shutdown(struct koru_stream *s);

/* Ends the connection and frees the stream; NULL does nothing. A TLS peer is told with a
 * close_notify if that can be sent at once. Never suspends, cannot be cancelled. No other
 * task may be inside a call on the stream. */
void koru_stream_close(struct koru_stream *s);

/* The descriptor, which stays the stream's: for options and koru_poll. With TLS a ready
 * descriptor does not mean that there is anything to read, nor the reverse. */
int koru_stream_fd(const struct koru_stream *s);

/* True while the peer has neither ended the connection nor sent anything unread: what a
 * pool asks before it uses a connection again. Never suspends. No other task may be
 * reading. */
bool koru_stream_idle(struct koru_stream *s);

/* What is known about the last failure beyond its code; "" when nothing is. Valid until the
 * next call on the stream. Never suspends. */
const char *koru_stream_error_detail(const struct koru_stream *s);

/* Opens a listening TCP socket (SO_REUSEADDR) for koru_accept; close it with koru_close.
 * `host` is a name or numeric address, of which the first is taken; NULL: every address of
 * this machine, of both families where it has both. `port` 0: a free one, see
 * koru_socket_port. `backlog` 0: SOMAXCONN. May suspend when `host` is a name.
 * Returns 0, or -EADDRINUSE, -EADDRNOTAVAIL, -EACCES, … as bind(2) and listen(2), or as
 * koru_getaddrinfo. */
int koru_listen(const char *host, uint16_t port, int backlog, int *ret_fd);

/* The port that a socket is bound to, or a negative errno. Never suspends. */
int koru_socket_port(int fd);

/* Room for any name of the two functions below, zero included. */
#define KORU_SOCKET_NAME_MAX 128

/* The address of this end of a socket, and of the other, as text: "127.0.0.1:80",
 * "[::1]:80", "unix:/run/x". Never suspend.
 * Return 0, or -EBADF, -ENOTSOCK, -ENOTCONN, -ENOBUFS (`size` is too small). */
int koru_socket_name(int fd, char *ret_name, size_t size);
int koru_socket_peer(int fd, char *ret_name, size_t size);

#ifdef __cplusplus
}
#endif
#endif
