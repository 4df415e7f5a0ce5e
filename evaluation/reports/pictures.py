"""Two small pictures of page one: children as dots of a hundred, and days as three bars. Pure drawing, no words of its own.

A dot array is read right more often than a table or a text (Tait et al. 2010). Filled and hollow dots are told apart
without colour; bars begin at nought and carry their numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from evaluation.reports.charts import BLUE, GREY
from evaluation.reports.svg import INK, RULE
from evaluation.words.danish import number

SIDE, STEP = 104, 10


def dots_of_100(n: int, label: str, *, strong: bool) -> Markup:
    """Ten rows of ten: ``n`` filled from the upper left, the others hollow. ``strong``: the groups the report is about."""
    colour = BLUE if strong else GREY
    found = []
    for i in range(100):
        x, y = 7 + STEP * (i % 10), 7 + STEP * (i // 10)
        paint = f'fill="{colour}"' if i < n else f'fill="#fff" stroke="{GREY}" stroke-width=".8"'
        found.append(f'<circle cx="{x}" cy="{y}" r="{4 if i < n else 3.4}" {paint}/>')
    return Markup(
        f'<svg viewBox="0 0 {SIDE} {SIDE}" role="img" aria-label="{escape(label)}" focusable="false">{"".join(found)}</svg>'
    )


@dataclass(frozen=True)
class Bar:
    """One bar: its name, its length as shown, its interval, and whether it is the measured one."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    is_strong: bool = False


def bars(rows: Sequence[Bar], name: Markup, width: int = 340) -> Markup:
    """Horizontal bars from nought with the number at their end; an interval is a thin line over the end."""
    most = max((max(r.value, r.high or 0.0) for r in rows), default=1.0) or 1.0
    left, right, step = 78.0, 44.0, 27.0
    out = []
    for i, r in enumerate(rows):
        y = 5 + step * i
        end = left + r.value / most * (width - left - right)
        paint = f'fill="{BLUE}"' if r.is_strong else f'fill="#dfe5ec" stroke="{GREY}" stroke-width="1"'
        out.append(
            Markup('<text x="0" y="{:.0f}" font-size="14" fill="{}" data-model="figure">{}</text>').format(
                y + 14, INK, r.name
            )
        )
        out.append(Markup(f'<rect x="{left:.1f}" y="{y:.0f}" width="{end - left:.1f}" height="18" {paint}/>'))
        at = end
        if r.low is not None and r.high is not None:
            a, b = (left + max(v, 0.0) / most * (width - left - right) for v in (r.low, r.high))
            at = max(end, b)
            out.append(
                Markup(
                    f'<path d="M{a:.1f} {y + 9:.0f}H{b:.1f}M{a:.1f} {y + 5:.0f}v8M{b:.1f} {y + 5:.0f}v8" '
                    f'stroke="{INK}" stroke-width="1.6" fill="none"/>'
                )
            )
        weight = 700 if r.is_strong else 400
        out.append(
            Markup(
                '<text x="{:.1f}" y="{:.0f}" font-size="14" font-weight="{}" fill="{}" data-model="figure">{}</text>'
            ).format(at + 6, y + 14, weight, INK, number(r.value))
        )
    tall = 5 + step * len(rows)
    out.append(
        Markup(f'<line x1="{left}" y1="0" x2="{left}" y2="{tall - 4:.0f}" stroke="{RULE}" stroke-width="1"/>')
    )
    return Markup('<svg viewBox="0 0 {} {:.0f}" {} focusable="false">{}</svg>').format(
        width, tall, name, Markup("").join(out)
    )
