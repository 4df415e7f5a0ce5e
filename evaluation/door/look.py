"""Looking at an unknown export: which format it has, where its headings stand, what its first rows show.

Values stay in here and in the counters handed on; what may be shown of them is the proposal's business.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

from evaluation.door.dates import weekday_of
from evaluation.door.encodings import WESTERN, likely_western, utf16_order
from evaluation.door.files import check_archive
from evaluation.door.heading_row import DAY_HEADING, LEAST_DATES, LEAST_DAYS, header_place, is_date
from evaluation.door.headings import HALVES, SUMMARY, heading
from evaluation.door.sniff import content_kind, refuse_other_content
from evaluation.door.values import clean
from evaluation.errors import InputError, Problem

SAMPLE_BYTES = 2 * 1024**2
SAMPLE_ROWS = 2_000
_SYSTEMS = {
    "cp1252": "Windows",
    "cp850": "DOS og gamle administrative systemer",
    "mac_roman": "en gammel Mac",
}
DELIMITERS = (";", "\t", "¤", ",", "|")


@dataclass(frozen=True)
class Look:
    """What a sample of the file shows. ``above``: the lines over the header, as text."""

    format: str
    encoding: str
    delimiter: str
    sheet: str | None
    header_row: int
    header: tuple[str, ...]
    columns: dict[str, Counter[str]] = field(repr=False)
    above: tuple[str, ...] = field(default=(), repr=False)
    has_summary: bool = False
    zip_member: str | None = None

    @property
    def dates(self) -> tuple[str, ...]:
        """Headings that are whole dates, when there are enough of them to make a grid."""
        found = tuple(h for h in self.header if is_date(h))
        return found if len(found) >= LEAST_DATES else ()

    @property
    def weekdays(self) -> tuple[str, ...]:
        """Headings that are weekdays, when they are a week's."""
        found = {day: h for h in self.header if (day := weekday_of(h)) is not None}
        return tuple(found.values()) if set(range(5)) <= found.keys() else ()

    @property
    def halves(self) -> tuple[str, ...]:
        """Headings of the two halves of a day; none where there are not both."""
        there = {heading(h): h for h in self.header}
        return next(((there[a], there[b]) for a, b in HALVES if a in there and b in there), ())

    @property
    def marks(self) -> tuple[str, ...]:
        """Headings of a grid's marks: days, dates, weekdays or halves of a day."""
        return self.days or self.dates or self.weekdays or self.halves

    @property
    def days(self) -> tuple[str, ...]:
        """Headings that are days of the month, when there are enough of them to make a grid."""
        found = {int(m[1]): h for h in self.header if (m := DAY_HEADING.match(h)) and 1 <= int(m[1]) <= 31}
        return tuple(found.values()) if len(found) >= LEAST_DAYS else ()


def look_at(path: Path, doubts: list[str]) -> Look:
    """Look at a file's beginning; what is uncertain is added to ``doubts``.

    Raises:
        InputError: missing, empty, of a format no proposal is made for, or without a line of headings.
    """
    if not path.is_file() or path.stat().st_size == 0:
        raise InputError(
            "there is nothing to look at",
            [
                Problem(
                    path.name,
                    found="missing or empty",
                    rule="empty_file",
                    next_step="ask for the export again",
                )
            ],
        )
    with path.open("rb") as stream:
        raw = stream.read(SAMPLE_BYTES)
    kind = content_kind(raw)
    if kind == "xml":
        raise InputError(
            f"{path.name} is XML, and no mapping is proposed for XML",
            [Problem(path.name, found="an XML document", rule="other_format", expected="separated text or .xlsx",
                     next_step="write the mapping by hand, after stil_skolegrunddata.toml (docs/mapping-files.md)")],
        )  # fmt: skip
    if kind != "zip":
        refuse_other_content(raw, path.name, "xlsx" if path.suffix.lower() in (".xlsx", ".xlsm") else "text")
        return _look_text(raw, path.name, doubts)
    members = check_archive(path, path.name)
    if "xl/workbook.xml" in members:
        if path.suffix.lower() not in (".xlsx", ".xlsm"):
            doubts.append("Det er en Excel-projektmappe under et andet navn: giv filen endelsen .xlsx.")
        with path.open("rb") as stream:
            return _look_sheet(stream, path.name, doubts)
    return _look_zip(path, members, doubts)


def _look_zip(path: Path, members: tuple[str, ...], doubts: list[str]) -> Look:
    known = [m for m in sorted(members) if Path(m).suffix.lower() in (".csv", ".txt", ".tsv", ".xlsx")]
    if not known or "mimetype" in members or "content.xml" in members:
        found = (
            "an OpenDocument file"
            if "mimetype" in members
            else f"{len(members)} members, none of them a table"
        )
        raise InputError(
            f"{path.name} holds no table",
            [Problem(path.name, found=found, rule="other_format", expected="a zip of text or .xlsx, or a workbook",
                     next_step="save it as .xlsx or CSV")],
        )  # fmt: skip
    suffixes = {Path(m).suffix.lower() for m in members}
    if len(suffixes) > 1:
        doubts.append(f"Zip-filen har filer af {len(suffixes)} slags; hver fil skal læses af zip_members.")
    with zipfile.ZipFile(path) as archive, archive.open(known[0]) as stream:
        suffix = Path(known[0]).suffix.lower()
        if suffix == ".xlsx":
            look = _look_sheet(io.BytesIO(stream.read()), path.name, doubts)
        else:
            look = _look_text(stream.read(SAMPLE_BYTES), path.name, doubts)
    return replace(look, zip_member=f"**{suffix}")


