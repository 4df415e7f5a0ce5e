"""The interactive drawing of a figure with Plotly; the still drawing of the same numbers is in :mod:`svg`.

Only plain lists go in, so that the JSON in the page can be read and audited; no random ids, no template.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from evaluation.reports.charts import BAND, GREY, Bars, Chart, Dots, Lines, chart_numbers
from evaluation.reports.danish import signed

FONT = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
INK, RULE = "#1b1f24", "#d5dae0"
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
    return go.Figure(data=data, layout=_base() | layout, skip_invalid=False)


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
    """Data and layout as JSON for the page, with the audit's list: numbers of pupils, or else of a model.

    ``cells``: exhibit, cell, measure and shown value of every number that speaks of pupils.
    """
    drawn = figure(chart).to_dict()
    layout = {k: v for k, v in drawn["layout"].items() if k != "template"}
    model = [] if cells else sorted(set(chart_numbers(chart)))
    return safe_json({"cells": list(cells), "model": model, "data": drawn["data"], "layout": layout})


def plotly_js() -> str:
    """The library itself, one copy per page; its closing-tag sequences are made harmless."""
    from plotly.offline import get_plotlyjs

    return str(get_plotlyjs()).replace("</script", "<\\/script")


def _base() -> dict[str, Any]:
    return {
        "font": {"family": FONT, "size": 14, "color": INK},
        "paper_bgcolor": "#ffffff",
        "plot_bgcolor": "#ffffff",
        "showlegend": False,
        "separators": ",.",
        "hovermode": "closest",
        "dragmode": False,
        "hoverlabel": {"font": {"family": FONT, "size": 14}, "namelength": -1},
        "template": None,
    }


def _axis(**more: Any) -> dict[str, Any]:
    return {
        "gridcolor": RULE,
        "zeroline": False,
        "fixedrange": True,
        "tickfont": {"color": GREY},
        "ticks": "outside",
        "ticklen": 6,
        "tickcolor": "#ffffff",
        "automargin": True,
    } | more


def _lines(chart: Lines) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    data, notes = [], []
    for line in chart.lines:
        has_interval = bool(line.low)
        trace: dict[str, Any] = {
            "type": "scatter",
            "mode": "lines" if line.faint else "lines+markers",
            "x": list(chart.x),
            "y": list(line.y),
            "name": line.name,
            "connectgaps": False,
            "line": {
                "color": line.colour,
                "width": 1.6 if line.faint else 2.6,
                "dash": "dash" if line.faint else "solid",
            },
            "marker": {"color": line.colour, "size": 7, "symbol": line.marker},
            "hovertemplate": f"{escape(line.name)}<br>%{{x}}: %{{y:.1f}}<extra></extra>",
        }
        if has_interval:
            trace["error_y"] = {
                "type": "data",
                "symmetric": False,
                "array": [
                    None if v is None or h is None else round(h - v, 4)
                    for v, h in zip(line.y, line.high, strict=True)
                ],
                "arrayminus": [
                    None if v is None or lo is None else round(v - lo, 4)
                    for v, lo in zip(line.y, line.low, strict=True)
                ],
                "color": line.colour,
                "thickness": 1.6,
                "width": 0,
            }
        data.append(trace)
        last = max((i for i, v in enumerate(line.y) if v is not None), default=None)
        if last is not None and line.label:
            notes.append(
                {
                    "x": 1,
                    "xref": "paper",
                    "y": line.y[last],
                    "text": line.label if line.faint else f"<b>{line.label}</b>",
                    "xanchor": "left",
                    "xshift": 8,
                    "showarrow": False,
                    "font": {"color": line.colour},
                    "align": "left",
                    "name": "end",
                }
            )
    shapes = [
        {
            "type": "rect",
            "x0": s.start,
            "x1": s.end,
            "y0": 0,
            "y1": 1,
            "yref": "paper",
            "fillcolor": BAND,
            "line": {"width": 0},
            "layer": "below",
        }
        for s in chart.shades
    ]
    notes += [
        {
            "x": (s.start + s.end) / 2,
            "y": 1,
            "yref": "paper",
            "yanchor": "bottom",
            "text": s.label,
            "showarrow": False,
            "font": {"color": GREY, "size": 13},
        }
        for s in chart.shades
    ]
    values = [v for line in chart.lines for s in (line.y, line.low, line.high) for v in s if v is not None]
    top = max([*values, 0.1]) * 1.06
    bottom = 0 if chart.from_zero else min([*values, 0.0]) * 1.06
    if not chart.from_zero:
        shapes.append(
            {
                "type": "line",
                "x0": 0,
                "x1": 1,
                "xref": "paper",
                "y0": 0,
                "y1": 0,
                "line": {"color": INK, "width": 1.4},
            }
        )
    longest = max((len(line.label) for line in chart.lines), default=0)
    return data, {
        "height": 360,
        "margin": {"l": 44, "r": min(26 + 8 * longest, 240), "t": 34, "b": 48},
        "xaxis": _axis(
            type="category",
            categoryarray=list(chart.x),
            categoryorder="array",
            showgrid=False,
            title={"text": chart.x_title, "font": {"size": 13, "color": GREY}},
            range=[-0.4, len(chart.x) - 0.6],
            tickangle=0,
        ),
        "yaxis": _axis(
            range=[bottom, top],
            rangemode="tozero" if chart.from_zero else "normal",
            ticklabelposition="outside",
        ),
        "annotations": _apart(notes, bottom, top),
        "shapes": shapes,
        "title": {
            "text": chart.unit,
            "font": {"size": 13, "color": GREY},
            "x": 0,
            "xanchor": "left",
            "y": 0.99,
            "yanchor": "top",
        },
    }


def _apart(notes: list[dict[str, Any]], bottom: float, top: float) -> list[dict[str, Any]]:
    """Labels at the line ends, pushed apart so that none covers another."""
    from evaluation.reports.svg import spread

    ends = [n for n in notes if n.get("name") == "end"]
    gap = (top - bottom) * 17 / 280
    placed = spread([float(n["y"]) for n in ends], gap)
    for n, y in zip(ends, placed, strict=True):
        n["yshift"] = round((y - float(n["y"])) / (top - bottom) * 280, 1)
        del n["name"]
    return notes


def _dots(chart: Dots) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    rows = list(reversed(chart.rows))
    data = []
    for r in rows:
        if r.estimate is None:
            continue
        trace: dict[str, Any] = {
            "type": "scatter",
            "mode": "markers",
            "x": [r.estimate],
            "y": [r.label],
            "name": r.label,
            "marker": {"color": r.colour, "size": 11},
            "hovertemplate": "%{y}: %{x:+.1f}<extra></extra>",
        }
        if r.low is not None and r.high is not None:
            trace["error_x"] = {
                "type": "data",
                "symmetric": False,
                "array": [round(r.high - r.estimate, 4)],
                "arrayminus": [round(r.estimate - r.low, 4)],
                "color": r.colour,
                "thickness": 2.4,
                "width": 6,
            }
        data.append(trace)
        if r.ghost is not None:
            data.append(
                {
                    "type": "scatter",
                    "mode": "markers",
                    "x": [r.ghost],
                    "y": [r.label],
                    "name": f"{r.label}, for sig selv",
                    "marker": {"color": GREY, "size": 10, "symbol": "diamond-open"},
                    "hovertemplate": "%{y}, for sig selv: %{x:+.1f}<extra></extra>",
                }
            )
    values = [v for r in rows for v in (r.estimate, r.low, r.high, r.ghost) if v is not None]
    low, high = min([*values, -0.5]), max([*values, 0.5])
    pad = (high - low) * 0.06
    notes = [
        {
            "x": 0,
            "y": 1,
            "yref": "paper",
            "yanchor": "bottom",
            "xanchor": "right",
            "xshift": -8,
            "text": f"← {chart.left}",
            "showarrow": False,
            "font": {"color": GREY, "size": 13},
        },
        {
            "x": 0,
            "y": 1,
            "yref": "paper",
            "yanchor": "bottom",
            "xanchor": "left",
            "xshift": 8,
            "text": f"{chart.right} →",
            "showarrow": False,
            "font": {"color": GREY, "size": 13},
        },
    ]
    notes += [
        {
            "x": 1,
            "xref": "paper",
            "xanchor": "left",
            "xshift": 6,
            "y": i,
            "showarrow": False,
            "text": "vises ikke" if r.estimate is None else f"<b>{signed(r.estimate)}</b>",
            "font": {"color": GREY if r.estimate is None else r.colour},
        }
        for i, r in enumerate(rows)
    ]
    return data, {
        "height": 110 + 40 * len(rows),
        "margin": {"l": 10, "r": 64, "t": 34, "b": 56},
        "xaxis": _axis(
            title={"text": chart.unit, "font": {"size": 13, "color": GREY}}, range=[low - pad, high + pad]
        ),
        "yaxis": _axis(
            type="category",
            categoryarray=[r.label for r in rows],
            categoryorder="array",
            showgrid=False,
            range=[-0.6, len(rows) - 0.4],
            tickfont={"color": INK},
        ),
        "annotations": notes,
        "shapes": [
            {
                "type": "line",
                "x0": 0,
                "x1": 0,
                "y0": 0,
                "y1": 1,
                "yref": "paper",
                "line": {"color": INK, "width": 1.4},
            }
        ],
    }


def _part_names(chart: Bars, totals: Sequence[float]) -> list[dict[str, Any]]:
    """The pieces' names over the first bar, pushed right where they would collide (a page is about 640 wide)."""
    out, x, free = [], 0.0, 0.0
    per_unit = 540 / (max([*totals, 0.1]) * 1.08)
    for part in chart.parts:
        at = max(x * per_unit, free)
        out.append(
            {
                "x": x,
                "xshift": round(at - x * per_unit, 1),
                "y": 1,
                "yref": "paper",
                "yanchor": "bottom",
                "xanchor": "left",
                "text": f"<b>{escape(part.name)}</b>",
                "showarrow": False,
                "font": {"color": part.colour, "size": 13},
            }
        )
        free = at + 7.6 * len(part.name) + 10
        x += part.values[0] or 0
    return out


