"""Empty forms for the schools as workbooks, and the same forms filled in: the codebook's words, accessible, plain.

Bytes do not depend on the clock: dates inside the workbooks are fixed.
"""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from evaluation.codebooks import Codebook
from evaluation.interviews.form_layouts import FOCUS, FORMS, STEP, STEPS, FormLayout, layout
from evaluation.interviews.form_sheets import CODE, GUIDE, GUIDE_LINES, OWN_STEP, QUESTION

_FIXED = dt.datetime(2026, 1, 1)  # noqa: DTZ001 - a workbook's dates carry no zone
_HEADER_ROW = 6
_WIDTHS = {STEP: 12, FOCUS: 14}
"""Columns of a number or a mark; the others share what is left of a page across."""
_PAGE = 165
_ROOM = 460
"""Points of height for the rows of a form: what a page across leaves them."""
_PAPER_A4 = 9


def write_templates(directory: Path, codebook: Codebook, schools: Sequence[str] = ()) -> tuple[Path, ...]:
    """Write one empty workbook per form; the same codebook gives the same bytes. ``schools``: names to choose from."""
    directory.mkdir(parents=True, exist_ok=True)
    paths = []
    for form in FORMS:
        path = directory / f"{form.form}.xlsx"
        path.write_bytes(_workbook([form], codebook, schools=schools))
        paths.append(path)
    return tuple(paths)


def write_filled_forms(path: Path, fields: pd.DataFrame, codebook: Codebook) -> None:
    """Write one school's forms of one occasion, a sheet per form, as the school would have filled them in.

    ``fields``: ``form``, ``school_id``, ``occasion``, ``theme`` (a code, the last part of its id, or empty),
    ``dimension`` (as read, or ``GODT``, ``BARRIERE``, ``DRIVKRAFT``) and ``value``; several texts in one field are
    joined.
    """
    forms = [layout(form) for form in dict.fromkeys(fields["form"])]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_workbook(forms, codebook, fields))


def _workbook(
    forms: list[FormLayout],
    codebook: Codebook,
    fields: pd.DataFrame | None = None,
    schools: Sequence[str] = (),
) -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    book.remove(book.active) if book.active is not None else None
    for form in forms:
        _sheet(book.create_sheet(form.title[:31]), form, codebook, fields, schools)
    _guide(book.create_sheet(GUIDE), forms, codebook)
    book.properties.creator = "komglad"
    book.properties.title = ", ".join(form.title for form in forms)
    book.properties.language = "da"
    book.properties.created = book.properties.modified = _FIXED
    buffer = io.BytesIO()
    book.save(buffer)
    return _without_clock(buffer.getvalue())


def _sheet(
    sheet: Any, form: FormLayout, codebook: Codebook, fields: pd.DataFrame | None, schools: Sequence[str]
) -> None:
    """One form on one A4 page across; only the cells to be filled in can be written in."""
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
    from openpyxl.utils import get_column_letter

    mine = None if fields is None else fields[[layout(f).form == form.form for f in fields["form"]]]
    thin = Side(style="thin", color="9AA5B1")
    open_cell = {"protection": Protection(locked=False), "border": Border(thin, thin, thin, thin)}
    dimensions = list(form.dimensions.values())
    headings = [form.row_heading, CODE, QUESTION, *form.dimensions]
    sheet["A1"], sheet["A2"] = form.title, form.help
    sheet["A1"].font = Font(bold=True, size=14)
    sheet["A3"], sheet["A4"] = "Skole", "Nedslag"
    if mine is not None and len(mine):
        sheet["B3"], sheet["B4"] = str(mine["school_id"].iloc[0]), str(mine["occasion"].iloc[0])
    for place in ("B3", "B4"):
        _style(sheet[place], open_cell)
    occasions = codebook.attribute("nedslag")
    _choice(sheet, "B3", schools, "Vælg skolen på listen.")
    _choice(sheet, "B4", occasions.values if occasions else (), "Vælg et nedslag på listen.")
    for column, heading in enumerate(headings, 1):
        cell = sheet.cell(_HEADER_ROW, column, heading)
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="DDE6EE")
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    wide = [d for d in dimensions if d not in _WIDTHS]
    room = (_PAGE - 28 - 16 - 34 - sum(_WIDTHS.get(d, 0) for d in dimensions)) / max(len(wide), 1)
    for row, theme in enumerate(form.themes(codebook), _HEADER_ROW + 1):
        code = codebook.by_id[theme]
        asked = OWN_STEP if theme in form.folders else code.for_schools
        for column, text in enumerate((code.name, theme, asked), 1):
            sheet.cell(row, column, text).alignment = Alignment(wrap_text=True, vertical="top")
        for column, dimension in enumerate(dimensions, 4):
            cell = sheet.cell(row, column, _value(mine, theme, dimension))
            if dimension == STEP and theme not in form.folders:
                continue
            _style(cell, open_cell)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            if dimension == STEP:
                _whole(sheet, cell.coordinate)
            if dimension == FOCUS:
                _choice(sheet, cell.coordinate, ("x",), "Skriv x, eller lad feltet stå tomt.")
        sheet.row_dimensions[row].height = min(max(_ROOM / len(form.themes(codebook)), 40), 110)
    sheet.row_dimensions[_HEADER_ROW].height = 32  # two lines: a heading that is cut is not understood
    for column, dimension in enumerate(("name", "code", "question", *dimensions), 1):
        width = {"name": 28, "code": 16, "question": 34}.get(dimension, _WIDTHS.get(dimension, room))
        sheet.column_dimensions[get_column_letter(column)].width = width
    sheet.freeze_panes = f"D{_HEADER_ROW + 1}"
    sheet.print_title_rows = f"{_HEADER_ROW}:{_HEADER_ROW}"
    _one_page(sheet, "landscape")
    sheet.protection.sheet = True
    sheet.protection.formatRows = sheet.protection.formatColumns = False


