/* SPDX-License-Identifier: MIT
 * One request and the head of its answer. See client.h. */
#include "http/client.h"
#include "koru/error.h"
#include "koru/io.h"

#include <errno.h>

/* What a connection answers that its peer has closed. */
static bool is_dead(int rc)
{
	return rc == -KORU_EEOF || rc == -ECONNRESET || rc == -EPIPE || rc == -ETIMEDOUT ||
	       rc == -ECONNABORTED;
}

static int send_request(struct koru__conn *conn, const struct koru__request *req)
{
	int rc = koru__request_write(req, &conn->buf);
	if (rc < 0)
		return rc;
	return koru__wire_send(conn, req->opts->body, koru__request_body_len(req));
}

static int read_head(struct koru__conn *conn, struct koru_http_response *res)
{
	for (;;) {
		enum koru__h1_event event;
		int rc = koru__wire_next(conn, &res->h1, &event);
		if (rc == 0 && event == KORU__H1_HEADER)
			rc = koru__response_add(res, res->h1.name, res->h1.value);
		if (rc < 0)
			return rc;
		if (event == KORU__H1_HEAD && !res->h1.interim)
			break;
		if (event == KORU__H1_HEAD) /* RFC 9110 15.2: passed over */
			koru__response_forget(res);
	}
	res->status = res->h1.status;
	if (res->h1.has_length)
		res->content_length = (int64_t)res->h1.length;
	return 0;
}

/* Sends and reads once. A peer that closes while it is still being sent to may have answered
 * nevertheless ("413 Content Too Large"), so that is looked at first (RFC 9112 9.5). */
static int try_once(struct koru__conn *conn, const struct koru__request *req,
                    struct koru_http_response *res)
{
	int sent = send_request(conn, req);
	if (sent < 0 && !is_dead(sent))
		return sent;
	if (sent < 0) /* a peer that still waits for the rest must not be waited for */
		(void)koru_shutdown(koru_stream_fd(conn->stream), SHUT_WR);
	int rc = read_head(conn, res);
	if (sent == 0)
		return rc;
	res->h1.keep_alive = false;
	if (rc == 0 || !is_dead(rc))
		return rc;
	return sent == -EPIPE ? -ECONNRESET : sent;
}

int koru__exchange(struct koru_http_client *client, const struct koru__request *req,
                   struct koru_http_response *res, struct koru_stream_detail *detail)
{
	struct koru__conn *conn;
	int rc = koru__pool_get(&client->pool, &req->url, req->proxy, detail, &conn);
	if (rc < 0)
		return rc;
	bool kept = conn->used_before;
	rc = try_once(conn, req, res);
	/* A kept connection may have been closed by the peer just as it was used again. */
	if (is_dead(rc) && kept && !conn->answered && koru__request_idempotent(req)) {
		rc = koru__pool_renew(conn, detail);
		if (rc < 0) {
			koru__pool_drop(conn);
			return rc;
		}
		koru__h1_response_init(&res->h1, &koru__wire_limits, req->method);
		rc = try_once(conn, req, res);
	}
	if (rc < 0) {
		koru__detail(detail, "%s", koru__wire_why(conn, &res->h1, rc));
		koru__pool_drop(conn);
		return rc;
	}
	res->conn = conn;
	return 0;
}
