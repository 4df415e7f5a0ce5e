"""A panel file as a DuckDB view named ``source``, and the SQL that reads its columns as numbers or labels.

The one module of the engine that opens files, at the path it is given. A text file's encoding, delimiter and header
are settled here, from its first bytes; DuckDB then reads the rows. Not here: which columns mean what, and the sums
(``compress``).
"""

from __future__ import annotations

import csv
import gzip
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from evaluation.errors import InputError

NUMBERS = ("INT", "DOUBLE", "FLOAT", "DECIMAL", "REAL", "NUMERIC", "BOOL")
FLOATS = ("DOUBLE", "FLOAT")
NOTHING = ("", "NA", "N/A", ".", "NaN", "nan", "NULL", "null", "None", "<NA>")
DELIMITERS = (",", ";", "\t", "|")
NO_START = 2**31 - 1
"""A missing start among whole numbers: no period of any calendar."""
HEAD = 1 << 16
"""Bytes from which encoding, delimiter and header are told."""
LATIN = "latin-1"
EXPECTED = "Expected a csv or csv.gz file with a header line, or parquet."


@dataclass(frozen=True)
class Source:
    """A file that can be read as the view ``source``.

    ``types`` DuckDB's type of each column; ``header`` the names as the file writes them; ``complete`` the columns
    whose own statistics (parquet) say that no value is missing, ``positive`` those where all are above zero.
    """

    types: dict[str, str]
    header: tuple[str, ...]
    complete: frozenset[str] = frozenset()
    positive: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()
    is_text: bool = False


@dataclass(frozen=True)
class _Dialect:
    """How a text file is written."""

    encoding: str
    delimiter: str
    header: tuple[str, ...]
    is_gzip: bool

    def options(self, encoding: str) -> str:
        nothing = ", ".join(_text(word) for word in NOTHING)
        said = [f"nullstr = [{nothing}]", f"delim = {_text(self.delimiter)}", "quote = '\"', escape = '\"'"]
        said += ["header = true", "comment = ''", f"encoding = '{encoding}'"]
        said += ["decimal_separator = ','"] if self.delimiter == ";" else []
        said += ["compression = 'gzip'"] if self.is_gzip else []
        return ", ".join(said)


def open_source(con: duckdb.DuckDBPyConnection, path: Path) -> Iterator[Source]:
    """Name the file ``source`` in one way of reading it after the other, the strictest first.

    The caller takes the next one when DuckDB meets a value that does not fit the types of this one.

    Raises:
        InputError: no such file, or it cannot be read in any way; the message says where and why.
    """
    if not path.exists():
        raise InputError(f'File "{path}" not found.')
    if path.is_dir():
        raise InputError(f'"{path}" is a folder. Expected a csv, csv.gz or parquet file.')
    start, is_gzip = _head(path)
    if not start:
        raise InputError(f'File "{path.name}" is empty.')
    name = _text(str(path))
    if start[:4] == b"PAR1" or path.suffix.lower() in (".parquet", ".pq"):
        yield _parquet(con, path, name)
        return
    if start[:2] == b"PK":
        raise InputError(f'File "{path.name}" is a workbook or a zip file. Save the sheet as csv. {EXPECTED}')
    dialect = _dialect(start, is_gzip)
    problem: Exception | None = None
    for encoding in dict.fromkeys((dialect.encoding, LATIN)):
        for more in ("", ", sample_size = -1", ", sample_size = -1, all_varchar = true"):
            # Dates stay text: the order of periods is told in one place, whatever the file's format.
            reader = (
                f"read_csv({name}, {dialect.options(encoding)}, "
                f"auto_type_candidates = ['BOOLEAN', 'BIGINT', 'DOUBLE', 'VARCHAR']{more})"
            )
            try:
                con.execute(f"CREATE OR REPLACE VIEW source AS SELECT * FROM {reader}")
                types = _types(con)
            except duckdb.Error as error:
                problem = error
                continue
            notes = () if encoding != LATIN else ("The file is not UTF-8; it is read as Latin-1 (Windows).",)
            yield Source(types, dialect.header, notes=notes, is_text=True)
    raise InputError(f'File "{path.name}" {_what_is_wrong(con, name, dialect)}. {EXPECTED}') from problem


def open_frame(con: duckdb.DuckDBPyConnection, frame: pd.DataFrame) -> Source:
    """Name a data frame ``source``; columns of mixed objects are read as the text they print as."""
    if any(name is not None for name in frame.index.names):
        frame = frame.reset_index()
    header = tuple(str(c) for c in frame.columns)
    plain = {name: _plain(frame.iloc[:, i]) for i, name in enumerate(header)}
    con.register("frame", pd.DataFrame(plain))
    con.execute("CREATE OR REPLACE VIEW source AS SELECT * FROM frame")
    return Source(_types(con), header)


