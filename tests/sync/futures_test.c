/* SPDX-License-Identifier: MIT
 * Several futures, tasks that say they are ready, and futures between threads: koru/future.h. */
#include "support/cmocka.h"
#include "support/core.h"

#include "koru/koru.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#define NUMBER(n) ((void *)(intptr_t)(n))

static struct trace trace;

static int returns(void *arg)
{
	return (int)(intptr_t)arg;
}

static int returns_later(void *arg)
{
	koru_yield();
	koru_yield();
	return (int)(intptr_t)arg;
}

static int waits_forever(void *arg)
{
	(void)arg;
	return koru_sleep(KORU_FOREVER);
}

/* A child that says it is ready half way, one that ends without, and one that fails. */
static int serves(void *arg)
{
	koru_yield();
	trace_add(&trace, 1);
	assert_int_equal(koru_ready(), 0);
	assert_int_equal(koru_ready(), 0); /* again: nobody waits any more */
	koru_yield();
	trace_add(&trace, 2);
	return returns(arg);
}

static int main_start(void *arg)
{
	struct koru_scope s, in;
	struct koru_future f;
	(void)arg;
	trace.len = 0;
	assert_int_equal(koru_ready(), 0); /* nobody asked */
	koru_scope_open(&s, NULL);
	assert_int_equal(koru_start(&s, &f, serves, NUMBER(9)), 0);
	assert_false(koru_future_done(&f));
	TRACE_EXPECT(&trace, 1);
	assert_int_equal(koru_await(&f), 9);
	TRACE_EXPECT(&trace, 1, 2);
	assert_int_equal(koru_start(&s, &f, returns_later, NUMBER(4)), 4);
	assert_int_equal(koru_start(&s, &f, returns_later, NUMBER(-EADDRINUSE)), -EADDRINUSE);
	assert_int_equal(koru_await(&f), -EADDRINUSE);
	koru_scope_open(&in, &(struct koru_scope_opts){ .timeout = -1 });
	assert_int_equal(koru_start(&s, &f, returns, NULL), -ECANCELED);
	assert_true(koru_future_done(&f)); /* it was not started */
	assert_int_equal(koru_scope_close(&in), -ETIMEDOUT);
	koru_scope_open(&in, &(struct koru_scope_opts){ .timeout = KORU_MILLISECOND });
	assert_int_equal(koru_start(&s, &f, waits_forever, NULL), -ECANCELED);
	assert_false(koru_future_done(&f)); /* it was */
	assert_int_equal(koru_scope_close(&in), -ETIMEDOUT);
	koru_scope_cancel(&s);
	assert_int_equal(koru_scope_close(&s), -ECANCELED);
	return 0;
}

static void test_start_waits_for_ready(void **state)
{
	(void)state;
	assert_int_equal(run(main_start, NULL), 0);
}

static int gives_way_often(void *arg)
{
	int times = (int)(intptr_t)arg;
	for (int i = 0; i < times; i++)
		koru_yield();
	return times;
}

static int main_first(void *arg)
{
	enum { N = 12 };
	struct koru_scope s;
	struct koru_future f[N];
	struct koru_future *left[N];
	int n = (int)(intptr_t)arg;
	int index;
	koru_scope_open(&s, NULL);
	for (int i = 0; i < n; i++) {
		left[i] = &f[i];
		koru_async(&s, &f[i], gives_way_often, NUMBER((i * 5 % n + 1) * 3));
	}
	/* Results as they complete. */
	for (int i = 0; i < n; i++) {
		assert_int_equal(koru_await_first(left, n, &index), (i + 1) * 3);
		assert_int_equal(index * 5 % n, i);
		left[index] = NULL;
	}
	assert_int_equal(koru_await_first(left, n, &index), -EINVAL);
	assert_int_equal(koru_scope_close(&s), 0);
	/* All done: the first of the array. */
	for (int i = 0; i < n; i++)
		left[i] = &f[i];
	assert_int_equal(koru_await_first(left, n, NULL), 3);
	/* The same one twice. */
	koru_scope_open(&s, NULL);
	koru_async(&s, &f[0], returns, NUMBER(6));
	struct koru_future *twice[] = { &f[0], NULL, &f[0] };
	assert_int_equal(koru_await_first(twice, 3, NULL), 6);
	/* The first wins, the rest is cancelled. */
	for (int i = 0; i < n; i++)
		koru_async(&s, &f[i], i == 2 ? returns_later : waits_forever, NUMBER(44));
	for (int i = 0; i < n; i++)
		left[i] = &f[i];
	assert_int_equal(koru_await_first(left, n, &index), 44);
	assert_int_equal(index, 2);
	koru_scope_cancel(&s);
	assert_int_equal(koru_scope_close(&s), -ECANCELED);
	assert_int_equal(koru_await(&f[0]), -ECANCELED);
	return 0;
}

