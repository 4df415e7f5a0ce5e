"""Looking at an unknown export: which format it has, where its headings stand, what its rows show, to the last.

Values stay in here and in the counters handed on; what may be shown of them is the proposal's business.
"""

from __future__ import annotations

import csv
import fnmatch
import io
import itertools
import re
import zipfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

import pandas as pd

from evaluation.door.cpr import parse_cpr
from evaluation.door.dates import session_of, weekday_of
from evaluation.door.heading_row import DAY_HEADING, LEAST_DATES, LEAST_DAYS, header_place, is_date
from evaluation.door.headings import HALVES, SUMMARY, heading, with_places
from evaluation.door.nobody import is_nobody
from evaluation.door.pages import MOST_IN_A_TITLE, names_a_block
from evaluation.door.read_rows import cell_text
from evaluation.door.values import clean
from evaluation.door.workbooks import BOOKS
from evaluation.errors import InputError, Problem
from evaluation.files.archives import check_archive
from evaluation.files.encodings import WESTERN, likely_western, utf16_order
from evaluation.files.json_records import likely_list
from evaluation.files.sheets import open_sheets
from evaluation.files.sniff import content_kind, refuse_other_content, workbook_kind
from evaluation.files.xlsx import broken_workbook, open_workbook
from evaluation.files.xml_records import likely_records

LOOK_BYTES = 64 * 1024**2
LOOK_ROWS = 200_000
"""What a look holds at most; what lies beyond is said to be unseen."""
_SYSTEMS = {
    "cp1252": "Windows",
    "cp850": "DOS og gamle administrative systemer",
    "mac_roman": "en gammel Mac",
}
DELIMITERS = (";", "\t", "¤", ",", "|")


@dataclass(frozen=True)
class Look:
    """What the file shows. ``above``: the lines over the header, as text; ``columns``: every value of a column with how
    often it stands; ``frame``: all rows that were looked at as text, missing where a cell is empty.
    """

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
    name: str = ""
    frame: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)
    sheets: tuple[str, ...] = ()
    sums: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    is_garbled: bool = False
    fill_down: tuple[str, ...] = ()
    record: str | None = None

    @property
    def filled(self) -> int:
        """Rows that say something."""
        return max((sum(v.values()) for v in self.columns.values()), default=0)

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
    def sessions(self) -> tuple[str, ...]:
        """Headings that are halves of weekdays, when they are a week's."""
        found = {s: h for h in self.header if (s := session_of(h)) is not None}
        return (
            tuple(found.values()) if {(d, half) for d in range(5) for half in (0, 1)} <= found.keys() else ()
        )

    @property
    def marks(self) -> tuple[str, ...]:
        """Headings of a grid's marks: days, dates, weekdays, halves of a day or of weekdays."""
        return self.days or self.dates or self.weekdays or self.halves or self.sessions

    @property
    def days(self) -> tuple[str, ...]:
        """Headings that are days of the month, when there are enough of them to make a grid."""
        found = {int(m[1]): h for h in self.header if (m := DAY_HEADING.match(h)) and 1 <= int(m[1]) <= 31}
        return tuple(found.values()) if len(found) >= LEAST_DAYS else ()


