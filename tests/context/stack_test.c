/* SPDX-License-Identifier: MIT
 * Stacks: sizes, guards, colours, reuse, and giving memory back. context/stack.h. */
#include "support/cmocka.h"
#include <koru/run.h>
#include "support/core.h"

#include "base/fault.h"
#include "context/guard.h"
#include "context/stack.h"
#include "koru/error.h"
#include "koru/task.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Where its slot begins: the guard page. */
static char *slot_of(const struct koru__stack *s)
{
	return koru__stack_low(s) - koru__page_size();
}

static struct koru__stack *get(struct koru__stack_pool *pool, unsigned size_class)
{
	struct koru__stack *s = NULL;
	assert_int_equal(koru__stack_get(pool, size_class, &s), 0);
	assert_non_null(s);
	return s;
}

static int disarm(void **state)
{
	(void)state;
	koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
	return 0;
}

static void test_classes(void **state)
{
	(void)state;
	assert_int_equal(koru__stack_class(0), koru__stack_class(KORU_STACK_SIZE_DEFAULT));
	assert_int_equal(koru__stack_class(1), 0);
	assert_int_equal(koru__stack_class(KORU_STACK_SIZE_MIN), 0);
	assert_int_equal(koru__stack_class(KORU_STACK_SIZE_MIN + 1), 1);
	assert_int_equal(koru__stack_class(KORU_STACK_SIZE_MAX), KORU__STACK_CLASSES - 1);
	assert_int_equal(koru__stack_class(KORU_STACK_SIZE_MAX + 1), -EINVAL);
	assert_int_equal(koru__stack_class(SIZE_MAX), -EINVAL);
	for (unsigned c = 0; c < KORU__STACK_CLASSES; c++) {
		assert_int_equal(koru__stack_class_size(c), KORU_STACK_SIZE_MIN << c);
		assert_int_equal(koru__stack_class(koru__stack_class_size(c)), c);
	}
}

/* Every byte between the guard and the top can be used, and no two stacks overlap. */
static void test_a_stack_is_whole(void **state)
{
	(void)state;
	struct koru__stack_pool pool;
	struct koru__stack *stacks[KORU__STACK_CLASSES][3];
	koru__stack_pool_init(&pool);
	for (unsigned c = 0; c < KORU__STACK_CLASSES; c++)
		for (int i = 0; i < 3; i++) {
			struct koru__stack *s = stacks[c][i] = get(&pool, c);
			assert_int_equal(s->size_class, c);
			assert_int_equal((uintptr_t)koru__stack_top(s) % 64, 0);
			assert_int_equal((uintptr_t)koru__stack_low(s) % koru__page_size(), 0);
			assert_ptr_equal(koru__stack_low(s) + koru__stack_room(s),
			                 koru__stack_top(s));
			assert_true(koru__stack_room(s) >= koru__stack_class_size(c) -
			                                           koru__page_size() -
			                                           koru__page_size() / 2);
			if (c < 8)
				memset(koru__stack_low(s), (int)(c * 3) + i, koru__stack_room(s));
		}
	for (unsigned c = 0; c < KORU__STACK_CLASSES; c++)
		for (int i = 0; i < 3; i++) {
			struct koru__stack *s = stacks[c][i];
			for (size_t at = 0; c < 8 && at < koru__stack_room(s); at += 512)
				assert_int_equal(koru__stack_low(s)[at],
				                 (char)(c * 3 + (unsigned)i));
			koru__stack_put(&pool, s);
		}
	koru__stack_pool_done(&pool);
}

/* A system call that reads the page tells, without a signal. */
static bool is_readable(const char *address)
{
	int fds[2];
	assert_int_equal(pipe(fds), 0);
	bool ok = write(fds[1], address, 1) == 1;
	if (!ok)
		assert_int_equal(errno, EFAULT);
	close(fds[0]);
	close(fds[1]);
	return ok;
}

