/* SPDX-License-Identifier: MIT
 * Skynet in koru: a scope for the children of each task. With several loops the tasks may run on
 * any of them; each writes to what its parent has on its stack. See skynet.h. */
#include <koru/koru.h>

#include "skynet/skynet.h"

static enum koru_place place;

static int node(void *arg)
{
	struct skynet *self = arg;
	if (self->leaves == 1) {
		self->sum = self->first;
		return 0;
	}
	struct skynet children[SKYNET_CHILDREN];
	struct koru_scope all;
	koru_scope_open(&all, NULL);
	for (int i = 0; i < SKYNET_CHILDREN; i++) {
		children[i] = skynet_child(self, i);
		koru_go_on(&all, place, node, &children[i]);
	}
	int rc = koru_scope_close(&all);
	for (int i = 0; i < SKYNET_CHILDREN; i++)
		self->sum += children[i].sum;
	return rc;
}

static void grow(struct skynet *top)
{
	bench_require(node(top) == 0, "koru_scope_close");
}

struct arguments {
	int argc;
	char **argv;
};

static int run(void *arg)
{
	struct arguments *arguments = arg;
	skynet_run(arguments->argc, arguments->argv, grow);
	return 0;
}

int main(int argc, char **argv)
{
	struct arguments arguments = { argc, argv };
	struct koru_run_opts opts = { .loops = (int)bench_arg(argc, argv, "processors") };
	place = opts.loops > 1 ? KORU_ANY_LOOP : KORU_HERE;
	bench_require(koru_run(run, &arguments, &opts) == 0, "koru_run");
	return 0;
}
