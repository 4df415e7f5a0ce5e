"""One sheet of any format: its name and its rows of cells. Reading a format is its own module's, choosing one ``sheets``'.

Cells are text, numbers, days, moments, truth values or None, as the format has them; a cell that continues a merged one
to the right is None. Rows are those of the sheet from its first line, so that a row's place is its line.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from evaluation.errors import InputError, Problem

SEVERAL = " […]"
"""Ends the name of what stands several times in one record of XML or JSON, so that no one value of it can be read."""
A_DAY = re.compile(r"\d{4}-\d\d-\d\d|\d{1,2}[-./]\d{1,2}[-./]\d{2,4}|(?:19|20)\d{6}")
"""A day, as records of absence have one."""
Cell = str | int | float | bool | dt.date | dt.datetime | dt.time | dt.timedelta | None


@dataclass(frozen=True)
class Sheet:
    """One sheet or table of a file."""

    name: str
    rows: Callable[[], Iterator[list[Any]]]
    is_visible: bool = True


def damaged(name: str, found: str, expected: str = "an undamaged file") -> InputError:
    """The refusal of a file whose inside cannot be read."""
    return InputError(
        f"{name} cannot be read",
        [Problem(name, found=found, rule="damaged", expected=expected,
                 next_step="open it in a spreadsheet program and save it as .xlsx, or ask for the export again")],
    )  # fmt: skip
