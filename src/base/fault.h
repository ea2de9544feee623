/* SPDX-License-Identifier: MIT
 *
 * Faults on demand: the one switch through which a test makes the environment fail.
 *
 * Every allocation, clock reading, random number and system call of koru passes through
 * base/, and each asks here first. In a program that arms nothing the question is one
 * load and one branch. It is compiled into every build, so what is tested is what runs.
 */
#ifndef KORU_BASE_FAULT_H
#define KORU_BASE_FAULT_H

#include "base/macro.h"

enum koru__fault_point {
	KORU__FAULT_NONE = 0,
	KORU__FAULT_ALLOC,    /* memory from the allocator */
	KORU__FAULT_CLOCK,    /* readings jump forward by `error` seconds */
	KORU__FAULT_RANDOM,   /* the kernel's random numbers; falls back to the clock */
	KORU__FAULT_MMAP,     /* reserving an arena */
	KORU__FAULT_GUARD,    /* MADV_GUARD_INSTALL */
	KORU__FAULT_MPROTECT, /* the guard's fallback */
	KORU__FAULT_MADVISE,  /* other advice */
	KORU__FAULT_URING,    /* io_uring_setup and what belongs to it */
	KORU__FAULT_EPOLL,    /* epoll_create1, epoll_ctl */
	KORU__FAULT_EVENTFD,
	KORU__FAULT_THREAD, /* pthread_create */
	KORU__FAULT_SIGALTSTACK,
	KORU__FAULT_SOCKET,
	KORU__FAULT_IO, /* read, write, recv, send, accept, connect */
	KORU__FAULT_MAX,
};

/* Lets the next `skip` passages of `point` succeed, the `count` after them fail with
 * `error` (positive errno), and those after that succeed again. One plan at a time: a new
 * one replaces it, KORU__FAULT_NONE disarms. Any thread; the plan holds for all. */
void koru__fault_arm(enum koru__fault_point point, unsigned skip, unsigned count, int error);

/* How many passages the armed plan has failed so far: a test asserts that its fault was
 * really met. */
unsigned koru__fault_hits(void);

extern int koru__fault_armed; /* the armed point; read without order, it is only a hint */
int koru__fault_slow(enum koru__fault_point point);

/* The errno with which `point` shall fail now, or 0 to go on. */
static inline int koru__fault(enum koru__fault_point point)
{
	if (koru__likely(__atomic_load_n(&koru__fault_armed, __ATOMIC_RELAXED) != (int)point))
		return 0;
	return koru__fault_slow(point);
}

#endif