def _look_text(raw: bytes, name: str, doubts: list[str]) -> Look:
    encoding = _encoding(raw)
    text = raw.decode(encoding, errors="ignore").lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    lines = [x for x in text.split("\n") if "\x00" not in x][:SAMPLE_ROWS]
    delimiter = max(DELIMITERS, key=lambda d: _score(lines, d))
    if not _score(lines, delimiter)[0]:
        raise InputError(
            f"{name} is no table",
            [Problem(name, found="no separator that makes columns", expected="one of ; tab ¤ , |", rule="delimiter",
                     next_step="ask for the export as CSV or xlsx; columns of fixed width are not read")],
        )  # fmt: skip
    rows, starts = _rows(lines, delimiter)
    at = header_place(rows, name)
    if encoding in WESTERN:
        doubts.append(
            f"Teksten er ikke UTF-8; den læses som {encoding} ({_SYSTEMS[encoding]}). "
            "Se efter, at æ, ø og å står rigtigt."
        )
    return _made(
        "csv", encoding.removesuffix("-le").removesuffix("-be"), delimiter, None, rows, at, starts[at]
    )


def _rows(lines: Sequence[str], delimiter: str) -> tuple[list[list[str]], list[int]]:
    """Rows and the line each begins on, from 1."""
    reader = csv.reader((x + "\n" for x in lines), delimiter=delimiter)
    rows: list[list[str]] = []
    starts: list[int] = []
    before = 0
    try:
        for row in reader:
            rows.append(row)
            starts.append(before + 1)
            before = reader.line_num
    except csv.Error:  # one absurdly long cell: what came before it is sample enough
        pass
    return rows, starts


def _look_sheet(source: IO[bytes], name: str, doubts: list[str]) -> Look:
    import openpyxl

    from evaluation.door.read_excel import cell_text

    try:
        book = openpyxl.load_workbook(source, read_only=True)
        visible = [s for s in book.worksheets if s.sheet_state == "visible"]
        rows = [
            [cell_text(v, ",") or "" for v in row]
            for row in visible[0].iter_rows(max_row=SAMPLE_ROWS, values_only=True)
        ]
    except Exception:  # openpyxl raises many kinds on damage; none may reach a user
        raise InputError(
            f"{name} is not an xlsx workbook",
            [Problem(name, found="the workbook cannot be opened", rule="xlsx", expected="an undamaged .xlsx file",
                     next_step="open it in Excel and save it as .xlsx")],
        ) from None  # fmt: skip
    if len(visible) > 1:
        doubts.append(
            f"{len(visible)} synlige ark; det første bruges: {', '.join(s.title for s in visible)}. Skal flere læses, så "
            "lav en mapping for hvert ark."
        )
    if len(book.worksheets) > len(visible):
        doubts.append(f"Skjulte ark, der ikke læses: {len(book.worksheets) - len(visible)}.")
    at = header_place(rows, name)
    return _made("xlsx", "utf-8", ";", visible[0].title, rows, at, at + 1)


def _made(
    kind: str, encoding: str, delimiter: str, sheet: str | None, rows: list[list[str]], at: int, line: int
) -> Look:
    header = [clean(h) for h in rows[at]]
    while header and not header[-1]:
        header.pop()
    below = [r for r in rows[at + 1 :] if any(clean(c) for c in r)]
    is_summary = [bool(SUMMARY.match(delimiter.join(r).lstrip(delimiter))) for r in below]
    kept = [r for r, summary in zip(below, is_summary, strict=True) if not summary]
    columns = {
        name: Counter(clean(r[i]) for r in kept if i < len(r) and clean(r[i]))
        for i, name in enumerate(header)
        if name
    }
    above = tuple(delimiter.join(r) if kind == "csv" else " ".join(c for c in r if c) for r in rows[:at])
    return Look(kind, encoding, delimiter, sheet, line, tuple(header), columns, above, any(is_summary))


def _encoding(raw: bytes) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    for half in (raw[1:2000:2], raw[0:2000:2]):
        if half and half.count(0) > len(half) // 2:
            return utf16_order(raw[:2000])
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return "utf-8" if error.start > len(raw) - 4 else likely_western(raw)
    return "utf-8"


def _score(lines: Sequence[str], delimiter: str) -> tuple[int, int]:
    """How many lines agree on a number of columns above one, and how many columns that is."""
    counts = Counter(n for x in lines[:200] if (n := x.count(delimiter)))
    return max(((times, n) for n, times in counts.items()), default=(0, 0), key=lambda c: (c[0] * c[1], c[1]))
