/* SPDX-License-Identifier: MIT
 * The message parser: where a message ends and whether the connection stays. A wrong answer
 * here lets one message be smuggled inside another. */
#include "h1_case.h"

#define POST        "POST / HTTP/1.1\r\nHost: a\r\n"
#define POSTED      "REQUEST POST / 1.1\nHEADER Host: a\n"
#define OK          "HTTP/1.1 200 OK\r\n"
#define OKED        "STATUS 200 1.1 OK\n"
#define OVER        "FAILED the connection was closed before the message began\n"
#define CUT         "FAILED the connection was closed within the body\n"
#define CHUNKED     "Transfer-Encoding: chunked\r\n"
#define CHUNKED_LOG "HEADER Transfer-Encoding: chunked\n"

static void lengths(void **state)
{
	(void)state;
	response(OK "Content-Length: 3\r\n\r\nabc",
	         OKED "HEADER Content-Length: 3\nHEAD length 3 keep\nDATA abc\nEND\n" OVER);
	response(OK "Content-Length: 3\r\n\r\nab",
	         OKED "HEADER Content-Length: 3\nHEAD length 3 keep\nDATA ab\n" CUT);
	response(OK "Content-Length: 03\r\n\r\nabc",
	         OKED "HEADER Content-Length: 03\nHEAD length 3 keep\nDATA abc\nEND\n" OVER);
	response(OK "Content-Length: 9223372036854775807\r\n\r\n",
	         OKED "HEADER Content-Length: 9223372036854775807\n"
	              "HEAD length 9223372036854775807 keep\n" CUT);
#define BAD(value, why)                                                                            \
	response(OK "Content-Length:" value "\r\n\r\nabc", OKED "FAILED " why "\n");               \
	request(POST "Content-Length:" value "\r\n\r\nabc", POSTED "FAILED " why "\n")
	BAD("9223372036854775808", "a Content-Length that no number can hold");
	BAD("18446744073709551617", "a Content-Length that no number can hold");
	BAD("99999999999999999999999999999", "a Content-Length that no number can hold");
	BAD("", "a malformed Content-Length");
	BAD("+3", "a malformed Content-Length");
	BAD("-3", "a malformed Content-Length");
	BAD("3 3", "a malformed Content-Length");
	BAD("3;", "a malformed Content-Length");
	BAD("0x3", "a malformed Content-Length");
	BAD("3.0", "a malformed Content-Length");
	BAD("\xb3", "a malformed Content-Length");
	BAD(",", "a malformed Content-Length");
#undef BAD
}

static void repeated_lengths(void **state)
{
	(void)state;
	request(POST "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
	        POSTED "HEADER Content-Length: 3\nFAILED more than one Content-Length\n");
	request(POST "Content-Length: 3, 3\r\n\r\nabc",
	        POSTED "FAILED a malformed Content-Length\n");
	response(OK "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
	         OKED "HEADER Content-Length: 3\nHEADER Content-Length: 3\nHEAD length 3 keep\n"
	              "DATA abc\nEND\n" OVER);
	response(OK "Content-Length: 3, 3 ,3\r\n\r\nabc",
	         OKED "HEADER Content-Length: 3, 3 ,3\nHEAD length 3 keep\nDATA abc\nEND\n" OVER);
	response(OK "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
	         OKED "HEADER Content-Length: 3\nFAILED Content-Lengths that differ\n");
	response(OK "Content-Length: 3, 4\r\n\r\nabc", OKED "FAILED Content-Lengths that differ\n");
	response(OK "Content-Length: 3, x\r\n\r\nabc", OKED "FAILED a malformed Content-Length\n");
}

