"""A Dagster program that ends with the process that started it: ``python -m pipelines.ward PROGRAM ARGUMENT …``.

The parent holds the other end of standard input. When it ends, however it ends, the operating system closes that end,
and this process and all it has started (a run under way included) are asked to stop, and after a while made to.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from importlib.metadata import entry_points

GRACE_SECONDS = 10.0


def start(program: str, *arguments: str, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start a Dagster program as a ward of this process, in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "pipelines.ward", program, *arguments],
        env=dict(environment),
        stdin=subprocess.PIPE,
        start_new_session=True,
    )


def stop(process: subprocess.Popen[bytes]) -> None:
    """Let go of a ward and wait until it and its children have ended."""
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()
    try:
        process.wait(GRACE_SECONDS + 2)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    _signal_group(process.pid, "SIGKILL")


def main() -> None:
    """Run the program in this process, and watch the parent beside it."""
    os.umask(0o077)
    threading.Thread(target=_watch, args=(sys.stdin.fileno(),), name="parent", daemon=True).start()
    program, *arguments = sys.argv[1:]
    (found,) = entry_points(group="console_scripts", name=program)
    sys.argv = [program, *arguments]
    sys.exit(found.load()())


def _watch(parent: int) -> None:
    while os.read(parent, 1024):
        pass
    _signal_group(os.getpid(), "SIGTERM")
    time.sleep(GRACE_SECONDS)
    _signal_group(os.getpid(), "SIGKILL")


def _signal_group(leader: int, name: str) -> None:
    """Send a signal to a ward's whole group; Windows has no groups, there its own process is ended."""
    with contextlib.suppress(OSError):
        if os.name == "nt":
            os.kill(leader, signal.SIGTERM)
        else:
            os.killpg(leader, getattr(signal, name))


if __name__ == "__main__":
    main()
