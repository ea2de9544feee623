/* SPDX-License-Identifier: MIT
 *
 * A stream of bytes cut into lines of bounded length. Pure: the caller brings the bytes
 * and says when there are no more. It knows neither files nor URLs.
 *
 *     for (;;) {
 *             while ((rc = lines_next(&l, &line)) != LINES_MORE)
 *                     if (rc == LINES_END) return; else use(line);
 *             n = read(fd, lines_room(&l, &room), room);
 *             n > 0 ? lines_fill(&l, n) : lines_finish(&l);
 *     }
 */
#ifndef TOOL_LINES_H
#define TOOL_LINES_H

#include <stdbool.h>
#include <stddef.h>

#define LINES_LEN_MAX     8192 /* bytes of a line, its end not counted */
#define LINES_BUFFER_SIZE (32u << 10)

struct lines {
	char buf[LINES_BUFFER_SIZE];
	size_t start;         /* the first byte not yet handed out */
	size_t end;           /* behind the last byte there is */
	unsigned long number; /* of the line handed out last, from 1 */
	bool finished;        /* no more bytes will come */
	bool skipping;        /* inside a line that was reported as too long */
};

enum lines_result {
	LINES_LINE,     /* a line: trimmed, neither empty nor a comment */
	LINES_TOO_LONG, /* a line over LINES_LEN_MAX; its beginning is handed out */
	LINES_MORE,     /* bring more bytes */
	LINES_END,      /* that was all */
};

/* A line: `text` is valid until the next call of lines_room; no zero at its end. */
struct line {
	const char *text;
	size_t len;
};

void lines_init(struct lines *l);

/* The next line, without blanks around it ("\r" counts as one). Empty lines, and those
 * whose first character is '#', are passed over; so is a byte order mark. */
enum lines_result lines_next(struct lines *l, struct line *ret_line);

/* Where the next bytes go and how many find room, never zero after LINES_MORE. */
char *lines_room(struct lines *l, size_t *ret_room);
void lines_fill(struct lines *l, size_t count);

/* No more bytes will come: a last line without an end is a line too. */
void lines_finish(struct lines *l);

#endif
