/* SPDX-License-Identifier: MIT
 *
 * All of libkoru-net's public headers: names, streams, TLS.
 */
#ifndef KORU_NET_H
#define KORU_NET_H

#include <koru/dns.h>
#include <koru/stream.h>
#include <koru/tls.h>

#endif
