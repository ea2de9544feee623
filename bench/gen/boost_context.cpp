// SPDX-License-Identifier: MIT
// A bare Boost.Context fiber as a generator: a resume for each value, which lies in a variable.
// See values.h.
#include <boost/context/fiber.hpp>

#include "gen/values.h"

namespace ctx = boost::context;

static ctx::fiber gen;
static uint64_t value;

static ctx::fiber count_up(ctx::fiber &&caller)
{
	for (uint64_t i = 0;; i++) {
		value = i;
		caller = std::move(caller).resume();
	}
}

static uint64_t take(long count)
{
	uint64_t sum = 0;
	for (long i = 0; i < count; i++) {
		gen = std::move(gen).resume();
		sum += value;
	}
	return sum;
}

int main(int argc, char **argv)
{
	gen = ctx::fiber(count_up);
	values_run(argc, argv, take);
}
