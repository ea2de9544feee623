/* SPDX-License-Identifier: MIT
 *
 * POSIX calls that wait only for the calling task: each has the name, the arguments
 * and the meaning of its namesake, and returns a negative errno instead of setting it.
 *
 * All of them work on any descriptor their namesake takes, blocking or not. Inside a
 * task a call that has to wait suspends the task; on a thread without a loop it blocks
 * the thread. Signals do not interrupt them (-EINTR is never returned).
 *
 * Cancellation: in a cancelled scope, or when the scope is cancelled during the wait,
 * each of them returns -ECANCELED and has had no effect. Where the kernel had already
 * done the work, they return its result instead.
 *
 * Buffers and addresses belong to the kernel until the call returns. Two tasks may use
 * one descriptor at a time when one reads and the other writes.
 *
 * Errors: those of the namesake, and -ECANCELED.
 */
#ifndef KORU_IO_H
#define KORU_IO_H

#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* socket(2); the descriptor is close-on-exec and non-blocking. Never suspends. */
int koru_socket(int domain, int type, int protocol);

/* connect(2). May suspend until the connection stands. After -ECANCELED the socket is
 * in an undefined state of the connection and can only be closed. */
int koru_connect(int fd, const struct sockaddr *addr, socklen_t addrlen);

/* accept(2); the new descriptor is close-on-exec and non-blocking. A connection that
 * arrives as the call is cancelled stays in the queue. May suspend. */
int koru_accept(int fd, struct sockaddr *addr, socklen_t *addrlen);

/* read(2), write(2). May suspend. As their namesakes they may transfer less than
 * `count`; 0 from koru_read is the end of the file. Writing to a socket or pipe whose
 * reader has gone returns -EPIPE; for sockets no SIGPIPE is raised. */
ssize_t koru_read(int fd, void *buf, size_t count);
ssize_t koru_write(int fd, const void *buf, size_t count);

/* recv(2), send(2). May suspend, unless `flags` has MSG_DONTWAIT. koru_send adds
 * MSG_NOSIGNAL. */
ssize_t koru_recv(int fd, void *buf, size_t len, int flags);
ssize_t koru_send(int fd, const void *buf, size_t len, int flags);

/* shutdown(2). Never suspends. */
int koru_shutdown(int fd, int how);

/* close(2). Never suspends, cannot be cancelled, and the descriptor is gone whatever it
 * returns. No other task may be inside a call on it. */
int koru_close(int fd);

/* poll(2): waits until one of `nfds` descriptors is ready or `timeout_ms` milliseconds
 * have passed (negative: no limit). May suspend. At most KORU_POLL_MAX descriptors
 * (-EINVAL). Returns the number of entries with non-zero revents, 0 after the timeout. */
int koru_poll(struct pollfd *fds, nfds_t nfds, int timeout_ms);

#define KORU_POLL_MAX 1024

#ifdef __cplusplus
}
#endif
#endif
