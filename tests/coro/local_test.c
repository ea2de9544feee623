/* SPDX-License-Identifier: MIT
 * Task-locals: who sees which binding, and when one may be undone. koru/local.h. */
#include "support/cmocka.h"
#include "support/core.h"

#include "koru/koru.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

static char nobody[] = "nobody", ada[] = "ada", bob[] = "bob", eve[] = "eve";

static const struct koru_local_key user = { "user", nobody };
static const struct koru_local_key place = { "place", NULL };

static const char *who(void)
{
	return koru_local_get(&user);
}

/* In a task and on a plain thread alike. */
static int nest(void *arg)
{
	(void)arg;
	struct koru_local a, b, c;
	assert_string_equal(who(), "nobody");
	assert_null(koru_local_get(&place));
	assert_int_equal(koru_local_bind(&a, &user, ada), 0);
	assert_string_equal(who(), "ada");
	assert_null(koru_local_get(&place));
	assert_int_equal(koru_local_bind(&b, &place, bob), 0);
	assert_int_equal(koru_local_bind(&c, &user, eve), 0);
	assert_string_equal(who(), "eve");
	assert_string_equal(koru_local_get(&place), "bob");
	assert_int_equal(koru_local_unbind(&a), -EINVAL);
	assert_int_equal(koru_local_unbind(&b), -EINVAL);
	assert_int_equal(koru_local_unbind(&c), 0);
	assert_int_equal(koru_local_unbind(&c), -EINVAL);
	assert_string_equal(who(), "ada");
	assert_int_equal(koru_local_unbind(&b), 0);
	assert_null(koru_local_get(&place));
	assert_int_equal(koru_local_unbind(&a), 0);
	assert_string_equal(who(), "nobody");
	assert_int_equal(koru_local_unbind(&a), -EINVAL);
	assert_int_equal(koru_local_bind(&a, NULL, ada), -EINVAL);
	return 0;
}

static void test_the_latest_binding_hides_the_others(void **state)
{
	(void)state;
	in_both_places(nest, NULL);
}

static int expects(void *arg)
{
	assert_string_equal(who(), arg);
	koru_sleep(0);
	assert_string_equal(who(), arg);
	return 0;
}

/* Binds for itself and its own children, while its siblings do the same. */
static int rebinds(void *arg)
{
	struct koru_local b;
	struct koru_scope s;
	assert_string_equal(who(), "ada");
	koru_local_bind(&b, &user, arg);
	koru_sleep(0);
	assert_string_equal(who(), arg);
	koru_scope_open(&s, NULL);
	koru_go(&s, expects, arg);
	assert_int_equal(koru_scope_close(&s), 0);
	assert_int_equal(koru_local_unbind(&b), 0);
	return 0;
}

static int main_inherits(void *arg)
{
	(void)arg;
	struct koru_local a;
	struct koru_scope s;
	koru_local_bind(&a, &user, ada);
	koru_scope_open(&s, NULL);
	koru_go(&s, expects, ada);
	koru_go(&s, rebinds, bob);
	koru_go(&s, rebinds, eve);
	koru_go(&s, expects, ada);
	koru_go(NULL, expects, nobody); /* detached */
	koru_sleep(0);
	assert_string_equal(who(), "ada");
	assert_int_equal(koru_scope_close(&s), 0);
	assert_int_equal(koru_local_unbind(&a), 0);
	return 0;
}

static void test_tasks_inherit_and_do_not_share(void **state)
{
	(void)state;
	assert_int_equal(run(main_inherits, NULL), 0);
}

static struct koru_scope *outer;

static int starts_a_sibling(void *arg)
{
	struct koru_local b;
	koru_local_bind(&b, &user, eve);
	koru_go(outer, expects, arg); /* may live longer than this binding */
	assert_int_equal(koru_local_unbind(&b), 0);
	return 0;
}

/* A task sees what was bound where its scope was opened, so that nothing it sees goes away. */
static int main_binds_inside(void *arg)
{
	(void)arg;
	struct koru_scope s;
	struct koru_local a, b;
	koru_local_bind(&a, &user, ada);
	koru_scope_open(&s, NULL);
	outer = &s;
	koru_local_bind(&b, &user, bob);
	koru_go(&s, expects, ada);
	koru_go(&s, starts_a_sibling, ada);
	assert_string_equal(who(), "bob");
	assert_int_equal(koru_local_unbind(&b), 0); /* its own scope was opened before it */
	assert_int_equal(koru_local_unbind(&a), -EBUSY);
	assert_int_equal(koru_scope_close(&s), 0);
	assert_int_equal(koru_local_unbind(&a), 0);
	return 0;
}

static int undoes_its_parents(void *arg)
{
	assert_int_equal(koru_local_unbind(arg), -EBUSY);
	assert_string_equal(who(), "ada");
	return 0;
}

static int main_keeps_its_own(void *arg)
{
	(void)arg;
	struct koru_scope s;
	struct koru_local a;
	koru_local_bind(&a, &user, ada);
	koru_scope_open(&s, NULL);
	koru_go(&s, undoes_its_parents, &a);
	assert_int_equal(koru_scope_close(&s), 0);
	return koru_local_unbind(&a);
}

