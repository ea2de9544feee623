/* SPDX-License-Identifier: MIT
 * A stream of bytes cut into lines. See lines.h. */
#include "lines.h"

#include "base/assert.h"

#include <string.h>

static_assert(LINES_BUFFER_SIZE >= 2 * (LINES_LEN_MAX + 1), "a line must fit behind another");

void lines_init(struct lines *l)
{
	l->start = 0;
	l->end = 0;
	l->number = 0;
	l->finished = false;
	l->skipping = false;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

/* Trims a raw line. False when nothing is left that counts. */
static bool trim(const struct lines *l, struct line *line)
{
	static const char mark[] = "\xef\xbb\xbf";
	if (l->number == 1 && line->len >= 3 && memcmp(line->text, mark, 3) == 0) {
		line->text += 3;
		line->len -= 3;
	}
	while (line->len > 0 && is_blank(line->text[0])) {
		line->text++;
		line->len--;
	}
	while (line->len > 0 && is_blank(line->text[line->len - 1]))
		line->len--;
	return line->len > 0 && line->text[0] != '#';
}

enum lines_result lines_next(struct lines *l, struct line *ret_line)
{
	for (;;) {
		const char *text = l->buf + l->start;
		size_t left = l->end - l->start;
		const char *newline = memchr(text, '\n', left);
		size_t len = newline ? (size_t)(newline - text) : left;

		if (l->skipping) {
			l->start += len + (newline ? 1 : 0);
			l->skipping = !newline;
			if (newline)
				continue;
			return l->finished ? LINES_END : LINES_MORE;
		}
		if (!newline && !l->finished && len <= LINES_LEN_MAX)
			return LINES_MORE;
		if (!newline && left == 0)
			return LINES_END;

		struct line line = { text, len };
		l->number++;
		if (len > LINES_LEN_MAX) {
			line.len = LINES_LEN_MAX;
			l->start += newline ? len + 1 : len;
			l->skipping = !newline;
			/* A comment may be as long as it likes. */
			if (!trim(l, &line))
				continue;
			*ret_line = line;
			return LINES_TOO_LONG;
		}
		l->start += newline ? len + 1 : len;
		if (!trim(l, &line))
			continue;
		*ret_line = line;
		return LINES_LINE;
	}
}

char *lines_room(struct lines *l, size_t *ret_room)
{
	memmove(l->buf, l->buf + l->start, l->end - l->start);
	l->end -= l->start;
	l->start = 0;
	koru__assert(l->end < LINES_BUFFER_SIZE);
	*ret_room = LINES_BUFFER_SIZE - l->end;
	return l->buf + l->end;
}

void lines_fill(struct lines *l, size_t count)
{
	koru__assert(count <= LINES_BUFFER_SIZE - l->end && !l->finished);
	l->end += count;
}

void lines_finish(struct lines *l)
{
	l->finished = true;
}
