"""Short words for declaring checks, so that a suite reads as a list of what must hold.

``must`` blocks the round, ``should`` calls for a look, ``note`` informs. What a check says stands in the catalogue under its
name, or under ``said``; a table's name and the study's own limits are put in when the suite is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from evaluation.expectations.checks import Check, GroupRule, RowRule
from evaluation.expectations.structure import key_checks
from evaluation.protocol import Protocol
from evaluation.words.texts import texts
from evaluation.words.values import Limit, Name

TEXT = texts("expectations")
AT_SOURCE, IN_PROGRAM, IN_CALENDAR = "at_source", "in_program", "in_calendar"


@dataclass(frozen=True)
class Suite:
    """A table's checks without its name. ``required`` columns must be filled; titles are keys of the catalogue."""

    required: tuple[str, ...]
    checks: tuple[Check, ...]
    has_key: bool = True

    def named(self, table_name: str, protocol: Protocol) -> list[Check]:
        """The whole suite for a table under a study."""
        general = key_checks(table_name, required=self.required)
        limits: dict[str, Limit | Name] = {
            "quarantine_pct": Limit(protocol.quality.maximum_quarantine_pct),
            "tolerated_rows": Limit(protocol.quality.tolerated_quarantine_rows),
            "completeness_pct": Limit(protocol.quality.minimum_completeness_pct),
            "coverage_pct": Limit(protocol.talks.minimum_coverage_pct),
            "follow_up": Name(protocol.years.follow_up),
        }
        own = [
            replace(
                c,
                table_name=table_name,
                title=TEXT(c.title, None, **limits),
                next_step=TEXT(c.next_step) if c.next_step else "",
            )
            for c in self.checks
        ]
        return [*(general if self.has_key else general[1:]), *own]


def suite(required: str, *checks: Check | Sequence[Check], has_key: bool = True) -> Suite:
    """A suite from required columns (words) and checks; a sequence of checks is put in where it stands."""
    flat = [c for one in checks for c in ([one] if isinstance(one, Check) else one)]
    return Suite(tuple(required.split()), tuple(flat), has_key)


def must(name: str, rule: RowRule, next_step: str = AT_SOURCE, said: str = "") -> Check:
    """Every row; else the round stops."""
    return Check(name, "", "blocking", said or name, next_step, rows=rule)


def should(name: str, rule: RowRule, next_step: str = AT_SOURCE, said: str = "") -> Check:
    """Every row; else somebody should look."""
    return Check(name, "", "warning", said or name, next_step, rows=rule)


def must_all(name: str, rule: GroupRule, next_step: str = "", said: str = "") -> Check:
    """Every group; else the round stops."""
    return Check(name, "", "blocking", said or name, next_step, groups=rule)


def should_all(name: str, rule: GroupRule, next_step: str = "", said: str = "") -> Check:
    """Every group; else somebody should look."""
    return Check(name, "", "warning", said or name, next_step, groups=rule)


def note_all(name: str, rule: GroupRule, next_step: str = "", said: str = "") -> Check:
    """Worth knowing."""
    return Check(name, "", "info", said or name, next_step, groups=rule)
