// SPDX-License-Identifier: MIT
// A ring of bare Boost.Context fibers, each resuming the next one itself: no scheduler, no
// run queue, no cancellation. It shows what a switch through a function costs; the others
// do more. See ring.h.
#include <boost/context/fiber.hpp>
#include <vector>

namespace ctx = boost::context;

static std::vector<ctx::fiber> fibers; // what to resume to get there; empty while it runs
static ctx::fiber main_fiber;

struct ring_member;
static void pass_on(struct ring_member *member);

#define RING_YIELD(member)  pass_on(member)
#define RING_RESULT         void
#define RING_RETURN(member) (void)0
#include "yield/ring.h"

// In a ring whoever resumes a fiber is the one before it.
static inline void came_from(struct ring_member *member, ctx::fiber &&from)
{
	long before = member->index == 0 ? member->ring->tasks - 1 : member->index - 1;
	if (from)
		fibers[before] = std::move(from);
}

static inline void pass_on(struct ring_member *member)
{
	long next = member->index + 1 == member->ring->tasks ? 0 : member->index + 1;
	came_from(member, std::move(fibers[next]).resume());
}

// Runs a task function; when it has ended, the next fiber goes on, and main after the last.
static ctx::fiber run(struct ring_member *member, ctx::fiber &&from)
{
	if (member->index == 0)
		main_fiber = std::move(from);
	else
		came_from(member, std::move(from));
	RING_TASK_OF(member->ring, member->index)(member);
	if (member->index + 1 == member->ring->tasks)
		return std::move(main_fiber);
	return std::move(fibers[member->index + 1]);
}

int main(int argc, char **argv)
{
	struct ring ring;
	struct ring_member *members = ring_make(&ring, argc, argv);
	fibers.resize(ring.tasks);
	for (long i = 0; i < ring.tasks; i++)
		fibers[i] = ctx::fiber([members, i](ctx::fiber &&from) {
			return run(&members[i], std::move(from));
		});
	std::move(fibers[0]).resume();
	ring_print(&ring);
	free(members);
}
