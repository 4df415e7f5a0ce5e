"""What a figure shows, apart from how it is drawn: three kinds, each a frozen description of shown numbers.

Values are rounded as the reader sees them before they get here, so that text, figure, table and download can
never differ and no figure carries more digits than its table. None is a hidden or missing number: a gap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evaluation.words.danish import number, rounded, signed

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
    """Horizontal bars from zero: one part is plain bars, several are stacked pieces of a whole."""

    labels: tuple[str, ...]
    parts: tuple[Part, ...]
    unit: str
    decimals: int = 1


@dataclass(frozen=True)
class Panels:
    """The same small picture for several groups, with one scale: titles and their lines."""

    panels: tuple[tuple[str, Lines], ...]


Chart = Lines | Dots | Bars | Panels


def shown(values: Sequence[float | None], decimals: int = 1) -> tuple[float | None, ...]:
    """Numbers as the reader sees them; what is missing stays missing."""
    return tuple(None if v is None or v != v else rounded(v, decimals) for v in values)


def is_empty(chart: Chart) -> bool:
    """Whether there is nothing at all to draw."""
    if isinstance(chart, Lines):
        return not any(v is not None for line in chart.lines for v in line.y)
    if isinstance(chart, Panels):
        return all(is_empty(lines) for _, lines in chart.panels)
    if isinstance(chart, Dots):
        return not any(r.estimate is not None for r in chart.rows)
    return not any(v is not None for part in chart.parts for v in part.values)


def spoken(chart: Chart) -> str:
    """Every number the figure draws, by name, as it is read aloud."""
    if isinstance(chart, Panels):
        return " ".join(f"{title}. {spoken(lines)}" for title, lines in chart.panels)
    if isinstance(chart, Lines):
        told = (
            (line.name, [f"{x} {number(v)}" for x, v in zip(chart.x, line.y, strict=True) if v is not None])
            for line in chart.lines
        )
        return " ".join(f"{name}: {', '.join(values)}." for name, values in told if values)
    if isinstance(chart, Dots):
        return " ".join(_said(r) for r in chart.rows if r.estimate is not None)
    rows = (
        (
            label,
            [f"{p.name} {number(v, chart.decimals)}" for p in chart.parts if (v := p.values[i]) is not None],
        )
        for i, label in enumerate(chart.labels)
    )
    return " ".join(f"{label}: {', '.join(values)}." for label, values in rows if values)


def _said(row: Dot) -> str:
    ends = "" if row.low is None or row.high is None else f" ({signed(row.low)} … {signed(row.high)})"
    return f"{row.label}: {signed(row.estimate or 0.0)}{ends}."
