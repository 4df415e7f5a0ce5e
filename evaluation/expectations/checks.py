"""What a check is and what it says afterwards. Rules and running them live elsewhere.

A check judges rows (a condition in SQL, asked where the table lies) or findings (one boolean per group: a school, a
week, a column). Either way Great Expectations gets counts to judge, and what comes back are counts and row numbers,
never values.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import pandas as pd

from evaluation.protocol import Protocol
from evaluation.tables.relations import Relation, connect, frame_of

if TYPE_CHECKING:
    import duckdb

Severity = Literal["info", "warning", "blocking"]
SEVERITIES: tuple[Severity, ...] = ("info", "warning", "blocking")


class Subject:
    """A table under judgement, the tables it may be compared with, and the study.

    In SQL the table is ``t`` and the others go by their names. ``cutoff`` is None when no round is given.
    """

    def __init__(
        self,
        relation: Relation,
        protocol: Protocol,
        others: Mapping[str, Relation] | None = None,
        cutoff: dt.date | None = None,
    ) -> None:
        self.relation = relation
        self.protocol = protocol
        self.others = dict(others or {})
        self.cutoff = cutoff

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The table's rows in memory: for small tables, and for checks over groups of them."""
        return frame_of(self.relation)

    def other(self, name: str) -> pd.DataFrame | None:
        """Another table's rows in memory, or None when it was not handed over."""
        return frame_of(self.others[name]) if name in self.others else None

    @cached_property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """Where the rules are asked; opened when the first one is."""
        return connect({"t": self.relation, **self.others}, numbered="t")

    def query(self, statement: str) -> pd.DataFrame:
        """The result of a statement over the table and the others."""
        return self.connection.execute(statement).df()


@dataclass(frozen=True)
class Sound:
    """Which rows of ``t`` are sound: a SQL condition; where it is not true, NULL included, the row breaks the rule.

    ``by``: columns of ``t``. When given, the condition is an aggregate over the rows that share them, and holds
    for all of those rows or for none.
    """

    condition: str
    by: tuple[str, ...] = ()


RowRule = Callable[[Subject], "Sound | None"]
"""What makes a row sound; None when the rule cannot be applied here (another table is not at hand)."""

GroupRule = Callable[[Subject], "pd.DataFrame | None"]
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
