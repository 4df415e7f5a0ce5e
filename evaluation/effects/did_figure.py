"""The estimates of one run as a figure: SVG without scripts, readable on paper and by a screen reader.

Points with their intervals, and with the bands that hold all of them at once behind. Not here: any number that the
result does not hold.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from xml.sax.saxutils import escape

from evaluation.effects.results import DidResult, Estimate
from evaluation.errors import InputError

WIDTH, HEIGHT = 720, 420
LEFT, RIGHT, TOP, BOTTOM = 70, 20, 40, 60
INK, RULE, BAND, LINE = "#1b1f24", "#d5dae0", "#c9d9ec", "#1f5a99"
AXES = {
    "event": "periods since treatment began",
    "calendar": "period",
    "group": "first treated period",
    "att(g,t)": "first treated period, period",
}


def to_svg(result: DidResult) -> str:
    """The family of estimates (by event time, period or group) as an SVG document.

    Raises:
        InputError: one overall number only, of which there is nothing to draw.
    """
    family = [e for e in result.estimates if e.term.term != "overall"]
    if not family:
        raise InputError("There is one overall estimate and nothing to draw: add --aggregate event.")
    kind = family[0].term.term
    by_event = kind == "event"
    places = (
        [float(e.term.event or 0.0) for e in family] if by_event else [float(i) for i in range(len(family))]
    )
    ends = [v for e in family for v in _ends(e)]
    ticks = _ticks(min([0.0, *ends]), max([0.0, *ends]))
    low, high = ticks[0], ticks[-1]
    first, last = min(places) - 0.5, max(places) + 0.5

    def x(value: float) -> float:
        return LEFT + (value - first) / (last - first) * (WIDTH - LEFT - RIGHT)

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - TOP - BOTTOM)

    body = [_text(WIDTH / 2, 22, _title(result), "middle", 15)]
    for tick in ticks:
        body.append(_line(LEFT, y(tick), WIDTH - RIGHT, y(tick), INK if tick == 0 else RULE, 1))
        body.append(_text(LEFT - 8, y(tick) + 4, f"{tick:g}", "end"))
    if by_event and first < 0 < last:
        body.append(_line(x(-0.5), TOP, x(-0.5), HEIGHT - BOTTOM, INK, 1, "4 4"))
    for i, (e, place) in enumerate(zip(family, places, strict=True)):
        if e.band_low is not None and e.band_high is not None:
            body.append(_line(x(place), y(e.band_low), x(place), y(e.band_high), BAND, 9))
        if e.ci_low is not None and e.ci_high is not None:
            body.append(_line(x(place), y(e.ci_low), x(place), y(e.ci_high), LINE, 2))
        body.append(f'<circle cx="{_n(x(place))}" cy="{_n(y(e.estimate))}" r="4" fill="{LINE}"/>')
        if i % max(1, len(family) // 20) == 0:
            body.append(_text(x(place), HEIGHT - BOTTOM + 18, _label(e), "middle"))
    body.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 14, AXES.get(kind, kind), "middle"))
    told = "; ".join(f"{_label(e)}: {e.estimate:.4g}{_interval(e)}" for e in family)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'font-family="sans-serif"><title>{escape(_title(result))}</title><desc>{escape(told)}</desc>'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>{"".join(body)}</svg>\n'
    )


def _title(result: DidResult) -> str:
    level = result.options.get("level", 0.95)
    share = f"{100 * float(str(level)):g} %"
    bands = any(e.band_low is not None for e in result.estimates)
    return f"Estimates with {share} intervals" + (" (bands: all at once)" if bands else "")


def _ends(e: Estimate) -> list[float]:
    return [v for v in (e.estimate, e.ci_low, e.ci_high, e.band_low, e.band_high) if v is not None]


def _label(e: Estimate) -> str:
    if e.term.term == "event":
        return f"{e.term.event or 0:g}"
    parts = [v for v in (e.term.group, e.term.period) if v is not None]
    return ", ".join(v if isinstance(v, str) else f"{v:g}" for v in parts)


def _interval(e: Estimate) -> str:
    return "" if e.ci_low is None or e.ci_high is None else f" [{e.ci_low:.4g}, {e.ci_high:.4g}]"


def _ticks(low: float, high: float) -> Sequence[float]:
    span = high - low or 1.0
    power = 10.0 ** math.floor(math.log10(span / 6))
    step = next(m * power for m in (1, 2, 2.5, 5, 10, 20) if m * power >= span / 6)
    return [round(i * step, 12) for i in range(math.floor(low / step), math.ceil(high / step) + 1)]


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, width: int, dashes: str = "") -> str:
    dash = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<line x1="{_n(x1)}" y1="{_n(y1)}" x2="{_n(x2)}" y2="{_n(y2)}" stroke="{colour}" stroke-width="{width}"{dash}/>'


def _text(x: float, y: float, words: str, anchor: str, size: int = 12) -> str:
    return f'<text x="{_n(x)}" y="{_n(y)}" text-anchor="{anchor}" font-size="{size}" fill="{INK}">{escape(words)}</text>'
