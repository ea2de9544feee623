# SPDX-License-Identifier: MIT
"""A ring of asyncio tasks, each giving way by asyncio.sleep(0), one call deep, as in ring.h.
The four functions share their bytecode: an interpreter returns through its own loop, so
there is nothing to be gained by writing them out."""
import asyncio
import time

import bench


def make(mark):
    async def step(state, x):
        state[0] += x
        await asyncio.sleep(0)
        state[0] ^= x + mark

    async def task(clock, warmup, rounds):
        state = [0]
        for i in range(warmup):
            await step(state, i)
        clock("start")
        for i in range(rounds):
            await step(state, i * mark)
        clock("end")

    return task


async def main():
    tasks = bench.arg("tasks")
    functions = [make(mark) for mark in (3, 5, 7, 11)][: bench.arg("functions")]
    rounds = bench.arg("yields") // tasks
    times = {}

    def clock(name):
        times.setdefault(name, time.perf_counter_ns())  # the first task comes first

    await asyncio.gather(
        *(functions[i % len(functions)](clock, rounds // 10 + 1, rounds) for i in range(tasks)))
    bench.result("yield", (times["end"] - times["start"]) / (rounds * tasks), "ns")


asyncio.run(main())
