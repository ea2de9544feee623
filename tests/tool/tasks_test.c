/* SPDX-License-Identifier: MIT
 * The parts of koru fetch that wait: tool/event.h, tool/stream.h, tool/source.h. */
#include "support/cmocka.h"

#include "base/fault.h"
#include "event.h"
#include "koru/run.h"
#include "koru/scope.h"
#include "koru/task.h"
#include "koru/time.h"
#include "source.h"
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void run(koru_fn *fn, void *arg)
{
	assert_int_equal(koru_run(fn, arg, NULL), 0);
}

/* ---- event -------------------------------------------------------------------------------- */

static int announce(void *arg)
{
	assert_int_equal(koru_sleep(5 * KORU_MILLISECOND), 0);
	event_set(arg);
	return 0;
}

static int event_main(void *arg)
{
	(void)arg;
	struct event event = { 0 };
	event_set(&event);
	event_set(&event); /* twice is once */
	assert_int_equal(event_wait(&event, 0), 0);
	assert_int_equal(event_wait(&event, KORU_MILLISECOND), -ETIMEDOUT);

	assert_int_equal(koru_go(NULL, announce, &event), 0);
	assert_int_equal(event_wait(&event, 0), 0);
	assert_int_equal(koru_go(NULL, announce, &event), 0);
	assert_int_equal(event_wait(&event, KORU_MINUTE), 0);

	/* Cancelled: it did not happen, the announcement is still there. */
	struct koru_scope scope;
	assert_int_equal(koru_scope_open(&scope, NULL), 0);
	event_set(&event);
	assert_int_equal(koru_scope_cancel(&scope), 0);
	assert_int_equal(event_wait(&event, 0), -ECANCELED);
	assert_int_equal(koru_scope_close(&scope), -ECANCELED);
	assert_int_equal(event_wait(&event, 0), 0);

	assert_int_equal(koru_scope_open(&scope, &(struct koru_scope_opts){ .timeout = 1 }), 0);
	assert_int_equal(event_wait(&event, 0), -ECANCELED);
	assert_int_equal(koru_scope_close(&scope), -ETIMEDOUT);
	return 0;
}

static void events(void **state)
{
	(void)state;
	run(event_main, NULL);
}

/* ---- stream ------------------------------------------------------------------------------- */

struct piping {
	int fds[2];
	struct stream stream;
	struct event room;
	int ticks;    /* of a task that must not be held up */
	int errors;   /* calls of on_error */
	size_t bytes; /* read so far */
	bool in_order;
};

static void count_error(void *arg)
{
	struct piping *p = arg;
	p->errors++;
}

static void open_pipe(struct piping *p)
{
	memset(p, 0, sizeof(*p));
	assert_int_equal(pipe(p->fds), 0);
	stream_open(&p->stream, p->fds[1], &p->room);
	p->stream.on_error = count_error;
	p->stream.on_error_arg = p;
}

static void close_pipe(struct piping *p)
{
	stream_done(&p->stream);
	(void)close(p->fds[0]);
	(void)close(p->fds[1]);
}

static int tick(void *arg)
{
	struct piping *p = arg;
	while (koru_sleep(KORU_MILLISECOND) == 0)
		p->ticks++;
	return 0;
}

/* Reads numbered lines of 16 bytes, slowly. The pipe is drained outside of koru: read(2) on
 * a pipe that has something does not wait. */
static int read_slowly(void *arg)
{
	struct piping *p = arg;
	p->in_order = true;
	for (;;) {
		assert_int_equal(koru_sleep(2 * KORU_MILLISECOND), 0);
		char bytes[16384];
		ssize_t n = read(p->fds[0], bytes, sizeof(bytes));
		if (n < 0 && errno == EAGAIN && p->stream.closing && !stream_full(&p->stream) &&
		    p->stream.in.len + p->stream.out.len == 0)
			return 0;
		for (ssize_t i = 0; i < n; i += 16) {
			char expected[32];
			(void)snprintf(expected, sizeof(expected), "line %010zu\n",
			               p->bytes / 16 + (size_t)i / 16);
			p->in_order = p->in_order && memcmp(bytes + i, expected, 16) == 0;
		}
		p->bytes += n > 0 ? (size_t)n : 0;
	}
}

