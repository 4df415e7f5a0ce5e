"""Plain tables of coded segments, long or wide; the columns are in :mod:`evaluation.interviews.plain_columns`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from evaluation.codebooks import Codebook
from evaluation.errors import InputError, Problem
from evaluation.interviews.attributes import CONSENT, FIELDS, second_consents, slug
from evaluation.interviews.coding_labels import Coding, Reading
from evaluation.interviews.notes import Notes
from evaluation.interviews.plain_columns import NO, SEGMENT_COLUMNS, TOOL_EXPORTS, YES
from evaluation.interviews.tables import Row, Table
from evaluation.interviews.understanding import (
    POLARITIES,
    Understanding,
    is_called_consent,
    speaks_of_consent,
)

_JUDGED_ELSEWHERE = ("dokument", "kode", "retning", "koder", "tekst")
_PROSE = ("comment", "comments")


def codings_of_table(
    table: Table, known: Understanding, coder: str | None, columns: Mapping[str, str] | None = None
) -> Reading:
    """The codings of a table's rows.

    ``columns`` maps canonical headings to the file's own, for exports that use words of their own. Raises
    ``InputError`` when there is no document or no code column, or when several columns speak of consent.
    """
    codebook = known.codebook
    given = dict(columns or {})
    unknown = [name for name in given if name not in SEGMENT_COLUMNS]
    absent = [name for name in given.values() if name not in table.headings]
    if unknown or absent:
        problem = Problem(
            table.file,
            1,
            found=f"a mapping for {', '.join(unknown) or 'headings'} that the file does not have",
            expected=f"canonical: {', '.join(SEGMENT_COLUMNS)}; the file has {len(table.headings)} headings",
        )
        raise InputError("The mapping of columns does not fit the file.", [problem])
    headings = _headings(table, given)
    code_columns = {
        heading: code.id
        for heading in table.headings
        if heading not in headings.values()
        and (code := codebook.resolve(heading)) is not None
        and code.is_codable
    }
    if headings["kode"] is None and not code_columns and _holds_codes(table, headings["koder"], codebook):
        # In Danish "koder" is both the person and the plural of the code.
        headings["kode"], headings["koder"] = headings["koder"], None
    if headings["dokument"] is None or (headings["kode"] is None and not code_columns):
        problem = Problem(
            table.file,
            1,
            found=f"{len(table.headings)} column(s), without a document and a code among them",
            expected="dokument;kode or one column per code id",
            next_step="see plain_columns.py for the headings, or give a mapping",
        )
        raise InputError(f"{table.file} is not a table of coded segments.", [problem])
    read = {*headings.values(), *code_columns}
    unread = [
        h
        for h in table.headings
        if h not in read and not known.is_ignored(h) and any(row.get(h) for row in table.rows)
    ]
    if second := sum(is_called_consent(h) and not known.has_role(h) for h in unread):
        raise InputError(f"{table.file} speaks of consent twice.", [second_consents(table.file, second)])

    silent = [h for h in read if h and h not in {headings[name] for name in (*FIELDS, *_JUDGED_ELSEWHERE)}]

    prose = [h for h in unread if slug(h) in _PROSE and not known.has_role(h)]
    unread = [h for h in unread if h not in prose]

    def told(row: Row) -> tuple[tuple[str, str], ...]:
        said = [
            pair for h in (*FIELDS, *unread) for pair in known.of_variable(h, row.get(headings.get(h, h)))
        ]
        said += [(CONSENT, f"{h}: {row.get(h)}") for h in silent if speaks_of_consent(row.get(h))]
        for text in (*row.notes, *(row.get(h) for h in prose)):
            said += known.of_memo(text)
        return tuple(said)

    written = Notes(known)
    comments = {row.get(h) for h in prose for row in table.rows}
    for text in sorted(comments) + [text for row in table.rows for text in row.notes]:
        written.about(text)  # one that speaks of consent is heard with its row
    for text in table.loose_notes:
        written.of_nobody(text)
    codings: list[Coding] = []
    problems = list(table.problems)
    aside: list[tuple[Coding, ...]] = []
    lost = table.lost
    for row in table.rows:
        reading = _row(row, headings, code_columns, coder, codebook)
        if isinstance(reading, Problem):
            lost += 1
            problems.append(
                Problem(table.file, row.line, reading.column, reading.found, "table", reading.expected)
            )
        else:
            codings += (replace(c, attributes=told(row)) for c in reading)
        if isinstance(reading, Problem) or not reading:
            aside.append((_aside(row, headings, told(row)),))
    aside += [tuple(_aside(way, headings, told(way)) for way in misfit) for misfit in table.misfits]
    return Reading(codings, {}, problems, lost, aside, written=written)


def _aside(row: Row, headings: Mapping[str, str | None], told: tuple[tuple[str, str], ...]) -> Coding:
    """What a row that is no coding may still tell: a no in a column, in its code, or to a quote."""
    document, label = (row.get(headings[name]) for name in ("dokument", "kode"))
    word = row.get(headings["citat_godkendt"]).casefold()
    is_refused = bool(word) and word not in YES
    text = row.get(headings["tekst"]) or None
    return Coding(
        document, label, row.line, text=text, approved=False if is_refused else None, attributes=told
    )


def _row(
    row: Row,
    headings: Mapping[str, str | None],
    code_columns: Mapping[str, str],
    coder: str | None,
    codebook: Codebook,
) -> list[Coding] | Problem:
    def cell(name: str) -> str:
        return row.get(headings[name])

    if not cell("dokument"):
        return Problem("", column=headings["dokument"], found="no document", expected="its name")
    positions: list[int | None] = []
    for name in ("start", "slut"):
        text = cell(name)
        if text and not (text.isascii() and text.isdigit() and len(text) < 16):
            return Problem(
                "", column=headings[name], found="not a position", expected="a whole number from 0"
            )
        positions.append(int(text) if text else None)
    start, end = positions
    if (start is None) != (end is None) or (start is not None and end is not None and end < start):
        return Problem(
            "", column=headings["slut"], found="start and slut do not go together", expected="start ≤ slut"
        )
    text = cell("tekst")
    if start is not None and end is not None and not _fits(text, end - start):
        found = "the text is not as long as its position says"
        return Problem("", column=headings["slut"], found=found, expected="slut − start = the text's length")
    approved = cell("citat_godkendt").casefold()
    if approved not in YES | NO:
        return Problem(
            "", column=headings["citat_godkendt"], found="neither yes nor no", expected="ja or nej"
        )
    marks: list[tuple[str, str | None]] = [
        (label, cell("retning") or None) for label in split_codes(cell("kode"), codebook)
    ]
    for heading, code in code_columns.items():
        word = row.get(heading).casefold()
        if word in NO:
            continue
        if word not in YES and word not in POLARITIES:
            return Problem(
                "", column=heading, found="neither coded nor a direction", expected="x, ja or a direction"
            )
        marks.append((code, word if word in POLARITIES else cell("retning") or None))
    if not marks:
        if code_columns:
            return []
        return Problem("", column=headings["kode"], found="no code", expected="a code's id or name")
    segment = cell("segment") or None
    who = cell("koder") or coder
    return [
        Coding(
            document=cell("dokument"),
            label=label,
            row=row.line,
            coder=who,
            start=start,
            end=end,
            text=text or None,
            segment=segment,
            polarity=polarity,
            approved=approved in YES if approved else None,
        )
        for label, polarity in marks
    ]


def _fits(text: str, length: int) -> bool:
    """Whether a text can stand in a span of so many characters, in code points or UTF-16 units.

    Blanks at the ends are trimmed when a table is read, and a line break may count as two.
    """
    if not text or text.endswith(("...", "…")):
        return True
    slack = 2 + text.count("\n")
    return any(
        0 <= length - size <= slack
        for size in (len(text), len(text.encode("utf-16-le", "surrogatepass")) // 2)
    )


def split_codes(cell: str, codebook: Codebook) -> list[str]:
    """Codes of one cell: joined by ``|`` or on lines of their own; by ``;`` or ``,`` only when all are codes."""
    if codebook.resolve(cell) is not None:
        return [cell]
    parts = [part.strip() for part in re.split(r"[|\n]", cell) if part.strip()]
    split: list[str] = []
    for part in parts:
        finer = [piece.strip() for piece in re.split(r"[;,]", part) if piece.strip()]
        is_list = codebook.resolve(part) is None and all(codebook.resolve(piece) for piece in finer)
        split += finer if is_list else [part]
    return split


def _headings(table: Table, given: Mapping[str, str]) -> dict[str, str | None]:
    """Canonical column → the file's heading: as given, as a tool's export names it, or by its usual spellings."""
    own = {" ".join(heading.casefold().split()): heading for heading in table.headings}
    fitting = [e for e in TOOL_EXPORTS if all(e[name] in own for name in ("dokument", "kode", "tekst"))]
    if fitting and not given:
        # Several versions of a tool differ in what they call the coder.
        export = next((e for e in fitting if e["koder"] in own), fitting[0])
        found = {name: own.get(export.get(name, "")) for name in SEGMENT_COLUMNS}
        return found | {CONSENT: table.heading(CONSENT)}
    return {name: given.get(name) or table.heading(name) for name in SEGMENT_COLUMNS}


def _holds_codes(table: Table, heading: str | None, codebook: Codebook) -> bool:
    cells = [label for row in table.rows for label in split_codes(row.get(heading), codebook)]
    return bool(cells) and sum(codebook.resolve(cell) is not None for cell in cells) * 2 > len(cells)
