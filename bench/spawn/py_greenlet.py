# SPDX-License-Identifier: MIT
"""Makes greenlets and runs each to its end; there is no scheduler, so "join" is the switch
that enters it. See batch.h."""
import time

import bench

greenlet = bench.need("greenlet")


def empty():
    pass


def batch(at_once):
    for task in [greenlet.greenlet(empty) for _ in range(at_once)]:
        task.switch()


def main():
    at_once = bench.arg("at_once")
    batches = bench.arg("tasks") // at_once
    for _ in range(batches // 10 + 1):
        batch(at_once)
    started = time.perf_counter_ns()
    for _ in range(batches):
        batch(at_once)
    took = time.perf_counter_ns() - started
    bench.result("spawn", took / (batches * at_once), "ns")


main()
