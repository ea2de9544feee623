# SPDX-License-Identifier: MIT
"""Makes greenlets and runs each to its end; there is no scheduler, so "join" is the switch
that enters it. See batch.h."""
import time

import bench

greenlet = bench.need("greenlet")


def empty():
    pass


def yields():
    greenlet.getcurrent().parent.switch()


def batch(at_once, work):
    tasks = [greenlet.greenlet(work) for _ in range(at_once)]
    for task in tasks:
        task.switch()
    if work is yields:
        for task in tasks:
            task.switch()


def main():
    at_once = bench.arg("at_once")
    work = empty if bench.arg("parts") == 1 else yields
    batches = bench.arg("tasks") // at_once
    for _ in range(batches // 10 + 1):
        batch(at_once, work)
    started = time.perf_counter_ns()
    for _ in range(batches):
        batch(at_once, work)
    took = time.perf_counter_ns() - started
    bench.result("spawn", took / (batches * at_once), "ns")


main()
