"""Figures as still pictures: inline SVG for paper, mail readers without scripts, and small pages.

They need no script, scale with the page and are therefore never cut in print.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from markupsafe import Markup

from evaluation.reports.charts import BAND, GREY, Bars, Chart, Dots, Lines, Panels, Shade
from evaluation.words.danish import number, signed

WIDTH, NARROW = 720, 340
INK, RULE = "#1b1f24", "#d5dae0"
UNNAMED = Markup('aria-hidden="true"')
"""A drawing whose words stand elsewhere."""


def named(title: str, alternative: str) -> Markup:
    """What makes a drawing an image with a name and an alternative, in print too: the ids of the elements that hold them."""
    return Markup('role="img" aria-labelledby="{}" aria-describedby="{}"').format(title, alternative)


def draw(chart: Chart, width: int = WIDTH, height: float = 350, name: Markup = UNNAMED) -> Markup:
    """The figure as an SVG element.

    ``height`` is for lines; rows and bars take the room they need."""
    if isinstance(chart, Lines):
        body, tall = _lines(chart, width, height)
    elif isinstance(chart, Panels):
        body, tall = _panels(chart, width)
    elif isinstance(chart, Dots):
        body, tall = _dots(chart, width)
    else:
        body, tall = _bars(chart, width)
    return Markup(
        '<svg class="{kind}" viewBox="0 0 {w} {h}" preserveAspectRatio="xMidYMid meet" {name} '
        'focusable="false">{body}</svg>'
    ).format(
        kind="wide" if width > NARROW else "narrow",
        w=width,
        h=_n(tall),
        name=name,
        body=Markup("").join(body),
    )


def nice_ticks(low: float, high: float, target: int = 5) -> list[float]:
    """Round tick values that cover ``low`` to ``high``."""
    span = max(high - low, 1e-9)
    raw = span / target
    power = 10 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= raw)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(i * step, 10) for i in range(first, last + 1)]


def spread(positions: Sequence[float], gap: float, least: float = float("-inf")) -> list[float]:
    """Push label positions apart to at least ``gap``, keeping order and about their places, none below ``least``."""
    order = sorted(range(len(positions)), key=lambda i: positions[i])
    placed = list(positions)
    for before, after in pairwise(order):
        placed[after] = max(placed[after], placed[before] + gap)
    if not order:
        return placed
    overshoot = max((placed[order[-1]] - positions[order[-1]]) / 2, 0)
    shift = max(-overshoot, least - placed[order[0]])
    return [p + shift for p in placed]


def _n(x: float) -> str:
    return f"{x:.1f}".rstrip("0").rstrip(".")


def _text(
    x: float,
    y: float,
    content: str,
    anchor: str = "start",
    colour: str = INK,
    weight: int = 400,
    size: int = 14,
    of_pupils: bool = False,
) -> Markup:
    """A text. Names, ticks and estimates say that they are no numbers of pupils; those stand marked in the table."""
    model = Markup("") if of_pupils else Markup(' data-model="figure"')
    return Markup(
        '<text x="{}" y="{}" text-anchor="{}" fill="{}" font-weight="{}" font-size="{}"{}>{}</text>'
    ).format(_n(x), _n(y), anchor, colour, weight, size, model, content)


def _rule(
    x1: float, y1: float, x2: float, y2: float, colour: str = RULE, width: float = 1, dash: str = ""
) -> Markup:
    return Markup('<line x1="{}" y1="{}" x2="{}" y2="{}" stroke="{}" stroke-width="{}"{}/>').format(
        _n(x1),
        _n(y1),
        _n(x2),
        _n(y2),
        colour,
        width,
        Markup(' stroke-dasharray="{}"').format(dash) if dash else "",
    )


def _mark(shape: str, x: float, y: float, colour: str, size: float = 3.2, filled: bool = True) -> Markup:
    paint = f'fill="{colour if filled else "#fff"}" stroke="{colour}" stroke-width="1.5"'
    if shape == "square":
        return Markup(
            f'<rect x="{_n(x - size)}" y="{_n(y - size)}" width="{_n(2 * size)}" height="{_n(2 * size)}" '
            f"{paint}/>"
        )
    if shape == "diamond":
        s = size * 1.35
        return Markup(
            f'<path d="M{_n(x)} {_n(y - s)}L{_n(x + s)} {_n(y)}L{_n(x)} {_n(y + s)}L{_n(x - s)} {_n(y)}Z" '
            f"{paint}/>"
        )
    return Markup(f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(size)}" {paint}/>')


def _runs(y: Sequence[float | None]) -> Iterable[list[int]]:
    """Stretches of neighbouring points that exist, so that a hidden point is a gap and never bridged."""
    run: list[int] = []
    for i, v in enumerate(y):
        if v is None:
            if run:
                yield run
            run = []
        else:
            run.append(i)
    if run:
        yield run


def _wrapped(content: str, letters: int) -> list[str]:
    """The words in lines of at most about ``letters``."""
    lines: list[str] = []
    for w in content.split(" "):
        if lines and len(lines[-1]) + 1 + len(w) <= letters:
            lines[-1] += f" {w}"
        else:
            lines.append(w)
    return lines


def _lines(chart: Lines, width: int, height: float) -> tuple[list[Markup], float]:
    values = [v for line in chart.lines for s in (line.y, line.low, line.high) for v in s if v is not None]
    lowest = 0.0 if chart.from_zero else min([*values, 0.0])
    ticks = nice_ticks(lowest, max([*values, 0.1]))
    letters = 40 if width > NARROW else 10
    names = {line.label: _wrapped(line.label, letters) for line in chart.lines}
    longest = max((len(part) for parts in names.values() for part in parts), default=0)
    left, right, top = (44.0 if width > NARROW else 30.0), 24 + 7.4 * longest, 42.0
    bottom = height - (46 if chart.x_title else 30)
    n = max(len(chart.x) - 1, 1)

    def px(i: float) -> float:
        return left + 8 + i * (width - left - right - 16) / n

    def py(v: float) -> float:
        return bottom - (v - ticks[0]) / (ticks[-1] - ticks[0]) * (bottom - top)

    out = [_shade(s, px, top, bottom) for s in chart.shades]
    for t in ticks:
        out += [
            _rule(left, py(t), width - right, py(t), INK if t == 0 else RULE),
            _text(left - 6, py(t) + 5, number(t, 0 if t == int(t) else 1), "end", GREY),
        ]
    out.append(_text(0, 13, chart.unit, colour=GREY, size=13))
    every = max(1, math.ceil(len(chart.x) * max(len(x) for x in chart.x) * 8.5 / (width - left - right)))
    out += [_text(px(i), bottom + 19, x, "middle", GREY) for i, x in enumerate(chart.x) if i % every == 0]
    if chart.x_title:
        out.append(_text((left + width - right) / 2, bottom + 40, chart.x_title, "middle", GREY, size=13))
    ends: list[tuple[float, float, str, str, bool]] = []
    for line in chart.lines:
        dash = ' stroke-dasharray="5 4"' if line.faint else ""
        for run in _runs(line.y):
            path = "M" + "L".join(f"{_n(px(i))} {_n(py(line.y[i] or 0))}" for i in run)
            weight = 1.6 if line.faint else 2.6
            out.append(
                Markup(f'<path d="{path}" fill="none" stroke="{line.colour}" stroke-width="{weight}"{dash}/>')
            )
        for i, v in enumerate(line.y):
            if v is None:
                continue
            if i < len(line.low) and line.low[i] is not None and line.high[i] is not None:
                out.append(_rule(px(i), py(line.low[i] or 0), px(i), py(line.high[i] or 0), line.colour, 1.6))
            if not line.faint:
                out.append(_mark(line.marker, px(i), py(v), line.colour))
        last = max((i for i, v in enumerate(line.y) if v is not None), default=None)
        if last is not None and line.label:
            ends.append((px(n), py(line.y[last] or 0), line.label, line.colour, line.faint))
    gap = 17.0 * max((len(names[e[2]]) for e in ends), default=1) + (4 if width <= NARROW else 0)
    for (x, _, name, colour, faint), y in zip(ends, spread([e[1] for e in ends], gap, top - 8), strict=True):
        for i, part in enumerate(names[name]):
            line_y = y + 5 + 16 * (i - (len(names[name]) - 1) / 2)
            out.append(_text(x + 9, line_y, part, colour=colour, weight=400 if faint else 700))
    return out, height


def _panels(chart: Panels, width: int) -> tuple[list[Markup], float]:
    """Small line pictures side by side, three to a row, one under the other on a telephone; one scale and one key."""
    across = 1 if width <= NARROW else min(3, len(chart.panels))
    wide, tall, top = width / across, 170.0, 44.0
    lines = [line for _, panel in chart.panels for line in panel.lines]
    most = max([v for line in lines for v in line.y if v is not None], default=0.1)
    ticks = nice_ticks(0, most, 3)
    out, x, y = [_text(0, 13, chart.panels[0][1].unit, colour=GREY, size=13)], 0.0, 30.0
    for line in chart.panels[0][1].lines:
        room = 30 + 7.2 * len(line.label)
        if x and x + room > width:
            x, y, top = 0.0, y + 20, top + 20
        out.append(
            _rule(x, y, x + 24, y, line.colour, 1.6 if line.faint else 2.6, "5 4" if line.faint else "")
        )
        out.append(_text(x + 30, y + 5, line.label, colour=line.colour, size=13))
        x += room + 18
    for i, (title, panel) in enumerate(chart.panels):
        left, head = wide * (i % across), top + tall * (i // across)
        out += _panel(title, panel, (left, left + wide - 14), (head, head + tall), ticks)
    return out, top + tall * math.ceil(len(chart.panels) / across)


def _panel(
    title: str, panel: Lines, sides: tuple[float, float], ends: tuple[float, float], ticks: Sequence[float]
) -> list[Markup]:
    left, right, top, bottom = sides[0] + 24, sides[1], ends[0] + 28, ends[1] - 26
    n = max(len(panel.x) - 1, 1)

    def px(i: float) -> float:
        return left + 6 + i * (right - left - 12) / n

    def py(v: float) -> float:
        return bottom - v / ticks[-1] * (bottom - top)

    out = [_text(left, top - 10, title, weight=700)]
    for s in panel.shades:
        x1, x2 = max(px(s.start), left), min(px(s.end), right)
        box = '<rect x="{}" y="{}" width="{}" height="{}" fill="{}"/>'
        out.append(Markup(box).format(_n(x1), _n(top), _n(x2 - x1), _n(bottom - top), BAND))
    for t in ticks:
        out.append(_rule(left, py(t), right, py(t), INK if t == 0 else RULE))
        out.append(_text(left - 5, py(t) + 4, number(t, 0 if t == int(t) else 1), "end", GREY, size=12))
    every = math.ceil(len(panel.x) / 5)
    out += [
        _text(px(i), bottom + 16, x, "middle", GREY, size=12) for i, x in enumerate(panel.x) if i % every == 0
    ]
    for line in panel.lines:
        for run in _runs(line.y):
            path = "M" + "L".join(f"{_n(px(i))} {_n(py(line.y[i] or 0))}" for i in run)
            dash = ' stroke-dasharray="5 4"' if line.faint else ""
            weight = 1.6 if line.faint else 2.6
            out.append(
                Markup(f'<path d="{path}" fill="none" stroke="{line.colour}" stroke-width="{weight}"{dash}/>')
            )
    return out


def _shade(s: Shade, px: Callable[[float], float], top: float, bottom: float) -> Markup:
    x1, x2 = px(s.start), px(s.end)
    box = Markup('<rect x="{}" y="{}" width="{}" height="{}" fill="{}"/>').format(
        _n(x1), _n(top), _n(x2 - x1), _n(bottom - top), BAND
    )
    return box + _text((x1 + x2) / 2, top - 6, s.label, "middle", GREY, size=13)


def _beside(labels: Sequence[str], width: int) -> float:
    """Room for the rows' names: as much as the longest needs, at most four tenths of the width."""
    return min(20 + 7.6 * max(len(x) for x in labels), width * 0.4)