static void length_and_coding(void **state)
{
	(void)state;
#define WHY "FAILED both Content-Length and Transfer-Encoding\n"
	request(POST "Content-Length: 3\r\n" CHUNKED "\r\n0\r\n\r\n",
	        POSTED "HEADER Content-Length: 3\n" CHUNKED_LOG WHY);
	request(POST CHUNKED "Content-Length: 3\r\n\r\n0\r\n\r\n",
	        POSTED CHUNKED_LOG "HEADER Content-Length: 3\n" WHY);
	response(OK CHUNKED "Content-Length: 3\r\n\r\n0\r\n\r\n",
	         OKED CHUNKED_LOG "HEADER Content-Length: 3\n" WHY);
	response_to("HEAD", OK CHUNKED "Content-Length: 3\r\n\r\n",
	            OKED CHUNKED_LOG "HEADER Content-Length: 3\n" WHY);
#undef WHY
}

static void codings(void **state)
{
	(void)state;
#define BAD(value, why)                                                                            \
	request(POST "Transfer-Encoding:" value "\r\n\r\n0\r\n\r\n", POSTED "FAILED " why "\n");   \
	response(OK "Transfer-Encoding:" value "\r\n\r\n0\r\n\r\n", OKED "FAILED " why "\n")
	BAD("gzip", "a transfer coding other than chunked");
	BAD("gzip, chunked", "a transfer coding other than chunked");
	BAD("identity", "a transfer coding other than chunked");
	BAD("xchunked", "a transfer coding other than chunked");
	BAD("chunkedx", "a transfer coding other than chunked");
	BAD("chunked;a=b", "a transfer coding other than chunked");
	BAD("chunked, gzip", "chunked is not the last transfer coding");
	BAD("chunked, identity", "chunked is not the last transfer coding");
	BAD("chunked,chunked", "chunked twice");
	BAD("\"chunked\"", "a malformed Transfer-Encoding");
	BAD("chunked\xa0", "a malformed Transfer-Encoding");
	BAD("chunked/", "a malformed Transfer-Encoding");
	BAD("", "a malformed Transfer-Encoding");
	BAD(",", "a malformed Transfer-Encoding");
	BAD("\x0b"
	    "chunked",
	    "a header value with a control character");
#undef BAD
	request(POST CHUNKED CHUNKED "\r\n0\r\n\r\n", POSTED CHUNKED_LOG "FAILED chunked twice\n");
	request(POST CHUNKED "Transfer-Encoding: gzip\r\n\r\n0\r\n\r\n",
	        POSTED CHUNKED_LOG "FAILED chunked is not the last transfer coding\n");
	request(POST "transfer-ENCODING:\t ,ChunkeD, \r\n\r\n0\r\n\r\n",
	        POSTED "HEADER transfer-ENCODING: ,ChunkeD,\nHEAD chunked keep\nEND\n" OVER);
	request("POST / HTTP/1.0\r\n" CHUNKED "\r\n0\r\n\r\n",
	        "REQUEST POST / 1.0\n" CHUNKED_LOG
	        "FAILED Transfer-Encoding in an HTTP/1.0 message\n");
	response("HTTP/1.0 200 OK\r\n" CHUNKED "\r\n0\r\n\r\n",
	         "STATUS 200 1.0 OK\n" CHUNKED_LOG
	         "FAILED Transfer-Encoding in an HTTP/1.0 message\n");
}

#define CHUNKS     OK CHUNKED "\r\n"
#define CHUNKS_LOG OKED CHUNKED_LOG "HEAD chunked keep\n"

static void chunks(void **state)
{
	(void)state;
	response(CHUNKS "3\r\nabc\r\n0\r\n\r\n", CHUNKS_LOG "DATA abc\nEND\n" OVER);
	response(CHUNKS "a\r\n0123456789\r\nB\r\nabcdefghijk\r\n000\r\n\r\n",
	         CHUNKS_LOG "DATA 0123456789abcdefghijk\nEND\n" OVER);
	response(CHUNKS "3\r\na\r\n\r\n0\r\n\r\n" OK "Content-Length: 0\r\n\r\n",
	         CHUNKS_LOG "DATA a\\x0d\\x0a\nEND\n" OKED
	                    "HEADER Content-Length: 0\nHEAD none keep\nEND\n" OVER);
	response(CHUNKS "0\r\nA: b\r\nC:\r\n\r\n",
	         CHUNKS_LOG "TRAILER A: b\nTRAILER C: \nEND\n" OVER);
	response(CHUNKS "7fffffffffffffff\r\nabc", CHUNKS_LOG "DATA abc\n" CUT);
	response(CHUNKS "00000000000000000003\r\nabc\r\n0\r\n\r\n",
	         CHUNKS_LOG "DATA abc\nEND\n" OVER);
}

