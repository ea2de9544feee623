/* SPDX-License-Identifier: MIT
 *
 * All kinds of callers on one object at once, some of them cancelled at every point: what the
 * object promises holds at each step, and at the end nothing is left over. A wake-up that was lost
 * shows as a program that does not end. */
#include "support/cmocka.h"
#include "support/core.h"
#include "sync/crowd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int steps = 600; /* of each member */
static bool together;   /* the loops are of one koru_run */

static const struct crowd everybody = { .loops = 3, .tasks = 3, .threads = 2 };

static void hammer(koru_fn *body)
{
	struct crowd crowd = everybody;
	crowd.body = body;
	crowd.together = together;
	crowd_run(&crowd);
}

/* Calls a suspending call so that it may be cancelled at any moment: in a task within a scope that
 * is soon over. Returns what the call returned. */
static int at_risk(unsigned *seed, int (*call)(void *object), void *object)
{
	struct koru_scope s;
	static const int64_t timeouts[] = { -1, 1, 2 * KORU_MICROSECOND, 20 * KORU_MICROSECOND,
		                            100 * KORU_MICROSECOND };
	if (!koru_task_name() || dice(seed, 2) == 0)
		return call(object);
	koru_scope_open(&s, &(struct koru_scope_opts){ .timeout = timeouts[dice(seed, 5)] });
	int rc = call(object);
	assert_true(rc >= 0 || rc == -ECANCELED);
	koru_scope_close(&s);
	return rc;
}

/* The work while something is held: nothing, giving way, or a wait. */
static void dwell(unsigned *seed)
{
	unsigned d = dice(seed, 20);
	if (d < 4)
		koru_yield();
	else if (d == 4)
		koru_sleep(dice(seed, 5) * KORU_MICROSECOND);
}

static struct koru_mutex mutex;
static long protected_count, lock_count;
static bool inside;
static atomic_long locked;

static int lock(void *object)
{
	return koru_mutex_lock(object);
}

static int uses_mutex(void *arg)
{
	unsigned seed = (unsigned)crowd_number() + 1;
	(void)arg;
	for (int i = 0; i < steps; i++) {
		int rc = dice(&seed, 8) == 0 ? koru_mutex_trylock(&mutex)
		                             : at_risk(&seed, lock, &mutex);
		if (rc < 0)
			continue;
		assert_false(inside);
		inside = true;
		protected_count++;
		dwell(&seed);
		assert_int_equal(koru_mutex_lock(&mutex), -EDEADLK);
		lock_count++;
		assert_true(inside);
		inside = false;
		assert_int_equal(koru_mutex_unlock(&mutex), 0);
		atomic_fetch_add(&locked, 1);
	}
	return 0;
}

static void test_mutex(void **state)
{
	(void)state;
	protected_count = lock_count = 0;
	locked = 0;
	hammer(uses_mutex);
	assert_int_equal(protected_count, locked);
	assert_int_equal(lock_count, locked);
	assert_true(locked > 0);
	assert_int_equal(mutex.koru__word & ~(uintptr_t)1, 0);
	assert_null(mutex.koru__waiters.first);
}

/* Without waits in between, as fast as can be. */
static int only_counts(void *arg)
{
	(void)arg;
	for (int i = 0; i < steps * 20; i++) {
		assert_int_equal(koru_mutex_lock(&mutex), 0);
		protected_count++;
		assert_int_equal(koru_mutex_unlock(&mutex), 0);
	}
	return 0;
}

static void test_mutex_at_full_speed(void **state)
{
	(void)state;
	protected_count = 0;
	hammer(only_counts);
	assert_int_equal(protected_count, (long)steps * 20 * crowd_size(&everybody));
}

/* Counted references: who lets the last one go frees what the mutex lies in. */
struct shared {
	struct koru_mutex lock;
	int references;
};

static struct shared *objects[2000];

static int lets_go(void *arg)
{
	(void)arg;
	for (int i = 0; i < steps; i++) {
		struct shared *o = objects[i];
		assert_int_equal(koru_mutex_lock(&o->lock), 0);
		bool last = --o->references == 0;
		assert_int_equal(koru_mutex_unlock(&o->lock), 0);
		if (!last)
			continue;
		memset(o, 0xff, sizeof(*o));
		free(o);
	}
	return 0;
}

static void test_the_last_may_free_it(void **state)
{
	(void)state;
	assert_true(steps <= 2000);
	for (int i = 0; i < steps; i++) {
		objects[i] = calloc(1, sizeof(*objects[i]));
		assert_non_null(objects[i]);
		objects[i]->references = crowd_size(&everybody);
	}
	hammer(lets_go);
}

static struct koru_rwlock rwlock;
static long left, right; /* equal whenever nobody writes */
static atomic_int readers, writers;

static int rdlock(void *object)
{
	return koru_rwlock_rdlock(object);
}

static int wrlock(void *object)
{
	return koru_rwlock_wrlock(object);
}

