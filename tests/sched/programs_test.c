/* SPDX-License-Identifier: MIT
 *
 * Thousands of small random programs of tasks, scopes, deadlines, cancellations and sockets. What
 * must hold in all of them is asserted on the way and at the end. A failure prints the seed of
 * its program; KORU_TEST_SEED=number runs that one alone, KORU_TEST_PROGRAMS=number another count.
 */
#include "support/cmocka.h"
#include "support/core.h"
#include "support/seeds.h"
#include "support/pair.h"

#include "base/random.h"
#include "koru/koru.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum {
	ACTORS_MAX = 60, /* tasks of a program */
	SCOPES_MAX = 5,  /* that one task has open at a time */
	PAIRS_MAX = 3,
};

/* They share what they count in; with another place ThreadSanitizer would call that a race. */
#ifdef KORU_TSAN
#define ANYWHERE KORU_HERE
#else
#define ANYWHERE KORU_ANY_LOOP
#endif

/* What a scope's close may say, as far as those who acted on it know. */
struct model {
	struct koru_scope scope;
	struct model *parent; /* the scope around it; NULL for the root */
	bool open;
	bool has_deadline;
	bool shield;
	int first_cause; /* the first error or cancellation that somebody caused in it */
};

struct world {
	struct koru__random random;
	struct pair pairs[PAIRS_MAX];
	size_t written[PAIRS_MAX];
	size_t read[PAIRS_MAX];
	struct actor {
		struct world *world;
		struct model *home; /* NULL: detached */
		int started;
		int ended;
	} actors[ACTORS_MAX];
	int spawned;
	int calm; /* how seldom somebody fails or cancels */
	struct model main_home;
};

/* What all programs together did: each kind of end should have been met. */
static struct {
	unsigned long long tasks, done, cancelled, bytes, timed_out, failed, clean;
} totals;

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
	else
		assert_true(rc >= 0);
	++*(rc < 0 ? &totals.cancelled : &totals.done);
}

static int act(void *arg);

static void spawn(struct world *w, struct model *home)
{
	if (w->spawned == ACTORS_MAX)
		return;
	struct actor *a = &w->actors[w->spawned];
	*a = (struct actor){ .world = w, .home = home };
	struct koru_task_opts opts = { .stack_size = below(w, 8) == 0 ? 128 << 10 : 0,
		                       .place = below(w, 4) == 0 ? ANYWHERE : KORU_HERE };
	int rc = koru_go_with(home ? &home->scope : NULL, act, a, &opts);
	assert_int_equal(rc, 0);
	w->spawned++;
}

static void open_scope(struct world *w, struct model *m, struct model *parent)
{
	struct koru_scope_opts opts = { 0 };
	switch (below(w, 12)) {
	case 0: opts.timeout = (int64_t)below(w, 60) * KORU_MICROSECOND; break;
	case 1: opts.timeout = KORU_HOUR; break;
	case 2: opts.deadline = koru_now() + (int64_t)below(w, 60) * KORU_MICROSECOND; break;
	case 3: opts.timeout = -1; break;
	case 4:
		opts.shield = true;
		opts.timeout = (int64_t)(1 + below(w, 60)) * KORU_MICROSECOND;
		break;
	}
	*m = (struct model){ .parent = parent,
		             .open = true,
		             .has_deadline = opts.timeout || opts.deadline,
		             .shield = opts.shield };
	assert_int_equal(koru_scope_open(&m->scope, &opts), 0);
	if (opts.timeout < 0)
		assert_true(koru_cancelled());
	if (opts.shield && opts.timeout > KORU_SECOND)
		assert_false(koru_cancelled());
}

static bool may_time_out_around(const struct model *m)
{
	for (; m && !m->shield; m = m->parent)
		if (m->parent && (m->parent->has_deadline || m->parent->first_cause))
			return true;
	/* Beyond the home of the task there are others; the model does not follow them. */
	return !m;
}

static void close_scope(struct model *m)
{
	int64_t deadline = koru_deadline();
	int rc = koru_scope_close(&m->scope);
	m->open = false;
	++*(rc == 0 ? &totals.clean : rc == -ETIMEDOUT ? &totals.timed_out : &totals.failed);
	if (rc == 0) {
		assert_int_equal(m->first_cause, 0);
		assert_true(koru_now() <= deadline || deadline > koru_now() - KORU_SECOND);
		return;
	}
	if (rc == -ETIMEDOUT)
		assert_true(m->has_deadline || m->first_cause == -ETIMEDOUT);
	else if (rc == -ECANCELED)
		assert_true(m->first_cause == -ECANCELED || may_time_out_around(m));
	else
		assert_int_equal(rc, m->first_cause);
}

static void cause(struct model *m, int why)
{
	if (m && !m->first_cause)
		m->first_cause = why;
}

static void transfer(struct world *w, bool out)
{
	char buf[64] = { 0 };
	size_t i = below(w, PAIRS_MAX);
	size_t len = 1 + below(w, sizeof(buf));
	struct koru_scope s;
	/* Nobody may ever write, or read. */
	koru_scope_open(&s, &(struct koru_scope_opts){ .timeout = 40 * KORU_MICROSECOND });
	bool was_cancelled = koru_cancelled();
	ssize_t n =
	        out ? koru_write(w->pairs[i].in, buf, len) : koru_read(w->pairs[i].out, buf, len);
	if (n > 0)
		*(out ? &w->written[i] : &w->read[i]) += (size_t)n;
	check_call(was_cancelled, (int)n);
	assert_true(n <= (ssize_t)len);
	koru_scope_close(&s);
}

