#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""koru fetch from outside: what comes, what does not and why, and what is told."""
import os
import subprocess

import support
from support import Case, Command, closed_port, koru, main


class Good(Case):
    def test_lines_are_those_promised(self):
        url = self.server.url("/size/1600")
        result = koru("fetch", url)
        self.assertEqual(result.err, "")
        self.assertEqual(result.status, 0)
        self.assertEqual(result.lines[:2], [f"Starting {url}", f"{url}: 1600 bytes"])

    def test_table(self):
        urls = [self.server.url(f"/wait/0.2?{i}") for i in range(10)]
        result = koru("fetch", *urls)
        self.assertEqual(result.status, 0)
        self.assertEqual(result.row("URLs"), "10 ok, 0 failed")
        self.assertEqual(result.row("bytes"), "100")
        self.assertRegex(result.row("one by one"), r"^\d+\.\d\d s \(\d+(\.\d)? times as long\)$")
        self.assertRegex(result.row("wall time"), r"^\d+ ms$|^\d+\.\d\d s$")
        self.assertRegex(result.row("CPU time"), r"^\d+ ms$|^\d+\.\d\d s$")
        self.assertRegex(result.row("peak memory"), r"^\d+\.\d MB$")
        self.assertRegex(result.row("threads used"), r"^[1-9]\d*$")

    def test_lines_come_as_things_happen(self):
        slow, quick = self.server.url("/hang"), self.server.url("/ok?quick")
        with Command("fetch", slow, quick) as command:
            lines = [command.process.stdout.readline() for _ in range(3)]
            self.assertEqual(lines[2], f"{quick}: 10 bytes\n")

    def test_many_hundred(self):
        urls = self.write("urls", "".join(self.server.url(f"/ok?{i}\n") for i in range(700)))
        result = koru("fetch", "-c", "50", "-i", urls)
        self.assertEqual(result.status, 0, result.err)
        self.assertEqual(result.row("URLs"), "700 ok, 0 failed")
        self.assertEqual(sum(line.startswith("Starting ") for line in result.lines), 700)

    def test_redirects_are_followed(self):
        result = koru("fetch", "--json", self.server.url("/redirect/5"))
        self.assertEqual(result.status, 0, result.err)
        self.assertEqual(result.objects[0]["bytes"], 10)

    def test_quiet(self):
        result = koru("fetch", "--quiet", self.server.url())
        self.assertEqual((result.status, result.out, result.err), (0, "", ""))
        refused = f"http://127.0.0.1:{closed_port()}/"
        result = koru("fetch", "-q", self.server.url(), refused)
        self.assertEqual((result.status, result.out), (1, ""))
        self.assertIn("refused", result.cause(refused))

    def test_headers_are_sent(self):
        koru("fetch", "--header", "X-One: 1 ", "-H", "X-Two:two", self.server.url("/echo?headers"))
        headers = dict(self.server.seen)["/echo?headers"]
        self.assertEqual((headers["x-one"], headers["x-two"]), ("1", "two"))

    def test_a_server_of_others(self):
        self.write("page.html", "<p>" + "x" * 100000)
        server = subprocess.Popen(["/usr/bin/python3", "-u", "-m", "http.server", "--bind", "127.0.0.1", "0"],
                                  cwd=self.dir, stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, text=True)
        try:
            port = server.stdout.readline().split("port ")[1].split()[0]
            page = f"http://127.0.0.1:{port}/page.html"
            result = koru("fetch", "-o", self.path("out"), page, page + ".missing")
            self.assertIn(f"{page}: 100003 bytes", result.lines)
            self.assertIn("404 Not Found", result.cause(page + ".missing"))
            self.assertEqual(self.files("out"), [f"127.0.0.1_{port}_page.html"])
        finally:
            server.terminate()
            server.communicate()


class Limits(Case):
    def test_concurrency(self):
        urls = []
        for i in range(10):  # in all, not for each host
            urls += [self.server.url(f"/busy?{i}"), self.server.url(f"/busy?{i}", "localhost")]
        self.server.busy_max = 0
        self.assertEqual(koru("fetch", "-c", "3", *urls).status, 0)
        self.assertEqual(self.server.busy_max, 3)

    def test_per_host(self):
        """Two names for one machine are two hosts; one may not hold up the other."""
        urls = []
        for i in range(8):
            urls += [self.server.url(f"/busy?{i}"), self.server.url(f"/busy?{i}", "localhost")]
        self.server.busy_max = 0
        result = koru("fetch", "--per-host", "2", *urls)
        self.assertEqual(result.status, 0, result.err)
        self.assertEqual(self.server.busy_max, 4)

    def test_waiting_for_a_host_is_not_waiting_for_an_answer(self):
        urls = [self.server.url(f"/wait/0.3?{i}") for i in range(5)]
        result = koru("fetch", "--per-host", "1", "--timeout", "1s", *urls)
        self.assertEqual(result.status, 0, result.err)

    def test_redirect_limit(self):
        url = self.server.url("/redirect/3")
        self.assertEqual(koru("fetch", "--max-redirects", "4", url).status, 0)
        result = koru("fetch", "--max-redirects", "3", url, self.server.url())
        self.assertEqual(result.status, 1)
        self.assertIn("redirects", result.cause(url))
        self.assertEqual(result.row("URLs"), "1 ok, 1 failed")
        result = koru("fetch", "--max-redirects", "0", url)
        self.assertIn("302 Found", result.cause(url))

    def test_descriptors(self):
        urls = [self.server.url(f"/ok?{i}") for i in range(100)]
        result = koru("fetch", "-c", "100", *urls, preexec_fn=few_descriptors)
        self.assertEqual(result.status, 0, result.err)
        self.assertIn("ulimit -n", result.err)


