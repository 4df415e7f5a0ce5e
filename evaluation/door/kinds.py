"""What each kind of file says: from fields to rows for the stage, with every rule of the kind.

One function per kind. Each returns the columns to stage and two masks: rows that are accepted, and accepted rows
that lie after the round's cut-off. Faulty rows are in the quarantine when the function returns.
"""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from evaluation.disclosure.names import NameMatcher
from evaluation.door.calendar import CLOSED, OUTSIDE, SCHOOL_DAY, WEEKEND
from evaluation.door.chunks import GRID_CODE, GRID_DAY
from evaluation.door.fields import HOLDER, Fields
from evaluation.door.mapping import Sum
from evaluation.door.periods import last_day, parse_day_of, parse_month, parse_week
from evaluation.door.values import clean, parse_date, parse_number, parse_school_year

NOT_AN_ABSENCE = -2
"""A type code mapped to ``none``: the row is a statement that the pupil was there."""


@dataclass(frozen=True)
class Staged:
    """Columns (n,) of one chunk; ``is_late`` (n,) after the cut-off; ``school`` (n,) places in the protocol.

    ``is_silent`` (n,): accepted rows that say nothing about a school day (a pupil without a mark in a grid).
    """

    columns: dict[str, np.ndarray]
    is_late: np.ndarray
    school: np.ndarray
    is_silent: np.ndarray | None = None
    name_tokens: frozenset[str] = field(default_factory=frozenset)
    local_ids: dict[str, str] = field(default_factory=dict)


def absence(f: Fields, cutoff: dt.date) -> Staged:
    """Day rows, interval rows and cells of grids: pupil, first and last day, share of the day, type."""
    school = f.school()
    pupil = f.pupil(school)
    grade, label = f.grade_and_class(required=False)
    kind = _types(f)
    first, last = _span(f)
    fraction = _fractions(f)
    part = _parts(f)
    exported = f.exported()
    silent = (kind == NOT_AN_ABSENCE) & (f.desk.calendar.of(school, first) != SCHOOL_DAY)
    early = _is_early(f, first)
    _check_days(f, school, first, last, ~silent & ~early)
    f.quarantine_rows(_day_column(f), (first > exported) & ~silent, "future")
    _check_half_days(f, fraction % 1 != 0, pupil, grade, first)
    end = np.minimum(last, np.datetime64(cutoff, "D"))
    late = f.desk.calendar.school_days_between(school, *_known(first, end)) == 0
    columns = {"pupil": pupil, "grade": grade, "label": label, "first": first, "last": end, "fraction": fraction,
               "type": kind, "part": part, "exported": exported}  # fmt: skip
    return Staged(columns, (late | early) & ~silent, school, is_silent=silent)


def totals(f: Fields, cutoff: dt.date) -> Staged:
    """Period totals: days absent by type of a pupil, class or grade in a week or month, and the days possible."""
    mapping, n = f.source.mapping, len(f.chunk.rows)
    assert mapping.totals is not None  # the model refuses totals without it
    rules = mapping.totals
    school = f.school()
    has_pupil = f.has("pupil")
    pupil = f.pupil(school) if has_pupil else np.full(n, None, dtype=object)
    grade, label = f.grade_and_class(required=not has_pupil)
    first = _period(f)
    last = _last_days(first, str(mapping.grain))
    amounts = {t: _amount(f, amount) for t, amount in rules.types.items()}
    absent = np.sum(list(amounts.values()), axis=0)
    if rules.total is not None:
        off = np.abs(_amount(f, rules.total) - absent) > rules.total_tolerance + 1e-9
        f.quarantine_rows(
            "total", off, "types_do_not_add_up", found="another total than the sum of its types"
        )
    pupils = f.number("pupils") if f.has("pupils") else np.full(n, 1.0 if has_pupil else np.nan)
    f.quarantine_rows("pupils", pupils < 0, "negative")
    possible = f.desk.calendar.school_days_between(school, *_known(first, last))
    if f.has("school_days"):
        school_days = f.number("school_days") / rules.units_per_day
        f.quarantine_rows("school_days", school_days < 0, "negative")
    else:
        school_days = possible * pupils
    absent = absent / rules.units_per_day
    exported = f.exported()
    f.quarantine_rows("school_days", absent > school_days + 1e-9, "more_than_possible",
                      found="more absent days than school days")  # fmt: skip
    early = _is_early(f, first)
    outside = _all_outside(f, school, first, last) & ~early
    period = next(c for c in ("week", "month", "date") if f.has(c))
    f.quarantine_rows(period, outside, "outside_school_year")
    f.quarantine_rows(period, (possible == 0) & (school_days > 0) & ~early, "no_school_day")
    f.quarantine_rows(period, first > exported, "future")
    if has_pupil:
        f.quarantine_rows("school_days", (school_days > possible + 1e-9) & ~early, "more_than_calendar")
        halves = np.any([(a / rules.units_per_day) % 1 != 0 for a in amounts.values()], axis=0)
        _check_half_days(f, halves, pupil, grade, first)
    late = (
        f.desk.calendar.school_days_between(
            school, *_known(np.maximum(first, np.datetime64(cutoff, "D") + 1), last)
        )
        > 0
    )
    columns = {"pupil": pupil, "grade": grade, "label": label, "first": first, "last": last, "pupils": pupils,
               "school_days": school_days.astype(float), "exported": exported,
               "period": np.full(n, mapping.grain, dtype=object)}  # fmt: skip
    columns |= {f"type_{t}": a / rules.units_per_day for t, a in amounts.items()}
    return Staged(columns, late | early, school)


