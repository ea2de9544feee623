/* SPDX-License-Identifier: MIT
 * Starting tasks, their order, their names, their stacks: koru/task.h. */
#include "support/cmocka.h"
#include "support/core.h"

#include "base/fault.h"
#include "context/stack.h"
#include "koru/koru.h"
#include "sched/loop.h"
#include "sched/park.h"
#include "sched/task.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct trace trace;

static int note(void *arg)
{
	trace_add(&trace, (int)(intptr_t)arg);
	return 0;
}

#define NUMBER(n) ((void *)(intptr_t)(n))

static int main_starts_three(void *arg)
{
	struct koru_scope s;
	(void)arg;
	koru_scope_open(&s, NULL);
	for (int i = 1; i <= 3; i++) {
		assert_int_equal(koru_go(&s, note, NUMBER(i)), 0);
		trace_add(&trace, 10 * i); /* queued, not run */
	}
	return koru_scope_close(&s);
}

static void test_tasks_are_queued_and_run_once_in_order(void **state)
{
	(void)state;
	trace.len = 0;
	assert_int_equal(run(main_starts_three, NULL), 0);
	TRACE_EXPECT(&trace, 10, 20, 30, 1, 2, 3);
}

static int yield_thrice(void *arg)
{
	for (int i = 0; i < 3; i++) {
		note(arg);
		assert_int_equal(koru_yield(), 0);
	}
	return 0;
}

static int main_yields_with_others(void *arg)
{
	koru_go(NULL, yield_thrice, NUMBER(1));
	koru_go(NULL, yield_thrice, NUMBER(2));
	koru_go(NULL, yield_thrice, NUMBER(3));
	struct koru_scope s;
	/* With a deadline koru_yield takes its other path. */
	koru_scope_open(&s, arg);
	yield_thrice(NUMBER(9));
	koru_yield();
	return koru_scope_close(&s);
}

static void test_yield_is_first_come_first_served(void **state)
{
	(void)state;
	struct koru_scope_opts far = { .timeout = KORU_HOUR };
	void *ways[] = { NULL, &far };
	for (int i = 0; i < 2; i++) {
		trace.len = 0;
		assert_int_equal(run(main_yields_with_others, ways[i]), 0);
		TRACE_EXPECT(&trace, 9, 1, 2, 3, 9, 1, 2, 3, 9, 1, 2, 3);
	}
}

static int main_yields_alone(void *arg)
{
	(void)arg;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(koru_yield(), 0);
	return 0;
}

static void test_yield_alone_and_outside(void **state)
{
	(void)state;
	assert_int_equal(run(main_yields_alone, NULL), 0);
	assert_int_equal(koru_yield(), 0);
}

static int spin_until(void *arg)
{
	volatile bool *flag = arg;
	while (!*flag)
		assert_int_equal(koru_yield(), 0);
	return 0;
}

static int raise_flag_later(void *arg)
{
	koru_sleep(KORU_MILLISECOND);
	*(volatile bool *)arg = true;
	return 0;
}

static int main_spins(void *arg)
{
	struct koru_scope s;
	bool flag = false;
	(void)arg;
	koru_scope_open(&s, NULL);
	koru_go(&s, spin_until, &flag);
	koru_go(&s, spin_until, &flag);
	koru_go(&s, raise_flag_later, &flag);
	return koru_scope_close(&s);
}

/* Tasks that only yield do not keep the loop from its timers. */
static void test_timers_fire_between_yields(void **state)
{
	(void)state;
	assert_int_equal(run(main_spins, NULL), 0);
}

/* Neither do tasks that begin and end without waiting, each starting the next. */
struct generations {
	struct koru_scope *scope;
	bool stop;
	int count;
};

static int starts_next(void *arg)
{
	struct generations *g = arg;
	if (g->stop || ++g->count > 20000000)
		return g->stop ? 0 : -EDOM;
	return koru_go(g->scope, starts_next, g);
}

