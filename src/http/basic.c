/* SPDX-License-Identifier: MIT
 * The user in a URL, as an Authorization (RFC 7617). See proxy.h. */
#include "base/alloc.h"
#include "http/char.h"
#include "http/proxy.h"

#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Base64 (RFC 4648 4) of `len` bytes; returns how many characters came of it. */
static size_t base64(char *to, const unsigned char *from, size_t len)
{
	size_t n = 0;
	for (size_t i = 0; i < len; i += 3) {
		unsigned bits = (unsigned)from[i] << 16;
		if (i + 1 < len)
			bits |= (unsigned)from[i + 1] << 8;
		if (i + 2 < len)
			bits |= from[i + 2];
		to[n++] = alphabet[bits >> 18 & 63];
		to[n++] = alphabet[bits >> 12 & 63];
		to[n++] = i + 1 < len ? alphabet[bits >> 6 & 63] : '=';
		to[n++] = i + 2 < len ? alphabet[bits & 63] : '=';
	}
	return n;
}

/* Undoes percent-encoding, which the URL's parser has checked. */
static size_t percent_decode(unsigned char *to, struct koru_text from)
{
	size_t n = 0;
	for (size_t i = 0; i < from.len; i++) {
		if (from.ptr[i] != '%') {
			to[n++] = (unsigned char)from.ptr[i];
			continue;
		}
		to[n++] = (unsigned char)(koru__char_hex(from.ptr[i + 1]) << 4 |
		                          koru__char_hex(from.ptr[i + 2]));
		i += 2;
	}
	return n;
}

char *koru__basic_authorization(struct koru_text user)
{
	static const char scheme[] = "Basic ";
	size_t text_max = strlen(scheme) + (user.len + 1 + 2) / 3 * 4 + 1;
	unsigned char *plain = koru__alloc(user.len + 1);
	char *text = koru__alloc(text_max);
	if (plain && text) {
		size_t len = percent_decode(plain, user);
		if (!memchr(user.ptr, ':', user.len))
			plain[len++] = ':'; /* RFC 7617 2: user-id ":" password */
		memcpy(text, scheme, strlen(scheme));
		size_t n = base64(text + strlen(scheme), plain, len);
		text[strlen(scheme) + n] = '\0';
	} else {
		koru__free(text);
		text = NULL;
	}
	koru__free(plain);
	return text;
}
