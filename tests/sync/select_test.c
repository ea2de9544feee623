/* SPDX-License-Identifier: MIT
 * Select on one loop and on a thread without one: koru/select.h. */
#include "support/cmocka.h"
#include "support/core.h"

#include "koru/koru.h"

#include <errno.h>
#include <string.h>

#define NUMBER(n)    ((void *)(intptr_t)(n))
#define LENGTH(a)    ((int)(sizeof(a) / sizeof((a)[0])))
#define SELECT(c, o) koru_select((c), LENGTH(c), (o))

static const struct koru_select_opts now = { .no_wait = true };

static int body_without_waiting(void *arg)
{
	int room_a[2], room_b[1];
	struct koru_chan a, b;
	struct koru_future f;
	int x = 0, y = 7;
	(void)arg;
	koru_chan_init(&a, room_a, sizeof(int), 2, NULL);
	koru_chan_init(&b, room_b, sizeof(int), 1, NULL);
	koru_future_init(&f);
	struct koru_case cases[] = {
		koru_case_recv(&a, &x),
		koru_case_send(&b, &y),
		koru_case_future(&f),
		koru_case_recv(NULL, NULL), /* never */
		koru_case_at(koru_now() + KORU_HOUR),
	};
	assert_int_equal(SELECT(cases, &now), 1);
	assert_int_equal(cases[1].result, 0);
	assert_int_equal(koru_chan_count(&b), 1);
	assert_int_equal(SELECT(cases, &now), -EAGAIN); /* it is full now */
	assert_int_equal(koru_chan_try_send(&a, &(int){ 3 }), 0);
	assert_int_equal(SELECT(cases, NULL), 0);
	assert_int_equal(cases[0].result, 1);
	assert_int_equal(x, 3);
	assert_int_equal(koru_future_complete(&f, 12), 0);
	assert_int_equal(SELECT(cases, NULL), 2);
	assert_int_equal(cases[2].result, 12);
	cases[2] = koru_case_future(NULL);
	assert_int_equal(SELECT(cases, &now), -EAGAIN);
	/* A closed channel is possible: the end, or -EPIPE. */
	assert_int_equal(koru_chan_close(&a), 0);
	assert_int_equal(SELECT(cases, NULL), 0);
	assert_int_equal(cases[0].result, 0);
	assert_int_equal(x, 3);
	assert_int_equal(koru_chan_close(&b), 0);
	cases[0] = koru_case_recv(NULL, NULL);
	assert_int_equal(SELECT(cases, NULL), 1);
	assert_int_equal(cases[1].result, -EPIPE);
	/* A moment that has come. */
	cases[1] = koru_case_send(NULL, NULL);
	cases[4] = koru_case_at(koru_now());
	assert_int_equal(SELECT(cases, &now), 4);
	assert_int_equal(SELECT(cases, NULL), 4);
	cases[4] = koru_case_after(KORU_HOUR);
	assert_int_equal(SELECT(cases, &now), -EAGAIN);
	int64_t start = koru_now();
	cases[4] = koru_case_after(2 * KORU_MILLISECOND);
	assert_int_equal(SELECT(cases, NULL), 4);
	assert_true(koru_now() - start >= KORU_MILLISECOND);
	/* A limit on the whole. */
	struct koru_select_opts soon = { .timeout = KORU_MILLISECOND };
	cases[4] = koru_case_after(KORU_HOUR);
	assert_int_equal(SELECT(cases, &soon), -ETIMEDOUT);
	soon = (struct koru_select_opts){ .deadline = koru_now() + KORU_MILLISECOND,
		                          .timeout = KORU_HOUR };
	assert_int_equal(SELECT(cases, &soon), -ETIMEDOUT);
	soon = (struct koru_select_opts){ .timeout = -1 };
	assert_int_equal(SELECT(cases, &soon), -ETIMEDOUT);
	/* What is possible is carried out although the time is over. */
	assert_int_equal(koru_future_complete(&f, 1), -EALREADY);
	cases[2] = koru_case_future(&f);
	assert_int_equal(SELECT(cases, &soon), 2);
	assert_int_equal(koru_chan_done(&a), 0);
	assert_int_equal(koru_chan_done(&b), 0);
	return 0;
}

