/* SPDX-License-Identifier: MIT
 *
 * A stand-in for <cmocka.h> in cross builds, where Debian has no cmocka to link: the part of
 * its interface that the core suite uses, with the same names and meaning. Not a mock
 * library: no expect_*, no will_return.
 *
 * One difference: the first failed assertion ends the program with status 1, where cmocka
 * goes on with the next test. So nothing has to jump out of a test, whatever stack it is on.
 */
#ifndef KORU_TESTS_SHIM_CMOCKA_H
#define KORU_TESTS_SHIM_CMOCKA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct CMUnitTest {
	const char *name;
	void (*test_func)(void **state);
	int (*setup_func)(void **state);
	int (*teardown_func)(void **state);
	void *initial_state;
};

static const char *shim_test_name;
static bool shim_test_skipped;

#define cmocka_unit_test(fn) cmocka_unit_test_prestate_setup_teardown(fn, NULL, NULL, NULL)
#define cmocka_unit_test_setup(fn, setup)                                                          \
	cmocka_unit_test_prestate_setup_teardown(fn, setup, NULL, NULL)
#define cmocka_unit_test_teardown(fn, teardown)                                                    \
	cmocka_unit_test_prestate_setup_teardown(fn, NULL, teardown, NULL)
#define cmocka_unit_test_setup_teardown(fn, setup, teardown)                                       \
	cmocka_unit_test_prestate_setup_teardown(fn, setup, teardown, NULL)
#define cmocka_unit_test_prestate(fn, state)                                                       \
	cmocka_unit_test_prestate_setup_teardown(fn, NULL, NULL, state)
#define cmocka_unit_test_prestate_setup_teardown(fn, setup, teardown, state)                       \
	((struct CMUnitTest){ .name = #fn,                                                         \
	                      .test_func = fn,                                                     \
	                      .setup_func = setup,                                                 \
	                      .teardown_func = teardown,                                           \
	                      .initial_state = state })

#define print_message(...) printf(__VA_ARGS__)
#define print_error(...)   fprintf(stderr, __VA_ARGS__)

_Noreturn static inline void shim_fail(const char *what, const char *file, int line)
{
	printf("%s:%d: %s\n[  FAILED  ] %s\n", file, line, what, shim_test_name);
	exit(EXIT_FAILURE);
}

#define shim_check(ok, what) ((ok) ? (void)0 : shim_fail(what, __FILE__, __LINE__))

/* Each argument is evaluated once, as a function's. */
static inline void shim_compare(uintmax_t a, uintmax_t b, bool want_equal, const char *what,
                                const char *file, int line)
{
	if ((a == b) == want_equal)
		return;
	printf("%#jx, %#jx: ", a, b);
	shim_fail(what, file, line);
}

static inline bool shim_within(uintmax_t value, uintmax_t low, uintmax_t high)
{
	return low <= value && value <= high;
}

#define assert_true(c)             shim_check(c, #c)
#define assert_false(c)            shim_check(!(c), "not " #c)
#define assert_null(p)             shim_check((p) == NULL, #p " is NULL")
#define assert_non_null(p)         shim_check((p) != NULL, #p " is not NULL")
#define assert_ptr_equal(a, b)     shim_check((const void *)(a) == (const void *)(b), #a " == " #b)
#define assert_ptr_not_equal(a, b) shim_check((const void *)(a) != (const void *)(b), #a " != " #b)
#define assert_int_equal(a, b)                                                                     \
	shim_compare((uintmax_t)(a), (uintmax_t)(b), true, #a " == " #b, __FILE__, __LINE__)
#define assert_int_not_equal(a, b)                                                                 \
	shim_compare((uintmax_t)(a), (uintmax_t)(b), false, #a " != " #b, __FILE__, __LINE__)
#define assert_string_equal(a, b)        shim_check(strcmp(a, b) == 0, #a " equals " #b)
#define assert_string_not_equal(a, b)    shim_check(strcmp(a, b) != 0, #a " differs from " #b)
#define assert_memory_equal(a, b, n)     shim_check(memcmp(a, b, n) == 0, #a " equals " #b)
#define assert_memory_not_equal(a, b, n) shim_check(memcmp(a, b, n) != 0, #a " differs from " #b)
#define assert_return_code(rc, error)    shim_check((rc) >= 0, #rc " is not negative")
#define assert_in_range(value, low, high)                                                          \
	shim_check(shim_within((uintmax_t)(value), (uintmax_t)(low), (uintmax_t)(high)),           \
	           #value " is from " #low " to " #high)
#define assert_not_in_range(value, low, high)                                                      \
	shim_check(!shim_within((uintmax_t)(value), (uintmax_t)(low), (uintmax_t)(high)),          \
	           #value " is not from " #low " to " #high)
#define fail()        shim_fail("fail()", __FILE__, __LINE__)
#define fail_msg(...) (printf(__VA_ARGS__), shim_fail("", __FILE__, __LINE__))

/* As in cmocka, ends the test function it stands in. */
#define skip()                                                                                     \
	do {                                                                                       \
		shim_test_skipped = true;                                                          \
		return;                                                                            \
	} while (0)

static inline void shim_run(const struct CMUnitTest *test, void **group_state)
{
	void *own_state = test->initial_state;
	void **state = test->initial_state ? &own_state : group_state;
	shim_test_name = test->name;
	shim_test_skipped = false;
	printf("[ RUN      ] %s\n", test->name);
	if (test->setup_func)
		shim_check(test->setup_func(state) == 0, "setup returns 0");
	test->test_func(state);
	if (test->teardown_func)
		shim_check(test->teardown_func(state) == 0, "teardown returns 0");
	printf("[  %s ] %s\n", shim_test_skipped ? "SKIPPED" : "     OK", test->name);
}

static inline int shim_run_group(const char *group, const struct CMUnitTest *tests, size_t count,
                                 int (*setup)(void **), int (*teardown)(void **))
{
	void *state = NULL;
	shim_test_name = group;
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (setup)
		shim_check(setup(&state) == 0, "group setup returns 0");
	for (size_t i = 0; i < count; i++)
		shim_run(&tests[i], &state);
	shim_test_name = group;
	if (teardown)
		shim_check(teardown(&state) == 0, "group teardown returns 0");
	return 0;
}

#define cmocka_run_group_tests_name(name, tests, setup, teardown)                                  \
	shim_run_group(name, tests, sizeof(tests) / sizeof((tests)[0]), setup, teardown)
#define cmocka_run_group_tests(tests, setup, teardown)                                             \
	cmocka_run_group_tests_name(#tests, tests, setup, teardown)

#endif
