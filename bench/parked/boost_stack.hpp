// SPDX-License-Identifier: MIT
//
// What the two Boost programs share: Boost's allocator of guarded stacks, and the detection
// of the moment at which no further guard is to be had. Boost itself looks at mprotect's
// result only in an assertion, and goes on without a guard where assertions are off.
#ifndef BENCH_PARKED_BOOST_STACK_HPP
#define BENCH_PARKED_BOOST_STACK_HPP

// Has every assertion of Boost call assertion_failed below, with NDEBUG too. Before any
// header of Boost.
#define BOOST_ENABLE_ASSERT_HANDLER

#include <unistd.h>

#include <exception>

#include "lib/memory.h"

static long boost_started;

namespace boost {
inline void assertion_failed(char const *, char const *, char const *, long)
{
	bench_print("stopped", (double)boost_started, "tasks");
	_exit(0);
}
inline void assertion_failed_msg(char const *, char const *, char const *, char const *, long)
{
	assertion_failed("", "", "", 0);
}
} // namespace boost

// Runs `start_all`; a stack that cannot be had at all ends it like one without a guard.
template <typename Fn> static void boost_run(Fn start_all)
{
	try {
		start_all();
	} catch (const std::exception &) {
		boost::assertion_failed("", "", "", 0);
	}
}

#endif