def pupils(f: Fields, cutoff: dt.date) -> Staged:
    """Roster rows: pupil, school, school year, grade, class and enrolment, clipped to the school year."""
    school = f.school()
    pupil = f.pupil(school)
    grade, label = f.grade_and_class(required=True)
    n = len(f.chunk.rows)
    if f.has("school_year"):
        year = f.parse("school_year", parse_school_year)
    else:
        year = np.full(n, f.desk.protocol.years.of(f.source.exported_on or cutoff), dtype=object)
    codes, uniques = pd.factorize(year)
    starts_month = f.desk.protocol.years.starts_month
    starts = np.array([_day(int(str(y)[:4]), starts_month) for y in uniques] + [np.datetime64("NaT", "D")])[
        codes
    ]
    ends = np.array(
        [_day(int(str(y)[:4]) + 1, starts_month) - 1 for y in uniques] + [np.datetime64("NaT", "D")]
    )[codes]
    first = f.date("from", optional=True) if f.has("from") else np.full(n, np.datetime64("NaT", "D"))
    last = f.date("to", optional=True) if f.has("to") else np.full(n, np.datetime64("NaT", "D"))
    f.quarantine_rows("to", first > last, "reversed_interval")
    f.quarantine_rows("to", (last < starts) | (first > ends), "outside_school_year",
                      found="an enrolment outside the file's school year")  # fmt: skip
    first = np.where(np.isnat(first), starts, np.maximum(first, starts))
    last = np.where(np.isnat(last), ends, np.minimum(last, ends))
    local: dict[str, str] = {}
    if f.has("local_id"):
        tokens = f.local_tokens("local_id", school)
        local = {t: p for t, p, bad in zip(tokens, pupil, f.is_bad, strict=True) if not bad}
    unknown_year = ~pd.Series(year).isin(f.desk.protocol.years.all).to_numpy()
    late = (first > np.datetime64(cutoff, "D")) | unknown_year
    columns = {"pupil": pupil, "year": year, "grade": grade, "label": label, "first": first, "last": last,
               "exported": f.exported()}  # fmt: skip
    return Staged(columns, late, school, None, _name_tokens(f), local)


def talks(f: Fields, cutoff: dt.date) -> Staged:
    """The talk log: school, grade, pupil where named, kind, status and day."""
    n = len(f.chunk.rows)
    school = f.school()
    pupil = f.pupil(school) if f.has("pupil") else np.full(n, None, dtype=object)
    grade, _ = f.grade_and_class(required=not f.has("pupil"))
    kind = f.choice("kind", ("talk", "follow_up")) if f.has("kind") else np.full(n, "talk", dtype=object)
    status = f.choice("status", ("planned", "held", "cancelled"))
    day = f.date("date", optional=True) if f.has("date") else np.full(n, np.datetime64("NaT", "D"))
    exported = f.exported()
    held = pd.Series(status).eq("held").to_numpy(dtype=bool)
    f.quarantine_rows("date", held & np.isnat(day), "empty_value", found="a held talk without a day")
    f.quarantine_rows("date", held & (day > exported), "future")
    if f.has("pupil"):
        _check_known_pupils(f, pupil)
        grade = np.where(
            pd.isna(grade),
            f.desk.roster_grade(pupil, np.where(np.isnat(day), np.datetime64(cutoff, "D"), day)),
            grade,
        )
    columns = {
        "pupil": pupil,
        "grade": grade,
        "kind": kind,
        "status": status,
        "first": day,
        "exported": exported,
    }
    return Staged(columns, day > np.datetime64(cutoff, "D"), school)


