/* SPDX-License-Identifier: MIT
 * Scopes: nesting, errors, misuse. koru/scope.h; deadlines and shields are in deadline_test.c. */
#include "support/cmocka.h"
#include "support/core.h"

#include "koru/koru.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

#define NUMBER(n) ((void *)(intptr_t)(n))

static int returns(void *arg)
{
	return (int)(intptr_t)arg;
}

static int returns_later(void *arg)
{
	koru_sleep(KORU_MILLISECOND);
	return (int)(intptr_t)arg;
}

/* What happens inside a task whose scope is cancelled as it sleeps. */
static int counts_cancelled(void *arg)
{
	if (koru_sleep(KORU_HOUR) == -ECANCELED)
		++*(int *)arg;
	return 0;
}

static int main_closes_empty(void *arg)
{
	struct koru_scope s;
	assert_int_equal(koru_scope_open(&s, NULL), 0);
	assert_int_equal(koru_scope_close(&s), 0);
	assert_int_equal(koru_scope_open(&s, &(struct koru_scope_opts){ .name = "again" }), 0);
	assert_int_equal(koru_scope_close(&s), 0);
	return (int)(intptr_t)arg;
}

static void test_an_empty_scope_closes_at_once(void **state)
{
	(void)state;
	assert_int_equal(run(main_closes_empty, NUMBER(7)), 7);
}

static int main_waits_for_all(void *arg)
{
	struct koru_scope s;
	int *ends = arg;
	koru_scope_open(&s, NULL);
	koru_go(&s, returns_later, NUMBER(3)); /* counts are no errors */
	koru_go(&s, returns, NUMBER(0));
	koru_go(&s, returns_later, NUMBER(0));
	*ends = koru_scope_close(&s);
	return 0;
}

static int sets_after_a_while(void *arg)
{
	for (int i = 0; i < 5; i++)
		koru_sleep(200 * KORU_MICROSECOND);
	*(bool *)arg = true;
	return 0;
}

static int main_children_end_first(void *arg)
{
	struct koru_scope s;
	bool ended[3] = { false, false, false };
	(void)arg;
	koru_scope_open(&s, NULL);
	for (int i = 0; i < 3; i++)
		koru_go(&s, sets_after_a_while, &ended[i]);
	assert_int_equal(koru_scope_close(&s), 0);
	return ended[0] && ended[1] && ended[2] ? 0 : -EDOM;
}

static void test_closing_waits_for_every_task(void **state)
{
	(void)state;
	int rc = -1;
	assert_int_equal(run(main_waits_for_all, &rc), 0);
	assert_int_equal(rc, 0);
	assert_int_equal(run(main_children_end_first, NULL), 0);
}

static int main_first_error(void *arg)
{
	struct koru_scope s;
	koru_scope_open(&s, NULL);
	koru_go(&s, counts_cancelled, arg);
	koru_go(&s, returns_later, NUMBER(-EIO));
	koru_go(&s, returns, NUMBER(-EXDEV)); /* ends first */
	koru_go(&s, counts_cancelled, arg);
	koru_go(&s, returns, NUMBER(-EPIPE));
	return koru_scope_close(&s);
}

static void test_the_first_error_wins_and_cancels_the_others(void **state)
{
	(void)state;
	int cancelled = 0;
	assert_int_equal(run(main_first_error, &cancelled), -EXDEV);
	assert_int_equal(cancelled, 2);
}

/* The opener is inside its scope too: its own calls are cancelled. */
static int main_is_inside(void *arg)
{
	struct koru_scope s;
	(void)arg;
	koru_scope_open(&s, NULL);
	koru_go(&s, returns_later, NUMBER(-EIO));
	assert_false(koru_cancelled());
	assert_int_equal(koru_sleep(KORU_HOUR), -ECANCELED);
	assert_true(koru_cancelled());
	assert_int_equal(koru_yield(), -ECANCELED);
	assert_int_equal(koru_scope_close(&s), -EIO);
	assert_false(koru_cancelled());
	return koru_yield();
}

