/* SPDX-License-Identifier: MIT
 * Select among many: the choice, hundreds of cases, fairness to other tasks: koru/select.h. */
#include "support/cmocka.h"
#include "support/core.h"

#include "koru/koru.h"

#define LENGTH(a)    ((int)(sizeof(a) / sizeof((a)[0])))
#define SELECT(c, o) koru_select((c), LENGTH(c), (o))

/* Each of those that are possible is chosen about as often; and with one seed the same. */
static int main_fair(void *arg)
{
	enum { N = 5, ROUNDS = 5000 };
	int room[N][1], x, counts[N] = { 0 };
	struct koru_chan ch[N];
	struct koru_case cases[2 * N];
	uint64_t hash[2] = { 0, 0 };
	(void)arg;
	for (int i = 0; i < N; i++) {
		koru_chan_init(&ch[i], room[i], sizeof(int), 1, NULL);
		assert_int_equal(koru_chan_try_send(&ch[i], &i), 0);
		cases[2 * i] = koru_case_recv(NULL, NULL); /* at uneven distances, too */
		cases[2 * i + (i != 3)] = koru_case_recv(&ch[i], &x);
		if (i == 3)
			cases[2 * i + 1] = koru_case_recv(NULL, NULL);
	}
	for (int k = 0; k < 2; k++) {
		koru_select_seed(5);
		for (int i = 0; i < ROUNDS; i++) {
			int chosen = SELECT(cases, NULL);
			assert_int_equal(x, chosen / 2);
			assert_int_equal(koru_chan_try_send(&ch[x], &x), 0);
			counts[x]++;
			hash[k] = hash[k] * 31 + (uint64_t)chosen;
		}
	}
	assert_true(hash[0] == hash[1]);
	for (int i = 0; i < N; i++) {
		/* 2000 each; the deviation is 40. */
		assert_in_range(counts[i], 1750, 2250);
	}
	return 0;
}

static void test_the_choice_is_fair(void **state)
{
	(void)state;
	assert_int_equal(run(main_fair, NULL), 0);
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

/* Many cases, waiting in all of them. */
static int main_many(void *arg)
{
	enum { N = 300 };
	static struct koru_chan ch[N];
	static struct koru_case cases[N];
	int got = 0;
	(void)arg;
	for (int i = 0; i < N; i++) {
		koru_chan_init(&ch[i], NULL, sizeof(int), 0, NULL);
		cases[i] = koru_case_recv(&ch[i * 7 % N], &got);
	}
	for (int i = 0; i < N; i += 13) {
		struct koru_scope s;
		struct other o = { &ch[i * 7 % N], i, 1 };
		koru_scope_open(&s, NULL);
		koru_go(&s, sends, &o);
		assert_int_equal(koru_select(cases, N, NULL), i);
		assert_int_equal(got, i);
		assert_int_equal(koru_scope_close(&s), 0);
	}
	for (int i = 0; i < N; i++)
		assert_int_equal(koru_chan_done(&ch[i]), 0);
	return 0;
}

static void test_many_cases(void **state)
{
	(void)state;
	assert_int_equal(run(main_many, NULL), 0);
}

static int counts(void *arg)
{
	++*(int *)arg;
	return 0;
}

static int main_gives_way(void *arg)
{
	struct koru_scope s;
	struct koru_future f;
	int ran = 0;
	(void)arg;
	koru_future_init(&f);
	koru_future_complete(&f, 0);
	struct koru_case c = koru_case_future(&f);
	koru_scope_open(&s, NULL);
	koru_go(&s, counts, &ran);
	for (int i = 0; i < 1000 && !ran; i++)
		assert_int_equal(koru_select(&c, 1, NULL), 0);
	assert_int_equal(ran, 1);
	return koru_scope_close(&s);
}

static void test_gives_way(void **state)
{
	(void)state;
	assert_int_equal(run(main_gives_way, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_choice_is_fair),
		cmocka_unit_test(test_many_cases),
		cmocka_unit_test(test_gives_way),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
