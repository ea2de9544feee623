/* SPDX-License-Identifier: MIT
 * Proxies from the environment, with the names and rules that curl uses. See proxy.h. */
#include "http/proxy.h"

#include "base/alloc.h"
#include "http/char.h"
#include "koru/error.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The first of the variables that is set and not empty. */
static const char *from_environment(const char *const names[])
{
	for (; *names; names++) {
		const char *value = getenv(*names);
		if (value && *value)
			return value;
	}
	return NULL;
}

static void proxy_done(struct koru__proxy *proxy)
{
	koru__free(proxy->text);
	koru__free(proxy->host);
	koru__free(proxy->authorization);
	*proxy = (struct koru__proxy){ 0 };
}

/* Reads "[http://][user[:password]@]host[:port][/]". */
static int proxy_init(struct koru__proxy *proxy, const char *text)
{
	static const char scheme[] = "http://";
	bool has_scheme = strstr(text, "://") != NULL;
	size_t skip = has_scheme ? 0 : strlen(scheme);
	size_t len = strlen(text);
	if (len > KORU_URL_LEN_MAX)
		return -KORU_EPROXY;
	*proxy = (struct koru__proxy){ .text = koru__alloc(skip + len + 1) };
	if (!proxy->text)
		return -ENOMEM;
	memcpy(proxy->text, scheme, skip);
	memcpy(proxy->text + skip, text, len + 1);
	struct koru_url url;
	int rc = koru_url_parse(proxy->text, skip + len, &url, NULL);
	if (rc < 0 || url.https) { /* a proxy that itself speaks TLS is not supported */
		proxy_done(proxy);
		return -KORU_EPROXY;
	}
	proxy->port = url.port;
	proxy->host = koru__strndup(url.host.ptr, url.host.len);
	if (url.has_user)
		proxy->authorization = koru__basic_authorization(url.user);
	if (!proxy->host || (url.has_user && !proxy->authorization)) {
		proxy_done(proxy);
		return -ENOMEM;
	}
	return 0;
}

static int init_one(struct koru__proxy *proxy, const char *text, const char *why,
                    const char **ret_why)
{
	int rc = text && *text ? proxy_init(proxy, text) : 0;
	if (rc == -KORU_EPROXY)
		*ret_why = why;
	return rc;
}

int koru__proxies_init(struct koru__proxies *proxies, const char *all, const char **ret_why)
{
	/* HTTP_PROXY is what a web server calls the header "Proxy:" of a request it hands to a
	 * CGI program, so anybody could set it. */
	static const char *const for_http[] = { "http_proxy", "all_proxy", "ALL_PROXY", NULL };
	static const char *const for_https[] = { "https_proxy", "HTTPS_PROXY", "all_proxy",
		                                 "ALL_PROXY", NULL };
	static const char *const for_none[] = { "no_proxy", "NO_PROXY", NULL };
	*proxies = (struct koru__proxies){ 0 };
	const char *except = all ? NULL : from_environment(for_none);
	int rc = init_one(&proxies->http, all ? all : from_environment(for_http),
	                  "the proxy for http URLs is not of the form http://host:port", ret_why);
	if (rc == 0)
		rc = init_one(&proxies->https, all ? all : from_environment(for_https),
		              "the proxy for https URLs is not of the form http://host:port",
		              ret_why);
	if (rc == 0 && except) {
		proxies->except = koru__strndup(except, strlen(except));
		rc = proxies->except ? 0 : -ENOMEM;
	}
	if (rc < 0)
		koru__proxies_done(proxies);
	return rc;
}

void koru__proxies_done(struct koru__proxies *proxies)
{
	proxy_done(&proxies->http);
	proxy_done(&proxies->https);
	koru__free(proxies->except);
	proxies->except = NULL;
}

/* The address in `text`, as 4 or 16 bytes; 0 when it is none. */
static int read_address(struct koru_text text, unsigned char address[16])
{
	char copy[INET6_ADDRSTRLEN];
	if (text.len >= sizeof(copy))
		return 0;
	memcpy(copy, text.ptr, text.len);
	copy[text.len] = '\0';
	if (inet_pton(AF_INET, copy, address) == 1)
		return 4;
	return inet_pton(AF_INET6, copy, address) == 1 ? 16 : 0;
}

/* Whether `host` is the address in `entry`, or lies in the network "address/bits". */
static bool address_fits(struct koru_text entry, struct koru_text host)
{
	unsigned char network[16], address[16];
	const char *slash = memchr(entry.ptr, '/', entry.len);
	size_t network_len = slash ? (size_t)(slash - entry.ptr) : entry.len;
	int size = read_address((struct koru_text){ entry.ptr, network_len }, network);
	if (size == 0 || read_address(host, address) != size)
		return false;
	unsigned bits = (unsigned)size * 8;
	if (slash) {
		size_t digits = entry.len - network_len - 1;
		if (digits == 0 || digits > 3 ||
		    koru__char_span(slash + 1, digits, KORU__C_DIGIT) < digits)
			return false;
		unsigned given = 0;
		for (size_t i = 0; i < digits; i++)
			given = given * 10 + (unsigned)(slash[1 + i] - '0');
		if (given > bits)
			return false;
		bits = given;
	}
	if (memcmp(network, address, bits / 8) != 0)
		return false;
	unsigned mask = bits % 8 ? 0xffu << (8 - bits % 8) & 0xff : 0;
	return mask == 0 || ((network[bits / 8] ^ address[bits / 8]) & mask) == 0;
}

/* "a.example" and ".a.example" both mean this host and all below it. */
static bool name_fits(struct koru_text entry, struct koru_text host)
{
	if (entry.len > 1 && entry.ptr[0] == '.')
		entry = (struct koru_text){ entry.ptr + 1, entry.len - 1 };
	if (entry.len == 0 || host.len < entry.len)
		return false;
	size_t more = host.len - entry.len;
	return koru__char_same(host.ptr + more, entry.ptr, entry.len) &&
	       (more == 0 || host.ptr[more - 1] == '.');
}

bool koru__proxy_excepts(const char *list, struct koru_text host)
{
	unsigned char address[16];
	bool is_address = read_address(host, address) > 0;
	if (host.len > 1 && host.ptr[host.len - 1] == '.')
		host.len--; /* "a.example." is a.example */
	while (*list) {
		size_t len = strcspn(list, ", \t");
		struct koru_text entry = { list, len };
		if (len == 1 && *list == '*')
			return true;
		if (len > 2 && list[0] == '[' && list[len - 1] == ']')
			entry = (struct koru_text){ list + 1, len - 2 };
		if (is_address ? address_fits(entry, host) : name_fits(entry, host))
			return true;
		list += len;
		list += strspn(list, ", \t");
	}
	return false;
}

const struct koru__proxy *koru__proxies_find(const struct koru__proxies *proxies,
                                             const struct koru_url *url)
{
	const struct koru__proxy *proxy = url->https ? &proxies->https : &proxies->http;
	if (!proxy->text)
		return NULL;
	return proxies->except && koru__proxy_excepts(proxies->except, url->host) ? NULL : proxy;
}
