/* SPDX-License-Identifier: MIT
 * koru_event: set, cleared, waited for. */
#include "support/cmocka.h"
#include "support/core.h"
#include "sync/crowd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER(n) ((void *)(intptr_t)(n))

static struct koru_event e = KORU_EVENT_INIT;
static struct trace trace;

static int body_alone(void *arg)
{
	(void)arg;
	assert_false(koru_event_is_set(&e));
	koru_event_set(&e);
	koru_event_set(&e);
	assert_true(koru_event_is_set(&e));
	for (int i = 0; i < 3; i++)
		assert_int_equal(koru_event_wait(&e), 0);
	koru_event_clear(&e);
	koru_event_clear(&e);
	assert_false(koru_event_is_set(&e));
	return 0;
}

static void test_set_and_clear(void **state)
{
	static const struct koru_event zero;
	(void)state;
	assert_memory_equal(&e, &zero, sizeof(e));
	in_both_places(body_alone, NULL);
}

static int waits(void *arg)
{
	int rc = koru_event_wait(&e);
	trace_add(&trace, (int)(intptr_t)arg + (rc < 0 ? 100 : 0));
	return rc;
}

static int main_all_go_on(void *arg)
{
	struct koru_scope s, t;
	(void)arg;
	koru_scope_open(&s, NULL);
	koru_scope_open(&t, NULL);
	for (int i = 0; i < 5; i++)
		koru_go(i == 2 ? &t : &s, waits, NUMBER(i));
	UNTIL_WAITING(&e, 5);
	koru_scope_cancel(&t);
	koru_event_set(&e);
	koru_event_clear(&e); /* too late for those who wait */
	koru_scope_cancel(&s);
	assert_int_equal(koru_scope_close(&t), -ECANCELED);
	assert_int_equal(koru_scope_close(&s), -ECANCELED);
	return 0;
}

static int main_cancelled_before(void *arg)
{
	struct koru_scope s;
	(void)arg;
	koru_scope_open(&s, NULL);
	koru_scope_cancel(&s);
	koru_event_set(&e);
	assert_int_equal(koru_event_wait(&e), -ECANCELED);
	koru_event_clear(&e);
	assert_int_equal(koru_event_wait(&e), -ECANCELED);
	assert_int_equal(koru_scope_close(&s), -ECANCELED);
	koru_scope_open(&s, &(struct koru_scope_opts){ .timeout = KORU_MILLISECOND });
	assert_int_equal(koru_event_wait(&e), -ECANCELED);
	assert_int_equal(koru_scope_close(&s), -ETIMEDOUT);
	return 0;
}

static void test_those_who_wait(void **state)
{
	(void)state;
	trace.len = 0;
	assert_int_equal(run(main_all_go_on, NULL), 0);
	TRACE_EXPECT(&trace, 102, 0, 1, 3, 4);
	assert_int_equal(run(main_cancelled_before, NULL), 0);
	assert_null(e.koru__waiters.first);
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
	koru_event_set(&e);
	koru_go(NULL, sees, NULL);
	for (long i = 0; !seen; i++) {
		assert_true(i < 100000);
		assert_int_equal(koru_event_wait(&e), 0);
	}
	koru_event_clear(&e);
	return 0;
}

static void test_one_who_never_waits_gives_way(void **state)
{
	(void)state;
	assert_int_equal(run(main_gives_way, NULL), 0);
}

/* Each in its turn sets the next one's event and waits for its own. */
enum { MEMBERS = 6, ROUNDS = 200 };
static struct koru_event turns[MEMBERS];
static int turn;

static int passes_on(void *arg)
{
	int self = crowd_number();
	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		assert_int_equal(koru_event_wait(&turns[self]), 0);
		koru_event_clear(&turns[self]);
		assert_int_equal(turn % MEMBERS, self);
		turn++;
		koru_event_set(&turns[(self + 1) % MEMBERS]);
	}
	return 0;
}

static void test_all_kinds_wait_alike(void **state)
{
	(void)state;
	koru_event_set(&turns[0]);
	crowd_run(&(struct crowd){ .loops = 2, .tasks = 2, .threads = 2, .body = passes_on });
	assert_int_equal(turn, MEMBERS * ROUNDS);
}

static int sets(void *arg)
{
	koru_event_set(arg);
	return 0;
}

static int body_frees_at_once(void *arg)
{
	(void)arg;
	for (int i = 0; i < 200; i++) {
		struct koru_event *event = calloc(1, sizeof(*event));
		struct aside aside;
		assert_non_null(event);
		aside_start(&aside, sets, event);
		if (i % 2)
			while (!koru_event_is_set(event))
				koru_yield();
		assert_int_equal(koru_event_wait(event), 0);
		memset(event, 0xff, sizeof(*event));
		free(event);
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
		cmocka_unit_test(test_set_and_clear),
		cmocka_unit_test(test_those_who_wait),
		cmocka_unit_test(test_one_who_never_waits_gives_way),
		cmocka_unit_test(test_all_kinds_wait_alike),
		cmocka_unit_test(test_the_woken_one_may_free_it),
	};
	give_up_after(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
