"""The interactive drawing of a figure with Plotly; the still drawing of the same numbers is in :mod:`svg`.

Only plain lists go in, so that the JSON in the page can be read and audited; no random ids. Sizes of marks
stand in the layout, so that every number among the data is a number of the study.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from evaluation.reports.charts import BAND, GREY, Bars, Chart, Dots, Lines, chart_numbers
from evaluation.reports.danish import signed
from evaluation.reports.plotly_parts import (
    INK,
    SMALL,
    Piece,
    above,
    axis,
    base,
    error_bar,
    line_ends,
    names,
    note,
    zero,
)

PLOTLY_CONFIG = {"displayModeBar": False, "responsive": True, "locale": "da", "scrollZoom": False}


def figure(chart: Chart) -> Any:
    """The chart as a ``plotly.graph_objects.Figure``."""
    import plotly.graph_objects as go

    if isinstance(chart, Lines):
        data, layout = _lines(chart)
    elif isinstance(chart, Dots):
        data, layout = _dots(chart)
    else:
        data, layout = _bars(chart)
    size = 7 if isinstance(chart, Lines) else 11
    marks = {"data": {"scatter": [{"type": "scatter", "marker": {"size": size}}]}}
    return go.Figure(data=data, layout=base() | layout | {"template": marks})


def safe_json(value: Any) -> Markup:
    """JSON that can stand inside a script element whatever texts it holds."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, allow_nan=False, separators=(",", ":"))
    for sign, code in (
        ("<", "\\u003c"),
        (">", "\\u003e"),
        ("&", "\\u0026"),
        ("\u2028", "\\u2028"),
        ("\u2029", "\\u2029"),
    ):
        text = text.replace(sign, code)
    return Markup(text)


def figure_json(chart: Chart, cells: Sequence[Mapping[str, Any]] = ()) -> Markup:
    """Data and layout as JSON for the page, with the audit's lists.

    ``cells``: exhibit, cell, measure and shown value of every number that speaks of pupils. ``model`` lists the
    rest: estimates with the lengths of their intervals, and numbers inside names ("5 skoledage").
    """
    drawn = figure(chart).to_dict()
    model = set(_numbers_in_names(chart))
    if not cells:
        model |= set(chart_numbers(chart)) | set(_lengths(drawn["data"]))
    listed = {"cells": list(cells), "model": sorted(model)}
    return safe_json({**listed, "data": drawn["data"], "layout": drawn["layout"]})


def _lengths(traces: Sequence[Mapping[str, Any]]) -> list[float]:
    bars = [t[k] for t in traces for k in ("error_x", "error_y") if k in t]
    return [v for b in bars for side in ("array", "arrayminus") for v in b[side] if v is not None]


def _numbers_in_names(chart: Chart) -> list[float]:
    if isinstance(chart, Lines):
        names = [*chart.x, *(line.name for line in chart.lines)]
    elif isinstance(chart, Dots):
        names = [r.label for r in chart.rows]
    else:
        names = [*chart.labels, *(p.name for p in chart.parts)]
    return [float(n.replace(",", ".")) for n in re.findall(r"\d+(?:,\d+)?", " ".join(names))]


def plotly_js() -> str:
    """The library itself, one copy per page; its closing-tag sequences are made harmless."""
    from plotly.offline import get_plotlyjs

    return str(get_plotlyjs()).replace("</script", "<\\/script")


def _lines(chart: Lines) -> tuple[list[Piece], Piece]:
    data, ends = [], []
    for line in chart.lines:
        trace: Piece = {
            "type": "scatter",
            "mode": "lines" if line.faint else "lines+markers",
            "x": list(chart.x),
            "y": list(line.y),
            "name": line.name,
            "connectgaps": False,
            "line": {"color": line.colour, "width": 2.6, "dash": "solid"},
            "marker": {"color": line.colour, "symbol": line.marker},
            "hovertemplate": f"{escape(line.name)}<br>%{{x}}: %{{y:.1f}}<extra></extra>",
        }
        if line.faint:
            trace["line"] |= {"width": 1.6, "dash": "dash"}
        if line.low:
            trace["error_y"] = error_bar(line.y, line.low, line.high, line.colour, thickness=1.6, width=0)
        data.append(trace)
        last = next((v for v in reversed(line.y) if v is not None), None)
        if last is not None and line.label:
            ends.append((line.label if line.faint else f"<b>{line.label}</b>", last, line.colour))
    values = [*chart_numbers(chart), 0.0, 0.1]
    top, bottom = max(values) * 1.06, 0.0 if chart.from_zero else min(values) * 1.06
    longest = max((len(line.label) for line in chart.lines), default=0)
    band = {
        "type": "rect",
        "y0": 0,
        "y1": 1,
        "yref": "paper",
        "fillcolor": BAND,
        "line": {"width": 0},
        "layer": "below",
    }
    shapes = [band | {"x0": s.start, "x1": s.end} for s in chart.shades]
    if not chart.from_zero:
        shapes.append(zero(x0=0, x1=1, xref="paper", y0=0, y1=0))
    return data, {
        "height": 360,
        "margin": {"l": 44, "r": min(26 + 8 * longest, 240), "t": 34, "b": 48},
        "xaxis": names(
            chart.x,
            title={"text": chart.x_title, "font": SMALL},
            range=[-0.4, len(chart.x) - 0.6],
            tickangle=0,
        ),
        "yaxis": axis(range=[bottom, top], rangemode="tozero" if chart.from_zero else "normal"),
        "annotations": [
            *line_ends(ends, bottom, top),
            *(above(s.label, (s.start + s.end) / 2) for s in chart.shades),
        ],
        "shapes": shapes,
        "title": {"text": chart.unit, "font": SMALL, "x": 0, "xanchor": "left", "y": 0.99, "yanchor": "top"},
    }


