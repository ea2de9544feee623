/* SPDX-License-Identifier: MIT
 * Typed tasks: what becomes of their arguments when things go wrong. koru/typed.h. That the macros
 * are clean in every language is typed_alone.c's. */
#include "support/cmocka.h"
#include "support/core.h"

#include "base/fault.h"
#include "koru/koru.h"

#include <errno.h>
#include <string.h>

static int sum;

KORU_TASK(adds, (int, a), (int, b))
{
	koru_yield();
	sum += a + b;
	return a - b;
}

KORU_TASK(says_hello)
{
	sum += 1000;
	return 5;
}

static int main_many(void *arg)
{
	(void)arg;
	struct koru_scope s;
	sum = 0;
	/* Arguments are given back as their tasks begin: few are ever held at once. */
	koru_scope_open(&s, &(struct koru_scope_opts){ .alloc_max = 64 << 10 });
	for (int i = 0; i < 100; i++) {
		for (int k = 0; k < 100; k++)
			assert_int_equal(adds_go(&s, i, i), 0);
		while (sum < 200 * (i + 1) * i / 2)
			koru_sleep(0);
	}
	assert_int_equal(says_hello_go(&s), 0);
	assert_int_equal(koru_scope_close(&s), 0);
	assert_int_equal(sum, 2 * 100 * (100 * 99 / 2) + 1000);
	return 0;
}

static void test_arguments_are_given_back(void **state)
{
	(void)state;
	assert_int_equal(run(main_many, NULL), 0);
}

static int main_detached(void *arg)
{
	(void)arg;
	sum = 0;
	for (int i = 0; i < 10; i++)
		assert_int_equal(adds_go(NULL, i, i), 0);
	assert_int_equal(koru_sleep(0), 0);
	assert_int_equal(adds_go(NULL, 1, 1), 0); /* runs when main has ended */
	return 0;
}

static void test_detached_tasks_have_arguments_too(void **state)
{
	(void)state;
	assert_int_equal(run(main_detached, NULL), 0);
	assert_int_equal(sum, 92);
}

static int main_options(void *arg)
{
	(void)arg;
	struct koru_scope s;
	struct koru_scope_error error = { 0, NULL };
	struct koru_scope_opts collect = { .policy = KORU_SCOPE_COLLECT,
		                           .errors = &error,
		                           .errors_max = 1 };
	koru_scope_open(&s, &collect);
	struct koru_task_opts opts = { .name = "by another name" };
	assert_int_equal(adds_go_with(&s, &opts, 1, 3), 0);
	assert_int_equal(says_hello_go_with(&s, &opts), 0);
	opts.stack_size = KORU_STACK_SIZE_MAX + 1;
	assert_int_equal(adds_go_with(&s, &opts, 1, 3), -EINVAL);
	assert_int_equal(koru_scope_close(&s), -2);
	assert_string_equal(error.task, "by another name");
	koru_scope_open(&s, &collect);
	adds_go(&s, 4, 5);
	assert_int_equal(koru_scope_close(&s), -1);
	assert_string_equal(error.task, "adds");
	return 0;
}

static void test_they_take_the_options_of_tasks(void **state)
{
	(void)state;
	assert_int_equal(run(main_options, NULL), 0);
}

static int main_futures(void *arg)
{
	(void)arg;
	struct koru_scope s;
	struct koru_future a, b, c;
	sum = 0;
	koru_scope_open(&s, NULL);
	assert_int_equal(adds_async(&s, &a, 7, 3), 0);
	assert_int_equal(adds_async(&s, &b, 3, 7), 0);
	assert_int_equal(says_hello_async(&s, &c), 0);
	assert_int_equal(adds_await(&a), 4);
	assert_int_equal(adds_await(&b), -4);
	assert_int_equal(says_hello_await(&c), 5);
	assert_int_equal(koru_scope_close(&s), 0);
	assert_int_equal(adds_await(&a), 4); /* after its scope has closed */
	assert_int_equal(adds_async(&s, &a, 7, 3), -EINVAL);
	assert_int_equal(adds_await(&a), -EINVAL);
	return 0;
}

static void test_their_results_are_awaited(void **state)
{
	(void)state;
	assert_int_equal(run(main_futures, NULL), 0);
}

