/* SPDX-License-Identifier: MIT
 * Futures: koru/future.h. */
#include "support/cmocka.h"
#include "support/core.h"

#include "base/fault.h"
#include "koru/koru.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#define NUMBER(n) ((void *)(intptr_t)(n))

static struct trace trace;

static int returns(void *arg)
{
	return (int)(intptr_t)arg;
}

static int returns_later(void *arg)
{
	koru_yield();
	koru_yield();
	return (int)(intptr_t)arg;
}

static int waits_forever(void *arg)
{
	(void)arg;
	return koru_sleep(KORU_FOREVER);
}

static int main_results(void *arg)
{
	struct koru_scope s;
	struct koru_future a, b;
	int result = 5;
	(void)arg;
	koru_scope_open(&s, NULL);
	assert_int_equal(koru_async(&s, &a, returns, NUMBER(7)), 0);
	assert_int_equal(koru_async(&s, &b, returns_later, NUMBER(8)), 0);
	assert_false(koru_future_done(&a));
	assert_int_equal(koru_future_result(&b, &result), -EAGAIN);
	assert_int_equal(result, 5);
	assert_int_equal(koru_await(&b), 8);
	assert_true(koru_future_done(&a));
	assert_int_equal(koru_await(&a), 7);
	assert_int_equal(koru_await(&a), 7); /* as often as one likes */
	assert_int_equal(koru_await_result(&a, &result), 0);
	assert_int_equal(result, 7);
	assert_int_equal(koru_scope_close(&s), 0);
	assert_int_equal(koru_await(&b), 8); /* and after the scope */
	assert_int_equal(koru_future_result(&b, &result), 0);
	assert_int_equal(result, 8);
	return 0;
}

static void test_results(void **state)
{
	(void)state;
	assert_int_equal(run(main_results, NULL), 0);
}

/* Who awaits an error takes it: before it comes, and after. */
static int main_awaited_errors(void *arg)
{
	struct koru_scope s;
	struct koru_future before, after, asked;
	int result;
	(void)arg;
	koru_scope_open(&s, NULL);
	koru_async(&s, &before, returns_later, NUMBER(-EIO));
	koru_async(&s, &after, returns, NUMBER(-ENOENT));
	koru_async(&s, &asked, returns, NUMBER(-EPIPE));
	assert_int_equal(koru_await(&before), -EIO);
	assert_true(koru_future_done(&after) && koru_future_done(&asked));
	assert_false(koru_cancelled());
	assert_int_equal(koru_await(&after), -ENOENT);
	assert_int_equal(koru_future_result(&asked, &result), 0);
	assert_int_equal(result, -EPIPE);
	return koru_scope_close(&s);
}

static void test_awaited_errors_are_the_awaiters(void **state)
{
	(void)state;
	assert_int_equal(run(main_awaited_errors, NULL), 0);
}

/* Those that nobody awaited fail the scope when it is closed, the oldest first. */
static int main_unawaited_errors(void *arg)
{
	struct koru_scope s;
	struct koru_future f[4], long_one;
	(void)arg;
	koru_scope_open(&s, NULL);
	koru_async(&s, &f[0], returns, NUMBER(-EDOM));
	koru_async(&s, &f[1], returns, NUMBER(-EIO));
	koru_async(&s, &f[2], returns, NUMBER(-ENOENT));
	koru_async(&s, &f[3], returns, NUMBER(-ERANGE));
	koru_async(&s, &long_one, waits_forever, NULL);
	koru_yield();
	assert_false(koru_cancelled()); /* there is time to await them */
	assert_int_equal(koru_await(&f[3]), -ERANGE);
	assert_int_equal(koru_await(&f[0]), -EDOM);
	assert_int_equal(koru_scope_close(&s), -EIO);
	assert_int_equal(koru_await(&long_one), -ECANCELED); /* the rest was cancelled */
	assert_int_equal(koru_await(&f[1]), -EIO);
	assert_int_equal(koru_await(&f[2]), -ENOENT);
	/* A scope used again knows nothing of them. */
	koru_scope_open(&s, NULL);
	return koru_scope_close(&s);
}

