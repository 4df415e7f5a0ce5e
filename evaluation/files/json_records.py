"""JSON as one sheet: a list of objects, one object with such a list in it, or an object a line (JSONL).

A nested object's values stand under names joined by dots (``studentReference.studentUniqueId``); lists of plain values
are joined by commas; lists of objects cannot stand in a table and are named instead of read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from evaluation.files.sheet import Sheet, damaged

MOST_COLUMNS = 2_000
UNREAD = "[…]"
"""What stands where a list of objects would."""


def json_sheets(data: bytes, name: str) -> tuple[Sheet, ...]:
    """One sheet: a line of names and a line per object, in order. Raises InputError on anything else."""
    records = list(_records(data, name))
    flat = [dict(_flat(record)) for record in records]
    names = list(dict.fromkeys(key for row in flat for key in row))
    if not names:
        return ()
    if len(names) > MOST_COLUMNS:
        raise damaged(name, f"{len(names)} different names", f"at most {MOST_COLUMNS}")

    def rows() -> Iterator[list[Any]]:
        yield names
        yield from ([row.get(n) for n in names] for row in flat)

    return (Sheet("JSON", rows),)


def _records(data: bytes, name: str) -> Iterator[dict[str, Any]]:
    try:
        text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        raise damaged(name, "text that is not UTF-8", "JSON in UTF-8") from None
    try:
        found = json.loads(text, parse_constant=_no_number)
    except (json.JSONDecodeError, RecursionError):
        found = _lines(text, name)
    if isinstance(found, dict):
        lists = [
            v for v in found.values() if isinstance(v, list) and v and all(isinstance(i, dict) for i in v)
        ]
        if len(lists) > 1:
            raise damaged(name, f"{len(lists)} lists of objects", "one list of objects")
        found = lists[0] if lists else [found]
    if not isinstance(found, list) or not all(isinstance(r, dict) for r in found):
        raise damaged(name, "JSON that is no list of objects", "a list of objects, or an object a line")
    yield from found


def _lines(text: str, name: str) -> list[Any]:
    """An object a line; a line that is none refuses the file with its number."""
    found = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                found.append(json.loads(line, parse_constant=_no_number))
            except (json.JSONDecodeError, RecursionError):
                raise damaged(name, f"line {number} is no JSON, or the file breaks off") from None
    return found


def _no_number(_: str) -> None:
    """NaN and Infinity, which JSON does not know, are no values."""


def _flat(value: dict[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, inner in value.items():
        path = f"{above}.{key}" if above else str(key)
        if isinstance(inner, dict):
            yield from _flat(inner, path)
        elif isinstance(inner, list):
            plain = [v for v in inner if not isinstance(v, (dict, list))]
            yield path, UNREAD if len(plain) < len(inner) else ", ".join(map(str, plain)) or None
        else:
            yield path, inner
