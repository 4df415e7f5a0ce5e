"""What a figure shows, apart from how it is drawn: three kinds, each a frozen description of shown numbers.

Values are rounded as the reader sees them before they get here, so that text, figure, table and download can
never differ and no figure carries more digits than its table. None is a hidden or missing number: a gap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evaluation.reports.danish import rounded

# Told apart in print without colour by dash and marker; contrast against white at least 4.5 to 1.
BLUE, RUST, GREEN, GREY = "#0b4f8a", "#a8480f", "#00695c", "#5b6470"
BAND = "#eef2f6"


@dataclass(frozen=True)
class Line:
    """One line. ``label`` stands at its end, ``name`` says it in full. ``faint`` is last year's.

    ``low``/``high`` draw each point's interval.
    """

    name: str
    label: str
    y: tuple[float | None, ...]
    colour: str = BLUE
    faint: bool = False
    marker: str = "circle"
    low: tuple[float | None, ...] = ()
    high: tuple[float | None, ...] = ()


@dataclass(frozen=True)
class Shade:
    """A stretch of the time axis with its name, by positions (halves allowed)."""

    start: float
    end: float
    label: str


@dataclass(frozen=True)
class Lines:
    """Levels over time, or estimates over months since the start."""

    x: tuple[str, ...]
    lines: tuple[Line, ...]
    unit: str
    x_title: str = ""
    shades: tuple[Shade, ...] = ()
    from_zero: bool = True


@dataclass(frozen=True)
class Dot:
    """An estimate with its interval; ``ghost`` a second mark on the same row (for example unpooled)."""

    label: str
    estimate: float | None
    low: float | None = None
    high: float | None = None
    colour: str = BLUE
    ghost: float | None = None


def dot(label: str, ends: Sequence[float | None], colour: str = BLUE, ghost: float | None = None) -> Dot:
    """A row from its estimate, low and high end, rounded as the reader sees them."""
    estimate, low, high = shown(ends)
    return Dot(label, estimate, low, high, colour, ghost)


@dataclass(frozen=True)
class Dots:
    """Estimates with intervals around zero, one row each."""

    rows: tuple[Dot, ...]
    unit: str
    left: str = "mindre fravær end ventet"
    right: str = "mere fravær end ventet"


@dataclass(frozen=True)
class Part:
    """One piece of a bar."""

    name: str
    values: tuple[float | None, ...]
    colour: str


@dataclass(frozen=True)
class Bars:
    """Horizontal bars from zero: one part is plain bars, several are stacked pieces of a whole.

    ``is_model``: the numbers are estimates and not levels of pupils.
    """

    labels: tuple[str, ...]
    parts: tuple[Part, ...]
    unit: str
    decimals: int = 1
    is_model: bool = False


Chart = Lines | Dots | Bars


def shown(values: Sequence[float | None], decimals: int = 1) -> tuple[float | None, ...]:
    """Numbers as the reader sees them; what is missing stays missing."""
    return tuple(None if v is None or v != v else rounded(v, decimals) for v in values)


def is_empty(chart: Chart) -> bool:
    """Whether there is nothing at all to draw."""
    if isinstance(chart, Lines):
        return not any(v is not None for line in chart.lines for v in line.y)
    if isinstance(chart, Dots):
        return not any(r.estimate is not None for r in chart.rows)
    return not any(v is not None for part in chart.parts for v in part.values)


def chart_numbers(chart: Chart) -> list[float]:
    """Every number the figure draws."""
    if isinstance(chart, Lines):
        series = [s for line in chart.lines for s in (line.y, line.low, line.high)]
    elif isinstance(chart, Dots):
        series = [(r.estimate, r.low, r.high, r.ghost) for r in chart.rows]
    else:
        series = [part.values for part in chart.parts]
    return [v for s in series for v in s if v is not None]
