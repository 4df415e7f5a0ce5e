"""The line of a year: absence by week or month against other grades and last year, with the talks shaded.

One figure, used on page one, per grade and on the schools' pages. It describes; it estimates nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd
from markupsafe import Markup

from evaluation.reports.charts import BLUE, RUST, Line, Lines, Shade, shown
from evaluation.reports.html_tables import Column, Mark, render_table
from evaluation.reports.inputs import ReportInputs, records, value
from evaluation.reports.page import Exhibit, description_mark, pupils
from evaluation.reports.places import groups
from evaluation.words.danish import MONTHS, as_date, capital, is_missing

Row = Mapping[str, Any]
Kind = Literal["week", "month"]
DEFINITION = "Fravær = fraværsdage af elevernes skoledage, i procent."
MOST_WEEKS = 20
"""A figure with more weeks than this is drawn by month."""


def rows_of(
    inputs: ReportInputs,
    period_kind: str,
    year: str,
    group_kind: str,
    group_id: str | None = None,
    outcome: str | None = None,
) -> pd.DataFrame:
    """Rows of ``out_description`` in order of time."""
    f = inputs.described(period_kind, year, group_kind, outcome)
    if group_id is not None:
        f = f[f["group_id"].astype(str) == group_id]
    return f.sort_values(["period", "group_id"], kind="stable")


@dataclass(frozen=True)
class _Series:
    """One line of the figure: who, in which year, and its row of ``out_description`` at each label."""

    name: str
    year: str
    rows: Mapping[str, Row]


def calendar_figure(
    inputs: ReportInputs, grades: tuple[str, ...], identity: str, school_id: str | None = None
) -> Exhibit | None:
    """Absence over the year of some grades (of one school) against the others; None when nothing is there."""
    p = inputs.protocol
    who = groups([p.grades.name(g) for g in grades])
    rest = "Hele skolen" if school_id else f"Øvrige {inputs.group_word(plural=True)}"
    own = _own(grades, school_id)
    other = ("school", school_id) if school_id else ("comparison", None)
    kind = _period_kind(inputs, own)
    years = (p.years.follow_up, inputs.last_year)
    lines = [_series(inputs, kind, n, y, *g) for y in years for n, g in ((who, own), (rest, other))]
    labels = tuple(dict.fromkeys(x for s in lines[:2] for x in s.rows))
    if not labels:
        return None
    values = [shown([value(s.rows.get(x, {}), "absence_pct") for x in labels]) for s in lines]
    shades = _talk_shades(inputs, grades, labels, lines[0].rows)
    chart = Lines(
        x=labels,
        lines=tuple(
            Line(
                f"{s.name}, {s.year}", s.name if i < 2 else "sidste år", values[i], (BLUE, RUST)[i % 2],
                faint=i >= 2, marker=("circle", "square")[i % 2],
            )
            for i, s in enumerate(lines)
        ),
        unit="Fravær i procent af skoledagene",
        x_title="Uge" if kind == "week" else "",
        shades=shades,
    )  # fmt: skip
    unit = "uge" if kind == "week" else "måned"
    frame = pd.DataFrame({"label": labels, **{str(i): v for i, v in enumerate(values)}})
    columns = [Column("label", capital(unit))]
    columns += [
        Column(str(i), f"{s.name}, {s.year}", "pct", mark=_mark_of(s)) for i, s in enumerate(lines) if s.rows
    ]
    span = f"{'uge ' if kind == 'week' else ''}{labels[0]}–{labels[-1]}"
    what = Markup("{} {}, {} og {}.").format(DEFINITION, capital(span), *years)
    sizes = [
        Markup("{}: {}").format(s.name, n)
        for s, g in zip(lines, (own, other), strict=False)
        if (n := _pupils(inputs, *g))
    ]
    if sizes:
        what += Markup(" ") + Markup("; ").join(sizes) + Markup(".")
    caption = f"Fravær pr. {unit}, {who} og {rest[:1].lower()}{rest[1:]}"
    return Exhibit(
        identity,
        _finding(capital(who), rest, values, _start(shades), kind),
        render_table(identity, caption, frame, columns, key=("label",), marker=p.disclosure.marker),
        what,
        "out_description",
        chart,
        "Linjefigur over skoleåret. Fuldt optrukket er i år, stiplet er sidste år. Den grå flade er den tid, "
        "hvor indsatsen blev givet.",
    )


def _own(grades: tuple[str, ...], school_id: str | None) -> tuple[str, str | None]:
    if school_id:
        return "school_grade", f"{school_id}:{grades[0]}"
    return ("grade", grades[0]) if len(grades) == 1 else ("treated", None)


def _period_kind(inputs: ReportInputs, own: tuple[str, str | None]) -> Kind:
    """Weeks while they are few and shown at all, else months."""
    weeks = len(rows_of(inputs, "week", inputs.protocol.years.follow_up, *own))
    months = len(rows_of(inputs, "month", inputs.protocol.years.follow_up, *own))
    return "week" if weeks and (weeks <= MOST_WEEKS or not months) else "month"


def _series(
    inputs: ReportInputs, kind: Kind, name: str, year: str, group_kind: str, group_id: str | None
) -> _Series:
    rows = records(rows_of(inputs, kind, year, group_kind, group_id))
    back = int(inputs.protocol.years.follow_up[:4]) - int(year[:4])
    return _Series(name, year, {_label(kind, r, back): r for r in rows})


def _label(kind: Kind, row: Row, years_back: int) -> str:
    """``36`` for a week, ``sep.`` for a month. An earlier year's week is named by the week it stands against."""
    if kind == "week":
        monday = _first_day(row) + dt.timedelta(days=364 * years_back)
        return str(monday.isocalendar().week)
    name = MONTHS[_first_day(row).month - 1]
    return name if len(name) <= 4 else f"{name[:3]}."


