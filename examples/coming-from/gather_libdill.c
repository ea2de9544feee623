/* SPDX-License-Identifier: MIT
 * libdill, its development version after 2.14 */
#include <errno.h>
#include <libdill.h>
#include <stdio.h>

enum { JOBS = 5 };

struct outcome {
	int job;
	int result; /* negative: it failed */
};

static coroutine void job(int i, int bad, int out)
{
	int rc = msleep(now() + (i + 1) * 20);
	if (rc < 0)
		return; /* cancelled: the bundle was closed */
	struct outcome o = { i, i == bad ? -EIO : i * i };
	chsend(out, &o, sizeof(o), -1);
}

static int gather(int bad, int timeout, int *results)
{
	int64_t deadline = now() + timeout;
	int ch[2];
	if (chmake(ch) < 0)
		return -errno;
	int rc = 0;
	int all = bundle();
	if (all < 0) {
		rc = -errno;
		goto out;
	}
	for (int i = 0; i < JOBS && rc == 0; i++)
		if (bundle_go(all, job(i, bad, ch[0])) < 0)
			rc = -errno;
	for (int n = 0; n < JOBS && rc == 0; n++) {
		struct outcome o;
		if (chrecv(ch[1], &o, sizeof(o), deadline) < 0)
			rc = -errno;
		else if (o.result < 0)
			rc = o.result;
		else
			results[o.job] = o.result;
	}
	hclose(all); /* cancels those that still run */
out:
	hclose(ch[0]);
	hclose(ch[1]);
	return rc;
}

static void show(int bad, int timeout)
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

int main(void)
{
	show(-1, 1000);
	show(2, 1000);
	show(-1, 50);
	return 0;
}
