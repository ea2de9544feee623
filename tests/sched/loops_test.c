/* SPDX-License-Identifier: MIT
 * Several loops in one koru_run: places, theft, and what can be missing. */
#include "support/cmocka.h"
#include "support/core.h"

#include "base/fault.h"
#include "koru/koru.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#define NUMBER(n) ((void *)(intptr_t)(n))

static const struct koru_run_opts two = { .loops = 2 };
static const struct koru_run_opts three = { .loops = 3 };

/* Lets other threads run until the flag is set. Not a koru call: the loop is held. */
static void hold_until(atomic_int *flag)
{
	while (!atomic_load(flag))
		usleep(50);
}

/* Options */

static int main_counts_loops(void *arg)
{
	assert_int_equal(koru_loop_count(), (int)(intptr_t)arg);
	assert_int_equal(koru_loop_index(), 0);
	return 0;
}

static void test_options(void **state)
{
	(void)state;
	assert_int_equal(koru_loop_count(), 0);
	assert_int_equal(koru_loop_index(), -1);
	assert_int_equal(run_with(main_counts_loops, NUMBER(1), NULL), 0);
	assert_int_equal(run_with(main_counts_loops, NUMBER(3), &three), 0);
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	if (cores <= KORU_LOOPS_MAX)
		assert_int_equal(run_with(main_counts_loops, NUMBER(cores),
		                          &(struct koru_run_opts){ .loops = KORU_ALL_CORES }),
		                 0);
	assert_int_equal(run_with(main_counts_loops, NUMBER(0),
	                          &(struct koru_run_opts){ .loops = KORU_LOOPS_MAX + 1 }),
	                 -EINVAL);
	assert_int_equal(
	        run_with(main_counts_loops, NUMBER(0), &(struct koru_run_opts){ .loops = -2 }),
	        -EINVAL);
}

static int main_starts_nowhere(void *arg)
{
	struct koru_scope s;
	koru_scope_open(&s, NULL);
	assert_int_equal(koru_go_on(&s, KORU_LOOP(2), main_counts_loops, arg), -EINVAL);
	assert_int_equal(koru_go_on(&s, KORU_LOOP(-1), main_counts_loops, arg), -EINVAL);
	assert_int_equal(koru_go_on(&s, (enum koru_place)2, main_counts_loops, arg), -EINVAL);
	return koru_scope_close(&s);
}

static void test_a_loop_that_is_not_there(void **state)
{
	(void)state;
	assert_int_equal(run_with(main_starts_nowhere, NULL, &two), 0);
}

/* Where tasks run */

struct where {
	atomic_int began[3];
	atomic_int moved;
	atomic_int ended;
};

static int says_where(void *arg)
{
	struct where *w = arg;
	int index = koru_loop_index();
	pthread_t thread = pthread_self();
	atomic_fetch_add(&w->began[index], 1);
	for (int i = 0; i < 10; i++) {
		koru_yield();
		if (koru_loop_index() != index || !pthread_equal(thread, pthread_self()))
			atomic_fetch_add(&w->moved, 1);
	}
	koru_sleep(100 * KORU_MICROSECOND);
	if (koru_loop_index() != index || !pthread_equal(thread, pthread_self()))
		atomic_fetch_add(&w->moved, 1);
	atomic_fetch_add(&w->ended, 1);
	return 0;
}

static int main_names_loops(void *arg)
{
	struct where *w = arg;
	struct koru_scope s;
	koru_scope_open(&s, NULL);
	for (int i = 0; i < 30; i++)
		assert_int_equal(koru_go_on(&s, KORU_LOOP(i % 3), says_where, w), 0);
	assert_int_equal(koru_scope_close(&s), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(w->began[i], 10);
	assert_int_equal(w->ended, 30);
	assert_int_equal(w->moved, 0);
	return 0;
}

static void test_a_named_loop_runs_it(void **state)
{
	(void)state;
	struct where w = { .moved = 0 };
	assert_int_equal(run_with(main_names_loops, &w, &three), 0);
}

struct theft {
	atomic_int stolen;
	atomic_int at;
};

static int is_stolen(void *arg)
{
	struct theft *t = arg;
	t->at = koru_loop_index();
	t->stolen = 1;
	return 7;
}

/* Nothing but a thief can let this one go on. */
static int main_holds_its_loop(void *arg)
{
	struct theft *t = arg;
	struct koru_scope s;
	koru_scope_open(&s, NULL);
	assert_int_equal(koru_go_on(&s, KORU_ANY_LOOP, is_stolen, t), 0);
	hold_until(&t->stolen);
	assert_int_equal(t->at, 1);
	return koru_scope_close(&s);
}

static void test_an_idle_loop_steals(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		struct theft t = { .stolen = 0 };
		assert_int_equal(run_with(main_holds_its_loop, &t, &two), 0);
	}
}

/* Long asleep, it is woken to steal. */
static int main_lets_it_sleep(void *arg)
{
	koru_sleep(20 * KORU_MILLISECOND);
	return main_holds_its_loop(arg);
}

