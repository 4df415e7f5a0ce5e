"""A study of one's own as the lines that differ from the one it extends. Asking, files and printing stay outside."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from evaluation.protocol import Protocol

BLOCKS = ("study", "schools", "grades", "waves", "estimand", "milestone", "rounds")
"""What every trial decides for itself; everything else is taken from the extended study until it is said."""


@dataclass(frozen=True)
class Written:
    """A protocol's text, and the values it says."""

    text: str
    says: Mapping[str, Any]


def decided(protocol: Protocol, answers: Mapping[str, Any], extends: str) -> Written:
    """The protocol of a study that extends another: its own answers where there are any, else the other's as a start."""
    start = protocol.model_dump(mode="python")
    says: dict[str, Any] = {"extends": extends}
    for block in BLOCKS:
        value = answers.get(block, start[block])
        base = start[block]
        says[block] = {**base, **value} if isinstance(base, dict) and isinstance(value, dict) else value
    if "study" in answers:
        # Words of the pilot's own goal say nothing of another trial's.
        says["milestone"] = {**says["milestone"], "parts": []}
        says["rounds"] = [{k: v for k, v in r.items() if k != "occasions"} for r in says["rounds"]]
    return Written("\n".join(_lines(says)) + "\n", says)


def _lines(says: Mapping[str, Any]) -> Iterable[str]:
    yield f"extends = {_value(says['extends'])}"
    for block, value in says.items():
        if block == "extends":
            continue
        for one in value if isinstance(value, list | tuple) else [value]:
            is_many = isinstance(value, list | tuple)
            yield ""
            yield f"[[{block}]]" if is_many else f"[{block}]"
            tables = {}
            for key, inner in one.items():
                if isinstance(inner, list | tuple) and inner and isinstance(inner[0], Mapping):
                    tables[key] = inner
                elif inner is not None and inner != "":
                    yield f"{key} = {_value(inner)}"
            for key, rows in tables.items():
                for row in rows:
                    yield ""
                    yield f"[[{block}.{key}]]"
                    yield from (f"{k} = {_value(v)}" for k, v in row.items() if v is not None)


def _value(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case dt.date():
            return value.isoformat()
        case list() | tuple():
            return f"[{', '.join(map(_value, value))}]"
        case int() | float():
            return repr(value)
    return json.dumps(str(value), ensure_ascii=False)