def _label(content: str, y: float, left: float) -> list[Markup]:
    """A row's name in its room, in two lines where one is too long."""
    lines = _wrapped(content, int((left - 16) / 7.4))
    first = y - 8 * (len(lines) - 1)
    return [_text(0, first + 16 * i, part) for i, part in enumerate(lines)]


def _unit(content: str, left: float, right: float, y: float, is_narrow: bool) -> Markup:
    """The axis's unit under its middle; on a telephone over the whole width, in smaller letters where it is long."""
    if not is_narrow:
        return _text((left + right) / 2, y, content, "middle", GREY, size=13)
    return _text(NARROW / 2, y, content, "middle", GREY, size=13 if len(content) < 46 else 11)


def _dots(chart: Dots, width: int) -> tuple[list[Markup], float]:
    values = [v for r in chart.rows for v in (r.estimate, r.low, r.high, r.ghost) if v is not None]
    ticks = nice_ticks(min([*values, -0.5]), max([*values, 0.5]), 6)
    is_narrow = width <= NARROW
    left = 6.0 if is_narrow else _beside([r.label for r in chart.rows], width)
    right, top, step = 48.0, (48.0 if is_narrow else 34.0), (52.0 if is_narrow else 38.0)
    bottom = top + step * len(chart.rows)

    def px(v: float) -> float:
        return left + (v - ticks[0]) / (ticks[-1] - ticks[0]) * (width - left - right)

    out = [_rule(px(t), top, px(t), bottom, RULE) for t in ticks]
    out += [_text(px(t), bottom + 18, signed(t, 0 if t == int(t) else 1), "middle", GREY) for t in ticks]
    out.append(_rule(px(0), top - 4, px(0), bottom, INK, 1.6))
    if is_narrow:
        out += [
            _text(0, 14, f"← {chart.left}", colour=GREY, size=13),
            _text(width, 32, f"{chart.right} →", "end", GREY, size=13),
        ]
    else:
        out.append(_text(left, top - 12, f"← {chart.left}", colour=GREY, size=13))
        out.append(_text(width, top - 12, f"{chart.right} →", "end", GREY, size=13))
    for i, r in enumerate(chart.rows):
        y = top + step * (i + (0.72 if is_narrow else 0.5))
        out += [_text(0, y - 15, r.label)] if is_narrow else _label(r.label, y + 5, left)
        if r.estimate is None:
            out.append(_text(px(0) + 8, y + 5, "vises ikke", colour=GREY, size=13))
            continue
        if r.low is not None and r.high is not None:
            out.append(_rule(px(r.low), y, px(r.high), y, r.colour, 2.4))
            out += [_rule(px(e), y - 6, px(e), y + 6, r.colour, 2.4) for e in (r.low, r.high)]
        if r.ghost is not None:
            out.append(_mark("diamond", px(r.ghost), y, GREY, 4.2, filled=False))
        out.append(_mark("circle", px(r.estimate), y, r.colour, 5.5))
        out.append(_text(width, y + 5, signed(r.estimate), "end", r.colour, 700))
    out.append(_unit(chart.unit, left, width - right, bottom + 38, is_narrow))
    return out, bottom + 46


