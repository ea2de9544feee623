/* SPDX-License-Identifier: MIT
 * Making a connection: straight, to a proxy, or through a proxy's tunnel. See pool.h. */
#include "http/pool.h"
#include "http/url_parts.h"
#include "http/wire.h"
#include "koru/error.h"

#include <errno.h>
#include <string.h>

/* CONNECT names the host and always its port (RFC 9110 9.3.6). */
static int put_connect(struct koru__conn *conn)
{
	const struct koru__origin *origin = conn->origin;
	const char *authorization = origin->proxy->authorization;
	struct koru__buf *buf = &conn->buf;
	char name[KORU__URL_HOST_MAX + 16];
	struct koru__url_out out = { .buf = name, .size = sizeof(name) };
	bool ipv6 = strchr(origin->host, ':') != NULL;
	koru__url_put(&out, "[", ipv6);
	koru__url_put(&out, origin->host, strlen(origin->host));
	koru__url_put(&out, "]", ipv6);
	koru__url_put_port(&out, origin->port);
	if (out.full)
		return -EMSGSIZE;
	koru__buf_puts(buf, "CONNECT ");
	koru__buf_puts(buf, name);
	koru__buf_puts(buf, " HTTP/1.1\r\nHost: ");
	koru__buf_puts(buf, name);
	if (conn->origin->pool->user_agent) {
		koru__buf_puts(buf, "\r\nUser-Agent: ");
		koru__buf_puts(buf, origin->pool->user_agent);
	}
	if (authorization) {
		koru__buf_puts(buf, "\r\nProxy-Authorization: ");
		koru__buf_puts(buf, authorization);
	}
	koru__buf_puts(buf, "\r\n\r\n");
	return buf->error;
}

/* Reads the proxy's answer; 2xx means that what follows is the tunnel. */
static int read_connect_answer(struct koru__conn *conn, struct koru__h1 *h1,
                               struct koru_stream_detail *detail)
{
	enum koru__h1_event event;
	do {
		int rc = koru__wire_next(conn, h1, &event);
		if (rc < 0) {
			koru__detail(detail, "the proxy: %s", koru__wire_why(conn, h1, rc));
			return rc;
		}
	} while (event != KORU__H1_HEAD || h1->interim);
	if (!h1->tunnel) {
		koru__detail(detail, "the proxy answered %d to CONNECT", (int)h1->status);
		return -KORU_EPROXY;
	}
	/* The server does not speak first in TLS; these bytes are not from it. */
	if (koru__buf_len(&conn->buf) > 0) {
		koru__detail(detail, "the proxy sent something behind its answer to CONNECT");
		return -KORU_EPROTO;
	}
	return 0;
}

static int tunnel(struct koru__conn *conn, struct koru_stream_detail *detail)
{
	struct koru__h1 h1;
	koru__h1_response_init(&h1, &koru__wire_limits, "CONNECT");
	int rc = put_connect(conn);
	if (rc < 0)
		return rc;
	rc = koru__wire_send(conn, NULL, 0);
	if (rc < 0) {
		koru__detail(detail, "the proxy: %s", koru_strerror(rc));
		return rc;
	}
	rc = read_connect_answer(conn, &h1, detail);
	if (rc < 0)
		return rc;
	rc = koru_stream_start_tls(conn->stream, conn->origin->host, &conn->origin->pool->tls);
	if (rc < 0)
		koru__detail(detail, "%s", koru__wire_why(conn, &h1, rc));
	return rc;
}

static int dial(struct koru__conn *conn, struct koru_stream_detail *detail)
{
	const struct koru__origin *origin = conn->origin;
	const struct koru__proxy *proxy = origin->proxy;
	struct koru_dial_opts opts = {
		.tls = origin->https && !proxy ? &origin->pool->tls : NULL,
		.ret_detail = detail,
	};
	if (!proxy)
		return koru_stream_dial(origin->host, origin->port, &opts, &conn->stream);
	opts.ret_detail = NULL;
	int rc = koru_stream_dial(proxy->host, proxy->port, &opts, &conn->stream);
	if (rc < 0)
		koru__detail(detail, "the proxy %s: %s", proxy->host, koru_strerror(rc));
	return rc < 0 || !origin->https ? rc : tunnel(conn, detail);
}

int koru__conn_dial(struct koru__conn *conn, struct koru_stream_detail *detail)
{
	int rc = dial(conn, detail);
	/* Whether a peer that hung up is noticed by a read or by a write is chance. */
	return rc == -EPIPE ? -ECONNRESET : rc;
}