def look_at(path: Path, doubts: list[str]) -> Look:
    """Look at a file; what is uncertain, or was not looked at, is added to ``doubts``.

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
        raw = stream.read(LOOK_BYTES)
        if stream.read(1):
            doubts.append(f"Filen er stor: kun de første {LOOK_BYTES // 1024**2} MB er set efter.")
    kind = content_kind(raw)
    if kind == "zip":
        members = check_archive(path, path.name)
        kind = workbook_kind(members)
        if kind == "zip":
            return _look_zip(path, members, doubts)
    if kind in BOOKS:
        usual = {
            "xlsx": (".xlsx", ".xlsm"),
            "html": (".html", ".htm", ".mht", ".mhtml"),
            "spreadsheetml": (".xml",),
        }
        if path.suffix.lower() not in usual.get(str(kind), (f".{kind}",)):
            doubts.append(f"Filen er {_NAMES[str(kind)]} under et andet navn.")
        with path.open("rb") as stream:
            return _look_book(stream, str(kind), path.name, doubts)
    if kind == "xml":
        return _look_xml(path, doubts)
    refuse_other_content(raw, path.name, "text")
    return _look_text(raw, path.name, doubts)


_NAMES = {
    "xlsx": "en Excel-projektmappe (.xlsx)",
    "xls": "en gammel Excel-projektmappe (.xls)",
    "xlsb": "en binær Excel-projektmappe (.xlsb)",
    "ods": "en OpenDocument-projektmappe (.ods)",
    "html": "en webside med en tabel (HTML)",
    "spreadsheetml": "en XML-projektmappe fra Excel 2003",
    "json": "JSON",
}


def _look_zip(path: Path, members: tuple[str, ...], doubts: list[str]) -> Look:
    books = {f".{kind}": kind for kind in ("xlsx", "xls", "xlsb", "ods")}
    known = [m for m in sorted(members) if Path(m).suffix.lower() in (".csv", ".txt", ".tsv", *books)]
    if not known or "mimetype" in members:
        found = (
            "an OpenDocument file that is no workbook"
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
        if suffix in books:
            look = _look_book(io.BytesIO(stream.read()), books[suffix], path.name, doubts)
        else:
            look = _look_text(stream.read(LOOK_BYTES), path.name, doubts)
    return replace(look, zip_member=f"**{suffix}")


def _look_text(raw: bytes, name: str, doubts: list[str]) -> Look:
    encoding = _encoding(raw)
    text = raw.decode(encoding, errors="ignore").lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    lines = [x for x in text.split("\n") if "\x00" not in x]
    if len(lines) > LOOK_ROWS:
        doubts.append(f"Filen er lang: kun de første {LOOK_ROWS} linjer er set efter.")
        lines = lines[:LOOK_ROWS]
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


def _look_book(source: IO[bytes], kind: str, name: str, doubts: list[str]) -> Look:
    """Look at a workbook: the sheet that says most, or all of them where all have the same headings."""
    record = None
    if kind == "json" and (record := likely_list(source.read(), name)):
        doubts.append(f"Hver {shown_path(record)} regnes for en række: er det rigtigt?")
    source.seek(0)
    sheets = _xlsx_rows(source, name) if kind == "xlsx" else _book_rows(source, kind, name, record)
    visible = [(title, rows) for title, is_visible, rows in sheets if is_visible and any(map(any, rows))]
    if not visible:
        raise InputError(
            f"{name} holds no visible table",
            [Problem(name, found="no visible sheet with rows", rule="empty_file", next_step="show the sheet, or ask again")],
        )  # fmt: skip
    if any(len(rows) == LOOK_ROWS for _, rows in visible):
        doubts.append(f"Et ark er langt: kun de første {LOOK_ROWS} rækker er set efter.")
    if hidden := sum(not is_visible for _, is_visible, _ in sheets):
        doubts.append(f"Skjulte ark, der ikke læses: {hidden}.")
    titles = [t for t, _ in visible]
    shown = [t if is_nobody(t) else f"ark {i}" for i, t in enumerate(titles, start=1)]
    heads = [_head_of(rows, name) for _, rows in visible]
    head, n = Counter(h for h in heads if h is not None).most_common(1)[0] if any(heads) else (None, 0)
    mine = [i for i, h in enumerate(heads) if h == head]
    pattern = _pattern([titles[i] for i in mine], [t for i, t in enumerate(titles) if i not in mine])
    if head is not None and n > 1 and pattern:
        doubts.append(
            f"{n} synlige ark med de samme overskrifter: alle læses."
            if n == len(visible)
            else f"{n} af {len(visible)} synlige ark har de samme overskrifter og læses; de andre læses ikke: "
            f"{', '.join(t for i, t in enumerate(shown) if i not in mine)}."
        )
        first, *others = (visible[i][1] for i in mine)
        rows = [*first, *(r for more in others for r in more[head[0] + 1 :])]
        look = _made(kind, "utf-8", ";", pattern, rows, head[0], head[0] + 1)
        return replace(look, sheets=tuple(titles[i] for i in mine))
    best = max(range(len(visible)), key=lambda i: (heads[i] is not None, sum(map(len, visible[i][1])), -i))
    if len(visible) > 1:
        doubts.append(
            f"{len(visible)} synlige ark med hver sine overskrifter; dette udkast læser {shown[best]}: {', '.join(shown)}. "
            "Skal flere læses, så lav en mapping for hvert ark."
        )
    title, rows = visible[best]
    at = 0 if kind == "json" else header_place(rows, name)
    is_told = len(sheets) > 1 or is_nobody(title)
    look = _made(kind, "utf-8", ";", title if is_told else None, rows, at, at + 1)
    return replace(look, record=record)


def _pattern(titles: list[str], others: list[str]) -> str | None:
    """A pattern that fits these sheets' titles and no other's; it does not begin with ``?``, which would be a question."""
    if not others:
        return "*"
    start = "".join(a[0] for a in itertools.takewhile(lambda a: len(set(a)) == 1, zip(*titles, strict=False)))
    likely = [f"{start}*", "[0-9]*", "[0-9].*", "[0-9]*[a-zæøå]"]
    return next(
        (
            p
            for p in likely
            if all(fnmatch.fnmatchcase(t.casefold(), p.casefold()) for t in titles)
            and not any(fnmatch.fnmatchcase(t.casefold(), p.casefold()) for t in others)
            and is_nobody(p)
        ),
        None,
    )


def _head_of(rows: list[list[str]], name: str) -> tuple[int, tuple[str, ...]] | None:
    """Where a sheet's headings stand, and what they are."""
    try:
        at = header_place(rows, name)
    except InputError:
        return None
    return at, tuple(clean(c) for c in rows[at])