static int main_error_while_closing(void *arg)
{
	struct koru_scope s;
	struct koru_future f, long_one;
	(void)arg;
	koru_scope_open(&s, NULL);
	koru_async(&s, &long_one, waits_forever, NULL);
	koru_async(&s, &f, returns_later, NUMBER(-EIO));
	assert_int_equal(koru_scope_close(&s), -EIO);
	return 0;
}

static int awaits(void *arg)
{
	trace_add(&trace, koru_await(arg));
	return 0;
}

static int main_handed_over_while_closing(void *arg)
{
	struct koru_scope s;
	struct koru_future f;
	(void)arg;
	trace.len = 0;
	koru_scope_open(&s, NULL);
	koru_async(&s, &f, returns_later, NUMBER(-EIO));
	koru_go(&s, awaits, &f);
	koru_go(&s, awaits, &f);
	assert_int_equal(koru_scope_close(&s), 0);
	TRACE_EXPECT(&trace, -EIO, -EIO);
	return 0;
}

static void test_unawaited_errors_fail_the_scope(void **state)
{
	(void)state;
	assert_int_equal(run(main_unawaited_errors, NULL), 0);
	assert_int_equal(run(main_error_while_closing, NULL), 0);
	assert_int_equal(run(main_handed_over_while_closing, NULL), 0);
}

static struct koru_future detached;

static int main_detached(void *arg)
{
	koru_async(NULL, &detached, returns, NUMBER(-EIO));
	if (arg) {
		assert_int_equal(koru_await(&detached), -EIO);
		return 0;
	}
	koru_yield();
	assert_true(koru_cancelled()); /* nobody could say until when to wait for an awaiter */
	return 0;
}

static int main_detached_late(void *arg)
{
	(void)arg;
	koru_async(NULL, &detached, returns, NUMBER(-EIO));
	return 0;
}

static void test_errors_of_detached_tasks(void **state)
{
	(void)state;
	assert_int_equal(run(main_detached, NULL), -EIO);
	assert_int_equal(run(main_detached, NUMBER(1)), 0);
	assert_int_equal(run(main_detached_late, NULL), -EIO);
}

/* An awaiter that was cancelled took nothing. */
static int main_cancelled_await(void *arg)
{
	struct koru_scope all, in;
	struct koru_future f;
	int result = 5;
	(void)arg;
	koru_scope_open(&all, NULL);
	koru_async(&all, &f, returns_later, NUMBER(-EIO));
	koru_scope_open(&in, &(struct koru_scope_opts){ .timeout = -1 });
	assert_int_equal(koru_await_result(&f, &result), -ECANCELED);
	assert_int_equal(koru_await(&f), -ECANCELED);
	assert_int_equal(koru_await_first((struct koru_future *[]){ &f }, 1, &result), -ECANCELED);
	assert_int_equal(result, 5);
	assert_int_equal(koru_scope_close(&in), -ETIMEDOUT);
	koru_scope_open(&in, NULL);
	koru_go(&in, awaits, &f);
	koru_yield();
	koru_scope_cancel(&in);
	assert_int_equal(koru_scope_close(&in), -ECANCELED);
	while (!koru_future_done(&f))
		koru_yield();
	assert_int_equal(koru_scope_close(&all), -EIO);
	return 0;
}

static void test_a_cancelled_await_takes_nothing(void **state)
{
	(void)state;
	trace.len = 0;
	assert_int_equal(run(main_cancelled_await, NULL), 0);
	TRACE_EXPECT(&trace, -ECANCELED);
}

static int awaits_itself(void *arg)
{
	int result;
	struct koru_future *f = arg;
	assert_int_equal(koru_await_first((struct koru_future *[]){ f }, 1, NULL), -EDEADLK);
	assert_int_equal(koru_await_result(f, &result), -EDEADLK);
	return koru_await(f);
}

