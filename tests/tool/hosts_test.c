/* SPDX-License-Identifier: MIT
 * The limit on what is asked of one host: tool/hosts.h. */
#include "support/cmocka.h"

#include "base/fault.h"
#include "hosts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct job *make(const char *url)
{
	struct job *job = job_new(url, strlen(url));
	assert_non_null(job);
	return job;
}

static void leave(struct hosts *hosts, struct job *job, struct job *next)
{
	assert_ptr_equal(hosts_leave(hosts, job), next);
	job_free(job);
}

static void one_host(void **state)
{
	(void)state;
	struct hosts hosts;
	hosts_init(&hosts, 2);
	struct job *jobs[5];
	for (int i = 0; i < 5; i++) {
		jobs[i] = make("http://a/x");
		assert_int_equal(hosts_enter(&hosts, jobs[i]), i < 2 ? 1 : 0);
	}
	assert_int_equal(hosts.waiting, 3);
	leave(&hosts, jobs[1], jobs[2]); /* first come, first served */
	leave(&hosts, jobs[0], jobs[3]);
	leave(&hosts, jobs[2], jobs[4]);
	assert_int_equal(hosts.waiting, 0);
	leave(&hosts, jobs[4], NULL);
	assert_int_equal(hosts.count, 1);
	leave(&hosts, jobs[3], NULL);
	assert_int_equal(hosts.count, 0); /* a host that is not busy is forgotten */
	hosts_done(&hosts);
}

/* What counts is host and port, not the rest of the URL and not the case. */
static void what_a_host_is(void **state)
{
	(void)state;
	struct hosts hosts;
	hosts_init(&hosts, 1);
	static const struct {
		const char *url;
		int starts;
	} rows[] = {
		{ "http://a/", 1 },     { "http://A/other?x", 0 }, { "http://me:pw@a#f", 0 },
		{ "http://a:81/", 1 },  { "http://b/a", 1 },       { "http://[::1]/", 1 },
		{ "http://[::1]?", 0 }, { "not a url", 1 },
	};
	struct job *jobs[sizeof(rows) / sizeof(rows[0])];
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		jobs[i] = make(rows[i].url);
		assert_int_equal(hosts_enter(&hosts, jobs[i]), rows[i].starts);
	}
	assert_int_equal(hosts.waiting, 3);
	for (size_t i = 0; i < 3; i++) {
		struct job *job = hosts_take(&hosts);
		assert_non_null(job);
		job_free(job);
	}
	assert_null(hosts_take(&hosts));
	hosts_done(&hosts); /* the jobs that had started are the caller's */
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].starts)
			job_free(jobs[i]);
}

static void many_hosts(void **state)
{
	(void)state;
	enum { HOSTS = 1000 };
	struct hosts hosts;
	hosts_init(&hosts, 1);
	static struct job *first[HOSTS];
	static struct job *second[HOSTS];
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < HOSTS; i++) {
			char url[64];
			(void)snprintf(url, sizeof(url), "http://h%d/", i);
			struct job *job = make(url);
			*(round ? &second[i] : &first[i]) = job;
			assert_int_equal(hosts_enter(&hosts, job), round ? 0 : 1);
		}
	assert_int_equal(hosts.count, HOSTS);
	for (int i = 0; i < HOSTS; i++)
		leave(&hosts, first[i], second[i]);
	for (int i = 0; i < HOSTS; i++)
		leave(&hosts, second[i], NULL);
	assert_int_equal(hosts.count, 0);
	hosts_done(&hosts);
}

static void no_memory(void **state)
{
	(void)state;
	struct hosts hosts;
	hosts_init(&hosts, 1);
	struct job *job = make("http://a/");
	for (unsigned skip = 0; skip < 2; skip++) { /* the table, then the host */
		koru__fault_arm(KORU__FAULT_ALLOC, skip, 1, ENOMEM);
		assert_int_equal(hosts_enter(&hosts, job), -ENOMEM);
		assert_int_equal(koru__fault_hits(), 1);
		koru__fault_arm(KORU__FAULT_NONE, 0, 0, 0);
		hosts_done(&hosts);
	}
	assert_int_equal(hosts_enter(&hosts, job), 1);
	leave(&hosts, job, NULL);
	hosts_done(&hosts);
}

static void zero_bytes_in_urls(void **state)
{
	(void)state;
	struct job *job = job_new("http://a/\0b", 11);
	assert_non_null(job);
	assert_non_null(job->bad);
	job_free(job);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_host),           cmocka_unit_test(what_a_host_is),
		cmocka_unit_test(many_hosts),         cmocka_unit_test(no_memory),
		cmocka_unit_test(zero_bytes_in_urls),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