Rows = list[tuple[str, bool, list[list[str]]]]


def _xlsx_rows(source: IO[bytes], name: str) -> Rows:
    book = open_workbook(source, name, read_only=True)
    try:
        return [
            (
                s.title,
                s.sheet_state == "visible",
                [
                    [cell_text(v, ",") or "" for v in r]
                    for r in s.iter_rows(max_row=LOOK_ROWS, values_only=True)
                ],
            )
            for s in book.worksheets
        ]
    except Exception:  # as where it is opened: damage further in
        raise broken_workbook(name) from None


def _book_rows(source: IO[bytes], kind: str, name: str, record: str | None) -> Rows:
    return [
        (
            s.name,
            s.is_visible,
            [[cell_text(v, ",") or "" for v in row] for row in itertools.islice(s.rows(), LOOK_ROWS)],
        )
        for s in open_sheets(source.read(), kind, name, record)
    ]


def _look_xml(path: Path, doubts: list[str]) -> Look:
    """Look at XML: the element that stands most often with values below it is the record."""
    with path.open("rb") as stream:
        found = likely_records(stream, path.name, LOOK_ROWS)
    doubts.append(f"Hver {shown_path(found.record)} regnes for en række: er det rigtigt?")
    if found.is_cut:
        doubts.append(f"Filen er lang: kun de første {LOOK_ROWS} poster er set efter.")
    names = list(dict.fromkeys(k for row in found.rows for k in row))
    rows = [names, *([row.get(n, "") for n in names] for row in found.rows)]
    return replace(_made("xml", "utf-8", ";", None, rows, 0, 1), record=found.record)


def shown_path(record: str) -> str:
    """A record's name; where it may be a person's, that it is one."""
    return record if is_nobody(record) else "post"


