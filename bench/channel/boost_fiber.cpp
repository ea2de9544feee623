/* SPDX-License-Identifier: MIT
 * One fiber sends numbers through a channel to another, on one thread, or from a thread of its own.
 * Boost's buffered channel holds one value less than its size, which is a power of two. */
#include "lib/bench.h"

#include <boost/fiber/all.hpp>
#include <thread>

template <class Channel> static void pass(Channel &ch, long messages, long loops)
{
	auto send = [&] {
		for (long i = 0; i < messages + messages / 10; i++)
			ch.push(i);
	};
	std::thread thread;
	boost::fibers::fiber fiber;
	if (loops > 1)
		thread = std::thread([&] { boost::fibers::fiber(send).join(); });
	else
		fiber = boost::fibers::fiber(send);
	long n = 0;
	for (long i = 0; i < messages / 10; i++)
		ch.pop(n);
	int64_t started = bench_now();
	for (long i = 0; i < messages; i++)
		ch.pop(n);
	int64_t ended = bench_now();
	bench_require(n == messages + messages / 10 - 1, "order");
	if (loops > 1)
		thread.join();
	else
		fiber.join();
	bench_print("message", (double)(ended - started) / (double)messages, "ns");
}

int main(int argc, char **argv)
{
	long messages = bench_arg(argc, argv, "messages");
	long loops = bench_arg(argc, argv, "processors");
	long capacity = bench_arg(argc, argv, "capacity1") - 1;
	if (capacity == 0) {
		boost::fibers::unbuffered_channel<long> ch;
		pass(ch, messages, loops);
	} else {
		boost::fibers::buffered_channel<long> ch((size_t)capacity);
		pass(ch, messages, loops);
	}
	return 0;
}
