/* SPDX-License-Identifier: MIT
 * The headers that decide where a message ends and whether the connection stays: Host,
 * Connection, Content-Length, Transfer-Encoding (RFC 9112 3.2, 6, 9.3). See h1_rules.h. */
#include "base/macro.h"
#include "http/char.h"
#include "http/h1_rules.h"

/* Takes the next element of a comma-separated list (RFC 9110 5.6.1), without the white
 * space around it. False at the end; empty elements are passed over. */
static bool next_element(struct koru_text *list, struct koru_text *ret)
{
	while (list->len > 0) {
		const char *s = list->ptr;
		size_t len = 0;
		while (len < list->len && s[len] != ',')
			len++;
		size_t used = len < list->len ? len + 1 : len;
		list->ptr += used;
		list->len -= used;
		while (len > 0 && (*s == ' ' || *s == '\t'))
			s++, len--;
		while (len > 0 && (s[len - 1] == ' ' || s[len - 1] == '\t'))
			len--;
		*ret = (struct koru_text){ s, len };
		if (len > 0)
			return true;
	}
	return false;
}

/* Content-Length = 1*DIGIT (RFC 9110 8.6). */
static enum koru__h1_error read_length(struct koru_text text, uint64_t *ret)
{
	if (text.len == 0 || koru__char_span(text.ptr, text.len, KORU__C_DIGIT) < text.len)
		return KORU__H1_E_LENGTH_VALUE;
	uint64_t length = 0;
	for (size_t i = 0; i < text.len; i++)
		if (__builtin_mul_overflow(length, 10, &length) ||
		    __builtin_add_overflow(length, (uint64_t)(text.ptr[i] - '0'), &length))
			return KORU__H1_E_LENGTH_LARGE;
	if (length > INT64_MAX)
		return KORU__H1_E_LENGTH_LARGE;
	*ret = length;
	return KORU__H1_OK;
}

/* RFC 9110 8.6: a list, or several lines, of one and the same number may be read as that
 * number. Proxies make such answers; in a request nobody has an excuse. */
static enum koru__h1_error note_length(struct koru__h1 *h1)
{
	struct koru_text list = h1->value;
	if (h1->is_request) {
		if (h1->has_length)
			return KORU__H1_E_LENGTH_TWICE;
		h1->has_length = true;
		return read_length(list, &h1->length);
	}
	if (list.len == 0)
		return KORU__H1_E_LENGTH_VALUE;
	struct koru_text element = list;
	bool any = false;
	while (next_element(&list, &element)) {
		uint64_t length = 0;
		enum koru__h1_error error = read_length(element, &length);
		if (error)
			return error;
		if (h1->has_length && length != h1->length)
			return KORU__H1_E_LENGTH_DIFFERS;
		h1->has_length = any = true;
		h1->length = length;
	}
	return any ? KORU__H1_OK : KORU__H1_E_LENGTH_VALUE;
}

/* RFC 9112 6.1. Only chunked is known, so the list over all lines must be just that. */
static enum koru__h1_error note_coding(struct koru__h1 *h1)
{
	h1->saw_coding = true;
	struct koru_text list = h1->value;
	struct koru_text element;
	bool any = false;
	while (next_element(&list, &element)) {
		bool chunked = koru__char_equal(element.ptr, element.len, "chunked");
		any = true;
		if (h1->saw_chunked)
			return chunked ? KORU__H1_E_CODING_TWICE : KORU__H1_E_CODING_ORDER;
		size_t token = koru__char_span(element.ptr, element.len, KORU__C_TOKEN);
		if (token == 0 || (token < element.len && element.ptr[token] != ';' &&
		                   element.ptr[token] != ' ' && element.ptr[token] != '\t'))
			return KORU__H1_E_CODING_VALUE;
		if (!chunked)
			return KORU__H1_E_CODING_UNKNOWN;
		h1->saw_chunked = true;
	}
	return any ? KORU__H1_OK : KORU__H1_E_CODING_VALUE;
}