def _one_page(sheet: Any, orientation: str) -> None:
    sheet.page_setup.orientation, sheet.page_setup.paperSize = orientation, _PAPER_A4
    sheet.page_setup.fitToWidth = sheet.page_setup.fitToHeight = 1
    sheet.sheet_properties.pageSetUpPr.fitToPage = True


def _style(cell: Any, styles: dict[str, Any]) -> None:
    for name, value in styles.items():
        setattr(cell, name, value)


def _choice(sheet: Any, place: str, values: Sequence[str], message: str) -> None:
    """A list that refuses anything else; none where it would be longer than a workbook allows."""
    from openpyxl.worksheet.datavalidation import DataValidation

    listed = ",".join(v.replace(",", " ") for v in values)
    if not values or len(listed) > 250:
        return
    choice = DataValidation(type="list", formula1=f'"{listed}"', allow_blank=True, showErrorMessage=True)
    choice.errorTitle, choice.error = "Ikke på listen", message
    sheet.add_data_validation(choice)
    choice.add(place)


def _whole(sheet: Any, place: str) -> None:
    from openpyxl.worksheet.datavalidation import DataValidation

    step = DataValidation(
        type="whole", operator="between", formula1=STEPS[0], formula2=STEPS[1], showErrorMessage=True
    )
    step.errorTitle, step.error = "Ikke et trin", f"Skriv et helt tal fra {STEPS[0]} til {STEPS[1]}."
    sheet.add_data_validation(step)
    step.add(place)


def _value(fields: pd.DataFrame | None, theme: str, dimension: str) -> str | int | None:
    if fields is None:
        return None
    spelt = {
        "GODT": "gaar_godt",
        "OENSKE": "oenske",
        "BARRIERE": "barriere",
        "DRIVKRAFT": "driver",
        "": "trin",
    }
    texts = [
        str(value)
        for name, column, value in zip(fields["theme"], fields["dimension"], fields["value"], strict=True)
        if spelt.get(str(column), str(column)) == dimension
        and (dimension == STEP or str(name) in {theme, theme.rpartition(".")[2]})
    ]
    if dimension == STEP:
        return int(texts[0]) if texts and texts[0].isdigit() and theme.count(".") == 1 else None
    return "\n".join(texts) or None


def _guide(sheet: Any, forms: list[FormLayout], codebook: Codebook) -> None:
    from openpyxl.styles import Alignment

    lines = [*GUIDE_LINES, f"Kodebog, version {codebook.version}"]
    for form in forms:
        for theme in form.themes(codebook):
            code = codebook.by_id[theme]
            if code.for_schools:
                lines.append(f"{code.name}: {code.for_schools}")
    for row, line in enumerate(lines, 1):
        sheet.cell(row, 1, line).alignment = Alignment(wrap_text=True, vertical="top")
        # Not every program makes room for lines that wrap.
        sheet.row_dimensions[row].height = 15 * (1 + len(line) // 55)
    sheet.column_dimensions["A"].width = 68
    _one_page(sheet, "portrait")


def _without_clock(data: bytes) -> bytes:
    """The same workbook with fixed dates: openpyxl stamps the archive and, on saving, the modification time."""
    import re

    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as source,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            content = source.read(name)
            if name == "docProps/core.xml":
                stamp = _FIXED.isoformat().encode() + b"Z"
                content = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>" + stamp, content)
            info = zipfile.ZipInfo(name, date_time=(2026, 1, 1, 0, 0, 0))
            target.writestr(info, content, zipfile.ZIP_DEFLATED)
    return out.getvalue()
