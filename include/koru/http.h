/* SPDX-License-Identifier: MIT
 *
 * An HTTP/1.1 client (RFC 9110, RFC 9112) whose calls wait only for the calling task.
 *
 *     struct koru_http_response *res;
 *     int rc = koru_http_get("https://example.org/", NULL, &res);
 *     if (rc < 0)
 *         return rc;
 *     fwrite(koru_http_body(res), 1, koru_http_body_len(res), stdout);
 *     koru_http_response_free(res);
 *
 * What it does without being asked: keeps connections open and uses them again, follows
 * redirects, undoes gzip, deflate, br and zstd, checks certificates, goes through the
 * proxy that the environment names. Time limits are the scope's (koru_scope_open); a call
 * whose scope is cancelled or late returns -ECANCELED.
 *
 * A status like 404 is an answer, not an error. An error is that no whole answer came:
 *   -KORU_EURL          malformed URL, or a redirect to one
 *   -KORU_EHOST, -KORU_ENAME, -KORU_EDNS  no address for the host
 *   -ECONNREFUSED, -ECONNRESET, -ENETUNREACH, …  as the kernel says
 *   -KORU_ETLS, -KORU_ECERT…  the TLS connection or the certificate
 *   -KORU_EPROXY        the proxy refused, or its address is malformed
 *   -KORU_EEOF          the peer closed the connection before its answer, or within the head
 *   -KORU_EPROTO        the peer broke the rules of HTTP
 *   -KORU_EHEADERS      its header is larger than allowed
 *   -KORU_ESHORT        the body stopped before its promised end
 *   -KORU_EBODY         the body, decoded, is larger than allowed
 *   -KORU_EENCODING     the body's encoding is unknown, or its data damaged or cut off
 *   -KORU_EREDIRECTS    more redirects than allowed
 *   -EINVAL             the caller's own mistake: a header or method with bytes that
 *                       must not stand there
 *   -EMSGSIZE           the request's head is larger than KORU_HTTP_HEAD_MAX
 *   -ENOMEM, -EMFILE, … out of means
 *   -ECANCELED          the scope was cancelled or its deadline passed
 */
#ifndef KORU_HTTP_H
#define KORU_HTTP_H

#include <koru/stream.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct koru_http_client;
struct koru_http_response;

/* Limits, in bytes unless the name says otherwise. */
#define KORU_HTTP_HEAD_MAX          ((size_t)64 << 10) /* status line and headers */
#define KORU_HTTP_HEADER_COUNT_MAX  128
#define KORU_HTTP_BODY_MAX_DEFAULT  ((size_t)64 << 20) /* collected in memory */
#define KORU_HTTP_REDIRECTS_DEFAULT 20
#define KORU_HTTP_PER_HOST_DEFAULT  128  /* connections */
#define KORU_HTTP_IDLE_DEFAULT      1024 /* connections */

struct koru_http_header {
	const char *name;
	const char *value;
};

/* What may be said about one request; all zero is a plain request of the loop's own
 * client. Everything pointed to is only read, and only until the call returns. */
struct koru_http_opts {
	struct koru_http_client *client;        /* NULL: the loop's own, made at first use */
	const struct koru_http_header *headers; /* sent as given; one that koru would send
	                                         * by itself (Accept, Accept-Encoding, Host,
	                                         * User-Agent, Authorization) replaces it.
	                                         * Connection, Content-Length, Transfer-
	                                         * Encoding and the like are koru's: -EINVAL */
	size_t header_count;
	const void *body; /* sent with a Content-Length */
	size_t body_len;
	size_t body_max;   /* the largest body to accept, after decoding. 0:
	                    * KORU_HTTP_BODY_MAX_DEFAULT when it is collected in memory,
	                    * none when it is streamed */
	int redirects_max; /* how many to follow; 0: KORU_HTTP_REDIRECTS_DEFAULT;
	                    * negative: none, a redirect is an answer like any other */
	bool raw;          /* do not ask for an encoded body, and do not decode one */
	struct koru_stream_detail *ret_detail; /* filled in when the call fails: a sentence that
	                                        * says more than koru_strerror where more is known
	                                        * ("both Content-Length and Transfer-Encoding"),
	                                        * else the same. May be NULL */
};

/* Asks for `url` with GET and waits for the whole answer. May suspend. In a task, or on a
 * plain thread: that one is blocked while the request runs in a koru_run of its own (no
 * kept connections, and opts->client must be NULL then).
 * On success *ret is the caller's, to be freed with koru_http_response_free, also from
 * another thread and after the loop has ended.
 * Returns 0 or an error of the list above. */
int koru_http_get(const char *url, const struct koru_http_opts *opts,
                  struct koru_http_response **ret);