/* RFC 9112 9.6 and 9.3: "close" wins over everything. */
static void note_connection(struct koru__h1 *h1)
{
	struct koru_text list = h1->value;
	struct koru_text element;
	while (next_element(&list, &element)) {
		if (koru__char_equal(element.ptr, element.len, "close"))
			h1->saw_close = true;
		else if (koru__char_equal(element.ptr, element.len, "keep-alive"))
			h1->saw_keep_alive = true;
	}
}

/* Host = uri-host [ ":" port ] (RFC 9110 7.2); exactly one (RFC 9112 3.2). */
static enum koru__h1_error note_host(struct koru__h1 *h1)
{
	if (!h1->is_request)
		return KORU__H1_OK;
	if (h1->saw_host)
		return KORU__H1_E_HOST_TWICE;
	h1->saw_host = true;
	struct koru_text host, port;
	return koru__h1_authority(h1->value, &host, &port) ? KORU__H1_OK : KORU__H1_E_HOST_VALUE;
}

enum koru__h1_error koru__h1_note_header(struct koru__h1 *h1)
{
	const char *name = h1->name.ptr;
	switch (h1->name.len) {
	case 4: return koru__char_same(name, "host", 4) ? note_host(h1) : KORU__H1_OK;
	case 10:
		if (koru__char_same(name, "connection", 10))
			note_connection(h1);
		return KORU__H1_OK;
	case 14: return koru__char_same(name, "content-length", 14) ? note_length(h1) : KORU__H1_OK;
	case 17:
		return koru__char_same(name, "transfer-encoding", 17) ? note_coding(h1)
		                                                      : KORU__H1_OK;
	default: return KORU__H1_OK;
	}
}

/* RFC 9110 6.5.1: what frames or routes a message comes before its body. */
enum koru__h1_error koru__h1_check_trailer(const struct koru__h1 *h1)
{
	static const char *const forbidden[] = { "host", "content-length", "transfer-encoding",
		                                 "trailer", "content-encoding" };
	for (size_t i = 0; i < koru__array_len(forbidden); i++)
		if (koru__char_equal(h1->name.ptr, h1->name.len, forbidden[i]))
			return KORU__H1_E_TRAILER_FIELD;
	return KORU__H1_OK;
}

/* RFC 9112 6.3, the rules in their order. */
static enum koru__h1_body body_of(const struct koru__h1 *h1)
{
	bool never = !h1->is_request &&
	             (h1->to_head || h1->status < 200 || h1->status == 204 || h1->status == 304);
	if (never || h1->tunnel)
		return KORU__H1_BODY_NONE;
	if (h1->saw_chunked)
		return KORU__H1_BODY_CHUNKED;
	if (h1->has_length)
		return h1->length > 0 ? KORU__H1_BODY_LENGTH : KORU__H1_BODY_NONE;
	return h1->is_request ? KORU__H1_BODY_NONE : KORU__H1_BODY_CLOSE;
}

enum koru__h1_error koru__h1_frame(struct koru__h1 *h1)
{
	if (h1->is_request && h1->minor > 0 && !h1->saw_host)
		return KORU__H1_E_HOST_MISSING;
	if (h1->saw_coding && h1->has_length)
		return KORU__H1_E_LENGTH_AND_CODING;
	if (h1->saw_coding && h1->minor == 0)
		return KORU__H1_E_CODING_VERSION;
	if (!h1->is_request && h1->status == 101)
		return KORU__H1_E_UPGRADE;
	h1->interim = !h1->is_request && h1->status < 200;
	h1->tunnel = h1->to_connect && h1->status >= 200 && h1->status < 300;
	h1->body = (uint8_t)body_of(h1);
	h1->keep_alive = !h1->saw_close && (h1->minor > 0 || h1->saw_keep_alive) &&
	                 h1->body != KORU__H1_BODY_CLOSE && !h1->tunnel;
	return KORU__H1_OK;
}
