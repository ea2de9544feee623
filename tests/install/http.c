/* SPDX-License-Identifier: MIT
 * A program of somebody else's: uses the installed libkoru-http. */
#include <koru/http.h>
#include <koru/koru.h>

#include <stdio.h>

static int app(void *url)
{
	struct koru_http_response *res;
	int rc = koru_http_get(url, NULL, &res);
	if (rc == 0)
		koru_http_response_free(res);
	printf("%s: %s\n", (const char *)url, koru_strerror(rc));
	return 0;
}

int main(void)
{
	static char nobody_there[] = "http://127.0.0.1:1/";
	return koru_run(app, nobody_there, NULL) < 0;
}
