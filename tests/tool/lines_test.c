/* SPDX-License-Identifier: MIT
 * Lists of URLs cut into lines: tool/lines.h. */
#include "support/cmocka.h"

#include "lines.h"

#include <stdlib.h>
#include <string.h>

/* Feeds `text` in pieces of `piece` bytes and writes what comes out to `ret`, a '|' behind
 * each line, a '!' before one that is too long (of which 4 bytes are kept). */
static void cut(const char *text, size_t len, size_t piece, char *ret)
{
	struct lines *l = malloc(sizeof(*l));
	assert_non_null(l);
	lines_init(l);
	char *out = ret;
	for (;;) {
		struct line line;
		enum lines_result result = lines_next(l, &line);
		if (result == LINES_END)
			break;
		if (result == LINES_MORE) {
			size_t room;
			char *to = lines_room(l, &room);
			assert_true(room > 0);
			size_t n = len < piece ? len : piece;
			n = n < room ? n : room;
			memcpy(to, text, n);
			if (n > 0)
				lines_fill(l, n);
			else
				lines_finish(l);
			text += n;
			len -= n;
			continue;
		}
		if (result == LINES_TOO_LONG) {
			*out++ = '!';
			line.len = 4;
		}
		memcpy(out, line.text, line.len);
		out += line.len;
		*out++ = '|';
	}
	*out = '\0';
	free(l);
}

/* Whatever the pieces it comes in, the lines are the same. */
static void check(const char *text, size_t len, const char *lines)
{
	static const size_t pieces[] = { 1, 2, 3, 7, 100, 4096, LINES_BUFFER_SIZE };
	char *out = malloc(len + 64);
	assert_non_null(out);
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		cut(text, len, pieces[i], out);
		assert_string_equal(out, lines);
	}
	free(out);
}

static void plain_lines(void **state)
{
	(void)state;
	check("", 0, "");
	check("a", 1, "a|");
	check("a\n", 2, "a|");
	check("a\nb\nc", 5, "a|b|c|");
	check("\n\n\n", 3, "");
}

static void comments_and_blanks(void **state)
{
	(void)state;
	static const char text[] = "  a\t\r\n# comment\n   # another\n\t \nb#c\n#";
	check(text, sizeof(text) - 1, "a|b#c|");
	static const char marked[] = "\xef\xbb\xbf# list\n\xef\xbb\xbfx\n";
	check(marked, sizeof(marked) - 1, "\xef\xbb\xbfx|"); /* a mark only at the very start */
	static const char first[] = "\xef\xbb\xbfhttp://a/\r\nhttp://b/\r\n";
	check(first, sizeof(first) - 1, "http://a/|http://b/|");
}

/* One line of `len` times 'x' between two others. */
static void check_long(size_t len, const char *end, const char *lines)
{
	char *text = malloc(len + 16);
	assert_non_null(text);
	memcpy(text, "a\n", 2);
	memset(text + 2, 'x', len);
	memcpy(text + 2 + len, end, strlen(end) + 1);
	check(text, len + 2 + strlen(end), lines);
	free(text);
}

static void long_lines(void **state)
{
	(void)state;
	char longest[LINES_LEN_MAX + 8] = "a|";
	memset(longest + 2, 'x', LINES_LEN_MAX);
	memcpy(longest + 2 + LINES_LEN_MAX, "|b|", 4);
	check_long(LINES_LEN_MAX, "\nb\n", longest);
	memcpy(longest + 2 + LINES_LEN_MAX, "|", 2);
	check_long(LINES_LEN_MAX, "", longest);

	check_long(LINES_LEN_MAX + 1, "\nb\n", "a|!xxxx|b|");
	check_long(LINES_LEN_MAX + 1, "", "a|!xxxx|");
	check_long(10 * LINES_BUFFER_SIZE, "\nb", "a|!xxxx|b|");
	check_long(10 * LINES_BUFFER_SIZE, "", "a|!xxxx|");
}

static void long_comments_are_comments(void **state)
{
	(void)state;
	size_t len = 3 * LINES_BUFFER_SIZE;
	char *text = malloc(len);
	assert_non_null(text);
	memset(text, '#', len);
	memcpy(text + len - 3, "\nb\n", 3);
	check(text, len, "b|");
	free(text);
}

static void zero_bytes_are_kept(void **state)
{
	(void)state;
	struct lines *l = malloc(sizeof(*l));
	assert_non_null(l);
	lines_init(l);
	size_t room;
	memcpy(lines_room(l, &room), "a\0b\n", 4);
	lines_fill(l, 4);
	struct line line;
	assert_int_equal(lines_next(l, &line), LINES_LINE);
	assert_int_equal(line.len, 3);
	assert_memory_equal(line.text, "a\0b", 3);
	free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_lines),         cmocka_unit_test(comments_and_blanks),
		cmocka_unit_test(long_lines),          cmocka_unit_test(long_comments_are_comments),
		cmocka_unit_test(zero_bytes_are_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