static void check_guards(unsigned size_class)
{
	struct koru__stack_pool pool;
	struct koru__stack *stacks[40];
	koru__stack_pool_init(&pool);
	for (int i = 0; i < 40; i++) {
		stacks[i] = get(&pool, size_class);
		char *low = koru__stack_low(stacks[i]);
		*(volatile char *)low = 1;
		assert_true(is_readable(low));
		assert_false(is_readable(low - 1));
		assert_false(is_readable(slot_of(stacks[i])));
		size_t size = 0;
		assert_true(koru__stack_guard_contains(slot_of(stacks[i]), &size));
		assert_int_equal(size, koru__stack_class_size(size_class));
		assert_true(koru__stack_guard_contains(low - 1, &size));
		size = 77;
		assert_false(koru__stack_guard_contains(low, &size));
		assert_false(
		        koru__stack_guard_contains((char *)koru__stack_top(stacks[i]) - 1, &size));
		assert_int_equal(size, 77);
	}
	for (int i = 0; i < 40; i++)
		koru__stack_put(&pool, stacks[i]);
	/* Neither trimming nor going through the process's list loses the guard. */
	assert_true(koru__stack_pool_trim(&pool, &(uint64_t){ 0 }));
	assert_true(koru__stack_pool_trim(&pool, &(uint64_t){ 0 }));
	for (int i = 0; i < 40; i++)
		assert_false(is_readable(slot_of(stacks[i])));
	koru__stack_pool_done(&pool);
	koru__stack_pool_init(&pool);
	for (int i = 0; i < 40; i++) {
		stacks[i] = get(&pool, size_class);
		assert_false(is_readable(slot_of(stacks[i])));
	}
	for (int i = 0; i < 40; i++)
		koru__stack_put(&pool, stacks[i]);
	koru__stack_pool_done(&pool);
	size_t size;
	assert_false(koru__stack_guard_contains(&pool, &size));
	assert_false(koru__stack_guard_contains(NULL, &size));
}

static void test_guards(void **state)
{
	(void)state;
	check_guards(2);
	print_message("guards by %s\n", koru_guard_name());
}

/* Without MADV_GUARD_INSTALL, as on kernels before 6.13. */
static int child_guards_by_mprotect(void *arg)
{
	(void)arg;
	koru__guard_forget();
	koru__fault_arm(KORU__FAULT_GUARD, 0, 1000000, EINVAL);
	check_guards(3);
	assert_string_equal(koru_guard_name(), "mprotect");
	return 0;
}

static void expect_success(int (*body)(void *arg), void *arg)
{
	struct child child;
	in_child(&child, body, arg);
	if (!child.exited || child.code != 0)
		print_message("%s\n", child.said);
	assert_true(child.exited);
	assert_int_equal(child.code, 0);
}

static void test_guards_by_mprotect(void **state)
{
	(void)state;
	expect_success(child_guards_by_mprotect, NULL);
}

/* No guard, no stack; and when guards can be had again, the same place is tried again. */
static int child_no_guard(void *arg)
{
	struct koru__stack_pool pool;
	struct koru__stack *s = NULL;
	const int sign = 77;
	(void)arg;
	koru__stack_pool_init(&pool);
	koru__guard_forget();
	koru__fault_arm(KORU__FAULT_GUARD, 0, 1, EINVAL);
	struct koru__stack *first = get(&pool, 4);
	assert_string_equal(koru_guard_name(), "mprotect");
	koru__fault_arm(KORU__FAULT_MPROTECT, 0, 2, ENOMEM);
	assert_int_equal(koru__stack_get(&pool, 4, &s), -KORU_EGUARD);
	assert_int_equal(koru__stack_get(&pool, 4, &s), -KORU_EGUARD);
	assert_null(s);
	s = get(&pool, 4);
	assert_ptr_equal(slot_of(s), slot_of(first) + koru__stack_class_size(4));
	assert_false(is_readable(slot_of(s)));
	/* Out of page tables for the guard: no stack either, and no change of means. */
	koru__guard_forget();
	koru__fault_arm(KORU__FAULT_GUARD, 0, 1, ENOMEM);
	assert_int_equal(koru__stack_get(&pool, 4, &s), -ENOMEM);
	koru__fault_arm(KORU__FAULT_GUARD, 1, 1, ENOMEM);
	struct koru__stack *t = get(&pool, 4);
	if (strcmp(koru_guard_name(), "madvise") == 0)
		assert_int_equal(koru__stack_get(&pool, 4, &s), -ENOMEM);
	koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
	assert_false(is_readable(slot_of(t)));
	return sign - 77;
}

static void test_never_without_a_guard(void **state)
{
	(void)state;
	expect_success(child_no_guard, NULL);
}

