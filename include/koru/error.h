/* SPDX-License-Identifier: MIT
 *
 * What a call of koru may answer.
 *
 * Every call returns 0 or a count when it worked, and a negative number when it
 * did not: the negative of an errno value where errno has a word for the cause
 * (-ECANCELED, -ECONNREFUSED), otherwise the negative of one of the codes below
 * (-KORU_EHOST). The global `errno` is neither read nor written for this: it
 * belongs to the thread, and a compiler may keep its address across a
 * suspension.
 */
#ifndef KORU_ERROR_H
#define KORU_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

/* The one table: name, number, text. The numbers lie above every errno the
 * kernel can return (it stops at 4095), so that one int carries both. */
#define KORU_ERROR_MAP(X)                                                                          \
	/* stacks */                                                                               \
	X(EGUARD, 10001, "no guard page could be had for another stack (see vm.max_map_count)")    \
	/* streams */                                                                              \
	X(EEOF, 10010, "the peer closed the connection before the data was complete")              \
	X(ELIMIT, 10011, "a limit set by the caller was reached")                                  \
	/* names */                                                                                \
	X(EHOST, 10020, "unknown host")                                                            \
	X(ENAME, 10021, "the name has no address of the wanted kind")                              \
	X(EDNS, 10022, "the name server could not be asked or gave no usable answer")              \
	/* TLS */                                                                                  \
	X(ETLS, 10030, "the TLS connection failed")                                                \
	X(ECERT, 10031, "the certificate cannot be trusted")                                       \
	X(ECERTEXPIRED, 10032, "the certificate has expired")                                      \
	X(ECERTEARLY, 10033, "the certificate is not valid yet")                                   \
	X(ECERTHOST, 10034, "the certificate is for another host")                                 \
	X(ECERTSELF, 10035, "the certificate is self-signed")                                      \
	/* HTTP */                                                                                 \
	X(EURL, 10040, "malformed URL")                                                            \
	X(EPROTO, 10041, "the peer broke the rules of HTTP")                                       \
	X(EREDIRECTS, 10042, "too many redirects")                                                 \
	X(EHEADERS, 10043, "the header is larger than allowed")                                    \
	X(EBODY, 10044, "the body is larger than allowed")                                         \
	X(ESHORT, 10045, "the body is shorter than promised")                                      \
	X(EENCODING, 10046, "the body's content encoding is unknown or damaged")                   \
	X(EPROXY, 10047, "the proxy refused to connect")

enum koru_error {
#define KORU__ERROR_ENUM(name, number, text) KORU_##name = number,
	KORU_ERROR_MAP(KORU__ERROR_ENUM)
#undef KORU__ERROR_ENUM
};

/* The text of a result, for people: "unknown host". Takes what a call returned;
 * the sign does not matter. Never NULL, never fails, allocates nothing; the text
 * is static. Any thread, never suspends. */
const char *koru_strerror(int result);

#ifdef __cplusplus
}
#endif
#endif
