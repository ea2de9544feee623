# SPDX-License-Identifier: MIT
"""The memory of asyncio tasks that have started and wait for a future. They have no stacks:
each function on the way is a heap object of its own."""
import asyncio
import os

import bench


async def park(never):
    await never


async def wait_for_ever():
    await park(asyncio.get_running_loop().create_future())


async def main():
    tasks = bench.arg("tasks")
    before = bench.memory()
    keep = [asyncio.create_task(wait_for_ever()) for _ in range(tasks)]
    await asyncio.sleep(0)
    bench.result("memory", (bench.memory() - before) / len(keep), "bytes")
    bench.result("mappings", bench.mappings(), "mappings")
    os._exit(0)


asyncio.run(main())
