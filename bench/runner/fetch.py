# SPDX-License-Identifier: MIT
"""Runs one fetching client once: a fresh server on a processor of its own, a list of URLs,
the client, and a look at whether it really got them all."""
import re
import signal
import subprocess
import tempfile

from runner import program


def run(server, command, cpus, values, timeout):
    """Returns the figures of the client's process and of the server together."""
    words = program.split(server, values)
    words = ["taskset", "-c", str(cpus["server"]), *words,
             f"delay_ms={values['delay_ms']}", f"bytes={values['bytes']}"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        try:
            port = program.figures(process.stdout.readline()).get("port")
            if not port:
                raise program.Failed("the server did not start")
            found = _client(command, cpus["program"], values, timeout, port)
        finally:
            process.send_signal(signal.SIGTERM)
            served = program.figures(process.stdout.read())
    if served.get("answered") != values["urls"]:
        raise program.Failed(f"the server answered {served.get('answered', 0):.0f} requests")
    return {**found, **served}


def _client(command, cpu, values, timeout, port):
    base = f"http://127.0.0.1:{port:.0f}"
    with tempfile.NamedTemporaryFile("w") as urls:
        urls.writelines(f"{base}/{i}\n" for i in range(1, values["urls"] + 1))
        urls.flush()
        words = program.split(command, {**values, "base": base, "list": urls.name})
        out, found = program.run(words, cpu, values, timeout)
    whole = re.findall(rf"^{re.escape(base)}/(\d+): {values['bytes']} bytes", out, re.M)
    if len(set(whole)) != values["urls"]:
        raise program.Failed(f"{len(set(whole))} of {values['urls']} URLs came whole")
    return found