def few_descriptors():
    import resource
    resource.setrlimit(resource.RLIMIT_NOFILE, (80, 80))


class Bad(Case):
    """Each kind of bad input costs its own URL one sentence, and no other URL anything."""

    def check(self, url, *words, args=(), code=None):
        good = [self.server.url(f"/ok?{i}") for i in range(3)]
        result = koru("fetch", *args, good[0], url, *good[1:])
        self.assertEqual(result.status, 1)
        cause = result.cause(url)
        for word in words:
            self.assertIn(word, cause)
        self.assertEqual(len(result.err.splitlines()), 1, result.err)
        for one in good:
            self.assertIn(f"{one}: 10 bytes", result.lines)
        self.assertEqual(result.row("URLs"), "3 ok, 1 failed")

        result = koru("fetch", "--json", *args, good[0], url, *good[1:])
        self.assertEqual(result.status, 1)
        failed = result.by_url[url]
        self.assertEqual(failed["error"]["text"], cause)
        if code:
            self.assertEqual(failed["error"]["code"], code)
        self.assertEqual([result.by_url[one]["error"] for one in good], [None] * 3)
        self.assertEqual(result.summary["failed"], 1)

    def test_malformed(self):
        for url in ("nonsense", "http://", "ftp://127.0.0.1/", "http://127.0.0.1:99999/",
                    "http://a b/", "http://[::1/", "-", "http://127.0.0.1/%zz"):
            with self.subTest(url):
                self.check(url, "malformed URL", args=["--"] if url == "-" else [], code="EURL")

    def test_unknown_host(self):
        self.check("http://no-such-host.invalid/", "no-such-host.invalid")

    def test_refused(self):
        port = closed_port()
        self.check(f"http://127.0.0.1:{port}/", "refused", f"127.0.0.1", f"{port}",
                   code="ECONNREFUSED")

    def test_reset(self):
        self.check(self.server.url("/reset"), "reset", code="ECONNRESET")

    def test_deadline(self):
        self.check(self.server.url("/hang"), "300ms", args=["--timeout", "300ms"],
                   code="ETIMEDOUT")
        self.check(self.server.url("/drip"), "300ms", "500 bytes", args=["--timeout", "300ms"],
                   code="ETIMEDOUT")

    def test_short_body(self):
        self.check(self.server.url("/short"), "shorter than promised", code="ESHORT")

    def test_large_header(self):
        self.check(self.server.url("/header"), "header", "larger", code="EHEADERS")

    def test_redirect_loop(self):
        self.check(self.server.url("/loop"), "too many redirects", code="EREDIRECTS")

    def test_not_http(self):
        self.check(self.server.url("/garbage"), "HTTP", code="EPROTO")

    def test_status(self):
        self.check(self.server.url("/status/404"), "404 Not Found", code="ESTATUS")
        self.check(self.server.url("/status/503"), "503 Service Unavailable", code="ESTATUS")

    def test_terminal_controls_do_not_get_through(self):
        result = koru("fetch", "http://a/\x1b[2J", "http://\udcff/".encode(errors="surrogateescape"))
        self.assertEqual(result.status, 1)
        self.assertNotIn("\x1b", result.out + result.err)
        self.assertIn("http://a/\\x1b[2J", result.err)
        self.assertIn("http://\\xff/", result.err)


