# SPDX-License-Identifier: MIT
"""Python's own generator, which has no stack: it can give values from one function only. See
values.h."""
import time

import bench


def count_up():
    i = 0
    while True:
        yield i
        i += 1


def take(gen, count):
    for _ in range(count):
        next(gen)


def main():
    values = bench.arg("values")
    gen = count_up()
    take(gen, values // 10)
    started = time.perf_counter_ns()
    take(gen, values)
    bench.result("next", (time.perf_counter_ns() - started) / values, "ns")


main()
