/* SPDX-License-Identifier: MIT
 * Deadlock: every task waits, and nothing can wake one. */
#include "support/cmocka.h"
#include "support/core.h"

#include "koru/koru.h"
#include "sched/waitq.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#define NUMBER(n) ((void *)(intptr_t)(n))

static const struct koru_run_opts three = { .loops = 3 };

static int waits_for_nobody(void *arg)
{
	return koru__waitq_wait(arg);
}

static int main_is_deadlocked(void *arg)
{
	struct koru_scope s;
	koru_scope_open(&s, NULL);
	koru_go_on(&s, KORU_LOOP(1), waits_for_nobody, arg);
	koru_go_on(&s, KORU_LOOP(0), waits_for_nobody, arg);
	return koru_scope_close(&s);
}

static void test_a_deadlock_over_several_loops(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++) {
		struct koru__waitq q;
		koru__waitq_init(&q);
		assert_int_equal(run_with(main_is_deadlocked, &q, &three), -EDEADLK);
	}
}

static void *wakes_late(void *arg)
{
	usleep(50000);
	while (!koru__waitq_wake_one(arg, 3))
		usleep(1000);
	return NULL;
}

/* As long as another thread might, it is none. */
static void test_a_thread_may_still_wake_us(void **state)
{
	(void)state;
	for (int loops = 1; loops <= 2; loops++) {
		struct koru__waitq q;
		koru__waitq_init(&q);
		pthread_t thread;
		assert_int_equal(pthread_create(&thread, NULL, wakes_late, &q), 0);
		assert_int_equal(
		        run_with(waits_for_nobody, &q, &(struct koru_run_opts){ .loops = loops }),
		        3);
		pthread_join(thread, NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_deadlock_over_several_loops),
		cmocka_unit_test(test_a_thread_may_still_wake_us),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