static void cut_off_chunks(void **state)
{
	(void)state;
	response(CHUNKS, CHUNKS_LOG CUT);
	response(CHUNKS "3", CHUNKS_LOG CUT);
	response(CHUNKS "3\r\n", CHUNKS_LOG CUT);
	response(CHUNKS "3\r\nab", CHUNKS_LOG "DATA ab\n" CUT);
	response(CHUNKS "3\r\nabc", CHUNKS_LOG "DATA abc\n" CUT);
	response(CHUNKS "3\r\nabc\r", CHUNKS_LOG "DATA abc\n" CUT);
	response(CHUNKS "3\r\nabc\r\n", CHUNKS_LOG "DATA abc\n" CUT);
	response(CHUNKS "3\r\nabc\r\n0\r\n", CHUNKS_LOG "DATA abc\n" CUT);
	response(CHUNKS "3\r\nabc\r\n0\r\n\r", CHUNKS_LOG "DATA abc\n" CUT);
}

static void bad_chunks(void **state)
{
	(void)state;
#define BAD(text, why) response(CHUNKS text "\r\nabc\r\n", CHUNKS_LOG "FAILED " why "\n")
#define SIZE           "a malformed chunk size"
	BAD("", SIZE);
	BAD(" 3", SIZE);
	BAD("-3", SIZE);
	BAD("+3", SIZE);
	BAD("0x3", SIZE);
	BAD("3g", SIZE);
	BAD("3,", SIZE);
	BAD("\xb3", SIZE);
	BAD("3\x0b", SIZE);
	BAD("3\r", "CR inside a line");
	BAD("3\0", "a zero byte in the header");
	BAD("8000000000000000", "a chunk size that no number can hold");
	BAD("ffffffffffffffff", "a chunk size that no number can hold");
	BAD("10000000000000003", "a chunk size that no number can hold");
#undef BAD
	response(CHUNKS "3\nabc\r\n", CHUNKS_LOG "FAILED a line that ends with LF alone\n");
	response(CHUNKS "3\r\nabc\n0\r\n\r\n",
	         CHUNKS_LOG "DATA abc\nFAILED a chunk that does not end where its size says\n");
	response(CHUNKS "3\r\nabcd\r\n",
	         CHUNKS_LOG "DATA abc\nFAILED a chunk that does not end where its size says\n");
	response(CHUNKS "3\r\nabc\rx\r\n",
	         CHUNKS_LOG "DATA abc\nFAILED a chunk that does not end where its size says\n");
	response(CHUNKS "0\r\n\n", CHUNKS_LOG "FAILED a line that ends with LF alone\n");
	response(CHUNKS "0\r\nTransfer-Encoding: chunked\r\n\r\n",
	         CHUNKS_LOG "FAILED a header that must not stand in a trailer\n");
	response(CHUNKS "0\r\ncontent-LENGTH: 3\r\n\r\n",
	         CHUNKS_LOG "FAILED a header that must not stand in a trailer\n");
	response(CHUNKS "0\r\nHost: b\r\n\r\n",
	         CHUNKS_LOG "FAILED a header that must not stand in a trailer\n");
	response(CHUNKS "0\r\n a: b\r\n\r\n",
	         CHUNKS_LOG "FAILED a folded or indented header line\n");
}

