/* SPDX-License-Identifier: MIT
 * koru_wait_group: those who wait go on at zero. */
#include "support/cmocka.h"
#include "support/core.h"
#include "sync/crowd.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER(n) ((void *)(intptr_t)(n))

static struct koru_wait_group g = KORU_WAIT_GROUP_INIT(0);
static struct trace trace;

static int body_alone(void *arg)
{
	struct koru_wait_group two = KORU_WAIT_GROUP_INIT(2);
	(void)arg;
	assert_int_equal(koru_wait_group_wait(&g), 0);
	assert_int_equal(koru_wait_group_done(&g), -EINVAL);
	assert_int_equal(koru_wait_group_add(&g, INT_MAX), 0);
	assert_int_equal(koru_wait_group_add(&g, 1), -EOVERFLOW);
	assert_int_equal(koru_wait_group_add(&g, INT_MIN), -EINVAL);
	assert_int_equal(koru_wait_group_add(&g, -INT_MAX), 0);
	assert_int_equal(koru_wait_group_add(&g, 0), 0);
	for (int i = 0; i < 200; i++)
		assert_int_equal(koru_wait_group_wait(&g), 0);
	assert_int_equal(koru_wait_group_done(&two), 0);
	assert_int_equal(koru_wait_group_add(&two, -2), -EINVAL);
	assert_int_equal(koru_wait_group_done(&two), 0);
	assert_int_equal(koru_wait_group_wait(&two), 0);
	return 0;
}

static void test_counting(void **state)
{
	static const struct koru_wait_group zero;
	(void)state;
	assert_memory_equal(&g, &zero, sizeof(g));
	in_both_places(body_alone, NULL);
}

static int waits(void *arg)
{
	int rc = koru_wait_group_wait(&g);
	trace_add(&trace, (int)(intptr_t)arg + (rc < 0 ? 100 : 0));
	return rc;
}

static int main_all_go_on(void *arg)
{
	struct koru_scope s, t;
	(void)arg;
	koru_scope_open(&s, NULL);
	koru_scope_open(&t, NULL);
	assert_int_equal(koru_wait_group_add(&g, 2), 0);
	for (int i = 0; i < 4; i++)
		koru_go(i == 2 ? &t : &s, waits, NUMBER(i));
	UNTIL_WAITING(&g, 4);
	assert_int_equal(koru_wait_group_done(&g), 0);
	koru_yield();
	assert_int_equal(trace.len, 0);
	koru_scope_cancel(&t);
	assert_int_equal(koru_scope_close(&t), -ECANCELED);
	assert_int_equal(koru_wait_group_done(&g), 0);
	assert_int_equal(koru_wait_group_add(&g, 1), 0); /* too late for those who wait */
	koru_scope_cancel(&s);
	assert_int_equal(koru_wait_group_wait(&g), -ECANCELED);
	assert_int_equal(koru_scope_close(&s), -ECANCELED);
	return koru_wait_group_done(&g);
}

static void test_those_who_wait(void **state)
{
	(void)state;
	trace.len = 0;
	assert_int_equal(run(main_all_go_on, NULL), 0);
	TRACE_EXPECT(&trace, 102, 0, 1, 3);
}

/* It lies with the one who waits, and is gone as soon as that goes on. */
struct job {
	struct koru_wait_group left;
	int results[4];
};

static struct koru_sem jobs_there = KORU_SEM_INIT(0);
static struct job *job;
static atomic_int next_part;

static int works(void *arg)
{
	(void)arg;
	for (;;) {
		assert_int_equal(koru_sem_wait(&jobs_there), 0);
		struct job *mine = job;
		if (!mine)
			return 0;
		mine->results[atomic_fetch_add(&next_part, 1) % 4]++;
		assert_int_equal(koru_wait_group_done(&mine->left), 0);
	}
}

static int other_loop(void *arg)
{
	return koru_run(works, arg, NULL);
}

static int body_gives_jobs(void *arg)
{
	struct aside asides[3];
	(void)arg;
	for (int i = 0; i < 3; i++)
		aside_start(&asides[i], i == 0 ? other_loop : works, NULL);
	for (int i = 0; i < 300; i++) {
		job = calloc(1, sizeof(*job));
		assert_non_null(job);
		assert_int_equal(koru_wait_group_add(&job->left, 4), 0);
		for (int j = 0; j < 4; j++)
			assert_int_equal(koru_sem_post(&jobs_there), 0);
		assert_int_equal(koru_wait_group_wait(&job->left), 0);
		for (int j = 0; j < 4; j++)
			assert_int_equal(job->results[j], 1);
		memset(job, 0xff, sizeof(*job));
		free(job);
	}
	job = NULL;
	for (int i = 0; i < 3; i++)
		assert_int_equal(koru_sem_post(&jobs_there), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(aside_join(&asides[i]), 0);
	return 0;
}

static void test_the_woken_one_may_free_it(void **state)
{
	(void)state;
	in_both_places(body_gives_jobs, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counting),
		cmocka_unit_test(test_those_who_wait),
		cmocka_unit_test(test_the_woken_one_may_free_it),
	};
	give_up_after(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
