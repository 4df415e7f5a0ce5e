"""How absence is spread: bands and long spells, weekdays and the days after holidays. Description without inference."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from evaluation.reports.calendar_figure import rows_of
from evaluation.reports.charts import BLUE, Bars, Part
from evaluation.reports.html_tables import Column, Mark, render_table
from evaluation.reports.inputs import ReportInputs, records, text, value
from evaluation.reports.page import Exhibit, Section, own_mark
from evaluation.words.danish import capital, date, number, one_in, percent, rounded

ORDERS = {
    "weekday": ("mandag", "tirsdag", "onsdag", "torsdag", "fredag"),
    "after_holiday": ("efter ferie", "øvrige dage"),
}
HEADINGS = {
    "bands": ("Fravær indtil nu", "Andel af eleverne i procent"),
    "long_spells": ("Sammenhængende fravær", "Andel af eleverne i procent"),
    "weekday": ("Ugedag", "Fravær i procent af skoledagene"),
    "after_holiday": ("Dag", "Fravær i procent af skoledagene"),
    "single_day_spells": ("Fraværsperiodens længde", "Andel af perioderne i procent"),
}
POPULATIONS = {
    "long_spells": " Kun skoler, der afleverer fravær dag for dag.",
}


def bands(inputs: ReportInputs) -> Section:
    """Pupils by band of absence and those over ten per cent; long spells."""
    exhibits = [
        _exhibit(inputs, "bands", _over_ten(inputs), has_figure=True),
        _exhibit(
            inputs, "long_spells", "Elever med lange sammenhængende perioder med fravær, i år og sidste år"
        ),
    ]
    found = tuple(x for x in exhibits if x is not None)
    title = "Over 10 procent og langt fravær"
    if not found:
        return Section("baand", title, ("Runden har ingen tal om højt fravær at vise.",))
    text = (
        "Over 10 procent er ministeriets grænse for højt fravær: en elev, der i gennemsnit er væk mere end hver "
        "tiende skoledag. Tidligt på året skal der få fraværsdage til, før en elev kommer over grænsen."
    )
    return Section("baand", title, (text,), found)


def rhythm(inputs: ReportInputs) -> Section | None:
    """Weekdays, days after holidays and single days; None where no school delivers days."""
    exhibits = [
        _exhibit(inputs, "weekday", _weekday_finding(inputs), has_figure=True),
        _exhibit(inputs, "after_holiday", "Fravær på de første skoledage efter ferier og på øvrige dage"),
        _exhibit(inputs, "single_day_spells", "Fraværsperioder på én dag og på flere dage"),
    ]
    found = tuple(x for x in exhibits if x is not None)
    if not found:
        return None
    intro = (
        "Her regnes kun med skoler, der afleverer fravær dag for dag. "
        "Mønstrene er beskrivelse og siger ikke noget om årsager."
    )
    return Section("rytme", "Ugens og årets rytme", (intro,), found)


def _rows(inputs: ReportInputs, pattern: str) -> pd.DataFrame:
    f = inputs.frame("out_patterns")
    years = (inputs.protocol.years.follow_up, inputs.last_year)
    return f[(f["pattern"] == pattern) & (f["group_kind"] == "all") & f["school_year"].isin(years)]


def _exhibit(inputs: ReportInputs, pattern: str, title: str, *, has_figure: bool = False) -> Exhibit | None:
    rows = _rows(inputs, pattern)
    if not len(rows):
        return None
    years = [
        y for y in (inputs.protocol.years.follow_up, inputs.last_year) if (rows["school_year"] == y).any()
    ]
    by = {(str(r["school_year"]), str(r["level"])): r for r in records(rows)}
    levels = sorted({level for _, level in by}, key=lambda x: _rank(pattern, x))
    values = {k: (None if (v := value(r, "share_pct")) is None else rounded(v)) for k, r in by.items()}
    names = {x: _level_name(pattern, x) for x in levels}
    frame = pd.DataFrame([{"level": x, **{y: values.get((y, x)) for y in years}} for x in levels])
    measure = "share" if pattern in ("bands", "long_spells", "single_day_spells") else "pct"

    def mark(year: str, level: str) -> Mark:
        row = by.get((year, level), {})
        return own_mark(row, "share_pct") or Mark(
            f"pattern_{pattern}", (("skoleår", year), ("niveau", level)), measure
        )

    def mark_of(year: str) -> Callable[[Mapping[str, Any]], Mark]:
        return lambda row: mark(year, str(row["level"]))

    heading, unit = HEADINGS[pattern]
    columns = [Column("level", heading, names=names), *(Column(y, y, "pct", mark=mark_of(y)) for y in years)]
    now = tuple(values.get((years[0], x)) for x in levels)
    chart = (
        Bars(tuple(names[x] for x in levels), (Part(years[0], now, BLUE),), f"{unit}, {years[0]}")
        if has_figure
        else None
    )
    caption = f"{heading}: {unit[:1].lower()}{unit[1:]}"
    return Exhibit(
        pattern.replace("_", "-"),
        title,
        render_table(
            pattern, caption, frame, columns, key=("level",), marker=inputs.protocol.disclosure.marker
        ),
        f"Alle {inputs.group_word(plural=True)}. {years[0]} til og med {date(inputs.round.cutoff)}; "
        f"tidligere år over de samme uger.{POPULATIONS.get(pattern, '')}",
        "out_patterns",
        chart,
        "Liggende søjler, én for hver række i tabellen." if chart else "",
    )


def _over_ten(inputs: ReportInputs) -> str:
    rows = rows_of(inputs, "year_to_date", inputs.protocol.years.follow_up, "all")
    share = value(records(rows.head(1))[0], "over_10_pct") if len(rows) else None
    if share is None:
        return "Eleverne fordelt efter, hvor meget fravær de har"
    is_nearly_whole = round(share) in (0, 100)
    shown = percent(share, 1 if is_nearly_whole else 0)
    return f"{capital(one_in(share, half=0.05))} elever har mere end 10 procent fravær ({shown})"


def _weekday_finding(inputs: ReportInputs) -> str:
    rows = _rows(inputs, "weekday")
    now = rows[(rows["school_year"] == inputs.protocol.years.follow_up) & rows["share_pct"].notna()]
    if len(now) < 2:
        return "Fravær efter ugedag"
    top = records(now.sort_values("share_pct", ascending=False, kind="stable").head(1))[0]
    return f"Fraværet er højest om {text(top, 'level')}en: {number(float(top['share_pct']))} procent af skoledagene"


def _rank(pattern: str, level: str) -> tuple[float, str]:
    if pattern in ORDERS:
        order_ = ORDERS[pattern]
        return float(order_.index(level) if level in order_ else len(order_)), level
    digits = level.replace("–", "-").split("-")[0].rstrip("+").split(" ")[0].replace(",", ".")
    try:
        return float(digits), level
    except ValueError:
        return 1e9, level


def _level_name(pattern: str, level: str) -> str:
    match pattern:
        case "long_spells":
            return f"{level.rstrip('+')} skoledage i træk eller mere"
        case "bands":
            low, _, high = level.rstrip("+").partition("-")
            if level.endswith("+"):
                return "alle elever" if low == "0" else f"over {low} %"
            return f"{low}–{high} %" if low == "0" else f"over {low} til {high} %"
    return capital(level)