static void test_a_binding_outlives_all_who_see_it(void **state)
{
	(void)state;
	assert_int_equal(run(main_binds_inside, NULL), 0);
	assert_int_equal(run(main_keeps_its_own, NULL), 0);
}

static int tells_who(struct koru_gen *gen, void *arg)
{
	(void)arg;
	for (;;) {
		int rc = koru_gen_yield(gen, koru_local_get(&user), NULL);
		if (rc < 0)
			return rc;
	}
}

static int asks_the_generator(void *arg)
{
	struct koru_gen *gen = arg;
	void *value = NULL;
	struct koru_local b;
	koru_local_bind(&b, &user, bob);
	assert_int_equal(koru_gen_next(gen, &value), 1);
	assert_string_equal(value, "bob");
	assert_int_equal(koru_local_unbind(&b), 0);
	return 0;
}

static int main_generates(void *arg)
{
	(void)arg;
	struct koru_gen gen;
	struct koru_local a;
	struct koru_scope s;
	void *value = NULL;
	koru_gen_open(&gen, tells_who, NULL);
	assert_int_equal(koru_gen_next(&gen, &value), 1);
	assert_string_equal(value, "nobody");
	koru_local_bind(&a, &user, ada);
	assert_int_equal(koru_gen_next(&gen, &value), 1);
	assert_string_equal(value, "ada");
	koru_scope_open(&s, NULL);
	koru_go(&s, asks_the_generator, &gen);
	assert_int_equal(koru_scope_close(&s), 0);
	assert_int_equal(koru_local_unbind(&a), 0);
	assert_int_equal(koru_gen_next(&gen, &value), 1);
	assert_string_equal(value, "nobody");
	return koru_gen_close(&gen);
}

static void test_a_generator_sees_what_its_resumer_sees(void **state)
{
	(void)state;
	assert_int_equal(run(main_generates, NULL), 0);
}

/* What a body binds stays in the body. */
static int binds(struct koru_gen *gen, void *arg)
{
	(void)arg;
	struct koru_local b;
	struct koru_scope s;
	assert_int_equal(koru_local_bind(&b, &user, eve), 0);
	assert_string_equal(who(), "eve");
	assert_int_equal(koru_gen_yield(gen, NULL, NULL), -EBUSY);
	koru_scope_open(&s, NULL);
	koru_go(&s, expects, eve);
	assert_int_equal(koru_local_unbind(&b), -EBUSY);
	assert_int_equal(koru_scope_close(&s), 0);
	assert_int_equal(koru_local_unbind(&b), 0);
	return koru_gen_yield(gen, koru_local_get(&user), NULL);
}

static int main_generator_binds(void *arg)
{
	(void)arg;
	struct koru_gen gen;
	void *value = NULL;
	struct koru_local a;
	koru_local_bind(&a, &user, ada);
	koru_gen_open(&gen, binds, NULL);
	assert_int_equal(koru_gen_next(&gen, &value), 1);
	assert_string_equal(value, "ada");
	assert_string_equal(who(), "ada");
	assert_int_equal(koru_gen_close(&gen), 0);
	return koru_local_unbind(&a);
}

static void test_a_generator_unbinds_before_it_yields(void **state)
{
	(void)state;
	assert_int_equal(run(main_generator_binds, NULL), 0);
}

static int cleans_up(void *arg)
{
	assert_string_equal(who(), arg);
	return 0;
}

static int main_cleans_up(void *arg)
{
	(void)arg;
	struct koru_scope s;
	struct koru_local a;
	struct koru_defer d;
	koru_local_bind(&a, &user, ada);
	koru_scope_open(&s, NULL);
	koru_defer(&s, &d, cleans_up, ada);
	assert_int_equal(koru_scope_close(&s), 0);
	return koru_local_unbind(&a);
}

static void test_clean_up_sees_what_its_scope_saw(void **state)
{
	(void)state;
	assert_int_equal(run(main_cleans_up, NULL), 0);
}

static void *thread_main(void *arg)
{
	(void)arg;
	assert_string_equal(who(), "nobody");
	nest(NULL);
	return NULL;
}

static void test_each_thread_has_its_own(void **state)
{
	(void)state;
	struct koru_local a;
	pthread_t thread;
	koru_local_bind(&a, &user, ada);
	assert_int_equal(pthread_create(&thread, NULL, thread_main, NULL), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(run(expects, nobody), 0); /* the main task inherits nothing */
	assert_string_equal(who(), "ada");
	assert_int_equal(koru_local_unbind(&a), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_latest_binding_hides_the_others),
		cmocka_unit_test(test_tasks_inherit_and_do_not_share),
		cmocka_unit_test(test_a_binding_outlives_all_who_see_it),
		cmocka_unit_test(test_a_generator_sees_what_its_resumer_sees),
		cmocka_unit_test(test_a_generator_unbinds_before_it_yields),
		cmocka_unit_test(test_clean_up_sees_what_its_scope_saw),
		cmocka_unit_test(test_each_thread_has_its_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