static int body_misuse(void *arg)
{
	struct koru_future none;
	struct koru_case c = koru_case_future(&none);
	(void)arg;
	memset(&none, 0, sizeof(none));
	assert_int_equal(koru_select(&c, 1, NULL), -EINVAL);
	assert_int_equal(koru_select(NULL, 0, NULL), -EINVAL);
	assert_int_equal(koru_select(NULL, 0, &now), -EAGAIN);
	assert_int_equal(koru_select(&c, -1, NULL), -EINVAL);
	struct koru_case never[] = { koru_case_recv(NULL, NULL), koru_case_fd(-1, 1),
		                     koru_case_at(KORU_FOREVER), koru_case_after(KORU_FOREVER) };
	assert_int_equal(SELECT(never, NULL), -EINVAL);
	assert_int_equal(SELECT(never, &(struct koru_select_opts){ .timeout = 1 }), -ETIMEDOUT);
	return 0;
}

static void test_without_waiting(void **state)
{
	(void)state;
	in_both_places(body_without_waiting, NULL);
	in_both_places(body_misuse, NULL);
}

static int selects_itself(void *arg)
{
	struct koru_case c = koru_case_future(arg);
	return koru_select(&c, 1, NULL);
}

static int main_itself(void *arg)
{
	struct koru_scope s;
	struct koru_future f;
	(void)arg;
	koru_scope_open(&s, NULL);
	koru_async(&s, &f, selects_itself, &f);
	assert_int_equal(koru_await(&f), -EDEADLK);
	return koru_scope_close(&s);
}

static void test_ones_own_future(void **state)
{
	(void)state;
	assert_int_equal(run(main_itself, NULL), 0);
}

struct other {
	struct koru_chan *ch;
	int value;
	int result;
};

static int sends(void *arg)
{
	struct other *o = arg;
	o->result = koru_chan_send(o->ch, &o->value);
	return 0;
}

static int receives(void *arg)
{
	struct other *o = arg;
	o->result = koru_chan_recv(o->ch, &o->value);
	return 0;
}

static int completes(void *arg)
{
	koru_yield();
	return koru_future_complete(arg, -EIO);
}

static int returns_later(void *arg)
{
	koru_yield();
	return (int)(intptr_t)arg;
}

/* Waits, and each kind wakes it in turn; afterwards it is in no queue. */
static int main_waiting(void *arg)
{
	struct koru_chan a, b;
	struct koru_future f, g;
	struct koru_scope s;
	int x = 0, y = 7;
	(void)arg;
	koru_chan_init(&a, NULL, sizeof(int), 0, NULL);
	koru_chan_init(&b, NULL, sizeof(int), 0, NULL);
	koru_future_init(&f);
	struct koru_case cases[] = {
		koru_case_recv(&a, &x),
		koru_case_send(&b, &y),
		koru_case_future(&f),
		koru_case_future(&g),
		koru_case_at(koru_now() + KORU_HOUR),
		koru_case_recv(&a, NULL), /* the same again */
	};
	struct other o[] = { { &a, 5, 1 }, { &b, 0, 0 } };
	koru_scope_open(&s, NULL);
	koru_async(&s, &g, returns_later, NUMBER(-ENOENT));
	assert_int_equal(SELECT(cases, NULL), 3);
	assert_int_equal(cases[3].result, -ENOENT); /* and the scope does not hear of it */
	cases[3] = koru_case_future(NULL);
	koru_go(&s, sends, &o[0]);
	assert_int_equal(SELECT(cases, NULL), 0); /* the first in the queue */
	assert_int_equal(cases[0].result, 1);
	assert_int_equal(x, 5);
	koru_go(&s, receives, &o[1]);
	assert_int_equal(SELECT(cases, NULL), 1);
	assert_int_equal(cases[1].result, 0);
	koru_go(&s, completes, &f);
	assert_int_equal(SELECT(cases, NULL), 2);
	assert_int_equal(cases[2].result, -EIO);
	assert_int_equal(koru_scope_close(&s), 0);
	assert_int_equal(o[0].result, 0);
	assert_int_equal(o[1].result, 1);
	assert_int_equal(o[1].value, 7);
	assert_int_equal(koru_chan_done(&a), 0);
	assert_int_equal(koru_chan_done(&b), 0);
	assert_null(f.koru__waiters.first);
	return 0;
}

