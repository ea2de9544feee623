/* SPDX-License-Identifier: MIT
 * Counts, durations and sizes from text. See args.h. */
#include "args.h"

#include "koru/time.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Reads digits from *text on and leaves it behind them. */
static int read_digits(const char **text, uint64_t *ret)
{
	const char *p = *text;
	uint64_t value = 0;
	if (!is_digit(*p))
		return -EINVAL;
	bool overflow = false;
	for (; is_digit(*p); p++) {
		overflow |= __builtin_mul_overflow(value, UINT64_C(10), &value);
		overflow |= __builtin_add_overflow(value, (uint64_t)(*p - '0'), &value);
	}
	*text = p;
	*ret = overflow ? UINT64_MAX : value; /* too large for every range there is */
	return 0;
}

int args_count(const char *text, uint64_t min, uint64_t max, uint64_t *ret_count)
{
	uint64_t value;
	if (read_digits(&text, &value) < 0 || *text != '\0')
		return -EINVAL;
	if (value < min || value > max)
		return -ERANGE;
	*ret_count = value;
	return 0;
}

/* The length of one unit in nanoseconds, 0 when there is no such unit. */
static int64_t unit_length(const char *unit)
{
	static const struct {
		const char *name;
		int64_t ns;
	} units[] = {
		{ "ns", KORU_NANOSECOND }, { "us", KORU_MICROSECOND }, { "ms", KORU_MILLISECOND },
		{ "s", KORU_SECOND },      { "m", KORU_MINUTE },       { "min", KORU_MINUTE },
		{ "h", KORU_HOUR },
	};
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(unit, units[i].name) == 0)
			return units[i].ns;
	return 0;
}

/* The digits after the point, as a share of `unit`; what is finer than a nanosecond is
 * dropped. */
static int read_fraction(const char **text, int64_t *ret_share, int64_t unit)
{
	const char *p = *text;
	int64_t share = 0;
	if (!is_digit(*p))
		return -EINVAL;
	for (int64_t place = unit / 10; is_digit(*p); p++, place /= 10)
		share += (*p - '0') * place;
	*text = p;
	*ret_share = share;
	return 0;
}

int args_duration(const char *text, int64_t *ret_ns)
{
	const int64_t max = 365 * 24 * KORU_HOUR;
	const char *p = text;
	uint64_t whole;
	if (read_digits(&p, &whole) < 0)
		return -EINVAL;

	int64_t unit = unit_length(p + (*p == '.' ? 1 + strspn(p + 1, "0123456789") : 0));
	if (unit == 0 && strcmp(text, "0") == 0)
		unit = KORU_SECOND;
	if (unit == 0)
		return -EINVAL;

	int64_t share = 0;
	if (*p == '.') {
		p++;
		if (read_fraction(&p, &share, unit) < 0)
			return -EINVAL;
	}
	if (whole > (uint64_t)(max / unit) || (int64_t)whole * unit > max - share)
		return -ERANGE;
	*ret_ns = (int64_t)whole * unit + share;
	return 0;
}

int args_size(const char *text, uint64_t max, uint64_t *ret_bytes)
{
	uint64_t value;
	if (read_digits(&text, &value) < 0)
		return -EINVAL;

	unsigned shift = 0;
	switch (*text) {
	case 'k':
	case 'K': shift = 10; break;
	case 'M': shift = 20; break;
	case 'G': shift = 30; break;
	case '\0': break;
	default: return -EINVAL;
	}
	if (shift != 0 && text[1] != '\0')
		return -EINVAL;
	if (value > max >> shift)
		return -ERANGE;
	*ret_bytes = value << shift;
	return 0;
}
