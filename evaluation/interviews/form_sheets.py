"""One sheet of a school's workbook: where its forms stand, what is filled in, and every filled cell that is no field.

No cell vanishes: each is a heading, a label, the form's own text, a field, or it is named. What a field's words mean is
:mod:`evaluation.interviews.forms`' matter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from types import MappingProxyType

from evaluation.codebooks import Codebook
from evaluation.interviews.attributes import slug
from evaluation.interviews.form_layouts import FORMS, STEP, FormLayout

LABELS = {"skole": "school_id", "school_id": "school_id", "nedslag": "occasion", "occasion": "occasion"}
GUIDE = "Vejledning"
GUIDE_LINES = (
    "Vejledning",
    "Skriv ingen navne, CPR-numre eller andet, der kan udpege en person.",
    "Skriv skolens navn eller id ud for »Skole« og vælg nedslaget. Lad overskrifter og koder stå.",
)
CODE, QUESTION = "Kode", "Spørgsmål"
OWN_STEP = "Skolens trin i dag"
MOST_HEADING_ROWS = 60
NOTHING_MERGED: Mapping[tuple[int, int], tuple[int, int]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Filled:
    """A filled field of a form, as it stands."""

    row: int
    form: str
    school: str
    occasion: str
    theme: str
    dimension: str
    value: str


@dataclass(frozen=True, slots=True)
class _Table:
    form: FormLayout
    header: int
    columns: Mapping[int, str]
    labels: tuple[int, ...]
    rows: int


@dataclass(frozen=True)
class SheetReading:
    """A sheet's fields, its filled cells that are none, its fields over several cells, and the forms that stand in it.

    Cells are row and column from 1. ``handed_in``: each form as a field without a row and a value, empty forms too.
    """

    fields: tuple[Filled, ...]
    unread: tuple[tuple[int, int], ...]
    wide: tuple[tuple[int, int], ...] = ()
    handed_in: tuple[Filled, ...] = ()


def read_sheet(
    name: str,
    rows: Sequence[Sequence[str]],
    codebook: Codebook,
    merged: Mapping[tuple[int, int], tuple[int, int]] = NOTHING_MERGED,
) -> SheetReading:
    """Everything of one sheet; ``rows`` as text, merged cells filled in. ``merged``: cell → first cell of its range.

    A row's name holds for all its rows; an answer is given once, in its range's first row.
    """
    if slug(name) == slug(GUIDE):
        return SheetReading((), tuple(_written_in_guide(rows, codebook)))
    echoes = {(row - 1, column - 1) for (row, column), first in merged.items() if (row, column) != first}
    wide: list[tuple[int, int]] = []
    handed_in: list[Filled] = []
    tables = sorted(_tables(rows, codebook), key=lambda t: t.header)
    about, known = _labels(rows[: tables[0].header] if tables else rows)
    fields: list[Filled] = []
    # A form's own texts stand above its headings; on a sheet without a form, anywhere.
    for form, header in [(t.form, t.header) for t in tables] or [(form, len(rows)) for form in FORMS]:
        titles = {slug(t) for t in (form.title, form.help, *form.older_helps)}
        known |= {
            (number, place)
            for number, cells in enumerate(rows[:header])
            for place, cell in enumerate(cells)
            if slug(cell) in titles and not _is_answer(number, place, rows, tables, titles, codebook)
        }
    for position, table in enumerate(tables):
        end = tables[position + 1].header if position + 1 < len(tables) else len(rows)
        if position:  # a form further down may name a school of its own
            own, own_known = _labels(rows[tables[position - 1].header : table.header])
            about = about | own
            known |= {(number + tables[position - 1].header, place) for number, place in own_known}
        # What stands below another »Skole« is not this school's.
        end = next(
            (n for n in range(table.header + 1, end) if slug(_row_label(table, rows[n])) in LABELS), end
        )
        headings = {slug(h) for h in (table.form.row_heading, CODE, QUESTION, "tema", "område")}
        for place, cell in enumerate(rows[table.header]):
            if place in table.columns or slug(cell) in headings:
                known.add((table.header, place))
        school, occasion = about.get("school_id", ""), about.get("occasion", "")
        handed_in.append(Filled(table.header + 1, table.form.form, school, occasion, "", "", ""))
        met: set[str] = set()
        for number in range(table.header + 1, end):
            cells = rows[number]
            theme, labels = _theme_of(table, cells, codebook)
            if theme not in met or any(p < len(cells) and cells[p].strip() for p in table.columns):
                # A row that is named once more and says nothing is somebody's text that looks like a name.
                known |= {(number, place) for place in labels}
                met.add(theme)
            for place, dimension in table.columns.items():
                value = cells[place].strip() if place < len(cells) else ""
                if (number, place) in echoes:
                    known.add((number, place))
                elif value and (number, place) not in known and (theme or _row_label(table, cells)):
                    if (number + 1, place + 1) in merged:
                        wide.append((number + 1, place + 1))
                    label = theme or _row_label(table, cells)
                    fields.append(
                        Filled(number + 1, table.form.form, school, occasion, label, dimension, value)
                    )
                    known.add((number, place))
                    known |= {(number, p) for p in table.labels}
    unread = [
        (number + 1, place + 1)
        for number, cells in enumerate(rows)
        for place, cell in enumerate(cells)
        if cell.strip() and (number, place) not in known
    ]
    return SheetReading(tuple(fields), tuple(unread), tuple(wide), tuple(handed_in))


def _is_answer(
    number: int,
    place: int,
    rows: Sequence[Sequence[str]],
    tables: Sequence[_Table],
    titles: Set[str],
    codebook: Codebook,
) -> bool:
    """Whether a cell stands in a column to be filled, beside a row's label: there a school may write a form's title."""
    above = [table for table in tables if table.header < number]
    if not above or place not in above[-1].columns:
        return False
    label = slug(_row_label(above[-1], rows[number]))
    return bool(label and label not in titles) or bool(_theme_of(above[-1], rows[number], codebook)[0])


def theme_of(label: str, form: FormLayout, codebook: Codebook) -> str | None:
    """The code a row stands for: by id, name, last part of the id, or a number with nothing but its name, or some of it."""
    text = slug(label)
    themes = form.themes(codebook)
    for theme in themes:
        code = codebook.by_id[theme]
        numbered = f"{theme.rpartition('.')[2]}_{slug(code.name)}"
        if text and text in {slug(theme), slug(code.name), slug(theme.rpartition(".")[2]), numbered}:
            return theme
    number = re.fullmatch(
        r"(?:trin|nøgle|dimension)?\s*(\d+)\b(.*)", label.strip(), re.IGNORECASE | re.DOTALL
    )
    if number:
        rest = _words(number.group(2))
        found = [
            theme
            for theme in themes
            if theme.rpartition(".")[2] == number.group(1)
            and _words(codebook.by_id[theme].name)[: len(rest)] == rest
        ]
        return found[0] if len(found) == 1 else None
    if form.form == "implementeringstrappe" and not text:
        return form.singles[0]
    return None


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", slug(text))


def _tables(rows: Sequence[Sequence[str]], codebook: Codebook) -> list[_Table]:
    """Each form's table in the sheet: the row of headings with the form's rows below it."""
    found: dict[int, _Table] = {}
    for form in FORMS:
        best: _Table | None = None
        for number, cells in enumerate(rows[:MOST_HEADING_ROWS]):
            dimensions = {p: d for p, cell in enumerate(cells) if (d := form.dimension_of(cell)) is not None}
            twice = [d for d in dimensions.values() if list(dimensions.values()).count(d) > 1]
            columns = {p: d for p, d in dimensions.items() if d not in twice or p == _first(dimensions, d)}
            own = {slug(form.row_heading), slug(CODE), slug("tema"), slug("område")}
            labels = tuple(p for p, cell in enumerate(cells) if slug(cell) in own)
            if not labels:
                continue
            table = _Table(form, number, columns, labels, 0)
            below = sum(bool(_theme_of(table, r, codebook)[0]) for r in rows[number + 1 :])
            is_known = below >= (1 if columns else 2)
            is_known = is_known or (form.form == "implementeringstrappe" and STEP in columns.values())
            if is_known and (best is None or (below, len(columns)) > (best.rows, len(best.columns))):
                best = _Table(form, number, columns, labels, below)
        if best is not None:
            rival = found.get(best.header)
            if rival is None or best.rows > rival.rows:
                found[best.header] = best
    return list(found.values())


def _first(dimensions: Mapping[int, str], wanted: str) -> int:
    return min(place for place, dimension in dimensions.items() if dimension == wanted)


def _theme_of(table: _Table, cells: Sequence[str], codebook: Codebook) -> tuple[str, tuple[int, ...]]:
    """The row's code by any of its label cells, and the cells that only say which row it is."""
    form = table.form
    labels = {place: cells[place] for place in table.labels if place < len(cells) and cells[place].strip()}
    known = {place: theme for place, label in labels.items() if (theme := theme_of(label, form, codebook))}
    themes = set(known.values())
    theme = next(iter(themes)) if len(themes) == 1 else ""
    if not labels and form.form == "implementeringstrappe":
        theme = form.singles[0]
    if not theme:
        return "", ()
    code = codebook.by_id[theme]
    texts = {slug(t) for t in (code.for_schools, code.definition, code.name, theme, OWN_STEP) if t}
    said = {p for p, cell in enumerate(cells) if slug(cell) in texts and p not in table.columns}
    return theme, tuple(said | set(known))