def consents(f: Fields, cutoff: dt.date) -> Staged:
    """The consent register: who of the custody holders said what for which purpose, and until when."""
    n = len(f.chunk.rows)
    school = np.full(n, -1)
    pupil = f.pupil(school)
    purposes = sorted({d.consent_purpose for d in f.desk.protocol.data_sets if d.consent_purpose})
    purpose = f.choice("purpose", purposes)
    answer = f.choice("answer", ("yes", "no"))
    given = f.date("given_on")
    withdrawn = (
        f.date("withdrawn_on", optional=True)
        if f.has("withdrawn_on")
        else np.full(n, np.datetime64("NaT", "D"))
    )
    holder = np.full(n, "", dtype=object)
    if f.has("holder"):
        said = f.parse("holder", lambda t: (t, None), is_person=True)
        holder = f.desk.key.pseudonyms(HOLDER, pd.Series(said, dtype="object")).to_numpy(dtype=object)
    exported = f.exported()
    f.quarantine_rows("withdrawn_on", withdrawn < given, "holder_date")
    f.quarantine_rows("given_on", given > exported, "future")
    _check_known_pupils(f, pupil)
    columns = {"pupil": pupil, "purpose": purpose, "holder": holder, "answer": answer, "first": given,
               "withdrawn": withdrawn, "exported": exported}  # fmt: skip
    return Staged(columns, given > np.datetime64(cutoff, "D"), school)


KINDS: dict[str, Callable[[Fields, dt.date], Staged]] = {
    "absence": absence,
    "totals": totals,
    "pupils": pupils,
    "talks": talks,
    "consents": consents,
}


def _day_column(f: Fields) -> str:
    return next(c for c in ("date", "from", "month") if f.has(c))


def _types(f: Fields) -> np.ndarray:
    order = {t.id: i for i, t in enumerate(f.desk.protocol.absence_types)} | {"none": NOT_AN_ABSENCE}
    codes = {clean(k).casefold(): order[v] for k, v in f.source.mapping.types.items()}

    is_grid = f.source.mapping.format == "grid"

    def parse(text: str) -> tuple[Any, str | None]:
        if not text and is_grid:
            return NOT_AN_ABSENCE, None
        found = codes.get(text.casefold())
        if found is None:
            return -1, "empty_value" if not text else "unknown_type"
        return found, None

    if is_grid:
        return f.parse_file_column(GRID_CODE, parse, "int64")
    return f.parse("type", parse, "int64")


def _span(f: Fields) -> tuple[np.ndarray, np.ndarray]:
    """First and last day (n,) of each statement."""
    if f.source.mapping.format == "grid":
        month = f.parse("month", parse_month(f.desk.protocol.years.starts_month), "datetime64[D]")
        day = f.chunk.frame[GRID_DAY].astype("int64").to_numpy()
        first = month + np.maximum(day - 1, 0)
        f.quarantine_rows("month", (first.astype("datetime64[M]") != month.astype("datetime64[M]")) & ~np.isnat(month),
                          "date_format", found="a mark on a day that the month does not have")  # fmt: skip
        return np.where(day == 0, np.datetime64("NaT", "D"), first), first
    if f.source.mapping.grain == "interval":
        first, last = f.date("from"), f.date("to")
        f.quarantine_rows("to", first > last, "reversed_interval")
        return first, last
    day = f.date("date")
    return day, day


def _fractions(f: Fields) -> np.ndarray:
    if not f.has("half_day"):
        return np.ones(len(f.chunk.rows))

    def parse(text: str) -> tuple[Any, str | None]:
        value, rule = parse_number(".")(text.replace(f.source.mapping.decimal, "."))
        if not text:
            return np.nan, "empty_value"
        return (value, None) if rule is None and value in (0.5, 1.0) else (np.nan, "half_day_value")

    return f.parse("half_day", parse, "float64")


def _parts(f: Fields) -> np.ndarray:
    if not f.has("day_part"):
        return np.zeros(len(f.chunk.rows), dtype=np.int64)
    return f.parse("day_part", lambda t: (zlib.crc32(t.casefold().encode()), None), "int64")


def _is_early(f: Fields, first: np.ndarray) -> np.ndarray:
    """Rows (n,) before the day from which the mapping reads the source."""
    start = f.source.mapping.rows_from
    return np.asarray(first < np.datetime64(start, "D")) if start else np.zeros(len(first), dtype=bool)