static void test_a_sleeping_loop_is_woken_to_steal(void **state)
{
	(void)state;
	int64_t start = koru_now();
	for (int i = 0; i < 8; i++) {
		struct theft t = { .stolen = 0 };
		assert_int_equal(run_with(main_lets_it_sleep, &t, &two), 0);
	}
	/* A sleeping loop looks round once a second by itself. */
	assert_true(koru_now() - start < 4 * KORU_SECOND);
}

static int sets(void *arg)
{
	atomic_store((atomic_bool *)arg, true);
	return 0;
}

static int yields_until(void *arg)
{
	for (int i = 0; i < 100000 && !atomic_load((atomic_bool *)arg); i++)
		koru_yield();
	return 0;
}

/* Tasks that keep a loop busy do not keep it from those that any loop could run. */
static int main_keeps_busy(void *arg)
{
	atomic_bool done = false;
	struct koru_scope s;
	(void)arg;
	koru_scope_open(&s, NULL);
	koru_go_on(&s, KORU_ANY_LOOP, sets, &done);
	koru_go(&s, yields_until, &done);
	yields_until(&done);
	assert_true(done);
	return koru_scope_close(&s);
}

static void test_a_busy_loop_gets_to_them(void **state)
{
	(void)state;
	assert_int_equal(run(main_keeps_busy, NULL), 0);
}

/* One loop makes work for others and holds on; one gets something else to do at the same moment and
 * holds on too. Whoever was told of the work, the third has to learn of it. */
static atomic_int work_left;

static int works(void *arg)
{
	(void)arg;
	atomic_fetch_sub(&work_left, 1);
	return 0;
}

static int holds_its_loop(void *arg)
{
	(void)arg;
	while (atomic_load(&work_left) > 0)
		usleep(50);
	return 0;
}

/* So that no loop wakes by itself. */
static int sleeps_for_an_hour(void *arg)
{
	(void)arg;
	koru_sleep(KORU_HOUR);
	return 0;
}

static int main_leaves_work_to_the_third(void *arg)
{
	(void)arg;
	for (int i = 0; i < 3; i++)
		assert_int_equal(koru_go_on(NULL, KORU_LOOP(i), sleeps_for_an_hour, NULL), 0);
	for (int i = 0; i < 1500; i++) {
		struct koru_scope s;
		koru_scope_open(&s, NULL);
		work_left = 2;
		if (i % 3 == 0)
			usleep(200); /* they fall asleep */
		for (int k = 0; k < 3; k++) {
			if (k == i % 4)
				koru_go_on(&s, KORU_LOOP(1 + i % 2), holds_its_loop, NULL);
			if (k < 2)
				koru_go_on(&s, KORU_ANY_LOOP, works, NULL);
		}
		holds_its_loop(NULL);
		assert_int_equal(koru_scope_close(&s), 0);
	}
	return 0;
}

static void test_work_does_not_lie_while_a_loop_sleeps(void **state)
{
	(void)state;
	assert_int_equal(run_with(main_leaves_work_to_the_third, NULL, &three), 0);
}

static atomic_int here_elsewhere;

static int stays(void *arg)
{
	(void)arg;
	if (koru_loop_index() != 0)
		here_elsewhere++;
	return 0;
}

static int main_starts_here(void *arg)
{
	(void)arg;
	for (int i = 0; i < 200; i++) {
		struct koru_scope s;
		koru_scope_open(&s, NULL);
		for (int k = 0; k < 20; k++)
			koru_go(&s, stays, NULL);
		usleep(20);
		koru_scope_close(&s);
	}
	return here_elsewhere;
}

static void test_what_is_started_here_is_not_stolen(void **state)
{
	(void)state;
	assert_int_equal(run_with(main_starts_here, NULL, &two), 0);
}

/* Names, deadlines and scopes go along. */
static int looks_around(void *arg)
{
	assert_string_equal(koru_task_name(), "looks_around");
	assert_int_equal(koru_deadline(), *(int64_t *)arg);
	struct koru_scope inner;
	assert_int_equal(koru_scope_open(&inner, NULL), 0);
	assert_int_equal(koru_deadline(), *(int64_t *)arg);
	assert_false(koru_cancelled());
	return koru_scope_close(&inner);
}

static int main_sends_away(void *arg)
{
	(void)arg;
	int64_t deadline = koru_now() + KORU_HOUR;
	struct koru_scope s;
	koru_scope_open(&s, &(struct koru_scope_opts){ .deadline = deadline });
	koru_go_on(&s, KORU_LOOP(1), looks_around, &deadline);
	koru_go_on(&s, KORU_ANY_LOOP, looks_around, &deadline);
	return koru_scope_close(&s);
}

static void test_what_a_task_takes_along(void **state)
{
	(void)state;
	assert_int_equal(run_with(main_sends_away, NULL, &two), 0);
}

