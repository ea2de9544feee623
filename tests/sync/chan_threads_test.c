/* SPDX-License-Identifier: MIT
 * Channels between loops and plain threads: no value is lost, none comes twice, and those of one
 * sender keep their order. */
#include "support/cmocka.h"
#include "support/core.h"

#include "base/random.h"
#include "koru/koru.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { SENDERS = 6, RECEIVERS = 6, VALUES = 1500 };

struct value {
	int sender;
	int number;
	long check; /* torn values would not match */
};

struct traffic {
	struct koru_chan *ch;
	bool in_order; /* the channel is a FIFO */
	atomic_int senders_left;
	atomic_int next_sender;
	/* Not bytes: on riscv64 these would need libatomic. */
	atomic_int seen[SENDERS][VALUES];
	atomic_int cancelled;
};

static long check_of(int sender, int number)
{
	return (long)sender * 1000003 ^ (long)number * 7919;
}

/* Every fourth send and receive has a deadline that is near, and is made again when that has
 * passed: cancelled means that it did not happen. */
static int send_once(struct traffic *t, const struct value *v, struct koru__random *r)
{
	struct koru_scope s;
	bool in_task = koru_task_name() != NULL;
	if (!in_task || koru__random_below(r, 4) > 0)
		return koru_chan_send(t->ch, v);
	int64_t ns = (int64_t)koru__random_below(r, 20000) + 1;
	koru_scope_open(&s, &(struct koru_scope_opts){ .timeout = ns });
	int rc = koru_chan_send(t->ch, v);
	koru_scope_close(&s);
	if (rc == -ECANCELED)
		atomic_fetch_add(&t->cancelled, 1);
	return rc;
}

static int recv_once(struct traffic *t, struct value *v, struct koru__random *r)
{
	struct koru_scope s;
	bool in_task = koru_task_name() != NULL;
	if (!in_task || koru__random_below(r, 4) > 0)
		return koru_chan_recv(t->ch, v);
	int64_t ns = (int64_t)koru__random_below(r, 20000) + 1;
	koru_scope_open(&s, &(struct koru_scope_opts){ .timeout = ns });
	int rc = koru_chan_recv(t->ch, v);
	koru_scope_close(&s);
	if (rc == -ECANCELED)
		atomic_fetch_add(&t->cancelled, 1);
	return rc;
}

static int sends(void *arg)
{
	struct traffic *t = arg;
	struct koru__random r;
	int me = atomic_fetch_add(&t->next_sender, 1);
	koru__random_seed(&r, (uint64_t)me);
	for (int i = 0; i < VALUES; i++) {
		struct value v = { me, i, check_of(me, i) };
		int rc;
		do
			rc = send_once(t, &v, &r);
		while (rc == -ECANCELED);
		assert_int_equal(rc, 0);
		memset(&v, 0xff, sizeof(v));
	}
	if (atomic_fetch_sub(&t->senders_left, 1) == 1)
		assert_int_equal(koru_chan_close(t->ch), 0);
	return 0;
}

static int receives(void *arg)
{
	struct traffic *t = arg;
	struct koru__random r;
	int last[SENDERS];
	memset(last, -1, sizeof(last));
	koru__random_seed(&r, (uint64_t)(uintptr_t)&r);
	for (;;) {
		struct value v = { -1, -1, -1 };
		int rc = recv_once(t, &v, &r);
		if (rc == -ECANCELED) {
			assert_int_equal(v.sender, -1);
			continue;
		}
		if (rc == 0)
			return 0;
		assert_int_equal(rc, 1);
		assert_true(v.sender >= 0 && v.sender < SENDERS);
		assert_int_equal(v.check, check_of(v.sender, v.number));
		assert_int_equal(atomic_fetch_add(&t->seen[v.sender][v.number], 1), 0);
		if (t->in_order)
			assert_true(v.number > last[v.sender]);
		last[v.sender] = v.number;
	}
}

/* A loop with one sender and one receiver, or with two of one kind; and plain threads. */
static int main_both(void *arg)
{
	struct koru_scope s;
	koru_scope_open(&s, NULL);
	koru_go(&s, sends, arg);
	koru_go(&s, receives, arg);
	return koru_scope_close(&s);
}

static int main_receivers(void *arg)
{
	struct koru_scope s;
	koru_scope_open(&s, NULL);
	koru_go(&s, receives, arg);
	koru_go(&s, receives, arg);
	return koru_scope_close(&s);
}

static int main_senders(void *arg)
{
	struct koru_scope s;
	koru_scope_open(&s, NULL);
	koru_go(&s, sends, arg);
	koru_go(&s, sends, arg);
	return koru_scope_close(&s);
}

static void *loop_both(void *arg)
{
	assert_int_equal(koru_run(main_both, arg, NULL), 0);
	return NULL;
}

static void *loop_receivers(void *arg)
{
	assert_int_equal(koru_run(main_receivers, arg, NULL), 0);
	return NULL;
}

static void *loop_senders(void *arg)
{
	assert_int_equal(koru_run(main_senders, arg, NULL), 0);
	return NULL;
}

