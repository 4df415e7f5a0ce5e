"""A panel file as a DuckDB view named ``source``, and the SQL that reads its columns as numbers or labels.

The one module of the engine that opens files, at the path it is given. Not here: which columns mean what, and the
sums (``compress``).
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from pathlib import Path

import duckdb

from evaluation.errors import InputError

NUMBERS = ("INT", "DOUBLE", "FLOAT", "DECIMAL", "REAL", "NUMERIC", "BOOL")
FLOATS = ("DOUBLE", "FLOAT")
NOTHING = ("", "NA", "N/A", ".", "NaN", "nan", "NULL", "null", "None", "<NA>")
SMALL_FILE = 50_000_000
"""Bytes up to which a text file is read once more to be sure of its types."""


def open_source(con: duckdb.DuckDBPyConnection, path: Path) -> dict[str, str]:
    """Name the file ``source`` and return its columns with their types."""
    if not path.exists():
        raise InputError(f'File "{path}" not found.')
    if path.is_dir():
        raise InputError(f'"{path}" is a folder. Expected a csv, csv.gz or parquet file.')
    name = "'" + str(path).replace("'", "''") + "'"
    suffixes = "".join(path.suffixes).lower()
    parquet = suffixes.endswith((".parquet", ".pq"))
    if not parquet and path.stat().st_size == 0:
        raise InputError(f'File "{path.name}" is empty.')
    readers = [f"read_parquet({name})"] if parquet else _csv_readers(con, name)
    problem: Exception | None = None
    for reader in readers:
        try:
            con.execute(f"CREATE OR REPLACE VIEW source AS SELECT * FROM {reader}")
            if not parquet and path.stat().st_size < SMALL_FILE:
                # A value that does not fit the sampled type shows only when every value is read.
                con.execute("SELECT count(COLUMNS(*)) FROM source").fetchall()
            described = con.execute("DESCRIBE source").fetchall()
            return {str(row[0]): str(row[1]) for row in described}
        except duckdb.Error as error:
            problem = error
    kind = "parquet" if parquet else "csv"
    raise InputError(
        f'File "{path.name}" {unreadable(problem)} as {kind}. '
        "Expected a csv or csv.gz file with a header line, or parquet."
    ) from problem


def unreadable(problem: Exception | None) -> str:
    """What went wrong without the line itself: DuckDB's own message quotes values, which may belong to a person."""
    line = re.search(r"[Ll]ine:? (\d+)", str(problem))
    return "cannot be read" + (f" (line {line.group(1)})" if line else "")


def _csv_readers(con: duckdb.DuckDBPyConnection, name: str) -> list[str]:
    """Ways to read the file, the strictest first. Between semicolons a comma is a decimal sign."""
    nothing = ", ".join("'" + word + "'" for word in NOTHING)
    common = f"header = true, nullstr = [{nothing}]"
    try:
        delimiter = con.execute(f"SELECT Delimiter FROM sniff_csv({name}, header = true)").fetchall()[0][0]
    except duckdb.Error:
        delimiter = None
    if delimiter == ";":
        common += ", delim = ';', decimal_separator = ','"
    wider = ("", ", sample_size = -1", ", sample_size = -1, all_varchar = true")
    return [f"read_csv({name}, {common}{more})" for more in wider]


def all_present(wanted: list[str], types: dict[str, str]) -> None:
    """Refuse columns the file does not have, with the nearest names it has."""
    missing = [c for c in wanted if c not in types]
    if not missing:
        return
    hints = []
    for column in missing:
        close = get_close_matches(column, list(types), n=1)
        hints.append(f'"{column}"' + (f' (did you mean "{close[0]}"?)' if close else ""))
    if len(types) == 1:
        raise InputError(
            f"1 column found, {len(wanted)} expected: the delimiter is not one of , ; tab |, or a quote is never closed."
        )
    shown = ", ".join(f'"{c}"' for c in list(types)[:30])
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
    """Labels: floats without their NaN, dates as ISO text (which sorts), everything else as it is."""
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


def quoted(name: str) -> str:
    """A column name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


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
