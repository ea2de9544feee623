/* SPDX-License-Identifier: MIT
 * koru_rwlock: readers together, writers alone, in the order in which they come. */
#include "support/cmocka.h"
#include "support/core.h"
#include "sync/crowd.h"

#include <errno.h>

#define NUMBER(n) ((void *)(intptr_t)(n))

static struct koru_rwlock l = KORU_RWLOCK_INIT;
static struct trace trace;

static int body_alone(void *arg)
{
	(void)arg;
	assert_int_equal(koru_rwlock_unlock(&l), -EPERM);
	assert_int_equal(koru_rwlock_rdlock(&l), 0);
	assert_int_equal(koru_rwlock_tryrdlock(&l), 0);
	assert_int_equal(koru_rwlock_trywrlock(&l), -EBUSY);
	assert_int_equal(koru_rwlock_unlock(&l), 0);
	assert_int_equal(koru_rwlock_trywrlock(&l), -EBUSY);
	assert_int_equal(koru_rwlock_unlock(&l), 0);
	assert_int_equal(koru_rwlock_unlock(&l), -EPERM);
	assert_int_equal(koru_rwlock_wrlock(&l), 0);
	assert_int_equal(koru_rwlock_wrlock(&l), -EDEADLK);
	assert_int_equal(koru_rwlock_rdlock(&l), -EDEADLK);
	assert_int_equal(koru_rwlock_trywrlock(&l), -EBUSY);
	assert_int_equal(koru_rwlock_tryrdlock(&l), -EBUSY);
	assert_int_equal(koru_rwlock_unlock(&l), 0);
	assert_int_equal(koru_rwlock_trywrlock(&l), 0);
	assert_int_equal(koru_rwlock_unlock(&l), 0);
	assert_int_equal(koru_rwlock_unlock(&l), -EPERM);
	l.koru__readers = UINT32_MAX;
	assert_int_equal(koru_rwlock_rdlock(&l), -EAGAIN);
	assert_int_equal(koru_rwlock_tryrdlock(&l), -EBUSY);
	l.koru__readers = 0;
	return 0;
}

static void test_lock_and_unlock(void **state)
{
	static const struct koru_rwlock zero;
	(void)state;
	assert_memory_equal(&l, &zero, sizeof(l));
	in_both_places(body_alone, NULL);
}

static int is_anothers(void *arg)
{
	(void)arg;
	assert_int_equal(koru_rwlock_unlock(&l), -EPERM);
	assert_int_equal(koru_rwlock_tryrdlock(&l), -EBUSY);
	return 0;
}

static int main_only_the_writer(void *arg)
{
	struct koru_scope s;
	struct aside aside;
	(void)arg;
	assert_int_equal(koru_rwlock_wrlock(&l), 0);
	koru_scope_open(&s, NULL);
	koru_go(&s, is_anothers, NULL);
	assert_int_equal(koru_scope_close(&s), 0);
	aside_start(&aside, is_anothers, NULL);
	assert_int_equal(aside_join(&aside), 0);
	return koru_rwlock_unlock(&l);
}

static void test_only_the_writer_unlocks(void **state)
{
	(void)state;
	assert_int_equal(run(main_only_the_writer, NULL), 0);
}

/* Its number: those from 10 on write. Noted when it has it and when it lets go, 1,000 later. */
static int uses(void *arg)
{
	int number = (int)(intptr_t)arg;
	int rc = number < 10 ? koru_rwlock_rdlock(&l) : koru_rwlock_wrlock(&l);
	trace_add(&trace, number + (rc < 0 ? 100 : 0));
	if (rc < 0)
		return rc;
	koru_yield();
	koru_yield();
	trace_add(&trace, number + 1000);
	return koru_rwlock_unlock(&l);
}

static void go_all(struct koru_scope *s, int n, const int *numbers)
{
	for (int i = 0; i < n; i++)
		koru_go(s, uses, NUMBER(numbers[i]));
}
#define GO_ALL(s, ...)                                                                             \
	go_all((s), (int)(sizeof((int[]){ __VA_ARGS__ }) / sizeof(int)), (int[]){ __VA_ARGS__ })

static int main_in_order(void *arg)
{
	struct koru_scope s;
	(void)arg;
	assert_int_equal(koru_rwlock_wrlock(&l), 0);
	koru_scope_open(&s, NULL);
	GO_ALL(&s, 1, 2, 11, 3, 12, 13, 4, 5);
	UNTIL_WAITING(&l, 8);
	assert_int_equal(koru_rwlock_unlock(&l), 0);
	assert_int_equal(koru_rwlock_tryrdlock(&l), -EBUSY); /* a writer waits */
	return koru_scope_close(&s);
}

static void test_first_come_first_served(void **state)
{
	(void)state;
	trace.len = 0;
	assert_int_equal(run(main_in_order, NULL), 0);
	TRACE_EXPECT(&trace, 1, 2, 1001, 1002, 11, 1011, 3, 1003, 12, 1012, 13, 1013, 4, 5, 1004,
	             1005);
}

