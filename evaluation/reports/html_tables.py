"""One way from a frame to an accessible HTML table, so that the marking of numbers lives in one place.

A number that speaks of pupils carries ``data-exhibit``, ``data-cell`` and ``data-measure`` as agreed at the top
of docs/disclosure.md; a number from a model carries ``data-model`` (table and column) and ``data-row`` (its
row's key). A hidden number is the protocol's marker, with a text for screen readers beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd
from markupsafe import Markup

from evaluation.disclosure.exhibits import cell_text
from evaluation.disclosure.release import html_attributes
from evaluation.words.danish import NBSP, count, date, is_missing, number, percent, signed

Kind = Literal["text", "count", "pct", "pct0", "pp", "number", "number2", "date", "yes"]
_NUMBERS = {"count", "pct", "pct0", "pp", "number", "number2"}


@dataclass(frozen=True)
class Mark:
    """Where a number comes from. ``model`` is set for estimates, the rest for numbers that speak of pupils."""

    exhibit: str = ""
    cell: tuple[tuple[str, str], ...] = ()
    measure: str = ""
    model: str = ""

    @property
    def attributes(self) -> Markup:
        """As HTML attributes."""
        if self.model:
            return Markup('data-model="{}" data-row="{}"').format(self.model, cell_text(self.cell))
        return Markup(html_attributes(self.exhibit, self.cell, self.measure))


@dataclass(frozen=True)
class Column:
    """A column of a table.

    ``missing`` says what an empty number means: hidden, or simply not there. ``mark`` gives a row's mark;
    without it the table's own is used, with the column as the model's column.
    ``kind_from`` names a column that holds each row's own kind.
    """

    name: str
    label: str
    kind: Kind = "text"
    missing: Literal["hidden", "none"] = "hidden"
    names: Mapping[str, str] | Callable[[str], str] | None = None
    mark: Callable[[Mapping[str, Any]], Mark] | None = None
    kind_from: str = ""

    @property
    def is_number(self) -> bool:
        """Whether the column's cells are numbers to be marked."""
        return self.kind in _NUMBERS


def render_table(
    identity: str,
    caption: str,
    frame: pd.DataFrame,
    columns: Sequence[Column],
    *,
    key: Sequence[str],
    marker: str,
    source: str = "",
) -> Markup:
    """The table; its first column heads the rows. ``source`` and ``key`` name a model number's table and row."""
    head = Markup("").join(
        Markup('<th scope="col"{}>{}</th>').format(Markup(' class="num"') if c.is_number else "", c.label)
        for c in columns
    )
    body = []
    any_hidden = False
    for found in frame.to_dict("records"):
        row = {str(k): v for k, v in found.items()}
        own = tuple((k, str(row[k])) for k in key if not is_missing(row.get(k)))
        heading = _plain(columns[0], row.get(columns[0].name))
        cells = [
            Markup('<th scope="row">{}</th>').format(
                heading.replace(" ", NBSP) if len(heading) < 16 else heading
            )
        ]
        for c in columns[1:]:
            if not c.is_number:
                cells.append(Markup("<td>{}</td>").format(_plain(c, row.get(c.name))))
                continue
            mark = c.mark(row) if c.mark else Mark(cell=own, model=f"{source}.{c.name}")
            html, hidden = _number(c, str(row.get(c.kind_from, c.kind)), row.get(c.name), mark, marker)
            any_hidden |= hidden
            cells.append(html)
        body.append(Markup("<tr>{}</tr>").format(Markup("").join(cells)))
    return Markup(
        '<div class="scroll" role="region" tabindex="0" aria-labelledby="{id}-tabel"><table>'
        '<caption id="{id}-tabel"><span>{caption}</span></caption><thead><tr>{head}</tr></thead>'
        "<tbody>{body}</tbody></table></div>{legend}"
    ).format(
        id=identity,
        caption=caption,
        head=head,
        body=Markup("").join(body),
        legend=Markup('<p class="legend">{}</p>').format(legend(marker)) if any_hidden else "",
    )


def legend(marker: str) -> str:
    """What the marker means."""
    return f"{marker} betyder: tallet er skjult af hensyn til elevernes anonymitet."


def shown_text(kind: str, value: float) -> str:
    """A number as its kind is written."""
    match kind:
        case "count":
            return count(value)
        case "pct":
            return percent(value)
        case "pct0":
            return percent(value, 0)
        case "pp":
            return signed(value)
        case "number2":
            return number(value, 2)
    return number(value)


def _number(c: Column, kind: str, value: Any, mark: Mark, marker: str) -> tuple[Markup, bool]:
    is_marker = isinstance(value, str) and value.strip() == marker
    if kind == "absent":
        value, is_hidden = None, False
    else:
        is_hidden = is_missing(value) and c.missing == "hidden"
    if is_marker or is_hidden:
        return (
            Markup(
                '<td class="num"><span aria-hidden="true" {}>{}</span><span class="sr">skjult</span></td>'
            ).format(mark.attributes, marker),
            True,
        )
    if is_missing(value):
        return Markup(
            '<td class="num"><span aria-hidden="true">–</span><span class="sr">intet tal</span></td>'
        ), False
    return Markup('<td class="num" {}>{}</td>').format(mark.attributes, shown_text(kind, float(value))), False


def _plain(c: Column, value: Any) -> str:
    if c.kind == "yes":
        return "–" if is_missing(value) else "ja" if bool(value) else "nej"
    if is_missing(value) or str(value) in ("nan", "<NA>", "NaT"):
        return "–"
    if c.kind == "date":
        return date(value)
    if callable(c.names):
        return c.names(str(value))
    return (c.names or {}).get(str(value), str(value))
