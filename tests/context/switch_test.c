/* SPDX-License-Identifier: MIT
 * The switch: what is alive around it survives it. koru/switch.h, context/context.h. */
#include "support/cmocka.h"
#include "support/core.h"

#include "context/context.h"
#include "context/stack.h"
#include "context/switch_body.h"
#include "koru/koru.h"
#include "switch_flavours.h" /* made by CMakeLists.txt */

#include <fenv.h>
#include <string.h>

#define DECLARE(flavour) SWITCH_BODY_DECLARE(flavour);
SWITCH_FLAVOURS(DECLARE)

#define BODIES(flavour)                                                                            \
	{ "integers, " #flavour, switch_integers_##flavour },                                      \
	        { "floats, " #flavour, switch_floats_##flavour },                                  \
	        { "wide, " #flavour, switch_wide_##flavour },                                      \
	        { "frames, " #flavour, switch_frames_##flavour },

static const struct {
	const char *name;
	koru_fn *fn;
} bodies[] = { SWITCH_FLAVOURS(BODIES) };

enum { BODY_COUNT = sizeof(bodies) / sizeof(bodies[0]), COPIES = 3, ROUNDS = 200 };

static bool can_run(int body)
{
#ifdef __x86_64__
	return !strstr(bodies[body].name, "avx2") || __builtin_cpu_supports("avx2");
#else
	(void)body;
	return true;
#endif
}

static struct switch_case cases[BODY_COUNT][COPIES];

static int main_runs_bodies(void *arg)
{
	struct koru_scope s;
	(void)arg;
	koru_scope_open(&s, NULL);
	/* Each beside all others, so that what one leaves in a register another would find. */
	for (int copy = 0; copy < COPIES; copy++)
		for (int i = 0; i < BODY_COUNT; i++)
			if (can_run(i))
				koru_go(&s, bodies[i].fn, &cases[i][copy]);
	return koru_scope_close(&s);
}

static void test_values_survive_switches(void **state)
{
	(void)state;
	uint64_t expected[BODY_COUNT][COPIES];
	for (int i = 0; i < BODY_COUNT; i++)
		for (int copy = 0; copy < COPIES; copy++) {
			struct switch_case *c = &cases[i][copy];
			*c = (struct switch_case){ .seed = (uint64_t)(i * 100 + copy),
				                   .rounds = ROUNDS };
			if (can_run(i))
				bodies[i].fn(c);
			expected[i][copy] = c->result;
			c->result = 0;
			c->yields = 1;
		}
	assert_int_equal(run(main_runs_bodies, NULL), 0);
	for (int i = 0; i < BODY_COUNT; i++)
		for (int copy = 0; copy < COPIES; copy++) {
			if (!can_run(i))
				continue;
			if (cases[i][copy].result != expected[i][copy])
				print_message("%s\n", bodies[i].name);
			assert_int_equal(cases[i][copy].result, expected[i][copy]);
		}
}

/* Two contexts without tasks or loops. */
struct pingpong {
	struct koru__context here, there;
	int rounds;
	uint64_t sum;
};

static void other_side(void *arg)
{
	struct pingpong *p = arg;
	koru__context_enter(&p->there);
	uint64_t n = 1;
	while (p->rounds > 0) {
		p->sum += n;
		n *= 3;
		koru__context_switch(&p->there, &p->here);
	}
	koru__context_leave(&p->there, &p->here);
}

static void test_bare_contexts(void **state)
{
	(void)state;
	struct koru__stack_pool pool;
	struct koru__stack *stack;
	struct pingpong p = { .rounds = 30 };
	koru__stack_pool_init(&pool);
	assert_int_equal(koru__stack_get(&pool, 2, &stack), 0);
	koru__context_init_thread(&p.here, &p); /* they share p, and never run at once */
	koru__context_init(&p.there, stack, other_side, &p, &p);
	uint64_t expected = 0;
	uint64_t n = 1;
	while (p.rounds > 0) {
		expected += n;
		n *= 3;
		koru__context_switch(&p.here, &p.there);
		assert_int_equal(p.sum, expected);
		p.rounds--;
	}
	koru__context_switch(&p.here, &p.there); /* it ends */
	assert_int_equal(p.sum, expected);
	koru__context_done(&p.there);
	koru__context_done(&p.here);
	koru__stack_put(&pool, stack);
	koru__stack_pool_done(&pool);
}

#ifndef KORU__SANITIZED
/* A function that calls nobody may keep variables below the stack pointer. */
static __attribute__((noinline)) uint64_t leaf(struct koru__context *from, struct koru__context *to,
                                               uint64_t seed)
{
	volatile uint64_t below[12];
	for (unsigned i = 0; i < 12; i++)
		below[i] = seed * (i + 3);
	koru__switch(from, to);
	uint64_t sum = 0;
	for (unsigned i = 0; i < 12; i++)
		sum += below[i] ^ i;
	return sum;
}

static uint64_t leaf_sum(uint64_t seed)
{
	uint64_t sum = 0;
	for (unsigned i = 0; i < 12; i++)
		sum += (seed * (i + 3)) ^ i;
	return sum;
}

static void leaf_side(void *arg)
{
	struct pingpong *p = arg;
	while (p->rounds > 0)
		p->sum += leaf(&p->there, &p->here, 1000003) != leaf_sum(1000003);
	koru__context_leave(&p->there, &p->here);
}

static void test_leaf_functions(void **state)
{
	(void)state;
	struct koru__stack_pool pool;
	struct koru__stack *stack;
	struct pingpong p = { .rounds = 30 };
	koru__stack_pool_init(&pool);
	assert_int_equal(koru__stack_get(&pool, 2, &stack), 0);
	koru__context_init(&p.there, stack, leaf_side, &p, NULL);
	for (; p.rounds > 0; p.rounds--)
		assert_int_equal(leaf(&p.here, &p.there, (uint64_t)p.rounds),
		                 leaf_sum((uint64_t)p.rounds));
	leaf(&p.here, &p.there, 1);
	assert_int_equal(p.sum, 0);
	koru__stack_put(&pool, stack);
	koru__stack_pool_done(&pool);
}
#else
static void test_leaf_functions(void **state)
{
	(void)state;
	skip(); /* a sanitizer must be told of each switch */
}
#endif

static int asks_rounding(void *arg)
{
	*(int *)arg = fegetround();
	return 0;
}

static int main_changes_rounding(void *arg)
{
	koru_go(NULL, asks_rounding, arg);
	fesetround(FE_UPWARD);
	koru_yield();
	int kept = fegetround();
	fesetround(FE_TONEAREST);
	return kept == FE_UPWARD ? 0 : -1;
}

/* koru/task.h: the control modes belong to the thread. */
static void test_rounding_belongs_to_the_thread(void **state)
{
	(void)state;
	int seen = -1;
	assert_int_equal(run(main_changes_rounding, &seen), 0);
	assert_int_equal(seen, FE_UPWARD);
}

static void entry_that_checks_alignment(void *arg)
{
	struct pingpong *p = arg;
	koru__context_enter(&p->there);
	_Alignas(16) volatile char block[16];
	block[0] = 1;
	p->sum = (uintptr_t)__builtin_frame_address(0) % 16 + (uintptr_t)block % 16 * block[0];
	koru__context_leave(&p->there, &p->here);
}

static void test_stacks_begin_aligned(void **state)
{
	(void)state;
	struct koru__stack_pool pool;
	struct koru__stack *stack;
	struct pingpong p = { .sum = 99 };
	koru__stack_pool_init(&pool);
	assert_int_equal(koru__stack_get(&pool, 2, &stack), 0);
	koru__context_init_thread(&p.here, &p);
	koru__context_init(&p.there, stack, entry_that_checks_alignment, &p, &p);
	koru__context_switch(&p.here, &p.there);
	assert_int_equal(p.sum, 0);
	koru__context_done(&p.there);
	koru__context_done(&p.here);
	koru__stack_put(&pool, stack);
	koru__stack_pool_done(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values_survive_switches),
		cmocka_unit_test(test_bare_contexts),
		cmocka_unit_test(test_leaf_functions),
		cmocka_unit_test(test_rounding_belongs_to_the_thread),
		cmocka_unit_test(test_stacks_begin_aligned),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
