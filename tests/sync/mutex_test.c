/* SPDX-License-Identifier: MIT
 * koru_mutex: who has it, in which order, and what cancellation leaves. */
#include "support/cmocka.h"
#include "support/core.h"
#include "sync/crowd.h"

#include <errno.h>
#include <string.h>

#define NUMBER(n) ((void *)(intptr_t)(n))

static struct koru_mutex m = KORU_MUTEX_INIT;
static struct trace trace;

static void assert_open(void)
{
	assert_int_equal(koru_mutex_trylock(&m), 0);
	assert_int_equal(koru_mutex_unlock(&m), 0);
	assert_int_equal(m.koru__word, 0);
	assert_null(m.koru__waiters.first);
}

static int body_alone(void *arg)
{
	(void)arg;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(koru_mutex_lock(&m), 0);
		assert_int_equal(koru_mutex_lock(&m), -EDEADLK);
		assert_int_equal(koru_mutex_trylock(&m), -EBUSY);
		assert_int_equal(koru_mutex_unlock(&m), 0);
		assert_int_equal(koru_mutex_unlock(&m), -EPERM);
		assert_open();
	}
	return 0;
}

static void test_lock_and_unlock(void **state)
{
	static const struct koru_mutex zero;
	(void)state;
	assert_memory_equal(&m, &zero, sizeof(m));
	in_both_places(body_alone, NULL);
	/* The same where other threads exist, and words are changed by atomic instructions. */
	crowd_run(&(struct crowd){ .threads = 1, .body = body_alone });
	crowd_run(&(struct crowd){ .loops = 1, .tasks = 1, .body = body_alone });
}

static int is_anothers(void *arg)
{
	(void)arg;
	assert_int_equal(koru_mutex_unlock(&m), -EPERM);
	assert_int_equal(koru_mutex_trylock(&m), -EBUSY);
	return 0;
}

static int main_is_anothers(void *arg)
{
	struct koru_scope s;
	struct aside aside;
	(void)arg;
	assert_int_equal(koru_mutex_lock(&m), 0);
	koru_scope_open(&s, NULL);
	koru_go(&s, is_anothers, NULL);
	assert_int_equal(koru_scope_close(&s), 0);
	aside_start(&aside, is_anothers, NULL);
	assert_int_equal(aside_join(&aside), 0);
	return koru_mutex_unlock(&m);
}

static int main_is_the_threads(void *arg)
{
	struct koru_scope s;
	is_anothers(arg);
	koru_scope_open(&s, &(struct koru_scope_opts){ .timeout = KORU_MILLISECOND });
	assert_int_equal(koru_mutex_lock(&m), -ECANCELED);
	assert_int_equal(koru_scope_close(&s), -ETIMEDOUT);
	return 0;
}

static void test_only_the_owner_unlocks(void **state)
{
	(void)state;
	assert_int_equal(run(main_is_anothers, NULL), 0);
	/* A thread is not the same as a task that runs on it. */
	assert_int_equal(koru_mutex_lock(&m), 0);
	assert_int_equal(run(main_is_the_threads, NULL), 0);
	assert_int_equal(koru_mutex_lock(&m), -EDEADLK);
	assert_int_equal(koru_mutex_unlock(&m), 0);
	assert_open();
}

/* Notes when it has the mutex and holds it over a wait. */
static int locks(void *arg)
{
	int rc = koru_mutex_lock(&m);
	trace_add(&trace, (int)(intptr_t)arg + (rc < 0 ? 100 : 0));
	if (rc < 0)
		return rc;
	koru_sleep(1);
	assert_int_equal(koru_mutex_unlock(&m), 0);
	return 0;
}

static int main_in_order(void *arg)
{
	struct koru_scope s;
	(void)arg;
	assert_int_equal(koru_mutex_lock(&m), 0);
	koru_scope_open(&s, NULL);
	for (int i = 0; i < 5; i++)
		koru_go(&s, locks, NUMBER(i));
	UNTIL_WAITING(&m, 5);
	assert_int_equal(koru_mutex_unlock(&m), 0);
	/* It has been handed over already: no overtaking. */
	assert_int_equal(koru_mutex_trylock(&m), -EBUSY);
	assert_int_equal(locks(NUMBER(5)), 0);
	return koru_scope_close(&s);
}

static void test_first_come_first_served(void **state)
{
	(void)state;
	trace.len = 0;
	assert_int_equal(run(main_in_order, NULL), 0);
	TRACE_EXPECT(&trace, 0, 1, 2, 3, 4, 5);
	assert_open();
}

static int other_loop(void *arg)
{
	return koru_run(locks, arg, NULL);
}

/* Tasks here, a task of another loop and plain threads, in one queue. */
static int body_of_all_kinds(void *arg)
{
	struct aside asides[4];
	(void)arg;
	trace.len = 0;
	assert_int_equal(koru_mutex_lock(&m), 0);
	for (int i = 0; i < 4; i++) {
		aside_start(&asides[i], i % 2 ? other_loop : locks, NUMBER(i));
		UNTIL_WAITING(&m, i + 1);
	}
	assert_int_equal(koru_mutex_unlock(&m), 0);
	for (int i = 0; i < 4; i++)
		assert_int_equal(aside_join(&asides[i]), 0);
	TRACE_EXPECT(&trace, 0, 1, 2, 3);
	assert_open();
	return 0;
}

static void test_all_kinds_wait_alike(void **state)
{
	(void)state;
	in_both_places(body_of_all_kinds, NULL);
}

