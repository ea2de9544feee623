/* SPDX-License-Identifier: MIT
 * koru_barrier: all or nobody, round after round. */
#include "support/cmocka.h"
#include "support/core.h"
#include "sync/crowd.h"

#include <errno.h>

#define NUMBER(n) ((void *)(intptr_t)(n))

static struct koru_barrier b = KORU_BARRIER_INIT(3);
static struct trace trace;

static int body_alone(void *arg)
{
	struct koru_barrier one = KORU_BARRIER_INIT(1), none = KORU_BARRIER_INIT(0);
	(void)arg;
	for (int i = 0; i < 200; i++)
		assert_int_equal(koru_barrier_wait(&one), 1);
	assert_int_equal(koru_barrier_wait(&none), -EINVAL);
	return 0;
}

static void test_one_party(void **state)
{
	(void)state;
	in_both_places(body_alone, NULL);
}

static int comes(void *arg)
{
	int rc = koru_barrier_wait(&b);
	trace_add(&trace, (int)(intptr_t)arg + (rc < 0 ? 100 : rc * 10));
	return rc;
}

static int main_rounds(void *arg)
{
	struct koru_scope s;
	(void)arg;
	koru_scope_open(&s, NULL);
	for (int i = 0; i < 7; i++)
		koru_go(&s, comes, NUMBER(i));
	while (trace.len < 6)
		koru_yield();
	UNTIL_WAITING(&b, 1); /* two rounds are over, one waits for the third */
	koru_scope_cancel(&s);
	assert_int_equal(koru_scope_close(&s), -ECANCELED);
	return 0;
}

static void test_rounds(void **state)
{
	(void)state;
	trace.len = 0;
	assert_int_equal(run(main_rounds, NULL), 0);
	/* The last of a round goes on at once. */
	TRACE_EXPECT(&trace, 12, 15, 0, 1, 3, 4, 106);
	assert_int_equal(b.koru__arrived, 0);
}

/* Who is cancelled has not come. */
static int main_one_is_cancelled(void *arg)
{
	struct koru_scope s, t;
	(void)arg;
	koru_scope_open(&s, NULL);
	koru_scope_open(&t, NULL);
	assert_int_equal(koru_scope_cancel(&t), 0);
	assert_int_equal(koru_barrier_wait(&b), -ECANCELED);
	assert_int_equal(koru_scope_close(&t), -ECANCELED);
	koru_scope_open(&t, NULL);
	koru_go(&s, comes, NUMBER(0));
	koru_go(&t, comes, NUMBER(1));
	UNTIL_WAITING(&b, 2);
	koru_scope_cancel(&t);
	assert_int_equal(koru_scope_close(&t), -ECANCELED);
	koru_go(&s, comes, NUMBER(2));
	UNTIL_WAITING(&b, 2);
	koru_go(&s, comes, NUMBER(3));
	return koru_scope_close(&s);
}

/* Cancelled, and all have come before it could leave: then it has come as well. */
static int main_cancelled_too_late(void *arg)
{
	struct koru_scope s, t;
	(void)arg;
	koru_scope_open(&s, NULL);
	koru_scope_open(&t, NULL);
	koru_go(&s, comes, NUMBER(0));
	koru_go(&t, comes, NUMBER(1));
	UNTIL_WAITING(&b, 2);
	koru_scope_cancel(&t);
	assert_int_equal(comes(NUMBER(2)), -ECANCELED); /* in t itself */
	assert_int_equal(koru_scope_close(&t), -ECANCELED);
	koru_scope_open(&t, NULL);
	koru_go(&t, comes, NUMBER(3));
	UNTIL_WAITING(&b, 2);
	koru_go(&s, comes, NUMBER(4)); /* ready to run before the cancelled one */
	koru_scope_cancel(&t);
	assert_int_equal(koru_scope_close(&t), -ECANCELED);
	return koru_scope_close(&s);
}

static void test_cancellation(void **state)
{
	(void)state;
	trace.len = 0;
	assert_int_equal(run(main_one_is_cancelled, NULL), 0);
	TRACE_EXPECT(&trace, 101, 13, 0, 2);
	trace.len = 0;
	assert_int_equal(run(main_cancelled_too_late, NULL), 0);
	TRACE_EXPECT(&trace, 102, 101, 14, 3, 0);
	assert_int_equal(b.koru__arrived, 0);
}

/* Nobody is a round ahead of anybody else, and one a round is told that it was the last. */
enum { MEMBERS = 6, ROUNDS = 200 };
static struct koru_barrier all = KORU_BARRIER_INIT(MEMBERS);
static int rounds[MEMBERS];
static atomic_int lasts;

static int keeps_pace(void *arg)
{
	int self = crowd_number();
	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		rounds[self] = i;
		int rc = koru_barrier_wait(&all);
		assert_true(rc == 0 || rc == 1);
		atomic_fetch_add(&lasts, rc);
		for (int j = 0; j < MEMBERS; j++)
			assert_int_equal(rounds[j], i);
		assert_true(koru_barrier_wait(&all) >= 0);
	}
	return 0;
}

static void test_all_kinds_wait_alike(void **state)
{
	(void)state;
	crowd_run(&(struct crowd){ .loops = 2, .tasks = 2, .threads = 2, .body = keeps_pace });
	assert_int_equal(lasts, ROUNDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_party),
		cmocka_unit_test(test_rounds),
		cmocka_unit_test(test_cancellation),
		cmocka_unit_test(test_all_kinds_wait_alike),
	};
	give_up_after(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