def _check_days(f: Fields, school: np.ndarray, first: np.ndarray, last: np.ndarray, said: np.ndarray) -> None:
    """Days inside the school year; a day row on a school day, an interval with at least one."""
    column = _day_column(f)
    calendar = f.desk.calendar
    status = calendar.of(school, first)
    known = said & (school >= 0) & ~np.isnat(first) & ~np.isnat(last)
    f.quarantine_rows(column, known & (status == OUTSIDE), "outside_school_year")
    if f.source.mapping.grain == "interval":
        f.quarantine_rows("to", known & (calendar.of(school, last) == OUTSIDE), "outside_school_year")
        none = calendar.school_days_between(np.maximum(school, 0), *_known(first, last)) == 0
        f.quarantine_rows(column, known & none, "no_school_day")
    else:
        f.quarantine_rows(column, known & (status == WEEKEND), "weekend")
        f.quarantine_rows(column, known & (status == CLOSED), "closing_day")


def _check_half_days(
    f: Fields, is_half: np.ndarray, pupil: np.ndarray, grade: np.ndarray, day: np.ndarray
) -> None:
    """Half days only in the grades that register twice a day; the roster's grade where the file has none."""
    at = np.flatnonzero(is_half & ~f.is_bad)
    if not len(at):
        return
    known = grade[at]
    unsaid = pd.isna(known)
    if unsaid.any():
        known = np.where(unsaid, f.desk.roster_grade(pupil[at], day[at]), known)
    wrong = np.zeros(len(is_half), dtype=bool)
    wrong[at] = ~pd.Series(known).isin(f.desk.protocol.grades.half_days).to_numpy() & pd.notna(known)
    f.quarantine_rows("half_day", wrong, "half_day_grade", found="half a day")


def _check_known_pupils(f: Fields, pupil: np.ndarray) -> None:
    if f.desk.roster_pupils:
        unknown = ~f.desk.is_in_roster(pupil) & pd.notna(pupil)
        f.quarantine_rows("pupil", unknown, "unknown_pupil", found="a pupil that no roster has")


def _period(f: Fields) -> np.ndarray:
    """First day (n,) of each row's week or month."""
    mapping, starts = f.source.mapping, f.desk.protocol.years.starts_month
    grain = str(mapping.grain)
    if f.has("date"):
        parser = parse_day_of(grain, parse_date(mapping.date_formats, epoch_1904=f.reading.epoch_1904))
        return f.parse("date", parser, "datetime64[D]")
    parser = parse_week(starts) if grain == "week" else parse_month(starts)
    beside = next((c for c in ("year", "school_year") if f.has(c)), None)
    return f.parse(grain, parser, "datetime64[D]", beside=beside)


def _amount(f: Fields, amount: Sum) -> np.ndarray:
    assert f.source.mapping.totals is not None
    number = parse_number(f.source.mapping.decimal)
    is_zero = f.source.mapping.totals.empty_is_zero
    parser = (lambda t: (0.0, None) if not t else number(t)) if is_zero else number
    total = np.zeros(len(f.chunk.rows))
    for sign, columns in ((1, amount.add), (-1, amount.subtract)):
        for column in columns:
            values = f.parse_file_column(column, parser, "float64")
            f.quarantine_rows(column, values < 0, "negative", found="a negative number")
            total = total + sign * values
    f.quarantine_rows(amount.add[0], total < -1e-9, "negative", found="a negative difference of columns")
    return np.where(np.abs(total) < 1e-9, 0.0, total)


def _last_days(first: np.ndarray, period: str) -> np.ndarray:
    if period == "week":
        return first + 6
    codes, uniques = pd.factorize(first)
    ends = [np.datetime64(last_day(pd.Timestamp(u).date(), period), "D") for u in uniques]
    return np.asarray(np.array([*ends, np.datetime64("NaT", "D")])[codes])


def _known(first: np.ndarray, last: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both with missing days replaced by an empty interval before all time."""
    missing = np.isnat(first) | np.isnat(last)
    return (np.where(missing, np.datetime64("1900-01-02", "D"), first),
            np.where(missing, np.datetime64("1900-01-01", "D"), last))  # fmt: skip


def _all_outside(f: Fields, school: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    span = np.max(np.where(np.isnat(first), 0, (last - first).astype(np.int64)), initial=0)
    outside = np.ones(len(first), dtype=bool)
    for step in range(int(span) + 1):
        outside &= f.desk.calendar.of(school, np.minimum(first + step, last)) == OUTSIDE
    return np.asarray(outside & (school >= 0) & ~np.isnat(first))


def _name_tokens(f: Fields) -> frozenset[str]:
    """Keyed hashes of the roster's name parts: quotes can be scanned for names without keeping one."""
    if not f.has("names"):
        return frozenset()
    columns = f.source.mapping.columns["names"].used
    names = {str(n) for column in columns for n in f.chunk.frame[column].dropna().unique()}
    return NameMatcher.from_names(names, f.desk.key.secret).tokens


def _day(year: int, month: int) -> np.datetime64:
    return np.datetime64(f"{year:04d}-{month:02d}-01", "D")
