/* SPDX-License-Identifier: MIT
 * The client's calls: a request, the redirects it is led along, and its answer. See
 * koru/http.h. */
#include "base/alloc.h"
#include "http/client.h"
#include "koru/error.h"
#include "koru/run.h"
#include "sched/loop.h"

#include <errno.h>
#include <string.h>

static const struct koru_http_opts no_opts;

/* One call of the user's. */
struct call {
	const char *method;
	const char *url;
	const struct koru_http_opts *opts;
	bool collect;
	const char *why; /* more about the failure; static, or NULL */
	struct koru__request req;
	struct koru_url origin; /* of the first request */
	char *url_text;         /* what req.url points into after a redirect */
	char *authorization;
	struct koru_http_response *res;
};

static int prepare(struct call *call)
{
	int rc = koru__request_check(call->method, call->opts, &call->why);
	if (rc == 0)
		rc = koru_url_parse(call->url, strlen(call->url), &call->origin, &call->why);
	if (rc < 0)
		return rc;
	if (call->origin.has_user) {
		call->authorization = koru__basic_authorization(call->origin.user);
		if (!call->authorization)
			return -ENOMEM;
	}
	call->req = (struct koru__request){
		.method = call->method,
		.url = call->origin,
		.opts = call->opts,
		.authorization = call->authorization,
	};
	return 0;
}

/* One request; its answer is in call->res even if that is only a redirect. */
static int ask(struct call *call, struct koru_http_client *client)
{
	struct koru__request *req = &call->req;
	req->user_agent = client->user_agent;
	req->proxy = koru__proxies_find(&client->proxies, &req->url);
	call->res = koru__response_new(&req->url, req->method);
	if (!call->res)
		return -ENOMEM;
	return koru__exchange(client, req, call->res, call->opts->ret_detail);
}

static int follow_redirects(struct call *call, struct koru_http_client *client)
{
	int given = call->opts->redirects_max;
	int left = given ? given : KORU_HTTP_REDIRECTS_DEFAULT;
	const char *to;
	for (;; left--) {
		int rc = ask(call, client);
		if (rc < 0 || given < 0 || !koru__redirect_is(call->res, &to))
			return rc;
		if (left == 0)
			return -KORU_EREDIRECTS;
		rc = koru__redirect_follow(&call->req, &call->origin, call->res->status, to,
		                           &call->url_text, &call->why);
		if (rc < 0)
			return rc;
		koru__body_skip(call->res);
		koru_http_response_free(call->res);
		call->res = NULL;
	}
}

static int read_body(struct call *call)
{
	struct koru_http_response *res = call->res;
	uint64_t max = call->opts->body_max;
	if (max == 0)
		max = call->collect ? KORU_HTTP_BODY_MAX_DEFAULT : UINT64_MAX;
	int rc = koru__body_begin(res, !call->opts->raw, max);
	if (rc == 0 && call->collect)
		rc = koru__body_collect(res);
	if (rc < 0)
		call->why = res->why;
	return rc;
}

static int run_call(struct call *call)
{
	struct koru_http_client *client = NULL;
	int rc = prepare(call);
	if (rc == 0)
		rc = koru__client_find(call->opts->client, &client, &call->why);
	if (rc == 0)
		rc = follow_redirects(call, client);
	if (rc == 0)
		rc = read_body(call);
	koru__free(call->url_text);
	koru__free(call->authorization);
	if (rc < 0) {
		koru_http_response_free(call->res);
		call->res = NULL;
	}
	return rc;
}

static int run_call_on_a_loop(void *arg)
{
	return run_call(arg);
}

static int finish(struct call *call, int rc, struct koru_http_response **ret)
{
	struct koru_stream_detail *detail = call->opts->ret_detail;
	if (rc < 0) {
		if (call->why)
			koru__detail(detail, "%s", call->why);
		else if (detail && !detail->text[0])
			koru__detail(detail, "%s", koru_strerror(rc));
		return rc;
	}
	*ret = call->res;
	return 0;
}

static void begin(struct call *call, const char *method, const char *url,
                  const struct koru_http_opts *opts)
{
	*call = (struct call){ .method = method, .url = url, .opts = opts ? opts : &no_opts };
	if (call->opts->ret_detail)
		call->opts->ret_detail->text[0] = '\0';
}

int koru_http_request(const char *method, const char *url, const struct koru_http_opts *opts,
                      struct koru_http_response **ret)
{
	struct call call;
	begin(&call, method, url, opts);
	call.collect = true;
	int rc;
	if (koru__task_self())
		rc = run_call(&call);
	else if (call.opts->client)
		rc = -EPERM;
	else
		rc = koru_run(run_call_on_a_loop, &call, NULL);
	return finish(&call, rc, ret);
}

int koru_http_get(const char *url, const struct koru_http_opts *opts,
                  struct koru_http_response **ret)
{
	return koru_http_request("GET", url, opts, ret);
}

int koru_http_open(const char *method, const char *url, const struct koru_http_opts *opts,
                   struct koru_http_response **ret)
{
	struct call call;
	begin(&call, method, url, opts);
	int rc = koru__task_self() ? run_call(&call) : -EPERM;
	return finish(&call, rc, ret);
}
