/* SPDX-License-Identifier: MIT
 * Values on the command line and numbers for people: tool/args.h, tool/text.h. */
#include "support/cmocka.h"

#include "args.h"
#include "text.h"

#include "koru/time.h"

#include <errno.h>
#include <string.h>

static void counts(void **state)
{
	(void)state;
	uint64_t n = 7;
	assert_int_equal(args_count("1", 1, 10, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(args_count("18446744073709551615", 0, UINT64_MAX, &n), 0);
	assert_true(n == UINT64_MAX);

	n = 7;
	static const char *const bad[] = { "", "-1", "+1", " 1", "1 ", "1x", "x", "0x10", "1.0" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(args_count(bad[i], 0, 100, &n), -EINVAL);
	assert_int_equal(args_count("0", 1, 10, &n), -ERANGE);
	assert_int_equal(args_count("11", 1, 10, &n), -ERANGE);
	assert_int_equal(args_count("99999999999999999999", 1, 10, &n), -ERANGE);
	assert_int_equal(n, 7); /* untouched by failures */
}

static void durations(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t ns;
	} good[] = {
		{ "0", 0 },
		{ "0s", 0 },
		{ "250us", 250 * KORU_MICROSECOND },
		{ "100ms", 100 * KORU_MILLISECOND },
		{ "30s", 30 * KORU_SECOND },
		{ "1.5s", 1500 * KORU_MILLISECOND },
		{ "0.25ms", 250 * KORU_MICROSECOND },
		{ "1.9999999999999s", 2 * KORU_SECOND - 1 },
		{ "2m", 2 * KORU_MINUTE },
		{ "2min", 2 * KORU_MINUTE },
		{ "8760h", 8760 * KORU_HOUR },
	};
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		int64_t ns = -1;
		assert_int_equal(args_duration(good[i].text, &ns), 0);
		assert_true(ns == good[i].ns);
	}
	static const char *const bad[] = { "",    "s",   "30",  "-1s",   "1..5s", "1.s",
		                           ".5s", "1 s", "1s ", "1.5",   "1d",    "1S",
		                           "0.",  "0.0", "1ss", "1.5.s", "1.xs",  "inf" };
	int64_t ns = 7;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(args_duration(bad[i], &ns), -EINVAL);
	assert_int_equal(args_duration("8760.1h", &ns), -ERANGE);
	assert_int_equal(args_duration("8761h", &ns), -ERANGE);
	assert_int_equal(args_duration("99999999999999999999h", &ns), -ERANGE);
	assert_true(ns == 7);
}

static void sizes(void **state)
{
	(void)state;
	uint64_t n = 7;
	assert_int_equal(args_size("0", 100, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(args_size("64K", UINT64_MAX, &n), 0);
	assert_int_equal(n, 65536);
	assert_int_equal(args_size("64k", UINT64_MAX, &n), 0);
	assert_int_equal(n, 65536);
	assert_int_equal(args_size("3M", UINT64_MAX, &n), 0);
	assert_int_equal(n, 3 << 20);
	assert_int_equal(args_size("1G", (uint64_t)1 << 30, &n), 0);
	assert_int_equal(n, 1 << 30);
	assert_int_equal(args_size("1025M", (uint64_t)1 << 30, &n), -ERANGE);
	assert_int_equal(args_size("17179869184G", UINT64_MAX, &n), -ERANGE); /* 2^64 */
	assert_int_equal(args_size("K", 100, &n), -EINVAL);
	assert_int_equal(args_size("1KB", UINT64_MAX, &n), -EINVAL);
	assert_int_equal(args_size("1T", UINT64_MAX, &n), -EINVAL);
	assert_int_equal(n, 1 << 30);
}

static void numbers_as_text(void **state)
{
	(void)state;
	char buf[TEXT_NUMBER_SIZE];
	text_count(buf, sizeof(buf), 0);
	assert_string_equal(buf, "0");
	text_count(buf, sizeof(buf), 999);
	assert_string_equal(buf, "999");
	text_count(buf, sizeof(buf), 1000);
	assert_string_equal(buf, "1,000");
	text_count(buf, sizeof(buf), UINT64_MAX);
	assert_string_equal(buf, "18,446,744,073,709,551,615");

	text_bytes(buf, sizeof(buf), 0);
	assert_string_equal(buf, "0 bytes");
	text_bytes(buf, sizeof(buf), 1);
	assert_string_equal(buf, "1 byte");
	text_bytes(buf, sizeof(buf), 999);
	assert_string_equal(buf, "999 bytes");
	text_bytes(buf, sizeof(buf), 1000);
	assert_string_equal(buf, "1.0 kB");
	text_bytes(buf, sizeof(buf), 999999); /* not "1000.0 kB" */
	assert_string_equal(buf, "999.9 kB");
	text_bytes(buf, sizeof(buf), 1234567);
	assert_string_equal(buf, "1.2 MB");
	text_bytes(buf, sizeof(buf), UINT64_MAX);
	assert_string_equal(buf, "18.4 EB");
}

static void times_as_text(void **state)
{
	(void)state;
	static const struct {
		int64_t ns;
		const char *duration;
		const char *clock;
	} rows[] = {
		{ -1, "0 ms", "0:00" },
		{ 213 * KORU_MILLISECOND, "213 ms", "0:00" },
		{ 1529 * KORU_MILLISECOND, "1.52 s", "0:01" },
		{ 187 * KORU_SECOND, "3 min 7 s", "3:07" },
		{ 3723 * KORU_SECOND, "1 h 2 min", "1:02:03" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char buf[TEXT_NUMBER_SIZE];
		text_duration(buf, sizeof(buf), rows[i].ns);
		assert_string_equal(buf, rows[i].duration);
		text_clock(buf, sizeof(buf), rows[i].ns);
		assert_string_equal(buf, rows[i].clock);
	}
}

/* What is told of an option reads back as the same duration. */
static void option_durations_read_back(void **state)
{
	(void)state;
	static const char *const texts[] = { "250us", "100ms", "1500us", "30s",
		                             "1.5s",  "90s",   "2m",     "3h" };
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		int64_t ns;
		int64_t again;
		char buf[TEXT_NUMBER_SIZE];
		assert_int_equal(args_duration(texts[i], &ns), 0);
		text_option_duration(buf, sizeof(buf), ns);
		assert_int_equal(args_duration(buf, &again), 0);
		assert_true(again == ns);
	}
}

static void check_clean(const char *src, const char *clean)
{
	char buf[64];
	text_clean(buf, sizeof(buf), src, strlen(src));
	assert_string_equal(buf, clean);
}

static void foreign_text(void **state)
{
	(void)state;
	check_clean("", "");
	check_clean("http://example.org/", "http://example.org/");
	check_clean("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
	            "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");
	check_clean("\x1b[2J\r\n\t\x7f", "\\x1b[2J\\x0d\\x0a\\x09\\x7f");
	check_clean("\xc2\x9b", "\\xc2\\x9b");          /* U+009B: introduces sequences too */
	check_clean("\xff\x80 a", "\\xff\\x80 a");      /* stray bytes */
	check_clean("\xc0\xaf", "\\xc0\\xaf");          /* overlong */
	check_clean("\xed\xa0\x80", "\\xed\\xa0\\x80"); /* a surrogate */
	check_clean("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"); /* beyond U+10FFFF */
	check_clean("\xe2\x82", "\\xe2\\x82");                   /* cut off */
}

/* Every size of buffer gets a text that fits, ends with a zero and is cut between
 * characters. */
static void foreign_text_that_is_too_long(void **state)
{
	(void)state;
	static const char src[] = "ab\xe2\x82\xac\x01zzzzzzzzzz";
	for (size_t size = 8; size < 40; size++) {
		char buf[64];
		memset(buf, 'X', sizeof(buf));
		text_clean(buf, size, src, sizeof(src) - 1);
		size_t len = strlen(buf);
		assert_true(len < size);
		assert_int_equal(buf[size], 'X');
		for (size_t i = 0; i < len;) {
			size_t step = text_utf8_len(buf + i, len - i);
			assert_true(step > 0);
			i += step;
		}
		if (size < 20)
			assert_string_equal(buf + len - 3, "...");
	}
	char exact[9];
	text_clean(exact, sizeof(exact), "12345678", 8);
	assert_string_equal(exact, "12345678");
	text_clean(exact, sizeof(exact), "123456789", 9);
	assert_string_equal(exact, "12345...");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts),        cmocka_unit_test(durations),
		cmocka_unit_test(sizes),         cmocka_unit_test(numbers_as_text),
		cmocka_unit_test(times_as_text), cmocka_unit_test(option_durations_read_back),
		cmocka_unit_test(foreign_text),  cmocka_unit_test(foreign_text_that_is_too_long),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
