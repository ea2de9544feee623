/* SPDX-License-Identifier: MIT
 * koru_once: done once, by the first who can. */
#include "support/cmocka.h"
#include "support/core.h"
#include "sync/crowd.h"

#include <errno.h>

#define NUMBER(n) ((void *)(intptr_t)(n))

static struct koru_once once;
static struct trace trace;

static int notes(void *arg)
{
	trace_add(&trace, (int)(intptr_t)arg);
	return 5; /* not an error */
}

static int fails(void *arg)
{
	trace_add(&trace, (int)(intptr_t)arg);
	return -EIO;
}

static int runs_itself(void *arg)
{
	(void)arg;
	return koru_once_run(&once, notes, NUMBER(9));
}

static int body_alone(void *arg)
{
	(void)arg;
	trace.len = 0;
	once = (struct koru_once)KORU_ONCE_INIT;
	assert_int_equal(koru_once_run(&once, fails, NUMBER(1)), -EIO);
	assert_int_equal(koru_once_run(&once, runs_itself, NULL), -EDEADLK);
	assert_int_equal(koru_once_run(&once, fails, NUMBER(2)), -EIO);
	assert_int_equal(koru_once_run(&once, notes, NUMBER(3)), 0);
	for (int i = 0; i < 200; i++)
		assert_int_equal(koru_once_run(&once, fails, NUMBER(4)), 0);
	TRACE_EXPECT(&trace, 1, 2, 3);
	return 0;
}

static void test_once(void **state)
{
	static const struct koru_once zero;
	(void)state;
	assert_memory_equal(&once, &zero, sizeof(once));
	in_both_places(body_alone, NULL);
}

/* What a caller's function does: waits until told, and then returns `result`. */
struct caller {
	int number;
	int result;
	struct koru_event go_on;
};

static int does(void *arg)
{
	struct caller *c = arg;
	trace_add(&trace, c->number);
	int rc = koru_event_wait(&c->go_on);
	return rc < 0 ? rc : c->result;
}

static int calls(void *arg)
{
	struct caller *c = arg;
	int rc = koru_once_run(&once, does, c);
	trace_add(&trace, rc < 0 ? c->number + 100 : c->number + 10);
	return 0;
}

/* 0 is cancelled while it runs its function; 1 gets its turn and fails; 2 is cancelled while it
 * waits; 3 succeeds; 4 never calls its own. */
static int main_until_one_succeeds(void *arg)
{
	struct koru_scope s[5];
	struct caller c[5] = {
		{ .number = 0 }, { .number = 1, .result = -EIO }, { .number = 2 }, { .number = 3 },
		{ .number = 4 },
	};
	(void)arg;
	once = (struct koru_once)KORU_ONCE_INIT;
	for (int i = 0; i < 5; i++)
		koru_scope_open(&s[i], NULL);
	/* Scopes nest: the innermost is cancelled first. */
	const int scope_of[] = { 4, 1, 3, 0, 0 };
	for (int i = 0; i < 5; i++)
		koru_go(&s[scope_of[i]], calls, &c[i]);
	UNTIL_WAITING(&once, 4);
	koru_scope_cancel(&s[4]);
	koru_scope_close(&s[4]);
	UNTIL_WAITING(&once, 3);
	koru_scope_cancel(&s[3]);
	koru_scope_close(&s[3]);
	UNTIL_WAITING(&once, 2);
	koru_event_set(&c[1].go_on);
	UNTIL_WAITING(&once, 1);
	koru_event_set(&c[3].go_on);
	for (int i = 2; i >= 0; i--)
		assert_int_equal(koru_scope_close(&s[i]), 0);
	return 0;
}

static void test_the_next_one_runs_it(void **state)
{
	(void)state;
	trace.len = 0;
	assert_int_equal(run(main_until_one_succeeds, NULL), 0);
	TRACE_EXPECT(&trace, 0, 100, 1, 102, 101, 3, 13, 14);
}

static int main_cancelled_before(void *arg)
{
	struct koru_scope s;
	(void)arg;
	for (int i = 0; i < 2; i++) {
		once = (struct koru_once)KORU_ONCE_INIT;
		if (i)
			assert_int_equal(koru_once_run(&once, notes, NUMBER(1)), 0);
		koru_scope_open(&s, NULL);
		koru_scope_cancel(&s);
		assert_int_equal(koru_once_run(&once, notes, NUMBER(2)), -ECANCELED);
		assert_int_equal(koru_scope_close(&s), -ECANCELED);
	}
	return 0;
}

static void test_a_cancelled_scope(void **state)
{
	(void)state;
	trace.len = 0;
	assert_int_equal(run(main_cancelled_before, NULL), 0);
	TRACE_EXPECT(&trace, 1);
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
		assert_int_equal(koru_once_run(&once, sees, NULL), 0);
	}
	return 0;
}

static void test_one_who_never_waits_gives_way(void **state)
{
	(void)state;
	assert_int_equal(run(main_gives_way, NULL), 0);
}

/* Many, each of which fails for some of those who come. */
enum { ONCES = 300 };
static struct {
	struct koru_once once;
	int value;
	int tries;
} made[ONCES];

static int makes(void *arg)
{
	int i = (int)(intptr_t)arg;
	if (made[i].tries++ < i % 4)
		return -EAGAIN;
	koru_yield();
	made[i].value += i + 1;
	return 0;
}

static int makes_all(void *arg)
{
	(void)arg;
	for (int i = 0; i < ONCES; i++) {
		int rc;
		do
			rc = koru_once_run(&made[i].once, makes, NUMBER(i));
		while (rc == -EAGAIN);
		assert_int_equal(rc, 0);
		assert_int_equal(made[i].value, i + 1);
	}
	return 0;
}

static void test_all_kinds_wait_alike(void **state)
{
	(void)state;
	crowd_run(&(struct crowd){ .loops = 2, .tasks = 3, .threads = 2, .body = makes_all });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_once),
		cmocka_unit_test(test_the_next_one_runs_it),
		cmocka_unit_test(test_a_cancelled_scope),
		cmocka_unit_test(test_one_who_never_waits_gives_way),
		cmocka_unit_test(test_all_kinds_wait_alike),
	};
	give_up_after(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