static void chunk_extensions(void **state)
{
	(void)state;
#define GOOD(text)                                                                                 \
	response(CHUNKS "3" text "\r\nabc\r\n0\r\n\r\n", CHUNKS_LOG "DATA abc\nEND\n" OVER)
	GOOD(";a");
	GOOD(";a=b");
	GOOD(" ; a = b\t;c");
	GOOD(";a=\"b;c\\\"d\" ;e=\"\"");
#undef GOOD
#define BAD(text)                                                                                  \
	response(CHUNKS "3" text "\r\nabc\r\n", CHUNKS_LOG "FAILED a malformed chunk extension\n")
	BAD(" ");
	BAD(";");
	BAD(";a;");
	BAD(";a=");
	BAD(";=b");
	BAD(";a b");
	BAD(";a=b c");
	BAD(";a=\"b");
	BAD(";a=\"b\\");
	BAD(";a=\"b\\\"");
	BAD(";a=\"b\"c");
	BAD(";a=b\"c\"");
	BAD(";a=\"\x01\"");
	BAD(" a");
#undef BAD
	response(CHUNKS "3;a\rb\r\n", CHUNKS_LOG "FAILED CR inside a line\n");
	response(CHUNKS "3;a\nabc\r\n", CHUNKS_LOG "FAILED a line that ends with LF alone\n");
	response(CHUNKS "3;\nx\r\nabc\r\n", CHUNKS_LOG "FAILED a line that ends with LF alone\n");
}

/* RFC 9112 6.3, rules 1 and 2. */
static void answers_without_a_body(void **state)
{
	(void)state;
	response_to("HEAD", OK "Content-Length: 3\r\n\r\n",
	            OKED "HEADER Content-Length: 3\nHEAD none keep\nEND\n" OVER);
	response_to("HEAD", OK CHUNKED "\r\n", OKED CHUNKED_LOG "HEAD none keep\nEND\n" OVER);
	response_to("HEAD", OK "\r\n", OKED "HEAD none keep\nEND\n" OVER);
	response("HTTP/1.1 204 x\r\nContent-Length: 3\r\n\r\n",
	         "STATUS 204 1.1 x\nHEADER Content-Length: 3\nHEAD none keep\nEND\n" OVER);
	response("HTTP/1.1 304 x\r\nContent-Length: 3\r\n\r\n",
	         "STATUS 304 1.1 x\nHEADER Content-Length: 3\nHEAD none keep\nEND\n" OVER);
	response("HTTP/1.1 304 x\r\n" CHUNKED "\r\n",
	         "STATUS 304 1.1 x\n" CHUNKED_LOG "HEAD none keep\nEND\n" OVER);
	response_to("CONNECT", OK "Content-Length: 3\r\n\r\nabc",
	            OKED "HEADER Content-Length: 3\nHEAD none tunnel\nEND\n");
	response_to("CONNECT", "HTTP/1.1 403 no\r\nContent-Length: 3\r\n\r\nabc",
	            "STATUS 403 1.1 no\nHEADER Content-Length: 3\nHEAD length 3 keep\nDATA abc\n"
	            "END\n" OVER);
}

static void interim_answers(void **state)
{
	(void)state;
	response("HTTP/1.1 100 Continue\r\nConnection: close\r\nContent-Length: 7\r\n\r\n"
	         "HTTP/1.1 103\r\nLink: a\r\n\r\n" OK "Content-Length: 1\r\n\r\nx",
	         "STATUS 100 1.1 Continue\nHEADER Connection: close\nHEADER Content-Length: 7\n"
	         "HEAD none interim\nSTATUS 103 1.1 \nHEADER Link: a\nHEAD none interim keep\n" OKED
	         "HEADER Content-Length: 1\nHEAD length 1 keep\nDATA x\nEND\n" OVER);
	response("HTTP/1.1 101 x\r\nUpgrade: y\r\n\r\n",
	         "STATUS 101 1.1 x\nHEADER Upgrade: y\n"
	         "FAILED a change of protocol that was not asked for\n");
	response("HTTP/1.1 100 x\r\n\r\n", "STATUS 100 1.1 x\nHEAD none interim keep\n"
	                                   "FAILED the connection was closed within the header\n");
}

