/* SPDX-License-Identifier: MIT
 * Scopes: what happens to the others when one task fails, or wins, or time runs out; and cleaning
 * up. The chapter is docs/guide/scopes.md. */
#include <koru/koru.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct job {
	const char *name;
	int64_t takes; /* nanoseconds */
	int result;
};

static int work(void *arg)
{
	const struct job *job = arg;
	int rc = koru_sleep(job->takes);
	if (rc < 0) {
		printf("  %s: %s\n", job->name, koru_strerror(rc));
		return rc;
	}
	printf("  %s: %s\n", job->name, job->result < 0 ? "failed" : "done");
	return job->result;
}

static struct job jobs[] = {
	{ "quick", 5 * KORU_MILLISECOND, 1 },
	{ "broken", 60 * KORU_MILLISECOND, -EIO },
	{ "slow", 200 * KORU_MILLISECOND, 3 },
};

/* Three jobs in a scope with these options; what closing it returned. */
static int run_jobs(const char *title, const struct koru_scope_opts *opts)
{
	struct koru_scope scope;
	printf("%s\n", title);
	koru_scope_open(&scope, opts);
	for (size_t i = 0; i < sizeof(jobs) / sizeof(jobs[0]); i++)
		koru_go(&scope, work, &jobs[i]);
	int rc = koru_scope_close(&scope);
	printf("  -> %d (%s)\n", rc, rc < 0 ? koru_strerror(rc) : "fine");
	return rc;
}

static int say_goodbye(void *arg)
{
	const char *name = arg;
	int rc = koru_sleep(KORU_MILLISECOND); /* may wait, although the scope is cancelled */
	printf("  goodbye, %s (%s)\n", name, rc == 0 ? "unhurried" : "in a hurry");
	return 0;
}

static void clean_up(void)
{
	static char bob[] = "Bob";
	struct koru_scope scope;
	struct koru_defer first, second;
	printf("clean-up\n");
	koru_scope_open(&scope, &(struct koru_scope_opts){ .timeout = 30 * KORU_MILLISECOND });
	char *ann = koru_scope_alloc(&scope, 4); /* freed after the clean-up */
	if (ann) {
		memcpy(ann, "Ann", 4);
		koru_defer(&scope, &first, say_goodbye, ann);
	}
	koru_defer(&scope, &second, say_goodbye, bob);
	koru_go(&scope, work, &jobs[2]);
	int rc = koru_scope_close(&scope);
	printf("  -> %s\n", koru_strerror(rc));
}

static int app(void *arg)
{
	(void)arg;
	run_jobs("the first error cancels the others", NULL);

	struct koru_scope_error errors[4];
	run_jobs("all go on, and errors are collected",
	         &(struct koru_scope_opts){
	                 .policy = KORU_SCOPE_COLLECT, .errors = errors, .errors_max = 4 });
	printf("  %s returned %s\n", errors[0].task, koru_strerror(errors[0].result));

	run_jobs("the first to succeed wins",
	         &(struct koru_scope_opts){ .policy = KORU_SCOPE_RACE });

	run_jobs("thirty milliseconds for all of it",
	         &(struct koru_scope_opts){ .timeout = 30 * KORU_MILLISECOND });

	clean_up();
	return 0;
}

int main(void)
{
	return koru_run(app, NULL, NULL) < 0;
}
