"""What a check is and what it says afterwards. Rules and running them live elsewhere.

A check judges rows (a condition in SQL, asked where the table lies) or findings (one boolean per group: a school, a
week, a column). Either way Great Expectations gets counts to judge, and what comes back are counts and row numbers,
never values.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import pandas as pd

from evaluation.protocol import Protocol
from evaluation.tables.relations import Opened, Relation, frame_of, opened
from evaluation.words import Audience, Code, Persons, Statement, Value, kept, render, say
from evaluation.words.texts import texts

TEXT = texts("expectations")


Severity = Literal["info", "warning", "blocking"]


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
    def opened(self) -> Opened:
        """Where the rules are asked; opened when the first one is."""
        return opened({"t": self.relation, **self.others}, numbered="t")

    def query(self, statement: str) -> pd.DataFrame:
        """The result of a statement over the table and the others."""
        return self.opened.frame(statement)


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


@dataclass(frozen=True)
class Finding:
    """What a check found in one group: a school, a week, a column. ``count`` of ``of_total`` there are not sound."""

    group_id: str
    is_sound: bool
    count: Persons
    of_total: Persons
    statement: Statement


def finding(
    group_id: str, is_sound: bool, count: int, of_total: int, code: Code, /, **values: Value
) -> Finding:
    """One finding; what it says is held against the catalogue."""
    return Finding(group_id, bool(is_sound), Persons(int(count)), Persons(int(of_total)), say(code, **values))


GroupRule = Callable[[Subject], "Sequence[Finding] | None"]
"""One finding per group; None when the rule cannot be applied here."""


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

    ``count`` rows (or days, weeks, classes) of ``of_total`` break it; ``statement`` says so, ``next_step`` what to do when
    it does not hold; ``row_numbers`` are the first few: the line
    in the source file for raw tables that carry one, else the row's place in the table from 1. ``is_crashed`` means
    that the check itself failed and nothing is known about the data; ``is_passed`` is then False.
    """

    check_name: str
    table_name: str
    severity: Severity
    is_passed: bool
    count: Persons
    of_total: Persons
    statement: Statement
    group_id: str = ""
    next_step: str = ""
    row_numbers: tuple[int, ...] = ()
    is_crashed: bool = False

    def record(self) -> dict[str, object]:
        """As plain values for the warehouse, which no report reads before the gate; a crashed check is blocking."""
        return {
            "check_name": self.check_name,
            "table_name": self.table_name,
            "group_id": self.group_id,
            "severity": "blocking" if self.is_crashed else self.severity,
            "is_passed": self.is_passed,
            "statement": kept(self.statement),
            "next_step": self.next_step,
            "row_numbers": list(self.row_numbers),
        }

    def text(self, audience: Audience) -> str:
        """The sentence with what to do next, as this audience may read it."""
        said = render(self.statement, audience)
        return TEXT("next_step", said=said, next_step=self.next_step) if self.next_step else said

    @property
    def is_blocking(self) -> bool:
        """Whether the round must stop here."""
        return self.severity == "blocking" and not self.is_passed
