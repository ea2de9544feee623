/* SPDX-License-Identifier: MIT
 * Memory that goes with a scope. koru_scope_alloc in koru/scope.h. */
#include "support/cmocka.h"
#include "support/core.h"

#include "base/fault.h"
#include "coro/arena.h"
#include "koru/koru.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>

/* Pieces of many sizes are whole, apart from each other and aligned for everything. */
static int main_allocates(void *arg)
{
	(void)arg;
	enum { COUNT = 300 };
	struct koru_scope s;
	unsigned char *pieces[COUNT];
	for (int round = 0; round < 3; round++) {
		koru_scope_open(&s, NULL);
		for (size_t i = 0; i < COUNT; i++) {
			size_t size = i * i % 9973;
			pieces[i] = koru_scope_alloc(&s, size);
			assert_non_null(pieces[i]);
			assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
			memset(pieces[i], (int)i, size);
		}
		for (size_t i = 0; i < COUNT; i++)
			for (size_t k = 0; k < i * i % 9973; k++)
				assert_int_equal(pieces[i][k], i & 255);
		assert_true(pieces[0] != pieces[1]); /* of no bytes too */
		assert_int_equal(koru_scope_close(&s), 0);
	}
	return 0;
}

static void test_pieces_are_whole_and_aligned(void **state)
{
	(void)state;
	assert_int_equal(run(main_allocates, NULL), 0);
}

static size_t how_much(struct koru_scope *s, size_t piece)
{
	size_t sum = 0;
	while (koru_scope_alloc(s, piece))
		sum += piece;
	return sum;
}

static int main_is_bounded(void *arg)
{
	(void)arg;
	struct koru_scope s;
	const size_t pieces[] = { 16, 1000, 100000 };
	for (int i = 0; i < 3; i++) {
		koru_scope_open(&s, &(struct koru_scope_opts){ .alloc_max = 1 << 20 });
		size_t sum = how_much(&s, pieces[i]);
		assert_true(sum <= 1 << 20);
		assert_true(sum >= (1 << 20) / 2);
		assert_int_equal(koru_scope_close(&s), 0); /* no failure of the scope's */
	}
	koru_scope_open(&s, &(struct koru_scope_opts){ .alloc_max = 64 });
	assert_non_null(koru_scope_alloc(&s, 32));
	assert_null(koru_scope_alloc(&s, 65));
	koru_scope_close(&s);
	koru_scope_open(&s, NULL);
	assert_null(koru_scope_alloc(&s, SIZE_MAX));
	assert_null(koru_scope_alloc(&s, SIZE_MAX - 7));
	assert_null(koru_scope_alloc(&s, KORU_SCOPE_ALLOC_MAX_DEFAULT + 1));
	assert_non_null(koru_scope_alloc(&s, KORU_SCOPE_ALLOC_MAX_DEFAULT / 2));
	koru_scope_close(&s);
	return 0;
}

static void test_it_is_bounded(void **state)
{
	(void)state;
	assert_int_equal(run(main_is_bounded, NULL), 0);
}

static int main_runs_out(void *arg)
{
	(void)arg;
	struct koru_scope s;
	koru_scope_open(&s, NULL);
	koru__fault_arm(KORU__FAULT_ALLOC, 0, 1, ENOMEM);
	assert_null(koru_scope_alloc(&s, 10)); /* the arena itself */
	assert_int_equal(koru__fault_hits(), 1);
	koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
	assert_non_null(koru_scope_alloc(&s, 10));
	koru__fault_arm(KORU__FAULT_ALLOC, 0, 1, ENOMEM);
	assert_null(koru_scope_alloc(&s, 100000)); /* another chunk */
	assert_int_equal(koru__fault_hits(), 1);
	assert_non_null(koru_scope_alloc(&s, 100000));
	koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
	return koru_scope_close(&s);
}

static void test_running_out_of_memory_is_an_answer(void **state)
{
	(void)state;
	assert_int_equal(run(main_runs_out, NULL), 0);
}

static char *text;

static int reads_it(void *arg)
{
	assert_string_equal(*(char **)arg, "still there");
	koru_sleep(0);
	assert_string_equal(*(char **)arg, "still there");
	return 0;
}

static int allocates_late(void *arg)
{
	assert_non_null(koru_scope_alloc(arg, 100));
	return 0;
}

/* Deferred before the memory was there, and called last: it is there for all of them. */
static int main_uses_it_late(void *arg)
{
	(void)arg;
	struct koru_scope s;
	struct koru_defer d[3];
	koru_scope_open(&s, NULL);
	koru_defer(&s, &d[0], reads_it, &text);
	text = koru_scope_alloc(&s, 20);
	memcpy(text, "still there", 12);
	koru_defer(&s, &d[1], reads_it, &text);
	koru_go(&s, reads_it, &text);
	assert_int_equal(koru_scope_close(&s), 0);
	koru_scope_open(&s, NULL);
	koru_defer(&s, &d[2], allocates_late, &s);
	koru_go(&s, allocates_late, &s);
	assert_int_equal(koru_scope_close(&s), 0);
	koru_scope_open(&s, NULL);
	koru_defer(&s, &d[2], allocates_late, &s);
	return koru_scope_close(&s);
}

static void test_clean_up_still_finds_it(void **state)
{
	(void)state;
	assert_int_equal(run(main_uses_it_late, NULL), 0);
}

static void *other_thread(void *scope)
{
	return koru_scope_alloc(scope, 8);
}

static int main_misuse(void *arg)
{
	(void)arg;
	struct koru_scope s = { .koru__cause = 0 };
	assert_null(koru_scope_alloc(&s, 8));
	assert_null(koru_scope_alloc(NULL, 8));
	koru_scope_open(&s, NULL);
	pthread_t thread;
	void *got = &s;
	assert_int_equal(pthread_create(&thread, NULL, other_thread, &s), 0);
	assert_int_equal(pthread_join(thread, &got), 0);
	assert_null(got);
	koru_scope_close(&s);
	assert_null(koru_scope_alloc(&s, 8));
	return 0;
}

static void test_not_from_elsewhere_or_too_late(void **state)
{
	(void)state;
	assert_int_equal(run(main_misuse, NULL), 0);
	struct koru_scope s;
	koru_scope_open(&s, NULL);
	assert_null(koru_scope_alloc(&s, 8));
}

/* Blocks that come back are handed out again: any number of them in turn fits a small arena. */
static int main_recycles(void *arg)
{
	(void)arg;
	struct koru_scope s;
	koru_scope_open(&s, &(struct koru_scope_opts){ .alloc_max = 256 << 10 });
	for (size_t i = 0; i < 3000; i++) {
		size_t size = 1 + i % 60;
		void *block[3];
		for (int k = 0; k < 3; k++) {
			block[k] = koru__block_take(&s, size << k);
			assert_non_null(block[k]);
			memset(block[k], 1, size << k);
		}
		for (int k = 0; k < 3; k++)
			koru__block_give(block[k]);
	}
	void *large = koru__block_take(&s, KORU__BLOCK_MAX);
	assert_non_null(large);
	memset(large, 2, KORU__BLOCK_MAX);
	return koru_scope_close(&s);
}

static void test_blocks_are_used_again(void **state)
{
	(void)state;
	assert_int_equal(run(main_recycles, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces_are_whole_and_aligned),
		cmocka_unit_test(test_it_is_bounded),
		cmocka_unit_test(test_running_out_of_memory_is_an_answer),
		cmocka_unit_test(test_clean_up_still_finds_it),
		cmocka_unit_test(test_not_from_elsewhere_or_too_late),
		cmocka_unit_test(test_blocks_are_used_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
