/* SPDX-License-Identifier: MIT
 * Descriptors among the cases of a select, in tasks and on threads: koru/select.h. */
#include "support/cmocka.h"
#include "support/core.h"

#include "base/fault.h"
#include "koru/koru.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <unistd.h>

#define LENGTH(a)    ((int)(sizeof(a) / sizeof((a)[0])))
#define SELECT(c, o) koru_select((c), LENGTH(c), (o))

struct helper {
	struct koru_chan *ch;
	struct koru_future *f;
	int fd;
	int64_t after;
};

/* Does one of three things after a while. */
static void *helps(void *arg)
{
	const struct helper *h = arg;
	koru_sleep(h->after);
	if (h->ch)
		assert_int_equal(koru_chan_send(h->ch, &(int){ 6 }), 0);
	if (h->f)
		assert_int_equal(koru_future_complete(h->f, 8), 0);
	if (h->fd >= 0)
		assert_int_equal(write(h->fd, "x", 1), 1);
	return NULL;
}

static int body(void *arg)
{
	int ends[2], others[2], x = 0;
	char c;
	struct koru_chan ch;
	(void)arg;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(pipe(others), 0);
	koru_chan_init(&ch, NULL, sizeof(int), 0, NULL);
	const struct koru_select_opts now = { .no_wait = true };
	const struct koru_select_opts soon = { .timeout = KORU_MILLISECOND };
	struct koru_case cases[] = {
		koru_case_fd(ends[0], POLLIN),
		koru_case_recv(&ch, &x),
		koru_case_fd(others[0], POLLIN),
		koru_case_future(NULL),
	};
	assert_int_equal(SELECT(cases, &now), -EAGAIN);
	assert_int_equal(SELECT(cases, &soon), -ETIMEDOUT);
	assert_int_equal(write(ends[1], "x", 1), 1);
	for (int i = 0; i < 3; i++) { /* ready stays ready until it is read */
		assert_int_equal(SELECT(cases, i ? NULL : &now), 0);
		assert_int_equal(cases[0].result, POLLIN);
	}
	assert_int_equal(read(ends[0], &c, 1), 1);
	for (int i = 0; i < 30; i++) {
		struct koru_future f;
		struct helper h = { i % 3 == 0 ? &ch : NULL, i % 3 == 1 ? &f : NULL,
			            i % 3 == 2 ? ends[1] : -1, i * 20 * KORU_MICROSECOND };
		pthread_t thread;
		koru_future_init(&f);
		cases[3] = koru_case_future(&f);
		assert_int_equal(pthread_create(&thread, NULL, helps, &h), 0);
		const int expected[] = { 1, 3, 0 }, results[] = { 1, 8, POLLIN };
		int chosen = SELECT(cases, &(struct koru_select_opts){ .timeout = KORU_MINUTE });
		assert_int_equal(chosen, expected[i % 3]);
		assert_int_equal(cases[chosen].result, results[i % 3]);
		if (i % 3 == 2)
			assert_int_equal(read(ends[0], &c, 1), 1);
		pthread_join(thread, NULL);
	}
	/* The other end is gone; and what is no descriptor. */
	close(others[1]);
	cases[3] = koru_case_future(NULL);
	assert_int_equal(SELECT(cases, NULL), 2);
	assert_int_equal(cases[2].result, POLLHUP);
	close(others[0]);
	close(ends[0]);
	close(ends[1]);
	return koru_chan_done(&ch);
}

static int body_errors(void *arg)
{
	int ends[2];
	(void)arg;
	assert_int_equal(pipe(ends), 0);
	struct koru_case c = koru_case_fd(ends[0], POLLIN);
	const struct koru_select_opts soon = { .timeout = KORU_MILLISECOND };
	koru__fault_arm(KORU__FAULT_ALLOC, 0, 1, ENOMEM);
	assert_int_equal(koru_select(&c, 1, &soon), -ENOMEM);
	assert_int_equal(koru__fault_hits(), 1);
	if (!koru_task_name()) {
		koru__fault_arm(KORU__FAULT_ALLOC, 1, 1, ENOMEM);
		assert_int_equal(koru_select(&c, 1, &soon), -ENOMEM);
		koru__fault_arm(KORU__FAULT_EVENTFD, 0, 1, EMFILE);
		assert_int_equal(koru_select(&c, 1, &soon), -EMFILE);
	}
	struct koru_case many[20];
	for (int i = 0; i < 20; i++)
		many[i] = c;
	koru__fault_arm(KORU__FAULT_ALLOC, 0, 1, ENOMEM);
	assert_int_equal(koru_select(many, 20, &soon), -ENOMEM);
	koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
	assert_int_equal(koru_select(many, 20, &soon), -ETIMEDOUT);
	assert_int_equal(write(ends[1], "x", 1), 1);
	assert_true(koru_select(many, 20, &soon) >= 0);
	static struct koru_case too_many[KORU_SELECT_FDS_MAX + 1];
	for (int i = 0; i <= KORU_SELECT_FDS_MAX; i++)
		too_many[i] = c;
	assert_int_equal(koru_select(too_many, KORU_SELECT_FDS_MAX + 1, &soon), -EINVAL);
	assert_true(koru_select(too_many, KORU_SELECT_FDS_MAX, &soon) >= 0);
	close(ends[0]);
	close(ends[1]);
	assert_int_equal(koru_select(&c, 1, &soon), 0); /* closed */
	assert_int_equal(c.result, POLLNVAL);
	return 0;
}

