"""What leaves the warehouse: published numbers, hidden numbers, and the public knowledge about both.

What belongs here: the result of protection and its forms (frame, HTML attributes, JSON). It holds rounded,
published numbers only: nothing here can give a hidden count away, so it may be stored and handed on.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from evaluation.disclosure.exhibits import Cell, Dimension, Key, cell_text
from evaluation.disclosure.rules import DisclosureRules


def read_danish_number(text: str) -> float:
    """``1.234,5`` → 1234.5. Raises ValueError when the text is no number."""
    return float(text.strip().replace(".", "").replace(",", "."))


def behind(value: float, decimals: int) -> tuple[float, float]:
    """The numbers that are printed as ``value``: rounded to decimals, or down to tens and hundreds where negative."""
    step = 10.0**-decimals
    return (value, value + step) if decimals < 0 else (max(0.0, value - step / 2), value + step / 2)


@dataclass(frozen=True, slots=True)
class PublishedCell:
    """One number of one exhibit, as printed.

    ``cell`` names every dimension, totals included. ``value`` is the rounded number (None where hidden);
    ``low`` and ``high`` bound the additive quantity behind it (pupils or days) as a reader who knows every
    denominator can work it out from the rounding; both None where hidden. ``since``: the release that
    first printed it; a figure once published is reprinted, never recomputed. ``whole``: what a share is of, where
    that is a band and not the totals of its attributes.
    """

    exhibit: str
    cell: Cell
    measure: str
    key: Key
    value: float | None
    text: str
    is_suppressed: bool
    decimals: int
    low: float | None = None
    high: float | None = None
    since: str = ""
    whole: Cell = ()


@dataclass(frozen=True, slots=True)
class Space:
    """Public knowledge about a population: how it is divided, which cells cannot exist, its minimum."""

    universe: str
    dimensions: tuple[Dimension, ...]
    zeros: tuple[Cell, ...] = ()
    minimum: int = 5
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class Withheld:
    """An exhibit, or a form of it, that was not published, and why (Danish, for the reader)."""

    exhibit: str
    reason: str


@dataclass(frozen=True)
class Release:
    """All exhibits of one round after protection. ``guarded``: cells no exhibit prints but subtraction could."""

    id: str
    rules: DisclosureRules
    cells: tuple[PublishedCell, ...]
    spaces: tuple[Space, ...]
    guarded: tuple[Key, ...] = ()
    withheld: tuple[Withheld, ...] = ()

    @property
    def hidden(self) -> tuple[Key, ...]:
        """Every hidden number, sorted: printed with the marker, or guarded."""
        return tuple(sorted({c.key for c in self.cells if c.is_suppressed} | set(self.guarded)))

    def exhibit_ids(self) -> tuple[str, ...]:
        """The exhibits in the order they were declared."""
        return tuple(dict.fromkeys(c.exhibit for c in self.cells))

    def table(self, exhibit: str) -> pd.DataFrame:
        """The protected exhibit. One row per shown cell, in the exhibit's order.

        Columns: the dimensions; per measure ``<measure>`` (rounded, NaN where hidden),
        ``<measure>_text`` (Danish, the marker where hidden) and ``<measure>_is_suppressed``; and
        ``is_suppressed``, True where any of the row's measures is hidden. Raises KeyError.
        """
        rows: dict[Cell, dict[str, Any]] = {}
        for c in self.cells:
            if c.exhibit != exhibit:
                continue
            row = rows.setdefault(c.cell, {**dict(c.cell), "is_suppressed": False})
            row[c.measure] = float("nan") if c.value is None else c.value
            row[f"{c.measure}_text"] = c.text
            row[f"{c.measure}_is_suppressed"] = c.is_suppressed
            row["is_suppressed"] = row["is_suppressed"] or c.is_suppressed
        if not rows:
            raise KeyError(exhibit)
        return pd.DataFrame(list(rows.values()))

    def structure(self) -> str:
        """JSON for ``<script type="application/json" id="komglad-exhibits">``: public knowledge only.

        ``<`` is escaped, so the text cannot close its script element.
        """
        exhibits: dict[str, Any] = {}
        reprinted: dict[str, list[str]] = {}
        for c in self.cells:
            entry = exhibits.setdefault(
                c.exhibit, {"universe": c.key.universe, "decimals": {}, "of": {}, "whole": {}}
            )
            entry["whole"].update(c.whole)
            entry["decimals"][c.measure] = c.decimals
            named = dict(c.cell)
            entry["of"].update((name, category) for name, category in c.key.cell if name not in named)
            if c.since != self.id and not c.is_suppressed:
                reprinted.setdefault(c.since, []).append(f"{c.exhibit}|{c.key.text}|{c.measure}")
        document = {
            "release": self.id,
            "marker": self.rules.marker,
            "protection_width": self.rules.protection_width,
            "exhibits": exhibits,
            "reprinted": reprinted,
            "spaces": [asdict(s) for s in self.spaces],
        }
        return json.dumps(document, ensure_ascii=False, sort_keys=True).replace("<", "\\u003c")

    def to_dict(self) -> dict[str, Any]:
        """Plain data for the ledger; :meth:`from_dict` is its inverse."""
        return {
            "id": self.id,
            "rules": asdict(self.rules),
            "cells": [{**_fields(c), "key": _fields(c.key)} for c in self.cells],
            "spaces": [asdict(s) for s in self.spaces],
            "guarded": [_fields(k) for k in self.guarded],
            "withheld": [asdict(w) for w in self.withheld],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Release:
        """Rebuild from :meth:`to_dict`, also after a round trip through JSON."""
        return cls(
            id=data["id"],
            rules=DisclosureRules(**data["rules"]),
            cells=tuple(
                PublishedCell(
                    **{**c, "cell": _pairs(c["cell"]), "key": _key(c["key"]), "whole": _pairs(c["whole"])}
                )
                for c in data["cells"]
            ),
            spaces=tuple(space_from_dict(s) for s in data["spaces"]),
            guarded=tuple(_key(k) for k in data["guarded"]),
            withheld=tuple(Withheld(**w) for w in data["withheld"]),
        )


def _fields(record: PublishedCell | Key) -> dict[str, Any]:
    """A record's fields as they stand; thousands of cells make copying them deeply the cost of a release."""
    return {name: getattr(record, name) for name in record.__slots__}


def html_attributes(exhibit: str, cell: Cell | Mapping[str, str], measure: str) -> str:
    """``data-exhibit="…" data-cell="…" data-measure="…"``, escaped, for the element that holds one number."""
    return (
        f'data-exhibit="{html.escape(exhibit)}" data-cell="{html.escape(cell_text(cell))}" '
        f'data-measure="{html.escape(measure)}"'
    )


def space_from_dict(data: Mapping[str, Any]) -> Space:
    """A :class:`Space` from its JSON form."""
    dimensions = tuple(
        Dimension(
            name=d["name"],
            leaves=tuple(d["leaves"]),
            total=d["total"],
            bands=tuple((name, tuple(leaves)) for name, leaves in d["bands"]),
            role=d["role"],
        )
        for d in data["dimensions"]
    )
    zeros = tuple(_pairs(z) for z in data["zeros"])
    return Space(data["universe"], dimensions, zeros, int(data["minimum"]), bool(data["is_whole"]))


def _pairs(cell: Iterable[Iterable[str]]) -> Cell:
    return tuple((name, category) for name, category in (tuple(pair) for pair in cell))


def _key(data: Mapping[str, Any]) -> Key:
    return Key(data["universe"], data["quantity"], _pairs(data["cell"]))
