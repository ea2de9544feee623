// SPDX-License-Identifier: MIT
// A ring of Boost.Fiber fibers on the default round-robin scheduler, each calling
// this_fiber::yield. See ring.h.
#include <boost/fiber/all.hpp>
#include <vector>

#define RING_YIELD(member)  boost::this_fiber::yield()
#define RING_RESULT         void
#define RING_RETURN(member) (void)0
#include "yield/ring.h"

int main(int argc, char **argv)
{
	struct ring ring;
	struct ring_member *members = ring_make(&ring, argc, argv);
	std::vector<boost::fibers::fiber> fibers;
	for (long i = 0; i < ring.tasks; i++)
		fibers.emplace_back(RING_TASK_OF(&ring, i), &members[i]);
	for (auto &fiber : fibers)
		fiber.join();
	ring_print(&ring);
	free(members);
}
