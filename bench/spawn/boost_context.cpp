// SPDX-License-Identifier: MIT
// Makes, enters and leaves bare Boost.Context fibers on pooled stacks without guards: there
// is no scheduler, so "join" is the resume that runs the fiber to its end. See batch.h.
#include <boost/context/fiber.hpp>
#include <boost/context/pooled_fixedsize_stack.hpp>
#include <vector>

#include "spawn/batch.h"

namespace ctx = boost::context;

static ctx::pooled_fixedsize_stack stacks;
static std::vector<ctx::fiber> fibers;

static void batch(long at_once)
{
	for (long i = 0; i < at_once; i++)
		fibers[i] = ctx::fiber(std::allocator_arg, stacks,
		                       [](ctx::fiber &&from) { return std::move(from); });
	for (long i = 0; i < at_once; i++)
		bench_require(!std::move(fibers[i]).resume(), "the fiber has not ended");
}

int main(int argc, char **argv)
{
	fibers.resize(bench_arg(argc, argv, "at_once"));
	batch_run(argc, argv, batch);
}
