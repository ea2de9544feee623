/* SPDX-License-Identifier: MIT
 * A chunk's first line (RFC 9112 7.1): the size and its extensions. See h1_rules.h. */
#include "http/char.h"
#include "http/h1_rules.h"

static size_t skip_blank(const char *s, size_t len, size_t i)
{
	while (i < len && (s[i] == ' ' || s[i] == '\t'))
		i++;
	return i;
}

/* quoted-string (RFC 9110 5.6.4) that begins at s[i]; the index behind it, or 0. */
static size_t skip_quoted(const char *s, size_t len, size_t i)
{
	for (i++; i < len && koru__char_is(s[i], KORU__C_FIELD); i++) {
		if (s[i] == '"')
			return i + 1;
		if (s[i] == '\\' && (++i == len || !koru__char_is(s[i], KORU__C_FIELD)))
			return 0;
	}
	return 0;
}

/* chunk-ext-name [ BWS "=" BWS chunk-ext-val ] that begins at s[i]; the index behind it, or
 * 0. */
static size_t skip_extension(const char *s, size_t len, size_t i)
{
	size_t name = koru__char_span(s + i, len - i, KORU__C_TOKEN);
	if (name == 0)
		return 0;
	i += name;
	size_t equals = skip_blank(s, len, i);
	if (equals == len || s[equals] != '=')
		return i;
	i = skip_blank(s, len, equals + 1);
	if (i < len && s[i] == '"')
		return skip_quoted(s, len, i);
	size_t value = koru__char_span(s + i, len - i, KORU__C_TOKEN);
	return value > 0 ? i + value : 0;
}

/* chunk-ext = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] ). They mean
 * nothing here, but a line that is not read the same way by all is a line to smuggle in. */
static enum koru__h1_error read_extensions(struct koru__h1 *h1, const char *s, size_t len)
{
	if (len > h1->limits->chunk_ext_bytes_max - h1->ext_bytes)
		return KORU__H1_E_CHUNK_EXT_LARGE;
	h1->ext_bytes += (uint32_t)len;
	size_t i = 0;
	while (i < len) {
		i = skip_blank(s, len, i);
		if (i == len || s[i] != ';')
			return i < len ? koru__h1_bad_byte(s[i], KORU__H1_E_CHUNK_EXT)
			               : KORU__H1_E_CHUNK_EXT;
		i = skip_blank(s, len, i + 1);
		i = skip_extension(s, len, i);
		if (i == 0)
			return KORU__H1_E_CHUNK_EXT;
	}
	return KORU__H1_OK;
}

enum koru__h1_error koru__h1_chunk_line(struct koru__h1 *h1, const char *line, size_t len)
{
	size_t digits = koru__char_span(line, len, KORU__C_HEX);
	if (digits == 0)
		return KORU__H1_E_CHUNK_SIZE;
	uint64_t size = 0;
	for (size_t i = 0; i < digits; i++) {
		if (size > INT64_MAX >> 4)
			return KORU__H1_E_CHUNK_LARGE;
		size = size << 4 | koru__char_hex(line[i]);
	}
	if (digits < len && line[digits] != ';' && line[digits] != ' ' && line[digits] != '\t')
		return koru__h1_bad_byte(line[digits], KORU__H1_E_CHUNK_SIZE);
	h1->left = size;
	return read_extensions(h1, line + digits, len - digits);
}
