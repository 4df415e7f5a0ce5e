"""What a check is and what it says afterwards. Rules and running them live elsewhere.

A check judges rows (one boolean per row) or findings (one boolean per group: a school, a week, a column). Either way
Great Expectations gets plain columns to judge, and what comes back are counts and row numbers, never values.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from evaluation.protocol import Protocol

Severity = Literal["info", "warning", "blocking"]
SEVERITIES: tuple[Severity, ...] = ("info", "warning", "blocking")


@dataclass(frozen=True)
class Frames:
    """A table, the tables it may be compared with, and the study. ``cutoff`` is None when no round is given."""

    frame: pd.DataFrame
    protocol: Protocol
    others: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    cutoff: dt.date | None = None

    def other(self, name: str) -> pd.DataFrame | None:
        """Another table, or None when it was not handed over."""
        return self.others.get(name)


RowRule = Callable[[Frames], "pd.Series[bool] | None"]
"""True where a row is sound; None when the rule cannot be applied here (another table is not at hand)."""

GroupRule = Callable[[Frames], "pd.DataFrame | None"]
"""One row per group with the columns of :data:`FINDING`; None when the rule cannot be applied here."""

FINDING = ("group_id", "is_sound", "count", "of_total", "sentence")


@dataclass(frozen=True)
class Check:
    """One expectation about one table.

    ``title`` names in Danish what is expected and stands in the sentence of a row check; ``next_step`` what to
    do when it does not hold. Exactly one of ``rows`` and ``groups`` is given.
    """

    name: str
    table_name: str
    severity: Severity
    title: str
    next_step: str = ""
    rows: RowRule | None = None
    groups: GroupRule | None = None


@dataclass(frozen=True)
class CheckResult:
    """What a check found.

    ``count`` rows (or days, weeks, classes) of ``of_total`` break it; ``row_numbers`` are the first few: the line
    in the source file for raw tables that carry one, else the row's place in the table from 1. ``is_crashed`` means
    that the check itself failed and nothing is known about the data; ``is_passed`` is then False.
    """

    check_name: str
    table_name: str
    severity: Severity
    is_passed: bool
    count: int
    of_total: int
    sentence: str
    group_id: str = ""
    row_numbers: tuple[int, ...] = ()
    is_crashed: bool = False

    @property
    def is_blocking(self) -> bool:
        """Whether the round must stop here."""
        return self.severity == "blocking" and not self.is_passed
