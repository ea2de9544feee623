/* SPDX-License-Identifier: MIT
 * koru_cond: woken in order, with the mutex locked again whatever the answer. */
#include "support/cmocka.h"
#include "support/core.h"
#include "sync/crowd.h"

#include <errno.h>

#define NUMBER(n) ((void *)(intptr_t)(n))

static struct koru_mutex m = KORU_MUTEX_INIT;
static struct koru_cond c = KORU_COND_INIT;
static struct trace trace;

static void assert_locked_by_me(void)
{
	assert_int_equal(koru_mutex_unlock(&m), 0);
	assert_int_equal(koru_mutex_trylock(&m), 0);
}

static int waits(void *arg)
{
	assert_int_equal(koru_mutex_lock(&m), 0);
	int rc = koru_cond_wait(&c, &m);
	trace_add(&trace, (int)(intptr_t)arg + (rc < 0 ? 100 : 0));
	assert_int_equal(koru_mutex_unlock(&m), 0);
	return rc;
}

static int body_misuse(void *arg)
{
	struct koru_mutex other = KORU_MUTEX_INIT;
	struct aside aside;
	(void)arg;
	koru_cond_signal(&c); /* nobody waits: nothing is remembered */
	koru_cond_broadcast(&c);
	assert_int_equal(koru_cond_wait(&c, &m), -EPERM);
	aside_start(&aside, waits, NUMBER(0));
	UNTIL_WAITING(&c, 1);
	assert_int_equal(koru_mutex_lock(&other), 0);
	assert_int_equal(koru_cond_wait(&c, &other), -EINVAL);
	assert_int_equal(koru_mutex_unlock(&other), 0);
	koru_cond_signal(&c);
	assert_int_equal(aside_join(&aside), 0);
	return 0;
}

static void test_misuse(void **state)
{
	static const struct koru_cond zero, initialised = KORU_COND_INIT;
	(void)state;
	assert_memory_equal(&initialised, &zero, sizeof(zero));
	in_both_places(body_misuse, NULL);
}

static int main_in_order(void *arg)
{
	struct koru_scope s;
	(void)arg;
	koru_scope_open(&s, NULL);
	for (int i = 0; i < 6; i++)
		koru_go(&s, waits, NUMBER(i));
	UNTIL_WAITING(&c, 6);
	koru_cond_signal(&c); /* without the mutex */
	while (trace.len < 1)
		koru_yield();
	assert_int_equal(koru_mutex_lock(&m), 0);
	koru_cond_signal(&c); /* with it */
	koru_yield();
	assert_int_equal(trace.len, 1);
	assert_int_equal(koru_mutex_unlock(&m), 0);
	UNTIL_WAITING(&c, 4);
	koru_cond_broadcast(&c);
	assert_int_equal(koru_scope_close(&s), 0);
	assert_int_equal(m.koru__word, 0);
	return 0;
}

static void test_signal_and_broadcast(void **state)
{
	(void)state;
	trace.len = 0;
	assert_int_equal(run(main_in_order, NULL), 0);
	TRACE_EXPECT(&trace, 0, 1, 2, 3, 4, 5);
}

static int main_cancelled_before(void *arg)
{
	struct koru_scope s;
	(void)arg;
	assert_int_equal(koru_mutex_lock(&m), 0);
	koru_scope_open(&s, NULL);
	koru_scope_cancel(&s);
	assert_int_equal(koru_cond_wait(&c, &m), -ECANCELED);
	assert_locked_by_me();
	assert_int_equal(koru_scope_close(&s), -ECANCELED);
	return koru_mutex_unlock(&m);
}

/* A wake-up that meets a cancelled one goes to the next. */
static int main_one_is_cancelled(void *arg)
{
	int which = (int)(intptr_t)arg;
	struct koru_scope s, t;
	koru_scope_open(&s, NULL);
	koru_scope_open(&t, NULL);
	for (int i = 0; i < 3; i++)
		koru_go(i == which ? &t : &s, waits, NUMBER(i));
	UNTIL_WAITING(&c, 3);
	koru_scope_cancel(&t);
	koru_cond_signal(&c);
	koru_cond_signal(&c);
	assert_int_equal(koru_scope_close(&t), -ECANCELED);
	assert_int_equal(koru_scope_close(&s), 0);
	return 0;
}

/* Cancelled while the mutex is another's: ends with the mutex, when it gets it. */
static int main_locks_again_though_cancelled(void *arg)
{
	struct koru_scope s, shielded;
	(void)arg;
	koru_scope_open(&s, NULL);
	koru_go(&s, waits, NUMBER(5));
	UNTIL_WAITING(&c, 1);
	assert_int_equal(koru_mutex_lock(&m), 0);
	koru_scope_cancel(&s);
	koru_scope_open(&shielded,
	                &(struct koru_scope_opts){ .shield = true, .timeout = KORU_MINUTE });
	for (int i = 0; i < 10; i++)
		assert_int_equal(koru_sleep(1), 0);
	UNTIL_WAITING(&c, 0);
	assert_int_equal(count_waiters(&m.koru__lock, &m.koru__waiters), 1);
	assert_int_equal(trace.len, 0);
	assert_int_equal(koru_mutex_unlock(&m), 0);
	assert_int_equal(koru_scope_close(&shielded), 0);
	assert_int_equal(koru_scope_close(&s), -ECANCELED);
	return 0;
}