static int main_cancelled_before(void *arg)
{
	struct koru_scope s;
	(void)arg;
	koru_scope_open(&s, NULL);
	koru_scope_cancel(&s);
	assert_int_equal(koru_mutex_lock(&m), -ECANCELED);
	assert_open(); /* trylock and unlock work */
	assert_int_equal(koru_mutex_trylock(&m), 0);
	assert_int_equal(koru_mutex_lock(&m), -ECANCELED);
	assert_int_equal(koru_mutex_unlock(&m), 0);
	assert_int_equal(koru_scope_close(&s), -ECANCELED);
	return 0;
}

/* One of three who wait is cancelled; the others have their turns. */
static int main_one_is_cancelled(void *arg)
{
	int which = (int)(intptr_t)arg;
	struct koru_scope s, t;
	koru_scope_open(&s, NULL);
	koru_scope_open(&t, NULL);
	assert_int_equal(koru_mutex_lock(&m), 0);
	for (int i = 0; i < 3; i++)
		koru_go(i == which ? &t : &s, locks, NUMBER(i));
	UNTIL_WAITING(&m, 3);
	koru_scope_cancel(&t);
	/* Before and after it has left the queue. */
	if (which % 2)
		assert_int_equal(koru_scope_close(&t), -ECANCELED);
	assert_int_equal(koru_mutex_unlock(&m), 0);
	if (which % 2 == 0)
		assert_int_equal(koru_scope_close(&t), -ECANCELED);
	assert_int_equal(koru_scope_close(&s), 0);
	assert_open();
	return 0;
}

static int main_all_are_cancelled(void *arg)
{
	struct koru_scope s;
	koru_scope_open(&s, NULL);
	assert_int_equal(koru_mutex_trylock(&m), 0);
	for (int i = 0; i < 3; i++)
		koru_go(&s, locks, NUMBER(i));
	UNTIL_WAITING(&m, 3);
	koru_scope_cancel(&s);
	if (arg) /* they are still in the queue */
		assert_int_equal(koru_mutex_unlock(&m), 0);
	assert_int_equal(koru_scope_close(&s), -ECANCELED);
	if (!arg)
		assert_int_equal(koru_mutex_unlock(&m), 0);
	assert_open();
	return 0;
}

/* Handed over and then cancelled: it has the mutex and says so. */
static int main_cancelled_too_late(void *arg)
{
	struct koru_scope s;
	(void)arg;
	koru_scope_open(&s, NULL);
	assert_int_equal(koru_mutex_lock(&m), 0);
	koru_go(&s, locks, NUMBER(7));
	UNTIL_WAITING(&m, 1);
	assert_int_equal(koru_mutex_unlock(&m), 0);
	koru_scope_cancel(&s);
	assert_int_equal(koru_scope_close(&s), -ECANCELED);
	assert_open();
	return 0;
}

static void test_cancellation(void **state)
{
	(void)state;
	trace.len = 0;
	assert_int_equal(run(main_cancelled_before, NULL), 0);
	assert_int_equal(run(main_one_is_cancelled, NUMBER(0)), 0);
	assert_int_equal(run(main_one_is_cancelled, NUMBER(1)), 0);
	assert_int_equal(run(main_one_is_cancelled, NUMBER(2)), 0);
	TRACE_EXPECT(&trace, 100, 1, 2, 101, 0, 2, 102, 0, 1);
	trace.len = 0;
	assert_int_equal(run(main_all_are_cancelled, NUMBER(0)), 0);
	assert_int_equal(run(main_all_are_cancelled, NUMBER(1)), 0);
	TRACE_EXPECT(&trace, 100, 101, 102, 100, 101, 102);
	trace.len = 0;
	assert_int_equal(run(main_cancelled_too_late, NULL), 0);
	TRACE_EXPECT(&trace, 7);
}

static bool seen;

static int sees(void *arg)
{
	(void)arg;
	seen = true;
	return 0;
}

static int main_gives_way(void *arg)
{
	(void)arg;
	seen = false;
	koru_go(NULL, sees, NULL);
	for (long i = 0; !seen; i++) {
		assert_true(i < 100000);
		assert_int_equal(koru_mutex_lock(&m), 0);
		assert_false(i > 0 && m.koru__waiters.first);
		assert_int_equal(koru_mutex_unlock(&m), 0);
	}
	return 0;
}

static void test_one_who_never_waits_gives_way(void **state)
{
	(void)state;
	assert_int_equal(run(main_gives_way, NULL), 0);
}

static struct koru_mutex pair[2];

static int locks_both(void *arg)
{
	int first = (int)(intptr_t)arg;
	assert_int_equal(koru_mutex_lock(&pair[first]), 0);
	koru_yield();
	int rc = koru_mutex_lock(&pair[!first]);
	if (rc == 0)
		koru_mutex_unlock(&pair[!first]);
	koru_mutex_unlock(&pair[first]);
	return rc;
}

static int main_deadlock(void *arg)
{
	struct koru_scope s;
	(void)arg;
	koru_scope_open(&s, NULL);
	koru_go(&s, locks_both, NUMBER(0));
	koru_go(&s, locks_both, NUMBER(1));
	return koru_scope_close(&s);
}

static void test_a_deadlock_is_reported(void **state)
{
	(void)state;
	assert_int_equal(run(main_deadlock, NULL), -EDEADLK);
	for (int i = 0; i < 2; i++)
		assert_int_equal(koru_mutex_trylock(&pair[i]), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* Before there are threads: an emulator's own are taken for the program's. */
		cmocka_unit_test(test_a_deadlock_is_reported),
		cmocka_unit_test(test_lock_and_unlock),
		cmocka_unit_test(test_only_the_owner_unlocks),
		cmocka_unit_test(test_first_come_first_served),
		cmocka_unit_test(test_all_kinds_wait_alike),
		cmocka_unit_test(test_cancellation),
		cmocka_unit_test(test_one_who_never_waits_gives_way),
	};
	give_up_after(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