def _plain(values: pd.Series) -> pd.Series:
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(values.cat.categories.dtype)
    if values.dtype == object:
        values = values.convert_dtypes()
    if values.dtype == object or isinstance(values.dtype, pd.PeriodDtype):
        return values.astype(str).where(values.notna(), None)
    return values


def _head(path: Path) -> tuple[bytes, bool]:
    try:
        with path.open("rb") as raw:
            start = raw.read(HEAD)
        is_gzip = start[:2] == b"\x1f\x8b"
        if is_gzip or path.suffix.lower() == ".gz":
            with gzip.open(path) as unpacked:
                start = unpacked.read(HEAD)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InputError(f'File "{path.name}" cannot be unpacked as gzip. {EXPECTED}') from error
    except OSError as error:
        raise InputError(f'File "{path.name}" cannot be opened: {error.strerror}.') from error
    return start, is_gzip


def _dialect(start: bytes, is_gzip: bool) -> _Dialect:
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encoding, text = "utf-16", start[: len(start) // 2 * 2].decode("utf-16", errors="replace")
    else:
        whole = start if len(start) < HEAD else start[: start.rfind(b"\n") + 1] or start
        try:
            encoding, text = "utf-8", whole.decode("utf-8-sig")
        except UnicodeDecodeError:
            encoding, text = LATIN, whole.decode(LATIN)
    line = next((row for row in text.splitlines() if row.strip()), "")
    splits = {mark: next(csv.reader([line], delimiter=mark), []) for mark in DELIMITERS}
    delimiter = max(DELIMITERS, key=lambda mark: len(splits[mark]))
    return _Dialect(encoding, delimiter, tuple(splits[delimiter]), is_gzip)


def _parquet(con: duckdb.DuckDBPyConnection, path: Path, name: str) -> Source:
    try:
        con.execute(f"CREATE OR REPLACE VIEW source AS SELECT * FROM read_parquet({name})")
        types = _types(con)
        told = con.execute(
            "SELECT path_in_schema, coalesce(sum(stats_null_count), 1) = 0 AND bool_and(stats_null_count IS NOT NULL), "
            "coalesce(min(TRY_CAST(stats_min_value AS DOUBLE)) > 0, false) "
            f"AND bool_and(stats_min_value IS NOT NULL) FROM parquet_metadata({name}) GROUP BY 1"
        ).fetchall()
    except duckdb.Error as error:
        raise InputError(f'File "{path.name}" cannot be read as parquet. {EXPECTED}') from error
    complete = frozenset(column for column, whole, _ in told if whole)
    positive = frozenset(column for column, _, above in told if above)
    return Source(types, tuple(types), complete, positive)


def _types(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    return {str(row[0]): str(row[1]) for row in con.execute("DESCRIBE source").fetchall()}


def _what_is_wrong(con: duckdb.DuckDBPyConnection, name: str, dialect: _Dialect) -> str:
    """Read every line as text and say where that stops; DuckDB's own message quotes values, which may be a person's."""
    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(dialect.header)))
    try:
        con.execute(
            f"SELECT count(*) FROM read_csv({name}, {dialect.options(dialect.encoding)}, auto_detect = false, "
            f"columns = {{{columns}}})"
        ).fetchall()
    except duckdb.Error as error:
        return _reason(str(error), len(dialect.header))
    return "cannot be read as csv"


def _reason(message: str, expected: int) -> str:
    line = re.search(r"[Ll]ine:? (\d+)", message)
    found = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", message)
    place = f" (line {line.group(1)})" if line else ""
    if found:
        return f"cannot be read as csv{place}: {found.group(2)} columns found, {expected} expected"
    if "quote" in message.lower().split("possible")[0]:
        return f"cannot be read as csv{place}: a quote is never closed"
    return f"cannot be read as csv{place}"


def unreadable(problem: Exception) -> str:
    """What went wrong without the line itself: DuckDB's own message quotes values, which may belong to a person."""
    line = re.search(r"[Ll]ine:? (\d+)", str(problem))
    return "cannot be read" + (f" (line {line.group(1)})" if line else "")


