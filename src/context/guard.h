/* SPDX-License-Identifier: MIT
 *
 * Guard pages: one page below a stack that no access gets past.
 *
 * MADV_GUARD_INSTALL (Linux 6.13) marks the page in the page tables and costs no mapping, so
 * there is no limit. Where the kernel lacks it, mprotect does the same but splits mappings,
 * of which a process may have vm.max_map_count. When those run out the call says so.
 */
#ifndef KORU_CONTEXT_GUARD_H
#define KORU_CONTEXT_GUARD_H

#include <stddef.h>

size_t koru__page_size(void);

/* Guards the page at `page`. Returns 0, -ENOMEM, or -KORU_EGUARD. Under the arena's lock. */
int koru__guard_install(void *page);

/* Decides anew at the next call: for tests, after arming a fault. */
void koru__guard_forget(void);

#endif
