"""Calendar files of the inbox: holidays and closing days that a municipality or school delivers itself."""

from __future__ import annotations

import pandas as pd

from evaluation.door.calendar import Span, parse_span
from evaluation.door.chunks import Chunk, Reading
from evaluation.door.dates import parse_date
from evaluation.door.files import Incoming
from evaluation.door.mapping_parts import Column
from evaluation.door.values import clean
from evaluation.errors import InputError, Problem
from evaluation.protocol import Protocol


def calendar_spans(source: Incoming, reading: Reading, protocol: Protocol) -> tuple[Span, ...]:
    """The file's rows as calendar spans.

    A calendar decides about every other row, so nothing of it is quarantined: one fault refuses the file.

    Raises:
        InputError: every fault of the file with its line.
    """
    spans: list[Span] = []
    problems: list[Problem] = []
    for chunk in reading.chunks:
        problems += [Problem(source.name, r.row, None, r.found, r.rule) for r in chunk.rejects]
        for line, cells in zip(chunk.rows, _cells(source, chunk), strict=True):
            span = parse_span([str(cell) for cell in cells], protocol)
            if isinstance(span, Span):
                spans.append(span)
            else:
                problems += [Problem(source.name, int(line), c or None, w, "calendar") for c, w in span]
    if problems:
        raise InputError(f"{source.name} has {len(problems)} problem(s)", problems)
    return tuple(spans)


def _cells(source: Incoming, chunk: Chunk) -> list[tuple[str, ...]]:
    columns = source.mapping.columns
    defaults = {"school": "*", "kind": "closed", "label": ""}
    texts = {
        name: _column(columns.get(name), chunk, defaults.get(name, ""))
        for name in ("school", "from", "to", "kind", "label")
    }
    parse = parse_date(source.mapping.date_formats)
    for name in ("from", "to"):
        texts[name] = texts[name].map(lambda t: str(parse(t)[0] or t))
    return list(zip(*(texts[n] for n in ("school", "from", "to", "kind", "label")), strict=True))


def _column(spec: Column | None, chunk: Chunk, default: str) -> pd.Series:
    if spec is None or spec.column is None:
        value = default if spec is None or spec.constant is None else spec.constant
        return pd.Series([value] * len(chunk.rows), dtype="str")
    known = {clean(k).casefold(): v for k, v in spec.map.items()}
    return chunk.frame[spec.column].fillna("").map(lambda t: known.get(clean(t).casefold(), clean(t)))
