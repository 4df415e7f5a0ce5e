"""What a person sees while a round runs. The display is the command line's; assets only say what is done."""

from __future__ import annotations

from collections.abc import Callable


class Progress:
    """Tells a listener which table is done and how many rows it has. Silent without a listener."""

    def __init__(self, listener: Callable[[str, int], None] | None = None) -> None:
        self._listener = listener

    def done(self, name: str, rows: int) -> None:
        """A table has been written."""
        if self._listener is not None:
            self._listener(name, rows)
