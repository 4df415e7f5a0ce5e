"""The log file: which commands changed the data folder, who gave them, when, and how they ended. Never what about.

Arguments, names of files, counts and the words of an error can belong to persons, so none of them is written: only the
command's own name, times, the exit code and an error's kind.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import os
import time
from collections.abc import Callable
from importlib.metadata import version
from logging.handlers import RotatingFileHandler
from pathlib import Path

WRITING = frozenset({"run", "report", "freeze", "approve", "forget", "rotate", "purge", "demo", "ui"})
"""Commands that change the data folder. The others leave nothing behind, not even a line here."""
ALONE = WRITING - {"ui", "demo"}
"""Those that hold the data folder alone from their beginning: the page waits its turn, a demonstration has its own."""
_LARGEST, _KEPT = 1_000_000, 5


def log_path(data: Path) -> Path:
    """Where the log lies."""
    return data / "log" / "komglad.log"


def begin(data: Path, command: str, level: str) -> Callable[[int, str], None]:
    """Note that a command has begun; call what comes back with its exit code and the kind of its error."""
    began = time.perf_counter()
    if command not in WRITING:
        return lambda _code, _kind: None
    who = f"bruger={account()}"
    more = f"proces={os.getpid()} version={version('komglad')}"
    _write(data, level, logging.INFO, f"{command} begyndt {who} {more}")

    def end(code: int, kind: str) -> None:
        seconds = time.perf_counter() - began
        fault = f" fejl={kind}" if kind else ""
        grade = logging.ERROR if code else logging.INFO
        _write(data, level, grade, f"{command} slut kode={code} sekunder={seconds:.1f} {who}{fault}")

    return end


def account() -> str:
    """The operating system's name for who gave the command: who logged in, also behind an account that several share.

    Where nobody logged in (a scheduled run, a service) it is the account of the process. No variable of the environment
    is asked: everybody can set those.
    """
    try:
        return os.getlogin()
    except OSError:
        pass
    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    except (ImportError, KeyError, AttributeError):
        return str(os.getuid()) if hasattr(os, "getuid") else "ukendt"


class _Lines(RotatingFileHandler):
    """A full disk is the command's to tell, not the log's."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Say nothing: the line is lost, the work goes on."""


def _write(data: Path, level: str, grade: int, text: str) -> None:
    """One line, owner-only. A log that cannot be written never stops the work."""
    if grade < getattr(logging, level.upper(), logging.INFO) or not data.is_dir():
        return
    path = log_path(data)
    with contextlib.suppress(OSError):
        path.parent.mkdir(mode=0o700, exist_ok=True)
        handler = _Lines(path, maxBytes=_LARGEST, backupCount=_KEPT, encoding="utf-8")
        with contextlib.closing(handler):
            path.chmod(0o600)
            now = dt.datetime.now().astimezone().isoformat(timespec="seconds")
            line = f"{now} {logging.getLevelName(grade):<5} {text}"
            handler.emit(logging.LogRecord("komglad", grade, "", 0, line, None, None))
