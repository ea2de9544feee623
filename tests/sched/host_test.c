/* SPDX-License-Identifier: MIT
 * Tasks that run on the stack of whoever closes their scope: koru__host_first. */
#include "support/cmocka.h"
#include "support/core.h"

#include "context/sanitize.h"
#include "koru/koru.h"
#include "sched/loop.h"
#include "sched/task.h"

#include <errno.h>
#include <string.h>

static struct trace trace;

#define NUMBER(n) ((void *)(intptr_t)(n))

/* Whether the caller runs on the stack of the function whose frame that is. */
static bool shares_stack(const void *frame)
{
	const char *low = koru__stack_low(koru__task_self()->stack);
	size_t size = koru__stack_class_size(koru__task_self()->stack->size_class);
	return (const char *)frame > low && (const char *)frame < low + size;
}

static int is_hosted(void *arg)
{
	return shares_stack(arg) == !KORU__ONE_TASK_PER_CONTEXT ? 0 : -EDOM;
}

static int is_not_hosted(void *arg)
{
	return shares_stack(arg) ? -EDOM : 0;
}

static int main_hosts(void *arg)
{
	struct koru_scope s;
	(void)arg;
	koru_scope_open(&s, NULL);
	koru_go(&s, is_hosted, __builtin_frame_address(0));
	koru_go(&s, is_hosted, __builtin_frame_address(0));
	return koru_scope_close(&s);
}

static void test_unstarted_tasks_run_on_the_stack_of_the_closer(void **state)
{
	(void)state;
	assert_int_equal(run(main_hosts, NULL), 0);
}

static int note(void *arg)
{
	trace_add(&trace, (int)(intptr_t)arg);
	return 0;
}

static int main_keeps_order(void *arg)
{
	struct koru_scope s;
	(void)arg;
	koru_scope_open(&s, NULL);
	koru_go(&s, note, NUMBER(1));
	koru_go(NULL, note, NUMBER(2)); /* not of this scope: its turn comes all the same */
	koru_go(&s, note, NUMBER(3));
	koru_go(NULL, note, NUMBER(4));
	return koru_scope_close(&s);
}

static void test_hosting_keeps_the_order(void **state)
{
	(void)state;
	trace.len = 0;
	assert_int_equal(run(main_keeps_order, NULL), 0);
	TRACE_EXPECT(&trace, 1, 2, 3, 4);
}

static int host_name_is_mine(void *arg)
{
	assert_string_equal(koru_task_name(), "host_name_is_mine");
	koru_sleep(200 * KORU_MICROSECOND);
	assert_string_equal(koru_task_name(), "host_name_is_mine");
	return is_hosted(arg);
}

static int ticker(void *arg)
{
	while (koru_sleep(50 * KORU_MICROSECOND) == 0)
		++*(int *)arg;
	return -ECANCELED;
}

static int main_hosts_one_waiter(void *arg)
{
	struct koru_scope s;
	(void)arg;
	koru_scope_open(&s, NULL);
	koru_go(&s, host_name_is_mine, __builtin_frame_address(0));
	return koru_scope_close(&s);
}

static int64_t started; /* moments are told from here, however slowly tasks start */

static int sleep_then_note(void *arg)
{
	koru_sleep_until(started + (int64_t)(intptr_t)arg * 5 * KORU_MILLISECOND);
	return note(arg);
}

static int main_sleepers(void *arg)
{
	struct koru_scope s;
	(void)arg;
	started = koru_now();
	koru_scope_open(&s, NULL);
	koru_go(&s, sleep_then_note, NUMBER(12)); /* hosted; the others end first */
	koru_go(&s, sleep_then_note, NUMBER(4));
	koru_go(&s, sleep_then_note, NUMBER(8));
	return koru_scope_close(&s);
}

static void test_hosted_tasks_may_wait(void **state)
{
	(void)state;
	assert_int_equal(run(main_hosts_one_waiter, NULL), 0);
	trace.len = 0;
	assert_int_equal(run(main_sleepers, NULL), 0);
	TRACE_EXPECT(&trace, 4, 8, 12);
}

/* Waits until the ticker has ticked; for ever, if it cannot. */
static int wait_for_ticks(void *arg)
{
	const int *ticks = arg;
	while (*ticks <= 2)
		koru_sleep(KORU_MILLISECOND);
	return 0;
}

static int main_ticks_while_hosting(void *arg)
{
	struct koru_scope others, s;
	int ticks = 0;
	(void)arg;
	koru_scope_open(&others, NULL);
	koru_go(&others, ticker, &ticks);
	koru_sleep(0);
	koru_scope_open(&s, NULL);
	koru_go(&s, wait_for_ticks, &ticks);
	int rc = koru_scope_close(&s);
	koru_scope_cancel(&others);
	assert_int_equal(koru_scope_close(&others), -ECANCELED);
	return rc;
}

