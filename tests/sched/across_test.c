/* SPDX-License-Identifier: MIT
 * What crosses loops: errors, cancellation, deadlines, wake-ups, and the end. */
#include "sched/meeting.h"
#include "support/cmocka.h"
#include "support/core.h"

#include "koru/koru.h"
#include "sched/waitq.h"

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

/* Errors and cancellation */

/* The same from inside two scopes of its own. */
static int waits_deep_inside(void *arg)
{
	struct koru_scope a, b;
	koru_scope_open(&a, NULL);
	koru_go(&a, waits_for_the_end, arg);
	koru_scope_open(&b, NULL);
	koru_go_on(&b, KORU_LOOP(0), waits_for_the_end, arg);
	assert_int_equal(koru_scope_close(&b), -ECANCELED);
	return koru_scope_close(&a);
}

static int fails_when_all_wait(void *arg)
{
	struct meeting *m = arg;
	while (m->waiting < 4)
		koru_sleep(50 * KORU_MICROSECOND);
	return -EIO;
}

static int main_fails_elsewhere(void *arg)
{
	struct meeting *m = arg;
	for (int failing = 0; failing < 3; failing++) {
		m->waiting = m->cancelled = 0;
		struct koru_scope s;
		koru_scope_open(&s, NULL);
		koru_go_on(&s, KORU_LOOP(0), waits_for_the_end, m);
		koru_go_on(&s, KORU_LOOP(1), waits_for_the_end, m);
		koru_go_on(&s, KORU_LOOP(2), waits_deep_inside, m);
		koru_go_on(&s, KORU_LOOP(failing), fails_when_all_wait, m);
		assert_int_equal(koru_scope_close(&s), -EIO);
		assert_int_equal(m->cancelled, 4);
	}
	return 0;
}

static void test_an_error_elsewhere_cancels_the_rest(void **state)
{
	(void)state;
	struct meeting m = { .waiting = 0 };
	assert_int_equal(run_with(main_fails_elsewhere, &m, &three), 0);
}

static int main_sets_a_deadline(void *arg)
{
	struct meeting *m = arg;
	for (int i = 0; i < 20; i++) {
		m->waiting = m->cancelled = 0;
		struct koru_scope s;
		koru_scope_open(&s, &(struct koru_scope_opts){ .timeout = KORU_MILLISECOND });
		koru_go_on(&s, KORU_LOOP(1), waits_for_the_end, m);
		koru_go_on(&s, KORU_LOOP(2), waits_for_the_end, m);
		assert_int_equal(koru_scope_close(&s), -ETIMEDOUT);
		assert_int_equal(m->cancelled, 2);
	}
	return 0;
}

static void test_a_deadline_reaches_other_loops(void **state)
{
	(void)state;
	struct meeting m = { .waiting = 0 };
	assert_int_equal(run_with(main_sets_a_deadline, &m, &three), 0);
}

/* The one elsewhere notices first, since its home is held; the cause is still the deadline. */
static int computes_past_deadline(void *arg)
{
	atomic_int *done = arg;
	while (koru_now() < koru_deadline())
		continue;
	assert_true(koru_cancelled());
	int rc = koru_yield();
	atomic_store(done, 1);
	return rc;
}

static int main_is_held_meanwhile(void *arg)
{
	(void)arg;
	atomic_int done = 0;
	struct koru_scope s;
	koru_scope_open(&s, &(struct koru_scope_opts){ .timeout = KORU_MILLISECOND });
	koru_go_on(&s, KORU_LOOP(1), computes_past_deadline, &done);
	hold_until(&done);
	assert_int_equal(koru_scope_close(&s), -ETIMEDOUT);
	return 0;
}

static void test_the_deadline_is_the_cause(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++)
		assert_int_equal(run_with(main_is_held_meanwhile, NULL, &two), 0);
}

static int main_starts_in_cancelled(void *arg)
{
	struct meeting *m = arg;
	struct koru_scope s;
	koru_scope_open(&s, NULL);
	koru_scope_cancel(&s);
	koru_go_on(&s, KORU_LOOP(1), waits_for_the_end, m);
	koru_go_on(&s, KORU_ANY_LOOP, waits_for_the_end, m);
	assert_int_equal(koru_scope_close(&s), -ECANCELED);
	assert_int_equal(m->cancelled, 2);
	return 0;
}

