/* SPDX-License-Identifier: MIT
 * The table of character classes, computed by the compiler. See char.h. */
#include "http/char.h"

#include <string.h>

#define IN(c, first, last) ((c) >= (first) && (c) <= (last))
#define IS_DIGIT(c)        IN(c, '0', '9')
#define IS_ALPHA(c)        (IN(c, 'a', 'z') || IN(c, 'A', 'Z'))
#define IS_HEX(c)          (IS_DIGIT(c) || IN(c, 'a', 'f') || IN(c, 'A', 'F'))

#define IS_UNRESERVED(c)                                                                           \
	(IS_ALPHA(c) || IS_DIGIT(c) || (c) == '-' || (c) == '.' || (c) == '_' || (c) == '~')
#define IS_SUBDELIM(c)                                                                             \
	((c) == '!' || (c) == '$' || (c) == '&' || (c) == '\'' || (c) == '(' || (c) == ')' ||      \
	 (c) == '*' || (c) == '+' || (c) == ',' || (c) == ';' || (c) == '=')
#define IS_NAME(c)  (IS_UNRESERVED(c) || IS_SUBDELIM(c))
#define IS_PATH(c)  (IS_NAME(c) || (c) == ':' || (c) == '@' || (c) == '/')
#define IS_QUERY(c) (IS_PATH(c) || (c) == '?')

#define IS_TOKEN(c)                                                                                \
	(IS_ALPHA(c) || IS_DIGIT(c) || (c) == '!' || (c) == '#' || (c) == '$' || (c) == '%' ||     \
	 (c) == '&' || (c) == '\'' || (c) == '*' || (c) == '+' || (c) == '-' || (c) == '.' ||      \
	 (c) == '^' || (c) == '_' || (c) == '`' || (c) == '|' || (c) == '~')
#define IS_FIELD(c)  (IN(c, 0x20, 0x7e) || (c) == '\t' || (c) >= 0x80)
#define IS_TARGET(c) (IN(c, 0x21, 0x7e) && (c) != '#')

#define CLASS(c)                                                                                   \
	((IS_TOKEN(c) ? KORU__C_TOKEN : 0) | (IS_FIELD(c) ? KORU__C_FIELD : 0) |                   \
	 (IS_TARGET(c) ? KORU__C_TARGET : 0) | (IS_NAME(c) ? KORU__C_NAME : 0) |                   \
	 (IS_PATH(c) ? KORU__C_PATH : 0) | (IS_QUERY(c) ? KORU__C_QUERY : 0) |                     \
	 (IS_HEX(c) ? KORU__C_HEX : 0) | (IS_DIGIT(c) ? KORU__C_DIGIT : 0))

#define CLASS_4(c)  CLASS(c), CLASS((c) + 1), CLASS((c) + 2), CLASS((c) + 3)
#define CLASS_16(c) CLASS_4(c), CLASS_4((c) + 4), CLASS_4((c) + 8), CLASS_4((c) + 12)
#define CLASS_64(c) CLASS_16(c), CLASS_16((c) + 16), CLASS_16((c) + 32), CLASS_16((c) + 48)

const uint8_t koru__char_class[256] = { CLASS_64(0), CLASS_64(64), CLASS_64(128), CLASS_64(192) };

bool koru__char_same(const char *a, const char *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (koru__char_lower(a[i]) != koru__char_lower(b[i]))
			return false;
	return true;
}

bool koru__char_equal(const char *s, size_t len, const char *lower)
{
	return strlen(lower) == len && koru__char_same(s, lower, len);
}

size_t koru__char_decimal(char to[20], uint64_t number)
{
	char digits[20];
	size_t len = 0;
	do {
		digits[len++] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	for (size_t i = 0; i < len; i++)
		to[i] = digits[len - 1 - i];
	return len;
}
