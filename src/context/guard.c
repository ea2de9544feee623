/* SPDX-License-Identifier: MIT
 * Guard pages. See guard.h. */
#include "context/guard.h"

#include "base/fault.h"
#include "base/macro.h"
#include "koru/error.h"
#include "koru/run.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102 /* not in the headers of Debian 12 */
#endif

size_t koru__page_size(void)
{
	static size_t size; /* the same whoever writes it */
	if (koru__unlikely(!size))
		size = (size_t)sysconf(_SC_PAGESIZE);
	return size;
}

static enum { UNDECIDED, MADVISE, MPROTECT } means;

static int by_madvise(void *page)
{
	int fault = koru__fault(KORU__FAULT_GUARD);
	if (fault)
		return -fault;
	return madvise(page, koru__page_size(), MADV_GUARD_INSTALL) == 0 ? 0 : -errno;
}

static int by_mprotect(void *page)
{
	int fault = koru__fault(KORU__FAULT_MPROTECT);
	if (fault || mprotect(page, koru__page_size(), PROT_NONE) != 0)
		return -KORU_EGUARD;
	return 0;
}

/* Whether the page really is out of reach: an emulator may accept advice and ignore it. Asks
 * the kernel to look at a futex there, which waits for nothing as the page is zero. (Valgrind
 * and qemu pass the address of a futex on without reading it themselves.) */
static bool is_guarded(void *page)
{
	const struct timespec at_once = { 0, 0 };
	return syscall(SYS_futex, page, FUTEX_WAIT_PRIVATE, 1, &at_once) != 0 && errno == EFAULT;
}

int koru__guard_install(void *page)
{
	if (means == UNDECIDED) {
		int rc = by_madvise(page);
		if (rc == -ENOMEM || rc == -EAGAIN)
			return -ENOMEM; /* says nothing about what the kernel knows */
		means = rc == 0 && is_guarded(page) ? MADVISE : MPROTECT;
		if (means == MADVISE)
			return 0;
	}
	if (means == MPROTECT)
		return by_mprotect(page);
	return by_madvise(page) == 0 ? 0 : -ENOMEM;
}

const char *koru_guard_name(void)
{
	return means == MADVISE ? "madvise" : means == MPROTECT ? "mprotect" : "none yet";
}

void koru__guard_forget(void)
{
	means = UNDECIDED;
}