static void test_a_cancelled_scope_starts_cancelled_tasks_elsewhere(void **state)
{
	(void)state;
	struct meeting m = { .waiting = 0 };
	assert_int_equal(run_with(main_starts_in_cancelled, &m, &two), 0);
}

/* A shield keeps out what comes from another loop as well. */
static int cleans_up(void *arg)
{
	atomic_int *cleaned = arg;
	assert_int_equal(koru_sleep(KORU_FOREVER), -ECANCELED);
	struct koru_scope shield;
	koru_scope_open(&shield,
	                &(struct koru_scope_opts){ .shield = true, .timeout = KORU_MINUTE });
	assert_int_equal(koru_sleep(KORU_MILLISECOND), 0);
	(*cleaned)++;
	return koru_scope_close(&shield);
}

static int main_cancels_shielded(void *arg)
{
	struct koru_scope s;
	koru_scope_open(&s, &(struct koru_scope_opts){ .timeout = KORU_MILLISECOND });
	koru_go_on(&s, KORU_LOOP(1), cleans_up, arg);
	assert_int_equal(koru_scope_close(&s), -ETIMEDOUT);
	return 0;
}

static void test_a_shield_on_another_loop(void **state)
{
	(void)state;
	atomic_int cleaned = 0;
	assert_int_equal(run_with(main_cancels_shielded, &cleaned, &two), 0);
	assert_int_equal(cleaned, 1);
}

/* Scopes of other loops */

struct guests {
	struct koru_scope *scope;
	atomic_int ran[3];
};

static int guest(void *arg)
{
	struct guests *g = arg;
	g->ran[koru_loop_index()]++;
	return 0;
}

static int invites(void *arg)
{
	struct guests *g = arg;
	assert_int_equal(koru_go(g->scope, guest, g), 0);
	assert_int_equal(koru_go_on(g->scope, KORU_LOOP(0), guest, g), 0);
	assert_int_equal(koru_go_on(g->scope, KORU_LOOP(2), guest, g), 0);
	return 0;
}

static int main_lends_its_scope(void *arg)
{
	struct guests *g = arg;
	for (int i = 0; i < 50; i++) {
		struct koru_scope s;
		koru_scope_open(&s, NULL);
		g->scope = &s;
		koru_go_on(&s, KORU_LOOP(1), invites, g);
		assert_int_equal(koru_scope_close(&s), 0);
		for (int k = 0; k < 3; k++)
			assert_int_equal(g->ran[k], i + 1);
	}
	return 0;
}

static void test_tasks_join_a_scope_of_another_loop(void **state)
{
	(void)state;
	struct guests g = { .scope = NULL };
	assert_int_equal(run_with(main_lends_its_scope, &g, &three), 0);
}

static int guest_fails(void *arg)
{
	(void)arg;
	return -EIO;
}

static int invites_failure(void *arg)
{
	koru_go(arg, guest_fails, NULL);
	assert_int_equal(koru_sleep(KORU_FOREVER), -ECANCELED);
	return 0;
}

static int main_lends_to_failure(void *arg)
{
	(void)arg;
	struct koru_scope s;
	koru_scope_open(&s, NULL);
	koru_go_on(&s, KORU_LOOP(1), invites_failure, &s);
	assert_int_equal(koru_scope_close(&s), -EIO);
	return 0;
}

static void test_a_guest_fails_the_scope(void **state)
{
	(void)state;
	assert_int_equal(run_with(main_lends_to_failure, NULL, &two), 0);
}

static struct meeting guest_meeting;

static int invites_one_that_waits(void *arg)
{
	return koru_go(arg, waits_for_the_end, &guest_meeting);
}

/* The guest waits already when its scope is cancelled, and the scope does not know of it yet. */
static int main_cancels_before_it_knows(void *arg)
{
	struct koru_scope s;
	(void)arg;
	guest_meeting = (struct meeting){ .waiting = 0 };
	koru_scope_open(&s, NULL);
	koru_go_on(&s, KORU_LOOP(1), invites_one_that_waits, &s);
	hold_until(&guest_meeting.waiting);
	koru_scope_cancel(&s);
	assert_int_equal(koru_scope_close(&s), -ECANCELED);
	assert_int_equal(guest_meeting.cancelled, 1);
	return 0;
}

static void test_a_guest_that_comes_too_late(void **state)
{
	(void)state;
	assert_int_equal(run_with(main_cancels_before_it_knows, NULL, &two), 0);
}

/* Detached tasks */

