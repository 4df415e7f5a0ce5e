"""Empty Excel templates for what has no system of its own: absence, talks, consents and coded interviews.

Each is read back by a mapping that comes with the study, so that a filled template needs no mapping of anybody's. Bytes do
not depend on the clock.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from evaluation.interviews.plain_columns import SEGMENT_COLUMNS
from evaluation.protocol import Protocol
from evaluation.words.texts import read, texts

TEXT = texts("running")

_FIXED = dt.datetime(2026, 1, 1)  # noqa: DTZ001 - a workbook's dates carry no zone
ROWS = 500
"""Rows that are prepared: written as text or date, with choices."""


@dataclass(frozen=True)
class Field:
    """A column: its heading, what is written in it, and what may be chosen."""

    name: str
    hint: str
    choices: tuple[str, ...] = ()
    is_date: bool = False
    width: int = 16


def templates_of(protocol: Protocol) -> dict[str, tuple[Field, ...]]:
    """Columns by the name of the file."""
    words = {
        "schools": tuple(s.id for s in protocol.schools),
        "grades": protocol.grades.order,
        "purposes": tuple(sorted({d.consent_purpose for d in protocol.data_sets if d.consent_purpose})),
    }
    found = {}
    for name, columns in read("templates").items():
        fields = []
        for column, said in columns.items():
            own = dict(said) if isinstance(said, Mapping) else {"hint": said}
            choices = own.pop("choices", ())
            known = words[choices] if isinstance(choices, str) else tuple(choices)
            fields.append(Field(column, choices=known, **own))
        found[name] = tuple(fields)
    hint = TEXT("templates_interviews")
    return found | {"skabelon_interviews": tuple(Field(c, hint) for c in SEGMENT_COLUMNS)}


def write_templates(folder: Path, protocol: Protocol) -> tuple[Path, ...]:
    """Write one workbook each; returns where they lie."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, fields in templates_of(protocol).items():
        path = folder / f"{name}.xlsx"
        path.write_bytes(_workbook(name, fields))
        paths.append(path)
    return tuple(paths)


def _workbook(name: str, fields: tuple[Field, ...]) -> bytes:
    import openpyxl
    from openpyxl.comments import Comment
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = name.removeprefix("skabelon_").capitalize()
    sheet.freeze_panes = "A2"
    for n, field in enumerate(fields, 1):
        letter = get_column_letter(n)
        head = sheet.cell(1, n, field.name)
        head.font, head.fill = Font(bold=True, color="FFFFFF"), PatternFill("solid", fgColor="1F4E79")
        head.alignment = Alignment(vertical="center")
        head.comment = Comment(field.hint, "komglad")
        sheet.column_dimensions[letter].width = field.width
        cells = f"{letter}2:{letter}{ROWS + 1}"
        if field.choices:
            rule = DataValidation("list", formula1=f'"{",".join(field.choices)}"', allow_blank=True)
            rule.errorTitle, rule.error = (
                field.name,
                TEXT("templates_choose", choices=", ".join(field.choices)),
            )
            rule.promptTitle, rule.prompt = field.name, field.hint
            sheet.add_data_validation(rule)
            rule.add(cells)
        for (cell,) in sheet[cells]:
            cell.number_format = "DD-MM-YYYY" if field.is_date else "@"
    book.properties.creator = "komglad"
    book.properties.language = "da"
    book.properties.created = book.properties.modified = _FIXED
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()
