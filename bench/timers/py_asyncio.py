# SPDX-License-Identifier: MIT
"""asyncio's call_later; see pool.h. The loop throws cancelled timers away only when it runs, so it
is let run now and then."""
import asyncio
import random
import time

import bench


def far():
    return 3600 + random.random() * 60


async def cancel(loop, timers, indices):
    started = time.perf_counter_ns()
    for count, index in enumerate(indices):
        timers[index].cancel()
        timers[index] = loop.call_later(far(), int)
        if count % 1000 == 0:
            await asyncio.sleep(0)
    return (time.perf_counter_ns() - started) / len(indices)


async def cancel_all(loop, pending, steps):
    timers = [loop.call_later(far(), int) for _ in range(pending)]
    await cancel(loop, timers, [i % pending for i in range(steps // 10)])
    in_turn = [i % pending for i in range(steps)]
    bench.result("cancel", await cancel(loop, timers, in_turn), "ns")
    at_random = [random.randrange(pending) for _ in range(steps)]
    bench.result("random", await cancel(loop, timers, at_random), "ns")
    for timer in timers:
        timer.cancel()
    await asyncio.sleep(0)


async def one_round(loop, pending, spread):
    left = pending
    done = loop.create_future()

    def on_time():
        nonlocal left
        left -= 1
        if left == 0:
            done.set_result(None)

    started = time.perf_counter_ns()
    begun = loop.time()
    for _ in range(pending):
        loop.call_at(begun + random.random() * spread, on_time)
    armed = time.perf_counter_ns()
    time.sleep(max(0, spread + 0.001 - (armed - started) / 1e9) if spread else 0)
    awake = time.perf_counter_ns()
    await done
    return time.perf_counter_ns() - awake + armed - started


async def main():
    random.seed(1)
    loop = asyncio.get_running_loop()
    pending, steps = bench.arg("pending"), bench.arg("steps")
    await cancel_all(loop, pending, steps)
    rounds, spread = steps, 0
    if pending > 1:
        rounds, spread = bench.arg("rounds"), bench.arg("spread_us") / 1e6
    await one_round(loop, pending, spread)
    took = 0
    for _ in range(rounds):
        took += await one_round(loop, pending, spread)
    bench.result("fire", took / (rounds * pending), "ns")


asyncio.run(main())
