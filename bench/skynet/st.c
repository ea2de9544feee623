/* SPDX-License-Identifier: MIT
 * Skynet in State Threads, joined by their parent. On one processor only. See skynet.h. */
#include <st.h>

#include "skynet/skynet.h"

static void *node(void *arg)
{
	struct skynet *self = arg;
	if (self->leaves == 1) {
		self->sum = self->first;
		return NULL;
	}
	struct skynet children[SKYNET_CHILDREN];
	st_thread_t threads[SKYNET_CHILDREN];
	for (int i = 0; i < SKYNET_CHILDREN; i++) {
		children[i] = skynet_child(self, i);
		threads[i] = st_thread_create(node, &children[i], 1, 0);
		bench_require(threads[i] != NULL, "st_thread_create");
	}
	for (int i = 0; i < SKYNET_CHILDREN; i++) {
		bench_require(st_thread_join(threads[i], NULL) == 0, "st_thread_join");
		self->sum += children[i].sum;
	}
	return NULL;
}

static void grow(struct skynet *top)
{
	node(top);
}

int main(int argc, char **argv)
{
	if (bench_arg(argc, argv, "processors") > 1)
		return 77;
	bench_require(st_init() == 0, "st_init");
	skynet_run(argc, argv, grow);
	return 0;
}
