# SPDX-License-Identifier: MIT
"""The memory of greenlets that have started and switched away: what they had on the one
stack is kept on the heap meanwhile."""
import os

import bench

greenlet = bench.need("greenlet")


def park():
    greenlet.getcurrent().parent.switch()


def wait_for_ever():
    park()


def main():
    tasks = bench.arg("tasks")
    before = bench.memory()
    keep = [greenlet.greenlet(wait_for_ever) for _ in range(tasks)]
    for task in keep:
        task.switch()
    bench.result("memory", (bench.memory() - before) / len(keep), "bytes")
    bench.result("mappings", bench.mappings(), "mappings")
    os._exit(0)


main()
