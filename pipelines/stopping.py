"""Ctrl-C, SIGTERM and a closed window end a command in one way: as an interruption that is not lost.

What belongs here: noticing that somebody wants the command to stop, and telling the main thread until it has heard. What
is said and swept then is the command line's. Nothing of ours is imported, so that the first line can be guarded.

An exception that a signal raises is lost where it meets a ``__del__``, a callback of a library, or a handler that
Dagster put in place of ours. So each signal is seen beside its handler too (``signal.set_wakeup_fd``), and while nothing
is being unwound it is sent again. While something is, a second signal waits: it would cut the cleaning up short.
"""

from __future__ import annotations

import contextlib
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
AGAIN_SECONDS = 0.5
_arrived, _heard = threading.Event(), threading.Event()
_watched: list[Any] = []
_ignored: set[int] = set()
"""Signals that whoever started the command had turned off: SIGINT behind ``&``, SIGHUP behind ``nohup``."""


def begin() -> None:
    """From here on the signals interrupt this process; call it in the main thread before anything else."""
    numbers = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]
    # Dagster gives SIGTERM what it finds at SIGINT, so all have the one handler, also those that are to do nothing.
    _ignored.update(n for n in numbers if signal.getsignal(n) == signal.SIG_IGN)
    reading, writing = socket.socketpair()
    writing.setblocking(False)
    _watched.append(writing)
    signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(reading,), name="signals", daemon=True).start()
    sys.unraisablehook = _unraisable
    for number in numbers:
        signal.signal(number, _interrupt)


def is_asked() -> bool:
    """Whether somebody has asked this process to stop."""
    return _arrived.is_set()


def heard() -> None:
    """The command has ended, or knows that it is to end: from here on nothing interrupts it."""
    _heard.set()
    for name in NAMES:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)


@contextlib.contextmanager
def left_to_others() -> Iterator[None]:
    """For the length of a block somebody else ends this process in order, and no signal is sent again."""
    before = signal.set_wakeup_fd(-1)
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)


def _interrupt(number: int, _frame: FrameType | None) -> None:
    if number in _ignored:
        return
    _arrived.set()
    # Where Dagster has put its own handler at the others it is in the middle of its books: it is sent its own signal.
    if signal.getsignal(signal.SIGTERM) is _interrupt and not _is_unwinding(sys.exception()):
        raise KeyboardInterrupt


def _unraisable(lost: sys.UnraisableHookArgs) -> None:
    """An interruption that was lost comes again, so nobody is told of it."""
    if not _is_unwinding(lost.exc_value):
        sys.__unraisablehook__(lost)


def _watch(reading: socket.socket) -> None:
    asks = _numbers() - _ignored
    while not asks & set(reading.recv(1024)):
        pass
    _arrived.set()
    main = threading.main_thread()
    while not _heard.wait(AGAIN_SECONDS):
        if main.ident is not None and not _is_unwinding(_handled_in(main.ident)):
            _send(main.ident)


def _handled_in(thread: int) -> BaseException | None:
    """The exception that a thread is handling; Python 3.11 gives three things, of which it is the second."""
    found: Any = sys._current_exceptions().get(thread)
    error: BaseException | None = found[1] if isinstance(found, tuple) else found
    return error


def _numbers() -> set[int]:
    return {int(getattr(signal, name)) for name in NAMES if hasattr(signal, name)}


def _send(thread: int) -> None:
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(thread, signal.SIGTERM)
    else:
        import _thread

        _thread.interrupt_main(signal.SIGTERM)


def _is_unwinding(error: BaseException | None) -> bool:
    """Whether an interruption, ours or Dagster's, is on its way out: neither is an :class:`Exception`."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if not isinstance(error, Exception):
            return True
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return False
