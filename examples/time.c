/* SPDX-License-Identifier: MIT
 *
 * Sleeping, deadlines and intervals: a sensor is read every ten milliseconds, however long a
 * reading takes, and what has been read is written down now and then.
 */
#include <koru/koru.h>

#include <stdio.h>

struct log {
	int readings; /* since it was last written */
	int written;
};

/* Takes a while, and once longer than a period. */
static int read_sensor(int number)
{
	return koru_sleep(number == 3 ? 25 * KORU_MILLISECOND : KORU_MILLISECOND);
}

static int sample(void *arg)
{
	struct log *log = arg;
	struct koru_interval every;
	int rc = koru_interval_init(&every, 10 * KORU_MILLISECOND, NULL);
	if (rc < 0)
		return rc;
	for (int number = 1; number <= 6; number++) {
		uint64_t missed;
		rc = koru_interval_next(&every, &missed);
		if (rc < 0)
			return rc;
		rc = read_sensor(number);
		if (rc < 0)
			return rc;
		log->readings++;
	}
	return 0;
}

/* In no hurry: it may as well be done when something else is. */
static int write_down(void *arg)
{
	struct log *log = arg;
	for (;;) {
		int rc = koru_sleep_slack(30 * KORU_MILLISECOND, 20 * KORU_MILLISECOND);
		if (rc < 0)
			return rc;
		log->written++;
		log->readings = 0;
	}
}

/* Something that would take an hour, given a deadline. */
static void give_up(void)
{
	struct koru_scope scope;
	const struct koru_scope_opts opts = { .timeout = 5 * KORU_MILLISECOND };
	koru_scope_open(&scope, &opts);
	int rc = koru_sleep(KORU_HOUR);
	printf("the sleep: %s\n", koru_strerror(rc));
	printf("the scope: %s\n", koru_strerror(koru_scope_close(&scope)));
}

static int app(void *arg)
{
	(void)arg;
	struct log log = { 0, 0 };
	int64_t start = koru_now();

	struct koru_scope samples;
	koru_scope_open(&samples, NULL);
	koru_go(NULL, write_down, &log); /* detached: ends with the program */
	koru_go(&samples, sample, &log);
	int rc = koru_scope_close(&samples);
	if (rc < 0)
		return rc;

	/* The third reading takes until 55 ms. So the tick of 40 ms is answered late, that of 50 is
	 * left out, and the last is that of 70. */
	bool in_time = koru_now() - start >= 70 * KORU_MILLISECOND;
	printf("six readings: %s\n", in_time ? "none too early" : "too early");
	printf("written down: %s\n", log.written > 0 ? "yes" : "no");
	give_up();
	return 0;
}

int main(void)
{
	return koru_run(app, NULL, NULL) < 0;
}
