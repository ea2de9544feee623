/* SPDX-License-Identifier: MIT
 * Numbers and foreign text for people. See text.h. */
#include "text.h"

#include "koru/time.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void text_count(char *buf, size_t size, uint64_t n)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, n);
	size_t out = 0;
	for (int i = 0; i < len && out + 1 < size; i++) {
		if (i > 0 && (len - i) % 3 == 0 && out + 2 < size)
			buf[out++] = ',';
		buf[out++] = digits[i];
	}
	buf[out] = '\0';
}

void text_bytes(char *buf, size_t size, uint64_t n)
{
	static const char *const units[] = { "kB", "MB", "GB", "TB", "PB", "EB" };
	if (n < 1000) {
		(void)snprintf(buf, size, "%" PRIu64 " byte%s", n, n == 1 ? "" : "s");
		return;
	}
	/* In whole tenths, rounded down: 999,999 is "999.9 kB", never "1000.0 kB". */
	uint64_t tenths = n / 100;
	size_t unit = 0;
	while (tenths >= 10000 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		tenths /= 1000;
		unit++;
	}
	(void)snprintf(buf, size, "%" PRIu64 ".%" PRIu64 " %s", tenths / 10, tenths % 10,
	               units[unit]);
}

void text_duration(char *buf, size_t size, int64_t ns)
{
	if (ns < 0)
		ns = 0;
	if (ns < KORU_SECOND)
		(void)snprintf(buf, size, "%" PRId64 " ms", ns / KORU_MILLISECOND);
	else if (ns < KORU_MINUTE)
		(void)snprintf(buf, size, "%" PRId64 ".%02" PRId64 " s", ns / KORU_SECOND,
		               ns % KORU_SECOND / (10 * KORU_MILLISECOND));
	else if (ns < KORU_HOUR)
		(void)snprintf(buf, size, "%" PRId64 " min %" PRId64 " s", ns / KORU_MINUTE,
		               ns % KORU_MINUTE / KORU_SECOND);
	else
		(void)snprintf(buf, size, "%" PRId64 " h %" PRId64 " min", ns / KORU_HOUR,
		               ns % KORU_HOUR / KORU_MINUTE);
}

void text_clock(char *buf, size_t size, int64_t ns)
{
	if (ns < 0)
		ns = 0;
	int64_t seconds = ns % KORU_MINUTE / KORU_SECOND;
	int64_t minutes = ns % KORU_HOUR / KORU_MINUTE;
	if (ns < KORU_HOUR)
		(void)snprintf(buf, size, "%" PRId64 ":%02" PRId64, minutes, seconds);
	else
		(void)snprintf(buf, size, "%" PRId64 ":%02" PRId64 ":%02" PRId64, ns / KORU_HOUR,
		               minutes, seconds);
}

void text_option_duration(char *buf, size_t size, int64_t ns)
{
	if (ns >= KORU_HOUR && ns % KORU_HOUR == 0)
		(void)snprintf(buf, size, "%" PRId64 "h", ns / KORU_HOUR);
	else if (ns >= KORU_MINUTE && ns % KORU_MINUTE == 0)
		(void)snprintf(buf, size, "%" PRId64 "m", ns / KORU_MINUTE);
	else if (ns >= KORU_SECOND && ns % KORU_SECOND == 0)
		(void)snprintf(buf, size, "%" PRId64 "s", ns / KORU_SECOND);
	else if (ns >= KORU_SECOND && ns % (KORU_SECOND / 10) == 0)
		(void)snprintf(buf, size, "%" PRId64 ".%" PRId64 "s", ns / KORU_SECOND,
		               ns % KORU_SECOND / (KORU_SECOND / 10));
	else if (ns % KORU_MILLISECOND == 0)
		(void)snprintf(buf, size, "%" PRId64 "ms", ns / KORU_MILLISECOND);
	else
		(void)snprintf(buf, size, "%" PRId64 "us", ns / KORU_MICROSECOND);
}

size_t text_utf8_len(const char *src, size_t len)
{
	if (len == 0)
		return 0;
	unsigned char first = (unsigned char)src[0];
	if (first < 0x80)
		return 1;

	size_t need = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
	if (first < 0xc2 || first > 0xf4 || len < need)
		return 0;
	for (size_t i = 1; i < need; i++)
		if (((unsigned char)src[i] & 0xc0) != 0x80)
			return 0;

	/* RFC 3629, section 4: the second byte is restricted after these four. */
	unsigned char second = (unsigned char)src[1];
	if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
	    (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f))
		return 0;
	return need;
}

/* Whether a valid character of `len` bytes controls a terminal instead of being seen:
 * C0, DEL and C1 (U+0080 to U+009F). */
static int is_control(const char *src, size_t len)
{
	unsigned char first = (unsigned char)src[0];
	if (len == 1)
		return first < 0x20 || first == 0x7f;
	return len == 2 && first == 0xc2 && (unsigned char)src[1] < 0xa0;
}

void text_clean(char *buf, size_t size, const char *src, size_t len)
{
	size_t out = 0;
	size_t cut = 0; /* where the "..." goes if the rest turns out too long */
	while (len > 0) {
		char hex[5];
		size_t take = text_utf8_len(src, len);
		const char *put = src;
		size_t put_len = take;
		if (take == 0 || is_control(src, take)) {
			put_len = (size_t)snprintf(hex, sizeof(hex), "\\x%02x",
			                           (unsigned char)src[0]);
			put = hex;
			take = 1;
		}
		if (out + put_len + 1 > size) {
			memcpy(buf + cut, "...", 3);
			out = cut + 3;
			break;
		}
		memcpy(buf + out, put, put_len);
		out += put_len;
		src += take;
		len -= take;
		if (out + 4 <= size)
			cut = out;
	}
	buf[out] = '\0';
}
