/* SPDX-License-Identifier: MIT
 *
 * A hundred thousand small random programs of tasks, scopes with all their policies, clean-up,
 * scope memory, task-locals, generators, futures, channels and selects, without I/O
 * (programs_test.c is for that). What a scope's close must return is worked out beside it and
 * compared; every task, clean-up, value and byte of memory is accounted for. A failure prints the
 * seed of its program; KORU_TEST_SEED=number runs that one alone, KORU_TEST_PROGRAMS=number another
 * count.
 */
#include "sched/random_model.h"
#include "support/cmocka.h"
#include "support/core.h"
#include "support/heap.h"
#include "support/seeds.h"

#include "base/random.h"
#include "koru/koru.h"

#include <errno.h>
#include <string.h>

enum {
	ACTORS_MAX = 50, /* tasks of a program */
	SCOPES_MAX = 4,  /* that one task has open at a time */
	CHANS = 3,
};

struct world {
	struct koru__random random;
	struct actor {
		struct world *world;
		struct model *home; /* NULL: detached */
		int index;
		bool has_future;
		int started;
		int ended;
		int result;
		struct koru_future future;
	} actors[ACTORS_MAX];
	int spawned;
	int calm; /* how seldom somebody fails or cancels */
	struct koru_chan chans[CHANS];
	int buffers[CHANS][4];
	long sent[CHANS];
	long received[CHANS];
	struct model main_home;
};

static const struct koru_local_key depth_key = { "depth", NULL };

static uint64_t below(struct world *w, uint64_t bound)
{
	return koru__random_below(&w->random, bound);
}

/* In a cancelled scope every suspending call says so; in another none does. */
static void check_call(bool was_cancelled, int rc)
{
	if (was_cancelled)
		assert_int_equal(rc, -ECANCELED);
	if (rc == -ECANCELED)
		assert_true(koru_cancelled());
	++*(rc == -ECANCELED ? &totals.cancelled : &totals.calls);
}

static int act(void *arg);

KORU_TASK(act_typed, (struct actor *, actor), (int, check), (struct world *, world))
{
	assert_ptr_equal(actor->world, world);
	assert_int_equal(actor->index, check);
	return act(actor);
}

static int start_typed(struct koru_scope *scope, struct actor *a)
{
	return a->has_future ? act_typed_async(scope, &a->future, a, a->index, a->world)
	                     : act_typed_go(scope, a, a->index, a->world);
}

static int start(struct koru_scope *scope, struct actor *a)
{
	return a->has_future ? koru_async(scope, &a->future, act, a) : koru_go(scope, act, a);
}

static void spawn(struct world *w, struct model *home)
{
	if (w->spawned == ACTORS_MAX)
		return;
	struct actor *a = &w->actors[w->spawned];
	*a = (struct actor){ .world = w, .home = home, .index = w->spawned };
	a->has_future = home && below(w, 3) == 0;
	w->spawned++;
	struct koru_scope *scope = home ? &home->scope : NULL;
	int rc = below(w, 3) ? start(scope, a) : start_typed(scope, a);
	assert_int_equal(rc, 0);
}

static void open_scope(struct world *w, struct model *m)
{
	struct koru_scope_opts opts = { .policy = (enum koru_scope_policy)below(w, 3) };
	switch (below(w, 12)) {
	case 0: opts.timeout = (int64_t)below(w, 30) * KORU_MICROSECOND; break;
	case 1: opts.timeout = KORU_HOUR; break;
	case 2: opts.deadline = koru_now() + (int64_t)below(w, 30) * KORU_MICROSECOND; break;
	case 3: opts.timeout = -1; break;
	case 4:
		opts.shield = true;
		opts.timeout = (int64_t)(1 + below(w, 30)) * KORU_MICROSECOND;
		break;
	}
	if (below(w, 4) == 0)
		opts.cleanup_timeout = (int64_t)below(w, 10) * KORU_MICROSECOND - 2;
	model_open(m, &opts, koru_local_get(&depth_key));
}

