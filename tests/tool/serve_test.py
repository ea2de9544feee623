#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""koru serve from outside, asked by clients of others and by koru fetch."""
import http.client
import os
import signal
import socket
import subprocess
import time

import support
from support import Case, koru, main


class Served:
    """A running koru serve, to be used with `with`."""

    def __init__(self, *args, **options):
        self.process = subprocess.Popen([support.KORU, "serve", *args], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                        **options)
        self.first_line = self.process.stdout.readline()

    @property
    def base(self):
        return self.first_line.split()[-1]

    @property
    def address(self):
        host, _, port = self.base.removeprefix("http://").rpartition(":")
        return host, int(port)

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(support.PATIENCE)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.process.kill()
        self.process.communicate()


class Answers(Case):
    def test_first_line(self):
        with Served() as served:
            self.assertRegex(served.first_line, r"^listening on http://127\.0\.0\.1:\d+\n$")

    def test_get(self):
        with Served() as served:
            client = http.client.HTTPConnection(*served.address, timeout=support.PATIENCE)
            for _ in range(3):  # on one connection
                client.request("GET", "/any/path?at=all")
                answer = client.getresponse()
                self.assertEqual((answer.status, answer.read()), (200, b"Hello, World!\n"))
            client.close()

    def test_other_methods(self):
        with Served() as served:
            client = http.client.HTTPConnection(*served.address, timeout=support.PATIENCE)
            client.request("HEAD", "/")
            answer = client.getresponse()
            self.assertEqual((answer.status, answer.read()), (200, b""))
            client.request("POST", "/", body=b"x")
            answer = client.getresponse()
            self.assertEqual((answer.status, answer.headers["Allow"]), (405, "GET, HEAD"))
            client.close()

    def test_size(self):
        for size, count in (("0", 0), ("1000", 1000), ("1M", 1 << 20)):
            with Served("--size", size) as served:
                result = koru("fetch", "--json", served.base + "/")
                self.assertEqual(result.status, 0, result.err)
                self.assertEqual(result.objects[0]["bytes"], count)

    def test_delay(self):
        with Served("--delay", "300ms") as served:
            urls = [f"{served.base}/{i}" for i in range(50)]
            begin = time.monotonic()
            result = koru("fetch", *urls)
            self.assertEqual(result.row("URLs"), "50 ok, 0 failed")
            self.assertTrue(0.3 <= time.monotonic() - begin < 50 * 0.3)  # and not one by one

    def test_many(self):
        with Served("--delay", "10ms") as served:
            urls = self.write("urls", "".join(f"{served.base}/{i}\n" for i in range(3000)))
            result = koru("fetch", "-c", "500", "-i", urls)
            self.assertEqual(result.row("URLs"), "3,000 ok, 0 failed")
            self.assertEqual(served.stop(), 0)


class Stopping(Case):
    def test_signals(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with Served() as served:
                self.assertEqual(served.stop(number), 0)
                self.assertEqual(served.process.stderr.read(), "")

    def test_requests_under_way_are_answered(self):
        with Served("--delay", "700ms", "--size", "100K") as served:
            clients = []
            for _ in range(20):
                client = http.client.HTTPConnection(*served.address, timeout=support.PATIENCE)
                client.request("GET", "/")
                clients.append(client)
            time.sleep(0.2)
            served.process.send_signal(signal.SIGTERM)
            time.sleep(0.1)
            for client in clients:
                answer = client.getresponse()
                self.assertEqual((answer.status, len(answer.read())), (200, 102400))
                client.close()
            self.assertEqual(served.process.wait(support.PATIENCE), 0)

    def test_idle_connections_do_not_hold_it_up(self):
        with Served() as served:
            with socket.create_connection(served.address) as idle:
                client = http.client.HTTPConnection(*served.address, timeout=support.PATIENCE)
                client.request("GET", "/")
                client.getresponse().read()
                self.assertEqual(served.stop(), 0)
                self.assertEqual(idle.recv(1), b"")
                client.close()

    def test_twice(self):
        with Served("--delay", "60s") as served:
            with socket.create_connection(served.address) as client:
                client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                time.sleep(0.2)
                served.process.send_signal(signal.SIGINT)
                time.sleep(0.2)
                self.assertIsNone(served.process.poll())
                self.assertEqual(served.stop(signal.SIGINT), 130)


class Refusals(Case):
    def test_port_in_use(self):
        with Served() as served:
            port = str(served.address[1])
            result = koru("serve", "--port", port)
            self.assertEqual((result.status, result.out), (1, ""))
            self.assertIn(f"port {port}", result.err)
            self.assertIn("--port", result.err)

    def test_unknown_address(self):
        result = koru("serve", "--host", "203.0.113.1")
        self.assertEqual(result.status, 1)
        self.assertIn("203.0.113.1", result.err)

    def test_nobody_to_tell(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run([support.KORU, "serve"], stdout=full, stderr=subprocess.PIPE,
                                  text=True, timeout=support.PATIENCE, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("koru serve:", done.stderr)


if __name__ == "__main__":
    main()
