/* SPDX-License-Identifier: MIT
 * Addresses as text and in the order of RFC 6724, and lines of a hosts file. */
#include "net/addr.h"
#include "net/hosts.h"
#include "support/cmocka.h"

#include <arpa/inet.h>
#include <string.h>

static union koru__addr address(const char *text)
{
	union koru__addr addr;
	assert_true(koru__addr_parse(&addr, text));
	return addr;
}

static void numbers_are_read_and_written(void **state)
{
	(void)state;
	static const char *const same[] = { "127.0.0.1",   "255.255.255.255", "::",        "::1",
		                            "2001:db8::1", "::ffff:1.2.3.4",  "fe80::1%lo" };
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		char text[KORU__ADDR_TEXT_MAX];
		union koru__addr addr = address(same[i]);
		koru__addr_format(&addr, false, text);
		assert_string_equal(text, same[i]);
	}
	char text[KORU__ADDR_TEXT_MAX];
	union koru__addr addr = address("10.0.0.1");
	koru__addr_set_port(&addr, 65535);
	koru__addr_format(&addr, true, text);
	assert_string_equal(text, "10.0.0.1:65535");
	assert_int_equal(koru__addr_len(&addr), sizeof(struct sockaddr_in));
	addr = address("2001:DB8:0:0::A");
	koru__addr_set_port(&addr, 80);
	koru__addr_format(&addr, true, text);
	assert_string_equal(text, "[2001:db8::a]:80");
	assert_int_equal(koru__addr_len(&addr), sizeof(struct sockaddr_in6));
	addr = address("fe80::1%1"); /* lo has that number */
	assert_int_equal(addr.in6.sin6_scope_id, 1);
}

static void all_else_is_no_number(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"",      "1",   "127.1", "1.2.3.4.5", "1.2.3.256", "0x7f.0.0.1",      "127.0.0.1 ",
		"[::1]", ":::", "::1%",  "::1%nope",  "::1%1x",    "::1%99999999999", "localhost"
	};
	union koru__addr addr;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(koru__addr_parse(&addr, bad[i]));
}

static uint32_t rank(const char *dest, const char *source)
{
	union koru__addr d = address(dest);
	union koru__addr s = source ? address(source) : d;
	return koru__addr_rank(&d, source ? &s : NULL);
}

/* The examples of RFC 6724 section 10.2: the first pair of destination and source goes before
 * the second. */
static void destinations_are_ranked(void **state)
{
	(void)state;
	static const char *const examples[][4] = {
		{ "2001:db8:1::1", "2001:db8:1::2", "198.51.100.121", "169.254.13.78" },
		{ "198.51.100.121", "198.51.100.117", "2001:db8:1::1", "fe80::1" },
		{ "2001:db8:1::1", "2001:db8:1::2", "10.1.2.3", "10.1.2.4" },
		{ "fe80::1", "fe80::2", "2001:db8:1::1", "2001:db8:1::2" },
		{ "2001:db8:1::1", "2001:db8:1::2", "2001:db8:3ffe::1", "2001:db8:3f44::2" },
		{ "2002:c633:6401::1", "2002:c633:6401::2", "2001:db8:1::1", "2002:c633:6401::2" },
		{ "2001:db8:1::1", "2001:db8:1::2", "2002:c633:6401::1", "2002:c633:6401::2" },
		/* not of the RFC: a unique local address, and one without a route */
		{ "10.1.2.3", "10.1.2.4", "fd00::1", "fd00::2" },
		{ "::1", "::1", "127.0.0.1", "127.0.0.1" },
		{ "10.1.2.3", "10.1.2.4", "2001:db8:1::1", NULL },
	};
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++)
		assert_true(rank(examples[i][0], examples[i][1]) >
		            rank(examples[i][2], examples[i][3]));
	/* Servers share their load by the order in which a name server lists them. */
	assert_int_equal(rank("10.1.2.3", "10.1.2.4"), rank("10.99.2.3", "10.1.2.4"));
}

static void loopback_is_reached_from_itself(void **state)
{
	(void)state;
	union koru__addr dest, source;
	koru__addr_loopback(&dest, AF_INET);
	assert_true(koru__addr_source(&dest, &source));
	assert_int_equal(source.in.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
}

static void lines_of_hosts(void **state)
{
	(void)state;
	static const struct {
		const char *line, *name, *addr;
	} cases[] = {
		{ "127.0.0.1 a", "a", "127.0.0.1" },  { "127.0.0.1\ta b  c \r", "c", "127.0.0.1" },
		{ "  ::1 A#b", "a", "::1" },          { "::1 a #b", "b", NULL },
		{ "#127.0.0.1 a", "a", NULL },        { "127.0.0.1", "127.0.0.1", NULL },
		{ "127.0.0.1 ab", "a", NULL },        { "127.0.0.1 a", "ab", NULL },
		{ "a 127.0.0.1", "127.0.0.1", NULL }, { "", "a", NULL },
		{ "127.0.0.1 a", "", NULL },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[KORU__ADDR_TEXT_MAX];
		union koru__addr addr;
		bool found = koru__hosts_match(cases[i].line, cases[i].name, &addr);
		assert_int_equal(found, cases[i].addr != NULL);
		if (!found)
			continue;
		koru__addr_format(&addr, false, text);
		assert_string_equal(text, cases[i].addr);
	}
	union koru__addr addr;
	char longest[300];
	memset(longest, '1', sizeof(longest) - 3);
	memcpy(longest + sizeof(longest) - 3, " a", 3);
	assert_false(koru__hosts_match(longest, "a", &addr));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_read_and_written),
		cmocka_unit_test(all_else_is_no_number),
		cmocka_unit_test(destinations_are_ranked),
		cmocka_unit_test(loopback_is_reached_from_itself),
		cmocka_unit_test(lines_of_hosts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