static int main_cancelled_before(void *arg)
{
	struct koru_scope s;
	(void)arg;
	koru_scope_open(&s, NULL);
	koru_scope_cancel(&s);
	assert_int_equal(koru_rwlock_rdlock(&l), -ECANCELED);
	assert_int_equal(koru_rwlock_wrlock(&l), -ECANCELED);
	assert_int_equal(koru_rwlock_tryrdlock(&l), 0);
	assert_int_equal(koru_rwlock_unlock(&l), 0);
	assert_int_equal(koru_rwlock_trywrlock(&l), 0);
	assert_int_equal(koru_rwlock_unlock(&l), 0);
	assert_int_equal(koru_scope_close(&s), -ECANCELED);
	return 0;
}

/* A reader has it, a writer waits, and readers behind the writer: it is cancelled, they go on
 * while the first still reads. */
static int main_writer_cancelled(void *arg)
{
	struct koru_scope s, t;
	(void)arg;
	koru_scope_open(&s, NULL);
	koru_scope_open(&t, NULL);
	assert_int_equal(koru_rwlock_rdlock(&l), 0);
	GO_ALL(&t, 11);
	UNTIL_WAITING(&l, 1);
	GO_ALL(&s, 1, 2, 12, 3);
	UNTIL_WAITING(&l, 5);
	koru_scope_cancel(&t);
	assert_int_equal(koru_scope_close(&t), -ECANCELED);
	while (trace.len < 5)
		koru_yield(); /* 1 and 2 have come and gone */
	UNTIL_WAITING(&l, 2);
	assert_int_equal(koru_rwlock_unlock(&l), 0);
	return koru_scope_close(&s);
}

/* Who unlocks meets one in front who was cancelled a moment ago. */
static int main_unlocked_before_it_left(void *arg)
{
	int who = (int)(intptr_t)arg;
	struct koru_scope s, t;
	koru_scope_open(&s, NULL);
	koru_scope_open(&t, NULL);
	assert_int_equal(koru_rwlock_wrlock(&l), 0);
	GO_ALL(&t, who);
	UNTIL_WAITING(&l, 1);
	GO_ALL(&s, 2, 12);
	UNTIL_WAITING(&l, 3);
	koru_scope_cancel(&t);
	assert_int_equal(koru_rwlock_unlock(&l), 0);
	assert_int_equal(koru_scope_close(&t), -ECANCELED);
	return koru_scope_close(&s);
}

static int main_cancelled_too_late(void *arg)
{
	struct koru_scope s;
	koru_scope_open(&s, NULL);
	assert_int_equal(koru_rwlock_wrlock(&l), 0);
	koru_go(&s, uses, arg);
	UNTIL_WAITING(&l, 1);
	assert_int_equal(koru_rwlock_unlock(&l), 0);
	koru_scope_cancel(&s);
	assert_int_equal(koru_scope_close(&s), -ECANCELED);
	return 0;
}

static void test_cancellation(void **state)
{
	(void)state;
	trace.len = 0;
	assert_int_equal(run(main_cancelled_before, NULL), 0);
	assert_int_equal(run(main_writer_cancelled, NULL), 0);
	TRACE_EXPECT(&trace, 111, 1, 2, 1001, 1002, 12, 1012, 3, 1003);
	trace.len = 0;
	assert_int_equal(run(main_unlocked_before_it_left, NUMBER(1)), 0);
	TRACE_EXPECT(&trace, 101, 2, 1002, 12, 1012);
	trace.len = 0;
	assert_int_equal(run(main_unlocked_before_it_left, NUMBER(11)), 0);
	TRACE_EXPECT(&trace, 111, 2, 1002, 12, 1012);
	trace.len = 0;
	assert_int_equal(run(main_cancelled_too_late, NUMBER(1)), 0);
	assert_int_equal(run(main_cancelled_too_late, NUMBER(11)), 0);
	TRACE_EXPECT(&trace, 1, 1001, 11, 1011);
	assert_int_equal(koru_rwlock_trywrlock(&l), 0);
	assert_int_equal(koru_rwlock_unlock(&l), 0);
}

static int other_loop(void *arg)
{
	return koru_run(uses, arg, NULL);
}

static int body_of_all_kinds(void *arg)
{
	static const int numbers[] = { 11, 1, 12, 13, 2 };
	struct aside asides[5];
	(void)arg;
	trace.len = 0;
	assert_int_equal(koru_rwlock_wrlock(&l), 0);
	for (int i = 0; i < 5; i++) {
		aside_start(&asides[i], i % 2 ? other_loop : uses, NUMBER(numbers[i]));
		UNTIL_WAITING(&l, i + 1);
	}
	assert_int_equal(koru_rwlock_unlock(&l), 0);
	for (int i = 0; i < 5; i++)
		assert_int_equal(aside_join(&asides[i]), 0);
	TRACE_EXPECT(&trace, 11, 1011, 1, 1001, 12, 1012, 13, 1013, 2, 1002);
	return 0;
}

static void test_all_kinds_wait_alike(void **state)
{
	(void)state;
	in_both_places(body_of_all_kinds, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lock_and_unlock),
		cmocka_unit_test(test_only_the_writer_unlocks),
		cmocka_unit_test(test_first_come_first_served),
		cmocka_unit_test(test_cancellation),
		cmocka_unit_test(test_all_kinds_wait_alike),
	};
	give_up_after(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