static int awaits_first(void *arg)
{
	struct koru_future *f = arg;
	struct koru_future *p[] = { &f[0], &f[1] };
	int rc = koru_await_first(p, 2, NULL);
	trace_add(&trace, rc);
	return 0;
}

/* Cancelled while in both queues: it leaves them. */
static int main_first_cancelled(void *arg)
{
	struct koru_scope s;
	struct koru_future f[2];
	(void)arg;
	trace.len = 0;
	koru_future_init(&f[0]);
	koru_future_init(&f[1]);
	for (int i = 0; i < 3; i++) {
		koru_scope_open(&s, NULL);
		koru_go(&s, awaits_first, f);
		koru_yield();
		if (i == 1)
			assert_int_equal(koru_future_complete(&f[1], -EIO), 0);
		koru_scope_cancel(&s);
		assert_int_equal(koru_scope_close(&s), -ECANCELED);
	}
	assert_null(f[0].koru__waiters.first);
	assert_null(f[1].koru__waiters.first);
	/* The second had been woken already; the third is cancelled before it looks. */
	TRACE_EXPECT(&trace, -ECANCELED, -EIO, -EIO);
	return 0;
}

static void test_the_first_of_several(void **state)
{
	(void)state;
	assert_int_equal(run(main_first, NUMBER(4)), 0);
	assert_int_equal(run(main_first, NUMBER(12)), 0); /* more than fit on the stack */
	assert_int_equal(run(main_first_cancelled, NULL), 0);
}

/* Callback code: any thread completes, tasks of several loops and threads await. */
enum { AWAITERS = 4, ROUNDS = 300 };

struct round {
	struct koru_future f[2];
	pthread_barrier_t *ready;
};

static int awaits_both(void *arg)
{
	struct round *rounds = arg;
	long sum = 0;
	for (int i = 0; i < ROUNDS; i++) {
		struct koru_future *p[] = { &rounds[i].f[0], &rounds[i].f[1] };
		int index = -1;
		int first = koru_await_first(p, 2, &index);
		assert_int_equal(first, 2 * i + index);
		for (int k = 0; k < 2; k++)
			assert_int_equal(koru_await(&rounds[i].f[k]), 2 * i + k);
		sum += first;
	}
	return sum > 0 ? 0 : -1;
}

static void *thread_awaits(void *arg)
{
	assert_int_equal(awaits_both(arg), 0);
	return NULL;
}

static void *loop_awaits(void *arg)
{
	assert_int_equal(koru_run(awaits_both, arg, NULL), 0);
	return NULL;
}

static void *completes_evens(void *arg)
{
	struct round *rounds = arg;
	for (int i = 0; i < ROUNDS; i++) {
		assert_int_equal(koru_future_complete(&rounds[i].f[0], 2 * i), 0);
		if (i % 16 == 0)
			koru_sleep(20 * KORU_MICROSECOND);
	}
	return NULL;
}

static int completes_odds(void *arg)
{
	struct round *rounds = arg;
	for (int i = 0; i < ROUNDS; i++) {
		assert_int_equal(koru_future_complete(&rounds[i].f[1], 2 * i + 1), 0);
		assert_int_equal(koru_future_complete(&rounds[i].f[1], 5), -EALREADY);
		if (i % 10 == 0)
			koru_sleep(30 * KORU_MICROSECOND);
	}
	return 0;
}

