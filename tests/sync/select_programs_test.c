/* SPDX-License-Identifier: MIT
 * Random programs of selects, sends and receives over a few channels, in tasks of several loops and
 * on plain threads, with time limits and cancellations: each value that was sent is received once,
 * and none that was not. A program is its seed, which is printed when it fails. */
#include "support/cmocka.h"
#include "support/core.h"

#include "base/random.h"
#include "koru/koru.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
	CHANNELS = 5,
	ACTORS = 8,
	STEPS = 60,
	CASES_MAX = 7,
	IDS = ACTORS * STEPS * CASES_MAX,
};

struct program {
	uint64_t seed;
	struct koru_chan *ch[CHANNELS];
	struct koru_future done; /* completed when the first actor has ended */
	atomic_int next_actor;
	/* Not bytes: on riscv64 these would need libatomic. */
	atomic_int sent[IDS];
	atomic_int received[IDS];
};

static int compare(const void *a, const void *b, void *arg)
{
	(void)arg;
	return *(const int *)a % 7 - *(const int *)b % 7;
}

static struct koru_chan *make_channel(struct koru__random *r)
{
	static const size_t capacities[] = { 0, 0, 0, 1, 2, 5 };
	struct koru_chan *ch;
	struct koru_chan_opts opts = { KORU_CHAN_FIFO, NULL, NULL };
	size_t capacity = capacities[koru__random_below(r, 6)];
	if (capacity > 0)
		opts.order = (enum koru_chan_order)koru__random_below(r, 3);
	if (opts.order == KORU_CHAN_PRIORITY)
		opts.compare = compare;
	assert_int_equal(koru_chan_new(sizeof(int), capacity, &opts, &ch), 0);
	return ch;
}

static void note_sent(struct program *p, int id)
{
	assert_int_equal(atomic_fetch_add(&p->sent[id], 1), 0);
}

static void note_received(struct program *p, int id)
{
	assert_in_range(id, 0, IDS - 1);
	assert_int_equal(atomic_fetch_add(&p->received[id], 1), 0);
}

/* A select over some random cases, each send with a value of its own. */
static void select_some(struct program *p, struct koru__random *r, int id)
{
	struct koru_case cases[CASES_MAX];
	int values[CASES_MAX];
	bool sends[CASES_MAX];
	int count = 1 + (int)koru__random_below(r, CASES_MAX);
	for (int i = 0; i < count; i++) {
		struct koru_chan *ch = p->ch[koru__random_below(r, CHANNELS)];
		sends[i] = koru__random_below(r, 2);
		values[i] = sends[i] ? id + i : -1;
		cases[i] =
		        sends[i] ? koru_case_send(ch, &values[i]) : koru_case_recv(ch, &values[i]);
		if (koru__random_below(r, 12) == 0) {
			cases[i] = koru_case_after((int64_t)koru__random_below(r, 20000));
			sends[i] = true;
			values[i] = -2;
		} else if (koru__random_below(r, 20) == 0) {
			cases[i] = koru_case_future(&p->done);
			values[i] = -2;
			sends[i] = true;
		}
	}
	struct koru_select_opts opts = { .no_wait = koru__random_below(r, 4) == 0,
		                         .timeout = 1 + (int64_t)koru__random_below(r, 30000) };
	int chosen = koru_select(cases, count, &opts);
	for (int i = 0; i < count; i++) {
		if (i != chosen) {
			if (!sends[i])
				assert_int_equal(values[i], -1); /* nothing was received */
		} else if (values[i] == -2) {
			assert_int_equal(cases[i].result, 0);
		} else if (sends[i]) {
			assert_int_equal(cases[i].result, 0);
			note_sent(p, id + i);
		} else {
			assert_int_equal(cases[i].result, 1);
			note_received(p, values[i]);
		}
	}
	if (chosen < 0 && opts.no_wait)
		assert_int_equal(chosen, -EAGAIN);
	else if (chosen < 0 && chosen != -ETIMEDOUT)
		assert_true(chosen == -ECANCELED && koru_cancelled());
}