def _dots(chart: Dots) -> tuple[list[Piece], Piece]:
    rows = list(reversed(chart.rows))
    data = []
    for r in rows:
        if r.estimate is None:
            continue
        trace: Piece = {
            "type": "scatter",
            "mode": "markers",
            "x": [r.estimate],
            "y": [r.label],
            "name": r.label,
            "marker": {"color": r.colour},
            "hovertemplate": "%{y}: %{x:+.1f}<extra></extra>",
        }
        if r.low is not None and r.high is not None:
            trace["error_x"] = error_bar([r.estimate], [r.low], [r.high], r.colour, thickness=2.4, width=6)
        data.append(trace)
        if r.ghost is not None:
            own = {
                "x": [r.ghost],
                "name": f"{r.label}, for sig selv",
                "marker": {"color": GREY, "symbol": "diamond-open"},
            }
            bare = {k: v for k, v in trace.items() if k != "error_x"}
            data.append(bare | own | {"hovertemplate": "%{y}, for sig selv: %{x:+.1f}<extra></extra>"})
    values = [*chart_numbers(chart), -0.5, 0.5]
    low, high = min(values), max(values)
    pad = (high - low) * 0.06
    notes = [
        above(f"← {chart.left}", 0, xref="paper", xanchor="left"),
        above(f"{chart.right} →", 1, xref="paper", xanchor="right", xshift=48),
    ]
    for i, r in enumerate(rows):
        shown = (
            note("vises ikke")
            if r.estimate is None
            else note(f"<b>{signed(r.estimate)}</b>", font={"color": r.colour})
        )
        notes.append(shown | {"x": 1, "xref": "paper", "xanchor": "left", "xshift": 6, "y": i})
    return data, {
        "height": 110 + 40 * len(rows),
        "margin": {"l": 10, "r": 64, "t": 34, "b": 56},
        "xaxis": axis(title={"text": chart.unit, "font": SMALL}, range=[low - pad, high + pad]),
        "yaxis": names([r.label for r in rows], range=[-0.6, len(rows) - 0.4], tickfont={"color": INK}),
        "annotations": notes,
        "shapes": [zero(x0=0, x1=0, y0=0, y1=1, yref="paper")],
    }


def _bars(chart: Bars) -> tuple[list[Piece], Piece]:
    is_single = len(chart.parts) == 1
    labels = list(reversed(chart.labels))
    digits = f"%{{x:.{chart.decimals}f}}"
    data: list[Piece] = [
        {
            "type": "bar",
            "orientation": "h",
            "x": list(reversed(part.values)),
            "y": labels,
            "name": part.name,
            "marker": {"color": part.colour, "line": {"color": "#ffffff", "width": 1}},
            "width": 0.66,
            "texttemplate": digits,
            "textposition": "outside" if is_single else "inside",
            "insidetextanchor": "middle",
            "textangle": 0,
            "textfont": {"color": part.colour if is_single else "#ffffff"},
            "cliponaxis": False,
            "constraintext": "none" if is_single else "both",
            "hovertemplate": f"%{{y}}, {escape(part.name)}: {digits}<extra></extra>",
        }
        for part in chart.parts
    ]
    totals = [sum(p.values[i] or 0 for p in chart.parts) for i in range(len(chart.labels))]
    notes = [
        note("vises ikke", x=0, y=label, xanchor="left", xshift=4)
        for i, label in enumerate(chart.labels)
        if any(p.values[i] is None for p in chart.parts)
    ]
    if not is_single and chart.labels:
        notes += _part_names(chart, totals)
    return data, {
        "height": (70 if is_single else 96) + 42 * len(labels),
        "barmode": "stack",
        "bargap": 0.3,
        "margin": {"l": 10, "r": 56, "t": 8 if is_single else 34, "b": 52},
        "xaxis": axis(
            title={"text": chart.unit, "font": SMALL},
            range=[0, max([*totals, 0.1]) * 1.08],
            rangemode="tozero",
        ),
        "yaxis": names(labels, tickfont={"color": INK}),
        "annotations": notes,
    }


def _part_names(chart: Bars, totals: Sequence[float]) -> list[Piece]:
    """The pieces' names over the first bar, pushed right where they would collide (a page is about 640 wide)."""
    out, x, free = [], 0.0, 0.0
    per_unit = 540 / (max([*totals, 0.1]) * 1.08)
    for part in chart.parts:
        at = max(x * per_unit, free)
        look = {"color": part.colour, "size": 13}
        name = f"<b>{escape(part.name)}</b>"
        out.append(above(name, x, xanchor="left", xshift=round(at - x * per_unit, 1), font=look))
        free = at + 7.6 * len(part.name) + 10
        x += part.values[0] or 0
    return out
