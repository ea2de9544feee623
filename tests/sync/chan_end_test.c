/* SPDX-License-Identifier: MIT
 * The ends of channels, cancellation and misuse: koru/chan.h. */
#include "support/cmocka.h"
#include "support/core.h"

#include "base/fault.h"
#include "koru/koru.h"

#include <errno.h>

#define NUMBER(n) ((void *)(intptr_t)(n))

static struct trace trace;

/* Sends `count` numbers from `first` on and notes what the last send returned, if that failed. */
struct end {
	struct koru_chan *ch;
	int first;
	int count;
};

static int sends(void *arg)
{
	const struct end *e = arg;
	for (int i = 0; i < e->count; i++) {
		int n = e->first + i;
		int rc = koru_chan_send(e->ch, &n);
		n = -1; /* it has been copied */
		if (rc < 0) {
			trace_add(&trace, rc);
			return 0;
		}
	}
	return 0;
}

/* Receives `count` numbers, or all there are, and notes them; and the end. */
static int receives(void *arg)
{
	const struct end *e = arg;
	for (int i = 0; e->count == 0 || i < e->count; i++) {
		int n = -2;
		int rc = koru_chan_recv(e->ch, &n);
		trace_add(&trace, rc == 1 ? n : rc);
		if (rc != 1)
			return 0;
	}
	return 0;
}

/* Close: what is in the buffer is still received, then it is the end; who waits to send learns. */
static int main_close(void *arg)
{
	int room[2];
	struct koru_chan ch;
	struct koru_scope s;
	int n = 9;
	(void)arg;
	koru_chan_init(&ch, room, sizeof(int), 2, NULL);
	trace.len = 0;
	struct end from = { &ch, 1, 5 };
	koru_scope_open(&s, NULL);
	koru_go(&s, sends, &from);
	koru_yield();
	assert_int_equal(koru_chan_close(&ch), 0);
	assert_int_equal(koru_chan_close(&ch), -EALREADY);
	assert_int_equal(koru_scope_close(&s), 0);
	TRACE_EXPECT(&trace, -EPIPE);
	assert_int_equal(koru_chan_send(&ch, &n), -EPIPE);
	assert_int_equal(koru_chan_try_send(&ch, &n), -EPIPE);
	struct end all = { &ch, 0, 0 };
	receives(&all);
	TRACE_EXPECT(&trace, -EPIPE, 1, 2, 0);
	n = 5;
	assert_int_equal(koru_chan_recv(&ch, &n), 0);
	assert_int_equal(koru_chan_try_recv(&ch, &n), 0);
	assert_int_equal(n, 5);
	/* Receivers who wait get the end. */
	koru_chan_init(&ch, NULL, sizeof(int), 0, NULL);
	trace.len = 0;
	koru_scope_open(&s, NULL);
	koru_go(&s, receives, &all);
	koru_go(&s, receives, &all);
	koru_yield();
	assert_int_equal(koru_chan_done(&ch), -EBUSY);
	assert_int_equal(koru_chan_close(&ch), 0);
	assert_int_equal(koru_scope_close(&s), 0);
	TRACE_EXPECT(&trace, 0, 0);
	return koru_chan_done(&ch);
}

static int main_shutdown(void *arg)
{
	int room[3];
	struct koru_chan ch;
	struct koru_scope s;
	int n = 9;
	(void)arg;
	koru_chan_init(&ch, room, sizeof(int), 3, NULL);
	trace.len = 0;
	struct end from = { &ch, 1, 5 };
	koru_scope_open(&s, NULL);
	koru_go(&s, sends, &from);
	koru_yield();
	assert_int_equal(koru_chan_shutdown(&ch), 3);
	assert_int_equal(koru_chan_shutdown(&ch), 0);
	assert_int_equal(koru_chan_close(&ch), -EALREADY);
	assert_int_equal(koru_scope_close(&s), 0);
	TRACE_EXPECT(&trace, -EPIPE);
	assert_int_equal(koru_chan_recv(&ch, &n), 0);
	assert_int_equal(koru_chan_send(&ch, &n), -EPIPE);
	/* After a close, for what that left. */
	koru_chan_init(&ch, room, sizeof(int), 3, NULL);
	koru_chan_send(&ch, &n);
	koru_chan_close(&ch);
	assert_int_equal(koru_chan_count(&ch), 1);
	assert_int_equal(koru_chan_shutdown(&ch), 1);
	assert_int_equal(koru_chan_recv(&ch, &n), 0);
	/* Receivers who wait. */
	koru_chan_init(&ch, room, sizeof(int), 3, NULL);
	struct end all = { &ch, 0, 0 };
	trace.len = 0;
	koru_scope_open(&s, NULL);
	koru_go(&s, receives, &all);
	koru_yield();
	assert_int_equal(koru_chan_shutdown(&ch), 0);
	assert_int_equal(koru_scope_close(&s), 0);
	TRACE_EXPECT(&trace, 0);
	return koru_chan_done(&ch);
}