/* One of the plain calls; on a thread, where no scope can end them, the ones that do not wait. */
static void call_one(struct program *p, struct koru__random *r, int id)
{
	struct koru_chan *ch = p->ch[koru__random_below(r, CHANNELS)];
	bool waits = koru_task_name() && koru__random_below(r, 2);
	int value = id;
	if (koru__random_below(r, 2)) {
		int rc = waits ? koru_chan_send(ch, &value) : koru_chan_try_send(ch, &value);
		if (rc == 0)
			note_sent(p, id);
		else
			assert_int_equal(rc, waits ? -ECANCELED : -EAGAIN);
	} else {
		value = -1;
		int rc = waits ? koru_chan_recv(ch, &value) : koru_chan_try_recv(ch, &value);
		if (rc == 1)
			note_received(p, value);
		else
			assert_int_equal(rc, waits ? -ECANCELED : -EAGAIN);
	}
}

static int acts(void *arg)
{
	struct program *p = arg;
	struct koru__random r;
	int me = atomic_fetch_add(&p->next_actor, 1);
	koru__random_seed(&r, p->seed * 100 + (uint64_t)me);
	koru_select_seed(p->seed * 100 + (uint64_t)me);
	bool in_task = koru_task_name() != NULL;
	for (int i = 0; i < STEPS; i++) {
		struct koru_scope s;
		struct koru_scope_opts opts = { .timeout = (int64_t)koru__random_below(&r, 20000) };
		int id = (me * STEPS + i) * CASES_MAX;
		if (in_task)
			koru_scope_open(&s, opts.timeout ? &opts : NULL);
		if (koru__random_below(&r, 3) > 0)
			select_some(p, &r, id);
		else
			call_one(p, &r, id);
		if (in_task)
			koru_scope_close(&s);
		if (koru__random_below(&r, 8) == 0)
			koru_yield();
	}
	(void)koru_future_complete(&p->done, 0);
	return 0;
}

static struct program *begin(uint64_t seed)
{
	struct koru__random r;
	struct program *p = calloc(1, sizeof(*p));
	assert_non_null(p);
	p->seed = seed;
	koru_future_init(&p->done);
	koru__random_seed(&r, seed);
	for (int i = 0; i < CHANNELS; i++)
		p->ch[i] = make_channel(&r);
	return p;
}

/* What is left in the channels was sent and not received. Returns what was received. */
static int end(struct program *p)
{
	int count = 0;
	for (int i = 0; i < CHANNELS; i++) {
		int value;
		while (koru_chan_try_recv(p->ch[i], &value) == 1)
			note_received(p, value);
		assert_int_equal(koru_chan_free(p->ch[i]), 0);
	}
	for (int i = 0; i < IDS; i++) {
		if (atomic_load(&p->sent[i]) != atomic_load(&p->received[i]))
			fail_msg("seed %lu: value %d was sent %d times and received %d times",
			         (unsigned long)p->seed, i, atomic_load(&p->sent[i]),
			         atomic_load(&p->received[i]));
		count += atomic_load(&p->received[i]);
	}
	assert_null(p->done.koru__waiters.first);
	free(p);
	return count;
}

static int main_actors(void *arg)
{
	struct koru_scope s;
	koru_scope_open(&s, NULL);
	for (int i = 0; i < ACTORS; i++)
		koru_go(&s, acts, arg);
	return koru_scope_close(&s);
}

static void test_programs_on_one_loop(void **state)
{
	(void)state;
	int received = 0;
	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct program *p = begin(seed);
		assert_int_equal(run(main_actors, p), 0);
		received += end(p);
	}
	assert_true(received > 60 * 20); /* something happened */
}

/* Two loops with three actors each, and two threads. */
static int main_three(void *arg)
{
	struct koru_scope s;
	koru_scope_open(&s, NULL);
	for (int i = 0; i < 3; i++)
		koru_go(&s, acts, arg);
	return koru_scope_close(&s);
}

