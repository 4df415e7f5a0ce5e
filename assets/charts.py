"""A chart as an asset's metadata: drawn from released numbers only, as Dagster's page is read by people too."""

from __future__ import annotations

import base64

import dagster as dg
import pandas as pd

from evaluation.protocol import Protocol
from evaluation.reports.charts import BLUE, Line, Lines
from evaluation.reports.svg import draw
from evaluation.words.texts import texts

TEXT = texts("running")


GREY = "#6b6b6b"


def weekly_levels(released: pd.DataFrame, protocol: Protocol) -> dg.MetadataValue:
    """Treated and comparison groups week by week in the follow-up year; "–" when nothing is released."""
    rows = released[
        released["period_kind"].eq("week")
        & released["school_year"].eq(protocol.years.follow_up)
        & released["outcome"].eq(protocol.primary_outcome.id)
    ]
    wide = rows.pivot_table(index="period_from", columns="group_kind", values="absence_pct").sort_index()
    groups = [g for g in ("treated", "comparison") if g in wide]
    if not groups:
        return dg.MetadataValue.md("–")
    weeks = tuple(str(int(w.isocalendar().week)) for w in pd.to_datetime(wide.index))
    colours = {"treated": BLUE, "comparison": GREY}
    lines = tuple(
        Line(g, g, tuple(None if pd.isna(v) else float(v) for v in wide[g]), colours[g]) for g in groups
    )
    svg = str(draw(Lines(weeks, lines, TEXT("charts_axis"), "uge")))
    if "xmlns" not in svg:
        svg = svg.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
    image = base64.b64encode(svg.encode()).decode()
    return dg.MetadataValue.md(TEXT("charts_picture", image=image))