/* Each mprotect guard costs mappings, of which a process may have vm.max_map_count. */
static int child_exhausts_mappings(void *arg)
{
	struct koru__stack_pool pool;
	struct koru__stack *s = NULL;
	int rc = 0;
	int count = 0;
	int max = *(int *)arg;
	koru__stack_pool_init(&pool);
	koru__guard_forget();
	koru__fault_arm(KORU__FAULT_GUARD, 0, 1, EINVAL);
	while (count <= max && (rc = koru__stack_get(&pool, 2, &s)) == 0)
		count++;
	assert_int_equal(rc, -KORU_EGUARD);
	assert_true(count > 1000);
	assert_false(is_readable(slot_of(s))); /* the last one that was handed out */
	return 0;
}

static int max_map_count(void)
{
	int max = 0;
	FILE *f = fopen("/proc/sys/vm/max_map_count", "re");
	if (!f)
		return 0;
	if (fscanf(f, "%d", &max) != 1)
		max = 0;
	fclose(f);
	return max;
}

static void test_guards_run_out(void **state)
{
	(void)state;
	int max = max_map_count();
	if (!is_plain_build() || max == 0 || max > 200000) {
		print_message("skipped: not here, or vm.max_map_count is large\n");
		skip();
	}
	expect_success(child_exhausts_mappings, &max);
}

static void test_no_address_space(void **state)
{
	(void)state;
	struct koru__stack_pool pool;
	struct koru__stack *s = NULL;
	koru__stack_pool_init(&pool);
	/* Class 11 is nobody else's in this program: its first piece is still to come. */
	koru__fault_arm(KORU__FAULT_MMAP, 0, 1000, ENOMEM);
	koru__stack_pool_done(&pool);
	koru__stack_pool_init(&pool);
	while (koru__stack_get(&pool, 11, &s) == 0)
		continue;
	assert_int_equal(koru__stack_get(&pool, 11, &s), -ENOMEM);
	assert_true(koru__fault_hits() > 0);
	/* Half of it may be had where the whole may not. */
	koru__fault_arm(KORU__FAULT_MMAP, 0, 1, ENOMEM);
	assert_int_equal(koru__stack_get(&pool, 11, &s), 0);
	koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
	assert_false(is_readable(slot_of(s)));
}

static void test_last_in_first_out(void **state)
{
	(void)state;
	struct koru__stack_pool pool;
	struct koru__stack *s[5];
	koru__stack_pool_init(&pool);
	for (int i = 0; i < 5; i++)
		s[i] = get(&pool, 2);
	for (int i = 0; i < 5; i++)
		koru__stack_put(&pool, s[i]);
	for (int i = 5; i-- > 0;)
		assert_ptr_equal(get(&pool, 2), s[i]);
	koru__stack_put(&pool, s[3]);
	assert_ptr_equal(get(&pool, 2), s[3]);
	for (int i = 0; i < 5; i++)
		koru__stack_put(&pool, s[i]);
	/* A class gets its own back only. */
	assert_int_equal(get(&pool, 1)->size_class, 1);
	koru__stack_pool_done(&pool);
}

/* Tops of stacks that follow each other differ in their lowest bits beyond a cache line. */
static void test_colours(void **state)
{
	(void)state;
	enum { STACKS = 32 };
	struct koru__stack_pool pool;
	bool seen[64] = { false };
	int colours = 0;
	koru__stack_pool_init(&pool);
	for (int i = 0; i < STACKS; i++) {
		struct koru__stack *s = get(&pool, 5);
		size_t line = (uintptr_t)koru__stack_top(s) % koru__page_size() / 64 % 64;
		colours += !seen[line];
		seen[line] = true;
	}
	assert_int_equal(colours, STACKS);
}

enum { TRIMMED = 200 };

/* Pages of a stack that hold memory. */
static size_t pages_of(struct koru__stack *s)
{
	unsigned char vec[64];
	size_t pages = 0;
	size_t count = koru__stack_class_size(s->size_class) / koru__page_size();
	assert_true(count <= sizeof(vec));
	assert_int_equal(mincore(slot_of(s), koru__stack_class_size(s->size_class), vec), 0);
	for (size_t i = 1; i < count; i++)
		pages += vec[i] & 1;
	return pages;
}

