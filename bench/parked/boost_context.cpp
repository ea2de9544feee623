// SPDX-License-Identifier: MIT
// The memory of Boost.Context fibers on guarded stacks that have started and left again.
#include "parked/boost_stack.hpp"

#include <boost/context/fiber.hpp>
#include <boost/context/protected_fixedsize_stack.hpp>
#include <vector>

namespace ctx = boost::context;

static BENCH_NOINLINE ctx::fiber park(ctx::fiber &&from)
{
	boost_started++;
	return std::move(from).resume();
}

int main(int argc, char **argv)
{
	long tasks = bench_arg(argc, argv, "tasks");
	ctx::protected_fixedsize_stack stacks(bench_arg(argc, argv, "stack"));
	bench_memory before = bench_memory_now();
	std::vector<ctx::fiber> fibers;
	fibers.reserve(tasks);
	boost_run([&] {
		for (long i = 0; i < tasks; i++) {
			ctx::fiber fiber(std::allocator_arg, stacks,
			                 [](ctx::fiber &&from) { return park(std::move(from)); });
			fibers.push_back(std::move(fiber).resume());
		}
	});
	bench_memory_print(before, tasks);
	_exit(0);
}