def _bars(chart: Bars, width: int) -> tuple[list[Markup], float]:
    totals = [sum(p.values[i] or 0 for p in chart.parts) for i in range(len(chart.labels))]
    single = len(chart.parts) == 1
    ticks = nice_ticks(0, max([*totals, 0.1]))
    is_narrow = width <= NARROW
    left = 4.0 if is_narrow else _beside(chart.labels, width)
    right, top, step = 52.0, 10.0, (58.0 if is_narrow else 40.0)
    if not single:
        top += 20.0 * (len(chart.parts) if is_narrow else 1) + 4
    bottom = top + step * len(chart.labels)

    def px(v: float) -> float:
        return left + v / ticks[-1] * (width - left - right)

    out = [_rule(px(t), top, px(t), bottom, INK if t == 0 else RULE) for t in ticks]
    out += [_text(px(t), bottom + 18, number(t, 0 if t == int(t) else 1), "middle", GREY) for t in ticks]
    out.append(_unit(chart.unit, left, width - right, bottom + 38, is_narrow))
    out += _names(chart, px, top, is_narrow) if not single else []
    for i, label in enumerate(chart.labels):
        y, x = top + step * i + (24 if is_narrow else 7), 0.0
        out += [_text(0, y - 6, label)] if is_narrow else _label(label, y + 18, left)
        for part in chart.parts:
            v = part.values[i]
            if v is None:
                out.append(_text(px(x) + 8, y + 18, "vises ikke", colour=GREY, size=13))
                break
            w = px(x + v) - px(x)
            out.append(
                Markup('<rect x="{}" y="{}" width="{}" height="26" fill="{}" stroke="#fff"/>').format(
                    _n(px(x)), _n(y), _n(max(w, 0)), part.colour
                )
            )
            if single:
                out.append(
                    _text(
                        px(v) + 7,
                        y + 18,
                        number(v, chart.decimals),
                        colour=part.colour,
                        weight=700,
                        of_pupils=True,
                    )
                )
            elif w > 34:
                out.append(
                    _text(
                        px(x) + w / 2,
                        y + 18,
                        number(v, chart.decimals),
                        "middle",
                        "#fff",
                        700,
                        of_pupils=True,
                    )
                )
            x += v
    return out, bottom + 46


def _names(chart: Bars, px: Callable[[float], float], top: float, is_narrow: bool) -> list[Markup]:
    """The pieces' names over the first bar, or one under the other where they would collide."""
    out, x, free = [], 0.0, 0.0
    for i, part in enumerate(chart.parts):
        if is_narrow:
            out.append(_text(0, 14 + 20 * i, f"■ {part.name}", colour=part.colour, weight=700, size=13))
            continue
        at = max(px(x) + 2, free)
        out.append(_text(at, top - 8, part.name, colour=part.colour, weight=700, size=13))
        free = at + 7.6 * len(part.name) + 10
        x += part.values[0] or 0
    return out
