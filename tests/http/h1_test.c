/* SPDX-License-Identifier: MIT
 * The message parser: the form of messages and its limits. What decides where a message ends
 * is tested in h1_frame_test.c. */
#include "h1_case.h"

#define GET   "GET / HTTP/1.1\r\nHost: a\r\n"
#define GOT   "REQUEST GET / 1.1\nHEADER Host: a\n"
#define EMPTY "HEAD none keep\nEND\n"
#define OVER  "FAILED the connection was closed before the message began\n"

static void plain_requests(void **state)
{
	(void)state;
	request(GET "\r\n", GOT EMPTY OVER);
	request("GET /a?b=c%20d HTTP/1.1\r\nHost:a\r\nAccept:  */* \t \r\nX:\r\n\r\n",
	        "REQUEST GET /a?b=c%20d 1.1\nHEADER Host: a\nHEADER Accept: */*\nHEADER X: \n" EMPTY
	                OVER);
	request("M-SEARCH /a HTTP/1.0\r\n\r\n", "REQUEST M-SEARCH /a 1.0\nHEAD none\nEND\n");
	request("OPTIONS * HTTP/1.0\r\n\r\n", "REQUEST OPTIONS * 1.0\nHEAD none\nEND\n");
	request("GET http://a/b HTTP/1.1\r\nHost: a:80\r\n\r\n",
	        "REQUEST GET http://a/b 1.1\nHEADER Host: a:80\n" EMPTY OVER);
	request("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n",
	        "REQUEST CONNECT a:443 1.1\nHEADER Host: a:443\n" EMPTY OVER);
	request("CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\n\r\n",
	        "REQUEST CONNECT [::1]:443 1.1\nHEADER Host: [::1]:443\n" EMPTY OVER);
}

static void one_after_the_other(void **state)
{
	(void)state;
	request(GET "\r\n" GET "\r\n\r\n" GET "\r\n", GOT EMPTY GOT EMPTY GOT EMPTY OVER);
	request("\r\n" GET "\r\n", GOT EMPTY OVER);
	request("\r\n\r\n" GET "\r\n", "FAILED a malformed method\n");
	request("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc" GET "\r\n",
	        "REQUEST POST / 1.1\nHEADER Host: a\nHEADER Content-Length: 3\nHEAD length 3 keep\n"
	        "DATA abc\nEND\n" GOT EMPTY OVER);
}

static void bad_request_lines(void **state)
{
	(void)state;
#define METHOD  "FAILED a malformed method\n"
#define TARGET  "FAILED a malformed request target\n"
#define VERSION "FAILED a malformed or unknown HTTP version\n"
	request(" GET / HTTP/1.1\r\n", METHOD);
	request("GE(T / HTTP/1.1\r\n", METHOD);
	request("GET\t/ HTTP/1.1\r\n", METHOD);
	request("GET\r\n", METHOD);
	request("GET  / HTTP/1.1\r\n", TARGET);
	request("GET a HTTP/1.1\r\n", TARGET);
	request("GET /\xc3\xa4 HTTP/1.1\r\n", TARGET);
	request("GET /a#b HTTP/1.1\r\n", TARGET);
	request("GET /\x7f HTTP/1.1\r\n", TARGET);
	request("GET * HTTP/1.1\r\n", TARGET);
	request("GET ftp://a/ HTTP/1.1\r\n", TARGET);
	request("CONNECT a HTTP/1.1\r\n", TARGET);
	request("CONNECT a:x HTTP/1.1\r\n", TARGET);
	request("CONNECT :443 HTTP/1.1\r\n", TARGET);
	request("CONNECT a:123456 HTTP/1.1\r\n", TARGET);
	request("CONNECT /a:1 HTTP/1.1\r\n", TARGET);
	request("CONNECT u@a:1 HTTP/1.1\r\n", TARGET);
	request("GET /\r\n", VERSION);
	request("GET / \r\n", VERSION);
	request("GET / HTTP/1.1 \r\n", VERSION);
	request("GET / HTTP/1.1 a\r\n", VERSION);
	request("GET /  HTTP/1.1\r\n", VERSION);
	request("GET / http/1.1\r\n", VERSION);
	request("GET / HTTP/2.0\r\n", VERSION);
	request("GET / HTTP/11.1\r\n", VERSION);
	request("GET / HTTP/1.10\r\n", VERSION);
	request("GET / HTTP/1.x\r\n", VERSION);
	request("GET / HTTP/1.1\r\r\n", VERSION);
	request("GE\rT / HTTP/1.1\r\n", "FAILED CR inside a line\n");
	request("GET /\r HTTP/1.1\r\n", "FAILED CR inside a line\n");
	request("GET /\0 HTTP/1.1\r\n", "FAILED a zero byte in the header\n");
	request("GET / HTTP/1.1\n", "FAILED a line that ends with LF alone\n");
	request("\n", "FAILED a line that ends with LF alone\n");
	request("GET / HTTP/1.2\r\nHost: a\r\n\r\n", GOT EMPTY OVER);
}

