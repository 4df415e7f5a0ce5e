"""What each kind of file says: from fields to rows for the stage, with every rule of the kind.

One function per kind. Each returns the columns to stage and two masks: rows that are accepted, and accepted rows
that lie after the round's cut-off. Faulty rows are in the quarantine when the function returns.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from evaluation.door.calendar import CLOSED, OUTSIDE, SCHOOL_DAY, WEEKEND
from evaluation.door.chunks import GRID_CODE, GRID_DAY
from evaluation.door.dates import parse_date
from evaluation.door.fields import NOT_OF_THE_STUDY, Fields
from evaluation.door.identities import pupil_of
from evaluation.door.mapping_parts import Sum
from evaluation.door.periods import last_day, parse_day_of, parse_month, parse_quarter, parse_week
from evaluation.door.questions import Question
from evaluation.door.registers import consents, pupils, talks
from evaluation.door.scrutiny import StillOpen
from evaluation.door.shares import interval, parts, shares
from evaluation.door.staged import Staged
from evaluation.door.values import clean, parse_number

NOT_AN_ABSENCE = -2
"""A type code mapped to ``none``: the row is a statement that the pupil was there."""


def absence(f: Fields, cutoff: dt.date) -> Staged:
    """Day rows, interval rows and cells of grids: pupil, first and last day, share of the day, type."""
    school = f.school()
    pupil = pupil_of(f, school)
    grade, label = f.grade_and_class(required=False)
    _leave_out_undecided(f)
    kind, by_code = _types(f)
    first, last = _span(f)
    fraction, is_half = shares(f, by_code, grade, pupil, first, last)
    part = parts(f)
    exported = f.exported()
    is_no_day = f.desk.calendar.of(school, first) != SCHOOL_DAY
    silent = ((kind == NOT_AN_ABSENCE) & is_no_day) | (_is_blank(f) & (is_no_day | (first > exported)))
    early = _is_early(f, first)
    _check_days(f, school, first, last, ~silent & ~early)
    f.quarantine_rows(_day_column(f), (first > exported) & ~silent, "future")
    is_half = is_half & (kind != NOT_AN_ABSENCE)
    _check_half_days(f, is_half & ~_of_a_pair(pupil, first, part, is_half), pupil, grade, first)
    # What an export says of days after its own is a plan; the next export tells what came of it.
    end = np.fmin(np.minimum(last, np.datetime64(cutoff, "D")), exported)
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
    pupil = pupil_of(f, school) if has_pupil else np.full(n, None, dtype=object)
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
        school_days = f.number("school_days") / (1.0 if rules.possible == "pupil" else rules.units_per_day)
        f.quarantine_rows("school_days", school_days < 0, "negative")
        if not has_pupil:
            school_days = _of_the_group(f, school_days, possible, pupils)
    else:
        school_days = possible * pupils
    absent = absent / rules.units_per_day
    exported = f.exported()
    f.quarantine_rows("school_days", absent > school_days + 1e-9, "more_than_possible",
                      found="more absent days than school days")  # fmt: skip
    early = _is_early(f, first)
    outside = _all_outside(f, school, first, last) & ~early
    period = next(c for c in ("week", "month", "quarter", "date") if f.has(c))
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
    for t in f.desk.protocol.absence_types:
        amount = amounts.get(t.id)
        columns[f"type_{t.id}"] = np.full(n, np.nan) if amount is None else amount / rules.units_per_day
    return Staged(columns, late | early, school)


KINDS: dict[str, Callable[[Fields, dt.date], Staged]] = {
    "absence": absence,
    "totals": totals,
    "pupils": pupils,
    "talks": talks,
    "consents": consents,
}


def _leave_out_undecided(f: Fields) -> None:
    """A status that the mapping calls ``none`` (an application nobody has granted yet) is no absence."""
    if f.has("status"):
        status = f.parse(
            "status", lambda t: (t, None) if t in ("counts", NOT_OF_THE_STUDY) else (None, "unknown_value")
        )
        f.is_outside |= np.asarray(status == NOT_OF_THE_STUDY, dtype=bool)


def _is_blank(f: Fields) -> np.ndarray:
    """Empty cells of a grid (n,) that count as absences: they say nothing of days without school or after the export."""
    if GRID_CODE not in f.chunk.frame or not f.source.mapping.has_blank_absence:
        return np.zeros(len(f.chunk.rows), dtype=bool)
    return f.chunk.frame[GRID_CODE].fillna("").eq("").to_numpy(dtype=bool)


def _day_column(f: Fields) -> str:
    return next((c for c in ("date", "from", "month", "week") if f.has(c)), "day")


def _types(f: Fields) -> tuple[np.ndarray, np.ndarray]:
    """Type (n,) and the share of a day that its code says (n,)."""
    mapping = f.source.mapping
    order = {t.id: i for i, t in enumerate(f.desk.protocol.absence_types)} | {"none": NOT_AN_ABSENCE}
    # ``s`` and ``S`` may be two codes; where they are not, capitals do not matter.
    exact = {clean(k): (order[v], mapping.shares.get(k, 1.0)) for k, v in mapping.types.items()}
    folded = {k.casefold(): v for k, v in exact.items()}
    is_grid = mapping.format == "grid"

    def kind(text: str) -> tuple[Any, str | None]:
        if not text and is_grid:
            return exact.get("", (NOT_AN_ABSENCE, 1.0))[0], None
        found = exact.get(text) or folded.get(text.casefold())
        if found is None:
            return -1, "empty_value" if not text else "unknown_type"
        return found[0], None

    def share(text: str) -> tuple[float, None]:
        return (exact.get(text) or folded.get(text.casefold()) or (-1, 1.0))[1], None

    def each(parser: Any, dtype: str) -> np.ndarray:
        return f.parse_file_column(GRID_CODE, parser, dtype) if is_grid else f.parse("type", parser, dtype)

    kinds = each(kind, "int64")
    return kinds, each(share, "float64") if mapping.shares else np.ones(len(kinds))


def _span(f: Fields) -> tuple[np.ndarray, np.ndarray]:
    """First and last day (n,) of each statement."""
    grid = f.source.mapping.grid.headings if f.source.mapping.format == "grid" else None
    if grid == "dates":
        day = f.chunk.frame[GRID_DAY].where(f.chunk.frame[GRID_DAY].ne("0")).to_numpy("datetime64[D]")
        return day, np.where(np.isnat(day), np.datetime64("1900-01-01", "D"), day)
    if grid in ("weekdays", "sessions"):
        week = f.parse("week", _week_or_its_day(f), "datetime64[D]", beside=_year_beside(f))
        number = f.chunk.frame[GRID_DAY].astype("int64").to_numpy()
        day = week + np.maximum(number - 1, 0)
        return np.where(number == 0, np.datetime64("NaT", "D"), day), day
    if grid == "days":
        month = f.parse("month", parse_month(f.desk.protocol.years.starts_month), "datetime64[D]")
        day = f.chunk.frame[GRID_DAY].astype("int64").to_numpy()
        first = month + np.maximum(day - 1, 0)
        is_none = (first.astype("datetime64[M]") != month.astype("datetime64[M]")) & ~np.isnat(month)
        f.quarantine_rows("month", is_none & ~_is_blank(f), "date_format",
                          found="a mark on a day that the month does not have")  # fmt: skip
        first = np.where(is_none, np.datetime64("NaT", "D"), first)
        return np.where(day == 0, np.datetime64("NaT", "D"), first), first
    if f.source.mapping.grain == "interval":
        return interval(f)
    day = f.date("date")
    return day, day


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


def _of_a_pair(pupil: np.ndarray, day: np.ndarray, part: np.ndarray, is_half: np.ndarray) -> np.ndarray:
    """Halves (n,) whose other half stands there too: a register by session says each day twice."""
    at = np.flatnonzero(is_half & (part != 0))
    paired = np.zeros(len(is_half), dtype=bool)
    if len(at):
        said = pd.DataFrame({"pupil": pupil[at], "day": day[at], "part": part[at]})
        paired[at] = said.groupby(["pupil", "day"])["part"].transform("nunique").to_numpy() > 1
    return paired


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


def _week_or_its_day(f: Fields) -> Callable[[str], tuple[Any, str | None]]:
    """Monday of a week, from its number or from a date in it (``Week commencing``)."""
    by_number = parse_week(
        f.desk.protocol.years.starts_month, of_school_years=_year_beside(f) == "school_year"
    )
    by_date = parse_day_of("week", parse_date(f.source.mapping.date_formats, epoch_1904=f.reading.epoch_1904))

    def parse(text: str) -> tuple[Any, str | None]:
        found, rule = by_number(text)
        return (found, None) if rule is None else (found, rule) if (day := by_date(text))[1] else day

    return parse


def _period(f: Fields) -> np.ndarray:
    """First day (n,) of each row's week or month."""
    mapping, starts = f.source.mapping, f.desk.protocol.years.starts_month
    grain = str(mapping.grain)
    if f.has("date"):
        parser = parse_day_of(grain, parse_date(mapping.date_formats, epoch_1904=f.reading.epoch_1904))
        return f.parse("date", parser, "datetime64[D]")
    if grain == "quarter":
        return f.parse(grain, parse_quarter, "datetime64[D]")
    beside = _year_beside(f)
    parser = (parse_week if grain == "week" else parse_month)(starts, of_school_years=beside == "school_year")
    return f.parse(grain, parser, "datetime64[D]", beside=beside)


