"""The process behind the servers of a test run: it has imported the whole server, and each server is a fork of it.

Reads one line of JSON for each, `{"arguments": […], "env": {…}, "log": "…", "errors": "…", "code": "…"}`, and answers with the
process id. The last three are paths: of what it prints, of what it complains, and of its exit code. Ends with its standard input.
"""

import atexit
import gc
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

MODE = 0o644


def next_start() -> tuple[list[str], Path]:
    """Wait for what is asked for; returns in the new process only, with the arguments of its command line and where its code goes."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody here waits for them
    for line in sys.stdin.buffer:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            become(asked["env"], asked["log"], asked["errors"])
            return asked["arguments"], Path(asked["code"])
        print(child, flush=True)
    os._exit(0)  # taking the imported modules apart takes seconds


def become(env: dict[str, str], log: str, errors: str) -> None:
    """Take on what a process is started with: its session, environment and files."""
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(env)
    nothing = os.open(os.devnull, os.O_RDONLY)
    out, wrong = (os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, MODE) for path in (log, errors))
    for source, target in ((nothing, 0), (out, 1), (wrong, 2)):
        os.dup2(source, target)
        os.close(source)


def run(main: Callable[[list[str]], object], arguments: list[str], told: Path) -> None:
    """Run the command and leave its exit code in a file, for whoever cannot wait for a process that is not their child.

    Then end as Python does, but for taking everything apart that was imported: in a fork that copies each page of it, which takes seconds.
    """
    code: object = 1
    try:
        code = main(arguments)
    except SystemExit as stopped:
        code = stopped.code
    finally:
        told.write_text(str(code or 0))
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":  # a process in which the server looks through files runs this file too, and needs none of that
    # What takes a fresh process seconds, of each command.
    import server.chores
    import server.demo_client
    import server.doctor
    import server.media.keeper
    import server.serve  # noqa: F401
    from server.__main__ import main

    gc.collect()
    gc.freeze()  # or each fork's collector looks at it all, and by that copies it
    run(main, *next_start())