static void test_waiting(void **state)
{
	(void)state;
	assert_int_equal(run(main_waiting, NULL), 0);
}

static int closes(void *arg)
{
	return koru_chan_close(arg);
}

static int sets(void *arg)
{
	koru_event_set(arg);
	return 0;
}

/* An event is as good as any; and who waits for it plainly is not disturbed. */
static int waits_for_event(void *arg)
{
	return koru_event_wait(arg);
}

static int main_event(void *arg)
{
	struct koru_event e = KORU_EVENT_INIT;
	struct koru_scope s;
	struct koru_chan a;
	(void)arg;
	koru_chan_init(&a, NULL, sizeof(int), 0, NULL);
	struct koru_case cases[] = { koru_case_recv(&a, NULL), koru_case_event(&e),
		                     koru_case_event(NULL) };
	assert_int_equal(SELECT(cases, &now), -EAGAIN);
	assert_int_equal(SELECT(cases, &(struct koru_select_opts){ .timeout = 1 }), -ETIMEDOUT);
	koru_scope_open(&s, NULL);
	koru_go(&s, waits_for_event, &e);
	koru_go(&s, sets, &e);
	assert_int_equal(SELECT(cases, NULL), 1);
	assert_int_equal(cases[1].result, 0);
	assert_int_equal(SELECT(cases, NULL), 1); /* it stays set */
	koru_event_clear(&e);
	assert_int_equal(SELECT(cases, &now), -EAGAIN);
	return koru_scope_close(&s);
}

static void test_events(void **state)
{
	(void)state;
	assert_int_equal(run(main_event, NULL), 0);
}

static int main_closing(void *arg)
{
	struct koru_chan a, b;
	struct koru_scope s;
	int x = 0;
	(void)arg;
	koru_chan_init(&a, NULL, sizeof(int), 0, NULL);
	koru_chan_init(&b, NULL, sizeof(int), 0, NULL);
	struct koru_case cases[] = { koru_case_recv(&a, &x), koru_case_send(&b, &x) };
	koru_scope_open(&s, NULL);
	koru_go(&s, closes, &a);
	assert_int_equal(SELECT(cases, NULL), 0);
	assert_int_equal(cases[0].result, 0);
	cases[0] = koru_case_recv(NULL, NULL);
	koru_go(&s, closes, &b);
	assert_int_equal(SELECT(cases, NULL), 1);
	assert_int_equal(cases[1].result, -EPIPE);
	return koru_scope_close(&s);
}

static void test_closing_ends_the_wait(void **state)
{
	(void)state;
	assert_int_equal(run(main_closing, NULL), 0);
}

/* Selects meet each other on rendezvous channels: one sends or receives, the other the reverse.
 * Exactly one of the two ways is gone. */
struct meeting {
	struct koru_chan *a, *b;
	bool forth;
	int chosen;
	int sent, got;
};

static int meets(void *arg)
{
	struct meeting *m = arg;
	struct koru_case cases[] = {
		koru_case_send(m->forth ? m->a : m->b, &m->sent),
		koru_case_recv(m->forth ? m->b : m->a, &m->got),
	};
	m->chosen = SELECT(cases, NULL);
	return m->chosen < 0 ? m->chosen : 0;
}

