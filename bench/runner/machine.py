# SPDX-License-Identifier: MIT
"""What the figures were measured on."""
import os
import platform
import re
import subprocess


def _first(path, pattern, default="unknown"):
    try:
        with open(path) as file:
            found = re.search(pattern, file.read(), re.M)
    except OSError:
        return default
    return found.group(1) if found else default


def _output(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout


def available_mb():
    return int(_first("/proc/meminfo", r"^MemAvailable:\s+(\d+)", "0")) // 1000


def versions(packages):
    """The versions of those of the Debian packages that are installed."""
    if not packages:
        return {}
    lines = _output("dpkg-query", "-W", "-f", "${Package} ${Version}\\n", *sorted(packages))
    return dict(line.split(" ", 1) for line in lines.splitlines() if not line.endswith(" "))


def describe(build):
    compiler = _first(f"{build}/CMakeCache.txt", r"^CMAKE_C_COMPILER:\w+=(.*)$", "cc")
    return {
        "processor": _first("/proc/cpuinfo", r"^model name\s*:\s*(.*)$", platform.machine()),
        "cores": len(os.sched_getaffinity(0)),
        "memory_mb": int(_first("/proc/meminfo", r"^MemTotal:\s+(\d+)", "0")) // 1000,
        "kernel": platform.release(),
        "compiler": _output(compiler, "--version").split("\n")[0],
        "build_type": _first(f"{build}/CMakeCache.txt", r"^CMAKE_BUILD_TYPE:\w+=(.*)$"),
        "huge_pages": _first("/sys/kernel/mm/transparent_hugepage/enabled", r"\[(\w+)\]"),
        "load": os.getloadavg()[0],
    }