/* Waits for one that was started later: so nobody waits in a circle. */
static void await_some(struct world *w, const struct actor *self)
{
	int i = self->index + (int)below(w, (uint64_t)(w->spawned - self->index));
	struct actor *a = &w->actors[i];
	bool was_cancelled = koru_cancelled();
	int result = 12345;
	if (!a->has_future)
		return;
	bool done = a->ended != 0;
	int rc = koru_await_result(&a->future, &result);
	check_call(was_cancelled, rc);
	if (rc != -ECANCELED) /* a deadline may have passed */
		assert_int_equal(rc, i == self->index ? -EDEADLK : 0);
	if (rc == 0) {
		assert_int_equal(a->ended, 1);
		assert_int_equal(result, a->result);
	} else {
		assert_int_equal(result, 12345);
	}
	assert_true(!done || rc == 0 || koru_cancelled());
}

static void pass_value(struct world *w, bool out)
{
	size_t i = below(w, CHANS);
	int value = 77;
	struct koru_scope s;
	/* Nobody may ever send, or receive. */
	koru_scope_open(&s, &(struct koru_scope_opts){ .timeout = 20 * KORU_MICROSECOND });
	bool was_cancelled = koru_cancelled();
	int rc = out ? koru_chan_send(&w->chans[i], &value) : koru_chan_recv(&w->chans[i], &value);
	if (rc >= 0)
		++*(out ? &w->sent[i] : &w->received[i]);
	assert_int_equal(value, 77);
	check_call(was_cancelled, rc);
	koru_scope_close(&s);
}

/* The same, and a future, and a time limit, whichever is first. */
static void select_some(struct world *w, const struct actor *self)
{
	size_t in = below(w, CHANS), out = below(w, CHANS);
	int i = self->index + 1 + (int)below(w, (uint64_t)(w->spawned - self->index));
	struct actor *a = i < w->spawned && w->actors[i].has_future ? &w->actors[i] : NULL;
	int sent = 77, received = 77;
	struct koru_case cases[] = {
		koru_case_send(&w->chans[out], &sent),
		koru_case_recv(&w->chans[in], &received),
		koru_case_future(a ? &a->future : NULL),
		koru_case_after(10 * KORU_MICROSECOND),
	};
	struct koru_select_opts opts = { .no_wait = below(w, 3) == 0,
		                         .timeout = (int64_t)below(w, 2) * KORU_MICROSECOND };
	bool was_cancelled = koru_cancelled();
	int rc = koru_select(cases, 4, &opts);
	if (!opts.no_wait)
		check_call(was_cancelled, rc);
	switch (rc) {
	case 0: w->sent[out]++; break;
	case 1: w->received[in]++; break;
	case 2: assert_int_equal(cases[2].result, a ? a->result : 1); break;
	case 3: assert_int_equal(cases[3].result, 0); break;
	case -EAGAIN: assert_true(opts.no_wait); break;
	case -ETIMEDOUT: assert_true(opts.timeout); break;
	default: assert_int_equal(rc, -ECANCELED);
	}
	assert_int_equal(received, 77);
}

static struct model *some_scope(struct world *w, struct model *scopes, int depth,
                                struct model *home)
{
	if (depth == 0 || below(w, 3) == 0)
		return home;
	return &scopes[below(w, (uint64_t)depth)];
}

