/* SPDX-License-Identifier: MIT
 * See buf.h. */
#include "http/buf.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "koru/http.h"

#include <errno.h>
#include <string.h>

static_assert(KORU__BUF_SIZE >= sizeof(void *), "a spare holds the address of the next");
static_assert(KORU_HTTP_HEAD_MAX <= UINT32_MAX / 2, "sizes are 32 bits");

int koru__buf_open(struct koru__buf *buf, struct koru__buf_spares *spares)
{
	koru__assert(!buf->data);
	char *data = spares->first;
	if (data) {
		memcpy(&spares->first, data, sizeof(spares->first));
		spares->count--;
	} else {
		data = koru__alloc(KORU__BUF_SIZE);
		if (!data)
			return -ENOMEM;
	}
	*buf = (struct koru__buf){ .data = data, .size = KORU__BUF_SIZE };
	return 0;
}

void koru__buf_close(struct koru__buf *buf, struct koru__buf_spares *spares)
{
	char *data = buf->data;
	bool keep = data && buf->size == KORU__BUF_SIZE && spares->count < KORU__BUF_SPARE_MAX;
	*buf = (struct koru__buf){ 0 };
	if (!keep) {
		koru__free(data);
		return;
	}
	memcpy(data, &spares->first, sizeof(spares->first));
	spares->first = data;
	spares->count++;
}

void koru__buf_spares_done(struct koru__buf_spares *spares)
{
	while (spares->first) {
		void *data = spares->first;
		memcpy(&spares->first, data, sizeof(spares->first));
		koru__free(data);
	}
	spares->count = 0;
}

static int grow(struct koru__buf *buf, size_t needed, size_t size_max)
{
	if (needed > size_max)
		return -EMSGSIZE;
	size_t size = buf->size;
	while (size < needed)
		size *= 2;
	if (size > size_max)
		size = size_max;
	char *data = koru__realloc(buf->data, size, 1);
	if (!data)
		return -ENOMEM;
	buf->data = data;
	buf->size = (uint32_t)size;
	return 0;
}

int koru__buf_make_room(struct koru__buf *buf, size_t size_max)
{
	if (buf->end < buf->size)
		return 0;
	if (buf->start == 0)
		return grow(buf, (size_t)buf->size + 1, size_max);
	size_t len = koru__buf_len(buf);
	memmove(buf->data, buf->data + buf->start, len);
	buf->start = 0;
	buf->end = (uint32_t)len;
	return 0;
}

void koru__buf_reserve(struct koru__buf *buf, size_t len)
{
	if (!buf->error && len > buf->size - buf->end)
		buf->error = grow(buf, buf->end + len, KORU_HTTP_HEAD_MAX);
}

void koru__buf_put(struct koru__buf *buf, const char *bytes, size_t len)
{
	koru__buf_reserve(buf, len);
	if (buf->error || len == 0)
		return;
	memcpy(buf->data + buf->end, bytes, len);
	buf->end += (uint32_t)len;
}

void koru__buf_puts(struct koru__buf *buf, const char *text)
{
	koru__buf_put(buf, text, strlen(text));
}
