"""The process behind the servers of a test run: it has imported the whole server, and each server is a fork of it.

Reads one line of JSON for each, `{"arguments": […], "env": {…}, "log": "…"}`, and answers with the process id. Ends with its
standard input.
"""

import json
import os
import signal
import sys

MODE = 0o644


def next_start() -> list[str]:
    """Wait for what is asked for; returns in the new process only, with the arguments of its command line."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody here waits for them
    for line in sys.stdin.buffer:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            become(asked["env"], asked["log"])
            arguments: list[str] = asked["arguments"]
            return arguments
        print(child, flush=True)
    raise SystemExit(0)


def become(env: dict[str, str], log: str) -> None:
    """Take on what a process is started with: its session, environment and files."""
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(env)
    nothing, out = os.open(os.devnull, os.O_RDONLY), os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, MODE)
    for source, target in ((nothing, 0), (out, 1), (out, 2)):
        os.dup2(source, target)
    os.close(nothing)
    os.close(out)


if __name__ == "__main__":  # a process in which the server looks through files runs this file too, and needs none of that
    import server.serve  # noqa: F401 - what takes a fresh process seconds
    from server.__main__ import main

    raise SystemExit(main(next_start()))