static void test_the_opener_is_inside(void **state)
{
	(void)state;
	assert_int_equal(run(main_is_inside, NULL), 0);
}

/* Three deep; the middle one is cancelled. */
static int main_nests(void *arg)
{
	struct koru_scope outer, middle, inner;
	koru_scope_open(&outer, NULL);
	koru_go(&outer, returns_later, NUMBER(0));
	koru_scope_open(&middle, NULL);
	koru_go(&middle, counts_cancelled, arg);
	koru_scope_open(&inner, NULL);
	koru_go(&inner, counts_cancelled, arg);
	koru_sleep(0);
	assert_int_equal(koru_scope_cancel(&middle), 0);
	assert_int_equal(koru_scope_cancel(&middle), 0); /* idempotent */
	assert_true(koru_cancelled());
	assert_int_equal(koru_scope_close(&inner), -ECANCELED);
	assert_true(koru_cancelled());
	assert_int_equal(koru_scope_close(&middle), -ECANCELED);
	assert_false(koru_cancelled());
	return koru_scope_close(&outer);
}

static void test_cancellation_goes_inwards_only(void **state)
{
	(void)state;
	int cancelled = 0;
	assert_int_equal(run(main_nests, &cancelled), 0);
	assert_int_equal(cancelled, 2);
}

/* A wide tree of scopes in tasks, cancelled from the top. */
struct node {
	int depth;
	int *cancelled;
};

static int grow(void *arg)
{
	const struct node *n = arg;
	struct koru_scope s[3];
	if (n->depth == 0)
		return counts_cancelled(n->cancelled);
	struct node child = { n->depth - 1, n->cancelled };
	for (int i = 0; i < 3; i++) {
		koru_scope_open(&s[i], NULL);
		koru_go(&s[i], grow, &child);
		koru_go(&s[i], counts_cancelled, n->cancelled);
	}
	koru_sleep(KORU_HOUR);
	for (int i = 3; i-- > 0;)
		assert_int_equal(koru_scope_close(&s[i]), -ECANCELED);
	return -ECANCELED;
}

static int main_cancels_a_tree(void *arg)
{
	struct koru_scope s;
	struct node top = { 3, arg };
	koru_scope_open(&s, NULL);
	koru_go(&s, grow, &top);
	koru_sleep(2 * KORU_MILLISECOND);
	koru_scope_cancel(&s);
	assert_int_equal(koru_scope_close(&s), -ECANCELED);
	return *(int *)arg;
}

static void test_cancellation_reaches_a_whole_tree(void **state)
{
	(void)state;
	int cancelled = 0;
	/* 1 + 3 + 9 inner nodes with three sleepers each, and 27 leaves */
	assert_int_equal(run(main_cancels_a_tree, &cancelled), 13 * 3 + 27);
}

/* Scopes opened and tasks started after the cancellation are in it as well. */
static int main_opens_later(void *arg)
{
	struct koru_scope s, t;
	koru_scope_open(&s, NULL);
	koru_scope_cancel(&s);
	koru_scope_open(&t, NULL);
	assert_true(koru_cancelled());
	koru_go(&t, counts_cancelled, arg);
	assert_int_equal(koru_sleep(0), -ECANCELED);
	assert_int_equal(koru_scope_close(&t), -ECANCELED);
	assert_int_equal(koru_scope_close(&s), -ECANCELED);
	return *(int *)arg;
}

static void test_a_scope_opened_in_a_cancelled_one(void **state)
{
	(void)state;
	int cancelled = 0;
	assert_int_equal(run(main_opens_later, &cancelled), 1);
}

static int cancels(void *arg)
{
	return koru_scope_cancel(arg);
}