static int main_generations(void *arg)
{
	struct koru_scope s;
	struct generations g = { .scope = arg ? &s : NULL };
	koru_scope_open(&s, NULL);
	koru_go(&s, raise_flag_later, &g.stop);
	koru_go(g.scope, starts_next, &g);
	int rc = koru_scope_close(&s);
	koru_yield(); /* what is detached ends too */
	return rc;
}

static void test_timers_fire_between_generations(void **state)
{
	(void)state;
	assert_int_equal(run(main_generations, NULL), 0);
	assert_int_equal(run(main_generations, NUMBER(1)), 0);
}

static int tell_name(void *arg)
{
	snprintf(arg, 64, "%s", koru_task_name());
	return 0;
}

static int main_names(void *arg)
{
	char names[5][64];
	(void)arg;
	assert_string_equal(koru_task_name(), "main");
	struct koru_scope s;
	koru_scope_open(&s, NULL);
	koru_go(&s, tell_name, names[0]);
	koru_go_on(&s, KORU_ANY_LOOP, tell_name, names[1]);
	koru_go_with(&s, tell_name, names[2],
	             &(struct koru_task_opts){ .name = "x", .stack_size = 1 });
	koru_go_with(&s, tell_name, names[3], NULL);
	koru_go_with(&s, tell_name, names[4], &(struct koru_task_opts){ .stack_size = 0 });
	assert_int_equal(koru_scope_close(&s), 0);
	assert_string_equal(names[0], "tell_name");
	assert_string_equal(names[1], "tell_name");
	assert_string_equal(names[2], "x");
	assert_string_equal(names[3], "tell_name");
	assert_string_equal(names[4], "tell_name");
	assert_string_equal(koru_task_name(), "main"); /* again, after hosting */
	return 0;
}

static void test_names(void **state)
{
	(void)state;
	assert_null(koru_task_name());
	assert_int_equal(run(main_names, NULL), 0);
	assert_null(koru_task_name());
}

static int never(void *arg)
{
	(void)arg;
	fail_msg("started");
	return 0;
}

static int main_refusals(void *arg)
{
	struct koru_scope shut = { 0 };
	struct koru_scope refused;
	struct koru_scope s;
	(void)arg;
	assert_int_equal(koru_go(&shut, never, NULL), -EINVAL);
	koru_scope_open(&refused, &(struct koru_scope_opts){ .shield = true });
	assert_int_equal(koru_go(&refused, never, NULL), -EINVAL);
	koru_scope_open(&s, NULL);
	struct koru_task_opts opts = { .stack_size = KORU_STACK_SIZE_MAX + 1 };
	assert_int_equal(koru_go_with(&s, never, NULL, &opts), -EINVAL);
	opts = (struct koru_task_opts){ .place = (enum koru_place)7 };
	assert_int_equal(koru_go_with(&s, never, NULL, &opts), -EINVAL);
	assert_int_equal(koru_go_on(&s, (enum koru_place)7, never, NULL), -EINVAL);
	assert_int_equal(koru_scope_close(&s), 0); /* a mistake of the call fails no scope */
	assert_int_equal(koru_go(&s, never, NULL), -EINVAL);
	return 0;
}

static void test_go_refuses(void **state)
{
	(void)state;
	struct koru_scope refused;
	assert_int_equal(koru_scope_open(&refused, NULL), -EPERM);
	assert_int_equal(koru_go(NULL, never, NULL), -EPERM);
	assert_int_equal(koru_go(&refused, never, NULL), -EPERM);
	assert_int_equal(koru_go_on(NULL, KORU_HERE, never, NULL), -EPERM);
	assert_int_equal(koru_go_with(NULL, never, NULL, NULL), -EPERM);
	assert_int_equal(run(main_refusals, NULL), 0);
}

/* A slab holds some hundreds of tasks; the next one needs memory. */
static int cancelled_all_along(void *arg)
{
	(void)arg;
	return koru_yield();
}

