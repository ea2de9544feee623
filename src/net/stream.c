/* SPDX-License-Identifier: MIT
 * Streams: what all kinds have in common, and the plain kind. See koru/stream.h. */
#include "net/stream.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "koru/error.h"
#include "koru/io.h"
#include "koru/scope.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

static_assert(sizeof(struct koru_stream) <= 32, "a plain stream is small");

static ssize_t plain_read(struct koru_stream *s, void *buf, size_t len)
{
	return koru_recv(s->fd, buf, len, 0);
}

static ssize_t plain_write_some(struct koru_stream *s, const void *buf, size_t len)
{
	return koru_send(s->fd, buf, len, 0);
}

static int plain_shutdown(struct koru_stream *s)
{
	return koru_shutdown(s->fd, SHUT_WR);
}

bool koru__stream_fd_idle(int fd)
{
	char byte;
	return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
	       (errno == EAGAIN || errno == EINTR);
}

static bool plain_idle(struct koru_stream *s)
{
	return koru__stream_fd_idle(s->fd);
}

static const char *plain_error_detail(const struct koru_stream *s)
{
	(void)s;
	return "";
}

static void plain_done(struct koru_stream *s)
{
	(void)s;
}

const struct koru__stream_ops koru__stream_plain = {
	.read = plain_read,
	.write_some = plain_write_some,
	.shutdown = plain_shutdown,
	.idle = plain_idle,
	.error_detail = plain_error_detail,
	.done = plain_done,
};

int koru_stream_from_fd(int fd, struct koru_stream **ret_stream)
{
	int domain;
	socklen_t len = sizeof(domain);
	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) != 0)
		return -errno;
	struct koru_stream *s = koru__zalloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->ops = &koru__stream_plain;
	s->fd = fd;
	/* Without it a small write behind an unacknowledged one waits for the peer's delayed
	 * acknowledgement. That it fails for other protocols is no matter. */
	if (domain == AF_INET || domain == AF_INET6)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	*ret_stream = s;
	return 0;
}

void koru_stream_close(struct koru_stream *s)
{
	if (!s)
		return;
	s->ops->done(s);
	(void)koru_close(s->fd);
	koru__free(s);
}

ssize_t koru_stream_read(struct koru_stream *s, void *buf, size_t len)
{
	if (koru_cancelled())
		return -ECANCELED;
	return len > 0 ? s->ops->read(s, buf, len) : 0;
}

ssize_t koru_stream_write_some(struct koru_stream *s, const void *buf, size_t len)
{
	if (koru_cancelled())
		return -ECANCELED;
	if (s->write_broken)
		return -EPIPE;
	return len > 0 ? s->ops->write_some(s, buf, len) : 0;
}

static int write_all(struct koru_stream *s, const char *buf, size_t len, size_t *ret_written)
{
	*ret_written = 0;
	do {
		ssize_t n = koru_stream_write_some(s, buf + *ret_written, len - *ret_written);
		if (n < 0)
			return (int)n;
		*ret_written += (size_t)n;
	} while (*ret_written < len);
	return s->ops->flush ? s->ops->flush(s) : 0;
}

int koru_stream_write(struct koru_stream *s, const void *buf, size_t len)
{
	size_t written;
	int rc = write_all(s, buf, len, &written);
	if (rc < 0 && written > 0)
		s->write_broken = true;
	return rc;
}

int koru_stream_shutdown(struct koru_stream *s)
{
	if (koru_cancelled())
		return -ECANCELED;
	return s->ops->shutdown(s);
}

int koru_stream_fd(const struct koru_stream *s)
{
	return s->fd;
}

bool koru_stream_idle(struct koru_stream *s)
{
	return s->ops->idle(s);
}

const char *koru_stream_error_detail(const struct koru_stream *s)
{
	return s->ops->error_detail(s);
}
