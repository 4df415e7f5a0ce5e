"""A value that a protocol's model refuses, in words: what stands there, what may, and the nearest of that.

Allowed keys, words and kinds are read off the models, so that a new key needs nothing here.
"""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from evaluation.protocol import Protocol
from evaluation.words.design import CORRECT, KINDS, NEAREST, PATTERNS, WRONG_KIND, WRONG_VALUE


def wrong_value(error: ErrorDetails) -> tuple[str, str, str]:
    """Found, expected and what to do, for one error of the models."""
    kind, ctx = error["type"], error.get("ctx", {})
    written, place = _written(error.get("input")), tuple(error["loc"])
    known: list[str] = []
    if kind == "extra_forbidden":
        known = list(model_at(place[:-1]).model_fields)
    elif kind == "literal_error":
        known = [w.strip(" '") for w in str(ctx.get("expected", "")).replace(" or ", ",").split(",")]
    values = {
        "value": written,
        "known": ", ".join(known),
        "kind": PATTERNS.get(str(ctx.get("pattern")), "") or _kind_of(place),
        "least": ctx.get("min_length", ""),
        "most": ctx.get("max_length", ""),
        "limit": ctx.get("gt", ctx.get("ge", ctx.get("lt", ctx.get("le", "")))),
    }
    found, expected = WRONG_VALUE.get(kind, (WRONG_KIND, "{kind}"))
    if kind not in WRONG_VALUE:
        values["kind"] = KINDS.get(kind.split("_")[0], values["kind"])
    asked = str(place[-1]) if kind == "extra_forbidden" else str(error.get("input"))
    near = get_close_matches(asked, known, 1, 0.5)
    next_step = NEAREST.format(word=near[0]) if near else CORRECT
    return found.format(**values), expected.format(**values), next_step


def model_at(place: tuple[str | int, ...]) -> type[BaseModel]:
    """The model of the block at a place of the protocol."""
    model: type[BaseModel] = Protocol
    for part in place:
        if isinstance(part, str) and part in model.model_fields:
            model = next(models_in(model.model_fields[part].annotation), model)
    return model


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models an annotation speaks of, through lists and what may be missing."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in typing.get_args(annotation):
        yield from models_in(inner)


def _kind_of(place: tuple[str | int, ...]) -> str:
    """What belongs at a place, as TOML writes it."""
    names = [p for p in place if isinstance(p, str)]
    if not names:
        return KINDS["model"]
    field = model_at(place[:-1]).model_fields.get(names[-1])
    return KINDS["model"] if field is None else kind_word(field.annotation)


def kind_word(annotation: Any) -> str:
    """The kind of value an annotation takes, in words."""
    if any(models_in(annotation)):
        return KINDS["model"]
    if typing.get_origin(annotation) is tuple:
        return KINDS["tuple"]
    if typing.get_origin(annotation) is typing.Literal:
        return KINDS["literal"]
    for inner in (annotation, *typing.get_args(annotation)):
        name = getattr(inner, "__name__", "")
        if name in (
            words := {"str": "string", "int": "int", "float": "float", "bool": "bool", "date": "date"}
        ):
            return KINDS[words[name]]
    return next((kind_word(a) for a in typing.get_args(annotation) if a is not type(None)), KINDS["string"])


def _written(value: object) -> str:
    """What stands in the file, short; of a block only that it is one."""
    match value:
        case bool():
            return str(value).lower()
        case Mapping():
            return "{…}"
        case list() | tuple():
            return "[…]"
        case str():
            return f'"{value[:40]}"'
    return str(value)[:40]
