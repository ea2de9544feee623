/* SPDX-License-Identifier: MIT
 * The resolver against a scripted name server: answers, failures, the cache, and tasks that
 * share a lookup. */
#include "base/fault.h"
#include "koru/dns.h"
#include "koru/koru.h"
#include "support/cmocka.h"
#include "support/nameserver.h"
#include "support/program.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct nameserver_rule rules[] = {
	{ .name = "both.test",
	  .type = NAMESERVER_A,
	  .ttl = 60,
	  .addrs = { "127.0.0.7", "127.0.0.8" } },
	{ .name = "both.test", .type = NAMESERVER_AAAA, .ttl = 60, .addrs = { "::1" } },
	{ .name = "four.test", .type = NAMESERVER_A, .ttl = 60, .addrs = { "127.0.0.9" } },
	{ .name = "four.test", .type = NAMESERVER_AAAA, .ttl = 60 },
	{ .name = "none.test" },
	{ .name = "servfail.test", .action = NS_SERVFAIL },
	{ .name = "silent.test", .action = NS_SILENT },
	{ .name = "wrongid.test", .action = NS_WRONG_ID, .addrs = { "127.0.0.66" } },
	{ .name = "garbage.test", .action = NS_GARBAGE },
	{ .name = "big.test",
	  .type = NAMESERVER_A,
	  .action = NS_TRUNCATED,
	  .ttl = 60,
	  .addrs = { "127.0.0.10" } },
	{ .name = "brief.test", .type = NAMESERVER_A, .ttl = 10, .addrs = { "127.0.0.11" } },
	{ .name = "zero.test", .type = NAMESERVER_A, .ttl = 0, .addrs = { "127.0.0.12" } },
	{ .name = "huge.test", .type = NAMESERVER_A, .ttl = 0x7fffffff, .addrs = { "127.0.0.12" } },
	{ .name = "alias.test",
	  .type = NAMESERVER_A,
	  .ttl = 600,
	  .addrs = { "127.0.0.13" },
	  .cname = "real.test",
	  .cname_ttl = 10 },
	{ .name = "late.test",
	  .type = NAMESERVER_A,
	  .ttl = 60,
	  .delay_ms = 300,
	  .addrs = { "127.0.0.14" } },
	{ .name = "halfdown.test", .type = NAMESERVER_A, .ttl = 60, .addrs = { "127.0.0.15" } },
	{ .name = "halfdown.test", .type = NAMESERVER_AAAA, .action = NS_SERVFAIL },
	{ .name = NULL },
};

static struct nameserver *ns;

/* Runs `body` in a task whose loop asks the scripted server. */
struct body {
	koru_fn *fn;
	struct koru_dns_opts opts;
};

static int with_server(void *arg)
{
	struct body *body = arg;
	body->opts.servers = nameserver_address(ns);
	if (!body->opts.timeout)
		body->opts.timeout = 200 * KORU_MILLISECOND;
	if (!body->opts.tries)
		body->opts.tries = 2;
	int rc = koru_dns_setup(&body->opts);
	return rc < 0 ? rc : body->fn(NULL);
}

static void run_with(koru_fn *fn, struct koru_dns_opts opts)
{
	struct body body = { fn, opts };
	ns = nameserver_start(rules);
	int rc = koru_run(with_server, &body, NULL);
	nameserver_stop(ns);
	assert_int_equal(rc, 0);
}