static void test_descriptors(void **state)
{
	(void)state;
	in_both_places(body, NULL);
	in_both_places(body_errors, NULL);
}

/* A descriptor and a channel become ready at the same moment: whichever is chosen, the other has
 * not been touched. */
enum { ROUNDS = 400 };

struct twofold {
	struct koru_chan ch;
	int ends[2];
	atomic_int round; /* the one that the helper may begin */
	atomic_int sent;  /* what it could send in the last */
	atomic_int ended;
};

static void *makes_both_ready(void *arg)
{
	struct twofold *t = arg;
	for (int i = 1; i <= ROUNDS; i++) {
		while (atomic_load(&t->round) < i)
			sched_yield();
		/* Now and then before the other waits, mostly after. */
		for (volatile int spin = 0; spin < i * 37 % 6000; spin++)
			;
		if (i % 2)
			assert_int_equal(write(t->ends[1], "x", 1), 1);
		atomic_store(&t->sent, koru_chan_try_send(&t->ch, &i) == 0);
		if (i % 2 == 0)
			assert_int_equal(write(t->ends[1], "x", 1), 1);
		atomic_store(&t->ended, i);
	}
	return NULL;
}

static int body_both_ready(void *arg)
{
	struct twofold t = { .round = 0 };
	pthread_t thread;
	char c;
	int chosen_fd = 0;
	(void)arg;
	assert_int_equal(pipe(t.ends), 0);
	koru_chan_init(&t.ch, NULL, sizeof(int), 0, NULL);
	assert_int_equal(pthread_create(&thread, NULL, makes_both_ready, &t), 0);
	for (int i = 1; i <= ROUNDS; i++) {
		int x = -1;
		struct koru_case cases[] = { koru_case_fd(t.ends[0], POLLIN),
			                     koru_case_recv(&t.ch, &x) };
		atomic_store(&t.round, i);
		int chosen = SELECT(cases, NULL);
		assert_in_range(chosen, 0, 1);
		while (atomic_load(&t.ended) < i)
			sched_yield();
		assert_int_equal(atomic_load(&t.sent), chosen == 1);
		assert_int_equal(x, chosen == 1 ? i : -1);
		assert_int_equal(cases[chosen].result, chosen == 1 ? 1 : POLLIN);
		assert_int_equal(read(t.ends[0], &c, 1), 1);
		chosen_fd += chosen == 0;
	}
	pthread_join(thread, NULL);
	assert_in_range(chosen_fd, 1, ROUNDS); /* whoever writes first mostly wins */
	close(t.ends[0]);
	close(t.ends[1]);
	return koru_chan_done(&t.ch);
}

static void test_both_ready_at_once(void **state)
{
	(void)state;
	in_both_places(body_both_ready, NULL);
}

static int main_cancelled(void *arg)
{
	int ends[2];
	struct koru_scope s;
	(void)arg;
	assert_int_equal(pipe(ends), 0);
	struct koru_case cases[] = {
		koru_case_fd(ends[0], POLLIN),
		koru_case_fd(ends[0], POLLIN),
	};
	for (int i = 0; i < 3; i++) {
		koru_scope_open(&s, &(struct koru_scope_opts){ .timeout = KORU_MILLISECOND });
		assert_int_equal(SELECT(cases, NULL), -ECANCELED);
		assert_int_equal(SELECT(cases, NULL), -ECANCELED);
		assert_int_equal(koru_scope_close(&s), -ETIMEDOUT);
	}
	/* Nothing is held that was asked of the poller: the same descriptor still works. */
	char c;
	assert_int_equal(koru_write(ends[1], "x", 1), 1);
	assert_true(SELECT(cases, NULL) >= 0);
	assert_int_equal(koru_read(ends[0], &c, 1), 1);
	close(ends[0]);
	close(ends[1]);
	return 0;
}

static void test_cancelled(void **state)
{
	(void)state;
	int fds = count_fds();
	assert_int_equal(run(main_cancelled, NULL), 0);
	assert_int_equal(count_fds(), fds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_both_ready_at_once),
		cmocka_unit_test(test_cancelled),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