def _bars(chart: Bars) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    single = len(chart.parts) == 1
    labels = list(reversed(chart.labels))
    data = []
    for part in chart.parts:
        values = list(reversed(part.values))
        data.append(
            {
                "type": "bar",
                "orientation": "h",
                "x": values,
                "y": labels,
                "name": part.name,
                "marker": {"color": part.colour, "line": {"color": "#ffffff", "width": 1}},
                "width": 0.66,
                "texttemplate": f"%{{x:.{chart.decimals}f}}",
                "textposition": "outside" if single else "inside",
                "insidetextanchor": "middle",
                "textangle": 0,
                "textfont": {"color": part.colour if single else "#ffffff"},
                "cliponaxis": False,
                "constraintext": "none" if single else "both",
                "hovertemplate": f"%{{y}}, {part.name}: %{{x:.{chart.decimals}f}}<extra></extra>",
            }
        )
    totals = [sum(p.values[i] or 0 for p in chart.parts) for i in range(len(chart.labels))]
    notes: list[dict[str, Any]] = [
        {
            "x": 0,
            "y": label,
            "xanchor": "left",
            "xshift": 4,
            "text": "vises ikke",
            "showarrow": False,
            "font": {"color": GREY, "size": 13},
        }
        for i, label in enumerate(chart.labels)
        if any(p.values[i] is None for p in chart.parts)
    ]
    if not single and chart.labels:
        notes += _part_names(chart, totals)
    return data, {
        "height": (70 if single else 96) + 42 * len(labels),
        "barmode": "stack",
        "bargap": 0.3,
        "margin": {"l": 10, "r": 56, "t": 8 if single else 34, "b": 52},
        "xaxis": _axis(
            title={"text": chart.unit, "font": {"size": 13, "color": GREY}},
            range=[0, max([*totals, 0.1]) * 1.08],
            rangemode="tozero",
        ),
        "yaxis": _axis(
            type="category",
            categoryarray=labels,
            categoryorder="array",
            showgrid=False,
            tickfont={"color": INK},
        ),
        "annotations": notes,
    }
