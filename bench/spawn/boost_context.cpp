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

static long parts;

static ctx::fiber task(ctx::fiber &&from)
{
	if (parts == 2)
		from = std::move(from).resume();
	return std::move(from);
}

static void batch(long at_once)
{
	for (long i = 0; i < at_once; i++)
		fibers[i] = ctx::fiber(std::allocator_arg, stacks, task);
	if (parts == 2)
		for (long i = 0; i < at_once; i++)
			fibers[i] = std::move(fibers[i]).resume();
	for (long i = 0; i < at_once; i++)
		bench_require(!std::move(fibers[i]).resume(), "the fiber has not ended");
}

int main(int argc, char **argv)
{
	parts = bench_arg(argc, argv, "parts");
	fibers.resize(bench_arg(argc, argv, "at_once"));
	batch_run(argc, argv, batch);
}