/* The same with any method (case matters: "POST"), except CONNECT.
 *
 * A redirect is followed as RFC 9110 15.4 has it: 303 turns every method but HEAD into
 * GET, 301 and 302 turn POST into GET, 307 and 308 change nothing. Headers named
 * Authorization, Cookie or Proxy-Authorization, and the URL's user, stay with the origin
 * (scheme, host and port) they were given for. A redirect from https to http is followed,
 * as curl does.
 *
 * When a kept connection turns out to be dead before the first byte of the answer, and
 * the method is idempotent (RFC 9110 9.2.2), the request is sent once more on a new one. */
int koru_http_request(const char *method, const char *url, const struct koru_http_opts *opts,
                      struct koru_http_response **ret);

/* The same, but returns as soon as the head of the answer is there; the body is then read
 * with koru_http_read. Only in a task (-EPERM). The response holds a connection until the
 * body has been read to its end or the response is freed. One of both must happen before
 * the client is freed, and before the loop ends: a program that forgets it is stopped. */
int koru_http_open(const char *method, const char *url, const struct koru_http_opts *opts,
                   struct koru_http_response **ret);

/* Reads up to `len` bytes of the body, decoded. May suspend. Only in a task of the loop
 * that opened the response.
 * Returns how many; 0 when the body is over; or an error of the list above, and then the
 * connection is closed and every further read returns the same. -ECANCELED is the
 * exception: nothing was lost, a later read goes on. -EINVAL: the body was collected. */
ssize_t koru_http_read(struct koru_http_response *res, void *buf, size_t len);

/* More about the error that koru_http_read returned, in words; "" when there was none. Static.
 * Never suspends. */
const char *koru_http_error_detail(const struct koru_http_response *res);

/* Frees the response. A streamed one whose body was not read to its end closes its
 * connection. NULL does nothing. Never suspends. */
void koru_http_response_free(struct koru_http_response *res);

/* What the answer says. The texts belong to the response. Never suspend; any thread. */
int koru_http_status(const struct koru_http_response *res);      /* 200 */
const char *koru_http_url(const struct koru_http_response *res); /* after all redirects */

/* The phrase that goes with a status ("Not Found"); "" for one that RFC 9110 does not name. Static.
 */
const char *koru_http_reason(int status);

/* The value of the first header of that name, upper and lower case alike; NULL when there
 * is none. */
const char *koru_http_header(const struct koru_http_response *res, const char *name);

/* The index-th header as it came, counted from 0. False when there are not so many. */
bool koru_http_header_at(const struct koru_http_response *res, size_t index,
                         struct koru_http_header *ret);

/* The length the body has on the wire according to Content-Length, or -1. */
int64_t koru_http_content_length(const struct koru_http_response *res);

/* The collected body, with a zero byte behind it that is not counted. Never NULL; empty
 * for a streamed response. */
const void *koru_http_body(const struct koru_http_response *res);
size_t koru_http_body_len(const struct koru_http_response *res);

/* A client: kept connections and what they have in common. It belongs to the loop of the
 * first task that uses it. All zero is what the loop's own client has. The texts are
 * copied. */
struct koru_http_client_opts {
	unsigned per_host_max;  /* connections to one origin, those in use and those kept; who
	                         * comes when all are in use waits its turn. 0:
	                         * KORU_HTTP_PER_HOST_DEFAULT */
	unsigned idle_max;      /* connections kept in all; the longest unused is closed
	                         * first. 0: KORU_HTTP_IDLE_DEFAULT */
	int64_t idle_timeout;   /* nanoseconds after which a kept connection is not used again;
	                         * 0: 30 seconds. Looked at whenever the client is used. */
	const char *proxy;      /* "http://user:password@host:port" for every URL; "" for no
	                         * proxy at all. NULL: the environment decides, as for curl:
	                         * http_proxy, https_proxy, all_proxy, no_proxy, and in upper
	                         * case all but HTTP_PROXY */
	const char *user_agent; /* NULL: "koru/" and the version; "": none is sent */
	const char *ca_file;    /* PEM: certificates to trust besides the system's; NULL: none */
	bool insecure;          /* accept any certificate: for tests, never for data */
};

/* Makes a client. `opts` may be NULL. Never suspends.
 * Returns 0, -ENOMEM, -KORU_EPROXY (malformed proxy), or what reading ca_file gave. */
int koru_http_client_new(const struct koru_http_client_opts *opts, struct koru_http_client **ret);

/* Closes the kept connections and frees the client. No request may be under way and no
 * streamed response open. NULL does nothing. Never suspends. */
void koru_http_client_free(struct koru_http_client *client);

#ifdef __cplusplus
}
#endif
#endif
