# SPDX-License-Identifier: MIT
"""Skynet in asyncio: tasks awaited by their parent, on one processor only; see skynet.h."""
import asyncio
import sys
import time

import bench

CHILDREN = 10


async def node(first, leaves):
    if leaves == 1:
        return first
    size = leaves // CHILDREN
    tasks = [asyncio.create_task(node(first + i * size, size)) for i in range(CHILDREN)]
    return sum([await task for task in tasks])


async def main():
    leaves = bench.arg("leaves")
    started = time.perf_counter_ns()
    if await node(0, leaves) != leaves * (leaves - 1) // 2:
        sys.exit("failed: the sum")
    bench.result("skynet", (time.perf_counter_ns() - started) / 1e6, "ms")


if bench.arg("processors") > 1:
    sys.exit(bench.MISSING)
asyncio.run(main())
