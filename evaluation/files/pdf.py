"""What reading a PDF with pypdf has in common, whatever is read: what it skips is told, and its words stay out of logs."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def listening() -> Iterator[list[int]]:
    """What pypdf would log repeats a file's words; that it skipped something is all that is kept."""
    skipped: list[int] = []
    handler = logging.Handler()
    handler.emit = lambda record: skipped.append(record.levelno)  # type: ignore[method-assign]
    log = logging.getLogger("pypdf")
    before = log.propagate
    log.propagate = False
    log.addHandler(handler)
    try:
        yield skipped
    finally:
        log.removeHandler(handler)
        log.propagate = before
