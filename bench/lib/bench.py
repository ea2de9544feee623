# SPDX-License-Identifier: MIT
"""What every measured program in Python shares: its arguments, what it needs, the form of
its results, and its memory as the kernel counts it (see memory.h)."""
import importlib
import sys

MISSING = 77  # the exit status that says: what this program measures is not installed


def arg(name):
    """The number in the argument "name=number", which must be there and positive."""
    for a in sys.argv[1:]:
        key, _, value = a.partition("=")
        if key == name and value.isdigit() and int(value) > 0:
            return int(value)
    sys.exit(f"needs the argument {name}=NUMBER")


def need(module):
    """The module, or the end of the program when it is not installed."""
    try:
        return importlib.import_module(module)
    except ImportError:
        sys.exit(MISSING)


def result(name, value, unit):
    print(f"{name} {value:.6g} {unit}", flush=True)


def _field(path, name):
    with open(path) as file:
        for line in file:
            if line.startswith(name):
                return int(line.split()[1]) * 1024
    raise KeyError(name)


def memory():
    """Pages in use and page tables, in bytes."""
    return _field("/proc/self/smaps_rollup", "Rss:") + _field("/proc/self/status", "VmPTE:")


def mappings():
    with open("/proc/self/maps") as file:
        return sum(1 for _ in file)