static int uses_rwlock(void *arg)
{
	unsigned seed = (unsigned)crowd_number() + 1;
	(void)arg;
	for (int i = 0; i < steps; i++) {
		bool writes = dice(&seed, 4) == 0;
		if (at_risk(&seed, writes ? wrlock : rdlock, &rwlock) < 0)
			continue;
		assert_int_equal(atomic_fetch_add(writes ? &writers : &readers, 1) > 0 && writes,
		                 0);
		assert_int_equal(atomic_load(writes ? &readers : &writers), 0);
		assert_int_equal(left, right);
		if (writes)
			left++;
		dwell(&seed);
		if (writes)
			right++;
		assert_int_equal(left, right);
		atomic_fetch_sub(writes ? &writers : &readers, 1);
		assert_int_equal(koru_rwlock_unlock(&rwlock), 0);
	}
	return 0;
}

static void test_rwlock(void **state)
{
	(void)state;
	hammer(uses_rwlock);
	assert_true(left > 0);
	assert_int_equal(koru_rwlock_trywrlock(&rwlock), 0);
	assert_int_equal(koru_rwlock_unlock(&rwlock), 0);
}

enum { UNITS = 3 };
static struct koru_sem sem = KORU_SEM_INIT(UNITS);
static atomic_int taken;

static int sem_wait(void *object)
{
	return koru_sem_wait(object);
}

static int uses_sem(void *arg)
{
	unsigned seed = (unsigned)crowd_number() + 1;
	(void)arg;
	for (int i = 0; i < steps; i++) {
		int rc = dice(&seed, 8) == 0 ? koru_sem_trywait(&sem)
		                             : at_risk(&seed, sem_wait, &sem);
		if (rc < 0)
			continue;
		assert_true(atomic_fetch_add(&taken, 1) < UNITS);
		dwell(&seed);
		atomic_fetch_sub(&taken, 1);
		assert_int_equal(koru_sem_post(&sem), 0);
	}
	return 0;
}

static void test_sem(void **state)
{
	(void)state;
	hammer(uses_sem);
	assert_int_equal(koru_sem_value(&sem), UNITS);
}

/* A queue of at most two; what goes in comes out. */
static struct {
	struct koru_mutex lock;
	struct koru_cond filled, emptied;
	int len;
	long in, out;
} queue;

static int put(void *object)
{
	int rc = koru_mutex_lock(&queue.lock);
	if (rc < 0)
		return rc;
	while (rc == 0 && queue.len == 2)
		rc = koru_cond_wait(&queue.emptied, &queue.lock);
	if (rc == 0) {
		queue.len++;
		queue.in++;
		koru_cond_signal(&queue.filled);
	}
	assert_int_equal(koru_mutex_unlock(&queue.lock), 0);
	(void)object;
	return rc;
}

static int get(void *object)
{
	int rc = koru_mutex_lock(&queue.lock);
	if (rc < 0)
		return rc;
	while (rc == 0 && queue.len == 0)
		rc = koru_cond_wait(&queue.filled, &queue.lock);
	if (rc == 0) {
		queue.len--;
		queue.out++;
		koru_cond_signal(&queue.emptied);
	}
	assert_int_equal(koru_mutex_unlock(&queue.lock), 0);
	(void)object;
	return rc;
}

static int uses_queue(void *arg)
{
	unsigned seed = (unsigned)crowd_number() + 1;
	int number = crowd_number() + (everybody.loops * everybody.tasks + everybody.threads) % 2;
	(void)arg;
	if (number == crowd_size(&everybody))
		return 0; /* an even number of them */
	for (int i = 0; i < steps; i++)
		while (at_risk(&seed, number % 2 ? put : get, NULL) < 0)
			continue;
	return 0;
}

static void test_cond(void **state)
{
	(void)state;
	hammer(uses_queue);
	assert_int_equal(queue.len, 0);
	assert_int_equal(queue.in, queue.out);
	assert_true(queue.in >= steps);
}

/* Parties come, are cancelled, and come again: each round is of exactly so many. */
static struct koru_barrier barrier;
static atomic_long came, rounds_seen;

static int barrier_wait(void *object)
{
	return koru_barrier_wait(object);
}

static int uses_barrier(void *arg)
{
	unsigned seed = (unsigned)crowd_number() + 1;
	(void)arg;
	for (int i = 0; i < steps / 3; i++) {
		int rc;
		do
			rc = at_risk(&seed, barrier_wait, &barrier);
		while (rc < 0);
		atomic_fetch_add(&came, 1);
		atomic_fetch_add(&rounds_seen, rc);
	}
	return 0;
}

static void test_barrier(void **state)
{
	(void)state;
	came = 0;
	rounds_seen = 0;
	barrier = (struct koru_barrier)KORU_BARRIER_INIT((uint32_t)crowd_size(&everybody));
	hammer(uses_barrier);
	assert_int_equal(rounds_seen, steps / 3);
	assert_int_equal(came, rounds_seen * crowd_size(&everybody));
	assert_int_equal(barrier.koru__arrived, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mutex),
		cmocka_unit_test(test_mutex_at_full_speed),
		cmocka_unit_test(test_the_last_may_free_it),
		cmocka_unit_test(test_rwlock),
		cmocka_unit_test(test_sem),
		cmocka_unit_test(test_cond),
		cmocka_unit_test(test_barrier),
	};
	if (!is_plain_build())
		steps = 300;
	give_up_after(is_plain_build() ? 100 : 300);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	together = true;
	return failed + cmocka_run_group_tests(tests, NULL, NULL);
}
