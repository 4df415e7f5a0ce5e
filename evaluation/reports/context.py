"""Public figures beside our own, with their source and what makes them another thing. No school is named or ranked."""

from __future__ import annotations

import pandas as pd

from evaluation.reports.html_tables import Column, render_table
from evaluation.reports.inputs import ReportInputs
from evaluation.reports.page import Exhibit, Section
from evaluation.reports.telling import tell
from evaluation.words import Names, On, Percent
from evaluation.words.catalogue.sections import Context
from evaluation.words.danish import as_date


def context(inputs: ReportInputs) -> Section | None:
    """One row per school year: the country, and the lowest and highest of the study's own schools; None without figures."""
    rows = inputs.frame("out_context")
    if not len(rows):
        return None
    is_own = rows["is_own"].astype(bool)
    body = [
        {
            "year": year,
            "country": _country(found[~is_own.loc[found.index]], "absence_pct"),
            "own": _range(found[is_own.loc[found.index]], "absence_pct"),
            "country_over": _country(found[~is_own.loc[found.index]], "over_10_pct"),
            "own_over": _range(found[is_own.loc[found.index]], "over_10_pct"),
        }
        for year, found in rows.groupby("school_year")
    ]
    columns = [
        Column("year", tell(Context.YEAR)),
        Column("country", tell(Context.COUNTRY), "pct", missing="none"),
        Column("own", tell(Context.OWN)),
        Column("country_over", tell(Context.COUNTRY_OVER), "pct", missing="none"),
        Column("own_over", tell(Context.OWN_OVER)),
    ]
    table = render_table(
        "offentlige",
        tell(Context.CAPTION),
        pd.DataFrame(body),
        columns,
        key=("year",),
        marker=inputs.protocol.disclosure.marker,
        source="out_context",
    )
    what = tell(
        Context.WHAT,
        source=Names(tuple(sorted(set(rows["source"])))),
        day=On(as_date(rows["as_of"].max())),
    )
    exhibit = Exhibit("offentlige-tal", tell(Context.CAPTION), table, what, "context.csv")
    return Section("landet", tell(Context.TITLE), (tell(Context.LEAD),), (exhibit,))


def _country(rows: pd.DataFrame, measure: str) -> float:
    found = rows.loc[rows["measure"].eq(measure), "value_pct"]
    return float("nan") if found.empty else float(found.iloc[0])


def _range(rows: pd.DataFrame, measure: str) -> str:
    found = rows.loc[rows["measure"].eq(measure), "value_pct"]
    if found.empty:
        return "–"
    low, high = float(found.min()), float(found.max())
    return tell(Context.BETWEEN, low=Percent(low), high=Percent(high))
