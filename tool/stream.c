/* SPDX-License-Identifier: MIT
 * Standard output and standard error as tasks. See stream.h. */
#include "stream.h"

#include "base/alloc.h"
#include "koru/io.h"
#include "koru/time.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define CHUNK_MAX     (64u << 10)
#define BYTES_KEEP    (64u << 10) /* a larger buffer is given back once it is empty */
#define WIDTH_UNKNOWN 80

/* ---- bytes ------------------------------------------------------------------------- */

static int bytes_grow(struct stream_bytes *bytes, size_t more)
{
	if (more <= bytes->size - bytes->len)
		return 0;
	size_t size = bytes->size ? bytes->size : 4096;
	while (size - bytes->len < more)
		if (__builtin_mul_overflow(size, (size_t)2, &size))
			return -ENOMEM;
	char *data = koru__realloc(bytes->data, size, 1);
	if (!data)
		return -ENOMEM;
	bytes->data = data;
	bytes->size = size;
	return 0;
}

static int bytes_put(struct stream_bytes *bytes, const void *data, size_t len)
{
	if (len == 0)
		return 0;
	int rc = bytes_grow(bytes, len);
	if (rc < 0)
		return rc;
	memcpy(bytes->data + bytes->len, data, len);
	bytes->len += len;
	return 0;
}

static void bytes_done(struct stream_bytes *bytes)
{
	koru__free(bytes->data);
	*bytes = (struct stream_bytes){ NULL, 0, 0 };
}

static void bytes_clear(struct stream_bytes *bytes)
{
	bytes->len = 0;
	if (bytes->size > BYTES_KEEP)
		bytes_done(bytes);
}

/* ---- opening ------------------------------------------------------------------------ */

/* A descriptor of our own for the same pipe or terminal, so that it can be non-blocking: a
 * terminal that says it has room may still block a write that is larger. Setting the flag on
 * the one we were given would change it for the shell as well. Negative where that cannot
 * be had. */
static int reopen(int fd)
{
	struct stat st;
	if (fstat(fd, &st) < 0)
		return -errno;
	/* Opening /dev/ptmx (5, 2) again would make another terminal. */
	bool terminal = isatty(fd) && st.st_rdev != makedev(5, 2);
	if (!S_ISFIFO(st.st_mode) && !terminal)
		return -EINVAL;
	char path[32];
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	int own = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	return own < 0 ? -errno : own;
}

void stream_open(struct stream *stream, int fd, struct event *room)
{
	memset(stream, 0, sizeof(*stream));
	int own = reopen(fd);
	stream->fd = own >= 0 ? own : fd;
	stream->fd_is_own = own >= 0;
	stream->room = room;
}

void stream_done(struct stream *stream)
{
	if (stream->fd_is_own)
		(void)close(stream->fd);
	bytes_done(&stream->in);
	bytes_done(&stream->out);
}

void stream_set_bar(struct stream *stream,
                    bool (*draw)(void *arg, char buf[BAR_SIZE], unsigned width), void *arg)
{
	stream->draw = draw;
	stream->draw_arg = arg;
}

/* ---- appending ----------------------------------------------------------------------- */

bool stream_full(const struct stream *stream)
{
	return stream->in.len + stream->out.len > STREAM_PENDING_MAX;
}

static void fail(struct stream *stream, int error)
{
	stream->error = error;
	bytes_clear(&stream->in);
	event_set(&stream->wake);
	if (stream->room)
		event_set(stream->room);
	if (stream->on_error)
		stream->on_error(stream->on_error_arg);
}

/* With a bar the writer comes by itself at its next redraw. */
static void appended(struct stream *stream)
{
	if (!stream->draw || stream_full(stream))
		event_set(&stream->wake);
}

void stream_put(struct stream *stream, const char *text, size_t len)
{
	if (stream->error)
		return;
	int rc = bytes_put(&stream->in, text, len);
	if (rc < 0)
		fail(stream, rc);
	else
		appended(stream);
}

void stream_printf(struct stream *stream, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (stream->error || len <= 0)
		return;
	/* One byte more, for the zero that vsnprintf insists on. */
	if (bytes_grow(&stream->in, (size_t)len + 1) < 0) {
		fail(stream, -ENOMEM);
		return;
	}
	va_start(args, format);
	(void)vsnprintf(stream->in.data + stream->in.len, (size_t)len + 1, format, args);
	va_end(args);
	stream->in.len += (size_t)len;
	appended(stream);
}

void stream_close(struct stream *stream)
{
	stream->closing = true;
	event_set(&stream->wake);
}

/* ---- writing ------------------------------------------------------------------------- */

/* Writes all of `out`, however long that takes. */
static int write_out(struct stream *stream)
{
	size_t at = 0;
	while (at < stream->out.len) {
		size_t chunk = stream->out.len - at;
		if (chunk > CHUNK_MAX)
			chunk = CHUNK_MAX;
		ssize_t n = koru_write(stream->fd, stream->out.data + at, chunk);
		if (n < 0)
			return (int)n;
		at += (size_t)n;
	}
	bytes_clear(&stream->out);
	return 0;
}

static unsigned columns(int fd)
{
	struct winsize size;
	if (ioctl(fd, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
		return WIDTH_UNKNOWN;
	return size.ws_col;
}

/* Moves what was appended to `out`; where there is a bar, puts it out of the way before
 * and draws it again behind. */
static int compose(struct stream *stream)
{
	char bar[BAR_SIZE] = "";
	/* The last column stays free: some terminals go to the next line there. */
	if (stream->draw && !stream->closing &&
	    !stream->draw(stream->draw_arg, bar, columns(stream->fd) - 1))
		bar[0] = '\0';
	if (stream->in.len == 0 && strcmp(bar, stream->shown) == 0)
		return 0;

	static const char erase[] = "\r\x1b[K";
	int rc = bytes_put(&stream->out, erase, stream->shown[0] != '\0' ? sizeof(erase) - 1 : 0);
	if (rc == 0 && stream->out.len == 0) {
		struct stream_bytes swap = stream->out;
		stream->out = stream->in;
		stream->in = swap;
	} else if (rc == 0) {
		rc = bytes_put(&stream->out, stream->in.data, stream->in.len);
		bytes_clear(&stream->in);
	}
	memcpy(stream->shown, bar, sizeof(bar));
	return rc == 0 ? bytes_put(&stream->out, bar, strlen(bar)) : rc;
}

int stream_run(void *arg)
{
	struct stream *stream = arg;
	while (stream->error == 0) {
		bool last = stream->closing;
		int rc = compose(stream);
		if (rc == 0)
			rc = write_out(stream);
		if (rc < 0) {
			fail(stream, rc);
			break;
		}
		if (stream->room)
			event_set(stream->room);
		if (last)
			break;
		rc = event_wait(&stream->wake, stream->draw ? STREAM_REDRAW_NS : 0);
		if (rc == -ECANCELED)
			break;
	}
	return 0;
}

void stream_abandon(struct stream *stream)
{
	if (stream->shown[0] != '\0')
		(void)!write(stream->fd, "\n", 1);
}
