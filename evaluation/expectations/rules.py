"""Small builders of row rules that many tables share. What a table needs is decided in the suites.

A rule is a condition in SQL over the table ``t``; see :class:`evaluation.expectations.checks.Sound`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Sequence

from evaluation.expectations.checks import RowRule, Sound, Subject
from evaluation.tables import table

TOLERANCE_DAYS = 1e-6
"""Sums of halves are exact; totals given as shares of averages are not."""

CPR_LIKE = r"(^|[^0-9])(0[1-9]|[12][0-9]|3[01])(0[1-9]|1[0-2])[0-9]{2}[- ]?[0-9]{4}([^0-9]|$)"
OPAQUE = ("pupil_key", "key_id", "sha256", "segment_id", "document_id", "coder", "source_file", "holder")
"""Columns of hashes and file names: digits in them mean nothing, or are masked where the file is read."""


def text(value: str) -> str:
    """A value as a SQL literal. A backslash is a character to one engine and begins an escape to another."""
    return " || CHR(92) || ".join("'" + part.replace("'", "''") + "'" for part in value.split("\\"))


def listed(values: Collection[str]) -> str:
    """Values as a SQL list; an empty one holds only what no value equals."""
    return f"({', '.join(map(text, values)) or 'NULL'})"


def in_cells(cells: Collection[tuple[str, str]]) -> str:
    """The condition that a row is of one of some schools and grades; none is where there are no such."""
    either = [f"({of('school_id')} = {text(s)} AND {of('grade')} = {text(g)})" for s, g in cells]
    return f"({' OR '.join(either) or 'FALSE'})"


def of(column: str) -> str:
    """A column of the table as SQL, whatever word it is named by."""
    return f't."{column}"'


def not_true(condition: str) -> Sound:
    """Sound unless the condition holds: where something is missing it does not."""
    return Sound(f"NOT COALESCE({condition}, FALSE)")


def filled(column: str) -> RowRule:
    """The column has a value."""

    name = of(column)
    return lambda _: Sound(f"{name} IS NOT NULL AND CAST({name} AS STRING) <> ''")


def in_set(column: str, allowed: Callable[[Subject], Collection[str]], *, or_empty: bool = False) -> RowRule:
    """The column's value is one of those the study knows; ``or_empty`` accepts a missing one."""

    def rule(f: Subject) -> Sound:
        name = of(column)
        empty = f" OR {name} IS NULL OR {name} = ''" if or_empty else ""
        return Sound(f"{name} IN {listed(allowed(f))}{empty}")

    return rule


def one_of(column: str, *allowed: str, or_empty: bool = False) -> RowRule:
    """The column's value is one of a fixed list."""
    return in_set(column, lambda _: allowed, or_empty=or_empty)


def schools(f: Subject) -> Collection[str]:
    """The study's schools."""
    return [s.id for s in f.protocol.schools]


def grades(f: Subject) -> Collection[str]:
    """The study's grades."""
    return f.protocol.grades.order


def types(f: Subject) -> Collection[str]:
    """The study's types of absence."""
    return [t.id for t in f.protocol.absence_types]


def waves(f: Subject) -> Collection[str]:
    """The study's waves."""
    return [w.id for w in f.protocol.waves]


def years(f: Subject) -> Collection[str]:
    """The study's school years."""
    return f.protocol.years.all


def not_negative(*columns: str) -> RowRule:
    """No amount is below zero; a missing amount is left to other checks."""
    return lambda _: Sound(" AND ".join(f"NOT COALESCE({of(c)} < 0, FALSE)" for c in columns))


def at_most(small: str, large: str) -> RowRule:
    """One amount is no larger than another (a missing one is left to other checks)."""
    return lambda _: not_true(f"{of(small)} > {of(large)} + {TOLERANCE_DAYS}")


def adds_up(total: str, *parts: str) -> RowRule:
    """The parts sum to the total; a missing part counts as nothing."""
    added = " + ".join(f"COALESCE({of(p)}, 0)" for p in parts)
    return lambda _: Sound(f"ABS({added} - {of(total)}) <= {TOLERANCE_DAYS}")


def in_order(first: str, last: str) -> RowRule:
    """The first date is not after the last (missing ones are left to other checks)."""
    return lambda _: not_true(f"{of(first)} > {of(last)}")


def in_years(f: Subject, column: str, years: Sequence[str]) -> str:
    """The condition that a date lies in one of some school years."""
    month = f.protocol.years.starts_month
    starts = [dt.date(int(y[:4]), month, 1) for y in years]
    spans = [(a, a.replace(year=a.year + 1)) for a in starts]
    return (
        "(" + " OR ".join(f"({of(column)} >= {day(a)} AND {of(column)} < {day(b)})" for a, b in spans) + ")"
    )


def day(on: dt.date) -> str:
    """A day as a SQL literal."""
    return f"TIMESTAMP '{on:%Y-%m-%d}'"


def inside_years(column: str, *, or_empty: bool = False) -> RowRule:
    """The date lies in one of the study's school years."""

    def rule(f: Subject) -> Sound:
        empty = f" OR {of(column)} IS NULL" if or_empty else ""
        return Sound(in_years(f, column, f.protocol.years.all) + empty)

    return rule


def by_cutoff(column: str) -> RowRule:
    """The date is not after the round's cut-off."""
    return lambda f: None if f.cutoff is None else not_true(f"{of(column)} > {day(f.cutoff)}")


def unique(*columns: str) -> RowRule:
    """No two rows share these columns."""
    return lambda _: Sound("COUNT(*) = 1", by=columns)


def known_in(table_name: str, *columns: str, or_empty: bool = False) -> RowRule:
    """The columns' values stand together in another table."""

    def rule(f: Subject) -> Sound | None:
        if table_name not in f.others:
            return None
        same = " AND ".join(f'o."{c}" = {of(c)}' for c in columns)
        empty = "".join(f" OR {of(c)} IS NULL" for c in columns) if or_empty else ""
        return Sound(f"EXISTS (SELECT 1 FROM {table_name} AS o WHERE {same}){empty}")

    return rule


def share_of_a_day(_: Subject) -> Sound:
    """A day counts one or a part of it; which grades note half days is judged at the door, where their source is known."""
    return Sound("day_fraction > 0.0 AND day_fraction <= 1.0")


def no_overlap(key: Sequence[str], first: str, last: str) -> RowRule:
    """Intervals of the same key do not overlap; an open end lasts for ever."""
    start, end = of(first), f"COALESCE({of(last)}, TIMESTAMP '9999-12-31')"
    over = f"OVER (PARTITION BY {', '.join(map(of, key))} ORDER BY {start}, {end})"
    before, after = f"LAG({end}) {over} >= {start}", f"LEAD({start}) {over} <= {end}"
    return lambda _: not_true(f"COALESCE({before}, FALSE) OR COALESCE({after}, FALSE)")


def without_personal_numbers(table_name: str) -> RowRule:
    """No text looks like a CPR number. Hashes are not looked at."""
    kinds = table(table_name).columns.items()
    columns = [c for c, kind in kinds if kind == "VARCHAR" and c not in OPAQUE]
    found = " OR ".join(f"COALESCE(regexp_like({of(c)}, {text(CPR_LIKE)}), FALSE)" for c in columns)
    return lambda _: not_true(found or "FALSE")
