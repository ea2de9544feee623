/* SPDX-License-Identifier: MIT
 * koru_sem: units are neither made nor lost. */
#include "support/cmocka.h"
#include "support/core.h"
#include "sync/crowd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER(n) ((void *)(intptr_t)(n))

static struct koru_sem sem = KORU_SEM_INIT(0);
static struct trace trace;

static int body_alone(void *arg)
{
	struct koru_sem two = KORU_SEM_INIT(2), most = KORU_SEM_INIT(KORU_SEM_UNITS_MAX);
	(void)arg;
	assert_int_equal(koru_sem_value(&two), 2);
	assert_int_equal(koru_sem_wait(&two), 0);
	assert_int_equal(koru_sem_trywait(&two), 0);
	assert_int_equal(koru_sem_trywait(&two), -EAGAIN);
	assert_int_equal(koru_sem_value(&two), 0);
	for (int i = 0; i < 5; i++)
		assert_int_equal(koru_sem_post(&two), 0);
	assert_int_equal(koru_sem_value(&two), 5);
	assert_int_equal(koru_sem_post(&most), -EOVERFLOW);
	assert_int_equal(koru_sem_value(&most), KORU_SEM_UNITS_MAX);
	assert_int_equal(koru_sem_trywait(&most), 0);
	assert_int_equal(koru_sem_post(&most), 0);
	return 0;
}

static void test_units(void **state)
{
	static const struct koru_sem zero;
	(void)state;
	assert_memory_equal(&sem, &zero, sizeof(sem));
	in_both_places(body_alone, NULL);
}

static int takes(void *arg)
{
	int rc = koru_sem_wait(&sem);
	trace_add(&trace, (int)(intptr_t)arg + (rc < 0 ? 100 : 0));
	return rc;
}

static int main_in_order(void *arg)
{
	struct koru_scope s;
	(void)arg;
	koru_scope_open(&s, NULL);
	for (int i = 0; i < 4; i++)
		koru_go(&s, takes, NUMBER(i));
	UNTIL_WAITING(&sem, 4);
	assert_int_equal(koru_sem_post(&sem), 0);
	/* It has gone to the first: no overtaking. */
	assert_int_equal(koru_sem_trywait(&sem), -EAGAIN);
	for (int i = 0; i < 4; i++)
		assert_int_equal(koru_sem_post(&sem), 0);
	assert_int_equal(koru_scope_close(&s), 0);
	return koru_sem_trywait(&sem);
}

static int other_loop(void *arg)
{
	return koru_run(takes, arg, NULL);
}

static int body_of_all_kinds(void *arg)
{
	struct aside asides[4];
	(void)arg;
	trace.len = 0;
	for (int i = 0; i < 4; i++) {
		aside_start(&asides[i], i % 2 ? other_loop : takes, NUMBER(i));
		UNTIL_WAITING(&sem, i + 1);
	}
	for (int i = 0; i < 4; i++) {
		assert_int_equal(koru_sem_post(&sem), 0);
		assert_int_equal(aside_join(&asides[i]), 0);
	}
	TRACE_EXPECT(&trace, 0, 1, 2, 3);
	return 0;
}

static void test_first_come_first_served(void **state)
{
	(void)state;
	trace.len = 0;
	assert_int_equal(run(main_in_order, NULL), 0);
	TRACE_EXPECT(&trace, 0, 1, 2, 3);
	in_both_places(body_of_all_kinds, NULL);
	assert_int_equal(koru_sem_value(&sem), 0);
}

static int main_cancelled_before(void *arg)
{
	struct koru_scope s;
	(void)arg;
	assert_int_equal(koru_sem_post(&sem), 0);
	koru_scope_open(&s, NULL);
	koru_scope_cancel(&s);
	assert_int_equal(koru_sem_wait(&sem), -ECANCELED);
	assert_int_equal(koru_sem_value(&sem), 1);
	assert_int_equal(koru_sem_trywait(&sem), 0);
	assert_int_equal(koru_scope_close(&s), -ECANCELED);
	return 0;
}

static int main_one_is_cancelled(void *arg)
{
	int which = (int)(intptr_t)arg;
	struct koru_scope s, t;
	koru_scope_open(&s, NULL);
	koru_scope_open(&t, NULL);
	for (int i = 0; i < 3; i++)
		koru_go(i == which ? &t : &s, takes, NUMBER(i));
	UNTIL_WAITING(&sem, 3);
	koru_scope_cancel(&t);
	for (int i = 0; i < 3; i++) /* two for those left, one stays */
		assert_int_equal(koru_sem_post(&sem), 0);
	assert_int_equal(koru_scope_close(&t), -ECANCELED);
	assert_int_equal(koru_scope_close(&s), 0);
	return koru_sem_trywait(&sem);
}

static int main_cancelled_too_late(void *arg)
{
	struct koru_scope s;
	(void)arg;
	koru_scope_open(&s, NULL);
	koru_go(&s, takes, NUMBER(7));
	UNTIL_WAITING(&sem, 1);
	assert_int_equal(koru_sem_post(&sem), 0);
	koru_scope_cancel(&s);
	assert_int_equal(koru_scope_close(&s), -ECANCELED);
	return 0;
}

static void test_cancellation(void **state)
{
	(void)state;
	assert_int_equal(run(main_cancelled_before, NULL), 0);
	for (int i = 0; i < 3; i++) {
		trace.len = 0;
		assert_int_equal(run(main_one_is_cancelled, NUMBER(i)), 0);
		assert_int_equal(trace.len, 3);
		assert_int_equal(trace.items[0] + trace.items[1] + trace.items[2], 103);
	}
	trace.len = 0;
	assert_int_equal(run(main_cancelled_too_late, NULL), 0);
	TRACE_EXPECT(&trace, 7);
	assert_int_equal(koru_sem_value(&sem), 0);
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
		assert_int_equal(koru_sem_post(&sem), 0);
		assert_int_equal(koru_sem_wait(&sem), 0);
	}
	return 0;
}

static void test_one_who_never_waits_gives_way(void **state)
{
	(void)state;
	assert_int_equal(run(main_gives_way, NULL), 0);
}

/* Its last unit says that it may be freed, while the one who gave it is about to return. */
static int gives(void *arg)
{
	assert_int_equal(koru_sem_post(arg), 0);
	return 0;
}

static int body_frees_at_once(void *arg)
{
	(void)arg;
	for (int i = 0; i < 200; i++) {
		struct koru_sem *s = calloc(1, sizeof(*s));
		struct aside aside;
		assert_non_null(s);
		aside_start(&aside, gives, s);
		assert_int_equal(koru_sem_wait(s), 0);
		memset(s, 0xff, sizeof(*s));
		free(s);
		assert_int_equal(aside_join(&aside), 0);
	}
	return 0;
}

static void test_the_woken_one_may_free_it(void **state)
{
	(void)state;
	in_both_places(body_frees_at_once, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_units),
		cmocka_unit_test(test_first_come_first_served),
		cmocka_unit_test(test_cancellation),
		cmocka_unit_test(test_one_who_never_waits_gives_way),
		cmocka_unit_test(test_the_woken_one_may_free_it),
	};
	give_up_after(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