static int main_cancelled_by_others(void *arg)
{
	struct koru_scope s;
	koru_scope_open(&s, NULL);
	koru_go(&s, counts_cancelled, arg);
	koru_go(&s, cancels, &s); /* a sibling */
	assert_int_equal(koru_scope_close(&s), -ECANCELED);
	koru_scope_open(&s, NULL);
	koru_go(&s, counts_cancelled, arg);
	koru_go(NULL, cancels, &s); /* a stranger */
	assert_int_equal(koru_scope_close(&s), -ECANCELED);
	return *(int *)arg;
}

static void test_any_task_of_the_loop_may_cancel(void **state)
{
	(void)state;
	int cancelled = 0;
	assert_int_equal(run(main_cancelled_by_others, &cancelled), 2);
}

/* A stranger adds a task to a scope that is being closed, when its last task has ended and the
 * closer is ready but has not run: the close waits for that one too. */
struct late {
	struct koru_scope *scope;
	bool ended;
};

static int adds_late(void *arg)
{
	struct late *l = arg;
	koru_yield();
	koru_yield();
	assert_int_equal(koru_go(l->scope, sets_after_a_while, &l->ended), 0);
	return 0;
}

static int yields(void *arg)
{
	for (intptr_t n = (intptr_t)arg; n > 0; n--)
		koru_yield();
	return 0;
}

static int main_joined_late(void *arg)
{
	struct koru_scope s;
	struct late l = { &s, false };
	koru_scope_open(&s, NULL);
	koru_go(NULL, adds_late, &l);
	koru_go(&s, yields, arg);
	assert_int_equal(koru_scope_close(&s), 0);
	return l.ended ? 0 : -EDOM;
}

static void test_tasks_may_join_while_it_is_closed(void **state)
{
	(void)state;
	for (int i = 1; i < 4; i++)
		assert_int_equal(run(main_joined_late, NUMBER(i)), 0);
}

static int closes_not_mine(void *arg)
{
	assert_int_equal(koru_scope_close(arg), -EPERM);
	return 0;
}

static int main_misuses(void *arg)
{
	struct koru_scope s, t;
	struct koru_scope never = { 0 };
	(void)arg;
	assert_int_equal(koru_scope_close(&never), -EINVAL);
	assert_int_equal(koru_scope_cancel(&never), -EINVAL);
	koru_scope_open(&s, NULL);
	koru_scope_open(&t, NULL);
	assert_int_equal(koru_scope_close(&s), -EINVAL); /* t first */
	koru_go(&t, closes_not_mine, &s);
	koru_go(NULL, closes_not_mine, &s);
	koru_sleep(KORU_MILLISECOND);
	assert_int_equal(koru_scope_close(&t), 0);
	assert_int_equal(koru_scope_close(&t), -EINVAL); /* twice */
	assert_int_equal(koru_scope_cancel(&t), -EINVAL);
	assert_int_equal(koru_scope_close(&s), 0);
	/* Refused: stays shut, and says why. */
	struct koru_scope_opts opts = { .shield = true };
	assert_int_equal(koru_scope_open(&t, &opts), -EINVAL);
	assert_int_equal(koru_go(&t, returns, NULL), -EINVAL);
	assert_int_equal(koru_scope_cancel(&t), -EINVAL);
	assert_int_equal(koru_scope_close(&t), -EINVAL);
	return koru_yield();
}

static void test_misuse_is_refused(void **state)
{
	(void)state;
	struct koru_scope s;
	assert_int_equal(koru_scope_open(&s, NULL), -EPERM);
	assert_int_equal(koru_scope_cancel(&s), -EINVAL);
	assert_int_equal(koru_scope_close(&s), -EPERM);
	assert_false(koru_cancelled());
	assert_int_equal(koru_deadline(), KORU_FOREVER);
	assert_int_equal(run(main_misuses, NULL), 0);
}

static int leaves_a_scope_open(void *arg)
{
	struct koru_scope s;
	koru_scope_open(&s, NULL);
	return (int)(intptr_t)arg;
}