static int main_without_memory(void *arg)
{
	(void)arg;
	struct koru_scope s;
	struct koru_future f;
	koru_scope_open(&s, NULL);
	koru__fault_arm(KORU__FAULT_ALLOC, 0, 1, ENOMEM);
	assert_int_equal(adds_go(&s, 1, 2), -ENOMEM);
	assert_int_equal(koru__fault_hits(), 1);
	koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
	assert_true(koru_cancelled());
	assert_int_equal(koru_scope_close(&s), -ENOMEM);
	koru_scope_open(&s, NULL);
	koru__fault_arm(KORU__FAULT_ALLOC, 0, 1, ENOMEM);
	assert_int_equal(adds_async(&s, &f, 1, 2), -ENOMEM);
	koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
	int result = 0;
	assert_int_equal(koru_future_result(&f, &result), 0);
	assert_int_equal(result, -ENOMEM);
	assert_int_equal(koru_scope_close(&s), -ENOMEM);
	koru_scope_open(&s, &(struct koru_scope_opts){ .alloc_max = 1 }); /* not even these */
	assert_int_equal(adds_go(&s, 1, 2), -ENOMEM);
	assert_int_equal(koru_scope_close(&s), -ENOMEM);
	return 0;
}

static void test_running_out_of_memory_fails_the_scope(void **state)
{
	(void)state;
	assert_int_equal(run(main_without_memory, NULL), 0);
}

/* Whose stack could not be had: it is not called, and its arguments are not lost. */
static int main_without_stack(void *arg)
{
	(void)arg;
	struct koru_scope s;
	struct koru_task_opts big = { .stack_size = KORU_STACK_SIZE_MAX };
	sum = 0;
	koru_scope_open(&s, NULL);
	koru__fault_arm(KORU__FAULT_MMAP, 0, 1000, ENOMEM);
	assert_int_equal(adds_go_with(&s, &big, 1, 2), 0);
	int rc = koru_scope_close(&s);
	koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
	assert_int_equal(sum, 0);
	return rc;
}

static void test_arguments_of_tasks_that_cannot_begin_are_freed(void **state)
{
	(void)state;
	assert_int_equal(run(main_without_stack, NULL), -ENOMEM);
}

static void test_not_outside_a_task(void **state)
{
	(void)state;
	struct koru_scope s;
	struct koru_future f;
	koru_scope_open(&s, NULL);
	assert_int_equal(adds_go(&s, 1, 2), -EPERM);
	assert_int_equal(adds_go(NULL, 1, 2), -EPERM);
	assert_int_equal(adds_async(NULL, &f, 1, 2), -EPERM);
	assert_int_equal(koru_await(&f), -EPERM);
}

KORU_GEN(walks, const char *, (const char *const *, words), (int, depth))
{
	int rc = 0;
	if (depth > 0) {
		struct walks_gen deeper;
		walks_open(&deeper, words + 1, depth - 1);
		rc = walks_yield_from(gen, &deeper);
		int closed = walks_close(&deeper);
		if (rc == 0)
			rc = closed;
	}
	return rc < 0 ? rc : walks_yield(gen, words[0]);
}

static int main_generates(void *arg)
{
	(void)arg;
	static const char *const words[] = { "a", "b", "c", "d" };
	struct walks_gen gen;
	const char *word = NULL;
	assert_int_equal(walks_open(&gen, words, 3), 0);
	for (int i = 3; i >= 0; i--) {
		assert_int_equal(walks_next(&gen, &word), 1);
		assert_string_equal(word, words[i]);
	}
	assert_int_equal(walks_next(&gen, &word), 0);
	assert_int_equal(walks_close(&gen), 0);
	walks_open(&gen, words, 2);
	walks_next(&gen, &word);
	assert_int_equal(walks_throw(&gen, -EIO, &word), -EIO);
	assert_int_equal(walks_close(&gen), -EIO);
	walks_open(&gen, words, 2);
	walks_next(&gen, &word);
	assert_int_equal(walks_close(&gen), 0); /* in the middle */
	return 0;
}

static void test_typed_generators(void **state)
{
	(void)state;
	assert_int_equal(run(main_generates, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arguments_are_given_back),
		cmocka_unit_test(test_detached_tasks_have_arguments_too),
		cmocka_unit_test(test_they_take_the_options_of_tasks),
		cmocka_unit_test(test_their_results_are_awaited),
		cmocka_unit_test(test_running_out_of_memory_fails_the_scope),
		cmocka_unit_test(test_arguments_of_tasks_that_cannot_begin_are_freed),
		cmocka_unit_test(test_not_outside_a_task),
		cmocka_unit_test(test_typed_generators),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
