# SPDX-License-Identifier: MIT
"""Runs one measured program once and reads its figures."""
import os
import shlex
import shutil
import subprocess
import tempfile

MISSING = 77  # see lib/bench.py


class Failed(Exception):
    """It ran and went wrong; the text says how."""


class Missing(Exception):
    """It is not installed, or could not be built for want of a library."""


def split(command, values):
    """The command as a list of words, its {names} filled in."""
    return [word.format(**values) for word in shlex.split(command)]


def figures(text):
    """The lines "name value unit" of a text, as a dict of floats."""
    found = {}
    for line in text.splitlines():
        words = line.split()
        if len(words) == 3:
            try:
                found[words[0]] = float(words[1])
            except ValueError:
                continue
    return found


def run(words, cpu, values, timeout):
    """Runs a command pinned to a processor. Returns what it wrote, and the launcher's figures
    on the process as a whole (wall, cpu, peak; see lib/launch.c)."""
    if not shutil.which(words[0]):
        raise Missing
    env = {**os.environ, "PYTHONPATH": values["source"] + "/lib", "PYTHONDONTWRITEBYTECODE": "1",
           **values["env"]}
    with tempfile.NamedTemporaryFile("r") as report:
        launch = [values["bin"] + "/launch", str(cpu), report.name, *words]
        try:
            done = subprocess.run(launch, env=env, capture_output=True, text=True, timeout=timeout)
        except subprocess.TimeoutExpired:
            raise Failed(f"took longer than {timeout} s") from None
        if done.returncode == MISSING:
            raise Missing
        if done.returncode != 0:
            said = done.stderr.strip().splitlines() or ["nothing"]
            raise Failed(f"exit status {done.returncode}, saying: {said[-1]}")
        return done.stdout, figures(report.read())
