/* SPDX-License-Identifier: MIT
 * Policies, scope memory, typed tasks and task-locals when the tasks of a scope run on several
 * loops. */
#include "support/cmocka.h"
#include "support/core.h"

#include "koru/koru.h"

#include <errno.h>
#include <string.h>

#define NUMBER(n) ((void *)(intptr_t)(n))

static const struct koru_task_opts second = { .place = KORU_LOOP(1) };
static const struct koru_task_opts anywhere = { .place = KORU_ANY_LOOP };
static const struct koru_run_opts two_loops = { .loops = 2 };

static int returns_later(void *arg)
{
	koru_sleep(KORU_MILLISECOND);
	return (int)(intptr_t)arg;
}

static int waits(void *arg)
{
	(void)arg;
	return koru_sleep(KORU_HOUR);
}

static int main_policies(void *arg)
{
	(void)arg;
	struct koru_scope s;
	struct koru_scope_error errors[4];
	koru_scope_open(&s, &(struct koru_scope_opts){ .policy = KORU_SCOPE_COLLECT,
	                                               .errors = errors,
	                                               .errors_max = 4 });
	koru_go_with(&s, returns_later, NUMBER(-EIO), &second);
	koru_go_with(&s, returns_later, NUMBER(5), &anywhere);
	assert_int_equal(koru_scope_close(&s), -EIO);
	assert_int_equal(koru_scope_errors(&s), 1);
	assert_int_equal(errors[0].result, -EIO);
	assert_string_equal(errors[0].task, "returns_later");

	koru_scope_open(&s, &(struct koru_scope_opts){ .policy = KORU_SCOPE_RACE });
	koru_go_with(&s, waits, NULL, &anywhere);
	koru_go_with(&s, waits, NULL, &second);
	koru_go_with(&s, returns_later, NUMBER(5), &second);
	koru_go(&s, waits, NULL);
	assert_int_equal(koru_scope_close(&s), 5);
	assert_int_equal(koru_scope_errors(&s), 0);
	return 0;
}

static void test_policies_hold_on_all_loops(void **state)
{
	(void)state;
	assert_int_equal(run_with(main_policies, NULL, &two_loops), 0);
}

static int total;

KORU_TASK(adds, (int, a), (int, b), (long, c))
{
	koru_yield();
	__atomic_add_fetch(&total, a + b + (int)c, __ATOMIC_RELAXED);
	return 0;
}

/* On another loop than its scope's, whose memory it uses. */
KORU_TASK(spreads, (struct koru_scope *, scope), (int, count))
{
	char *text = koru_scope_alloc(scope, 100);
	assert_non_null(text);
	memset(text, 'x', 100);
	for (int i = 0; i < count; i++) {
		const struct koru_task_opts *opts[] = { NULL, &second, &anywhere };
		assert_int_equal(adds_go_with(scope, opts[i % 3], 1, 0, 0), 0);
		if (i % 16 == 0)
			koru_yield();
	}
	return 0;
}

static int main_spreads(void *arg)
{
	(void)arg;
	struct koru_scope s;
	total = 0;
	koru_scope_open(&s, NULL);
	assert_int_equal(spreads_go_with(&s, &second, &s, 300), 0);
	assert_int_equal(spreads_go_with(&s, &anywhere, &s, 300), 0);
	assert_int_equal(spreads_go(&s, &s, 300), 0);
	assert_int_equal(koru_scope_close(&s), 0);
	assert_int_equal(total, 900);
	for (int i = 0; i < 10; i++)
		assert_int_equal(adds_go_with(NULL, i % 2 ? &second : &anywhere, 1, 1, 1), 0);
	return 0;
}

static void test_arguments_travel(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		assert_int_equal(run_with(main_spreads, NULL, &two_loops), 0);
		assert_int_equal(total, 930);
	}
}

static char ada[] = "ada", bob[] = "bob";
static const struct koru_local_key user = { "user", NULL };

static int expects(void *arg)
{
	struct koru_scope s;
	struct koru_local b;
	assert_ptr_equal(koru_local_get(&user), arg);
	koru_local_bind(&b, &user, bob);
	koru_scope_open(&s, NULL);
	koru_sleep(0);
	assert_ptr_equal(koru_local_get(&user), bob);
	assert_int_equal(koru_local_unbind(&b), -EBUSY);
	koru_scope_close(&s);
	assert_int_equal(koru_local_unbind(&b), 0);
	assert_ptr_equal(koru_local_get(&user), arg);
	return 0;
}

static int undoes(void *binding)
{
	assert_int_equal(koru_local_unbind(binding), -EBUSY);
	return 0;
}

static int main_inherits(void *arg)
{
	(void)arg;
	struct koru_scope s;
	struct koru_local a;
	koru_local_bind(&a, &user, ada);
	koru_scope_open(&s, NULL);
	for (int i = 0; i < 50; i++) {
		koru_go_with(&s, expects, ada, &second);
		koru_go_with(&s, expects, ada, &anywhere);
		koru_go_with(&s, undoes, &a, &second);
		koru_go_with(NULL, expects, NULL, &second);
	}
	assert_int_equal(koru_scope_close(&s), 0);
	return koru_local_unbind(&a);
}

static void test_task_locals_are_seen_on_all_loops(void **state)
{
	(void)state;
	assert_int_equal(run_with(main_inherits, NULL, &two_loops), 0);
}

static int defers_elsewhere(void *arg)
{
	static struct koru_defer d;
	assert_int_equal(koru_defer(arg, &d, waits, NULL), -EPERM);
	return 0;
}

static int main_defers(void *arg)
{
	(void)arg;
	struct koru_scope s;
	koru_scope_open(&s, NULL);
	koru_go_with(&s, defers_elsewhere, &s, &second);
	return koru_scope_close(&s);
}

static void test_clean_up_is_deferred_at_home(void **state)
{
	(void)state;
	assert_int_equal(run_with(main_defers, NULL, &two_loops), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policies_hold_on_all_loops),
		cmocka_unit_test(test_arguments_travel),
		cmocka_unit_test(test_task_locals_are_seen_on_all_loops),
		cmocka_unit_test(test_clean_up_is_deferred_at_home),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