def _first_day(row: Row) -> dt.date:
    if not is_missing(row.get("period_from")):
        return as_date(row["period_from"])
    period = str(row["period"])
    return as_date(period if len(period) > 7 else f"{period}-01")


def _finding(
    who: str, rest: str, values: list[tuple[float | None, ...]], start: int | None, kind: Kind
) -> str:
    """By rule: how often this year lies below last year once the talks began, here and elsewhere."""
    since = start or 0
    own, others = (
        [
            a < b
            for a, b in zip(values[i][since:], values[i + 2][since:], strict=True)
            if a is not None and b is not None
        ]
        for i in (0, 1)
    )
    if not own:
        return f"{who}: fraværet over året"
    unit = {"week": ("uge", "uger"), "month": ("måned", "måneder")}[kind][len(own) != 1]
    times = f"i alle {len(own)} {unit}" if all(own) and len(own) > 1 else f"i {sum(own)} af {len(own)} {unit}"
    began = ", siden indsatsen begyndte" if start is not None else ""
    beside = f"; {rest.lower()} i {sum(others) or 'ingen'}" if len(others) == len(own) else ""
    return f"{who} ligger under sidste år {times}{began}{beside}"


def _start(shades: tuple[Shade, ...]) -> int | None:
    return int(shades[0].start + 0.5) if shades else None


def _mark_of(series: _Series) -> Callable[[Row], Mark]:
    def mark(row: Row) -> Mark:
        found = series.rows.get(row["label"])
        return description_mark(found, "absence_pct") if found else Mark(model="none")

    return mark


def _pupils(inputs: ReportInputs, group_kind: str, group_id: str | None) -> Markup:
    """The group's pupils this year, marked; empty when their number is hidden."""
    rows = records(rows_of(inputs, "year_to_date", inputs.protocol.years.follow_up, group_kind, group_id))
    n = value(rows[0], "pupils") if rows else None
    return pupils(n, description_mark(rows[0], "pupils")) if n is not None else Markup("")


def _talk_shades(
    inputs: ReportInputs,
    grades: tuple[str, ...],
    labels: tuple[str, ...],
    rows: Mapping[str, Row],
) -> tuple[Shade, ...]:
    """The stretch of the axis in which one grade's talks were held, by the log; else as planned."""
    if len(grades) != 1 or grades[0] not in inputs.protocol.treated_grades:
        return ()
    log = inputs.frame("out_implementation")
    log = log[log["grade"] == grades[0]]
    wave = next(w for (_, g), w in inputs.protocol.treated.items() if g == grades[0])
    first = as_date(log["first_on"].min()) if log["first_on"].notna().any() else wave.planned_from
    last = as_date(log["last_on"].max()) if log["last_on"].notna().any() else wave.planned_to

    def place(day: dt.date) -> int | None:
        before = [labels.index(x) for x, r in rows.items() if _first_day(r) <= day]
        return max(before, default=None)

    a, b = place(first), place(min(last, inputs.round.cutoff))
    return (
        (Shade(a - 0.5, b + 0.5, inputs.protocol.words.sessions),) if a is not None and b is not None else ()
    )
