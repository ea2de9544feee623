/* SPDX-License-Identifier: MIT
 * Error codes and assertions: what koru says when something is wrong. The only file of the
 * library that writes to standard error. */
#include "koru/error.h"

#include "base/assert.h"
#include "base/die.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *koru_strerror(int result)
{
	if (result == 0)
		return "success";
	if (result == INT_MIN) /* has no positive twin */
		return "unknown error";
	int code = result < 0 ? -result : result;
	switch (code) {
#define ERROR_CASE(name, number, text)                                                             \
	case number: return text;
		KORU_ERROR_MAP(ERROR_CASE)
#undef ERROR_CASE
	default: break;
	}
	const char *text = strerrordesc_np(code); /* static, unlike strerror's */
	return text ? text : "unknown error";
}

void koru__warn(const char *text)
{
	(void)!write(STDERR_FILENO, text, strlen(text));
}

void koru__die(const char *format, ...)
{
	char line[512];
	va_list args;
	va_start(args, format);
	int len = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (len > (int)sizeof(line) - 1)
		len = (int)sizeof(line) - 1;
	if (len > 0)
		(void)!write(STDERR_FILENO, line, (size_t)len);
	abort();
}

void koru__assert_failed(const char *expr, const char *file, int line)
{
	koru__die("koru: %s:%d: this should always hold: %s\n", file, line, expr);
}
