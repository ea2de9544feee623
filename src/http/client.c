/* SPDX-License-Identifier: MIT
 * Making, finding and ending clients. See client.h. */
#include "http/client.h"

#include "base/alloc.h"
#include "http/char.h"
#include "sched/local.h"
#include "sched/loop.h"

#include <errno.h>
#include <string.h>

#define USER_AGENT_DEFAULT "koru/0.1"
#define IDLE_TIMEOUT       (30 * KORU_SECOND)

static void end_own_client(void *value)
{
	koru_http_client_free(value);
}

static struct koru__loop_local own_client = { .done = end_own_client };

static int copy_text(char **to, const char *from)
{
	if (!from || !*from)
		return 0;
	*to = koru__strndup(from, strlen(from));
	return *to ? 0 : -ENOMEM;
}

static void set_limits(struct koru__pool *pool, const struct koru_http_client_opts *opts)
{
	pool->per_host_max = opts->per_host_max ? opts->per_host_max : KORU_HTTP_PER_HOST_DEFAULT;
	pool->kept_max = opts->idle_max ? opts->idle_max : KORU_HTTP_IDLE_DEFAULT;
	pool->kept_timeout = opts->idle_timeout ? opts->idle_timeout : IDLE_TIMEOUT;
}

static int fill(struct koru_http_client *client, const struct koru_http_client_opts *opts,
                const char **ret_why)
{
	const char *agent = opts->user_agent ? opts->user_agent : USER_AGENT_DEFAULT;
	if (koru__char_span(agent, strlen(agent), KORU__C_FIELD) < strlen(agent))
		return -EINVAL;
	int rc = copy_text(&client->user_agent, agent);
	if (rc == 0)
		rc = copy_text(&client->ca_file, opts->ca_file);
	if (rc == 0)
		rc = koru__proxies_init(&client->proxies, opts->proxy, ret_why);
	return rc;
}

int koru__client_new(const struct koru_http_client_opts *opts, struct koru_http_client **ret,
                     const char **ret_why)
{
	static const struct koru_http_client_opts none;
	if (!opts)
		opts = &none;
	if (opts->idle_timeout < 0)
		return -EINVAL;
	struct koru_http_client *client = koru__zalloc(1, sizeof(*client));
	if (!client)
		return -ENOMEM;
	koru__pool_init(&client->pool);
	set_limits(&client->pool, opts);
	int rc = fill(client, opts, ret_why);
	if (rc < 0) {
		koru_http_client_free(client);
		return rc;
	}
	client->pool.user_agent = client->user_agent;
	client->pool.tls = (struct koru_tls_opts){
		.ca_file = client->ca_file,
		.alpn = "http/1.1",
		.insecure_no_verify = opts->insecure,
	};
	*ret = client;
	return 0;
}

int koru_http_client_new(const struct koru_http_client_opts *opts, struct koru_http_client **ret)
{
	const char *why;
	return koru__client_new(opts, ret, &why);
}

void koru_http_client_free(struct koru_http_client *client)
{
	if (!client)
		return;
	koru__pool_done(&client->pool);
	koru__proxies_done(&client->proxies);
	koru__free(client->user_agent);
	koru__free(client->ca_file);
	koru__free(client);
}

int koru__client_find(struct koru_http_client *client, struct koru_http_client **ret,
                      const char **ret_why)
{
	if (!client)
		client = koru__loop_local_get(&own_client);
	if (!client) {
		int rc = koru__client_new(NULL, &client, ret_why);
		if (rc < 0)
			return rc;
		rc = koru__loop_local_set(&own_client, client);
		if (rc < 0) {
			koru_http_client_free(client);
			return rc;
		}
	}
	if (client->loop && client->loop != koru__loop())
		return -EPERM;
	client->loop = koru__loop();
	*ret = client;
	return 0;
}