static int main_misuse(void *arg)
{
	struct koru_scope s;
	struct koru_future f, none;
	int result;
	(void)arg;
	memset(&none, 0, sizeof(none));
	koru_scope_open(&s, NULL);
	koru_async(&s, &f, awaits_itself, &f);
	assert_int_equal(koru_await(&f), -EDEADLK);
	assert_int_equal(koru_future_complete(&f, 1), -EPERM);
	assert_int_equal(koru_await(&none), -EINVAL);
	assert_int_equal(koru_await_result(&none, &result), -EINVAL);
	assert_int_equal(koru_future_result(&none, &result), -EINVAL);
	assert_int_equal(koru_future_complete(&none, 1), -EINVAL);
	assert_false(koru_future_done(&none));
	assert_int_equal(koru_await_first(NULL, 0, NULL), -EINVAL);
	assert_int_equal(koru_await_first((struct koru_future *[]){ NULL, NULL }, 2, NULL),
	                 -EINVAL);
	assert_int_equal(koru_await_first((struct koru_future *[]){ &none }, 1, NULL), -EINVAL);
	assert_int_equal(koru_scope_close(&s), 0);
	/* What could not be started says so by its future too. */
	assert_int_equal(koru_async(&s, &f, returns, NULL), -EINVAL);
	assert_int_equal(koru_await(&f), -EINVAL);
	assert_int_equal(koru_start(&s, &f, returns, NULL), -EINVAL);
	assert_int_equal(koru_await(&f), -EINVAL);
	struct koru_task_opts huge = { .stack_size = SIZE_MAX };
	koru_scope_open(&s, NULL);
	assert_int_equal(koru_async_with(&s, &f, returns, NULL, &huge), -EINVAL);
	assert_true(koru_future_done(&f));
	return koru_scope_close(&s);
}

static void test_misuse(void **state)
{
	(void)state;
	struct koru_future f;
	assert_int_equal(run(main_misuse, NULL), 0);
	assert_int_equal(koru_async(NULL, &f, returns, NULL), -EPERM);
	assert_int_equal(koru_await(&f), -EPERM);
	assert_int_equal(koru_start(NULL, &f, returns, NULL), -EPERM);
	assert_int_equal(koru_ready(), -EPERM);
}

static int main_no_memory(void *arg)
{
	static struct koru_future f[1000];
	struct koru_scope s;
	(void)arg;
	koru_scope_open(&s, NULL);
	koru__fault_arm(KORU__FAULT_ALLOC, 0, UINT_MAX, ENOMEM);
	int started = 0;
	int rc = 0;
	while (rc == 0) /* until the slab is used up */
		rc = koru_async(&s, &f[started++], returns, NULL);
	koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
	assert_int_equal(rc, -ENOMEM);
	assert_true(koru_future_done(&f[started - 1]));
	assert_int_equal(koru_scope_close(&s), -ENOMEM);
	assert_int_equal(koru_await(&f[started - 1]), -ENOMEM);
	return 0;
}

static int main_many_no_memory(void *arg)
{
	struct koru_scope s;
	struct koru_future f[20];
	struct koru_future *p[20];
	int index = -1;
	(void)arg;
	koru_scope_open(&s, NULL);
	for (int i = 0; i < 20; i++) {
		koru_async(&s, &f[i], i == 17 ? returns_later : waits_forever, NUMBER(3));
		p[i] = &f[i];
	}
	koru__fault_arm(KORU__FAULT_ALLOC, 0, UINT_MAX, ENOMEM);
	assert_int_equal(koru_await_first(p, 20, &index), -ENOMEM);
	koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
	assert_int_equal(index, -1);
	assert_int_equal(koru_await_first(p, 20, &index), 3);
	assert_int_equal(index, 17);
	koru_scope_cancel(&s);
	assert_int_equal(koru_scope_close(&s), -ECANCELED);
	return 0;
}

static void test_no_memory(void **state)
{
	(void)state;
	assert_int_equal(run(main_no_memory, NULL), 0);
	assert_int_equal(run(main_many_no_memory, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_results),
		cmocka_unit_test(test_awaited_errors_are_the_awaiters),
		cmocka_unit_test(test_unawaited_errors_fail_the_scope),
		cmocka_unit_test(test_errors_of_detached_tasks),
		cmocka_unit_test(test_a_cancelled_await_takes_nothing),
		cmocka_unit_test(test_misuse),
		cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