static int child_trims(void *arg)
{
	struct koru__stack_pool pool;
	struct koru__stack *s[TRIMMED];
	(void)arg;
	koru__stack_pool_init(&pool);
	for (int i = 0; i < TRIMMED; i++) {
		s[i] = get(&pool, 2);
		memset(koru__stack_low(s[i]), 1, koru__stack_room(s[i]));
		assert_int_equal(pages_of(s[i]), 15);
	}
	assert_false(koru__stack_pool_has_surplus(&pool));
	for (int i = 0; i < TRIMMED; i++)
		koru__stack_put(&pool, s[i]);
	assert_true(koru__stack_pool_has_surplus(&pool));
	size_t full = resident();
	/* The first look only starts to watch. */
	assert_true(koru__stack_pool_trim(&pool, &(uint64_t){ 0 }));
	for (int i = 0; i < TRIMMED; i++)
		assert_int_equal(pages_of(s[i]), 15);
	/* Ten are in use meanwhile: those, and sixteen more, are spared. */
	for (int i = 0; i < 10; i++)
		assert_ptr_equal(get(&pool, 2), s[TRIMMED - 1 - i]);
	for (int i = 10; i-- > 0;)
		koru__stack_put(&pool, s[TRIMMED - 1 - i]);
	int calls = 1;
	size_t before = resident();
	while (!koru__stack_pool_trim(&pool, &(uint64_t){ 0 })) {
		/* Bounded: sixty-four of sixteen pages a call. */
		assert_true(before - resident() <= (size_t)64 * 16 * koru__page_size());
		before = resident();
		calls++;
	}
	assert_int_equal(calls, (TRIMMED - 10 - 16) / 64 + 1);
	for (int i = 0; i < TRIMMED; i++)
		assert_int_equal(pages_of(s[i]), i < TRIMMED - 26 ? 0 : 15);
	assert_true(full - resident() >= (size_t)(TRIMMED - 26) * 15 * koru__page_size() * 9 / 10);
	assert_true(koru__stack_pool_has_surplus(&pool));
	assert_true(koru__stack_pool_trim(&pool, &(uint64_t){ 0 }));
	assert_false(koru__stack_pool_has_surplus(&pool));
	for (int i = 0; i < TRIMMED; i++)
		assert_int_equal(pages_of(s[i]), i < TRIMMED - 16 ? 0 : 15);
	/* They are there again for who needs them, the warm ones first. */
	for (int i = 0; i < TRIMMED; i++) {
		struct koru__stack *t = get(&pool, 2);
		assert_int_equal(pages_of(t), i < 16 ? 15 : 0);
		memset(koru__stack_low(t), 2, koru__stack_room(t));
	}
	for (int i = 0; i < TRIMMED; i++)
		koru__stack_put(&pool, s[i]);
	/* A loop that ends keeps nothing. */
	koru__stack_pool_done(&pool);
	for (int i = 0; i < TRIMMED; i++)
		assert_int_equal(pages_of(s[i]), 0);
	return 0;
}

static int child_trim_fails(void *arg)
{
	struct koru__stack_pool pool;
	struct koru__stack *s[40];
	(void)arg;
	koru__stack_pool_init(&pool);
	for (int i = 0; i < 40; i++)
		*koru__stack_low(s[i] = get(&pool, 2)) = 1;
	for (int i = 0; i < 40; i++)
		koru__stack_put(&pool, s[i]);
	koru__fault_arm(KORU__FAULT_MADVISE, 0, 1000, EINVAL);
	koru__stack_pool_trim(&pool, &(uint64_t){ 0 });
	assert_true(koru__stack_pool_trim(&pool, &(uint64_t){ 0 }));
	assert_int_equal(koru__fault_hits(), 24);
	koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
	for (int i = 0; i < 40; i++)
		assert_int_equal(pages_of(s[i]), 1); /* a cost, not an error */
	for (int i = 0; i < 40; i++)
		get(&pool, 2);
	return 0;
}

static void test_unused_stacks_give_their_pages_back(void **state)
{
	(void)state;
	if (!is_plain_build()) {
		print_message("skipped: memory is not measured here\n");
		skip();
	}
	expect_success(child_trims, NULL);
	expect_success(child_trim_fails, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_guards),
		cmocka_unit_test(test_guards_by_mprotect),
		cmocka_unit_test(test_never_without_a_guard),
		cmocka_unit_test(test_guards_run_out),
		cmocka_unit_test_teardown(test_no_address_space, disarm),
		cmocka_unit_test(test_last_in_first_out),
		cmocka_unit_test(test_colours),
		cmocka_unit_test(test_unused_stacks_give_their_pages_back),
		/* Last: it leaves free stacks of every class. */
		cmocka_unit_test(test_a_stack_is_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