/* Failures as loops are made */

static int main_is_not_called(void *arg)
{
	(void)arg;
	fail_msg("main was called");
	return 0;
}

static void test_a_loop_cannot_be_made(void **state)
{
	(void)state;
	static const struct {
		enum koru__fault_point point;
		int error;
	} cases[] = {
		{ KORU__FAULT_EVENTFD, EMFILE },
		{ KORU__FAULT_THREAD, EAGAIN },
	};
	int fds = count_fds();
	for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
		unsigned points = cases[c].point == KORU__FAULT_THREAD ? 2 : 3;
		for (unsigned skip = 0; skip < points; skip++) {
			koru__fault_arm(cases[c].point, skip, 1, cases[c].error);
			int rc = run_with(main_is_not_called, NULL, &three);
			unsigned hits = koru__fault_hits();
			koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
			assert_int_equal(hits, 1);
			assert_int_equal(rc, -cases[c].error);
			assert_int_equal(count_fds(), fds);
		}
	}
}

static int does_nothing(void *arg)
{
	(void)arg;
	return 0;
}

static int main_has_no_memory(void *arg)
{
	(void)arg;
	struct koru_scope s;
	koru_scope_open(&s, NULL);
	koru__fault_arm(KORU__FAULT_ALLOC, 0, 1000, ENOMEM);
	int rc = koru_go_on(&s, KORU_LOOP(1), does_nothing, NULL);
	koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
	assert_int_equal(rc, -ENOMEM);
	assert_int_equal(koru_scope_close(&s), -ENOMEM);
	return 0;
}

static void test_no_memory_to_send_a_task_away(void **state)
{
	(void)state;
	assert_int_equal(run_with(main_has_no_memory, NULL, &two), 0);
}

/* Many small programs at once: trees that are stolen, fail and are cancelled. */

struct tree {
	atomic_long begun;
	atomic_long ended;
	unsigned fail_at; /* the task whose number this is fails */
};

struct branch {
	struct tree *tree;
	int depth;
};

static int grows(void *arg)
{
	struct branch *b = arg;
	unsigned number = (unsigned)atomic_fetch_add(&b->tree->begun, 1);
	int rc = 0;
	if (b->depth > 0) {
		struct branch next = { b->tree, b->depth - 1 };
		struct koru_scope s;
		koru_scope_open(&s, NULL);
		for (int i = 0; i < 4; i++)
			koru_go_on(&s, (number + (unsigned)i) % 3 ? KORU_ANY_LOOP : KORU_HERE,
			           grows, &next);
		if (number % 7 == 0)
			koru_yield();
		rc = koru_scope_close(&s);
	} else if (number % 5 == 0) {
		rc = koru_sleep((number % 50) * KORU_MICROSECOND);
	} else if (number % 3 == 0) {
		rc = koru_yield();
	}
	atomic_fetch_add(&b->tree->ended, 1);
	if (number == b->tree->fail_at)
		return -EIO;
	return rc;
}

static int main_grows(void *arg)
{
	struct tree *tree = arg;
	struct branch root = { tree, 4 };
	for (unsigned i = 0; i < 100; i++) {
		tree->begun = tree->ended = 0;
		tree->fail_at = i % 4 == 0 ? i * 3 : ~0u;
		struct koru_scope s;
		koru_scope_open(&s, &(struct koru_scope_opts){
		                            .timeout = i % 4 == 1 ? i * 10 * KORU_MICROSECOND
		                                                  : KORU_HOUR });
		koru_go_on(&s, KORU_ANY_LOOP, grows, &root);
		int rc = koru_scope_close(&s);
		assert_int_equal(tree->begun, tree->ended);
		if (i % 4 == 0 && tree->begun > tree->fail_at)
			assert_int_equal(rc, -EIO);
		else if (i % 4 == 1)
			assert_true(rc == 0 || rc == -ETIMEDOUT);
		else
			assert_int_equal(rc, 0);
	}
	return 0;
}

static void test_trees_over_several_loops(void **state)
{
	(void)state;
	struct tree tree = { .begun = 0 };
	assert_int_equal(run_with(main_grows, &tree, &two), 0);
	assert_int_equal(run_with(main_grows, &tree, &three), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_a_loop_that_is_not_there),
		cmocka_unit_test(test_a_named_loop_runs_it),
		cmocka_unit_test(test_an_idle_loop_steals),
		cmocka_unit_test(test_a_sleeping_loop_is_woken_to_steal),
		cmocka_unit_test(test_work_does_not_lie_while_a_loop_sleeps),
		cmocka_unit_test(test_a_busy_loop_gets_to_them),
		cmocka_unit_test(test_what_is_started_here_is_not_stolen),
		cmocka_unit_test(test_what_a_task_takes_along),
		cmocka_unit_test(test_a_loop_cannot_be_made),
		cmocka_unit_test(test_no_memory_to_send_a_task_away),
		cmocka_unit_test(test_trees_over_several_loops),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