static void bad_headers(void **state)
{
	(void)state;
#define BAD(line, why) request(GET line "\r\n\r\n", GOT "FAILED " why "\n")
	BAD(" a: b", "a folded or indented header line");
	BAD("\ta: b", "a folded or indented header line");
	BAD("a", "a header line without a colon");
	BAD("a b", "a header line without a colon");
	BAD(": b", "a header without a name");
	BAD("a : b", "white space between a header's name and its colon");
	BAD("a\t: b", "white space between a header's name and its colon");
	BAD("a b: c", "white space between a header's name and its colon");
	BAD("a(b: c", "a header name with an invalid character");
	BAD("a\xe4: c", "a header name with an invalid character");
	BAD("a\x7f: c", "a header name with an invalid character");
	BAD("a\"b\": c", "a header name with an invalid character");
	BAD("a\rb: c", "CR inside a line");
	BAD("a\0b: c", "a zero byte in the header");
	BAD("a: b\rc", "CR inside a line");
	BAD("a: b\r\r\n", "CR inside a line");
	BAD("\ra: b", "CR inside a line");
	BAD("a: b\0c", "a zero byte in the header");
	BAD("a: b\x01", "a header value with a control character");
	BAD("a: b\x7f", "a header value with a control character");
	BAD("a: b\nc: d", "a line that ends with LF alone");
	request(GET "\n", GOT "FAILED a line that ends with LF alone\n");
	request(GET "a: b\r\n\n", GOT "HEADER a: b\nFAILED a line that ends with LF alone\n");
	request(GET "a: b\r\n c\r\n\r\n",
	        GOT "HEADER a: b\nFAILED a folded or indented header line\n");
	request("GET / HTTP/1.1\r\n Host: a\r\n\r\n",
	        "REQUEST GET / 1.1\nFAILED a folded or indented header line\n");
	request(GET "a: \xc3\xa4\tb\r\n\r\n", GOT "HEADER a: \\xc3\\xa4\\x09b\n" EMPTY OVER);
#undef BAD
}

static void hosts(void **state)
{
	(void)state;
#define BAD(value)                                                                                 \
	request("GET / HTTP/1.1\r\nHost: " value "\r\n\r\n",                                       \
	        "REQUEST GET / 1.1\nFAILED a malformed Host header\n")
	BAD("a b");
	BAD("a, b");
	BAD("a/b");
	BAD("u@a");
	BAD("a:b");
	BAD("a:1:2");
	BAD("[::1");
	BAD("[::g]");
	BAD("[::1]a");
	BAD("\xe4");
#undef BAD
	request("GET / HTTP/1.1\r\n\r\n", "REQUEST GET / 1.1\nFAILED no Host header\n");
	request("GET / HTTP/1.0\r\n\r\n", "REQUEST GET / 1.0\nHEAD none\nEND\n");
	request(GET "host: a\r\n\r\n", GOT "FAILED more than one Host header\n");
	request("GET / HTTP/1.1\r\nhOST: [::1]:80\r\n\r\n",
	        "REQUEST GET / 1.1\nHEADER hOST: [::1]:80\n" EMPTY OVER);
	request("GET / HTTP/1.1\r\nHost:\r\n\r\n", "REQUEST GET / 1.1\nHEADER Host: \n" EMPTY OVER);
}

