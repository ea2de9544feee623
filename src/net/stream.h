/* SPDX-License-Identifier: MIT
 *
 * What a stream is made of: a descriptor, and the functions that carry its bytes. The plain
 * ones are in stream.c; a floor or file that adds another kind of stream replaces `ops` and
 * keeps its own things in `state`.
 */
#ifndef KORU_NET_STREAM_H
#define KORU_NET_STREAM_H

#include "koru/stream.h"

/* Each is as its public namesake; `len` is not 0, and cancellation has been looked for. */
struct koru__stream_ops {
	ssize_t (*read)(struct koru_stream *s, void *buf, size_t len);
	ssize_t (*write_some)(struct koru_stream *s, const void *buf, size_t len);
	int (*flush)(struct koru_stream *s); /* sends what write_some took and kept; NULL: it keeps
	                                      * nothing */
	int (*shutdown)(struct koru_stream *s);
	bool (*idle)(struct koru_stream *s);
	const char *(*error_detail)(const struct koru_stream *s);
	void (*done)(struct koru_stream *s); /* frees `state`; the descriptor is still open */
};

struct koru_stream {
	const struct koru__stream_ops *ops;
	void *state; /* of ops; NULL for a plain stream */
	int fd;
	bool write_broken; /* a koru_stream_write stopped part way: the peer must not get more */
};

extern const struct koru__stream_ops koru__stream_plain;

/* True on the descriptor when the peer has neither closed nor sent anything. */
bool koru__stream_fd_idle(int fd);

#endif
