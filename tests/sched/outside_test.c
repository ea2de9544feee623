/* SPDX-License-Identifier: MIT
 * Scopes that are cancelled by other loops and by plain threads. */
#include "sched/meeting.h"
#include "support/cmocka.h"
#include "support/core.h"

#include "koru/koru.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

static const struct koru_run_opts two = { .loops = 2 };

struct outside {
	struct koru_scope scope;
	struct meeting m;
};

static void *cancels_from_thread(void *arg)
{
	struct outside *o = arg;
	while (o->m.waiting < 1)
		usleep(50);
	assert_int_equal(koru_scope_cancel(&o->scope), 0);
	return NULL;
}

static int main_is_cancelled_from_thread(void *arg)
{
	struct outside *o = arg;
	koru_scope_open(&o->scope, NULL);
	koru_go(&o->scope, waits_for_the_end, &o->m);
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, cancels_from_thread, o), 0);
	assert_int_equal(koru_scope_close(&o->scope), -ECANCELED);
	assert_int_equal(koru_scope_cancel(&o->scope), -EINVAL);
	pthread_join(thread, NULL);
	return 0;
}

static void test_a_plain_thread_cancels(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++) {
		struct outside o = { .m.waiting = 0 };
		assert_int_equal(run(main_is_cancelled_from_thread, &o), 0);
	}
}

static int cancels_scope(void *arg)
{
	return koru_scope_cancel(arg);
}

/* The canceller is a task of the scope, so that it is open; its request may come while the scope is
 * being closed. */
static int main_is_cancelled_from_loop(void *arg)
{
	(void)arg;
	for (int i = 0; i < 200; i++) {
		struct koru_scope s;
		koru_scope_open(&s, NULL);
		koru_go_on(&s, KORU_LOOP(1), cancels_scope, &s);
		assert_int_equal(koru_scope_close(&s), -ECANCELED);
	}
	return 0;
}

static void test_another_loop_cancels(void **state)
{
	(void)state;
	assert_int_equal(run_with(main_is_cancelled_from_loop, NULL, &two), 0);
}

/* Its request has been made, and nobody has looked at it, when the scope is closed. */

struct request {
	struct koru_scope scope;
	atomic_int made;
};

static void *requests(void *arg)
{
	struct request *r = arg;
	assert_int_equal(koru_scope_cancel(&r->scope), 0);
	r->made = 1;
	return NULL;
}

static int main_closes_with_a_request(void *arg)
{
	struct request r = { .made = 0 };
	pthread_t thread;
	(void)arg;
	koru_scope_open(&r.scope, NULL);
	assert_int_equal(pthread_create(&thread, NULL, requests, &r), 0);
	while (!r.made)
		usleep(50); /* holds the loop */
	assert_int_equal(koru_scope_close(&r.scope), -ECANCELED);
	pthread_join(thread, NULL);
	return 0;
}

static void test_a_request_is_heard_before_the_scope_closes(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++)
		assert_int_equal(run(main_closes_with_a_request, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_plain_thread_cancels),
		cmocka_unit_test(test_another_loop_cancels),
		cmocka_unit_test(test_a_request_is_heard_before_the_scope_closes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
