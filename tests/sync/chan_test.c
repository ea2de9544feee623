/* SPDX-License-Identifier: MIT
 * Channels on one loop: koru/chan.h. */
#include "support/cmocka.h"
#include "support/core.h"

#include "base/random.h"
#include "koru/koru.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

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

/* All values arrive, in order, whichever end comes first, for several capacities. */
static int main_order(void *arg)
{
	int capacity = (int)(intptr_t)arg;
	for (int receiver_first = 0; receiver_first < 2; receiver_first++) {
		struct koru_chan *ch;
		struct koru_scope s;
		trace.len = 0;
		assert_int_equal(koru_chan_new(sizeof(int), (size_t)capacity, NULL, &ch), 0);
		struct end from = { ch, 100, 50 };
		struct end to = { ch, 0, 50 };
		koru_scope_open(&s, NULL);
		koru_go(&s, receiver_first ? receives : sends, receiver_first ? &to : &from);
		koru_go(&s, receiver_first ? sends : receives, receiver_first ? &from : &to);
		assert_int_equal(koru_scope_close(&s), 0);
		assert_int_equal(trace.len, 50);
		for (int i = 0; i < 50; i++)
			assert_int_equal(trace.items[i], 100 + i);
		assert_int_equal(koru_chan_free(ch), 0);
	}
	return 0;
}

static void test_values_arrive_in_order(void **state)
{
	(void)state;
	const int capacities[] = { 0, 1, 2, 7, 49, 50, 51 };
	for (size_t i = 0; i < sizeof(capacities) / sizeof(capacities[0]); i++)
		assert_int_equal(run(main_order, NUMBER(capacities[i])), 0);
}

/* A send to a rendezvous ends when the value is there, one to a buffer at once. */
static int main_when_sends_end(void *arg)
{
	int room[2];
	struct koru_chan ch;
	struct koru_scope s;
	int n = 7;
	(void)arg;
	koru_chan_init(&ch, NULL, sizeof(int), 0, NULL);
	assert_int_equal(koru_chan_try_send(&ch, &n), -EAGAIN);
	assert_int_equal(koru_chan_try_recv(&ch, &n), -EAGAIN);
	struct end to = { &ch, 0, 1 };
	trace.len = 0;
	koru_scope_open(&s, NULL);
	koru_go(&s, receives, &to);
	koru_yield();
	assert_int_equal(trace.len, 0); /* it waits */
	assert_int_equal(koru_chan_count(&ch), 0);
	assert_int_equal(koru_chan_try_send(&ch, &n), 0); /* a receiver is there */
	assert_int_equal(koru_scope_close(&s), 0);
	TRACE_EXPECT(&trace, 7);
	assert_int_equal(koru_chan_done(&ch), 0);

	koru_chan_init(&ch, room, sizeof(int), 2, NULL);
	for (n = 1; n <= 2; n++)
		assert_int_equal(koru_chan_send(&ch, &n), 0);
	assert_int_equal(koru_chan_try_send(&ch, &n), -EAGAIN);
	assert_int_equal(koru_chan_count(&ch), 2);
	assert_int_equal(koru_chan_recv(&ch, NULL), 1); /* received and forgotten */
	assert_int_equal(koru_chan_try_send(&ch, &n), 0);
	assert_int_equal(koru_chan_try_recv(&ch, &n), 1);
	assert_int_equal(n, 2);
	assert_int_equal(koru_chan_try_recv(&ch, &n), 1);
	assert_int_equal(n, 3);
	assert_int_equal(koru_chan_try_recv(&ch, &n), -EAGAIN);
	assert_int_equal(n, 3);
	/* To one who does not want to know. */
	assert_int_equal(koru_chan_done(&ch), 0);
	koru_chan_init(&ch, NULL, sizeof(int), 0, NULL);
	struct end from = { &ch, 1, 1 };
	koru_scope_open(&s, NULL);
	koru_go(&s, sends, &from);
	assert_int_equal(koru_chan_recv(&ch, NULL), 1);
	return koru_scope_close(&s);
}

static void test_when_a_send_ends(void **state)
{
	(void)state;
	assert_int_equal(run(main_when_sends_end, NULL), 0);
}

/* Those who wait are served in order of arrival, also past the buffer. */
static int main_fifo(void *arg)
{
	int room[2];
	struct koru_chan ch;
	struct koru_scope s;
	struct end e[6];
	size_t capacity = (size_t)(intptr_t)arg;
	koru_chan_init(&ch, room, sizeof(int), capacity, NULL);
	trace.len = 0;
	koru_scope_open(&s, NULL);
	for (int i = 0; i < 6; i++) {
		e[i] = (struct end){ &ch, i, 1 };
		koru_go(&s, sends, &e[i]);
	}
	koru_yield();
	struct end to = { &ch, 0, 6 };
	receives(&to);
	assert_int_equal(koru_scope_close(&s), 0);
	TRACE_EXPECT(&trace, 0, 1, 2, 3, 4, 5);
	/* Receivers: the n-th to come gets the n-th value. */
	trace.len = 0;
	koru_scope_open(&s, NULL);
	for (int i = 0; i < 6; i++) {
		e[i] = (struct end){ &ch, 0, 1 };
		koru_go(&s, receives, &e[i]);
	}
	koru_yield();
	struct end from = { &ch, 10, 6 };
	sends(&from);
	assert_int_equal(koru_scope_close(&s), 0);
	TRACE_EXPECT(&trace, 10, 11, 12, 13, 14, 15);
	return koru_chan_done(&ch);
}

