// SPDX-License-Identifier: MIT
// The memory of Boost.Fiber fibers on guarded stacks that have started and wait on a
// condition variable.
#include "parked/boost_stack.hpp"

#include <boost/fiber/all.hpp>

namespace fib = boost::fibers;

static fib::mutex mutex;
static fib::condition_variable never;

static BENCH_NOINLINE void park()
{
	std::unique_lock<fib::mutex> lock(mutex);
	boost_started++;
	never.wait(lock);
}

int main(int argc, char **argv)
{
	long tasks = bench_arg(argc, argv, "tasks");
	fib::protected_fixedsize_stack stacks(bench_arg(argc, argv, "stack"));
	bench_memory before = bench_memory_now();
	boost_run([&] {
		for (long i = 0; i < tasks; i++) {
			fib::fiber(std::allocator_arg, stacks, [] { park(); }).detach();
			boost::this_fiber::yield();
		}
	});
	while (boost_started < tasks)
		boost::this_fiber::yield();
	bench_memory_print(before, tasks);
	_exit(0);
}
