/* SPDX-License-Identifier: MIT
 * Names of saved files: tool/name.h. */
#include "support/cmocka.h"

#include "base/fault.h"
#include "name.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void check(const char *url, const char *name)
{
	char buf[NAME_SIZE];
	name_from_url(buf, url);
	assert_string_equal(buf, name);
}

static void readable_names(void **state)
{
	(void)state;
	check("http://example.org", "example.org");
	check("http://example.org/", "example.org");
	check("https://www.example.org/a/b.html?x=1", "www.example.org_a_b.html_x=1");
	check("http://127.0.0.1:8080/7", "127.0.0.1_8080_7");
	check("http://[::1]:80/x", "___1__80_x");
	check("http://example.org/a#part", "example.org_a");
	check("http://user:secret@example.org/", "example.org"); /* no password in a name */
}

/* Whatever stands in a URL, the name stays inside its directory and is seen by ls. */
static void safe_names(void **state)
{
	(void)state;
	check("http://../../etc/passwd", "_._.._etc_passwd");
	check("http://.hidden/", "_hidden");
	check("http://-rf/", "_rf");
	check("http://a/..", "a_..");
	check("", "_");
	check("http://", "_");
	check("///", "_");
	check("no url at all\n\x1b[2J\xff", "no_url_at_all___2J");
	for (int c = 1; c < 256; c++) {
		char url[] = "http://a/?b";
		char buf[NAME_SIZE];
		url[9] = (char)c;
		name_from_url(buf, url);
		assert_null(strchr(buf, '/'));
		assert_true(buf[0] != '.' && buf[0] != '-' && buf[0] != '\0');
		for (const char *p = buf; *p; p++)
			assert_true(*p > ' ' && *p <= '~' && !strchr("*?\\\"'`$&|;<>(){}!#:", *p));
	}
}

static void long_names_are_cut(void **state)
{
	(void)state;
	char url[4096] = "http://a/";
	memset(url + 9, 'x', sizeof(url) - 10);
	url[sizeof(url) - 1] = '\0';
	char buf[NAME_SIZE];
	name_from_url(buf, url);
	assert_int_equal(strlen(buf), NAME_LEN_MAX);
}

static void give(struct names *names, const char *wanted, const char *given)
{
	char buf[NAME_SIZE];
	(void)snprintf(buf, sizeof(buf), "%s", wanted);
	assert_int_equal(names_give(names, buf), 0);
	assert_string_equal(buf, given);
}

static void names_are_given_once(void **state)
{
	(void)state;
	struct names names;
	names_init(&names);
	give(&names, "a", "a");
	give(&names, "a", "a-2");
	give(&names, "a", "a-3");
	give(&names, "a-2", "a-2-2"); /* taken by the second */
	give(&names, "a-4", "a-4");
	give(&names, "a", "a-5"); /* so the fourth is the fifth */
	give(&names, "p.html", "p.html");
	give(&names, "p.html", "p-2.html");
	give(&names, "example.org_page", "example.org_page");
	give(&names, "example.org_page", "example.org_page-2");
	names_done(&names);
	give(&names, "a", "a"); /* done is as good as new */
	names_done(&names);
}

/* The longest name stays within the limit, whatever is put into it. */
static void long_names_are_given_once(void **state)
{
	(void)state;
	struct names names;
	names_init(&names);
	char wanted[NAME_SIZE];
	memset(wanted, 'x', NAME_LEN_MAX);
	memcpy(wanted + NAME_LEN_MAX - 4, ".txt", 5);
	char last[NAME_SIZE] = "";
	for (int i = 0; i < 1000; i++) {
		char buf[NAME_SIZE];
		memcpy(buf, wanted, sizeof(buf));
		assert_int_equal(names_give(&names, buf), 0);
		assert_int_equal(strlen(buf), NAME_LEN_MAX);
		assert_string_equal(buf + NAME_LEN_MAX - 4, ".txt");
		assert_string_not_equal(buf, last);
		memcpy(last, buf, sizeof(last));
	}
	names_done(&names);
}

static void many_names(void **state)
{
	(void)state;
	struct names names;
	names_init(&names);
	for (int i = 0; i < 20000; i++) {
		char buf[NAME_SIZE];
		char given[NAME_SIZE];
		(void)snprintf(buf, sizeof(buf), "h_%d", i / 2);
		(void)snprintf(given, sizeof(given), i % 2 ? "h_%d-2" : "h_%d", i / 2);
		assert_int_equal(names_give(&names, buf), 0);
		assert_string_equal(buf, given);
	}
	assert_int_equal(names.count, 20000);
	names_done(&names);
}

static void no_memory(void **state)
{
	(void)state;
	struct names names;
	names_init(&names);
	char buf[NAME_SIZE] = "a";
	koru__fault_arm(KORU__FAULT_ALLOC, 0, 1, ENOMEM);
	assert_int_equal(names_give(&names, buf), -ENOMEM);
	koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
	give(&names, "a", "a"); /* the name was not lost */
	names_done(&names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readable_names),
		cmocka_unit_test(safe_names),
		cmocka_unit_test(long_names_are_cut),
		cmocka_unit_test(names_are_given_once),
		cmocka_unit_test(long_names_are_given_once),
		cmocka_unit_test(many_names),
		cmocka_unit_test(no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
