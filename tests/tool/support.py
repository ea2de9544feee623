# SPDX-License-Identifier: MIT
"""What the tests of the built command share: running it, and servers that misbehave.

The environment names what is tested: KORU is the command, MAKE_CERTS the helper that makes
certificates. Everything happens on 127.0.0.1."""
import json
import os
import re
import shutil
import socket
import socketserver
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

KORU = os.environ["KORU"]
SKIPPED = 77  # what ctest takes for "skipped"
PATIENCE = 30  # seconds after which something that should have happened has not


class Answers(socketserver.StreamRequestHandler):
    """Answers by path; most of the answers are wrong in one way each."""

    def handle(self):
        while True:
            line = self.rfile.readline(65536)
            if not line.strip():
                return
            self.headers = {}
            for header in iter(self.rfile.readline, b"\r\n"):
                if not header:
                    return
                name, _, value = header.decode("latin-1").partition(":")
                self.headers[name.lower()] = value.strip()
            path = line.split()[1].decode("latin-1")
            self.server.seen.append((path, self.headers))
            word = path.split("/")[1].split("?")[0]
            try:
                answer = getattr(self, "on_" + word, self.on_other)
                if answer(path) == "close":
                    return
            except OSError:
                return

    def send(self, text):
        self.wfile.write(text if isinstance(text, bytes) else text.encode("latin-1"))

    def reply(self, body, status="200 OK", headers=""):
        self.send(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n")
        self.send(body)

    def on_other(self, path):
        self.reply(b"x" * 10)

    def on_size(self, path):
        self.reply(b"0123456789abcdef" * (int(path.split("/")[2]) // 16))

    def on_echo(self, path):
        self.reply(json.dumps(self.headers))

    def on_status(self, path):
        self.reply("no", status=path.split("/")[2] + " Whatever")

    def on_redirect(self, path):
        left = int(path.split("/")[2])
        where = f"/redirect/{left - 1}" if left > 0 else "/ok"
        self.reply("", status="302 Found", headers=f"Location: {where}\r\n")

    def on_loop(self, path):
        self.reply("", status="302 Found", headers="Location: /loop\r\n")

    def on_short(self, path):
        self.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nonly this")
        return "close"

    def on_garbage(self, path):
        self.send("SSH-2.0-OpenSSH_9.2\r\n\r\n")
        return "close"

    def on_header(self, path):
        self.send("HTTP/1.1 200 OK\r\n")
        for i in range(100):
            self.send(f"X-Number-{i}: {'x' * 4000}\r\n")
        return "close"

    def on_reset(self, path):
        # A linger time of zero makes closing send a reset.
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.request.close()
        return "close"

    def on_hang(self, path):
        self.server.hanging.release()
        self.server.stopped.wait(PATIENCE)
        return "close"

    def on_drip(self, path):
        """Half of a body, then nothing."""
        self.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + "x" * 500)
        self.wfile.flush()
        return self.on_hang(path)

    def on_wait(self, path):
        time.sleep(float(path.split("/")[2].split("?")[0]))
        self.reply(b"x" * 10)

    def on_busy(self, path):
        """Remembers how many of its kind were under way at a time."""
        with self.server.lock:
            self.server.busy += 1
            self.server.busy_max = max(self.server.busy_max, self.server.busy)
        time.sleep(0.05)
        with self.server.lock:
            self.server.busy -= 1
        self.reply(b"x" * 10)


class Server(socketserver.ThreadingTCPServer):
    """A server in threads, to be used with `with`."""
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, certificate=None):
        super().__init__(("127.0.0.1", 0), Answers)
        self.seen = []
        self.lock = threading.Lock()
        self.busy = 0
        self.busy_max = 0
        self.hanging = threading.Semaphore(0)  # released once for each request that hangs
        self.stopped = threading.Event()
        self.context = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificate, certificate.replace(".pem", ".key"))

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *error):
        self.stopped.set()
        self.shutdown()
        self.server_close()

    def finish_request(self, request, address):
        if not self.context:
            super().finish_request(request, address)
            return
        try:
            with self.context.wrap_socket(request, server_side=True) as wrapped:
                super().finish_request(wrapped, address)
        except OSError:  # the handshake, mostly because the certificate is wrong
            pass

    def handle_error(self, request, address):
        pass

    @property
    def port(self):
        return self.server_address[1]

    def url(self, path="/ok", host="127.0.0.1"):
        return f"{'https' if self.context else 'http'}://{host}:{self.port}{path}"


def closed_port():
    """A port that nobody listens on."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Result:
    def __init__(self, status, out, err):
        self.status = status
        self.out = out
        self.err = err

    @property
    def lines(self):
        return self.out.splitlines()

    @property
    def objects(self):
        """The lines of --json; each must be one object."""
        return [json.loads(line) for line in self.lines]

    @property
    def by_url(self):
        return {o["url"]: o for o in self.objects if "url" in o}

    @property
    def summary(self):
        return self.objects[-1]["summary"]

    def row(self, name):
        """The value of a row of the closing table."""
        found = re.search(rf"^{name} {{2,}}(.*)$", self.out, re.MULTILINE)
        return found and found.group(1)

    def cause(self, url):
        """The one line on standard error that begins with the URL, without it."""
        found = [line for line in self.err.splitlines() if line.startswith(url + ": ")]
        if len(found) != 1:
            raise AssertionError(f"{len(found)} lines about {url} in:\n{self.err}")
        return found[0][len(url) + 2:]


class Command:
    """A running koru, for tests that watch it or send it signals."""

    def __init__(self, *args, **options):
        self.process = subprocess.Popen([KORU, *args], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True, **options)

    def signal(self, number):
        self.process.send_signal(number)

    def end(self):
        out, err = self.process.communicate(timeout=PATIENCE)
        return Result(self.process.returncode, out, err)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


def koru(*args, stdin="", env=None, **options):
    """Runs koru to its end."""
    done = subprocess.run([KORU, *args], input=stdin, capture_output=True, text=True,
                          timeout=2 * PATIENCE, check=False,
                          env={**os.environ, **(env or {})}, **options)
    return Result(done.returncode, done.stdout, done.stderr)


class Case(unittest.TestCase):
    """A test with a directory of its own, and one server for the class."""
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.server = Server().__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="koru-test-")
        self.addCleanup(shutil.rmtree, self.dir, True)

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def files(self, name):
        """What is in a directory, hidden files too."""
        return sorted(os.listdir(self.path(name)))

    def assert_usage(self, result, *words):
        """One sentence on standard error, nothing else, status 2."""
        self.assertEqual(result.status, 2, result.err)
        self.assertEqual(result.out, "")
        self.assertEqual(len(result.err.splitlines()), 1, result.err)
        for word in words:
            self.assertIn(word, result.err)


def wait_for(condition, what):
    limit = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > limit:
            raise AssertionError(f"still waiting for {what}")
        time.sleep(0.01)


def main():
    """Runs the tests of the calling script, unless the poller asked for is not here."""
    if "cannot run" in koru("fetch", "http://127.0.0.1:1/").err:
        sys.exit(SKIPPED)
    unittest.main(argv=[sys.argv[0], *sys.argv[1:]])
