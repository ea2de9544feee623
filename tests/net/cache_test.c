/* SPDX-License-Identifier: MIT
 * The resolver's table alone: finding, expiry, eviction, references. */
#include "net/cache.h"
#include "support/cmocka.h"

#include <netinet/in.h>
#include <stdio.h>

/* A finished entry that holds until `expires`. */
static struct koru__dns_entry *add_done(struct koru__dns_cache *c, const char *name, int family,
                                        int64_t expires)
{
	struct koru__dns_entry *e = koru__dns_cache_add(c, name, family);
	assert_non_null(e);
	e->state = KORU__DNS_DONE;
	e->expires = expires;
	return e;
}

static void names_are_found_by_family_in_any_case(void **state)
{
	(void)state;
	struct koru__dns_cache c;
	koru__dns_cache_init(&c, 10);
	struct koru__dns_entry *four = add_done(&c, "Example.ORG", AF_INET, 100);
	struct koru__dns_entry *six = add_done(&c, "example.org", AF_INET6, 100);
	assert_string_equal(four->name, "example.org");
	assert_ptr_equal(koru__dns_cache_find(&c, "example.org", AF_INET, 0), four);
	assert_ptr_equal(koru__dns_cache_find(&c, "EXAMPLE.org", AF_INET6, 0), six);
	assert_null(koru__dns_cache_find(&c, "example.or", AF_INET, 0));
	assert_null(koru__dns_cache_find(&c, "example.orgs", AF_INET, 0));
	koru__dns_cache_done(&c);
	assert_int_equal(c.count, 0);
}

static void entries_expire(void **state)
{
	(void)state;
	struct koru__dns_cache c;
	koru__dns_cache_init(&c, 10);
	struct koru__dns_entry *e = add_done(&c, "a", AF_INET, 100);
	assert_ptr_equal(koru__dns_cache_find(&c, "a", AF_INET, 99), e);
	assert_null(koru__dns_cache_find(&c, "a", AF_INET, 100));
	assert_int_equal(c.count, 0);
	/* What is still asked for has no end yet. */
	e = koru__dns_cache_add(&c, "b", AF_INET);
	assert_ptr_equal(koru__dns_cache_find(&c, "b", AF_INET, 1000), e);
	koru__dns_cache_done(&c);
}

static void the_least_recently_used_leaves(void **state)
{
	(void)state;
	struct koru__dns_cache c;
	koru__dns_cache_init(&c, 3);
	add_done(&c, "a", AF_INET, 100);
	add_done(&c, "b", AF_INET, 100);
	koru__dns_cache_add(&c, "asked", AF_INET);
	koru__dns_cache_find(&c, "a", AF_INET, 0);
	add_done(&c, "c", AF_INET, 100);
	assert_int_equal(c.count, 3);
	assert_null(koru__dns_cache_find(&c, "b", AF_INET, 0));
	assert_non_null(koru__dns_cache_find(&c, "a", AF_INET, 0));
	add_done(&c, "d", AF_INET, 100);
	assert_non_null(koru__dns_cache_find(&c, "asked", AF_INET, 0)); /* somebody waits for it */
	assert_null(koru__dns_cache_find(&c, "c", AF_INET, 0));
	koru__dns_cache_done(&c);
}

static void references_outlive_the_table(void **state)
{
	(void)state;
	struct koru__dns_cache c;
	koru__dns_cache_init(&c, 3);
	struct koru__dns_entry *e = add_done(&c, "a", AF_INET, 100);
	koru__dns_entry_ref(e);
	koru__dns_cache_drop(&c, e);
	koru__dns_cache_drop(&c, e); /* once is enough */
	assert_int_equal(c.count, 0);
	assert_string_equal(e->name, "a");
	koru__dns_entry_unref(e);
	koru__dns_cache_done(&c);
}

/* More names than buckets: the chains work, first, middle and last. */
static void full_buckets(void **state)
{
	(void)state;
	struct koru__dns_cache c;
	char name[16];
	koru__dns_cache_init(&c, 2000);
	for (int i = 0; i < 2000; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		add_done(&c, name, AF_INET, i % 3 ? 100 : 10);
	}
	for (int i = 0; i < 2000; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		struct koru__dns_entry *e = koru__dns_cache_find(&c, name, AF_INET, 50);
		assert_int_equal(e != NULL, i % 3 != 0);
		if (e)
			assert_string_equal(e->name, name);
	}
	koru__dns_cache_done(&c);
	for (int i = 0; i < KORU__DNS_BUCKETS; i++)
		assert_null(c.buckets[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_found_by_family_in_any_case),
		cmocka_unit_test(entries_expire),
		cmocka_unit_test(the_least_recently_used_leaves),
		cmocka_unit_test(references_outlive_the_table),
		cmocka_unit_test(full_buckets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
