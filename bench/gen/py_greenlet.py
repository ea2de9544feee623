# SPDX-License-Identifier: MIT
"""A greenlet as a generator; see values.h."""
import time

import bench

greenlet = bench.need("greenlet")


def count_up():
    parent = greenlet.getcurrent().parent
    i = 0
    while True:
        parent.switch(i)
        i += 1


def take(gen, count):
    for _ in range(count):
        gen.switch()


def main():
    values = bench.arg("values")
    gen = greenlet.greenlet(count_up)
    take(gen, values // 10)
    started = time.perf_counter_ns()
    take(gen, values)
    bench.result("next", (time.perf_counter_ns() - started) / values, "ns")


main()
