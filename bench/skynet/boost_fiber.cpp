// SPDX-License-Identifier: MIT
// Skynet in Boost.Fiber: fibers on pooled stacks without guards, its fastest allocator, joined by
// their parent. On one processor only. See skynet.h.
#include <boost/fiber/all.hpp>

#include "skynet/skynet.h"

static boost::fibers::pooled_fixedsize_stack stacks;

static void node(struct skynet *self)
{
	if (self->leaves == 1) {
		self->sum = self->first;
		return;
	}
	struct skynet children[SKYNET_CHILDREN];
	boost::fibers::fiber fibers[SKYNET_CHILDREN];
	for (int i = 0; i < SKYNET_CHILDREN; i++) {
		children[i] = skynet_child(self, i);
		fibers[i] = boost::fibers::fiber(std::allocator_arg, stacks, node, &children[i]);
	}
	for (int i = 0; i < SKYNET_CHILDREN; i++) {
		fibers[i].join();
		self->sum += children[i].sum;
	}
}

int main(int argc, char **argv)
{
	if (bench_arg(argc, argv, "processors") > 1)
		return 77;
	skynet_run(argc, argv, node);
}
