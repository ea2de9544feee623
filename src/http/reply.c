/* SPDX-License-Identifier: MIT
 * See reply.h. */
#include "http/reply.h"

#include "base/assert.h"
#include "base/macro.h"
#include "http/char.h"
#include "koru/http.h"

#include <stdio.h>

/* IMF-fixdate (RFC 9110 5.6.7), which is English whatever the locale is. */
static const char *date_text(struct koru__reply_date *date)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t now = time(NULL);
	struct tm tm;
	if (now == date->second || !gmtime_r(&now, &tm))
		return date->text;
	date->second = now;
	(void)snprintf(date->text, sizeof(date->text), "%.3s, %02u %.3s %04u %02u:%02u:%02u GMT",
	               days + tm.tm_wday * 3, (unsigned)tm.tm_mday % 100, months + tm.tm_mon * 3,
	               (unsigned)(tm.tm_year + 1900) % 10000, (unsigned)tm.tm_hour % 100,
	               (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
	return date->text;
}

bool koru__reply_has_body(int status)
{
	return status >= 200 && status != 204 && status != 304;
}

static void put_header(struct koru__buf *buf, const char *name, const char *value)
{
	koru__buf_puts(buf, name);
	koru__buf_put(buf, ": ", 2);
	koru__buf_puts(buf, value);
	koru__buf_put(buf, "\r\n", 2);
}

void koru__reply_write(struct koru__buf *buf, const struct koru__http_reply *reply,
                       struct koru__reply_date *date, int minor, bool keep)
{
	char number[20];
	koru__assert(reply->status >= 200 && reply->status <= 999);
	koru__buf_put(buf, "HTTP/1.1 ", 9);
	koru__buf_put(buf, number, koru__char_decimal(number, (uint64_t)reply->status));
	koru__buf_put(buf, " ", 1);
	koru__buf_puts(buf, koru_http_reason(reply->status));
	koru__buf_put(buf, "\r\n", 2);
	put_header(buf, "Date", date_text(date));
	if (reply->type)
		put_header(buf, "Content-Type", reply->type);
	if (koru__reply_has_body(reply->status)) {
		koru__buf_puts(buf, "Content-Length: ");
		koru__buf_put(buf, number, koru__char_decimal(number, reply->body_len));
		koru__buf_put(buf, "\r\n", 2);
	}
	for (size_t i = 0; i < reply->header_count; i++)
		put_header(buf, reply->headers[i].name, reply->headers[i].value);
	if (!keep)
		put_header(buf, "Connection", "close");
	else if (minor == 0)
		put_header(buf, "Connection", "keep-alive");
	koru__buf_put(buf, "\r\n", 2);
}
