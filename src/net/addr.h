/* SPDX-License-Identifier: MIT
 *
 * Socket addresses of the two IP families: read from text, written as text, and ranked for
 * RFC 6724. Looks nothing up.
 */
#ifndef KORU_NET_ADDR_H
#define KORU_NET_ADDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* An address and a port; 28 bytes rather than the 128 of a sockaddr_storage. */
union koru__addr {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

/* Room for the text of one, zero included: "[" address "%" interface "]:65535". */
#define KORU__ADDR_TEXT_MAX 80

/* The size of the variant in use, as bind(2) and connect(2) want it. */
socklen_t koru__addr_len(const union koru__addr *addr);

void koru__addr_set_port(union koru__addr *addr, uint16_t port);

/* An address of `family` from its 4 or 16 bytes in network order, port 0. */
void koru__addr_from_bytes(union koru__addr *ret_addr, int family, const void *bytes);

/* The loopback address of `family`, port 0. */
void koru__addr_loopback(union koru__addr *ret_addr, int family);

/* Reads a numeric address: dotted decimal with four parts, or IPv6 with or without
 * "%interface". False, and nothing written, for anything else. The port is 0. */
bool koru__addr_parse(union koru__addr *ret_addr, const char *text);

/* Writes "127.0.0.1:80" or "[::1]:80"; without the port when `port` is false. */
void koru__addr_format(const union koru__addr *addr, bool port, char ret_text[KORU__ADDR_TEXT_MAX]);

/* How good a destination is for this machine: a larger rank is tried earlier (RFC 6724
 * section 6). `source` is the address from which this machine would reach it; NULL: it has
 * none. */
uint32_t koru__addr_rank(const union koru__addr *dest, const union koru__addr *source);

/* The address from which the kernel would reach `dest`. False when there is no route. */
bool koru__addr_source(const union koru__addr *dest, union koru__addr *ret_source);

#endif
