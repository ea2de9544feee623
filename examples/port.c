/* SPDX-License-Identifier: MIT
 *
 * A port: a library has a thread of its own, knows nothing of koru and calls back from there. What
 * it reports becomes tasks of the loop that owns the data.
 */
#define _POSIX_C_SOURCE 200809L /* nanosleep */
#include <koru/koru.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Such a library: it measures ten times and then says that it is done. */
struct sensor {
	void (*on_value)(void *user, int value); /* negative: it was the last */
	void *user;
};

static void *sensor_main(void *arg)
{
	const struct sensor *sensor = arg;
	for (int i = 1; i <= 10; i++) {
		nanosleep(&(struct timespec){ .tv_nsec = 500000 }, NULL);
		sensor->on_value(sensor->user, i * i);
	}
	sensor->on_value(sensor->user, -1);
	return NULL;
}

/* Ours. It belongs to one loop, so it has no lock. */
static struct {
	int count;
	int sum;
	struct koru_event done;
} readings;

static int add_value(void *arg)
{
	int *value = arg;
	if (*value < 0) {
		koru_event_set(&readings.done);
	} else {
		readings.count++;
		readings.sum += *value;
	}
	free(value);
	return 0;
}

/* On the sensor's thread. */
static void on_value(void *user, int value)
{
	struct koru_port *port = user;
	int *copy = malloc(sizeof(*copy));
	if (!copy)
		return;
	*copy = value;
	/* The loop may have ended: then nobody wants it any more. */
	if (koru_post(port, add_value, copy) < 0)
		free(copy);
}

/* Leaves the port to main. */
static int app(void *arg)
{
	struct koru_port **ret_port = arg;
	struct koru_port *port;
	pthread_t thread;
	int rc = koru_port_new(&port);
	if (rc < 0)
		return rc;
	struct sensor sensor = { on_value, port };
	if (pthread_create(&thread, NULL, sensor_main, &sensor) != 0) {
		koru_port_unref(port);
		return -1;
	}
	rc = koru_event_wait(&readings.done);
	printf("%d values, %d in all\n", readings.count, readings.sum);
	pthread_join(thread, NULL); /* it has said its last: this does not hold the loop up */
	*ret_port = port;
	return rc;
}

int main(void)
{
	struct koru_port *port = NULL;
	int rc = koru_run(app, &port, NULL);
	if (port)
		printf("afterwards: %s\n", koru_strerror(koru_post(port, add_value, NULL)));
	koru_port_unref(port);
	return rc < 0;
}
