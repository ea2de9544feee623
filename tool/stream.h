/* SPDX-License-Identifier: MIT
 *
 * What the command says: standard output and standard error, each a buffer that any task
 * may append to without waiting and a task that writes it out. A reader that is slow, or
 * stopped, so never stops the loop. A stream to a terminal may carry a progress bar, which
 * stays below the lines.
 */
#ifndef TOOL_STREAM_H
#define TOOL_STREAM_H

#include "bar.h"
#include "event.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Who appends much looks at stream_full between two pieces of work and waits for the room
 * event. What is appended nevertheless is still taken, so the buffer is bounded by this
 * and by what the work under way can say. */
#define STREAM_PENDING_MAX (256u << 10) /* bytes */

#define STREAM_REDRAW_NS (100 * INT64_C(1000000)) /* a bar is drawn at most this often */

struct stream_bytes {
	char *data;
	size_t len;
	size_t size;
};

struct stream {
	int fd;                      /* written to, never blocks where that can be had */
	bool fd_is_own;              /* opened here, to be closed here */
	struct stream_bytes in;      /* appended to */
	struct stream_bytes out;     /* being written, so that `in` may move meanwhile */
	struct event wake;           /* for the writer: there is something to do */
	struct event *room;          /* announced when some was written; may be NULL */
	void (*on_error)(void *arg); /* called once when `error` is set; may be NULL */
	void *on_error_arg;
	bool closing;
	int error; /* why nothing can be written any more: negative, or 0 */

	/* The bar; `draw` is NULL on a stream without one. It returns false while there is
	 * nothing to show. */
	bool (*draw)(void *arg, char buf[BAR_SIZE], unsigned width);
	void *draw_arg;
	char shown[BAR_SIZE]; /* the bar on the screen; empty: none */
};

/* Prepares a stream to `fd`, which stays the caller's. Never suspends, cannot fail. */
void stream_open(struct stream *stream, int fd, struct event *room);
void stream_done(struct stream *stream);

/* Gives it a bar; before the writer runs. */
void stream_set_bar(struct stream *stream,
                    bool (*draw)(void *arg, char buf[BAR_SIZE], unsigned width), void *arg);

/* The writer, a task; ends after stream_close once all is written, or after an error.
 * Always returns 0: what went wrong is in `error`. */
int stream_run(void *stream);

/* Lets the writer end. */
void stream_close(struct stream *stream);

/* Appends. Never suspends. What is appended after an error is dropped. */
void stream_put(struct stream *stream, const char *text, size_t len);
void stream_printf(struct stream *stream, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

bool stream_full(const struct stream *stream);

/* Leaves the bar as it is and goes to a new line, for a program that leaves at once. */
void stream_abandon(struct stream *stream);

#endif
