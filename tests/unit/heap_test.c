/* SPDX-License-Identifier: MIT
 * The pairing heap, base/heap.h, compared with a sorted array through random operations. */
#include "support/cmocka.h"

#include "base/heap.h"
#include "base/macro.h"
#include "base/random.h"

#include <string.h>

#define NODES_MAX 300

/* The heap, and beside it what it should hold. */
struct model {
	struct koru__heap heap;
	struct koru__heap_node nodes[NODES_MAX];
	int64_t sorted[NODES_MAX]; /* the keys in the heap, smallest first */
	int count;
	struct koru__random random;
};

static void model_init(struct model *m, uint64_t seed)
{
	koru__heap_init(&m->heap);
	for (int i = 0; i < NODES_MAX; i++)
		koru__heap_node_init(&m->nodes[i]);
	m->count = 0;
	koru__random_seed(&m->random, seed);
}

static void sorted_insert(struct model *m, int64_t key)
{
	int at = m->count++;
	for (; at > 0 && m->sorted[at - 1] > key; at--)
		m->sorted[at] = m->sorted[at - 1];
	m->sorted[at] = key;
}

static void sorted_remove(struct model *m, int64_t key)
{
	int at = 0;
	while (at < m->count && m->sorted[at] != key)
		at++;
	assert_in_range(at, 0, m->count - 1);
	m->count--;
	memmove(&m->sorted[at], &m->sorted[at + 1], sizeof(m->sorted[0]) * (size_t)(m->count - at));
}

static void check_root(const struct model *m)
{
	if (m->count == 0) {
		assert_null(m->heap.root);
		return;
	}
	assert_non_null(m->heap.root);
	assert_true(m->heap.root->key == m->sorted[0]);
}

static void add(struct model *m, struct koru__heap_node *node, int64_t key)
{
	koru__heap_add(&m->heap, node, key);
	assert_true(koru__heap_contains(node));
	sorted_insert(m, key);
	check_root(m);
}

static void take(struct model *m, struct koru__heap_node *node)
{
	int64_t key = node->key;
	koru__heap_remove(&m->heap, node);
	assert_false(koru__heap_contains(node));
	sorted_remove(m, key);
	check_root(m);
}

/* Adds a random node that is out, or takes one out that is in; now and then the first. */
static void step(struct model *m, uint64_t key_range)
{
	struct koru__heap_node *node = &m->nodes[koru__random_below(&m->random, NODES_MAX)];
	if (m->heap.root && koru__random_below(&m->random, 4) == 0)
		node = m->heap.root;
	if (koru__heap_contains(node)) {
		take(m, node);
		return;
	}
	int64_t key = (int64_t)koru__random_below(&m->random, key_range) - (int64_t)(key_range / 2);
	add(m, node, key);
}

static void drain(struct model *m)
{
	while (m->heap.root)
		take(m, m->heap.root);
	assert_int_equal(m->count, 0);
}

static void test_random_operations(void **state)
{
	(void)state;
	static struct model m;
	const uint64_t ranges[] = { 2, 20, 1000, UINT64_C(1) << 62 }; /* from many ties to none */
	for (uint64_t seed = 1; seed <= 12; seed++) {
		model_init(&m, seed);
		for (int i = 0; i < 2000; i++)
			step(&m, ranges[seed % koru__array_len(ranges)]);
		drain(&m);
	}
}

static void test_ascending_and_descending(void **state)
{
	(void)state;
	static struct model m;
	model_init(&m, 1);
	for (int i = 0; i < NODES_MAX; i++)
		add(&m, &m.nodes[i], i);
	drain(&m);
	for (int i = 0; i < NODES_MAX; i++)
		add(&m, &m.nodes[i], -i);
	drain(&m);
}

static void test_extreme_keys(void **state)
{
	(void)state;
	static struct model m;
	const int64_t keys[] = { 0, INT64_MAX, INT64_MIN, -1, 1, INT64_MAX, INT64_MIN };
	model_init(&m, 1);
	for (size_t i = 0; i < koru__array_len(keys); i++)
		add(&m, &m.nodes[i], keys[i]);
	drain(&m);
}

static void test_last_node_leaves_an_empty_heap(void **state)
{
	(void)state;
	static struct model m;
	model_init(&m, 1);
	add(&m, &m.nodes[0], 7);
	take(&m, &m.nodes[0]);
	add(&m, &m.nodes[0], 8); /* and may come again */
	drain(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_operations),
		cmocka_unit_test(test_ascending_and_descending),
		cmocka_unit_test(test_extreme_keys),
		cmocka_unit_test(test_last_node_leaves_an_empty_heap),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
