"""Empty forms for the schools as workbooks, and the same forms filled in: the codebook's words, accessible, plain.

Bytes do not depend on the clock: dates inside the workbooks are fixed.
"""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd

from evaluation.codebooks import Codebook
from evaluation.interviews.form_layouts import FORMS, STEPS, FormLayout, layout

_FIXED = dt.datetime(2026, 1, 1)  # noqa: DTZ001 - a workbook's dates carry no zone
_HEADER_ROW = 6
_HELP = {
    "vurder_og_find_fokus": "Skriv under hvert tema, hvad skolen gør godt, og hvad den vil forfine, forbedre eller ændre.",
    "kontekstdialog": "Skriv for hver dimension, hvad der står i vejen (barriere), og hvad der hjælper (drivkraft).",
    "implementeringstrappe": "Skriv det trin (1-4), som beskriver skolen bedst i dag.",
}


def write_templates(directory: Path, codebook: Codebook) -> tuple[Path, ...]:
    """Write one empty workbook per form; the same codebook gives the same bytes."""
    directory.mkdir(parents=True, exist_ok=True)
    paths = []
    for form in FORMS:
        path = directory / f"{form.form}.xlsx"
        path.write_bytes(_workbook([form], codebook))
        paths.append(path)
    return tuple(paths)


def write_filled_forms(path: Path, fields: pd.DataFrame, codebook: Codebook) -> None:
    """Write one school's forms of one occasion, a sheet per form, as the school would have filled them in.

    ``fields``: ``form``, ``school_id``, ``occasion``, ``theme`` (a code, the last part of its id, or empty),
    ``dimension`` (as read, or ``GODT``, ``BARRIERE``, ``DRIVKRAFT``) and ``value``; several texts in one field are
    joined. A ``dimension`` of wishes without a degree (``OENSKE``) is written as *forbedre*.
    """
    forms = [layout(form) for form in dict.fromkeys(fields["form"])]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_workbook(forms, codebook, fields))


def _workbook(forms: list[FormLayout], codebook: Codebook, fields: pd.DataFrame | None = None) -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    book.remove(book.active) if book.active is not None else None
    for form in forms:
        _sheet(book.create_sheet(form.title), form, codebook, fields)
    _guide(book.create_sheet("Vejledning"), forms, codebook)
    book.properties.creator = "komglad"
    book.properties.title = ", ".join(form.title for form in forms)
    book.properties.language = "da"
    book.properties.created = book.properties.modified = _FIXED
    buffer = io.BytesIO()
    book.save(buffer)
    return _without_clock(buffer.getvalue())


def _sheet(sheet: Any, form: FormLayout, codebook: Codebook, fields: pd.DataFrame | None) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.worksheet.datavalidation import DataValidation

    occasions = codebook.attribute("nedslag")
    mine = None if fields is None else fields[[layout(f).form == form.form for f in fields["form"]]]
    sheet["A1"] = form.title
    sheet["A1"].font = Font(bold=True, size=14)
    sheet["A2"] = _HELP[form.form]
    sheet["A3"], sheet["A4"] = "Skole", "Nedslag"
    if mine is not None and len(mine):
        sheet["B3"], sheet["B4"] = str(mine["school_id"].iloc[0]), str(mine["occasion"].iloc[0])
    if occasions:
        choice = DataValidation(type="list", formula1=f'"{",".join(occasions.values)}"', allow_blank=True)
        sheet.add_data_validation(choice)
        choice.add("B4")
    headings = [form.row_heading, "Kode", *form.dimensions]
    for column, heading in enumerate(headings, 1):
        cell = sheet.cell(_HEADER_ROW, column, heading)
        cell.font = Font(bold=True)
        cell.fill = PatternFill("solid", fgColor="DDE6EE")
    for row, theme in enumerate(form.themes(codebook), _HEADER_ROW + 1):
        sheet.cell(row, 1, codebook.by_id[theme].name)
        sheet.cell(row, 2, theme)
        for column, dimension in enumerate(form.dimensions.values(), 3):
            cell = sheet.cell(row, column, _value(mine, theme, dimension))
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            if dimension == "trin":
                step = DataValidation(type="whole", operator="between", formula1=STEPS[0], formula2=STEPS[1])
                sheet.add_data_validation(step)
                step.add(cell.coordinate)
    for letter, width in zip("ABCDEF", (44, 18, 40, 40, 40, 40), strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.freeze_panes = f"C{_HEADER_ROW + 1}"
    sheet.print_title_rows = f"{_HEADER_ROW}:{_HEADER_ROW}"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True


def _value(fields: pd.DataFrame | None, theme: str, dimension: str) -> str | int | None:
    if fields is None:
        return None
    spelt = {
        "GODT": "gaar_godt",
        "OENSKE": "forbedre",
        "BARRIERE": "barriere",
        "DRIVKRAFT": "driver",
        "": "trin",
    }
    texts = [
        str(value)
        for name, column, value in zip(fields["theme"], fields["dimension"], fields["value"], strict=True)
        if spelt.get(str(column), str(column)) == dimension
        and (dimension == "trin" or str(name) in {theme, theme.rpartition(".")[2]})
    ]
    if dimension == "trin" and texts and texts[0].isdigit():
        return int(texts[0])
    return "\n".join(texts) or None


def _guide(sheet: Any, forms: list[FormLayout], codebook: Codebook) -> None:
    lines = [
        "Vejledning",
        "Skriv ingen navne, CPR-numre eller andet, der kan udpege en person.",
        "Skriv skolens navn eller id ud for »Skole« og vælg nedslaget. Lad overskrifter og koder stå.",
        f"Kodebog, version {codebook.version}",
    ]
    for form in forms:
        if form.form == "implementeringstrappe":
            steps = [code for code in codebook.codes if code.parent == form.folder]
            lines += [
                f"Trin {number}: {code.name}. {code.definition}" for number, code in enumerate(steps, 1)
            ]
        else:
            lines += [
                f"{codebook.by_id[t].name}: {codebook.by_id[t].definition}" for t in form.themes(codebook)
            ]
    for row, line in enumerate(lines, 1):
        sheet.cell(row, 1, line)
    sheet.column_dimensions["A"].width = 110


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
