/* SPDX-License-Identifier: MIT
 *
 * Which bytes may stand where: the character classes of RFC 9110, 9112 and 3986, one bit
 * each in one table.
 */
#ifndef KORU_HTTP_CHAR_H
#define KORU_HTTP_CHAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	KORU__C_TOKEN = 1,  /* tchar (RFC 9110 5.6.2): methods, header names, codings */
	KORU__C_FIELD = 2,  /* field-vchar, SP and HTAB (RFC 9110 5.5): header values */
	KORU__C_TARGET = 4, /* visible ASCII without "#": a request target */
	KORU__C_NAME = 8,   /* unreserved and sub-delims (RFC 3986 2.2, 2.3): reg-name */
	KORU__C_PATH = 16,  /* pchar without "%", and "/" (RFC 3986 3.3) */
	KORU__C_QUERY = 32, /* the same and "?" (RFC 3986 3.4) */
	KORU__C_HEX = 64,   /* HEXDIG, both cases */
	KORU__C_DIGIT = 128,
};

extern const uint8_t koru__char_class[256];

static inline bool koru__char_is(char c, int classes)
{
	return (koru__char_class[(unsigned char)c] & classes) != 0;
}

/* How many bytes at the beginning of `s` are in one of `classes`. */
static inline size_t koru__char_span(const char *s, size_t len, int classes)
{
	size_t i = 0;
	while (i < len && koru__char_is(s[i], classes))
		i++;
	return i;
}

/* The value of a HEXDIG. */
static inline unsigned koru__char_hex(char c)
{
	return koru__char_is(c, KORU__C_DIGIT) ? (unsigned)(c - '0') : ((unsigned)c & 7) + 9;
}

static inline char koru__char_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* Writes a number in decimal, without a zero behind it; returns the length. (snprintf would
 * take longer than the rest of a head.) */
size_t koru__char_decimal(char to[20], uint64_t number);

/* Whether the `len` bytes at `s` are `lower` (lower case, terminated), in any case. */
bool koru__char_equal(const char *s, size_t len, const char *lower);

/* Whether two pieces of equal length are the same but for case. */
bool koru__char_same(const char *a, const char *b, size_t len);

#endif
