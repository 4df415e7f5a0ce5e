"""A statement: an English code and typed values. It is meaning; what it reads like stands in the catalogue.

What belongs here: making a statement, keeping it in the warehouse, and turning it into Danish for a declared audience.
Nothing reads a sentence back: whoever needs to know what a statement says compares its code.
"""

from __future__ import annotations

import datetime as dt
import json
import string
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any

from evaluation.words.audience import Audience, Reach, shown
from evaluation.words.values import KINDS, Filed, Persons, Value

TOGETHER = "\n"
"""Between statements of one cell."""


class Code(StrEnum):
    """What a statement says. Each part of the house declares its own enum, beside its sentences."""


@dataclass(frozen=True)
class Sentence:
    """How a code reads, what it needs, and how far it may go.

    ``text`` names its values in braces; ``{n:kilde|kilder}`` gives a count with its noun in the right form. ``outside``
    is what is said beyond ``reach``, without the values that may not go there; empty: nothing.
    """

    text: str
    reach: Reach
    needs: Mapping[str, type[Any]]
    outside: str = ""

    def text_for(self, audience: Audience) -> str:
        """The text this audience may read; empty where there is none."""
        return self.text if self.reach >= audience.reach else self.outside


@dataclass(frozen=True)
class Statement:
    """A code and its values by name. Made by :func:`say`, which holds it against the catalogue."""

    code: Code
    values: Mapping[str, Value | Clauses] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash((self.code, tuple(sorted(self.values.items(), key=lambda pair: pair[0]))))

    def __str__(self) -> str:
        """The code alone, so that a log or an exception can name a statement without what it says."""
        return f"{type(self.code).__name__}.{self.code.name}"

    __repr__ = __str__


@dataclass(frozen=True, slots=True)
class Clauses:
    """Several statements as clauses of one sentence, parted by commas."""

    parts: tuple[Statement, ...]


class NotForThisAudience(ValueError):
    """A statement was about to be told to somebody it is not declared for. Names its code, never its values."""


def sentence(text: str, reach: Reach, *, outside: str = "", **needs: type[Any]) -> Sentence:
    """One entry of a catalogue. Raises ValueError where text and values do not fit, or go further than they may."""
    if _named(text) != set(needs) or not _named(outside) <= set(needs):
        raise ValueError(f"the sentence names {sorted(_named(text + outside))} and declares {sorted(needs)}")
    if reach is not Reach.ANALYST and Filed in needs.values():
        raise ValueError("what persons wrote is the analyst's alone")
    if any(needs[name] in (Persons, Filed) for name in _named(outside)):
        raise ValueError("counts of people and what persons wrote stay inside")
    return Sentence(text, reach, needs, outside)


def public(text: str, **needs: type[Any]) -> Sentence:
    """A sentence that everybody may read."""
    return sentence(text, Reach.PUBLIC, outside="", **needs)


def plain(texts: Mapping[Code, str]) -> dict[Code, Sentence]:
    """Sentences without a value that everybody may read."""
    return {code: public(text) for code, text in texts.items()}


def _named(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def say(code: Code, /, **values: Value | Clauses) -> Statement:
    """The statement. Raises ValueError where the catalogue has no such code, or asks for other values."""
    needs = declared(code).needs
    wrong = sorted(
        n for n in needs.keys() | values.keys() if n not in needs or not isinstance(values.get(n), needs[n])
    )
    if wrong:
        raise ValueError(f"{code}: {', '.join(wrong)} missing, not declared or of another kind")
    return Statement(code, values)


def declared(code: Code) -> Sentence:
    """The catalogue's entry. Raises ValueError for a code that has none."""
    from evaluation.words.catalogue import SENTENCES

    if code not in SENTENCES.get(type(code), {}):
        raise ValueError(f"{type(code).__name__}.{code.name} is not in the catalogue")
    return SENTENCES[type(code)][code]


def may_reach(statement: Statement, audience: Audience) -> bool:
    """Whether the statement is declared for this audience."""
    return bool(declared(statement.code).text_for(audience))


def render(statement: Statement, audience: Audience) -> str:
    """The statement in Danish, as this audience may read it. Raises :class:`NotForThisAudience`."""
    template = declared(statement.code).text_for(audience)
    if not template:
        raise NotForThisAudience(f"{statement} is not declared for {audience.reach.name.lower()}")
    parts = []
    for text, name, forms, _ in string.Formatter().parse(template):
        parts.append(text)
        if name:
            parts.append(_value(statement.values[name], forms or "", audience))
    return "".join(parts)


def counts_of(statement: Statement) -> list[Persons]:
    """The counts of people in a statement, its clauses' included: for rules that drop what too few say."""
    found: list[Persons] = []
    for value in statement.values.values():
        if isinstance(value, Persons):
            found.append(value)
        elif isinstance(value, Clauses):
            found += [n for part in value.parts for n in counts_of(part)]
    return found


def _value(value: Value | Clauses, forms: str, audience: Audience) -> str:
    if isinstance(value, Clauses):
        return ", ".join(render(part, audience) for part in value.parts)
    return shown(value, forms, audience)


def kept(statement: Statement) -> str:
    """The statement for the warehouse's own tables, which no report reads before the gate. Never for people."""
    values = {
        name: [type(v).__name__, _plain(v)]
        for name, v in sorted(statement.values.items(), key=lambda p: p[0])
    }
    content = {"code": statement.code, "of": type(statement.code).__name__, "values": values}
    return json.dumps(content, ensure_ascii=False, sort_keys=True)


def taken(text: str) -> Statement:
    """A statement that was :func:`kept`. Raises ValueError where the catalogue does not know it."""
    from evaluation.words.catalogue import SENTENCES

    content = json.loads(text)
    codes = {kind.__name__: kind for kind in SENTENCES}
    if content["of"] not in codes:
        raise ValueError(f"{content['of']} is not in the catalogue")
    values = {name: _typed(kind, plain) for name, (kind, plain) in content["values"].items()}
    return say(codes[content["of"]](content["code"]), **values)


def noted(*statements: Statement) -> str:
    """Several statements kept in one cell, in their order."""
    return TOGETHER.join(map(kept, statements))


def taken_all(text: object) -> list[Statement]:
    """The statements of a cell that holds :func:`noted` ones; none where it is empty."""
    return [taken(part) for part in text.split(TOGETHER)] if isinstance(text, str) and text else []


def told(text: object, audience: Audience) -> str:
    """What this audience may read of a cell's statements, as sentences."""
    return " ".join(render(s, audience) for s in taken_all(text) if may_reach(s, audience))


def _plain(value: Value | Clauses) -> Any:
    if isinstance(value, Clauses):
        return [kept(part) for part in value.parts]
    if isinstance(value, Persons):
        return value._count()
    found = [getattr(value, f.name) for f in fields(value)]
    return [_iso(v) for v in found]


def _iso(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_iso(v) for v in value]
    return value.isoformat() if isinstance(value, dt.date) else value


def _typed(kind: str, plain: Any) -> Value | Clauses:
    if kind == "Clauses":
        return Clauses(tuple(taken(text) for text in plain))
    if kind == "Persons":
        return Persons(plain)
    values = plain
    if kind == "On":
        values = [dt.date.fromisoformat(plain[0])]
    elif kind == "Weeks":
        values = [tuple(dt.date.fromisoformat(d) for d in plain[0])]
    elif kind == "Names":
        values = [tuple(plain[0])]
    made: Value = KINDS[kind](*values)
    return made