def _made(
    kind: str, encoding: str, delimiter: str, sheet: str | None, rows: list[list[str]], at: int, line: int
) -> Look:
    head = [clean(h) for h in rows[at]]
    while head and not head[-1]:
        head.pop()
    header = with_places(head)
    below = [r for r in _without_pages(rows[at + 1 :], head, line - 1) if any(clean(c) for c in r)]
    is_summary = [bool(SUMMARY.match(delimiter.join(r).lstrip(delimiter))) for r in below]
    has_summary, sums = any(is_summary), _sum_lines(below, header)
    is_summary = [known or i in sums for i, known in enumerate(is_summary)]
    kept = [r for r, summary in zip(below, is_summary, strict=True) if not summary]
    cells = {
        name: [(clean(r[i]) or None) if i < len(r) else None for r in kept] for i, name in enumerate(header)
    }
    columns = {name: Counter(v for v in values if v) for name, values in cells.items()}
    frame = pd.DataFrame({name: pd.Series(values, dtype="str") for name, values in cells.items()})
    text = "".join([*header, *(c for values in columns.values() for c in values)])
    above = tuple(delimiter.join(r) if kind == "csv" else " ".join(c for c in r if c) for r in rows[:at])
    return Look(
        kind,
        encoding,
        delimiter,
        sheet,
        line,
        header,
        columns,
        above,
        has_summary,
        sums=tuple(dict.fromkeys(sums.values())),
        frame=frame,
        is_garbled=bool(_GARBLED.search(text)),
        fill_down=_filled_down(frame, columns),
    )


def _sum_lines(rows: list[list[str]], header: tuple[str, ...]) -> dict[int, str]:
    """Lines of a grid that count the marks over them, with what they begin with: numbers where the others have codes, and no
    number of a pupil.
    """
    days = {
        int(m[1]): i for i, h in enumerate(header) if (m := DAY_HEADING.match(h)) and 1 <= int(m[1]) <= 31
    }
    dates = [i for i, h in enumerate(header) if is_date(h)]
    at = list(days.values()) if len(days) >= LEAST_DAYS else dates if len(dates) >= LEAST_DATES else []
    marks = [[t for i in at if i < len(r) and (t := clean(r[i]))] for r in rows]
    codes = sum(not t.isdecimal() for row in marks for t in row)
    found = {}
    for n, (row, cells) in enumerate(zip(rows, marks, strict=True)):
        is_sum = len(cells) >= LEAST_DATES and all(t.isdecimal() for t in cells) and codes >= LEAST_DATES
        beside = [clean(c) for i, c in enumerate(row) if i not in at and clean(c)]
        if (
            is_sum
            and beside
            and all(map(is_nobody, beside))
            and any(re.search(r"[^\W\d_]{3}", c) for c in beside[:1])
        ):
            found[n] = beside[0]
    return found


def _without_pages(rows: list[list[str]], header: list[str], depth: int) -> list[list[str]]:
    """Rows without headings that stand again, and without the titles over them."""
    filled = [[clean(c) for c in r if clean(c)] for r in rows]
    named = [h for h in header if h]
    gone = {i for i, cells in enumerate(filled) if cells == named}
    over = {i - n for i in gone for n in range(1, depth + 1) if i >= n}
    gone |= {i for i in over if len(filled[i]) <= MOST_IN_A_TITLE and names_a_block(filled[i])}
    return [r for i, r in enumerate(rows) if i not in gone]


_GARBLED = re.compile("Ã[\u0080-\u00bf\u0152-\u2122]|Â[\u00a0-\u00bf]|\ufffd")
"""UTF-8 that was read as Windows' letters once: æ stands as two."""
GROUPED_FROM, GROUPED_SHARE, HALF_OF_FIRST = 3, 0.3, 0.5


def _filled_down(frame: pd.DataFrame, columns: dict[str, Counter[str]]) -> tuple[str, ...]:
    """Columns of a grouped report: numbers of pupils, and what goes with most of them, that stand in a group's first row
    alone. What only a few first rows have is theirs.
    """
    number = next(
        (c for c, v in columns.items() if v and sum(parse_cpr(t)[1] is None for t in v) >= 0.8 * len(v)), None
    )
    if number is None or frame.empty or pd.isna(frame[number].iloc[0]):
        return ()
    empty = frame[number].isna()
    if empty.sum() < max(GROUPED_FROM, GROUPED_SHARE * len(frame)):
        return ()
    return tuple(
        c
        for c in columns
        if frame.loc[empty, c].isna().all() and frame.loc[~empty, c].notna().mean() >= HALF_OF_FIRST
    )


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
