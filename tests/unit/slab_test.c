/* SPDX-License-Identifier: MIT
 * Objects of one size: base/slab.h. */
#include "support/cmocka.h"

#include "base/fault.h"
#include "base/slab.h"

#include <errno.h>
#include <string.h>

#define OBJECTS 2000 /* several blocks of them */

static unsigned char *objects[OBJECTS];

static int disarm(void **state)
{
	(void)state;
	koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
	return 0;
}

static void take_all(struct koru__slab *slab, size_t size)
{
	for (int i = 0; i < OBJECTS; i++) {
		objects[i] = koru__slab_take(slab);
		assert_non_null(objects[i]);
		memset(objects[i], i % 251, size);
	}
	assert_int_equal(slab->taken, OBJECTS);
}

static void give_all(struct koru__slab *slab)
{
	for (int i = 0; i < OBJECTS; i++)
		koru__slab_give(slab, objects[i]);
	assert_int_equal(slab->taken, 0);
}

static void test_objects_are_aligned_and_apart(void **state)
{
	(void)state;
	static const struct {
		size_t size, align;
	} shapes[] = { { 8, 8 }, { 136, 8 }, { 129, 64 }, { 64, 64 }, { 1000, 16 } };
	for (size_t s = 0; s < koru__array_len(shapes); s++) {
		struct koru__slab slab;
		koru__slab_init(&slab, shapes[s].size, shapes[s].align);
		take_all(&slab, shapes[s].size);
		for (int i = 0; i < OBJECTS; i++) {
			assert_int_equal((uintptr_t)objects[i] % shapes[s].align, 0);
			for (size_t b = 0; b < shapes[s].size; b++)
				assert_int_equal(objects[i][b], i % 251);
		}
		give_all(&slab);
		koru__slab_done(&slab);
	}
}

static void test_last_given_first_taken(void **state)
{
	(void)state;
	struct koru__slab slab;
	koru__slab_init(&slab, 32, 8);
	void *a = koru__slab_take(&slab);
	void *b = koru__slab_take(&slab);
	koru__slab_give(&slab, a);
	koru__slab_give(&slab, b);
	assert_ptr_equal(koru__slab_take(&slab), b);
	assert_ptr_equal(koru__slab_take(&slab), a);
	koru__slab_give(&slab, a);
	koru__slab_give(&slab, b);
	koru__slab_done(&slab);
}

static void test_what_was_given_back_needs_no_memory(void **state)
{
	(void)state;
	struct koru__slab slab;
	koru__slab_init(&slab, 136, 8);
	take_all(&slab, 136);
	give_all(&slab);
	koru__fault_arm(KORU__FAULT_ALLOC, 0, 1, ENOMEM);
	take_all(&slab, 136);
	assert_int_equal(koru__fault_hits(), 0);
	give_all(&slab);
	koru__slab_done(&slab);
}

static void test_without_memory(void **state)
{
	(void)state;
	struct koru__slab slab;
	koru__slab_init(&slab, 136, 8);
	koru__fault_arm(KORU__FAULT_ALLOC, 0, 1, ENOMEM);
	assert_null(koru__slab_take(&slab));
	assert_int_equal(koru__fault_hits(), 1);
	assert_int_equal(slab.taken, 0);
	void *object = koru__slab_take(&slab); /* and goes on afterwards */
	assert_non_null(object);
	koru__slab_give(&slab, object);
	koru__slab_done(&slab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_objects_are_aligned_and_apart),
		cmocka_unit_test(test_last_given_first_taken),
		cmocka_unit_test_teardown(test_what_was_given_back_needs_no_memory, disarm),
		cmocka_unit_test_teardown(test_without_memory, disarm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
