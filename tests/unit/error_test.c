/* SPDX-License-Identifier: MIT
 * The table of errors, koru/error.h, and the last words of a program that cannot go on. */
#include "support/cmocka.h"

#include "base/assert.h"
#include "base/die.h"
#include "base/macro.h"
#include "koru/error.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define ERRNO_MAX 4095 /* the kernel's largest */

static const struct entry {
	const char *name;
	int number;
	const char *text;
} table[] = {
#define ENTRY(name, number, text) { #name, number, text },
	KORU_ERROR_MAP(ENTRY)
#undef ENTRY
};

static void test_every_code_has_its_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < koru__array_len(table); i++) {
		assert_true(table[i].number > ERRNO_MAX);
		assert_int_not_equal(strlen(table[i].text), 0);
		assert_string_equal(koru_strerror(-table[i].number), table[i].text);
		assert_string_equal(koru_strerror(table[i].number), table[i].text);
	}
	assert_string_equal(koru_strerror(-KORU_EHOST), "unknown host");
}

static void test_codes_and_texts_are_unique(void **state)
{
	(void)state;
	for (size_t i = 0; i < koru__array_len(table); i++)
		for (size_t j = 0; j < i; j++) {
			assert_int_not_equal(table[i].number, table[j].number);
			assert_string_not_equal(table[i].text, table[j].text);
		}
}

static void test_errno_has_its_own_texts(void **state)
{
	(void)state;
	errno = EXDEV;
	assert_string_equal(koru_strerror(-ECONNREFUSED), "Connection refused");
	assert_string_equal(koru_strerror(ECANCELED), "Operation canceled");
	assert_string_equal(koru_strerror(0), "success");
	assert_int_equal(errno, EXDEV);
}

static void test_unknown_numbers(void **state)
{
	(void)state;
	const int unknown[] = {
		ERRNO_MAX, -ERRNO_MAX, 10000, -19999, INT_MAX, INT_MIN, INT_MIN + 1
	};
	for (size_t i = 0; i < koru__array_len(unknown); i++)
		assert_string_equal(koru_strerror(unknown[i]), "unknown error");
}

/* Runs fn in a child and returns what it wrote to standard error; it must end by abort(). */
static size_t last_words(void (*fn)(void), char *ret_text, size_t size)
{
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
		dup2(ends[1], STDERR_FILENO);
		fn();
		_exit(0);
	}
	close(ends[1]);
	size_t len = 0;
	ssize_t n;
	while (len < size - 1 && (n = read(ends[0], ret_text + len, size - 1 - len)) > 0)
		len += (size_t)n;
	ret_text[len] = '\0';
	close(ends[0]);
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
	return len;
}

static void die_long(void)
{
	char many[1000];
	memset(many, 'x', sizeof(many));
	koru__die("%.*s", (int)sizeof(many), many);
}

static void assert_nonsense(void)
{
	volatile int two = 2;
	koru__assert(two == 2); /* holds, says nothing */
	koru__assert(two == 3);
}

static void test_failed_assertion_says_what_and_where(void **state)
{
	(void)state;
	char text[2000];
	last_words(assert_nonsense, text, sizeof(text));
	assert_non_null(strstr(text, "two == 3"));
	assert_null(strstr(text, "two == 2"));
	assert_non_null(strstr(text, "error_test.c:"));
}

static void test_long_last_words_are_cut(void **state)
{
	(void)state;
	char text[2000];
	size_t len = last_words(die_long, text, sizeof(text));
	size_t ours = strspn(text, "x");
	assert_in_range(ours, 400, 999);
	assert_true(len == ours || strncmp(text + ours, "qemu", 4) == 0); /* the emulator's own */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_code_has_its_text),
		cmocka_unit_test(test_codes_and_texts_are_unique),
		cmocka_unit_test(test_errno_has_its_own_texts),
		cmocka_unit_test(test_unknown_numbers),
		cmocka_unit_test(test_failed_assertion_says_what_and_where),
		cmocka_unit_test(test_long_last_words_are_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