/* One of the two numbers of the innermost generator. */
KORU_GEN(numbers, int, (int, from))
{
	for (int i = from; i < from + 2; i++) {
		bool was_cancelled = koru_cancelled();
		check_call(was_cancelled, koru_yield());
		int rc = numbers_yield(gen, i);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static void generate(struct world *w)
{
	struct numbers_gen gen;
	int n = 0;
	assert_int_equal(numbers_open(&gen, 5), 0);
	for (int i = 0, count = (int)below(w, 4); i < count; i++) {
		assert_int_equal(numbers_next(&gen, &n), i < 2);
		assert_int_equal(n, i < 2 ? 5 + i : 6);
	}
	assert_int_equal(numbers_close(&gen), 0);
}

static void step(struct world *w, struct actor *self, struct model *scopes, int *depth)
{
	bool was_cancelled = koru_cancelled();
	struct model *m = some_scope(w, scopes, *depth, self->home);
	switch (below(w, 15)) {
	case 0: check_call(was_cancelled, koru_yield()); break;
	case 1:
		check_call(was_cancelled, koru_sleep((int64_t)below(w, 20) * KORU_MICROSECOND - 5));
		break;
	case 2:
	case 3: spawn(w, m); break;
	case 4: spawn(w, below(w, 4) ? self->home : NULL); break;
	case 5:
	case 6:
		if (*depth < SCOPES_MAX)
			open_scope(w, &scopes[(*depth)++]);
		break;
	case 7:
		if (*depth > 0)
			model_close(&scopes[--*depth]);
		break;
	case 8:
		if (m && below(w, (uint64_t)w->calm) == 0)
			model_cancel(m);
		break;
	case 9: await_some(w, self); break;
	case 10: pass_value(w, below(w, 2)); break;
	case 13: select_some(w, self); break;
	case 11:
		if (m)
			model_alloc(m, 1 + below(w, 3000));
		break;
	case 12:
		if (m)
			model_defer(m, below(w, (uint64_t)w->calm * 2) == 0 ? -EXDEV : 0,
			            below(w, 2));
		break;
	default: generate(w); break;
	}
}

static int act(void *arg)
{
	struct actor *a = arg;
	struct world *w = a->world;
	struct model scopes[SCOPES_MAX];
	struct koru_local local;
	int depth = 0;
	assert_int_equal(a->started++, 0);
	assert_ptr_equal(koru_local_get(&depth_key), a->home ? a->home->local : NULL);
	bool binds = below(w, 3) == 0;
	if (binds)
		koru_local_bind(&local, &depth_key, a);
	for (uint64_t steps = below(w, 9); steps > 0; steps--)
		step(w, a, scopes, &depth);
	if (binds && depth > 0)
		assert_int_equal(koru_local_unbind(&local), -EBUSY);
	while (depth > 0)
		model_close(&scopes[--depth]);
	if (binds)
		assert_int_equal(koru_local_unbind(&local), 0);
	assert_int_equal(a->ended++, 0);
	a->result = (int)below(w, 3);
	if (below(w, (uint64_t)w->calm * 2) == 0)
		a->result = -(int)(EILSEQ + below(w, 3));
	else if (koru_cancelled() && below(w, 2))
		a->result = -ECANCELED;
	model_ended(a->home, a->result, a->has_future);
	return a->result;
}

static int program(void *arg)
{
	struct world *w = arg;
	open_scope(w, &w->main_home);
	for (uint64_t n = below(w, 6); n > 0; n--)
		spawn(w, &w->main_home);
	model_close(&w->main_home);
	return 0;
}

static void run_one(uint64_t seed)
{
	static struct world w;
	long in_use = memory_in_use();
	w.spawned = 0;
	koru__random_seed(&w.random, seed);
	w.calm = 6 << 2 * below(&w, 4);
	for (size_t i = 0; i < CHANS; i++) {
		koru_chan_init(&w.chans[i], w.buffers[i], sizeof(int), 2 * i, NULL);
		w.sent[i] = w.received[i] = 0;
	}
	int rc = run(program, &w);
	/* Only a detached task's error reaches koru_run. */
	assert_true(rc == 0 || (rc <= -EILSEQ && rc > -EILSEQ - 3));
	for (int i = 0; i < w.spawned; i++) {
		assert_int_equal(w.actors[i].started, 1);
		assert_int_equal(w.actors[i].ended, 1);
	}
	for (size_t i = 0; i < CHANS; i++) {
		assert_int_equal(w.sent[i], w.received[i] + (long)koru_chan_count(&w.chans[i]));
		assert_int_equal(koru_chan_done(&w.chans[i]), 0);
		totals.values += (unsigned long)w.received[i];
	}
	totals.tasks += (unsigned)w.spawned;
	assert_int_equal(memory_in_use(), in_use);
}

static void test_random_programs(void **state)
{
	(void)state;
	totals_print(run_seeds(100000, 2000, run_one));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_random_programs) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
