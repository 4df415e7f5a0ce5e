"""Reading separated text of any size in pieces: encodings, separators, quotes, damaged lines.

Every line of the file ends up in exactly one place: the header or above it, a row of a frame, a reject with its
line number, a skipped line, or (blank) nowhere and uncounted. One unclosed quotation mark costs one
line, never the rest of the file.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import IO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from evaluation.door.chunks import Chunk, Reading, Reject, check_header, empty_file, filled_down, settled
from evaluation.door.mapping import Mapping
from evaluation.door.pages import Pages
from evaluation.errors import InputError, Problem
from evaluation.files.encodings import WESTERN, likely_western, utf16_order

PIECE_BYTES = 8 * 1024**2
LONGEST_RECORD = 25
"""Lines that one quoted cell may span; beyond it the quotation mark counts as unclosed."""
QUOTE = '"'


@dataclass(frozen=True)
class _Layout:
    """How lines are cut: ``width`` columns under ``header``, of which ``columns`` are handed on."""

    mapping: Mapping
    header: tuple[str, ...]
    columns: tuple[str, ...]
    width: int
    pages: Pages


def read_text(
    stream: IO[bytes], mapping: Mapping, name: str, *, piece_bytes: int = PIECE_BYTES, keep_all: bool = False
) -> Reading:
    """Open separated text; ``keep_all`` hands on every column, not the mapped ones alone.

    Raises:
        InputError: empty, wrong encoding (with the first bad line and the likely encoding), wrong separator,
            header not as the mapping says. A wrong encoding further down raises while the pieces are read.
    """
    pieces = _decoded(stream, mapping, name, piece_bytes)
    head: list[str] = []
    rest: list[str] = []
    for lines in pieces:
        rest += lines
        if len(rest) >= mapping.header_row:
            break
    if not any(line.strip() for line in rest):
        raise empty_file(name, mapping, header_only=False)
    head, rest = rest[: mapping.header_row], rest[mapping.header_row :]
    header_line = head[-1] if len(head) == mapping.header_row else ""
    try:
        fields = next(csv.reader([header_line], delimiter=mapping.delimiter), [])
    except csv.Error:  # a "cell" longer than any heading: this is no header
        fields = [header_line[:100]]
    header = check_header(fields, mapping, name, split_by=mapping.delimiter)
    columns = header if keep_all else mapping.handed_on(header)
    layout = _Layout(mapping, header, columns, len(header), Pages(mapping, header, tuple(head[:-1])))
    chunks = _chunks(rest, pieces, layout, name)
    return Reading(tuple(head[:-1]), header, chunks)


def _decoded(stream: IO[bytes], mapping: Mapping, name: str, piece_bytes: int) -> Iterator[list[str]]:
    """Lines in pieces; the last line of the file is kept even without a line end, which it then lacks."""
    first = stream.read(piece_bytes)
    encoding = _encoding(first, mapping, name)
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    line, carry, raw = 1, "", first
    while True:
        at_end = not raw
        try:
            text = decoder.decode(raw, final=at_end)
        except UnicodeDecodeError as error:
            good = bytes(error.object[: error.start]).decode(encoding, errors="ignore")
            raise _bad_encoding(raw, name, encoding, line + (carry + good).count("\n")) from None
        text = carry + text
        carry = ""
        if not at_end and text.endswith("\r"):
            text, carry = text[:-1], "\r"
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        lines = text.split("\n")
        if at_end:
            yield lines if lines[-1] else [*lines[:-1], ""]
            return
        carry = lines.pop() + carry
        line += len(lines)
        yield lines
        raw = stream.read(piece_bytes)


def _encoding(first: bytes, mapping: Mapping, name: str) -> str:
    """The encoding to use: the declared one, or the first of several that fits; a byte order mark decides."""
    marks = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
    marked = next((encoding for mark, encoding in marks if first.startswith(mark)), None)
    declared = tuple(codecs.lookup(e).name.removesuffix("-sig") for e in mapping.encoding)
    if marked:
        family = marked.removesuffix("-sig")
        if any(d.startswith(family) for d in declared):
            return marked
        raise _wrong_encoding(name, 1, declared[0], family)
    declared = tuple(utf16_order(first) if d == "utf-16" else d for d in declared)
    for encoding in declared:
        sample = first if len(first) < PIECE_BYTES else first[: first.rfind(b"\n") + 1]
        if encoding == "cp1252" and not sample.isascii() and _decodes(sample, "utf-8"):
            if "utf-8" in declared:
                return "utf-8"
            number = next(i for i, row in enumerate(sample.split(b"\n"), 1) if not row.isascii())
            raise _wrong_encoding(name, number, "cp1252", "utf-8")
        if encoding in WESTERN and not sample.isascii() and (likely := likely_western(sample)) != encoding:
            if likely in declared:
                return likely
            if encoding == WESTERN[0]:
                number = next(i for i, row in enumerate(sample.split(b"\n"), 1) if not row.isascii())
                raise _wrong_encoding(name, number, encoding, likely)
        if len(declared) == 1 or _decodes(sample, encoding):
            return encoding
    return declared[0]


def _decodes(sample: bytes, encoding: str) -> bool:
    try:
        sample.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _bad_encoding(raw: bytes, name: str, encoding: str, line: int) -> InputError:
    likely = likely_western(raw) if not encoding.startswith("cp") else "utf-8"
    if raw.count(b"\x00") > len(raw) // 4:
        likely = "utf-16"
    return _wrong_encoding(name, line, encoding.removesuffix("-sig"), likely)


def _wrong_encoding(name: str, line: int, declared: str, likely: str) -> InputError:
    return InputError(
        f"{name} is not {declared}",
        [Problem(name, line, None, f"bytes that are not {declared}", "encoding", f"text in {declared}",
                 f'if the text reads well in an editor set to {likely}, write encoding = "{likely}" in the mapping')],
    )  # fmt: skip


def _chunks(first: list[str], pieces: Iterator[list[str]], layout: _Layout, name: str) -> Iterator[Chunk]:
    number = layout.mapping.header_row + 1
    lines, seen = first, False
    above: dict[str, str] = {}
    while True:
        more = next(pieces, None)
        final = more is None
        take = len(lines)
        if not final:
            cells = partial(_cells, lines, layout.mapping.delimiter)
            take = layout.pages.cut(take - max(LONGEST_RECORD, 2 * layout.pages.depth), take, cells)
        if take:
            chunk, used = _split(lines, take, number, layout, final=final)
            seen = seen or bool(len(chunk.rows) or chunk.rejects)
            yield filled_down(chunk, layout.mapping.fill_down, above)
            lines, number = lines[used:], number + used
        if more is None:
            break
        lines = lines + more
    if not seen:
        raise empty_file(name, layout.mapping, header_only=True)


def _cells(lines: list[str], delimiter: str, n: int) -> list[str]:
    return lines[n].split(delimiter)


def _split(lines: list[str], take: int, number: int, layout: _Layout, *, final: bool) -> tuple[Chunk, int]:
    """Rows of the first ``take`` lines; returns the chunk and how many lines were used (a record may run on)."""
    mapping, width = layout.mapping, layout.width
    delimiter = mapping.delimiter
    text = pa.array(lines[:take], pa.large_string())
    blank = pc.equal(pc.utf8_length(pc.utf8_trim(text, f'{delimiter} \t"')), 0)
    status = np.asarray(blank).astype(np.int8)  # 0 to split, 1 nowhere, 2 has quotes, 3 done
    named = _named(text, mapping.skip_lines) & (status == 0)
    rejects: list[Reject] = []
    nul = np.asarray(pc.match_substring(text, "\x00")) & (status == 0)
    for i in np.flatnonzero(nul):
        rejects.append(Reject(number + int(i), "nul_byte", "a NUL byte"))
    status[nul] = 3
    quotes = np.asarray(pc.count_substring(text, QUOTE))
    status[(quotes > 0) & (status == 0)] = 2
    quoted_rows, quoted_at, used = _quoted(lines, take, status, quotes, delimiter, width, number, rejects)
    counts = np.array(pc.count_substring(text, delimiter)) + 1
    text, counts = _without_empty_end(text, counts, delimiter, width)
    wrong = (status == 0) & (counts != width)
    for i in np.flatnonzero(wrong):
        is_last = final and int(i) == len(lines) - 1 and counts[i] < width
        rule = "truncated_line" if is_last else "too_few_columns" if counts[i] < width else "too_many_columns"
        rejects.append(Reject(number + int(i), rule, f"{counts[i]} columns"))
    plain = np.flatnonzero((status == 0) & ~wrong)
    flat = pc.list_flatten(pc.split_pattern(text.take(pa.array(plain)), delimiter))
    columns = {}
    for column in layout.columns:
        place = layout.header.index(column)
        values = flat.take(pa.array(np.arange(place, len(flat), width)))
        if quoted_rows:
            values = pa.concat_arrays([values, pa.array([r[place] for r in quoted_rows], pa.large_string())])
        columns[column] = _text(values)
    rows = np.concatenate([plain, np.array(quoted_at, dtype=np.int64)]).astype(np.int64) + number
    frame = pd.DataFrame(columns)
    if quoted_rows:
        order = np.argsort(rows, kind="stable")
        frame, rows = frame.iloc[order].reset_index(drop=True), rows[order]

    def line(n: int) -> tuple[str, list[str]]:
        found = lines[n - number] if 0 <= n - number < len(lines) else ""
        return found, found.split(delimiter)

    return settled(frame, rows, rejects, layout.pages, line, np.flatnonzero(named) + number), used


def _quoted(
    lines: list[str], take: int, status: np.ndarray, quotes: np.ndarray, delimiter: str, width: int, number: int,
    rejects: list[Reject],
) -> tuple[list[list[str]], list[int], int]:  # fmt: skip
    """Rows of the lines with quotation marks. All at once where that is safe, else line by line."""
    at = np.flatnonzero(status == 2)
    if not len(at):
        return [], [], take
    if not (quotes[at] % 2).any():
        try:
            rows = list(csv.reader([lines[i] for i in at], delimiter=delimiter, strict=True))
        except csv.Error:
            rows = []
        rows = [_trimmed(row, width) for row in rows]
        if len(rows) == len(at) and all(len(row) == width for row in rows):
            return rows, [int(i) for i in at], take
    rows, starts, used = [], [], take
    for i in at:
        if status[i] != 2:
            continue
        row, end, reason = _record(lines, int(i), delimiter, width)
        if row is None:
            rejects.append(Reject(number + int(i), *reason))
            continue
        rows.append(row)
        starts.append(int(i))
        status[i + 1 : end] = 3
        used = max(used, end)
    return rows, starts, used


def _record(
    lines: list[str], start: int, delimiter: str, width: int
) -> tuple[list[str] | None, int, tuple[str, str]]:
    """The record that begins on a line: its cells and the line after it, or why there is none."""
    text = lines[start]
    for end in range(start + 1, min(start + LONGEST_RECORD, len(lines)) + 1):
        row = _parsed(text, delimiter)
        if row is not None:
            row = _trimmed(row, width)
            if len(row) == width:
                return row, end, ("", "")
            if end == start + 1:
                rule = "too_few_columns" if len(row) < width else "too_many_columns"
                return None, end, (rule, f"{len(row)} columns")
            break
        if end == len(lines) or _is_whole(lines[end], delimiter, width):
            break
        text += "\n" + lines[end]
    return None, start + 1, ("unclosed_quote", "an unclosed quotation mark")


def _is_whole(line: str, delimiter: str, width: int) -> bool:
    """A line that is a row by itself, so that a quotation mark before it was never meant to reach this far."""
    return QUOTE not in line and line.count(delimiter) == width - 1


def _parsed(text: str, delimiter: str) -> list[str] | None:
    try:
        rows = list(csv.reader([text], delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None


def _without_empty_end(
    text: pa.Array, counts: np.ndarray, delimiter: str, width: int
) -> tuple[pa.Array, np.ndarray]:
    """Lines without separators after their last column: many systems end every line with one."""
    longer = counts > width
    if not longer.any():
        return text, counts
    lines = text.to_pylist()
    for i in np.flatnonzero(longer):
        extra = int(counts[i]) - width
        if lines[i].endswith(delimiter * extra):
            lines[i], counts[i] = lines[i][:-extra], width
    return pa.array(lines, pa.large_string()), counts


def _trimmed(row: list[str], width: int) -> list[str]:
    return row[:width] if len(row) > width and not any(row[width:]) else row


def _named(text: pa.Array, patterns: tuple[str, ...]) -> np.ndarray:
    """Whether a line (n,) matches any of the patterns."""
    if not patterns:
        return np.zeros(len(text), dtype=bool)
    searches = [re.compile(p).search for p in patterns]
    return np.array([any(search(line) for search in searches) for line in text.to_pylist()], dtype=bool)


def _text(values: pa.Array) -> pd.Series:
    """Trimmed text; empty cells are missing."""
    trimmed = pc.utf8_trim_whitespace(values)
    missing = pc.equal(pc.utf8_length(trimmed), 0)
    return pd.Series(pc.if_else(missing, None, trimmed), dtype="str")