static void *thread_sends(void *arg)
{
	assert_int_equal(sends(arg), 0);
	return NULL;
}

static void *thread_receives(void *arg)
{
	assert_int_equal(receives(arg), 0);
	return NULL;
}

static int less(const void *a, const void *b, void *arg)
{
	(void)arg;
	return ((const struct value *)a)->number - ((const struct value *)b)->number;
}

static void carry(size_t capacity, const struct koru_chan_opts *opts)
{
	void *(*const bodies[])(void *) = { loop_both,    loop_receivers, loop_senders,
		                            loop_both,    thread_sends,   thread_receives,
		                            thread_sends, thread_receives };
	enum { N = sizeof(bodies) / sizeof(bodies[0]) };
	static struct traffic t;
	memset(&t, 0, sizeof(t));
	assert_int_equal(koru_chan_new(sizeof(struct value), capacity, opts, &t.ch), 0);
	t.in_order = !opts;
	atomic_store(&t.senders_left, SENDERS);
	pthread_t threads[N];
	for (int i = 0; i < N; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, bodies[i], &t), 0);
	for (int i = 0; i < N; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < SENDERS; i++)
		for (int k = 0; k < VALUES; k++)
			assert_int_equal(atomic_load(&t.seen[i][k]), 1);
	assert_int_equal(koru_chan_count(t.ch), 0);
	assert_int_equal(koru_chan_free(t.ch), 0);
}

static void test_rendezvous(void **state)
{
	(void)state;
	carry(0, NULL);
}

static void test_bounded(void **state)
{
	(void)state;
	carry(1, NULL);
	carry(5, NULL);
	carry(128, NULL);
}

static void test_other_orders(void **state)
{
	(void)state;
	carry(7, &(struct koru_chan_opts){ .order = KORU_CHAN_LIFO });
	carry(7, &(struct koru_chan_opts){ .order = KORU_CHAN_PRIORITY, .compare = less });
}

/* Whoever received the last value may end the channel at once, though its sender is hardly back
 * from sending it. */
static void *frees_after_last(void *arg)
{
	struct koru_chan **each = arg;
	for (int i = 0; i < 300; i++) {
		int n;
		assert_int_equal(koru_chan_recv(each[i], &n), 1);
		assert_int_equal(n, i);
		assert_int_equal(koru_chan_free(each[i]), 0);
	}
	return NULL;
}

static int main_sends_to_each(void *arg)
{
	struct koru_chan **each = arg;
	for (int i = 0; i < 300; i++)
		assert_int_equal(koru_chan_send(each[i], &i), 0);
	return 0;
}

static void test_the_receiver_may_end_the_channel(void **state)
{
	(void)state;
	struct koru_chan *each[300];
	pthread_t thread;
	for (int i = 0; i < 300; i++)
		assert_int_equal(koru_chan_new(sizeof(int), (size_t)i % 2, NULL, &each[i]), 0);
	assert_int_equal(pthread_create(&thread, NULL, frees_after_last, each), 0);
	assert_int_equal(run(main_sends_to_each, each), 0);
	pthread_join(thread, NULL);
}

/* Closed and shut down while others send and receive: each value that was sent is received or
 * dropped. */
struct stopped {
	struct koru_chan *ch;
	atomic_long sent;
	atomic_long received;
};

static void *sends_until_stopped(void *arg)
{
	struct stopped *s = arg;
	int rc;
	for (int i = 0; (rc = koru_chan_send(s->ch, &i)) == 0; i++)
		atomic_fetch_add(&s->sent, 1);
	assert_int_equal(rc, -EPIPE);
	return NULL;
}

static int main_receives_until_stopped(void *arg)
{
	struct stopped *s = arg;
	int n, rc;
	while ((rc = koru_chan_recv(s->ch, &n)) == 1)
		atomic_fetch_add(&s->received, 1);
	return rc;
}

static void *receives_until_stopped(void *arg)
{
	assert_int_equal(koru_run(main_receives_until_stopped, arg, NULL), 0);
	return NULL;
}

static void test_stopping_in_traffic(void **state)
{
	(void)state;
	for (int i = 0; i < 40; i++) {
		struct stopped s = { NULL, 0, 0 };
		pthread_t threads[4];
		koru_chan_new(sizeof(int), (size_t)(i % 4), NULL, &s.ch);
		for (int k = 0; k < 4; k++)
			pthread_create(&threads[k], NULL,
			               k % 2 ? sends_until_stopped : receives_until_stopped, &s);
		koru_sleep(200 * KORU_MICROSECOND);
		long dropped = 0;
		if (i % 2)
			dropped = koru_chan_shutdown(s.ch);
		else
			assert_int_equal(koru_chan_close(s.ch), 0);
		for (int k = 0; k < 4; k++)
			pthread_join(threads[k], NULL);
		assert_int_equal(atomic_load(&s.sent), atomic_load(&s.received) + dropped);
		assert_int_equal(koru_chan_free(s.ch), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rendezvous),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_other_orders),
		cmocka_unit_test(test_the_receiver_may_end_the_channel),
		cmocka_unit_test(test_stopping_in_traffic),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