def _row_label(table: _Table, cells: Sequence[str]) -> str:
    return next((cells[p].strip() for p in table.labels if p < len(cells) and cells[p].strip()), "")


def _labels(rows: Sequence[Sequence[str]]) -> tuple[dict[str, str], set[tuple[int, int]]]:
    """School and occasion from the cells above the table: the label, then the value to its right; and where they stand."""
    found: dict[str, str] = {}
    known: set[tuple[int, int]] = set()
    for number, cells in enumerate(rows):
        for place, cell in enumerate(cells):
            label, _, inline = cell.partition(":")
            name = LABELS.get(slug(label))
            if not name or name in found:
                continue
            right = [(p, c.strip()) for p, c in enumerate(cells) if p > place and c.strip()]
            value = inline.strip() or (right[0][1] if right and slug(right[0][1]) not in LABELS else "")
            known.add((number, place))
            if value:
                found[name] = value
            if value and not inline.strip():
                known.add((number, right[0][0]))
    return found, known


def _written_in_guide(rows: Sequence[Sequence[str]], codebook: Codebook) -> list[tuple[int, int]]:
    """Cells of the guidance sheet that are not guidance."""
    own = {slug(line) for line in GUIDE_LINES}
    names = {slug(code.name) for code in codebook.codes}
    return [
        (number, place + 1)
        for number, cells in enumerate(rows, 1)
        for place, cell in enumerate(cells)
        if cell.strip()
        and slug(cell) not in own
        and not re.match(r"Kodebog, version ", cell)
        and slug(re.sub(r"\ATrin \d+:\s*", "", cell).partition(":")[0].partition(".")[0]) not in names
    ]
