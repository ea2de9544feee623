/* SPDX-License-Identifier: MIT
 *
 * The one buffer of a connection: a request is written in it, then the answer is read into
 * it. It has a usual size, at which buffers are kept for the next connection, and grows for
 * an unusual head.
 */
#ifndef KORU_HTTP_BUF_H
#define KORU_HTTP_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KORU__BUF_SIZE      4096
#define KORU__BUF_SPARE_MAX 64

struct koru__buf {
	char *data; /* NULL: none at hand */
	uint32_t size;
	uint32_t start; /* the bytes in use are data[start] to data[end - 1] */
	uint32_t end;
	int error; /* of the first koru__buf_put that failed: -ENOMEM or -EMSGSIZE */
};

/* Buffers of the usual size that nobody uses now. */
struct koru__buf_spares {
	void *first; /* each begins with the address of the next */
	unsigned count;
};

/* Gets data for a buffer that has none. Returns 0 or -ENOMEM. */
int koru__buf_open(struct koru__buf *buf, struct koru__buf_spares *spares);

/* Gives the data back. Harmless without any. */
void koru__buf_close(struct koru__buf *buf, struct koru__buf_spares *spares);

/* Frees what is kept. */
void koru__buf_spares_done(struct koru__buf_spares *spares);

static inline size_t koru__buf_len(const struct koru__buf *buf)
{
	return buf->end - buf->start;
}

static inline const char *koru__buf_bytes(const struct koru__buf *buf)
{
	return buf->data + buf->start;
}

/* Forgets the first `count` bytes. The room behind the rest grows when none are left. */
static inline void koru__buf_used(struct koru__buf *buf, size_t count)
{
	buf->start += (uint32_t)count;
	if (buf->start == buf->end)
		buf->start = buf->end = 0;
}

/* Makes room for more bytes behind those in use, by moving them to the front, or by growing
 * up to `size_max`. Returns 0, -ENOMEM, or -EMSGSIZE when they fill it. */
int koru__buf_make_room(struct koru__buf *buf, size_t size_max);

/* Makes sure that `len` bytes fit behind those in use, growing up to KORU_HTTP_HEAD_MAX; sets
 * buf->error when they cannot. */
void koru__buf_reserve(struct koru__buf *buf, size_t len);

/* Adds bytes, growing up to KORU_HTTP_HEAD_MAX; after a failure nothing more is added and
 * buf->error says why. */
void koru__buf_put(struct koru__buf *buf, const char *bytes, size_t len);
void koru__buf_puts(struct koru__buf *buf, const char *text);

#endif
