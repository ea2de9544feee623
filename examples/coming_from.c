/* SPDX-License-Identifier: MIT
 * Fans out jobs with a deadline; the first error cancels the rest; results are gathered. The same
 * program in other languages: examples/coming-from/ and docs/coming-from.md. */
#include <koru/koru.h>

#include <errno.h>
#include <stdio.h>

enum { JOBS = 5 };

KORU_TASK(job, (int, i), (int, bad), (int *, ret_result))
{
	int rc = koru_sleep((i + 1) * 20 * KORU_MILLISECOND);
	if (rc < 0)
		return rc;
	if (i == bad)
		return -EIO;
	*ret_result = i * i;
	return 0;
}

static int gather(int bad, int64_t timeout, int *results)
{
	struct koru_scope all;
	koru_scope_open(&all, &(struct koru_scope_opts){ .timeout = timeout });
	for (int i = 0; i < JOBS; i++)
		job_go(&all, i, bad, &results[i]);
	return koru_scope_close(&all);
}

static void show(int bad, int64_t timeout)
{
	int results[JOBS];
	int rc = gather(bad, timeout, results);
	if (rc == -ETIMEDOUT) {
		printf("timed out\n");
	} else if (rc < 0) {
		printf("a job failed\n");
	} else {
		for (int i = 0; i < JOBS; i++)
			printf("%d%c", results[i], i < JOBS - 1 ? ' ' : '\n');
	}
}

static int app(void *arg)
{
	(void)arg;
	show(-1, KORU_SECOND);
	show(2, KORU_SECOND);
	show(-1, 50 * KORU_MILLISECOND);
	return 0;
}

int main(void)
{
	return koru_run(app, NULL, NULL) < 0;
}
