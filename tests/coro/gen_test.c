/* SPDX-License-Identifier: MIT
 * Generators: what koru/gen.h promises. */
#include "support/cmocka.h"

#include "base/fault.h"
#include <koru/koru.h>

#include <errno.h>
#include <stdint.h>
#include <string.h>

/* Every test is the main task of a koru_run. */
static void run(koru_fn *fn)
{
	assert_int_equal(koru_run(fn, NULL, NULL), 0);
}

static int count(struct koru_gen *g, void *arg)
{
	for (intptr_t i = 0; i < (intptr_t)arg; i++) {
		int rc = koru_gen_yield(g, (void *)i, NULL);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int gives_values_in_order_task(void *arg)
{
	(void)arg;
	struct koru_gen g;
	void *value = NULL;
	assert_int_equal(koru_gen_open(&g, count, (void *)3), 0);
	for (intptr_t i = 0; i < 3; i++) {
		assert_int_equal(koru_gen_next(&g, &value), 1);
		assert_int_equal((intptr_t)value, i);
	}
	for (int i = 0; i < 2; i++) { /* and ever after */
		assert_int_equal(koru_gen_next(&g, &value), 0);
		assert_int_equal((intptr_t)value, 2); /* untouched */
	}
	assert_int_equal(koru_gen_close(&g), 0);
	assert_int_equal(koru_gen_next(&g, &value), -EINVAL);
	assert_int_equal(koru_gen_close(&g), 0);
	return 0;
}

static void gives_values_in_order(void **state)
{
	(void)state;
	run(gives_values_in_order_task);
}

static int two_interleave_task(void *arg)
{
	(void)arg;
	struct koru_gen a, b;
	void *value;
	koru_gen_open(&a, count, (void *)1000);
	koru_gen_open(&b, count, (void *)1000);
	for (intptr_t i = 0; i < 1000; i++) {
		assert_int_equal(koru_gen_next(&a, &value), 1);
		assert_int_equal((intptr_t)value, i);
		assert_int_equal(koru_gen_next(&b, &value), 1);
		assert_int_equal((intptr_t)value, i);
	}
	assert_int_equal(koru_gen_close(&a), 0);
	assert_int_equal(koru_gen_close(&b), 0);
	return 0;
}

static void two_interleave(void **state)
{
	(void)state;
	run(two_interleave_task);
}

/* Gives back what it is sent, one more each; ends when it is sent NULL. */
static int echo(struct koru_gen *g, void *arg)
{
	void *sent = arg;
	do {
		int rc = koru_gen_yield(g, (char *)sent + 1, &sent);
		if (rc < 0)
			return rc;
	} while (sent);
	return -EPROTO;
}

static int sends_task(void *arg)
{
	(void)arg;
	struct koru_gen g;
	void *value = NULL;
	koru_gen_open(&g, echo, (void *)10);
	assert_int_equal(koru_gen_send(&g, (void *)5, &value), -EINVAL); /* not begun */
	assert_int_equal(koru_gen_next(&g, &value), 1);
	assert_int_equal((intptr_t)value, 11);
	assert_int_equal(koru_gen_send(&g, (void *)20, &value), 1);
	assert_int_equal((intptr_t)value, 21);
	assert_int_equal(koru_gen_next(&g, &value), -EPROTO); /* what the body returned */
	assert_int_equal(koru_gen_send(&g, (void *)1, &value), -EPROTO);
	assert_int_equal((intptr_t)value, 21);
	assert_int_equal(koru_gen_close(&g), -EPROTO);
	return 0;
}

static void sends(void **state)
{
	(void)state;
	run(sends_task);
}

/* Hands out each error it catches; -EIO ends it. */
static int catcher(struct koru_gen *g, void *arg)
{
	(void)arg;
	int rc = 0;
	while (rc != -EIO && rc != -ECANCELED)
		rc = koru_gen_yield(g, (void *)(intptr_t)rc, NULL);
	return rc;
}

static int throws_task(void *arg)
{
	(void)arg;
	struct koru_gen g;
	void *value = NULL;
	koru_gen_open(&g, catcher, NULL);
	assert_int_equal(koru_gen_next(&g, &value), 1);
	assert_int_equal(koru_gen_throw(&g, -ENOENT, &value), 1);
	assert_int_equal((intptr_t)value, -ENOENT);
	assert_int_equal(koru_gen_next(&g, &value), 1); /* it was caught once */
	assert_int_equal((intptr_t)value, 0);
	assert_int_equal(koru_gen_throw(&g, 0, &value), -EINVAL);
	assert_int_equal(koru_gen_throw(&g, 7, &value), -EINVAL);
	assert_int_equal(koru_gen_throw(&g, -EIO, &value), -EIO);
	assert_int_equal(koru_gen_close(&g), -EIO);

	koru_gen_open(&g, catcher, NULL); /* not begun: ends without beginning */
	assert_int_equal(koru_gen_throw(&g, -ENOENT, &value), -ENOENT);
	assert_int_equal(koru_gen_next(&g, &value), -ENOENT);
	assert_int_equal(koru_gen_close(&g), -ENOENT);
	return 0;
}

static void throws(void **state)
{
	(void)state;
	run(throws_task);
}

struct cleanup {
	int closed;  /* what the yield said when the generator was closed */
	int again;   /* and what the next one said */
	bool waited; /* cleaning up may wait */
};

static int cleans_up(struct koru_gen *g, void *arg)
{
	struct cleanup *c = arg;
	c->closed = koru_gen_yield(g, NULL, NULL);
	c->again = koru_gen_yield(g, NULL, NULL);
	c->waited = koru_sleep(KORU_MILLISECOND) == 0;
	return c->closed;
}

static int close_cleans_up_task(void *arg)
{
	(void)arg;
	struct cleanup c = { 0 };
	struct koru_gen g;
	void *value;
	koru_gen_open(&g, cleans_up, &c);
	assert_int_equal(koru_gen_next(&g, &value), 1);
	assert_int_equal(koru_gen_close(&g), 0);
	assert_int_equal(c.closed, -ECANCELED);
	assert_int_equal(c.again, -ECANCELED);
	assert_true(c.waited);

	c.closed = 1;
	koru_gen_open(&g, cleans_up, &c); /* one that has not begun never does */
	assert_int_equal(koru_gen_close(&g), 0);
	assert_int_equal(c.closed, 1);
	return 0;
}

static void close_cleans_up(void **state)
{
	(void)state;
	run(close_cleans_up_task);
}

static int waits(struct koru_gen *g, void *arg)
{
	(void)arg;
	for (intptr_t i = 0;; i++) {
		int rc = koru_sleep(KORU_MILLISECOND);
		if (rc == 0)
			rc = koru_gen_yield(g, (void *)i, NULL);
		if (rc < 0)
			return rc;
	}
}

static int tick(void *arg)
{
	int *ticks = arg;
	while (koru_sleep(KORU_MILLISECOND / 4) == 0)
		++*ticks;
	return 0;
}

static int the_body_may_wait_task(void *arg)
{
	(void)arg;
	struct koru_scope scope;
	struct koru_gen g;
	void *value;
	int ticks = 0;
	koru_scope_open(&scope, NULL);
	koru_go(&scope, tick, &ticks);
	koru_gen_open(&g, waits, NULL);
	for (intptr_t i = 0; i < 5; i++) {
		assert_int_equal(koru_gen_next(&g, &value), 1);
		assert_int_equal((intptr_t)value, i);
	}
	assert_true(ticks > 0); /* others ran meanwhile */
	koru_scope_cancel(&scope);
	assert_int_equal(koru_gen_next(&g, &value), -ECANCELED); /* the body sees our scope */
	assert_int_equal(koru_gen_close(&g), 0);
	assert_int_equal(koru_scope_close(&scope), -ECANCELED);
	return 0;
}

static void the_body_may_wait(void **state)
{
	(void)state;
	run(the_body_may_wait_task);
}

/* While its body waits on behalf of one task, another may not have it. */
static int busy_other(void *arg)
{
	struct koru_gen *g = arg;
	void *value;
	assert_int_equal(koru_gen_next(g, &value), -EBUSY);
	assert_int_equal(koru_gen_throw(g, -EIO, &value), -EBUSY);
	assert_int_equal(koru_gen_close(g), -EBUSY);
	return 0;
}

static int outside(void *arg)
{
	struct koru_gen *g = arg;
	assert_int_equal(koru_gen_yield(g, NULL, NULL), -EINVAL);
	return 0;
}

static int asks_itself(struct koru_gen *g, void *arg)
{
	(void)arg;
	void *value;
	assert_int_equal(koru_gen_next(g, &value), -EBUSY);
	assert_int_equal(koru_gen_close(g), -EBUSY);
	return koru_gen_yield(g, NULL, NULL);
}

static int refuses_misuse_task(void *arg)
{
	(void)arg;
	struct koru_gen g;
	struct koru_scope scope;
	void *value;
	koru_gen_open(&g, asks_itself, NULL);
	assert_int_equal(koru_gen_next(&g, &value), 1);
	outside(&g);
	assert_int_equal(koru_gen_close(&g), 0);

	koru_scope_open(&scope, NULL);
	koru_gen_open(&g, waits, NULL);
	koru_go(&scope, busy_other, &g);
	assert_int_equal(koru_gen_next(&g, &value), 1);
	assert_int_equal(koru_gen_close(&g), 0);
	assert_int_equal(koru_scope_close(&scope), 0);

	struct koru_gen never = { 0 };
	assert_int_equal(koru_gen_next(&never, &value), -EINVAL);
	assert_int_equal(koru_gen_close(&never), 0);
	return 0;
}

static void refuses_misuse(void **state)
{
	(void)state;
	run(refuses_misuse_task);
	struct koru_gen g; /* outside a task */
	void *value;
	assert_int_equal(koru_gen_open(&g, count, NULL), -EPERM);
	assert_int_equal(koru_gen_next(&g, &value), -EINVAL);
}

static int yields_in_scope(struct koru_gen *g, void *arg)
{
	(void)arg;
	struct koru_scope scope;
	koru_scope_open(&scope, NULL);
	assert_int_equal(koru_gen_yield(g, NULL, NULL), -EBUSY);
	assert_int_equal(koru_scope_close(&scope), 0);
	return koru_gen_yield(g, NULL, NULL);
}

static int no_yield_out_of_a_scope_task(void *arg)
{
	(void)arg;
	struct koru_gen g;
	void *value;
	koru_gen_open(&g, yields_in_scope, NULL);
	assert_int_equal(koru_gen_next(&g, &value), 1);
	assert_int_equal(koru_gen_close(&g), 0);
	return 0;
}

static void no_yield_out_of_a_scope(void **state)
{
	(void)state;
	run(no_yield_out_of_a_scope_task);
}

/* Takes turns: each task asks for one value, in a scope of its own. */
static int take_one(void *arg)
{
	struct koru_gen *g = arg;
	void *value;
	struct koru_scope scope;
	koru_scope_open(&scope, &(struct koru_scope_opts){ .timeout = KORU_MINUTE });
	assert_int_equal(koru_gen_next(g, &value), 1);
	return koru_scope_close(&scope);
}

static int tasks_take_turns_task(void *arg)
{
	(void)arg;
	struct koru_gen g;
	struct koru_scope scope;
	void *value;
	koru_gen_open(&g, count, (void *)100);
	koru_scope_open(&scope, NULL);
	for (int i = 0; i < 50; i++)
		koru_go(&scope, take_one, &g);
	assert_int_equal(koru_scope_close(&scope), 0);
	assert_int_equal(koru_gen_next(&g, &value), 1);
	assert_int_equal((intptr_t)value, 50);
	assert_int_equal(koru_gen_close(&g), 0);
	return 0;
}

static void tasks_take_turns(void **state)
{
	(void)state;
	run(tasks_take_turns_task);
}

/* A task that closes a scope inside a body must not be taken for one with room on its own stack. */
static int nothing(void *arg)
{
	++*(int *)arg;
	return 0;
}

static int hosts(struct koru_gen *g, void *arg)
{
	struct koru_scope scope;
	koru_scope_open(&scope, NULL);
	for (int i = 0; i < 3; i++)
		koru_go(&scope, nothing, arg);
	int rc = koru_scope_close(&scope);
	return rc < 0 ? rc : koru_gen_yield(g, arg, NULL);
}

static int scopes_in_a_body_task(void *arg)
{
	(void)arg;
	struct koru_gen g;
	void *value;
	int ran = 0;
	koru_gen_open(&g, hosts, &ran);
	assert_int_equal(koru_gen_next(&g, &value), 1);
	assert_int_equal(ran, 3);
	assert_int_equal(koru_gen_close(&g), 0);
	return 0;
}

static void scopes_in_a_body(void **state)
{
	(void)state;
	run(scopes_in_a_body_task);
}

static int delegate(struct koru_gen *g, void *arg)
{
	struct koru_gen inner;
	koru_gen_open(&inner, arg ? echo : catcher, arg);
	int rc = koru_gen_yield_from(g, &inner);
	int closed = koru_gen_close(&inner);
	assert_true(closed == 0 || closed == rc);
	return rc;
}

static int yields_from_task(void *arg)
{
	(void)arg;
	struct koru_gen g;
	void *value;
	koru_gen_open(&g, delegate, (void *)10);
	assert_int_equal(koru_gen_next(&g, &value), 1);
	assert_int_equal((intptr_t)value, 11);
	assert_int_equal(koru_gen_send(&g, (void *)30, &value), 1); /* sends pass through */
	assert_int_equal((intptr_t)value, 31);
	assert_int_equal(koru_gen_next(&g, &value), -EPROTO); /* and so does the end */
	assert_int_equal(koru_gen_close(&g), -EPROTO);

	koru_gen_open(&g, delegate, NULL);
	assert_int_equal(koru_gen_next(&g, &value), 1);
	assert_int_equal(koru_gen_throw(&g, -ENOENT, &value), 1); /* throws too */
	assert_int_equal((intptr_t)value, -ENOENT);
	assert_int_equal(koru_gen_close(&g), 0); /* and closing */
	return 0;
}

static void yields_from(void **state)
{
	(void)state;
	run(yields_from_task);
}

static int without_stack_task(void *arg)
{
	(void)arg;
	struct koru_gen g[100]; /* more than other tests of this process have left behind */
	void *value;
	int failed = 0;
	/* Kernels before 6.13 and emulators have the guards that the other call makes. */
	bool old = strcmp(koru_guard_name(), "mprotect") == 0;
	int error = old ? -KORU_EGUARD : -ENOMEM;
	koru__fault_arm(old ? KORU__FAULT_MPROTECT : KORU__FAULT_GUARD, 0, 1000, ENOMEM);
	for (int i = 0; i < 100; i++) {
		koru_gen_open(&g[i], count, (void *)1);
		int rc = koru_gen_next(&g[i], &value);
		assert_true(rc == 1 || rc == error);
		failed += rc == error;
	}
	koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
	assert_true(failed > 0);
	for (int i = 0; i < 100; i++) {
		(void)koru_gen_next(&g[i], &value); /* those begin now */
		assert_int_equal(koru_gen_close(&g[i]), 0);
	}
	return 0;
}

static void without_stack(void **state)
{
	(void)state;
	run(without_stack_task);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_values_in_order),
		cmocka_unit_test(two_interleave),
		cmocka_unit_test(sends),
		cmocka_unit_test(throws),
		cmocka_unit_test(close_cleans_up),
		cmocka_unit_test(the_body_may_wait),
		cmocka_unit_test(refuses_misuse),
		cmocka_unit_test(no_yield_out_of_a_scope),
		cmocka_unit_test(tasks_take_turns),
		cmocka_unit_test(scopes_in_a_body),
		cmocka_unit_test(yields_from),
		cmocka_unit_test(without_stack),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