static void test_others_run_while_a_hosted_task_waits(void **state)
{
	(void)state;
	trace.len = 0;
	assert_int_equal(run(main_ticks_while_hosting, NULL), 0);
}

/* A tree of tasks, each closing a scope of two. */
static int tree(void *arg)
{
	int depth = (int)(intptr_t)arg;
	struct koru_scope s;
	if (depth == 0)
		return koru_yield();
	koru_scope_open(&s, NULL);
	koru_go(&s, tree, NUMBER(depth - 1));
	koru_go(&s, tree, NUMBER(depth - 1));
	return koru_scope_close(&s);
}

/* A task in a task in a task: deeper than any stack could hold. */
static int chain(void *arg)
{
	int depth = (int)(intptr_t)arg;
	struct koru_scope s;
	char block[512];
	memset(block, depth, sizeof(block));
	__asm__ volatile("" : : "r"(block) : "memory");
	if (depth == 0)
		return koru_sleep(KORU_MICROSECOND);
	koru_scope_open(&s, NULL);
	koru_go(&s, chain, NUMBER(depth - 1));
	int rc = koru_scope_close(&s);
	return block[3] == (char)depth ? rc : -EDOM;
}

static void test_hosting_nests_and_stops_where_the_stack_ends(void **state)
{
	(void)state;
	assert_int_equal(run(tree, NUMBER(10)), 0);
	assert_int_equal(run(chain, NUMBER(1000)), 0);
}

/* What every task was promised, whoever hosts it: three quarters of its size. */
static size_t room(void)
{
	return (size_t)((char *)__builtin_frame_address(0) -
	                koru__stack_low(koru__task_self()->stack));
}

static int has_default_room(void *arg)
{
	struct koru_scope s;
	int depth = (int)(intptr_t)arg;
	char block[2000];
	memset(block, depth, sizeof(block));
	__asm__ volatile("" : : "r"(block) : "memory");
	assert_true(room() >= KORU_STACK_SIZE_DEFAULT / 4 * 3 - 3000);
	if (depth == 0)
		return 0;
	koru_scope_open(&s, NULL);
	koru_go(&s, has_default_room, NUMBER(depth - 1));
	return koru_scope_close(&s);
}

static int has_own_room(void *arg)
{
	size_t asked = *(size_t *)arg;
	/* Of a small stack the guard and the colour take more than a quarter. */
	size_t promised = asked / 4 * 3 - (asked <= KORU_STACK_SIZE_MIN ? 4096 : 0);
	assert_true(room() + 2048 >= promised);
	return 0;
}

static int small_host(void *arg)
{
	return has_default_room(arg);
}

static int main_room(void *arg)
{
	struct koru_scope s;
	size_t sizes[] = { 16 << 10, 32 << 10, 64 << 10, 128 << 10, 1 << 20 };
	(void)arg;
	koru_scope_open(&s, NULL);
	koru_go(&s, has_default_room, NUMBER(20));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		koru_go_with(&s, has_own_room, &sizes[i],
		             &(struct koru_task_opts){ .stack_size = sizes[i] });
	return koru_scope_close(&s);
}

static int host_of_small_stack(void *arg)
{
	struct koru_scope s;
	koru_scope_open(&s, NULL);
	koru_go(&s, small_host, arg);
	return koru_scope_close(&s);
}

static int main_small_host(void *arg)
{
	struct koru_scope s;
	koru_scope_open(&s, NULL);
	koru_go_with(&s, host_of_small_stack, arg,
	             &(struct koru_task_opts){ .stack_size = 16 << 10 });
	return koru_scope_close(&s);
}

static void test_room_is_kept(void **state)
{
	(void)state;
	assert_int_equal(run(main_room, NULL), 0);
	assert_int_equal(run(main_small_host, NUMBER(3)), 0);
}

static int fails(void *arg)
{
	(void)arg;
	return -EILSEQ;
}

static int counts_cancelled(void *arg)
{
	int rc = koru_sleep(KORU_HOUR);
	*(int *)arg += rc == -ECANCELED;
	return rc;
}

static int main_hosted_error(void *arg)
{
	struct koru_scope s;
	koru_scope_open(&s, NULL);
	koru_go(&s, counts_cancelled, arg); /* hosted, and cancelled while it waits */
	koru_go(&s, counts_cancelled, arg);
	koru_go(&s, fails, NULL);
	koru_go(&s, counts_cancelled, arg);
	return koru_scope_close(&s);
}

static void test_errors_and_cancellation_reach_hosted_tasks(void **state)
{
	(void)state;
	int cancelled = 0;
	assert_int_equal(run(main_hosted_error, &cancelled), -EILSEQ);
	assert_int_equal(cancelled, 3);
}

static int cancel_it(void *arg)
{
	return koru_scope_cancel(arg);
}