static int main_meeting(void *arg)
{
	struct koru_chan a, b;
	(void)arg;
	koru_chan_init(&a, NULL, sizeof(int), 0, NULL);
	koru_chan_init(&b, NULL, sizeof(int), 0, NULL);
	for (int i = 0; i < 50; i++) {
		struct koru_scope s;
		struct meeting one = { &a, &b, true, -1, 10, 0 };
		struct meeting two = { &a, &b, false, -1, 20, 0 };
		koru_scope_open(&s, NULL);
		koru_go(&s, meets, &one);
		koru_go(&s, meets, &two);
		assert_int_equal(koru_scope_close(&s), 0);
		assert_int_equal(one.chosen + two.chosen, 1);
		assert_int_equal(one.got, one.chosen == 1 ? 20 : 0);
		assert_int_equal(two.got, two.chosen == 1 ? 10 : 0);
	}
	assert_int_equal(koru_chan_done(&a), 0);
	return koru_chan_done(&b);
}

/* Nobody meets himself. */
static int main_alone(void *arg)
{
	struct koru_chan a;
	int x = 1, y = 2;
	(void)arg;
	koru_chan_init(&a, NULL, sizeof(int), 0, NULL);
	struct koru_case cases[] = { koru_case_send(&a, &x), koru_case_recv(&a, &y) };
	assert_int_equal(SELECT(cases, &now), -EAGAIN);
	assert_int_equal(SELECT(cases, &(struct koru_select_opts){ .timeout = 1 }), -ETIMEDOUT);
	assert_int_equal(SELECT(cases, NULL), -ECANCELED);
	assert_int_equal(y, 2);
	return koru_chan_done(&a);
}

static void test_selects_meet(void **state)
{
	(void)state;
	assert_int_equal(run(main_meeting, NULL), 0);
	assert_int_equal(run(main_alone, NULL), -EDEADLK);
}

/* Cancelled before and while it waits; and served just before. */
static int main_cancelled(void *arg)
{
	int room[1];
	struct koru_chan a, b;
	struct koru_scope s;
	int x = 4;
	(void)arg;
	koru_chan_init(&a, NULL, sizeof(int), 0, NULL);
	koru_chan_init(&b, room, sizeof(int), 1, NULL);
	struct koru_case cases[] = { koru_case_recv(&a, &x), koru_case_send(&b, &x) };
	koru_scope_open(&s, &(struct koru_scope_opts){ .timeout = -1 });
	assert_int_equal(SELECT(cases, NULL), -ECANCELED);
	assert_int_equal(SELECT(cases, &(struct koru_select_opts){ .timeout = -1 }), -ECANCELED);
	assert_int_equal(koru_chan_count(&b), 0);
	assert_int_equal(SELECT(cases, &now), 1); /* without waiting there is no cancellation */
	assert_int_equal(koru_scope_close(&s), -ETIMEDOUT);
	koru_scope_open(&s, &(struct koru_scope_opts){ .timeout = KORU_MILLISECOND });
	assert_int_equal(SELECT(cases, NULL), -ECANCELED);
	assert_int_equal(SELECT(cases, &(struct koru_select_opts){ .timeout = KORU_HOUR }),
	                 -ECANCELED);
	assert_int_equal(koru_scope_close(&s), -ETIMEDOUT);
	assert_int_equal(koru_chan_count(&b), 1);
	assert_int_equal(koru_chan_done(&a), 0);
	assert_int_equal(koru_chan_done(&b), 0);
	struct meeting m = { &a, &a, true, -1, 10, 0 };
	koru_scope_open(&s, NULL);
	koru_go(&s, meets, &m);
	koru_yield();
	assert_int_equal(koru_chan_try_recv(&a, &x), 1);
	koru_scope_cancel(&s);
	assert_int_equal(koru_scope_close(&s), -ECANCELED);
	assert_int_equal(m.chosen, 0); /* it has sent, and says so */
	assert_int_equal(x, 10);
	return koru_chan_done(&a);
}

static void test_cancelled_means_nothing_happened(void **state)
{
	(void)state;
	assert_int_equal(run(main_cancelled, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_waiting),
		cmocka_unit_test(test_ones_own_future),
		cmocka_unit_test(test_waiting),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_closing_ends_the_wait),
		cmocka_unit_test(test_selects_meet),
		cmocka_unit_test(test_cancelled_means_nothing_happened),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
