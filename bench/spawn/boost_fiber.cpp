// SPDX-License-Identifier: MIT
// Starts and joins empty Boost.Fiber fibers on pooled stacks without guards, its fastest
// allocator. See batch.h.
#include <boost/fiber/all.hpp>
#include <vector>

#include "spawn/batch.h"

static boost::fibers::pooled_fixedsize_stack stacks;
static std::vector<boost::fibers::fiber> fibers;

static long parts;

static void task()
{
	if (parts == 2)
		boost::this_fiber::yield();
}

static void batch(long at_once)
{
	for (long i = 0; i < at_once; i++)
		fibers[i] = boost::fibers::fiber(std::allocator_arg, stacks, task);
	for (long i = 0; i < at_once; i++)
		fibers[i].join();
}

int main(int argc, char **argv)
{
	parts = bench_arg(argc, argv, "parts");
	fibers.resize(bench_arg(argc, argv, "at_once"));
	batch_run(argc, argv, batch);
}
