# SPDX-License-Identifier: MIT
"""Starts and awaits empty asyncio tasks; see batch.h."""
import asyncio
import time

import bench


async def empty():
    pass


async def yields():
    await asyncio.sleep(0)


async def batch(at_once, work):
    for task in [asyncio.create_task(work()) for _ in range(at_once)]:
        await task


async def main():
    at_once = bench.arg("at_once")
    work = empty if bench.arg("parts") == 1 else yields
    batches = bench.arg("tasks") // at_once
    for _ in range(batches // 10 + 1):
        await batch(at_once, work)
    started = time.perf_counter_ns()
    for _ in range(batches):
        await batch(at_once, work)
    took = time.perf_counter_ns() - started
    bench.result("spawn", took / (batches * at_once), "ns")


asyncio.run(main())