def _year_beside(f: Fields) -> str | None:
    """Our column of the year that a week or month is in: a school year is another one in the spring."""
    return next((c for c in ("year", "school_year") if f.has(c)), None)


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


GROUP_OR_PUPIL = Question(
    "column",
    "totals.possible",
    "skoledagene passer ikke med kalenderen for hele gruppen: er de én elevs?",
    'skriv possible = "pupil" (én elevs dage) eller "group" (hele gruppens) under [totals]',
)


def _of_the_group(f: Fields, said: np.ndarray, possible: np.ndarray, pupils: np.ndarray) -> np.ndarray:
    """Possible days (n,) of each group; whether a file counts one pupil's days is told by the calendar, or asked."""
    mapping = f.source.mapping
    assert mapping.totals is not None
    many = np.where(np.isnan(pupils), 2.0, pupils)
    known = ~np.isnan(said) & (said > 0) & (possible > 0) & (many >= 2)
    if mapping.totals.possible is None and known.any():
        as_group = said[known] >= 0.5 * (possible * many)[known]
        if np.mean(as_group) < 0.5:
            raise StillOpen(f.source.name, (GROUP_OR_PUPIL,))
    if mapping.totals.possible != "pupil":
        return said
    f.quarantine_rows(
        "school_days", np.isnan(pupils), "empty_value", found="days of a pupil without a number of pupils"
    )
    return np.asarray(said * pupils)


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