static int sleeps_until_cancelled(void *arg)
{
	atomic_int *flags = arg;
	flags[0]++;
	if (koru_sleep(KORU_FOREVER) == -ECANCELED)
		flags[1]++;
	return 0;
}

static int starts_detached_there(void *arg)
{
	koru_go(NULL, sleeps_until_cancelled, arg);
	return 0;
}

static int main_leaves_detached(void *arg)
{
	atomic_int *flags = arg;
	koru_go_on(NULL, KORU_LOOP(1), sleeps_until_cancelled, arg);
	koru_go_on(NULL, KORU_LOOP(1), starts_detached_there, arg);
	koru_go_on(NULL, KORU_ANY_LOOP, sleeps_until_cancelled, arg);
	while (flags[0] < 3)
		koru_sleep(50 * KORU_MICROSECOND);
	return 5;
}

static void test_detached_tasks_end_with_main(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++) {
		atomic_int flags[2] = { 0, 0 };
		assert_int_equal(run_with(main_leaves_detached, flags, &two), 5);
		assert_int_equal(flags[1], 3);
	}
}

static int fails_detached(void *arg)
{
	(void)arg;
	return -ENODEV;
}

static int main_waits_for_failure(void *arg)
{
	koru_go_on(NULL, KORU_LOOP(1), fails_detached, NULL);
	return koru_sleep(KORU_FOREVER) == -ECANCELED ? *(int *)arg : 0;
}

static void test_a_detached_failure_elsewhere_ends_the_run(void **state)
{
	(void)state;
	int result = 0;
	assert_int_equal(run_with(main_waits_for_failure, &result, &two), -ENODEV);
	result = -ECANCELED;
	assert_int_equal(run_with(main_waits_for_failure, &result, &two), -ENODEV);
	result = -EIO;
	assert_int_equal(run_with(main_waits_for_failure, &result, &two), -EIO);
}

/* Waking */

struct pingpong {
	struct koru__waitq ping, pong;
	atomic_int turn;
	int rounds;
};

static int pongs(void *arg)
{
	struct pingpong *p = arg;
	for (int i = 0; i < p->rounds; i++) {
		while (p->turn != 2 * i + 1)
			assert_true(koru__waitq_wait(&p->ping) >= 0 || true);
		p->turn = 2 * i + 2;
		koru__waitq_wake_all(&p->pong, 0);
	}
	return 0;
}

static int wakes_both(void *arg)
{
	/* The waiters above look first and wait then, so a wake-up can fall between. */
	struct pingpong *p = arg;
	while (p->turn < 2 * p->rounds) {
		koru__waitq_wake_all(&p->ping, 0);
		koru__waitq_wake_all(&p->pong, 0);
		koru_sleep(100 * KORU_MICROSECOND);
	}
	return 0;
}

static int main_pings(void *arg)
{
	struct pingpong *p = arg;
	struct koru_scope s;
	koru_scope_open(&s, NULL);
	koru_go_on(&s, KORU_LOOP(1), pongs, p);
	koru_go(&s, wakes_both, p);
	for (int i = 0; i < p->rounds; i++) {
		p->turn = 2 * i + 1;
		koru__waitq_wake_all(&p->ping, 0);
		while (p->turn != 2 * i + 2)
			koru__waitq_wait(&p->pong);
	}
	return koru_scope_close(&s);
}

static void test_loops_wake_each_other(void **state)
{
	(void)state;
	struct pingpong p = { .rounds = 2000 };
	koru__waitq_init(&p.ping);
	koru__waitq_init(&p.pong);
	assert_int_equal(run_with(main_pings, &p, &two), 0);
	assert_int_equal(p.turn, 4000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_error_elsewhere_cancels_the_rest),
		cmocka_unit_test(test_a_deadline_reaches_other_loops),
		cmocka_unit_test(test_the_deadline_is_the_cause),
		cmocka_unit_test(test_a_cancelled_scope_starts_cancelled_tasks_elsewhere),
		cmocka_unit_test(test_a_shield_on_another_loop),
		cmocka_unit_test(test_tasks_join_a_scope_of_another_loop),
		cmocka_unit_test(test_a_guest_fails_the_scope),
		cmocka_unit_test(test_a_guest_that_comes_too_late),
		cmocka_unit_test(test_detached_tasks_end_with_main),
		cmocka_unit_test(test_a_detached_failure_elsewhere_ends_the_run),
		cmocka_unit_test(test_loops_wake_each_other),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
