/* SPDX-License-Identifier: MIT
 * The counters of a loop. koru/counter.h. */
#include "support/cmocka.h"
#include "support/core.h"
#include "support/pair.h"

#include "context/sanitize.h"
#include "koru/koru.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static struct koru_counters now(void)
{
	struct koru_counters c;
	assert_int_equal(koru_counters(&c), 0);
	return c;
}

static int nothing(void *arg)
{
	(void)arg;
	return 0;
}

static int yields(void *arg)
{
	for (int i = 0; i < *(int *)arg; i++)
		koru_yield();
	return 0;
}

static int main_counts_tasks(void *arg)
{
	struct koru_scope s;
	int times = 1000;
	(void)arg;
	assert_int_equal(now().tasks, 1);
	assert_int_equal(now().switches, 1);
	koru_scope_open(&s, NULL);
	for (int i = 0; i < 3; i++)
		koru_go(&s, nothing, NULL);
	koru_scope_close(&s);
	assert_int_equal(now().tasks, 4);
	assert_int_equal(now().tasks_hosted, KORU__ONE_TASK_PER_CONTEXT ? 0 : 3);
	assert_true(now().switches >= 4);
	uint64_t before = now().switches, turns = now().turns;
	koru_scope_open(&s, NULL);
	koru_go(&s, yields, &times);
	yields(&times);
	/* Each yield of one gives the processor to the other, whichever way it takes. */
	assert_in_range(now().switches - before, 1999, 2001);
	koru_scope_close(&s);
	assert_true(now().turns - turns >= 2000 / 128);
	assert_int_equal(now().timers, 0);
	assert_int_equal(now().ops, 0);
	return 0;
}

static void test_tasks_and_switches(void **state)
{
	(void)state;
	struct koru_counters untouched, c;
	memset(&untouched, 7, sizeof(untouched));
	c = untouched;
	assert_int_equal(koru_counters(&c), -EPERM);
	assert_memory_equal(&c, &untouched, sizeof(c));
	/* Each loop counts from the start of its koru_run. */
	assert_int_equal(run(main_counts_tasks, NULL), 0);
	assert_int_equal(run(main_counts_tasks, NULL), 0);
}

static int main_counts_timers(void *arg)
{
	struct koru_scope s, t, u;
	(void)arg;
	koru_sleep(10 * KORU_MILLISECOND);
	koru_sleep(10 * KORU_MILLISECOND);
	assert_int_equal(now().timers, 2);
	koru_scope_open(&s, &(struct koru_scope_opts){ .timeout = KORU_HOUR });
	assert_int_equal(koru_scope_close(&s), 0); /* does not fire */
	koru_scope_open(&s, &(struct koru_scope_opts){ .timeout = 10 * KORU_MILLISECOND });
	koru_sleep(KORU_HOUR);
	assert_int_equal(koru_scope_close(&s), -ETIMEDOUT);
	assert_int_equal(now().timers, 3);
	assert_int_equal(now().scopes_cancelled, 1);
	koru_scope_open(&s, NULL);
	koru_scope_open(&t, NULL);
	koru_scope_open(&u, NULL);
	koru_scope_cancel(&s);
	koru_scope_cancel(&t); /* is already */
	assert_int_equal(now().scopes_cancelled, 4);
	koru_scope_close(&u);
	koru_scope_close(&t);
	koru_scope_close(&s);
	assert_true(now().polls > 0 && now().polls <= now().turns);
	return 0;
}

static void test_timers_and_scopes(void **state)
{
	(void)state;
	assert_int_equal(run(main_counts_timers, NULL), 0);
}

static int main_counts_operations(void *arg)
{
	struct pair p;
	struct koru_scope s;
	char c;
	(void)arg;
	pair_open(&p, PAIR_SOCKET);
	assert_int_equal(write(p.in, "xy", 2), 2);
	assert_int_equal(koru_read(p.out, &c, 1), 1);
	assert_int_equal(koru_read(p.out, &c, 1), 1);
	assert_int_equal(now().ops, 2);
	/* epoll looks first; io_uring hands everything to the kernel. */
	bool at_once = strcmp(koru_poller_name(), "epoll") == 0;
	assert_int_equal(now().ops_at_once, at_once ? 2 : 0);
	assert_int_equal(now().ops_cancelled, 0);
	koru_scope_open(&s, &(struct koru_scope_opts){ .timeout = 20 * KORU_MILLISECOND });
	assert_int_equal(koru_read(p.out, &c, 1), -ECANCELED);
	assert_int_equal(koru_read(p.out, &c, 1), -ECANCELED); /* never begun */
	koru_scope_close(&s);
	assert_int_equal(now().ops, 3);
	assert_int_equal(now().ops_cancelled, 1);
	pair_close(&p);
	return 0;
}

static void test_operations(void **state)
{
	(void)state;
	assert_int_equal(run(main_counts_operations, NULL), 0);
}

static int sleeps(void *arg)
{
	(void)arg;
	return koru_sleep(20 * KORU_MILLISECOND);
}

static int main_counts_stacks(void *arg)
{
	struct koru_scope s;
	(void)arg;
	koru_scope_open(&s, NULL);
	for (int i = 0; i < 100; i++)
		koru_go(&s, sleeps, NULL);
	koru_scope_close(&s);
	assert_int_equal(now().stacks_trimmed, 0);
	for (int i = 0; i < 100 && now().stacks_trimmed == 0; i++)
		koru_sleep(50 * KORU_MILLISECOND);
	assert_in_range(now().stacks_trimmed, 1, 100);
	return 0;
}

static void test_stacks(void **state)
{
	(void)state;
	assert_int_equal(run(main_counts_stacks, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tasks_and_switches),
		cmocka_unit_test(test_timers_and_scopes),
		cmocka_unit_test(test_operations),
		cmocka_unit_test(test_stacks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