static void bodies_that_end_with_the_connection(void **state)
{
	(void)state;
	response(OK "\r\nabc\r\n\r\n" OK,
	         OKED "HEAD close\nDATA abc\\x0d\\x0a\\x0d\\x0aHTTP/1.1 200 "
	              "OK\\x0d\\x0a\nEND\n");
	response(OK "\r\n", OKED "HEAD close\nEND\n");
	response("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\na",
	         "STATUS 200 1.0 OK\nHEADER Connection: keep-alive\nHEAD close\nDATA a\nEND\n");
	/* A request never ends that way. */
	request(POST "\r\n", POSTED "HEAD none keep\nEND\n" OVER);
}

static void keeping_the_connection(void **state)
{
	(void)state;
#define NONE     "Content-Length: 0\r\n\r\n"
#define NONE_LOG "HEADER Content-Length: 0\nHEAD none"
	response(OK "Connection: Close\r\n" NONE,
	         OKED "HEADER Connection: Close\n" NONE_LOG "\nEND\n");
	response(OK "Connection: a, close ,b\r\n" NONE,
	         OKED "HEADER Connection: a, close ,b\n" NONE_LOG "\nEND\n");
	response(OK "Connection: keep-alive\r\nConnection: close\r\n" NONE, OKED
	         "HEADER Connection: keep-alive\nHEADER Connection: close\n" NONE_LOG "\nEND\n");
	response(OK "Connection: closed\r\n" NONE,
	         OKED "HEADER Connection: closed\n" NONE_LOG " keep\nEND\n" OVER);
	response("HTTP/1.0 200 OK\r\n" NONE, "STATUS 200 1.0 OK\n" NONE_LOG "\nEND\n");
	response("HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n" NONE,
	         "STATUS 200 1.0 OK\nHEADER Connection: Keep-Alive\n" NONE_LOG " keep\nEND\n" OVER);
}

/* What other parsers have been fooled with; none of these may come out as two requests. */
static void smuggling(void **state)
{
	(void)state;
#define INNER "GET /evil HTTP/1.1\r\nHost: a\r\n\r\n"
	request(POST "Content-Length: 0\r\nContent-Length: 33\r\n\r\n" INNER,
	        POSTED "HEADER Content-Length: 0\nFAILED more than one Content-Length\n");
	request(POST "Content-Length : 33\r\n\r\n" INNER,
	        POSTED "FAILED white space between a header's name and its colon\n");
	request(POST "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" INNER,
	        POSTED "FAILED white space between a header's name and its colon\n");
	request(POST "X: y\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" INNER,
	        POSTED "FAILED a line that ends with LF alone\n");
	request(POST "X: y\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" INNER,
	        POSTED "FAILED CR inside a line\n");
	request(POST "X:\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" INNER,
	        POSTED "HEADER X: \nFAILED a folded or indented header line\n");
	request(POST "Content-Length: 3\r\n\r\nabc"
	             "\n" INNER,
	        POSTED "HEADER Content-Length: 3\nHEAD length 3 keep\nDATA abc\nEND\n"
	               "FAILED a line that ends with LF alone\n");
	request(POST CHUNKED "\r\n3\r\nabc\r\n0\r\nX: y\r\nHost: b\r\n\r\n" INNER,
	        POSTED CHUNKED_LOG "HEAD chunked keep\nDATA abc\nTRAILER X: y\n"
	                           "FAILED a header that must not stand in a trailer\n");
	request(POST CHUNKED "\r\n2;\nxx\r\n4f\r\n0\r\n\r\n" INNER,
	        POSTED CHUNKED_LOG "HEAD chunked keep\nFAILED a line that ends with LF alone\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lengths),
		cmocka_unit_test(repeated_lengths),
		cmocka_unit_test(length_and_coding),
		cmocka_unit_test(codings),
		cmocka_unit_test(chunks),
		cmocka_unit_test(cut_off_chunks),
		cmocka_unit_test(bad_chunks),
		cmocka_unit_test(chunk_extensions),
		cmocka_unit_test(answers_without_a_body),
		cmocka_unit_test(interim_answers),
		cmocka_unit_test(bodies_that_end_with_the_connection),
		cmocka_unit_test(keeping_the_connection),
		cmocka_unit_test(smuggling),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
