/* SPDX-License-Identifier: MIT
 *
 * The hosts file (hosts(5)): names that need no server. Reads the file line by line, each
 * time anew, and keeps nothing.
 */
#ifndef KORU_NET_HOSTS_H
#define KORU_NET_HOSTS_H

#include "net/addr.h"

/* Looks for `name` on one line, zero-terminated, without its newline. True when the line
 * names it, and then its address. Pure. */
bool koru__hosts_match(const char *line, const char *name, union koru__addr *ret_addr);

/* The addresses of `family` that the file at `path` gives for `name`, at most `max`, in the
 * order of the file. Returns how many; 0 too when it has only some of another family, and
 * -ENOENT when it does not know the name at all or cannot be read. */
int koru__hosts_find(const char *path, const char *name, int family, union koru__addr *ret_addrs,
                     int max);

#endif