static void status_lines(void **state)
{
	(void)state;
#define REST   "HEADER Content-Length: 0\nHEAD none keep\nEND\n" OVER
#define LENGTH "Content-Length: 0\r\n\r\n"
	response("HTTP/1.1 200 OK\r\n" LENGTH, "STATUS 200 1.1 OK\n" REST);
	response("HTTP/1.1 200 \r\n" LENGTH, "STATUS 200 1.1 \n" REST);
	response("HTTP/1.1 200\r\n" LENGTH, "STATUS 200 1.1 \n" REST);
	response("HTTP/1.1 404 Not  F\xf6und\t.\r\n" LENGTH,
	         "STATUS 404 1.1 Not  F\\xf6und\\x09.\n" REST);
	response("HTTP/1.1 999 x\r\n" LENGTH, "STATUS 999 1.1 x\n" REST);
#define STATUS "FAILED a malformed status line\n"
	response("HTTP/1.1 20 OK\r\n", STATUS);
	response("HTTP/1.1 2000 OK\r\n", STATUS);
	response("HTTP/1.1 099 OK\r\n", STATUS);
	response("HTTP/1.1  200 OK\r\n", STATUS);
	response("HTTP/1.1\t200 OK\r\n", STATUS);
	response("HTTP/1.1 2x0 OK\r\n", STATUS);
	response("HTTP/1.1 -20 OK\r\n", STATUS);
	response("HTTP/1.1\r\n", STATUS);
	response("HTTP/1.1 200OK\r\n", STATUS);
	response("HTTP/2 200\r\n", VERSION);
	response("HTTP/1.1", "FAILED the connection was closed within the header\n");
	response("ICY 200 OK\r\n", VERSION);
	response("\r\n", VERSION);
	response("HTTP/1.1 200 a\x01\r\n", "FAILED a control character in the status line\n");
	response("HTTP/1.1 200 a\rb\r\n", "FAILED CR inside a line\n");
	response("HTTP/1.1 200 a\0b\r\n", "FAILED a zero byte in the header\n");
	response("HTTP/1.1 200\rx\r\n", "FAILED CR inside a line\n");
	response("HTTP/1.1 200 OK\n", "FAILED a line that ends with LF alone\n");
}

static const struct koru__h1_limits small = {
	.line_bytes_max = 16,
	.head_bytes_max = 48,
	.header_count_max = 3,
	.chunk_line_bytes_max = 8,
	.chunk_ext_bytes_max = 5,
	.trailer_bytes_max = 16,
	.interim_count_max = 2,
};

#define request_small(text, expected)                                                              \
	check(text, sizeof(text) - 1, (struct h1_log_opts){ .request = true, .limits = &small },   \
	      expected)
#define response_small(text, expected)                                                             \
	check(text, sizeof(text) - 1, (struct h1_log_opts){ .limits = &small }, expected)

static void limits_of_the_head(void **state)
{
	(void)state;
	/* Exactly at the limit, and one beyond; with and without the end of the line. */
	request_small("GET /67 HTTP/1.0\r\n\r\n", "REQUEST GET /67 1.0\nHEAD none\nEND\n");
	request_small("GET /678 HTTP/1.0\r\n\r\n", "FAILED the first line is too long\n");
	request_small("GET /678901234567", "FAILED the connection was closed within the header\n");
	request_small("GET /6789012345678", "FAILED the first line is too long\n");
	request_small("GET / HTTP/1.0\r\na: 4567890123456\r\n\r\n",
	              "REQUEST GET / 1.0\nHEADER a: 4567890123456\nHEAD none\nEND\n");
	request_small("GET / HTTP/1.0\r\na: 45678901234567\r\n\r\n",
	              "REQUEST GET / 1.0\nFAILED a header line is too long\n");
	request_small("GET / HTTP/1.0\r\na: b\r\nc: d\r\ne: f\r\n\r\n",
	              "REQUEST GET / 1.0\nHEADER a: b\nHEADER c: d\nHEADER e: f\nHEAD none\nEND\n");
	request_small("GET / HTTP/1.0\r\na: b\r\nc: d\r\ne: f\r\ng: h\r\n\r\n",
	              "REQUEST GET / 1.0\nHEADER a: b\nHEADER c: d\nHEADER e: f\n"
	              "FAILED too many header lines\n");
	request_small("GET / HTTP/1.0\r\na: 45678901234\r\nb: 456789012\r\n\r\n",
	              "REQUEST GET / 1.0\nHEADER a: 45678901234\nHEADER b: 456789012\n"
	              "HEAD none\nEND\n");
	request_small("GET / HTTP/1.0\r\na: 45678901234\r\nb: 4567890123\r\n\r\n",
	              "REQUEST GET / 1.0\nHEADER a: 45678901234\nHEADER b: 4567890123\n"
	              "FAILED the header is too large\n");
}

