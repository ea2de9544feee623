/* SPDX-License-Identifier: MIT
 * The ring of nodes: base/list.h. */
#include "support/cmocka.h"

#include "base/list.h"
#include "base/macro.h"

struct item {
	int number;
	struct koru__list node;
};

static int number_of(struct koru__list *node)
{
	return koru__container_of(node, struct item, node)->number;
}

/* Fills the list with items 0, 1, 2, ... */
static void fill(struct koru__list *head, struct item *items, int count)
{
	koru__list_init(head);
	for (int i = 0; i < count; i++) {
		items[i].number = i;
		koru__list_init(&items[i].node);
		koru__list_push_back(head, &items[i].node);
	}
}

/* Both directions of the ring hold exactly these numbers. */
static void check(struct koru__list *head, const int *numbers, int count)
{
	struct koru__list *forward = head->next;
	for (int i = 0; i < count; i++, forward = forward->next)
		assert_int_equal(number_of(forward), numbers[i]);
	assert_ptr_equal(forward, head);
	struct koru__list *backward = head->prev;
	for (int i = count - 1; i >= 0; i--, backward = backward->prev)
		assert_int_equal(number_of(backward), numbers[i]);
	assert_ptr_equal(backward, head);
	assert_int_equal(koru__list_empty(head), count == 0);
}

static void test_new_list_is_empty(void **state)
{
	(void)state;
	struct koru__list head;
	koru__list_init(&head);
	assert_true(koru__list_empty(&head));
	assert_null(koru__list_pop_front(&head));
}

static void test_first_in_first_out(void **state)
{
	(void)state;
	struct koru__list head;
	struct item items[4];
	fill(&head, items, 4);
	check(&head, (int[]){ 0, 1, 2, 3 }, 4);
	for (int i = 0; i < 4; i++)
		assert_int_equal(number_of(koru__list_pop_front(&head)), i);
	assert_null(koru__list_pop_front(&head));
}

static void test_remove_first_middle_last(void **state)
{
	(void)state;
	struct koru__list head;
	struct item items[5];
	fill(&head, items, 5);
	koru__list_remove(&items[2].node);
	check(&head, (int[]){ 0, 1, 3, 4 }, 4);
	koru__list_remove(&items[0].node);
	check(&head, (int[]){ 1, 3, 4 }, 3);
	koru__list_remove(&items[4].node);
	check(&head, (int[]){ 1, 3 }, 2);
}

static void test_remove_twice_is_harmless(void **state)
{
	(void)state;
	struct koru__list head;
	struct item items[3];
	fill(&head, items, 3);
	koru__list_remove(&items[1].node);
	koru__list_remove(&items[1].node);
	check(&head, (int[]){ 0, 2 }, 2);
	/* Its old neighbours have moved meanwhile, and must not notice. */
	koru__list_push_back(&head, koru__list_pop_front(&head));
	koru__list_remove(&items[1].node);
	check(&head, (int[]){ 2, 0 }, 2);
}

static void test_removed_node_may_return(void **state)
{
	(void)state;
	struct koru__list head;
	struct item items[3];
	fill(&head, items, 3);
	koru__list_remove(&items[0].node);
	koru__list_push_back(&head, &items[0].node);
	check(&head, (int[]){ 1, 2, 0 }, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_new_list_is_empty),
		cmocka_unit_test(test_first_in_first_out),
		cmocka_unit_test(test_remove_first_middle_last),
		cmocka_unit_test(test_remove_twice_is_harmless),
		cmocka_unit_test(test_removed_node_may_return),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