#define LINES 100000

static int slow_reader_main(void *arg)
{
	struct piping *p = arg;
	struct koru_scope scope;
	assert_int_equal(fcntl(p->fds[0], F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(koru_scope_open(&scope, NULL), 0);
	assert_int_equal(koru_go(&scope, stream_run, &p->stream), 0);
	assert_int_equal(koru_go(&scope, read_slowly, p), 0);
	assert_int_equal(koru_go(NULL, tick, p), 0);
	bool was_full = false;
	for (int i = 0; i < LINES; i++) {
		while (stream_full(&p->stream)) {
			was_full = true;
			assert_int_equal(event_wait(&p->room, 0), 0);
		}
		stream_printf(&p->stream, "line %010d\n", i);
	}
	assert_true(was_full);
	stream_close(&p->stream);
	return koru_scope_close(&scope);
}

static void a_slow_reader_holds_up_nobody(void **state)
{
	(void)state;
	struct piping p;
	open_pipe(&p);
	run(slow_reader_main, &p);
	assert_true(p.in_order);
	assert_int_equal(p.bytes, LINES * 16);
	assert_true(p.ticks > 20);
	assert_int_equal(p.errors, 0);
	close_pipe(&p);
}

static int closed_pipe_main(void *arg)
{
	struct piping *p = arg;
	struct koru_scope scope;
	assert_int_equal(koru_scope_open(&scope, NULL), 0);
	assert_int_equal(koru_go(&scope, stream_run, &p->stream), 0);
	stream_put(&p->stream, "x", 1);
	assert_int_equal(koru_scope_close(&scope), 0); /* the writer ends by itself */
	stream_put(&p->stream, "x", 1);
	stream_printf(&p->stream, "x");
	assert_false(stream_full(&p->stream));
	return 0;
}

static void a_closed_pipe_is_told_once(void **state)
{
	(void)state;
	struct piping p;
	open_pipe(&p);
	(void)close(p.fds[0]);
	run(closed_pipe_main, &p);
	assert_int_equal(p.stream.error, -EPIPE);
	assert_int_equal(p.errors, 1);
	assert_int_equal(p.stream.in.len, 0);
	close_pipe(&p);
}

/* Without memory for a line the stream fails, rather than lose the line and go on. */
static void no_memory_for_output(void **state)
{
	(void)state;
	for (int form = 0; form < 2; form++) {
		struct piping p;
		open_pipe(&p);
		koru__fault_arm(KORU__FAULT_ALLOC, 0, 1, ENOMEM);
		if (form == 0)
			stream_put(&p.stream, "x", 1);
		else
			stream_printf(&p.stream, "%d", 1);
		assert_int_equal(koru__fault_hits(), 1);
		koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
		assert_int_equal(p.stream.error, -ENOMEM);
		assert_int_equal(p.errors, 1);
		close_pipe(&p);
	}
}

static bool draw(void *arg, char buf[BAR_SIZE], unsigned width)
{
	int *drawn = arg;
	assert_true(width > 0);
	(void)snprintf(buf, BAR_SIZE, "bar %d", ++*drawn);
	return true;
}

static int bar_main(void *arg)
{
	struct piping *p = arg;
	int drawn = 0;
	struct koru_scope scope;
	stream_set_bar(&p->stream, draw, &drawn);
	assert_int_equal(koru_scope_open(&scope, NULL), 0);
	assert_int_equal(koru_go(&scope, stream_run, &p->stream), 0);
	assert_int_equal(koru_sleep(STREAM_REDRAW_NS / 2), 0);
	assert_int_equal(drawn, 1);
	for (int i = 0; i < 100; i++) {
		stream_put(&p->stream, "line\n", 5); /* no reason to draw again before time */
		assert_int_equal(koru_yield(), 0);
	}
	assert_int_equal(drawn, 1);
	stream_close(&p->stream);
	return koru_scope_close(&scope);
}

static void the_bar_makes_way(void **state)
{
	(void)state;
	struct piping p;
	open_pipe(&p);
	run(bar_main, &p);
	char text[1024] = "";
	ssize_t len = read(p.fds[0], text, sizeof(text) - 1);
	static const char begin[] = "bar 1\r\x1b[Kline\nline\n";
	assert_int_equal(len, 5 + 4 + 100 * 5);
	assert_memory_equal(text, begin, sizeof(begin) - 1);
	assert_string_equal(text + len - 5, "line\n"); /* and is gone at the end */
	close_pipe(&p);
}

/* ---- source ------------------------------------------------------------------------------- */

struct listing {
	char *words[3];
	char path[64];
	char all[256];  /* the URLs that came, a space behind each */
	int rc;         /* of the last source_next */
	uint64_t known; /* after the first */
	int fault_skip; /* the allocation that fails; negative: none */
	unsigned hits;  /* whether it did */
};

static int list_main(void *arg)
{
	struct listing *l = arg;
	struct source source;
	l->all[0] = '\0';
	l->known = 0;
	assert_int_equal(source_open(&source, l->words, l->path), 0);
	if (l->fault_skip >= 0)
		koru__fault_arm(KORU__FAULT_ALLOC, (unsigned)l->fault_skip, 1, ENOMEM);
	struct job *job;
	while ((l->rc = source_next(&source, &job)) == 1) {
		if (!l->known)
			l->known = source.known;
		size_t len = strlen(l->all);
		(void)snprintf(l->all + len, sizeof(l->all) - len, "%s ", job->url);
		job_free(job);
	}
	l->hits = koru__fault_hits();
	koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
	if (l->rc == 0)
		assert_true(source.finished);
	source_done(&source);
	return 0;
}

static void make_list(struct listing *l, const char *text)
{
	static char w1[] = "w1";
	static char w2[] = "w2";
	*l = (struct listing){ .words = { w1, w2, NULL }, .fault_skip = -1 };
	(void)snprintf(l->path, sizeof(l->path), "/tmp/koru-test-XXXXXX");
	int fd = mkstemp(l->path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	(void)close(fd);
}

static void a_list(void **state)
{
	(void)state;
	struct listing l;
	make_list(&l, "u1\n# no\nu2\n\nu3");
	run(list_main, &l);
	assert_int_equal(l.rc, 0);
	assert_string_equal(l.all, "w1 w2 u1 u2 u3 ");
	assert_int_equal(l.known, 5); /* at once, since a file is read ahead */
	assert_int_equal(unlink(l.path), 0);
}

/* Wherever memory runs out, it is told and nothing leaks (the sanitizers watch). */
static void no_memory_for_lists(void **state)
{
	(void)state;
	struct listing l;
	make_list(&l, "u1\nu2\nu3");
	int failures = 0;
	for (l.fault_skip = 0; failures == l.fault_skip; l.fault_skip++) {
		run(list_main, &l);
		if (l.hits == 0)
			break;
		assert_int_equal(l.hits, 1);
		assert_int_equal(l.rc, -ENOMEM);
		failures++;
	}
	assert_int_equal(failures, 5); /* one for each URL */
	assert_int_equal(l.rc, 0);
	assert_int_equal(unlink(l.path), 0);
}

int main(void)
{
	(void)signal(SIGPIPE, SIG_IGN);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events),
		cmocka_unit_test(a_slow_reader_holds_up_nobody),
		cmocka_unit_test(a_closed_pipe_is_told_once),
		cmocka_unit_test(no_memory_for_output),
		cmocka_unit_test(the_bar_makes_way),
		cmocka_unit_test(a_list),
		cmocka_unit_test(no_memory_for_lists),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