static int main_runs_out_quietly(void *arg)
{
	struct koru_scope s;
	int rc;
	koru_scope_open(&s, NULL);
	koru__fault_arm(KORU__FAULT_ALLOC, 0, 1, ENOMEM);
	do
		rc = koru_go(&s, cancelled_all_along, arg);
	while (rc == 0);
	koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
	return koru_scope_close(&s);
}

static void test_no_memory_for_a_task_fails_the_scope(void **state)
{
	(void)state;
	assert_int_equal(run(main_runs_out_quietly, NULL), -ENOMEM);
}

static int count_run(void *arg)
{
	++*(int *)arg;
	return 0;
}

static int main_without_stacks(void *arg)
{
	struct koru_scope s;
	int ran = 0;
	koru_scope_open(&s, NULL);
	struct koru_task_opts big = { .stack_size = KORU_STACK_SIZE_MAX };
	koru__fault_arm(*(enum koru__fault_point *)arg, 0, 1000, ENOMEM);
	/* Only a task of its own size cannot be hosted; this class has no stack yet. */
	assert_int_equal(koru_go_with(&s, count_run, &ran, &big), 0);
	assert_int_equal(koru_go(&s, count_run, &ran), 0);
	int rc = koru_scope_close(&s);
	assert_true(koru__fault_hits() > 0);
	koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
	assert_int_equal(ran, 1); /* the other one */
	return rc;
}

static void test_no_stack_fails_the_scope(void **state)
{
	(void)state;
	enum koru__fault_point point = KORU__FAULT_MMAP;
	assert_int_equal(run(main_without_stacks, &point), -ENOMEM);
}

static int note_stack(void *arg)
{
	*(void **)arg = __builtin_frame_address(0);
	return 0;
}

enum { CHAIN = 500 };

static int main_chain(void *arg)
{
	static void *frames[CHAIN];
	(void)arg;
	/* Detached, so that nobody hosts them. */
	for (int i = 0; i < CHAIN; i++)
		koru_go(NULL, note_stack, &frames[i]);
	koru_sleep(5 * KORU_MILLISECOND);
	char *own = __builtin_frame_address(0);
	for (int i = 0; i < CHAIN; i++) {
		assert_non_null(frames[i]);
		ptrdiff_t apart = (char *)frames[i] - (char *)frames[0];
		/* One and the same stack, the colour of its top included. */
		assert_true(apart > -1024 && apart < 1024);
		apart = (char *)frames[i] - own;
		assert_true(apart < -1024 || apart > 1024);
	}
	return 0;
}

static void test_a_chain_of_tasks_uses_one_stack(void **state)
{
	(void)state;
	assert_int_equal(run(main_chain, NULL), 0);
}

static int main_queues_many(void *arg)
{
	(void)arg;
	/* No stack could be had: nobody asks for one before the tasks run. */
	koru__fault_arm(KORU__FAULT_MMAP, 0, 1000, ENOMEM);
	for (int i = 0; i < 2000; i++) {
		assert_int_equal(koru_go_with(NULL, count_run, arg,
		                              &(struct koru_task_opts){ .stack_size = 32 << 20 }),
		                 0);
	}
	assert_int_equal(koru__fault_hits(), 0);
	koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
	for (struct koru__task_head *t = koru__loop_here.first; t; t = t->next)
		assert_null(koru__task_of(t)->stack);
	koru_sleep(0);
	return *(int *)arg;
}

static void test_a_queued_task_has_no_stack(void **state)
{
	(void)state;
	int ran = 0;
	assert_int_equal(run(main_queues_many, &ran), 2000);
}

/* Uses its stack down to `end`. */
static __attribute__((noinline)) int deep(const char *end)
{
	char block[256];
	memset(block, 1, sizeof(block));
	__asm__ volatile("" : : "r"(block) : "memory");
	int below = (char *)__builtin_frame_address(0) > end ? deep(end) : 0;
	return below + block[7] - block[8];
}

static int use_stack(void *arg)
{
	return deep((char *)__builtin_frame_address(0) - *(size_t *)arg);
}

