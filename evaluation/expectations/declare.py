"""Short words for declaring checks, so that a suite reads as a list of what must hold.

``must`` blocks the round, ``should`` calls for a look, ``note`` informs. A table's name and the study's own limits are
put in when the suite is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from evaluation.expectations.checks import Check, GroupRule, RowRule, Severity
from evaluation.expectations.structure import key_checks
from evaluation.protocol import Protocol

AT_SOURCE = "se rækkerne i kildefilen og ret dér, eller ret mappingens oversættelse"
IN_PROGRAM = "fejlen ligger i beregningen: meld den"
IN_CALENDAR = "ret calendar.csv"


@dataclass(frozen=True)
class Suite:
    """A table's checks without its name. ``required`` columns must be filled; ``{p…}`` in titles is the protocol."""

    required: tuple[str, ...]
    checks: tuple[Check, ...]
    has_key: bool = True

    def named(self, table_name: str, protocol: Protocol) -> list[Check]:
        """The whole suite for a table under a study."""
        general = key_checks(table_name, required=self.required)
        own = [replace(c, table_name=table_name, title=c.title.format(p=protocol)) for c in self.checks]
        return [*(general if self.has_key else general[1:]), *own]


def suite(required: str, *checks: Check | Sequence[Check], has_key: bool = True) -> Suite:
    """A suite from required columns (words) and checks; a sequence of checks is put in where it stands."""
    flat = [c for one in checks for c in ([one] if isinstance(one, Check) else one)]
    return Suite(tuple(required.split()), tuple(flat), has_key)


def must(name: str, title: str, rule: RowRule, next_step: str = AT_SOURCE) -> Check:
    """Every row; else the round stops."""
    return _rows("blocking", name, title, rule, next_step)


def should(name: str, title: str, rule: RowRule, next_step: str = AT_SOURCE) -> Check:
    """Every row; else somebody should look."""
    return _rows("warning", name, title, rule, next_step)


def must_all(name: str, title: str, rule: GroupRule, next_step: str = "") -> Check:
    """Every group; else the round stops."""
    return Check(name, "", "blocking", title, next_step, groups=rule)


def should_all(name: str, title: str, rule: GroupRule, next_step: str = "") -> Check:
    """Every group; else somebody should look."""
    return Check(name, "", "warning", title, next_step, groups=rule)


def note_all(name: str, title: str, rule: GroupRule, next_step: str = "") -> Check:
    """Worth knowing."""
    return Check(name, "", "info", title, next_step, groups=rule)


def _rows(severity: Severity, name: str, title: str, rule: RowRule, next_step: str) -> Check:
    return Check(name, "", severity, title, next_step, rows=rule)
