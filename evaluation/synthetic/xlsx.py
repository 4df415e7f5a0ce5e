"""A small xlsx writer whose bytes depend on the cells alone: no clock, no version, no user.

Text, numbers and dates on plain sheets; nothing else belongs here.
"""

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

Cell = str | int | float | dt.date | None

_NS = "http://schemas.openxmlformats.org"
_DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_EPOCH = dt.date(1899, 12, 30)
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
_STYLES = (
    f'<styleSheet xmlns="{_NS}/spreadsheetml/2006/main">'
    '<numFmts count="1"><numFmt numFmtId="164" formatCode="dd\\-mm\\-yyyy"/></numFmts>'
    '<fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="1"><fill><patternFill patternType="none"/></fill></fills>'
    '<borders count="1"><border/></borders>'
    '<cellStyleXfs count="1"><xf/></cellStyleXfs>'
    '<cellXfs count="2"><xf/><xf numFmtId="164" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


def write_xlsx(path: Path, sheets: Mapping[str, Iterable[Sequence[Cell]]]) -> None:
    """Write sheets of rows (the header is the first row) to ``path``."""
    names = list(sheets)
    texts: dict[str, int] = {}
    drawn = [_sheet(sheets[name], texts) for name in names]
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_NS}/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        + _override("/xl/workbook.xml", "sheet.main")
        + _override("/xl/styles.xml", "styles")
        + _override("/xl/sharedStrings.xml", "sharedStrings")
        + "".join(_override(f"/xl/worksheets/sheet{n}.xml", "worksheet") for n in range(1, len(names) + 1))
        + "</Types>",
        "_rels/.rels": _relations([("officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": f'<workbook xmlns="{_NS}/spreadsheetml/2006/main" '
        f'xmlns:r="{_NS}/officeDocument/2006/relationships"><sheets>'
        + "".join(
            f'<sheet name="{escape(name, {chr(34): "&quot;"})}" sheetId="{n}" r:id="rId{n}"/>'
            for n, name in enumerate(names, 1)
        )
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": _relations(
            [("worksheet", f"worksheets/sheet{n}.xml") for n in range(1, len(names) + 1)]
            + [("styles", "styles.xml"), ("sharedStrings", "sharedStrings.xml")]
        ),
        "xl/styles.xml": _STYLES,
        "xl/sharedStrings.xml": f'<sst xmlns="{_NS}/spreadsheetml/2006/main" uniqueCount="{len(texts)}">'
        + "".join(f'<si><t xml:space="preserve">{escape(text)}</t></si>' for text in texts)
        + "</sst>",
    }
    for n, sheet in enumerate(drawn, 1):
        parts[f"xl/worksheets/sheet{n}.xml"] = sheet
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for part, text in parts.items():
            info = zipfile.ZipInfo(part, _ZIP_TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, _DECLARATION + text)


def _override(part: str, kind: str) -> str:
    content = f"application/vnd.openxmlformats-officedocument.spreadsheetml.{kind}+xml"
    return f'<Override PartName="{part}" ContentType="{content}"/>'


def _relations(targets: Sequence[tuple[str, str]]) -> str:
    base = f"{_NS}/officeDocument/2006/relationships"
    items = "".join(
        f'<Relationship Id="rId{n}" Type="{base}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(targets, 1)
    )
    return f'<Relationships xmlns="{_NS}/package/2006/relationships">{items}</Relationships>'


def _sheet(rows: Iterable[Sequence[Cell]], texts: dict[str, int]) -> str:
    """A sheet's part; every text is written once for the whole workbook, in ``texts``, as Excel does."""
    known = list(rows)
    width = max(map(len, known), default=1)
    # Readers that stream look here for the sheet's size; without it they read the sheet twice.
    size = f'<dimension ref="A1:{_letter(max(width, 1) - 1)}{max(len(known), 1)}"/>'
    body = "".join(
        f'<row r="{r}">{"".join(_cell(_letter(c) + str(r), value, texts) for c, value in enumerate(row))}</row>'
        for r, row in enumerate(known, 1)
    )
    return f'<worksheet xmlns="{_NS}/spreadsheetml/2006/main">{size}<sheetData>{body}</sheetData></worksheet>'


def _letter(column: int) -> str:
    head = "" if column < 26 else chr(64 + column // 26)
    return head + chr(65 + column % 26)


def _cell(place: str, value: Cell, texts: dict[str, int]) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, dt.date):
        return f'<c r="{place}" s="1"><v>{(value - _EPOCH).days}</v></c>'
    if isinstance(value, int | float):
        return f'<c r="{place}"><v>{value}</v></c>'
    return f'<c r="{place}" t="s"><v>{texts.setdefault(value, len(texts))}</v></c>'
