/* SPDX-License-Identifier: MIT
 * Ports: work that threads without a loop bring. */
#include "support/cmocka.h"
#include "support/core.h"

#include "base/fault.h"
#include "koru/koru.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

enum { POSTERS = 3, POSTS = 500 };

struct post_office {
	struct koru_port *port;
	atomic_int from;   /* the next thread's number */
	int next[POSTERS]; /* what comes next from each; only on the loop */
	int arrived;
	bool in_order;
};

struct letter {
	struct post_office *office;
	int from;
	int number;
};

static struct letter letters[POSTERS][POSTS];

static int receives(void *arg)
{
	struct letter *l = arg;
	assert_int_equal(koru_loop_index(), 0);
	if (l->office->next[l->from]++ != l->number)
		l->office->in_order = false;
	l->office->arrived++;
	return 0;
}

static void *posts(void *arg)
{
	struct post_office *o = arg;
	int from = o->from++;
	for (int i = 0; i < POSTS; i++) {
		letters[from][i] = (struct letter){ o, from, i };
		assert_int_equal(koru_post(o->port, receives, &letters[from][i]), 0);
		if (i % 100 == 0)
			usleep(100);
	}
	koru_port_unref(o->port);
	return NULL;
}

static int main_receives(void *arg)
{
	struct post_office *o = arg;
	assert_int_equal(koru_port_new(&o->port), 0);
	pthread_t threads[POSTERS];
	for (int i = 0; i < POSTERS; i++) {
		koru_port_ref(o->port);
		assert_int_equal(pthread_create(&threads[i], NULL, posts, o), 0);
	}
	while (o->arrived < POSTERS * POSTS)
		assert_int_equal(koru_sleep(KORU_MILLISECOND), 0);
	for (int i = 0; i < POSTERS; i++)
		pthread_join(threads[i], NULL);
	koru_port_unref(o->port);
	return 0;
}

static void test_every_post_arrives_once_in_order(void **state)
{
	(void)state;
	for (int loops = 1; loops <= 2; loops++) {
		struct post_office o = { .in_order = true };
		assert_int_equal(
		        run_with(main_receives, &o, &(struct koru_run_opts){ .loops = loops }), 0);
		assert_int_equal(o.arrived, POSTERS * POSTS);
		assert_true(o.in_order);
	}
}

static int fails(void *arg)
{
	(void)arg;
	return -EIO;
}

static void *posts_failure(void *arg)
{
	usleep(20000); /* the loop sleeps by then */
	assert_int_equal(koru_post(arg, fails, NULL), 0);
	koru_port_unref(arg);
	return NULL;
}

static pthread_t poster;

static int main_waits_for_failure(void *arg)
{
	(void)arg;
	struct koru_port *port;
	assert_int_equal(koru_port_new(&port), 0);
	assert_int_equal(pthread_create(&poster, NULL, posts_failure, port), 0);
	return koru_sleep(KORU_FOREVER);
}

static void test_a_posted_failure_ends_the_run(void **state)
{
	(void)state;
	assert_int_equal(run(main_waits_for_failure, NULL), -EIO);
	pthread_join(poster, NULL);
}

static int main_leaves_a_port(void *arg)
{
	return koru_port_new(arg);
}

static void test_a_port_outlives_its_loop(void **state)
{
	(void)state;
	struct koru_port *port = NULL;
	assert_int_equal(run(main_leaves_a_port, &port), 0);
	assert_int_equal(koru_post(port, fails, NULL), -ESHUTDOWN);
	koru_port_unref(koru_port_ref(port));
	assert_int_equal(koru_post(port, fails, NULL), -ESHUTDOWN);
	koru_port_unref(port);
	koru_port_unref(koru_port_ref(NULL));
}

struct race {
	struct koru_port *port;
	atomic_int accepted;
	atomic_int ran;
};

static int is_counted(void *arg)
{
	((struct race *)arg)->ran++;
	return 0;
}

static void *posts_until_refused(void *arg)
{
	struct race *r = arg;
	int rc;
	while ((rc = koru_post(r->port, is_counted, r)) == 0)
		r->accepted++;
	assert_int_equal(rc, -ESHUTDOWN);
	koru_port_unref(r->port);
	return NULL;
}

static int main_ends_soon(void *arg)
{
	struct race *r = arg;
	assert_int_equal(koru_port_new(&r->port), 0);
	assert_int_equal(pthread_create(&poster, NULL, posts_until_refused, r), 0);
	while (r->accepted < 20)
		koru_yield();
	return 0;
}

/* What is accepted runs, whenever the end comes. */
static void test_posting_while_it_ends(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++) {
		struct race r = { .port = NULL };
		assert_int_equal(run(main_ends_soon, &r), 0);
		pthread_join(poster, NULL);
		assert_int_equal(r.accepted, r.ran);
	}
}

static int posts_after_main(void *arg)
{
	struct race *r = arg;
	assert_int_equal(koru_post(r->port, is_counted, r), 0);
	assert_int_equal(koru_sleep(KORU_FOREVER), -ECANCELED); /* main has ended */
	assert_int_equal(koru_post(r->port, is_counted, r), -ESHUTDOWN);
	return 0;
}

static int main_ends_before(void *arg)
{
	struct race *r = arg;
	assert_int_equal(koru_port_new(&r->port), 0);
	koru_go(NULL, posts_after_main, r);
	return koru_sleep(KORU_MILLISECOND);
}

/* Or who posts faster than the loop works could keep it from ending. */
static void test_nothing_is_accepted_after_main(void **state)
{
	(void)state;
	struct race r = { .port = NULL };
	assert_int_equal(run(main_ends_before, &r), 0);
	assert_int_equal(r.ran, 1);
	koru_port_unref(r.port);
}

static int main_without_memory(void *arg)
{
	struct koru_port *port = NULL;
	(void)arg;
	koru__fault_arm(KORU__FAULT_ALLOC, 0, 1, ENOMEM);
	assert_int_equal(koru_port_new(&port), -ENOMEM);
	assert_null(port);
	assert_int_equal(koru_port_new(&port), 0);
	koru__fault_arm(KORU__FAULT_ALLOC, 0, 1, ENOMEM);
	assert_int_equal(koru_post(port, fails, NULL), -ENOMEM);
	koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
	koru_port_unref(port);
	return 0;
}

static void test_no_memory(void **state)
{
	(void)state;
	assert_int_equal(run(main_without_memory, NULL), 0);
	struct koru_port *port;
	assert_int_equal(koru_port_new(&port), -EPERM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_post_arrives_once_in_order),
		cmocka_unit_test(test_a_posted_failure_ends_the_run),
		cmocka_unit_test(test_a_port_outlives_its_loop),
		cmocka_unit_test(test_posting_while_it_ends),
		cmocka_unit_test(test_nothing_is_accepted_after_main),
		cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