static void poll_some(struct world *w)
{
	struct pollfd fds[PAIRS_MAX];
	for (int i = 0; i < PAIRS_MAX; i++)
		fds[i] = (struct pollfd){ .fd = below(w, 3) ? w->pairs[i].out : -1,
			                  .events = POLLIN };
	bool was_cancelled = koru_cancelled();
	check_call(was_cancelled, koru_poll(fds, PAIRS_MAX, 0));
}

static struct model *some_scope(struct world *w, struct model *scopes, int depth,
                                struct model *home)
{
	if (depth == 0 || below(w, 3) == 0)
		return home;
	return &scopes[below(w, (uint64_t)depth)];
}

static void step(struct world *w, struct model *scopes, int *depth, struct model *home)
{
	bool was_cancelled = koru_cancelled();
	switch (below(w, 11)) {
	case 0:
	case 1: check_call(was_cancelled, koru_yield()); break;
	case 2:
		check_call(was_cancelled, koru_sleep((int64_t)below(w, 30) * KORU_MICROSECOND - 5));
		break;
	case 3:
	case 4: spawn(w, some_scope(w, scopes, *depth, home)); break;
	case 5: spawn(w, below(w, 4) ? home : NULL); break;
	case 6:
		if (*depth < SCOPES_MAX) {
			open_scope(w, &scopes[*depth], *depth ? &scopes[*depth - 1] : home);
			++*depth;
		}
		break;
	case 7:
		if (*depth > 0)
			close_scope(&scopes[--*depth]);
		break;
	case 8: {
		struct model *m = some_scope(w, scopes, *depth, home);
		if (m && m->open && below(w, (uint64_t)w->calm) == 0) {
			cause(m, koru_cancelled() && m == home ? m->first_cause : -ECANCELED);
			assert_int_equal(koru_scope_cancel(&m->scope), 0);
			cause(m, -ECANCELED);
		}
		break;
	}
	case 9: transfer(w, below(w, 2)); break;
	default: poll_some(w); break;
	}
}

static int act(void *arg)
{
	struct actor *a = arg;
	struct world *w = a->world;
	struct model scopes[SCOPES_MAX];
	int depth = 0;
	assert_int_equal(a->started++, 0);
	for (uint64_t steps = below(w, 9); steps > 0; steps--)
		step(w, scopes, &depth, a->home);
	while (depth > 0)
		close_scope(&scopes[--depth]);
	assert_int_equal(a->ended++, 0);
	int result = below(w, (uint64_t)w->calm * 4) == 0 ? -(int)(EILSEQ + below(w, 3))
	                                                  : (int)below(w, 3);
	if (result < 0)
		cause(a->home, result);
	return result;
}

static int program(void *arg)
{
	struct world *w = arg;
	open_scope(w, &w->main_home, NULL);
	for (uint64_t n = below(w, 6); n > 0; n--)
		spawn(w, &w->main_home);
	close_scope(&w->main_home);
	return 0;
}

static void check_end(const struct world *w)
{
	for (int i = 0; i < w->spawned; i++) {
		assert_int_equal(w->actors[i].started, 1);
		assert_int_equal(w->actors[i].ended, 1);
	}
	for (int i = 0; i < PAIRS_MAX; i++) {
		char buf[4096];
		size_t left = 0;
		ssize_t n;
		close(w->pairs[i].in); /* then even a blocking one comes to its end */
		while ((n = read(w->pairs[i].out, buf, sizeof(buf))) > 0)
			left += (size_t)n;
		assert_int_equal(w->written[i], w->read[i] + left);
		totals.bytes += w->read[i];
	}
	totals.tasks += (unsigned)w->spawned;
}

static void run_one(uint64_t seed)
{
	static struct world w;
	memset(&w, 0, sizeof(w));
	koru__random_seed(&w.random, seed);
	w.calm = 3 << 2 * below(&w, 4);
	for (int i = 0; i < PAIRS_MAX; i++)
		pair_open(&w.pairs[i], i);
	int rc = run(program, &w);
	/* Only a detached task's error reaches koru_run. */
	assert_true(rc == 0 || (rc <= -EILSEQ && rc > -EILSEQ - 3));
	check_end(&w);
	for (int i = 0; i < PAIRS_MAX; i++)
		close(w.pairs[i].out);
}

static void test_random_programs(void **state)
{
	(void)state;
	unsigned long long count = run_seeds(20000, 1000, run_one);
	print_message(
	        "%llu tasks, %llu calls, %llu cancelled, %llu bytes read, closes: %llu clean, "
	        "%llu timed out, %llu failed\n",
	        totals.tasks, totals.done, totals.cancelled, totals.bytes, totals.clean,
	        totals.timed_out, totals.failed);
	assert_true(count < 100 || (totals.cancelled && totals.bytes && totals.clean &&
	                            totals.timed_out && totals.failed));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_random_programs) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
