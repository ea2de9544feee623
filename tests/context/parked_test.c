/* SPDX-License-Identifier: MIT
 * A hundred thousand tasks that wait: what they cost, and that it is given back. */
#include "support/cmocka.h"
#include "support/core.h"

#include "context/stack.h"
#include "koru/koru.h"
#include "sched/loop.h"
#include "sched/waitq.h"

#include <string.h>

struct crowd {
	struct koru__waitq q;
	int count;
	int woken;
};

static int waits(void *arg)
{
	struct crowd *c = arg;
	int rc = koru__waitq_wait(&c->q);
	c->woken += rc == 1;
	return rc < 0 ? rc : 0;
}

static int main_parks(void *arg)
{
	struct crowd *c = arg;
	struct koru_scope s;
	size_t before = resident();
	koru__waitq_init(&c->q);
	koru_scope_open(&s, NULL);
	for (int i = 0; i < c->count; i++)
		assert_int_equal(koru_go(&s, waits, c), 0);
	/* The loop looks at its timers when all of them have had their turn. */
	koru_sleep(KORU_MICROSECOND);
	size_t parked = resident();
	bool cheap = strcmp(koru_guard_name(), "madvise") == 0;
	if (is_plain_build() && cheap) {
		assert_true(count_mappings() < 100);
		/* A page of stack, and a task. */
		assert_true((parked - before) / (size_t)c->count < 4500);
	}
	koru__waitq_wake_all(&c->q, 1);
	int rc = koru_scope_close(&s);
	/* Nothing happens for a while; the loop trims what it does not need. */
	for (int i = 0; i < 100 && koru__stack_pool_has_surplus(&koru__loop()->stacks); i++)
		koru_sleep(20 * KORU_MILLISECOND);
	assert_false(koru__stack_pool_has_surplus(&koru__loop()->stacks));
	if (is_plain_build())
		assert_true(resident() - before < (parked - before) / 10);
	return rc;
}

static int child_parks(void *arg)
{
	struct crowd c = { .count = *(int *)arg };
	int rc = run(main_parks, &c);
	return rc == 0 && c.woken == c.count ? 0 : 1;
}

static void test_a_crowd_of_parked_tasks(void **state)
{
	(void)state;
	struct child child;
	int count = is_plain_build() ? 100000 : 2000;
	in_child(&child, child_parks, &count);
	if (!child.exited || child.code != 0)
		print_message("%s\n", child.said);
	assert_true(child.exited);
	assert_int_equal(child.code, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_a_crowd_of_parked_tasks) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
