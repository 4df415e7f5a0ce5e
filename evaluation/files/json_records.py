"""JSON as one sheet: a list of objects, one object with such a list in it, or an object a line (JSONL).

A nested object's values stand under names joined by dots (``studentReference.studentUniqueId``); lists of plain values
are joined by commas. The objects of one list in each object may be the rows (``record``), with what stands around them;
other lists of objects cannot stand in a table: as ``name […]`` they are named and not read.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from evaluation.files.sheet import A_DAY, SEVERAL, Sheet, damaged

MOST_COLUMNS = 2_000


def json_sheets(data: bytes, name: str, record: str | None = None) -> tuple[Sheet, ...]:
    """One sheet: a line of names and a line per object, or per object of the list ``record`` in each, in order.

    Raises InputError on anything else.
    """
    flat = [dict(row) for found in _records(data, name) for row in _rows(found, record)]
    names = list(dict.fromkeys(key for row in flat for key in row))
    if not names:
        return ()
    if len(names) > MOST_COLUMNS:
        raise damaged(name, f"{len(names)} different names", f"at most {MOST_COLUMNS}")

    def rows() -> Iterator[list[Any]]:
        yield names
        yield from ([row.get(n) for n in names] for row in flat)

    return (Sheet("JSON", rows),)


def likely_list(data: bytes, name: str) -> str | None:
    """The innermost list in the objects whose objects have a day: they are likely the rows."""
    found = Counter(path for record in _records(data, name) for path in _lists(record) if path)
    return max(found, key=lambda path: (path.count("."), found[path], path), default=None)


def _lists(value: Any, above: str = "") -> Iterator[str]:
    """Names of lists of objects that have a day of their own, once for each object."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _lists(inner, f"{above}.{key}" if above else str(key))
    for item in value if isinstance(value, list) else ():
        if isinstance(item, dict):
            own = (v for path, v in _flat(item) if not path.endswith(SEVERAL))
            yield from [above] * any(A_DAY.search(str(v)) for v in own)
            yield from _lists(item, above)


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


def _rows(value: dict[str, Any], record: str | None, above: str = "") -> Iterator[list[tuple[str, Any]]]:
    """What a row says, for each object of the list ``record`` (for the object itself where there is none)."""
    if record is None:
        yield list(_flat(value, above))
        return
    at, rest = _on_the_way(value, record.removeprefix(f"{above}.") if above else record)
    path = f"{above}.{at}" if above else at
    around = [(key, v) for key, v in _flat(value, above) if key not in (path, path + SEVERAL)]
    for item in rest if isinstance(rest, list) else ():
        inner = item if isinstance(item, dict) else {}
        rows = _rows(inner, record if path != record else None, path) if inner else [[(path, item)]]
        yield from ([*around, *row] for row in rows)


def _on_the_way(value: dict[str, Any], record: str) -> tuple[str, Any]:
    """The first list on the way to a record, with its name."""
    for key, inner in value.items():
        if record == key or record.startswith(f"{key}."):
            if isinstance(inner, dict):
                at, found = _on_the_way(inner, record.removeprefix(f"{key}."))
                return f"{key}.{at}", found
            return str(key), inner
    return "", None


def _flat(value: dict[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, inner in value.items():
        path = f"{above}.{key}" if above else str(key)
        if isinstance(inner, dict):
            yield from _flat(inner, path)
        elif isinstance(inner, list):
            if any(isinstance(v, (dict, list)) for v in inner):
                yield path + SEVERAL, json.dumps(inner, ensure_ascii=False)
            else:
                yield path, ", ".join(map(str, inner)) or None
        else:
            yield path, inner
