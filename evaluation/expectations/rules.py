"""Small builders of row rules that many tables share. What a table needs is decided in the suites."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence

import numpy as np
import pandas as pd

from evaluation.expectations.checks import Frames, RowRule
from evaluation.tables import TABLES

TOLERANCE_DAYS = 1e-6
"""Sums of halves are exact; totals given as shares of averages are not."""

CPR_LIKE = re.compile(r"(?<!\d)(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])\d{2}[- ]?\d{4}(?!\d)")
OPAQUE = ("pupil_key", "key_id", "sha256", "segment_id", "document_id", "coder", "source_file", "holder")
"""Columns of hashes and file names: digits in them mean nothing, or are masked where the file is read."""


def filled(column: str) -> RowRule:
    """The column has a value."""

    def rule(f: Frames) -> pd.Series[bool]:
        values = f.frame[column]
        sound = values.notna()
        return sound & (values != "") if values.dtype == "str" else sound

    return rule


def in_set(column: str, allowed: Callable[[Frames], Collection[str]], *, or_empty: bool = False) -> RowRule:
    """The column's value is one of those the study knows; ``or_empty`` accepts a missing one."""

    def rule(f: Frames) -> pd.Series[bool]:
        values = f.frame[column]
        sound = values.isin(list(allowed(f)))
        return sound | values.isna() | (values == "") if or_empty else sound

    return rule


def one_of(column: str, *allowed: str, or_empty: bool = False) -> RowRule:
    """The column's value is one of a fixed list."""
    return in_set(column, lambda _: allowed, or_empty=or_empty)


def schools(f: Frames) -> Collection[str]:
    """The study's schools."""
    return [s.id for s in f.protocol.schools]


def grades(f: Frames) -> Collection[str]:
    """The study's grades."""
    return f.protocol.grades.order


def types(f: Frames) -> Collection[str]:
    """The study's types of absence."""
    return [t.id for t in f.protocol.absence_types]


def waves(f: Frames) -> Collection[str]:
    """The study's waves."""
    return [w.id for w in f.protocol.waves]


def years(f: Frames) -> Collection[str]:
    """The study's school years."""
    return f.protocol.years.all


def not_negative(*columns: str) -> RowRule:
    """No amount is below zero; a missing amount is left to other checks."""

    def rule(f: Frames) -> pd.Series[bool]:
        return ~(f.frame[list(columns)] < 0).any(axis=1)

    return rule


def at_most(small: str, large: str) -> RowRule:
    """One amount is no larger than another (a missing one is left to other checks)."""

    def rule(f: Frames) -> pd.Series[bool]:
        return ~(f.frame[small] > f.frame[large] + TOLERANCE_DAYS)

    return rule


def adds_up(total: str, *parts: str) -> RowRule:
    """The parts sum to the total."""

    def rule(f: Frames) -> pd.Series[bool]:
        return (f.frame[list(parts)].sum(axis=1) - f.frame[total]).abs() <= TOLERANCE_DAYS

    return rule


def in_order(first: str, last: str) -> RowRule:
    """The first date is not after the last (missing ones are left to other checks)."""

    def rule(f: Frames) -> pd.Series[bool]:
        return ~(f.frame[first] > f.frame[last])

    return rule


def inside_years(column: str, *, or_empty: bool = False) -> RowRule:
    """The date lies in one of the study's school years."""

    def rule(f: Frames) -> pd.Series[bool]:
        days = f.frame[column]
        unique = days.dropna().unique()
        known = set(f.protocol.years.all)
        sound = days.isin([d for d in unique if f.protocol.years.of(pd.Timestamp(d).date()) in known])
        return sound | days.isna() if or_empty else sound

    return rule


def by_cutoff(column: str) -> RowRule:
    """The date is not after the round's cut-off."""

    def rule(f: Frames) -> pd.Series[bool] | None:
        return None if f.cutoff is None else ~(f.frame[column] > pd.Timestamp(f.cutoff))

    return rule


def unique(*columns: str) -> RowRule:
    """No two rows share these columns."""

    def rule(f: Frames) -> pd.Series[bool]:
        return ~f.frame.duplicated(list(columns), keep=False)

    return rule


def known_in(table_name: str, *columns: str, or_empty: bool = False) -> RowRule:
    """The columns' values stand together in another table."""

    def rule(f: Frames) -> pd.Series[bool] | None:
        other = f.other(table_name)
        if other is None:
            return None
        if len(columns) == 1:
            sound = f.frame[columns[0]].isin(other[columns[0]].dropna().unique())
        else:
            known = pd.MultiIndex.from_frame(other[list(columns)].drop_duplicates())
            sound = pd.Series(
                pd.MultiIndex.from_frame(f.frame[list(columns)]).isin(known), index=f.frame.index
            )
        return sound | f.frame[list(columns)].isna().any(axis=1) if or_empty else sound

    return rule


def half_days_only_where_allowed(f: Frames) -> pd.Series[bool]:
    """A day counts one, or a half in the grades that note absence twice a day."""
    fraction, half = f.frame["day_fraction"], f.frame["grade"].isin(list(f.protocol.grades.half_days))
    return (fraction == 1.0) | ((fraction == 0.5) & half)


def no_overlap(key: Sequence[str], first: str, last: str) -> RowRule:
    """Intervals of the same key do not overlap; an open end lasts for ever."""

    def rule(f: Frames) -> pd.Series[bool]:
        rows = f.frame[[*key, first, last]].copy()
        rows[last] = rows[last].fillna(pd.Timestamp.max.floor("D"))
        rows = rows.sort_values([*key, first, last], kind="stable")
        by = [rows[c] for c in key]
        same = np.logical_and.reduce([(c == c.shift()).to_numpy() for c in by])
        clash = same & (rows[first] <= rows[last].shift()).to_numpy()
        both = clash | np.append(clash[1:], False)
        return pd.Series(~both, index=rows.index).reindex(f.frame.index)

    return rule


def without_personal_numbers(table_name: str) -> RowRule:
    """No text looks like a CPR number. Hashes are not looked at."""
    columns = [c for c, kind in TABLES[table_name].columns.items() if kind == "VARCHAR" and c not in OPAQUE]

    def rule(f: Frames) -> pd.Series[bool]:
        sound = pd.Series(True, index=f.frame.index)
        for column in columns:
            values = f.frame[column]
            suspicious = [v for v in values.dropna().unique() if CPR_LIKE.search(str(v))]
            if suspicious:
                sound &= ~values.isin(suspicious)
        return sound

    return rule