static void limits_of_the_rest(void **state)
{
	(void)state;
#define HEAD   "HTTP/1.1 200\r\n"
#define HEADED "STATUS 200 1.1 \n"
	response_small("HTTP/1.1 100\r\n\r\nHTTP/1.1 100\r\n\r\nHTTP/1.1 204\r\n\r\n",
	               "STATUS 100 1.1 \nHEAD none interim keep\nSTATUS 100 1.1 \n"
	               "HEAD none interim keep\nSTATUS 204 1.1 \n" EMPTY OVER);
	response_small(
	        "HTTP/1.1 100\r\n\r\nHTTP/1.1 100\r\n\r\nHTTP/1.1 100\r\n\r\n",
	        "STATUS 100 1.1 \nHEAD none interim keep\nSTATUS 100 1.1 \n"
	        "HEAD none interim keep\nSTATUS 100 1.1 \nFAILED too many interim answers\n");
	static struct koru__h1_limits wide;
	wide = small;
	wide.line_bytes_max = 30;
	wide.head_bytes_max = 60;
#define CHUNKED_HEAD HEAD "Transfer-Encoding: chunked\r\n\r\n"
#define CHUNKED_LOG  HEADED "HEADER Transfer-Encoding: chunked\nHEAD chunked keep\n"
#define response_wide(text, expected)                                                              \
	check(text, sizeof(text) - 1, (struct h1_log_opts){ .limits = &wide }, expected)
	response_wide(CHUNKED_HEAD "1;bc=d\r\nx\r\n0\r\n\r\n", CHUNKED_LOG "DATA x\nEND\n" OVER);
	response_wide(CHUNKED_HEAD "1;bc=de\r\nx\r\n0\r\n\r\n",
	              CHUNKED_LOG "FAILED too many bytes of chunk extensions\n");
	response_wide(CHUNKED_HEAD "1;bc\r\nx\r\n1;bc\r\nx\r\n",
	              CHUNKED_LOG "DATA x\nFAILED too many bytes of chunk extensions\n");
	response_wide(CHUNKED_HEAD "00000001\r\nx\r\n0\r\n\r\n", CHUNKED_LOG "DATA x\nEND\n" OVER);
	response_wide(CHUNKED_HEAD "000000001\r\nx\r\n0\r\n\r\n",
	              CHUNKED_LOG "FAILED a chunk's first line is too long\n");
	response_wide(CHUNKED_HEAD "0\r\na: b\r\nc: def\r\n\r\n",
	              CHUNKED_LOG "TRAILER a: b\nTRAILER c: def\nEND\n" OVER);
	response_wide(CHUNKED_HEAD "0\r\na: b\r\nc: defg\r\n\r\n", CHUNKED_LOG
	              "TRAILER a: b\nTRAILER c: defg\nFAILED the trailer is too large\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_requests),
		cmocka_unit_test(one_after_the_other),
		cmocka_unit_test(bad_request_lines),
		cmocka_unit_test(bad_headers),
		cmocka_unit_test(hosts),
		cmocka_unit_test(status_lines),
		cmocka_unit_test(limits_of_the_head),
		cmocka_unit_test(limits_of_the_rest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