static void *loop_of_three(void *arg)
{
	assert_int_equal(koru_run(main_three, arg, NULL), 0);
	return NULL;
}

static void *thread_acts(void *arg)
{
	assert_int_equal(acts(arg), 0);
	return NULL;
}

static void test_programs_on_several_threads(void **state)
{
	(void)state;
	int received = 0;
	for (uint64_t seed = 1; seed <= 60; seed++) {
		void *(*const bodies[])(void *) = { loop_of_three, loop_of_three, thread_acts,
			                            thread_acts };
		pthread_t threads[4];
		struct program *p = begin(seed);
		for (int i = 0; i < 4; i++)
			assert_int_equal(pthread_create(&threads[i], NULL, bodies[i], p), 0);
		for (int i = 0; i < 4; i++)
			pthread_join(threads[i], NULL);
		received += end(p);
	}
	assert_true(received > 60 * 20);
}

/* And on the loops of one koru_run. */
static int main_any_loop(void *arg)
{
	struct koru_scope s;
	koru_scope_open(&s, NULL);
	for (int i = 0; i < ACTORS; i++)
		koru_go_on(&s, i % 2 ? KORU_ANY_LOOP : KORU_LOOP(i / 2 % 2), acts, arg);
	return koru_scope_close(&s);
}

static void test_programs_on_several_loops(void **state)
{
	(void)state;
	int received = 0;
	for (uint64_t seed = 1; seed <= 40; seed++) {
		struct program *p = begin(seed);
		assert_int_equal(run_with(main_any_loop, p, &(struct koru_run_opts){ .loops = 2 }),
		                 0);
		received += end(p);
	}
	assert_true(received > 40 * 20);
}

/* Selects that can only meet each other, with nothing to end them but that: they always do. */
struct pair {
	struct koru_chan *a, *b;
	atomic_int sides;
	atomic_long forth, back;
};

enum { MEETINGS = 3000 };

static int meets(void *arg)
{
	struct pair *p = arg;
	int me = atomic_fetch_add(&p->sides, 1) % 2;
	struct koru_chan *to = me ? p->a : p->b, *from = me ? p->b : p->a;
	for (int i = 0; i < MEETINGS; i++) {
		int x = i, y = -1;
		struct koru_case cases[] = { koru_case_send(to, &x), koru_case_recv(from, &y) };
		int chosen = koru_select(cases, 2, NULL);
		assert_in_range(chosen, 0, 1);
		assert_int_equal(y, chosen == 1 ? i : -1); /* both are at the same meeting */
		atomic_fetch_add(chosen == me ? &p->forth : &p->back, 1);
	}
	return 0;
}

static void *loop_meets(void *arg)
{
	assert_int_equal(koru_run(meets, arg, NULL), 0);
	return NULL;
}

static void *thread_meets(void *arg)
{
	assert_int_equal(meets(arg), 0);
	return NULL;
}

static void test_selects_always_meet(void **state)
{
	(void)state;
	void *(*const bodies[][2])(void *) = { { loop_meets, loop_meets },
		                               { loop_meets, thread_meets },
		                               { thread_meets, thread_meets } };
	for (int i = 0; i < 3; i++) {
		struct pair p = { .a = NULL };
		pthread_t threads[2];
		koru_chan_new(sizeof(int), 0, NULL, &p.a);
		koru_chan_new(sizeof(int), 0, NULL, &p.b);
		for (int k = 0; k < 2; k++)
			assert_int_equal(pthread_create(&threads[k], NULL, bodies[i][k], &p), 0);
		for (int k = 0; k < 2; k++)
			pthread_join(threads[k], NULL);
		assert_int_equal(atomic_load(&p.forth) + atomic_load(&p.back), 2 * MEETINGS);
		assert_int_equal(koru_chan_free(p.a), 0);
		assert_int_equal(koru_chan_free(p.b), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_programs_on_one_loop),
		cmocka_unit_test(test_programs_on_several_threads),
		cmocka_unit_test(test_programs_on_several_loops),
		cmocka_unit_test(test_selects_always_meet),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
