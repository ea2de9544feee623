/* SPDX-License-Identifier: MIT
 * Fuzz target: URLs. The input is a URL, a line feed and a reference. What is accepted must
 * survive being printed and read again, and a resolved reference must be a fixed point. */
#include <koru/error.h>
#include <koru/url.h>

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int truth)
{
	if (!truth)
		abort();
}

static bool same(struct koru_text a, struct koru_text b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static void check_pieces(const struct koru_url *url)
{
	must(url->host.len > 0 && url->port > 0);
	must(url->path.len == 0 || url->path.ptr[0] == '/');
	must(!memchr(url->host.ptr, '/', url->host.len) &&
	     !memchr(url->host.ptr, '@', url->host.len));
	for (size_t i = 0; i < url->path.len; i++)
		must(url->path.ptr[i] > ' ' && url->path.ptr[i] != '?' && url->path.ptr[i] != '#');
	for (size_t i = 0; i < url->query.len; i++)
		must(url->query.ptr[i] > ' ' && url->query.ptr[i] != '#');
}

static void check_print(const struct koru_url *url)
{
	static char once[KORU_URL_LEN_MAX + 16], twice[KORU_URL_LEN_MAX + 16];
	struct koru_url again;
	int len = koru_url_print(url, once, sizeof(once));
	must(len > 0);
	if (len > KORU_URL_LEN_MAX)
		return; /* "/" or "http://" in full made it longer */
	must(koru_url_parse(once, (size_t)len, &again, NULL) == 0);
	must(again.port == url->port && again.https == url->https &&
	     again.host.len == url->host.len);
	must(again.has_query == url->has_query && same(again.query, url->query));
	must(koru_url_print(&again, twice, sizeof(twice)) == len && strcmp(once, twice) == 0);
}

static void check_resolve(const struct koru_url *base, const char *ref, size_t len)
{
	static char once[KORU_URL_LEN_MAX + 1], twice[KORU_URL_LEN_MAX + 1];
	struct koru_url url, again;
	const char *why = NULL;
	int rc = koru_url_resolve(base, ref, len, once, sizeof(once), &url, &why);
	if (rc < 0) {
		must(rc == -KORU_EURL && why);
		return;
	}
	check_pieces(&url);
	must(url.path.len > 0 && (size_t)rc == strlen(once));
	/* No dot segment is left. */
	for (size_t i = 0; i + 1 < url.path.len; i++) {
		if (url.path.ptr[i] != '/' || url.path.ptr[i + 1] != '.')
			continue;
		size_t end = i + 2 < url.path.len && url.path.ptr[i + 2] == '.' ? i + 3 : i + 2;
		must(end < url.path.len && url.path.ptr[end] != '/');
	}
	must(koru_url_resolve(&url, once, (size_t)rc, twice, sizeof(twice), &again, &why) == rc);
	must(strcmp(once, twice) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	const char *end = size ? memchr(text, '\n', size) : NULL;
	size_t len = end ? (size_t)(end - text) : size;
	struct koru_url url;
	const char *why = NULL;
	if (koru_url_parse(text, len, &url, &why) < 0) {
		must(why != NULL);
		return 0;
	}
	check_pieces(&url);
	check_print(&url);
	check_resolve(&url, end ? end + 1 : text, end ? size - len - 1 : len);
	return 0;
}