static int main_cancelled_too_late(void *arg)
{
	struct koru_scope s;
	(void)arg;
	koru_scope_open(&s, NULL);
	koru_go(&s, waits, NUMBER(7));
	UNTIL_WAITING(&c, 1);
	koru_cond_signal(&c);
	koru_scope_cancel(&s);
	koru_scope_close(&s);
	return 0;
}

static int waits_with_a_timeout(void *arg)
{
	struct koru_scope s;
	(void)arg;
	assert_int_equal(koru_mutex_lock(&m), 0);
	koru_scope_open(&s, &(struct koru_scope_opts){ .timeout = KORU_MILLISECOND });
	assert_int_equal(koru_cond_wait(&c, &m), -ECANCELED);
	assert_locked_by_me();
	assert_int_equal(koru_scope_close(&s), -ETIMEDOUT);
	return koru_mutex_unlock(&m);
}

static void test_cancellation(void **state)
{
	(void)state;
	trace.len = 0;
	assert_int_equal(run(main_cancelled_before, NULL), 0);
	assert_int_equal(run(main_locks_again_though_cancelled, NULL), 0);
	TRACE_EXPECT(&trace, 105);
	for (int i = 0; i < 3; i++) {
		trace.len = 0;
		assert_int_equal(run(main_one_is_cancelled, NUMBER(i)), 0);
		assert_int_equal(trace.len, 3);
		int sum = trace.items[0] + trace.items[1] + trace.items[2];
		assert_int_equal(sum, 103);
	}
	trace.len = 0;
	assert_int_equal(run(main_cancelled_too_late, NULL), 0);
	TRACE_EXPECT(&trace, 7);
	assert_int_equal(run(waits_with_a_timeout, NULL), 0);
	assert_int_equal(m.koru__word, 0);
}

/* A wake-up lost by the program, which looks and waits without a mutex around both: found out. */
static bool ready;

static int looks_then_waits(void *arg)
{
	(void)arg;
	bool was_ready = ready;
	koru_yield(); /* here it becomes ready */
	if (was_ready)
		return 0;
	koru_mutex_lock(&m);
	int rc = koru_cond_wait(&c, &m);
	koru_mutex_unlock(&m);
	return rc;
}

static int makes_ready(void *arg)
{
	(void)arg;
	ready = true;
	koru_cond_signal(&c);
	return 0;
}

static int main_loses_a_wakeup(void *arg)
{
	struct koru_scope s;
	(void)arg;
	koru_scope_open(&s, NULL);
	koru_go(&s, looks_then_waits, NULL);
	koru_go(&s, makes_ready, NULL);
	return koru_scope_close(&s);
}

static void test_a_wakeup_lost_by_the_program_is_reported(void **state)
{
	(void)state;
	assert_int_equal(run(main_loses_a_wakeup, NULL), -EDEADLK);
}

/* One slot, filled and emptied by all kinds. */
static struct {
	struct koru_mutex lock;
	struct koru_cond changed;
	int full;
	long sum;
} slot;

enum { ROUNDS = 200 };

static int fills_and_empties(void *arg)
{
	(void)arg;
	bool fills = crowd_number() % 2 == 0;
	for (int i = 1; i <= ROUNDS; i++) {
		assert_int_equal(koru_mutex_lock(&slot.lock), 0);
		while (slot.full == fills)
			assert_int_equal(koru_cond_wait(&slot.changed, &slot.lock), 0);
		slot.full = fills;
		slot.sum += fills ? i : -i;
		koru_cond_broadcast(&slot.changed);
		assert_int_equal(koru_mutex_unlock(&slot.lock), 0);
	}
	return 0;
}

/* Two in strict turns: each wait is ended by one wake-up, and no other makes up for it. */
static void test_each_wakeup_counts(void **state)
{
	(void)state;
	crowd_run(&(struct crowd){ .loops = 2, .tasks = 1, .body = fills_and_empties });
	crowd_run(&(struct crowd){ .threads = 2, .body = fills_and_empties });
	crowd_run(&(struct crowd){ .loops = 1, .tasks = 2, .body = fills_and_empties });
	crowd_run(
	        &(struct crowd){ .loops = 1, .tasks = 1, .threads = 1, .body = fills_and_empties });
	assert_int_equal(slot.full, 0);
	assert_int_equal(slot.sum, 0);
}

static void test_all_kinds_wait_alike(void **state)
{
	(void)state;
	crowd_run(
	        &(struct crowd){ .loops = 2, .tasks = 2, .threads = 2, .body = fills_and_empties });
	assert_int_equal(slot.full, 0);
	assert_int_equal(slot.sum, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* Before there are threads: an emulator's own are taken for the program's. */
		cmocka_unit_test(test_a_wakeup_lost_by_the_program_is_reported),
		cmocka_unit_test(test_misuse),
		cmocka_unit_test(test_signal_and_broadcast),
		cmocka_unit_test(test_cancellation),
		cmocka_unit_test(test_each_wakeup_counts),
		cmocka_unit_test(test_all_kinds_wait_alike),
	};
	give_up_after(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
