# SPDX-License-Identifier: MIT
# asyncio, Python 3.11
import asyncio

JOBS = 5


async def job(i, bad):
    await asyncio.sleep((i + 1) * 0.020)
    if i == bad:
        raise OSError("broken")
    return i * i


async def gather(bad, timeout):
    async with asyncio.timeout(timeout):
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(job(i, bad)) for i in range(JOBS)]
    return [task.result() for task in tasks]


async def show(bad, timeout):
    try:
        print(*await gather(bad, timeout))
    except TimeoutError:
        print("timed out")
    except ExceptionGroup:
        print("a job failed")


asyncio.run(show(-1, 1))
asyncio.run(show(2, 1))
asyncio.run(show(-1, 0.050))
