/* SPDX-License-Identifier: MIT
 * The progress bar's text: tool/bar.h. */
#include "support/cmocka.h"

#include "bar.h"

#include "koru/time.h"

#include <string.h>

static const struct bar_counts some = {
	.done = 370,
	.failed = 2,
	.total = 1000,
	.total_known = true,
	.bytes = 1234567,
	.elapsed = 3 * KORU_SECOND,
};

static void wide(void **state)
{
	(void)state;
	char buf[BAR_SIZE];
	bar_draw(buf, &some, 340000, 100, false);
	assert_string_equal(buf, "  370/1,000  [##############--------------------------]   37%  "
	                         "1.2 MB  340.0 kB/s  2 failed  0:03");
}

/* At every width it fits, keeps the counts, and is no shorter for more room. */
static void every_width(void **state)
{
	(void)state;
	size_t before = 0;
	for (unsigned width = 0; width < 300; width++) {
		char buf[BAR_SIZE];
		bar_draw(buf, &some, 340000, width, false);
		size_t len = strlen(buf);
		assert_true(len <= width);
		if (width >= 11)
			assert_memory_equal(buf, "  370/1,000", 11);
		else
			assert_string_equal(buf, "");
		if (width >= 30)
			assert_non_null(strstr(buf, "2 failed"));
		assert_true(len >= before || width > 11);
		before = len;
	}
}

static void ends(void **state)
{
	(void)state;
	char buf[BAR_SIZE];
	struct bar_counts none = { .total = 0 };
	bar_draw(buf, &none, 0, 100, false);
	assert_non_null(strstr(buf, "0/0+"));
	assert_non_null(strstr(buf, "  0%"));
	assert_null(strchr(buf, '#'));

	struct bar_counts all = some;
	all.done = 999;
	bar_draw(buf, &all, 0, 120, false);
	assert_non_null(strstr(buf, " 99%"));
	assert_non_null(strstr(buf, "-]"));
	all.done = 1000;
	bar_draw(buf, &all, 0, 120, false);
	assert_non_null(strstr(buf, "100%"));
	assert_null(strchr(buf, '-'));

	struct bar_counts huge = { .done = UINT64_MAX,
		                   .failed = UINT64_MAX,
		                   .total = UINT64_MAX,
		                   .bytes = UINT64_MAX,
		                   .elapsed = INT64_MAX };
	bar_draw(buf, &huge, UINT64_MAX, BAR_WIDTH_MAX, true);
	assert_true(strlen(buf) < BAR_SIZE);
}

/* Colours are asked for, and take no columns. */
static void colours(void **state)
{
	(void)state;
	char plain[BAR_SIZE];
	char coloured[BAR_SIZE];
	bar_draw(plain, &some, 340000, 100, false);
	bar_draw(coloured, &some, 340000, 100, true);
	assert_null(strchr(plain, '\x1b'));
	assert_non_null(strstr(coloured, "\x1b[31m2 failed\x1b[0m"));

	char stripped[BAR_SIZE];
	char *out = stripped;
	for (const char *p = coloured; *p; p++)
		if (*p == '\x1b')
			p = strchr(p, 'm');
		else
			*out++ = *p;
	*out = '\0';
	assert_string_equal(stripped, plain);
}

static void rates(void **state)
{
	(void)state;
	struct bar_rate rate = { 0 };
	assert_int_equal(bar_rate_update(&rate, 0, 0), 0);
	assert_int_equal(bar_rate_update(&rate, 1000, KORU_SECOND), 1000);
	assert_int_equal(bar_rate_update(&rate, 2000, 2 * KORU_SECOND), 1000);
	assert_int_equal(bar_rate_update(&rate, 2000, 2 * KORU_SECOND), 1000); /* no time */
	uint64_t stalled = bar_rate_update(&rate, 2000, 4 * KORU_SECOND);
	assert_true(stalled > 0 && stalled < 1000);
	for (int i = 5; i < 60; i++)
		stalled = bar_rate_update(&rate, 2000, i * KORU_SECOND);
	assert_int_equal(stalled, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wide),    cmocka_unit_test(every_width), cmocka_unit_test(ends),
		cmocka_unit_test(colours), cmocka_unit_test(rates),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