static void test_close_and_shutdown(void **state)
{
	(void)state;
	assert_int_equal(run(main_close, NULL), 0);
	assert_int_equal(run(main_shutdown, NULL), 0);
}

/* Cancelled before and during the wait: nothing sent, nothing received. */
static int main_cancelled(void *arg)
{
	int room[1];
	size_t capacity = (size_t)(intptr_t)arg;
	struct koru_chan ch;
	struct koru_scope s;
	int n = 1;
	koru_chan_init(&ch, room, sizeof(int), capacity, NULL);
	koru_scope_open(&s, &(struct koru_scope_opts){ .timeout = -1 });
	assert_int_equal(koru_chan_send(&ch, &n), -ECANCELED);
	assert_int_equal(koru_chan_recv(&ch, &n), -ECANCELED);
	if (capacity > 0) /* not even where it need not wait; but to try is no wait */
		assert_int_equal(koru_chan_try_send(&ch, &n), 0);
	assert_int_equal(koru_chan_recv(&ch, &n), -ECANCELED);
	assert_int_equal(koru_scope_close(&s), -ETIMEDOUT);
	assert_int_equal(koru_chan_count(&ch), capacity);
	/* Of three senders that wait the second is cancelled. */
	struct koru_scope mid, all;
	struct end e[3] = { { &ch, 10, 1 }, { &ch, 20, 1 }, { &ch, 30, 1 } };
	trace.len = 0;
	koru_scope_open(&all, NULL);
	koru_scope_open(&mid, NULL);
	for (int i = 0; i < 3; i++)
		koru_go(i == 1 ? &mid : &all, sends, &e[i]);
	koru_yield();
	koru_scope_cancel(&mid);
	assert_int_equal(koru_scope_close(&mid), -ECANCELED);
	TRACE_EXPECT(&trace, -ECANCELED);
	struct end to = { &ch, 0, 2 + (int)capacity };
	receives(&to);
	assert_int_equal(koru_scope_close(&all), 0);
	if (capacity > 0)
		TRACE_EXPECT(&trace, -ECANCELED, 1, 10, 30);
	else
		TRACE_EXPECT(&trace, -ECANCELED, 10, 30);
	/* And of three receivers. */
	trace.len = 0;
	for (int i = 0; i < 3; i++)
		e[i] = (struct end){ &ch, 0, 1 };
	koru_scope_open(&all, NULL);
	koru_scope_open(&mid, NULL);
	for (int i = 0; i < 3; i++)
		koru_go(i == 1 ? &mid : &all, receives, &e[i]);
	koru_yield();
	koru_scope_cancel(&mid);
	assert_int_equal(koru_scope_close(&mid), -ECANCELED);
	struct end from = { &ch, 5, 2 };
	sends(&from);
	assert_int_equal(koru_scope_close(&all), 0);
	TRACE_EXPECT(&trace, -ECANCELED, 5, 6);
	return koru_chan_done(&ch);
}

/* Served, and cancelled before it has run: the value was received, and is not lost. */
static int main_served_then_cancelled(void *arg)
{
	struct koru_chan ch;
	struct koru_scope s;
	int n = 4;
	(void)arg;
	koru_chan_init(&ch, NULL, sizeof(int), 0, NULL);
	trace.len = 0;
	struct end to = { &ch, 0, 2 };
	koru_scope_open(&s, NULL);
	koru_go(&s, receives, &to);
	koru_yield();
	assert_int_equal(koru_chan_try_send(&ch, &n), 0);
	koru_scope_cancel(&s);
	assert_int_equal(koru_scope_close(&s), -ECANCELED);
	TRACE_EXPECT(&trace, 4, -ECANCELED);
	return koru_chan_done(&ch);
}

