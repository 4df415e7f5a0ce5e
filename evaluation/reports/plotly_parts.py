"""The pieces Plotly layouts are made of: axes, labels, rules and error bars in one look. No chart is known here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evaluation.reports.charts import GREY
from evaluation.reports.svg import spread

FONT = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
INK, RULE = "#1b1f24", "#d5dae0"
SMALL = {"size": 13, "color": GREY}
Piece = dict[str, Any]


def base() -> Piece:
    """What every layout shares. Decimal comma; nothing can be dragged or zoomed."""
    return {
        "font": {"family": FONT, "size": 14, "color": INK},
        "paper_bgcolor": "#ffffff",
        "plot_bgcolor": "#ffffff",
        "showlegend": False,
        "separators": ",.",
        "hovermode": "closest",
        "dragmode": False,
        "hoverlabel": {"font": {"family": FONT, "size": 14}, "namelength": -1},
    }


def axis(**more: Any) -> Piece:
    """An axis of numbers."""
    look = {
        "gridcolor": RULE,
        "zeroline": False,
        "fixedrange": True,
        "tickfont": {"color": GREY},
        "ticks": "outside",
        "ticklen": 6,
        "tickcolor": "#ffffff",
        "automargin": True,
    }
    return look | more


def names(labels: Sequence[str], **more: Any) -> Piece:
    """An axis of names, in the order given."""
    return axis(type="category", categoryarray=list(labels), categoryorder="array", showgrid=False) | more


def note(text: str, **more: Any) -> Piece:
    """A label in the figure."""
    return {"text": text, "showarrow": False, "font": SMALL} | more


def above(text: str, x: float, **more: Any) -> Piece:
    """A label over the drawing at ``x``."""
    return note(text, x=x, y=1, yref="paper", yanchor="bottom") | more


def zero(**ends: Any) -> Piece:
    """The line of no difference."""
    return {"type": "line", "line": {"color": INK, "width": 1.4}} | ends


def error_bar(
    middle: Sequence[float | None],
    low: Sequence[float | None],
    high: Sequence[float | None],
    colour: str,
    **more: Any,
) -> Piece:
    """Intervals as Plotly has them: lengths from the middle."""

    def lengths(far: Sequence[float | None]) -> list[float | None]:
        return [
            None if m is None or f is None else round(abs(f - m), 4) for m, f in zip(middle, far, strict=True)
        ]

    ends = {"array": lengths(high), "arrayminus": lengths(low)}
    return {"type": "data", "symmetric": False, "color": colour} | ends | more


def line_ends(labels: Sequence[tuple[str, float, str]], bottom: float, top: float) -> list[Piece]:
    """Labels (text, height, colour) at the right edge, pushed apart so that none covers another."""
    tall = 280.0  # about the drawing's height in the page
    at = [y / (top - bottom) * tall for _, y, _ in labels]
    return [
        note(
            text, x=1, xref="paper", xanchor="left", xshift=8, align="left",
            y=y, yshift=round(new - old, 1), font={"color": colour},
        )
        for (text, y, colour), old, new in zip(labels, at, spread(at, 17), strict=True)
    ]  # fmt: skip