def all_present(wanted: list[str], source: Source) -> None:
    """Refuse columns the file does not have, with the nearest names it has, and those it has twice."""
    folded = Counter(name.strip().casefold() for name in source.header)
    twice = [f'"{c}"' for c in wanted if folded[c.strip().casefold()] > 1]
    if twice:
        raise InputError(
            f"Column {', '.join(twice)} is in the file more than once (small and capital letters count as the same). "
            "Expected: each name once. Rename or remove the others."
        )
    missing = [c for c in wanted if c not in source.types]
    if not missing:
        return
    if len(source.types) == 1:
        raise InputError(
            f"1 column found, {len(wanted)} expected: the delimiter is not one of , ; tab |, or a quote is never closed."
        )
    plain = {name.strip().casefold(): name for name in source.types}
    hints = []
    for column in missing:
        close = get_close_matches(column.strip().casefold(), list(plain), n=1)
        hints.append(f'"{column}"' + (f' (did you mean "{plain[close[0]]}"?)' if close else ""))
    shown = ", ".join(f'"{c}"' for c in list(source.types)[:30])
    raise InputError(f"Column {', '.join(hints)} not found. The file has: {shown}.")


def is_number(kind: str) -> bool:
    """Whether a DuckDB type is numeric (or 0/1)."""
    return kind.startswith(NUMBERS) or "INT" in kind


def number(column: str, kind: str, *, keep_nan: bool = False) -> str:
    """SQL of a column as DOUBLE; words and (unless kept) NaN become NULL, true and false become 1 and 0."""
    name = quoted(column)
    if kind == "BOOLEAN":
        return f"{name}::INT::DOUBLE"
    if is_number(kind) and (keep_nan or kind not in FLOATS):
        return f"{name}::DOUBLE"
    if is_number(kind):
        return f"CASE WHEN isnan({name}) THEN NULL ELSE {name}::DOUBLE END"
    word = f"lower(trim({name}::VARCHAR))"
    number = f"coalesce(TRY_CAST({word} AS DOUBLE), CASE {word} WHEN 'true' THEN 1 WHEN 'false' THEN 0 END)"
    return f"CASE WHEN isnan({number}) THEN NULL ELSE {number} END"


def label(column: str, kind: str) -> str:
    """Labels: floats without their NaN, dates as ISO text, everything else as it is."""
    name = quoted(column)
    if kind in FLOATS:
        return f"CASE WHEN isnan({name}) THEN NULL ELSE {name}::DOUBLE END"
    if kind == "BOOLEAN":
        return f"{name}::INT"
    if is_number(kind):
        return f"{name}::DOUBLE" if kind.startswith("DECIMAL") or kind == "HUGEINT" else name
    if kind.startswith("TIMESTAMP"):
        return f"regexp_replace({name}::VARCHAR, ' 00:00:00.*$', '')"
    return f"CASE WHEN trim({name}::VARCHAR) = '' THEN NULL ELSE {name}::VARCHAR END"


def start_label(column: str, kind: str) -> str:
    """A start column as a key: NULL where nothing, or nothing finite, stands in it."""
    if kind in FLOATS:
        return f"CASE WHEN isfinite({quoted(column)}) THEN {quoted(column)}::DOUBLE END"
    return label(column, kind)


def start_extremes(name: str, last: str, kind: str) -> list[str]:
    """Smallest and largest start of a cell, so that they tell whether all are the same, the missing ones included."""
    if kind in FLOATS:
        missing = "'Infinity'::DOUBLE"
    else:
        missing = str(NO_START) if kind == "BOOLEAN" or is_number(kind) else _text("")
    whole = f"coalesce({quoted(name)}, {missing})"
    return [f"min({whole}) AS {quoted(name)}", f"max({whole}) AS {quoted(last)}"]


def without_no_start(values: pd.Series) -> pd.Series:
    """The start column as it was read: what was missing is infinite."""
    if not pd.api.types.is_integer_dtype(values):
        return values
    return values.astype(np.float64).where(values != NO_START, np.inf)


def quoted(name: str) -> str:
    """A column name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def only_numbers(con: duckdb.DuckDBPyConnection, numeric: list[str], types: dict[str, str]) -> None:
    """Refuse number columns that hold words; their count is said, never their text."""
    words = []
    for column in numeric:
        if is_number(types[column]):
            continue
        bad = con.execute(
            f"SELECT count(*) FROM source WHERE {number(column, types[column])} IS NULL AND "
            f"lower(trim({quoted(column)}::VARCHAR)) NOT IN ('', 'nan')"
        ).fetchall()[0][0]
        if bad:
            words.append(f'"{column}" ({bad} rows)')
    if words:
        raise InputError(f"These columns must hold numbers but also hold something else: {', '.join(words)}.")