/* The scope around the host is cancelled while the hosted task waits. */
static int main_cancels_around(void *arg)
{
	struct koru_scope outer, inner;
	koru_scope_open(&outer, NULL);
	koru_go(NULL, cancel_it, &outer);
	koru_scope_open(&inner, NULL);
	koru_go(&inner, counts_cancelled, arg);
	assert_int_equal(koru_scope_close(&inner), -ECANCELED);
	assert_int_equal(koru_scope_close(&outer), -ECANCELED);
	assert_int_equal(koru_yield(), 0);
	return *(int *)arg;
}

static int main_deadline_around(void *arg)
{
	struct koru_scope outer, inner;
	koru_scope_open(&outer, &(struct koru_scope_opts){ .timeout = KORU_MILLISECOND });
	koru_scope_open(&inner, NULL);
	koru_go(&inner, counts_cancelled, arg);
	assert_int_equal(koru_scope_close(&inner), -ECANCELED);
	assert_int_equal(koru_scope_close(&outer), -ETIMEDOUT);
	return *(int *)arg;
}

static void test_cancellation_from_around_the_host(void **state)
{
	(void)state;
	int cancelled = 0;
	assert_int_equal(run(main_cancels_around, &cancelled), 1);
	cancelled = 0;
	assert_int_equal(run(main_deadline_around, &cancelled), 1);
}

/* A hosted task has scopes of its own, and what it hosts sees them. */
static int opens_scopes(void *arg)
{
	struct koru_scope s, t;
	koru_scope_open(&s, &(struct koru_scope_opts){ .timeout = KORU_MILLISECOND });
	koru_scope_open(&t, NULL);
	koru_go(&t, counts_cancelled, arg);
	koru_go(&s, counts_cancelled, arg);
	assert_int_equal(koru_scope_close(&s), -EINVAL); /* t is inside */
	assert_int_equal(koru_scope_close(&t), -ECANCELED);
	assert_int_equal(koru_scope_close(&s), -ETIMEDOUT);
	return koru_yield();
}

static int main_hosts_openers(void *arg)
{
	struct koru_scope s;
	koru_scope_open(&s, NULL);
	for (int i = 0; i < 3; i++)
		koru_go(&s, opens_scopes, arg);
	assert_int_equal(koru_scope_close(&s), 0);
	return *(int *)arg;
}

static void test_hosted_tasks_open_scopes(void **state)
{
	(void)state;
	int cancelled = 0;
	assert_int_equal(run(main_hosts_openers, &cancelled), 6);
}

/* The hosted task may start more tasks in the scope that its host is closing. */
static int adds(void *arg)
{
	struct koru_scope *s = arg;
	if (trace.len < 20) {
		trace_add(&trace, trace.len);
		koru_go(s, adds, s);
		koru_sleep(10 * KORU_MICROSECOND);
	}
	assert_int_equal(koru_scope_close(s), -EINVAL); /* it is being closed, and not ours */
	return 0;
}

static int main_grows(void *arg)
{
	struct koru_scope s;
	(void)arg;
	koru_scope_open(&s, NULL);
	koru_go(&s, adds, &s);
	/* Its turn comes while the first waits on this stack. */
	koru_go(&s, is_not_hosted, __builtin_frame_address(0));
	return koru_scope_close(&s);
}

static void test_a_scope_may_grow_while_it_is_closed(void **state)
{
	(void)state;
	trace.len = 0;
	assert_int_equal(run(main_grows, NULL), 0);
	assert_int_equal(trace.len, 20);
}

static int main_does_not_host_foreigners(void *arg)
{
	struct koru_scope s;
	(void)arg;
	koru_scope_open(&s, NULL);
	koru_go(NULL, is_not_hosted, __builtin_frame_address(0));
	koru_go(&s, sleep_then_note, NUMBER(1));
	return koru_scope_close(&s);
}

static void test_tasks_of_other_scopes_are_not_hosted(void **state)
{
	(void)state;
	trace.len = 0;
	assert_int_equal(run(main_does_not_host_foreigners, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unstarted_tasks_run_on_the_stack_of_the_closer),
		cmocka_unit_test(test_hosting_keeps_the_order),
		cmocka_unit_test(test_hosted_tasks_may_wait),
		cmocka_unit_test(test_others_run_while_a_hosted_task_waits),
		cmocka_unit_test(test_hosting_nests_and_stops_where_the_stack_ends),
		cmocka_unit_test(test_room_is_kept),
		cmocka_unit_test(test_errors_and_cancellation_reach_hosted_tasks),
		cmocka_unit_test(test_cancellation_from_around_the_host),
		cmocka_unit_test(test_hosted_tasks_open_scopes),
		cmocka_unit_test(test_a_scope_may_grow_while_it_is_closed),
		cmocka_unit_test(test_tasks_of_other_scopes_are_not_hosted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