#define TEST_WITH(name, ...)                                                                       \
	static int name##_body(void *arg);                                                         \
	static void name(void **state)                                                             \
	{                                                                                          \
		(void)state;                                                                       \
		run_with(name##_body, (struct koru_dns_opts){ __VA_ARGS__ });                      \
	}                                                                                          \
	static int name##_body(void *arg __attribute__((unused)))
#define TEST(name) TEST_WITH(name, .timeout = 0)

/* For tests in which an answer is late but comes. */
#define PATIENT .timeout = 5 * KORU_SECOND

/* The TCP addresses found, as text with spaces between. */
static int find(const char *node, int family, char *ret_text, size_t size)
{
	struct addrinfo hints = { .ai_family = family, .ai_socktype = SOCK_STREAM };
	struct addrinfo *res = NULL;
	int rc = koru_getaddrinfo(node, "80", &hints, &res);
	if (rc < 0) {
		assert_null(res);
		return rc;
	}
	size_t at = 0;
	for (struct addrinfo *a = res; a; a = a->ai_next) {
		char text[64];
		const void *bytes =
		        a->ai_family == AF_INET6
		                ? (const void *)&((struct sockaddr_in6 *)(void *)a->ai_addr)
		                          ->sin6_addr
		                : (const void *)&((struct sockaddr_in *)(void *)a->ai_addr)
		                          ->sin_addr;
		inet_ntop(a->ai_family, bytes, text, sizeof(text));
		assert_int_equal(((struct sockaddr_in *)(void *)a->ai_addr)->sin_port, htons(80));
		at += (size_t)snprintf(ret_text + at, size - at, "%s%s", at ? " " : "", text);
	}
	koru_freeaddrinfo(res);
	return 0;
}

static void assert_finds(const char *node, int family, const char *expected)
{
	char text[512] = "";
	assert_int_equal(find(node, family, text, sizeof(text)), 0);
	assert_string_equal(text, expected);
}

static void assert_fails(const char *node, int family, int error)
{
	char text[512];
	assert_int_equal(find(node, family, text, sizeof(text)), error);
}

TEST(both_families)
{
	assert_finds("both.test", AF_UNSPEC, "::1 127.0.0.7 127.0.0.8");
	assert_finds("both.test", AF_INET, "127.0.0.7 127.0.0.8");
	assert_finds("BOTH.test", AF_INET6, "::1");
	assert_int_equal(nameserver_asked(ns, "both.test", NAMESERVER_A), 1);
	assert_int_equal(nameserver_asked(ns, "both.test", NAMESERVER_AAAA), 1);
	return 0;
}

TEST(one_family)
{
	assert_finds("four.test", AF_UNSPEC, "127.0.0.9");
	assert_fails("four.test", AF_INET6, -KORU_ENAME);
	assert_finds("halfdown.test", AF_UNSPEC, "127.0.0.15");
	return 0;
}

TEST(failures)
{
	assert_fails("nowhere.test", AF_UNSPEC, -KORU_EHOST);
	assert_fails("none.test", AF_UNSPEC, -KORU_ENAME);
	assert_fails("servfail.test", AF_UNSPEC, -KORU_EDNS);
	assert_fails("silent.test", AF_INET, -KORU_EDNS);
	assert_fails("wrongid.test", AF_INET, -KORU_EDNS);
	assert_fails("garbage.test", AF_INET, -KORU_EDNS);
	assert_fails("a..b", AF_INET, -KORU_EHOST);
	assert_int_equal(nameserver_asked(ns, "silent.test", NAMESERVER_A), 2); /* the tries */
	return 0;
}

TEST(truncated_answers_are_fetched_over_tcp)
{
	assert_finds("big.test", AF_INET, "127.0.0.10");
	assert_int_equal(nameserver_asked(ns, "big.test", NAMESERVER_A), 2);
	return 0;
}

/* Lets the clock jump, as far as the resolver is concerned. */
static void at_second(int seconds)
{
	koru__fault_arm(seconds ? KORU__FAULT_CLOCK : KORU__FAULT_NONE, 0, 1000000, seconds);
}

TEST(answers_hold_for_their_ttl)
{
	assert_finds("brief.test", AF_INET, "127.0.0.11");
	at_second(8);
	assert_finds("brief.test", AF_INET, "127.0.0.11");
	assert_int_equal(nameserver_asked(ns, "brief.test", 0), 1);
	at_second(12);
	assert_finds("brief.test", AF_INET, "127.0.0.11");
	assert_int_equal(nameserver_asked(ns, "brief.test", 0), 2);
	at_second(0);
	assert_finds("zero.test", AF_INET, "127.0.0.12");
	assert_finds("zero.test", AF_INET, "127.0.0.12");
	assert_int_equal(nameserver_asked(ns, "zero.test", 0), 2);
	return 0;
}

TEST(aliases_limit_the_ttl)
{
	assert_finds("alias.test", AF_INET, "127.0.0.13");
	at_second(8);
	assert_finds("alias.test", AF_INET, "127.0.0.13");
	assert_int_equal(nameserver_asked(ns, "alias.test", 0), 1);
	at_second(12);
	assert_finds("alias.test", AF_INET, "127.0.0.13");
	assert_int_equal(nameserver_asked(ns, "alias.test", 0), 2);
	at_second(0);
	return 0;
}

TEST(ttl_has_a_ceiling)
{
	assert_finds("huge.test", AF_INET, "127.0.0.12");
	at_second(3590);
	assert_finds("huge.test", AF_INET, "127.0.0.12");
	assert_int_equal(nameserver_asked(ns, "huge.test", 0), 1);
	at_second(3610);
	assert_finds("huge.test", AF_INET, "127.0.0.12");
	assert_int_equal(nameserver_asked(ns, "huge.test", 0), 2);
	at_second(0);
	return 0;
}

TEST(there_is_none_holds_briefly)
{
	assert_fails("nowhere.test", AF_INET, -KORU_EHOST);
	assert_fails("nowhere.test", AF_INET, -KORU_EHOST);
	assert_int_equal(nameserver_asked(ns, "nowhere.test", 0), 1);
	at_second(6);
	assert_fails("nowhere.test", AF_INET, -KORU_EHOST);
	assert_int_equal(nameserver_asked(ns, "nowhere.test", 0), 2);
	at_second(0);
	assert_fails("servfail.test", AF_INET, -KORU_EDNS); /* a failure says nothing */
	int asked = nameserver_asked(ns, "servfail.test", 0);
	assert_fails("servfail.test", AF_INET, -KORU_EDNS);
	assert_int_equal(nameserver_asked(ns, "servfail.test", 0), 2 * asked);
	return 0;
}

static int small_cache_body(void *arg)
{
	(void)arg;
	assert_finds("four.test", AF_INET, "127.0.0.9");
	assert_finds("both.test", AF_INET, "127.0.0.7 127.0.0.8");
	assert_finds("four.test", AF_INET, "127.0.0.9"); /* more recent than both.test now */
	assert_finds("brief.test", AF_INET, "127.0.0.11");
	assert_finds("four.test", AF_INET, "127.0.0.9");
	assert_int_equal(nameserver_asked(ns, "four.test", 0), 1);
	assert_finds("both.test", AF_INET, "127.0.0.7 127.0.0.8");
	assert_int_equal(nameserver_asked(ns, "both.test", 0), 2);
	return 0;
}

static void full_cache_forgets_the_least_recently_used(void **state)
{
	(void)state;
	run_with(small_cache_body, (struct koru_dns_opts){ .cache_max = 2 });
}

static int find_late(void *arg)
{
	int *found = arg;
	assert_finds("late.test", AF_INET, "127.0.0.14");
	++*found;
	return 0;
}

TEST_WITH(simultaneous_lookups_share_one_query, PATIENT)
{
	struct koru_scope all;
	int found = 0;
	koru_scope_open(&all, NULL);
	for (int i = 0; i < 100; i++)
		assert_int_equal(koru_go(&all, find_late, &found), 0);
	assert_int_equal(koru_scope_close(&all), 0);
	assert_int_equal(found, 100);
	assert_int_equal(nameserver_asked(ns, "late.test", 0), 1);
	return 0;
}

static int find_silent(void *arg)
{
	(void)arg;
	assert_fails("silent.test", AF_INET, -ECANCELED);
	return 0;
}

/* A lookup that begins while others are under way is asked at once, not when they are over. */
TEST_WITH(a_silent_name_does_not_hold_up_others, PATIENT)
{
	struct koru_scope all, soon;
	koru_scope_open(&all, NULL);
	koru_go(&all, find_silent, NULL);
	koru_sleep(20 * KORU_MILLISECOND);
	koru_scope_open(&soon, &(struct koru_scope_opts){ .timeout = 3 * KORU_SECOND });
	assert_finds("four.test", AF_INET, "127.0.0.9");
	assert_int_equal(koru_scope_close(&soon), 0);
	koru_scope_cancel(&all);
	assert_int_equal(koru_scope_close(&all), -ECANCELED);
	return 0;
}

static int find_late_briefly(void *arg)
{
	struct koru_scope brief;
	int *cancelled = arg;
	koru_scope_open(&brief, &(struct koru_scope_opts){ .timeout = 10 * KORU_MILLISECOND });
	assert_fails("late.test", AF_INET, -ECANCELED);
	assert_int_equal(koru_scope_close(&brief), -ETIMEDOUT);
	++*cancelled;
	return 0;
}

TEST_WITH(cancelled_lookups_leave_the_others_alone, PATIENT)
{
	struct koru_scope all;
	int found = 0, cancelled = 0;
	koru_scope_open(&all, NULL);
	koru_go(&all, find_late_briefly, &cancelled); /* the one that asks */
	koru_go(&all, find_late, &found);
	koru_go(&all, find_late_briefly, &cancelled);
	assert_int_equal(koru_scope_close(&all), 0);
	assert_int_equal(found, 1);
	assert_int_equal(cancelled, 2);
	assert_int_equal(nameserver_asked(ns, "late.test", 0), 1);
	return 0;
}

TEST_WITH(a_lookup_that_all_have_left_is_kept, PATIENT)
{
	int cancelled = 0;
	find_late_briefly(&cancelled);
	koru_sleep(600 * KORU_MILLISECOND);
	assert_finds("late.test", AF_INET, "127.0.0.14");
	assert_int_equal(nameserver_asked(ns, "late.test", 0), 1);
	return 0;
}

TEST(cancelled_scopes_look_nothing_up)
{
	struct koru_scope scope;
	assert_finds("four.test", AF_INET, "127.0.0.9");
	koru_scope_open(&scope, NULL);
	koru_scope_cancel(&scope);
	assert_fails("four.test", AF_INET, -ECANCELED);
	assert_fails("127.0.0.1", AF_INET, -ECANCELED);
	assert_int_equal(koru_scope_close(&scope), -ECANCELED);
	return 0;
}

static int find_numbered(void *arg)
{
	char name[32];
	snprintf(name, sizeof(name), "n%d.test", *(int *)arg);
	assert_fails(name, AF_UNSPEC, -KORU_EHOST);
	return 0;
}

TEST(more_lookups_than_may_be_under_way)
{
	struct koru_scope all;
	int numbers[3 * KORU_DNS_INFLIGHT_MAX];
	koru_scope_open(&all, NULL);
	for (int i = 0; i < 3 * KORU_DNS_INFLIGHT_MAX; i++) {
		numbers[i] = i;
		koru_go(&all, find_numbered, &numbers[i]);
	}
	assert_int_equal(koru_scope_close(&all), 0);
	return 0;
}

/* The main task ends while a query is under way: koru_run must not wait for it. */
static int leave_early(void *arg)
{
	int cancelled = 0;
	(void)arg;
	return find_late_briefly(&cancelled);
}

static void queries_under_way_end_with_the_loop(void **state)
{
	(void)state;
	int fds = program_open_fds();
	run_with(leave_early, (struct koru_dns_opts){ .timeout = 60 * KORU_SECOND });
	assert_int_equal(program_open_fds(), fds);
}

TEST(numbers_and_localhost_are_not_asked_for)
{
	assert_finds("127.0.0.1", AF_UNSPEC, "127.0.0.1");
	assert_finds("::1", AF_UNSPEC, "::1");
	assert_fails("::1", AF_INET, -KORU_ENAME);
	assert_finds("localhost", AF_UNSPEC, "::1 127.0.0.1");
	assert_finds("LocalHost.", AF_INET, "127.0.0.1");
	assert_finds("deep.down.localhost", AF_INET6, "::1");
	assert_int_equal(nameserver_asked(ns, "localhost", 0), 0);
	assert_int_equal(nameserver_asked(ns, "deep.down.localhost", 0), 0);
	assert_fails("notlocalhost", AF_INET, -KORU_EHOST); /* no dot before it */
	return 0;
}

static char hosts_path[PROGRAM_PATH_MAX];

static int hosts_body(void *arg)
{
	(void)arg;
	assert_finds("four.test", AF_UNSPEC, "127.0.1.1 127.0.1.2");
	assert_finds("Nick", AF_INET, "127.0.1.1");
	assert_fails("nick.", AF_INET6,
	             -KORU_ENAME); /* the file knows it, without such an address */
	assert_int_equal(nameserver_asked(ns, "four.test", 0), 0);
	assert_int_equal(nameserver_asked(ns, "nick", 0), 0);
	program_write_file(hosts_path, "127.0.1.3 four.test\n");
	koru__fault_arm(KORU__FAULT_CLOCK, 0, 1000000, 2);
	assert_finds("four.test", AF_INET, "127.0.1.3"); /* a change is seen */
	koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
	return 0;
}

static void hosts_file_comes_first(void **state)
{
	(void)state;
	char dir[PROGRAM_PATH_MAX];
	program_tmpdir(dir);
	assert_true(snprintf(hosts_path, sizeof(hosts_path), "%.200s/hosts", dir) > 0);
	program_write_file(hosts_path, "# a comment\n"
	                               "127.0.1.1 four.test nick # four.test\n"
	                               "127.0.1.2\tfour.test\n"
	                               "127.0.1.4 other # four.test\n"
	                               "nonsense four.test\n");
	run_with(hosts_body, (struct koru_dns_opts){ .hosts_file = hosts_path });
	program_tmpdir_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_families),
		cmocka_unit_test(one_family),
		cmocka_unit_test(failures),
		cmocka_unit_test(truncated_answers_are_fetched_over_tcp),
		cmocka_unit_test(answers_hold_for_their_ttl),
		cmocka_unit_test(aliases_limit_the_ttl),
		cmocka_unit_test(ttl_has_a_ceiling),
		cmocka_unit_test(there_is_none_holds_briefly),
		cmocka_unit_test(full_cache_forgets_the_least_recently_used),
		cmocka_unit_test(simultaneous_lookups_share_one_query),
		cmocka_unit_test(a_silent_name_does_not_hold_up_others),
		cmocka_unit_test(cancelled_lookups_leave_the_others_alone),
		cmocka_unit_test(a_lookup_that_all_have_left_is_kept),
		cmocka_unit_test(cancelled_scopes_look_nothing_up),
		cmocka_unit_test(more_lookups_than_may_be_under_way),
		cmocka_unit_test(queries_under_way_end_with_the_loop),
		cmocka_unit_test(numbers_and_localhost_are_not_asked_for),
		cmocka_unit_test(hosts_file_comes_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