static int main_with_careless_task(void *arg)
{
	struct koru_scope s;
	koru_scope_open(&s, NULL);
	koru_go(&s, leaves_a_scope_open, arg);
	return koru_scope_close(&s);
}

static int careless_program(void *arg)
{
	return koru_run(main_with_careless_task, arg, NULL);
}

static void test_returning_with_an_open_scope_is_fatal(void **state)
{
	(void)state;
	struct child child;
	in_child(&child, careless_program, NULL);
	assert_false(child.exited);
	assert_int_equal(child.code, SIGABRT);
	assert_non_null(strstr(child.said, "'leaves_a_scope_open'"));
	assert_non_null(strstr(child.said, "scope"));
}

/* A scope belongs to one loop; another loop's tasks and plain threads keep off. */
struct shared {
	pthread_barrier_t barrier;
	struct koru_scope *scope;
};

static int main_keeps_off(void *arg)
{
	struct shared *sh = arg;
	assert_int_equal(koru_go(sh->scope, returns, NULL), -EPERM);
	assert_int_equal(koru_scope_close(sh->scope), -EPERM);
	return 0;
}

static void *other_thread(void *arg)
{
	struct shared *sh = arg;
	pthread_barrier_wait(&sh->barrier);
	assert_int_equal(koru_go(sh->scope, returns, NULL), -EPERM);
	assert_int_equal(koru_scope_close(sh->scope), -EPERM);
	assert_int_equal(koru_run(main_keeps_off, sh, NULL), 0);
	pthread_barrier_wait(&sh->barrier);
	return NULL;
}

static int main_with_other_thread(void *arg)
{
	struct shared *sh = arg;
	struct koru_scope s;
	koru_scope_open(&s, NULL);
	sh->scope = &s;
	pthread_barrier_wait(&sh->barrier);
	pthread_barrier_wait(&sh->barrier); /* blocks the loop, which a test may */
	return koru_scope_close(&s);
}

static void test_other_threads_keep_off(void **state)
{
	(void)state;
	struct shared sh;
	pthread_t thread;
	pthread_barrier_init(&sh.barrier, NULL, 2);
	assert_int_equal(pthread_create(&thread, NULL, other_thread, &sh), 0);
	assert_int_equal(run(main_with_other_thread, &sh), 0);
	pthread_join(thread, NULL);
	pthread_barrier_destroy(&sh.barrier);
}

/* A task that does not stop when cancelled is waited for all the same. */
static int stubborn(void *arg)
{
	int *count = arg;
	for (int i = 0; i < 1000; i++)
		*count += koru_sleep(KORU_SECOND) == -ECANCELED;
	return -EIO;
}

static int main_stubborn(void *arg)
{
	struct koru_scope s;
	koru_scope_open(&s, NULL);
	koru_go(&s, stubborn, arg);
	koru_go(&s, cancels, &s);
	assert_int_equal(koru_scope_close(&s), -ECANCELED);
	return 0;
}

static void test_cancellation_lasts(void **state)
{
	(void)state;
	int count = 0;
	assert_int_equal(run(main_stubborn, &count), 0);
	assert_int_equal(count, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_empty_scope_closes_at_once),
		cmocka_unit_test(test_closing_waits_for_every_task),
		cmocka_unit_test(test_the_first_error_wins_and_cancels_the_others),
		cmocka_unit_test(test_the_opener_is_inside),
		cmocka_unit_test(test_cancellation_goes_inwards_only),
		cmocka_unit_test(test_cancellation_reaches_a_whole_tree),
		cmocka_unit_test(test_a_scope_opened_in_a_cancelled_one),
		cmocka_unit_test(test_any_task_of_the_loop_may_cancel),
		cmocka_unit_test(test_tasks_may_join_while_it_is_closed),
		cmocka_unit_test(test_misuse_is_refused),
		cmocka_unit_test(test_returning_with_an_open_scope_is_fatal),
		cmocka_unit_test(test_other_threads_keep_off),
		cmocka_unit_test(test_cancellation_lasts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
