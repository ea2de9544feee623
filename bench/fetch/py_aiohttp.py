# SPDX-License-Identifier: MIT
"""Fetches the URLs in a file, at most at_once at a time, and prints a line as each starts and
ends: one aiohttp session with its pool of connections set to that size, and as many tasks,
fed by one iterator."""
import asyncio
import sys

import bench

aiohttp = bench.need("aiohttp")


async def fetch(session, url):
    print("Starting", url)
    try:
        async with session.get(url) as response:
            body = await response.read()
    except aiohttp.ClientError as error:
        print(f"{url}: {error}")
        return
    print(f"{url}: {len(body)} bytes")


async def work(session, urls):
    for url in urls:
        await fetch(session, url)


async def main():
    at_once = bench.arg("at_once")
    with open(sys.argv[1]) as file:
        urls = (line.rstrip("\n") for line in file)
        connector = aiohttp.TCPConnector(limit=at_once)
        async with aiohttp.ClientSession(connector=connector) as session:
            await asyncio.gather(*(work(session, urls) for _ in range(at_once)))


asyncio.run(main())