class Certificates(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.certs = support.tempfile.mkdtemp(prefix="koru-test-")
        cls.addClassCleanup(support.shutil.rmtree, cls.certs, True)
        subprocess.run([os.environ["MAKE_CERTS"], cls.certs], check=True)

    def fetch(self, name, *args):
        with support.Server(os.path.join(self.certs, name + ".pem")) as tls:
            url = tls.url(host="localhost")
            result = koru("fetch", *args, url, self.server.url(),
                          env={"SSL_CERT_FILE": os.path.join(self.certs, "ca.pem")})
            self.assertIn(f"{self.server.url()}: 10 bytes", result.lines)
            return url, result

    def check(self, name, *words):
        url, result = self.fetch(name)
        self.assertEqual(result.status, 1)
        for word in words:
            self.assertIn(word, result.cause(url))
        url, result = self.fetch(name, "--insecure")
        self.assertEqual(result.status, 0, result.err)
        self.assertIn(f"{url}: 10 bytes", result.lines)

    def test_good(self):
        url, result = self.fetch("good")
        self.assertEqual(result.status, 0, result.err)
        self.assertIn(f"{url}: 10 bytes", result.lines)

    def test_expired(self):
        self.check("expired", "the certificate of localhost has expired")

    def test_not_yet(self):
        self.check("early", "the certificate of localhost is not valid yet")

    def test_wrong_host(self):
        self.check("wronghost", "the certificate of localhost is for another host")

    def test_self_signed(self):
        self.check("selfsigned", "the certificate of localhost is self-signed")

    def test_unknown_issuer(self):
        self.check("unknown", "the certificate of localhost cannot be trusted", "issuer")


class Input(Case):
    def test_file(self):
        urls = self.write("urls", f"# my list\n\n  {self.server.url('/a')}  \r\n{self.server.url('/b')}")
        result = koru("fetch", "-i", urls, self.server.url("/c"))
        self.assertEqual(result.status, 0, result.err)
        started = [line.split("/")[-1] for line in result.lines if line.startswith("Starting")]
        self.assertEqual(started, ["c", "a", "b"])

    def test_standard_input(self):
        result = koru("fetch", "-i", "-", stdin=self.server.url("/a\n") + self.server.url("/b\n"))
        self.assertEqual(result.row("URLs"), "2 ok, 0 failed")

    def test_a_pipe_is_read_as_it_comes(self):
        with Command("fetch", "-i", "/dev/fd/0") as dead:  # standard input is /dev/null
            self.assertEqual(dead.end().row("URLs"), "0 ok, 0 failed")
        process = subprocess.Popen([support.KORU, "fetch", "-i", "-"], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, text=True)
        with process:
            for name in ("/a", "/b"):
                process.stdin.write(self.server.url(name) + "\n")
                process.stdin.flush()
                self.assertEqual(process.stdout.readline(), f"Starting {self.server.url(name)}\n")
                self.assertEqual(process.stdout.readline(), f"{self.server.url(name)}: 10 bytes\n")
            process.stdin.close()
            self.assertEqual(process.wait(support.PATIENCE), 0)

    def test_bad_lines_cost_only_themselves(self):
        urls = self.path("urls")
        with open(urls, "wb") as file:
            file.write(self.server.url("/a").encode() + b"\nhttp://" + b"x" * 20000 + b"\n\xff\xfe\n")
            file.write(b"http://a/\0b\n" + self.server.url("/b").encode() + b"\n")
        result = koru("fetch", "--json", "-i", urls)
        self.assertEqual(result.status, 1)
        self.assertEqual((result.summary["ok"], result.summary["failed"]), (2, 3))
        self.assertIn("longer than 8,192 bytes", result.err)
        self.assertIn("zero byte", result.err)

    def test_unreadable_lists(self):
        self.assert_usage(koru("fetch", "-i", self.path("missing")), "missing", "No such file")
        self.assert_usage(koru("fetch", "-i", self.dir), self.dir, "directory")
        self.assert_usage(koru("fetch", "-i", "a", "-i", "b"), "twice")

    def test_an_empty_list_is_no_failure(self):
        result = koru("fetch", "-i", "-", stdin="# nothing\n")
        self.assertEqual((result.status, result.row("URLs")), (0, "0 ok, 0 failed"))


class Json(Case):
    def test_every_line_is_an_object(self):
        urls = [self.server.url(f"/ok?{i}") for i in range(50)] + ["nonsense"]
        result = koru("fetch", "--json", *urls)
        self.assertEqual(result.status, 1)
        objects = result.objects
        self.assertEqual(len(objects), 52)
        self.assertEqual(sorted(o["url"] for o in objects[:-1]), sorted(urls))
        for one in objects[:-1]:
            self.assertEqual(list(one), ["url", "status", "bytes", "seconds", "file", "error"])
        self.assertEqual(list(objects[-1]), ["summary"])
        self.assertEqual(result.summary["ok"], 50)
        self.assertEqual(result.summary["bytes"], 500)
        self.assertFalse(result.summary["interrupted"])
        self.assertGreater(result.summary["peak_memory_bytes"], 100000)

    def test_numbers(self):
        result = koru("fetch", "--json", self.server.url("/wait/0.5"))
        one = result.objects[0]
        self.assertEqual((one["status"], one["bytes"], one["file"], one["error"]), (200, 10, None, None))
        self.assertTrue(0.5 <= one["seconds"] < support.PATIENCE)
        self.assertGreaterEqual(result.summary["sequential_seconds"], 0.5)

    def test_foreign_bytes(self):
        result = koru("fetch", "--json", b'\xff"\n', "http://caf\u00e9/")
        self.assertIn('\\xff"\\x0a', result.by_url)
        self.assertIn("http://caf\u00e9/", result.by_url)


if __name__ == "__main__":
    main()
