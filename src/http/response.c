/* SPDX-License-Identifier: MIT
 * An answer's head, and what can be asked about it. See koru/http.h and response.h. */
#include "http/response.h"

#include "base/alloc.h"
#include "http/char.h"
#include "koru/error.h"

#include <errno.h>
#include <string.h>

#define HEAD_SIZE_FIRST 512

struct koru_http_response *koru__response_new(const struct koru_url *url, const char *method)
{
	/* "https://[]:65535/?" and a zero around what the URL is made of. */
	size_t url_size = 24 + url->host.len + url->path.len + url->query.len;
	struct koru_http_response *res = koru__alloc(sizeof(*res) + url_size);
	if (!res)
		return NULL;
	*res = (struct koru_http_response){ .content_length = -1, .body_max = UINT64_MAX };
	koru__h1_response_init(&res->h1, &koru__wire_limits, method);
	if (koru_url_print(url, res->url, url_size) < 0) {
		koru__free(res);
		return NULL;
	}
	return res;
}

void koru_http_response_free(struct koru_http_response *res)
{
	if (!res)
		return;
	if (res->conn)
		koru__pool_drop(res->conn);
	koru__decode_free(res->decoder);
	koru__free(res->head);
	koru__free(res->body);
	koru__free(res);
}

static int make_room(struct koru_http_response *res, size_t count)
{
	size_t needed = res->head_len + count;
	size_t size = res->head_size ? res->head_size : HEAD_SIZE_FIRST;
	if (needed <= res->head_size)
		return 0;
	while (size < needed)
		size *= 2;
	char *head = koru__realloc(res->head, size, 1);
	if (!head)
		return -ENOMEM;
	res->head = head;
	res->head_size = (uint32_t)size;
	return 0;
}

static void put_text(struct koru_http_response *res, struct koru_text text)
{
	memcpy(res->head + res->head_len, text.ptr, text.len);
	res->head_len += (uint32_t)text.len;
	res->head[res->head_len++] = '\0';
}

int koru__response_add(struct koru_http_response *res, struct koru_text name,
                       struct koru_text value)
{
	int rc = make_room(res, name.len + value.len + 2);
	if (rc < 0)
		return rc;
	put_text(res, name);
	put_text(res, value);
	res->header_count++;
	return 0;
}

void koru__response_forget(struct koru_http_response *res)
{
	res->head_len = 0;
	res->header_count = 0;
}

int koru_http_status(const struct koru_http_response *res)
{
	return res->status;
}

const char *koru_http_url(const struct koru_http_response *res)
{
	return res->url;
}

bool koru_http_header_at(const struct koru_http_response *res, size_t index,
                         struct koru_http_header *ret)
{
	const char *at = res->head;
	if (index >= res->header_count)
		return false;
	for (size_t i = 0; i < index * 2; i++)
		at += strlen(at) + 1;
	ret->name = at;
	ret->value = at + strlen(at) + 1;
	return true;
}

const char *koru_http_header(const struct koru_http_response *res, const char *name)
{
	size_t name_len = strlen(name);
	const char *at = res->head;
	for (size_t i = 0; i < res->header_count; i++) {
		size_t len = strlen(at);
		const char *value = at + len + 1;
		if (len == name_len && koru__char_same(at, name, len))
			return value;
		at = value + strlen(value) + 1;
	}
	return NULL;
}

int64_t koru_http_content_length(const struct koru_http_response *res)
{
	return res->content_length;
}

const void *koru_http_body(const struct koru_http_response *res)
{
	return res->body ? res->body : "";
}

size_t koru_http_body_len(const struct koru_http_response *res)
{
	return res->body_len;
}

const char *koru_http_error_detail(const struct koru_http_response *res)
{
	if (res->error == 0)
		return "";
	return res->why ? res->why : koru_strerror(res->error);
}
