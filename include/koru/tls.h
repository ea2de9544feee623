/* SPDX-License-Identifier: MIT
 *
 * TLS over a stream, through OpenSSL: at least TLS 1.2, certificates and host names
 * verified unless a field says otherwise.
 *
 * Each loop keeps what its connections can share: the trusted certificates, read once for
 * each set of file names below (a program that renews its files starts a new loop), and
 * the sessions by which a second connection to a host is quicker than the first.
 *
 * Reading the trusted certificates is disk I/O on the loop's thread; it happens once. On
 * Debian OpenSSL finds them one by one in a directory; where SSL_CERT_FILE names a bundle
 * it takes some milliseconds. OpenSSL's variables SSL_CERT_FILE and SSL_CERT_DIR are
 * obeyed.
 */
#ifndef KORU_TLS_H
#define KORU_TLS_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

struct koru_stream;

struct koru_tls_opts {
	const char *ca_file;     /* PEM: certificates to trust besides the system's */
	const char *alpn;        /* "h2,http/1.1", the preferred first; NULL: none offered */
	const char *cert_file;   /* PEM: this end's certificate and those between it and its
	                          * root. A server needs one */
	const char *key_file;    /* PEM: its private key; NULL: in cert_file too */
	bool insecure_no_verify; /* accept any certificate of any host: anybody on the way
	                          * can read and change everything */
	bool allow_truncation;   /* a connection that just ends reads as 0 rather than
	                          * -KORU_EEOF: for protocols that mark their own end */
	bool no_session_reuse;   /* a full handshake each time */
};

#define KORU_TLS_ALPN_MAX     255 /* bytes of `alpn` */
#define KORU_TLS_SESSIONS_MAX 256 /* sessions kept with each set of files */
#define KORU_TLS_CONTEXTS_MAX 16  /* sets of files kept by a loop */

/* Turns a plain stream into a TLS one, as client: for a proxy's CONNECT and for STARTTLS.
 * (koru_stream_dial can do it right away.) `host` is the name or numeric address that the
 * certificate has to be for; it is also sent as SNI when it is a name. `opts` may be NULL.
 * Nothing that belongs to the handshake may have been read from the stream already.
 *
 * May suspend. From any thread. After a failure the stream can only be asked for
 * koru_stream_error_detail and closed.
 * Returns 0, or
 *   -KORU_ECERTEXPIRED, -KORU_ECERTEARLY, -KORU_ECERTHOST, -KORU_ECERTSELF,
 *   -KORU_ECERT    anything else that makes the certificate untrusted, such as an unknown
 *                  issuer,
 *   -KORU_ETLS     the two ends found no common version or cipher, the peer does not speak
 *                  TLS or broke off,
 *   -EINVAL        an empty host or one over 253 bytes, a malformed alpn, TLS already
 *                  started, a key that is not the certificate's,
 *   -ENOENT, -EACCES, …  one of the files cannot be read, -EBADMSG: nothing of use in it,
 *   -ECONNRESET, … as recv(2) and send(2), -ENOMEM, -ECANCELED. */
int koru_stream_start_tls(struct koru_stream *s, const char *host,
                          const struct koru_tls_opts *opts);

/* The same as server, with `cert_file` of `opts`; the client's certificate is not asked
 * for. May suspend. From any thread. Returns as koru_stream_start_tls. */
int koru_stream_accept_tls(struct koru_stream *s, const struct koru_tls_opts *opts);

/* The protocol that both ends agreed on ("h2"), NULL when none was. Valid until the stream
 * is closed. Never suspends. */
const char *koru_stream_alpn(const struct koru_stream *s);

/* "TLSv1.3"; NULL for a plain stream. Static. Never suspends. */
const char *koru_stream_tls_version(const struct koru_stream *s);

/* True when the handshake continued an earlier session. Never suspends. */
bool koru_stream_tls_resumed(const struct koru_stream *s);

#ifdef __cplusplus
}
#endif
#endif