static int main_deep(void *arg)
{
	struct koru_scope s;
	size_t sizes[] = { 40 << 10, 200 << 10, 15 << 20 };
	(void)arg;
	koru_scope_open(&s, NULL);
	koru_go(&s, use_stack, &sizes[0]);
	koru_go_with(&s, use_stack, &sizes[1], &(struct koru_task_opts){ .stack_size = 230 << 10 });
	koru_go_with(&s, use_stack, &sizes[2], &(struct koru_task_opts){ .stack_size = 16 << 20 });
	return koru_scope_close(&s);
}

static void test_stacks_are_as_large_as_asked_for(void **state)
{
	(void)state;
	assert_int_equal(run(main_deep, NULL), 0);
	size_t size = 900 << 10;
	struct koru_run_opts opts = { .stack_size = 1 << 20 };
	assert_int_equal(run_with(use_stack, &size, &opts), 0);
}

static int keeps_its_thread(void *arg)
{
	(void)arg;
	long id = syscall(SYS_gettid);
	int *error = &errno;
	for (int i = 0; i < 3; i++) {
		koru_sleep(100 * KORU_MICROSECOND);
		assert_int_equal(syscall(SYS_gettid), id);
		assert_ptr_equal(&errno, error);
	}
	return 0;
}

static int main_any_loop(void *arg)
{
	struct koru_scope s;
	koru_scope_open(&s, NULL);
	for (int i = 0; i < 20; i++)
		koru_go_on(&s, KORU_ANY_LOOP, keeps_its_thread, arg);
	return koru_scope_close(&s);
}

static void test_a_started_task_keeps_its_thread(void **state)
{
	(void)state;
	assert_int_equal(run(main_any_loop, NULL), 0);
}

static int main_in_cancelled_scope(void *arg)
{
	struct koru_scope s;
	koru_scope_open(&s, NULL);
	koru_scope_cancel(&s);
	assert_int_equal(koru_go(&s, count_run, arg), 0);
	assert_int_equal(koru_go(&s, cancelled_all_along, arg), 0);
	assert_int_equal(koru_scope_close(&s), -ECANCELED);
	return *(int *)arg;
}

static void test_a_task_of_a_cancelled_scope_still_runs(void **state)
{
	(void)state;
	int ran = 0;
	assert_int_equal(run(main_in_cancelled_scope, &ran), 1);
}

static int main_wakes_the_running(void *arg)
{
	(void)arg;
	koru__unpark(koru__task_self(), 0);
	return 0;
}

static int broken_program(void *arg)
{
	return koru_run(main_wakes_the_running, arg, NULL);
}

static void test_a_move_that_is_not_allowed_aborts(void **state)
{
	(void)state;
	struct child child;
	in_child(&child, broken_program, NULL);
	assert_false(child.exited);
	assert_int_equal(child.code, SIGABRT);
	assert_non_null(strstr(child.said, "koru: "));
	assert_non_null(strstr(child.said, "state"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tasks_are_queued_and_run_once_in_order),
		cmocka_unit_test(test_yield_is_first_come_first_served),
		cmocka_unit_test(test_yield_alone_and_outside),
		cmocka_unit_test(test_timers_fire_between_yields),
		cmocka_unit_test(test_timers_fire_between_generations),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_go_refuses),
		cmocka_unit_test(test_no_memory_for_a_task_fails_the_scope),
		cmocka_unit_test(test_no_stack_fails_the_scope),
		cmocka_unit_test(test_a_chain_of_tasks_uses_one_stack),
		cmocka_unit_test(test_a_queued_task_has_no_stack),
		cmocka_unit_test(test_stacks_are_as_large_as_asked_for),
		cmocka_unit_test(test_a_started_task_keeps_its_thread),
		cmocka_unit_test(test_a_task_of_a_cancelled_scope_still_runs),
		cmocka_unit_test(test_a_move_that_is_not_allowed_aborts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
