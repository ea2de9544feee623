# SPDX-License-Identifier: MIT
"""Starts and awaits empty asyncio tasks; see batch.h."""
import asyncio
import time

import bench


async def empty():
    pass


async def batch(at_once):
    for task in [asyncio.create_task(empty()) for _ in range(at_once)]:
        await task


async def main():
    at_once = bench.arg("at_once")
    batches = bench.arg("tasks") // at_once
    for _ in range(batches // 10 + 1):
        await batch(at_once)
    started = time.perf_counter_ns()
    for _ in range(batches):
        await batch(at_once)
    took = time.perf_counter_ns() - started
    bench.result("spawn", took / (batches * at_once), "ns")


asyncio.run(main())