static void test_cancelled_means_nothing_happened(void **state)
{
	(void)state;
	assert_int_equal(run(main_cancelled, NUMBER(0)), 0);
	assert_int_equal(run(main_cancelled, NUMBER(1)), 0);
	assert_int_equal(run(main_served_then_cancelled, NULL), 0);
}

static int counts(void *arg)
{
	++*(int *)arg;
	return 0;
}

/* A task whose sends never wait lets others run. */
static int main_fair(void *arg)
{
	enum { N = 1000 };
	static int room[N];
	struct koru_chan ch;
	struct koru_scope s;
	int ran = 0;
	(void)arg;
	koru_chan_init(&ch, room, sizeof(int), N, NULL);
	koru_scope_open(&s, NULL);
	koru_go(&s, counts, &ran);
	for (int i = 0; i < N && !ran; i++)
		assert_int_equal(koru_chan_send(&ch, &i), 0);
	assert_int_equal(ran, 1);
	koru_go(&s, counts, &ran);
	for (int n; ran == 1 && koru_chan_count(&ch) > 0;)
		assert_int_equal(koru_chan_recv(&ch, &n), 1);
	assert_int_equal(ran, 2);
	return koru_scope_close(&s);
}

static void test_gives_way(void **state)
{
	(void)state;
	assert_int_equal(run(main_fair, NULL), 0);
}

static int compare(const void *a, const void *b, void *arg)
{
	(void)arg;
	return *(const int *)a - *(const int *)b;
}

static void test_misuse(void **state)
{
	(void)state;
	struct koru_chan ch, *heap = NULL;
	int room[4];
	struct koru_chan_opts lifo = { .order = KORU_CHAN_LIFO };
	struct koru_chan_opts bare = { .order = KORU_CHAN_PRIORITY };
	struct koru_chan_opts odd = { .compare = compare };
	struct koru_chan_opts unknown = { .order = (enum koru_chan_order)7 };
	assert_int_equal(koru_chan_init(&ch, room, 0, 4, NULL), -EINVAL);
	assert_int_equal(koru_chan_init(&ch, room, KORU_CHAN_ELEM_MAX + 1, 4, NULL), -EINVAL);
	assert_int_equal(koru_chan_init(&ch, room, 4, KORU_CHAN_CAPACITY_MAX + 1, NULL), -EINVAL);
	assert_int_equal(koru_chan_init(&ch, NULL, 4, 4, NULL), -EINVAL);
	assert_int_equal(koru_chan_init(&ch, NULL, 4, 0, &lifo), -EINVAL);
	assert_int_equal(koru_chan_init(&ch, room, 4, 4, &bare), -EINVAL);
	assert_int_equal(koru_chan_init(&ch, room, 4, 4, &odd), -EINVAL);
	assert_int_equal(koru_chan_init(&ch, room, 4, 4, &unknown), -EINVAL);
	assert_int_equal(koru_chan_new(0, 4, NULL, &heap), -EINVAL);
	assert_int_equal(koru_chan_new(4, SIZE_MAX, NULL, &heap), -EINVAL);
	koru__fault_arm(KORU__FAULT_ALLOC, 0, 1, ENOMEM);
	assert_int_equal(koru_chan_new(4, 4, NULL, &heap), -ENOMEM);
	koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
	assert_null(heap);
	assert_int_equal(koru_chan_free(NULL), 0);
}

static int main_deadlock(void *arg)
{
	struct koru_chan ch;
	int n;
	(void)arg;
	koru_chan_init(&ch, NULL, sizeof(int), 0, NULL);
	assert_int_equal(koru_chan_recv(&ch, &n), -ECANCELED);
	return 0;
}

static void test_a_deadlock_is_reported(void **state)
{
	(void)state;
	assert_int_equal(run(main_deadlock, NULL), -EDEADLK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_close_and_shutdown),
		cmocka_unit_test(test_cancelled_means_nothing_happened),
		cmocka_unit_test(test_gives_way),
		cmocka_unit_test(test_misuse),
		cmocka_unit_test(test_a_deadlock_is_reported),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
