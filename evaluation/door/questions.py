"""Open questions: what a mapping or a file leaves undecided, as one kind of record that every page and command shows.

A ``?`` in a mapping is a question; so is a column nobody reads that may change what the rows count. Questions hold
headings and codes of the mapping file, never a value of a person. How a question is found is the business of
:mod:`~evaluation.door.meaning`; who shows it decides how.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from evaluation.errors import Problem

OPEN = "?"
"""What a mapping writes where somebody must decide. Words may follow it: ``"? hel eller halv"``."""


@dataclass(frozen=True, order=True)
class Question:
    """What must be answered before a file is read: about a column, a value or how dates are written."""

    subject: Literal["column", "value", "date"]
    name: str
    why: str
    answer: str

    def problem(self, file: str) -> Problem:
        """The question as a refusal of a file."""
        return Problem(file, column=self.name, found=self.why, rule="open_question", next_step=self.answer)

    def as_dict(self) -> dict[str, str]:
        """For machines."""
        return {self.subject: self.name, "why": self.why}


def is_open(value: Any) -> bool:
    """Is it a ``?``, alone or with words after it?"""
    return isinstance(value, str) and value.startswith(OPEN)


def is_ignored(name: str, patterns: Iterable[str]) -> bool:
    """Does one of the mapping's [ignore] name the column? ``*`` stands for anything in it."""
    return any(
        name == p or re.fullmatch(".*".join(map(re.escape, p.split("*"))), name) is not None for p in patterns
    )


def open_places(raw: dict[str, Any]) -> tuple[Question, ...]:
    """The ``?`` of a mapping's raw tables, one question for each column or field."""
    found: dict[tuple[str, str], list[str]] = {}
    for path, value in _walk(raw):
        if is_open(value) or is_open(path[-1]):
            table, field = (path[0], path[1]) if len(path) > 1 else ("", path[0])
            words = str(value).removeprefix(OPEN).strip()
            code = path[-1] if len(path) > 1 and path[-1] not in (field, OPEN) else ""
            if table in ("types", "shares"):
                table, field, code = "", table, path[-1] if path[-1] != OPEN else ""
            found.setdefault((table, field), []).append(code or words)
    for known, follows in _ONE_ANSWER:
        if known in found and follows in found:
            found[known] = list(dict.fromkeys([*found[known], *found.pop(follows)]))
    return tuple(_question(table, field, [w for w in words if w]) for (table, field), words in found.items())


_ONE_ANSWER = (
    (("", "types"), ("", "shares")),
    (("columns", "type"), ("", "types")),
)
"""Who says what a code means says how much of the day it is; who finds the codes' column says what they mean."""


def _question(table: str, field: str, words: list[str]) -> Question:
    named = f": {', '.join(words)}" if words else ""
    if table == "columns":
        more = "; [types] siger, hvad dens koder betyder" if field == "type" else ""
        return Question(
            "column", field, f"columns.{field} er ikke afgjort{named}", f"skriv svaret i stedet for ?{more}"
        )
    if table == "ignore":
        return Question("column", field, f"kolonnen er ikke afgjort{named}", IGNORE_ANSWER)
    if field == "types" and not table:
        return Question("value", words[0] if words else "types", f"[types] er ikke afgjort{named}",
                        "skriv sick, permitted, unlawful eller none, og under [shares] delen af dagen")  # fmt: skip
    if field == "shares":
        return Question("value", words[0] if words else "shares", f"[shares] er ikke afgjort{named}",
                        "skriv, hvor stor en del af dagen koden er: 1, 0.5 …")  # fmt: skip
    if field == "date_formats":
        return Question("date", field, f"datoerne kan læses på flere måder{named}",
                        "spørg skolen, og skriv den rigtige måde i date_formats")  # fmt: skip
    if field == "to_is":
        return ENDS
    name = f"{table}.{field}" if table else field
    return Question("column", name, f"{name} er ikke afgjort{named}", "skriv svaret i stedet for ?")


ENDS = Question(
    "column",
    "to_is",
    "slutdagen: er den sidste fraværsdag, eller den første dag igen?",
    'skriv to_is = "last_day" (den sidste fraværsdag) eller "day_after" (dagen efter: den første dag igen, eller midnat, '
    "som kalendere slutter med)",
)

BLANK = Question(
    "value",
    "types",
    "ingen af koderne er fravær: hvad betyder et tomt felt?",
    'skriv det under [types]: "" = "sick" (eller en anden type), hvor kun de mødte er noteret, eller "" = "none"',
)

IGNORE_ANSWER = "læs den under [columns], eller skriv under [ignore], hvorfor den ikke betyder noget"


def share_question(codes: Iterable[str]) -> Question:
    """Codes that may say a part of the day, which the mapping does not speak of."""
    return Question(
        "value",
        "shares",
        f"koder, der kan være en del af dagen: {', '.join(codes)}",
        "skriv under [shares], hvor stor en del hver af dem er: 1, 0.5 …",
    )


def _walk(value: Any, path: tuple[str, ...] = ()) -> Iterable[tuple[tuple[str, ...], Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _walk(inner, (*path, str(key)))
    elif isinstance(value, list):
        for inner in value:
            yield from _walk(inner, path)
    elif path:
        yield path, value


def without_open(raw: Any, path: tuple[str, ...] = ()) -> Any:
    """Raw tables with everything that is open left out; with it what it belongs to: a column of ours, a unit."""
    if isinstance(raw, dict):
        if len(path) == 2 and path[0] == "columns" and any(is_open(v) for v in raw.values()):
            return {}
        if path == ("wide",) and any(is_open(v) for _, v in _walk(raw)):
            return {}
        if path == ("totals",) and is_open(raw.get("per_day")):
            raw = {k: v for k, v in raw.items() if k != "unit"}
        kept = {k: without_open(v, (*path, k)) for k, v in raw.items() if not is_open(k) and not is_open(v)}
        return {k: v for k, v in kept.items() if v not in ({}, []) or raw[k] in ({}, [])}
    return [without_open(v) for v in raw if not is_open(v)] if isinstance(raw, list) else raw