static void *loop_completes(void *arg)
{
	assert_int_equal(koru_run(completes_odds, arg, NULL), 0);
	return NULL;
}

static void test_between_loops_and_threads(void **state)
{
	(void)state;
	static struct round rounds[ROUNDS];
	for (int i = 0; i < ROUNDS; i++)
		for (int k = 0; k < 2; k++)
			koru_future_init(&rounds[i].f[k]);
	void *(*const bodies[])(void *) = { thread_awaits, loop_awaits,    thread_awaits,
		                            loop_awaits,   loop_completes, completes_evens };
	enum { N = sizeof(bodies) / sizeof(bodies[0]) };
	pthread_t threads[N];
	for (int i = 0; i < N; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, bodies[i], rounds), 0);
	for (int i = 0; i < N; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < ROUNDS; i++)
		for (int k = 0; k < 2; k++)
			assert_null(rounds[i].f[k].koru__waiters.first);
}

/* The first and the last of several are completed while one enters their queues. */
enum { MANY = 100, TURNS = 4000 };

struct burst {
	struct koru_future f[MANY];
	atomic_int turn, ended;
};

static void *completes_two(void *arg)
{
	struct burst *b = arg;
	for (int i = 1; i <= TURNS; i++) {
		while (atomic_load(&b->turn) < i)
			sched_yield();
		for (volatile int spin = 0; spin < i * 7 % 1200; spin++)
			;
		assert_int_equal(koru_future_complete(&b->f[0], 0), 0);
		assert_int_equal(koru_future_complete(&b->f[MANY - 1], MANY - 1), 0);
		atomic_store(&b->ended, i);
	}
	return NULL;
}

static int body_burst(void *arg)
{
	struct burst b = { .turn = 0 };
	struct koru_future *p[MANY];
	pthread_t thread;
	(void)arg;
	assert_int_equal(pthread_create(&thread, NULL, completes_two, &b), 0);
	for (int i = 1; i <= TURNS; i++) {
		int index = -1;
		for (int k = 0; k < MANY; k++) {
			koru_future_init(&b.f[k]);
			p[k] = &b.f[k];
		}
		atomic_store(&b.turn, i);
		int first = koru_await_first(p, MANY, &index);
		assert_int_equal(first, index);
		while (atomic_load(&b.ended) < i)
			sched_yield();
		for (int k = 0; k < MANY; k++)
			assert_null(b.f[k].koru__waiters.first);
	}
	pthread_join(thread, NULL);
	return 0;
}

static void test_completed_while_entering(void **state)
{
	(void)state;
	in_both_places(body_burst, NULL);
}

/* A thread takes a task's error that nobody in the loop awaits. */
static void *thread_takes_error(void *arg)
{
	assert_int_equal(koru_await(arg), -EIO);
	return NULL;
}

static int main_error_to_a_thread(void *arg)
{
	(void)arg;
	for (int i = 0; i < 50; i++) {
		struct koru_scope s;
		struct koru_future f;
		pthread_t thread;
		koru_scope_open(&s, NULL);
		koru_async(&s, &f, i % 2 ? returns : returns_later, NUMBER(-EIO));
		assert_int_equal(pthread_create(&thread, NULL, thread_takes_error, &f), 0);
		if (i % 3 == 0)
			koru_sleep(100 * KORU_MICROSECOND);
		while (!koru_future_done(&f))
			koru_yield();
		pthread_join(thread, NULL);
		assert_int_equal(koru_scope_close(&s), 0);
	}
	return 0;
}

static void test_a_thread_takes_an_error(void **state)
{
	(void)state;
	assert_int_equal(run(main_error_to_a_thread, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_start_waits_for_ready),
		cmocka_unit_test(test_the_first_of_several),
		cmocka_unit_test(test_between_loops_and_threads),
		cmocka_unit_test(test_a_thread_takes_an_error),
		cmocka_unit_test(test_completed_while_entering),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