static void test_waiters_are_served_in_turn(void **state)
{
	(void)state;
	for (int capacity = 0; capacity <= 2; capacity++)
		assert_int_equal(run(main_fifo, NUMBER(capacity)), 0);
}

static int main_lifo(void *arg)
{
	int room[4];
	struct koru_chan ch;
	struct koru_scope s;
	(void)arg;
	assert_int_equal(koru_chan_init(&ch, room, sizeof(int), 4,
	                                &(struct koru_chan_opts){ .order = KORU_CHAN_LIFO }),
	                 0);
	trace.len = 0;
	struct end from = { &ch, 1, 6 };
	koru_scope_open(&s, NULL);
	koru_go(&s, sends, &from);
	koru_yield(); /* 4 are in, the fifth waits and comes after the first has gone */
	struct end to = { &ch, 0, 6 };
	koru_go(&s, receives, &to);
	assert_int_equal(koru_scope_close(&s), 0);
	TRACE_EXPECT(&trace, 4, 5, 3, 2, 1, 6);
	return koru_chan_done(&ch);
}

static void test_last_in_first_out(void **state)
{
	(void)state;
	assert_int_equal(run(main_lifo, NULL), 0);
}

struct job {
	int urgency;
	char payload[21]; /* an odd size */
};

static int more_urgent(const void *a, const void *b, void *arg)
{
	const struct job *x = a, *y = b;
	(*(int *)arg)++;
	return y->urgency - x->urgency;
}

static int main_priority(void *arg)
{
	enum { N = 64 };
	struct job room[N];
	struct koru_chan ch;
	struct koru__random r;
	int compared = 0;
	koru__random_seed(&r, (uint64_t)(uintptr_t)arg);
	struct koru_chan_opts opts = {
		.order = KORU_CHAN_PRIORITY,
		.compare = more_urgent,
		.compare_arg = &compared,
	};
	assert_int_equal(koru_chan_init(&ch, room, sizeof(struct job), N, &opts), 0);
	int held[N], count = 0;
	for (int step = 0; step < 3000; step++) {
		if (count < N && koru__random_below(&r, 100) < (step / 300 % 2 ? 30 : 70)) {
			struct job job = { .urgency = (int)koru__random_below(&r, 40) };
			snprintf(job.payload, sizeof(job.payload), "urgency %d", job.urgency);
			assert_int_equal(koru_chan_try_send(&ch, &job), 0);
			held[count++] = job.urgency;
		} else if (count > 0) {
			int best = 0;
			for (int i = 1; i < count; i++)
				if (held[i] > held[best])
					best = i;
			struct job job;
			char payload[21];
			assert_int_equal(koru_chan_try_recv(&ch, &job), 1);
			assert_int_equal(job.urgency, held[best]);
			snprintf(payload, sizeof(payload), "urgency %d", job.urgency);
			assert_string_equal(job.payload, payload);
			held[best] = held[--count];
		}
	}
	assert_int_equal(koru_chan_count(&ch), count);
	assert_true(compared > 0);
	return koru_chan_done(&ch);
}

static void test_priority(void **state)
{
	(void)state;
	for (int seed = 1; seed < 6; seed++)
		assert_int_equal(run(main_priority, NUMBER(seed)), 0);
}

/* Values of all sizes, with what is around them left alone. */
static int main_sizes(void *arg)
{
	(void)arg;
	for (size_t size = 1; size < 40; size++) {
		struct koru_chan *ch;
		assert_int_equal(koru_chan_new(size, 3, NULL, &ch), 0);
		for (int i = 0; i < 10; i++) {
			unsigned char in[40], out[42];
			memset(in, (int)size + i, size);
			memset(out, 0xee, sizeof(out));
			assert_int_equal(koru_chan_send(ch, in), 0);
			assert_int_equal(koru_chan_recv(ch, out + 1), 1);
			assert_memory_equal(in, out + 1, size);
			assert_true(out[0] == 0xee && out[size + 1] == 0xee);
		}
		assert_int_equal(koru_chan_free(ch), 0);
	}
	return 0;
}

static void test_sizes(void **state)
{
	(void)state;
	assert_int_equal(run(main_sizes, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values_arrive_in_order),
		cmocka_unit_test(test_when_a_send_ends),
		cmocka_unit_test(test_waiters_are_served_in_turn),
		cmocka_unit_test(test_last_in_first_out),
		cmocka_unit_test(test_priority),
		cmocka_unit_test(test_sizes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
