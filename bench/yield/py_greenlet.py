# SPDX-License-Identifier: MIT
"""A ring of greenlets, each switching to the next one itself (there is no scheduler), one
call deep, as in ring.h. On the four functions see py_asyncio.py."""
import time

import bench

greenlet = bench.need("greenlet")


def make(mark):
    def step(state, next_one, x):
        state[0] += x
        next_one.switch()
        state[0] ^= x + mark

    def task(clock, hub, next_one, warmup, rounds):
        hub.switch()  # all start from the hub: one started by another lies deeper on the stack
        state = [0]
        for i in range(warmup):
            step(state, next_one, i)
        clock("start")
        for i in range(rounds):
            step(state, next_one, i * mark)
        clock("end")

    return task


def main():
    tasks = bench.arg("tasks")
    functions = [make(mark) for mark in (3, 5, 7, 11)][: bench.arg("functions")]
    rounds = bench.arg("yields") // tasks
    times = {}

    def clock(name):
        times.setdefault(name, time.perf_counter_ns())  # the first task comes first

    hub = greenlet.getcurrent()
    ring = [greenlet.greenlet(functions[i % len(functions)]) for i in range(tasks)]
    for i, task in enumerate(ring):
        task.switch(clock, hub, ring[(i + 1) % tasks], rounds // 10 + 1, rounds)
    ring[0].switch()  # comes back here when the first task has ended
    bench.result("yield", (times["end"] - times["start"]) / (rounds * tasks), "ns")


main()
