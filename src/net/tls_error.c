/* SPDX-License-Identifier: MIT
 * What went wrong, out of OpenSSL's error queue and the result of the verification. See tls.h. */
#include "base/alloc.h"
#include "koru/error.h"
#include "net/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <string.h>

void koru__tls_set_detail(struct koru__tls *t, const char *text)
{
	koru__free(t->detail);
	t->detail = koru__strndup(text, strlen(text));
}

static int verify_error(long result)
{
	switch (result) {
	case X509_V_ERR_CERT_HAS_EXPIRED: return -KORU_ECERTEXPIRED;
	case X509_V_ERR_CERT_NOT_YET_VALID: return -KORU_ECERTEARLY;
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH: return -KORU_ECERTHOST;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: return -KORU_ECERTSELF;
	case X509_V_ERR_OUT_OF_MEM: return -ENOMEM;
	default: return -KORU_ECERT;
	}
}

static int certificate_error(struct koru__tls *t)
{
	char text[sizeof(struct koru_stream_detail)];
	long result = SSL_get_verify_result(t->ssl);
	snprintf(text, sizeof(text), "the certificate of %.150s: %s",
	         t->host ? t->host : "the peer", X509_verify_cert_error_string(result));
	koru__tls_set_detail(t, text);
	return verify_error(result);
}

/* An error of the environment rather than of the connection, somewhere in the queue. The queue
 * is emptied. */
static int environment_error(void)
{
	int error = 0;
	for (unsigned long e; (e = ERR_get_error());)
		if (ERR_GET_REASON(e) == ERR_R_MALLOC_FAILURE)
			error = -ENOMEM;
	return error;
}

int koru__tls_error(struct koru__tls *t)
{
	/* The first error is the cause, those behind it what followed from it. */
	unsigned long first = ERR_peek_error();
	const char *reason = first ? ERR_reason_error_string(first) : NULL;
	bool tls = first && ERR_GET_LIB(first) == ERR_LIB_SSL;
	int error = environment_error();
	if (error < 0)
		return error;
	if (tls && ERR_GET_REASON(first) == SSL_R_CERTIFICATE_VERIFY_FAILED)
		return certificate_error(t);
	if (t->io_error < 0)
		return t->io_error;
	if (t->at_end) {
		koru__tls_set_detail(
		        t, t->established ? "the peer closed the connection without saying so"
		                          : "the peer closed the connection in the handshake");
		return t->established ? -KORU_EEOF : -KORU_ETLS;
	}
	koru__tls_set_detail(t, reason ? reason
	                               : "TLS failed for a reason that OpenSSL does not name");
	return -KORU_ETLS;
}
