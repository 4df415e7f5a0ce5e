"""Every file that leaves, declared: its place, how it is read, and for data files what each value may be.

What belongs here is the declaration. A file that is not named here may not lie among the reports, and a value of a data
file that is of another kind than declared may not stand in it. What columns hold stands in
:mod:`evaluation.disclosure.registry`, what sentences say in the catalogue.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from evaluation.disclosure.registry import REGISTRY
from evaluation.protocol import Protocol
from evaluation.publication.files import school_path
from evaluation.reports import paths
from evaluation.tables import TABLES


class Form(StrEnum):
    """How a file is read."""

    PAGE = "page"
    TABLE = "table"
    BOOK = "book"
    DOCUMENT = "document"
    TEXT = "text"
    PRINT = "print"
    DATA = "data"


_PAGES = (
    paths.STEERING_GROUP,
    paths.ANNEX,
    paths.SHORT,
    paths.BOARDS,
    paths.FAMILIES,
    paths.ENGLISH,
    paths.GOAL,
    paths.ACCESSIBILITY,
)
CODEBOOK = "kodebog"
INDEX, MANIFEST, LEDGER = "index.html", "manifest.json", "ledger.json"
INSIDE = frozenset({LEDGER})
"""Files of komglad's own beside the reports: owner-only, and copied nowhere."""


def declared_files(protocol: Protocol) -> dict[str, Form]:
    """What may lie in the reports folder, by relative name."""
    of_round = {
        **dict.fromkeys(_PAGES, Form.PAGE),
        **dict.fromkeys(paths.PDF.values(), Form.PRINT),
        "maalplan.txt": Form.TEXT,
        "maalplan.docx": Form.DOCUMENT,
        paths.SLIDES: Form.DOCUMENT,
        paths.WORKBOOK: Form.BOOK,
        MANIFEST: Form.DATA,
        **{school_path(s): Form.PAGE for s in protocol.schools},
        **{f"tabeller/{name}.csv": Form.TABLE for name in (*REGISTRY, CODEBOOK)},
    }
    files = {f"{r.id}/{name}": form for r in protocol.rounds for name, form in of_round.items()}
    return {INDEX: Form.PAGE, **files}


_CODE = r"[\w.+ ,\[\]-]{0,80}"
_HASH, _DATE = r"[0-9a-f]{16,64}", r"\d{4}-\d\d-\d\d"
_TABLE = "|".join(sorted({*TABLES, *REGISTRY, *(f"released_{n}" for n in REGISTRY)}))
_NAMES = r"[\w/.-]{1,120}"
SCANNED = "scanned"
"""A text of persons' own, read by the scan for names and numbers."""

DATA: Mapping[str, Mapping[str, str]] = {
    MANIFEST: {
        r"study|round": _CODE,
        r"study_version": r"\d+\.\d+\.\d+",
        r"(cutoff|report_date)": _DATE,
        r"frozen_on": rf"{_DATE}|",
        r"(protocol|frozen)_hash": _HASH,
        r"is_frozen": r"True|False",
        r"changes_since_freeze/\d+": r"[\w.\[\]]{1,80}",
        r"reasons/\d+": SCANNED,
        r"seed": r"\d+",
        r"git_commit": rf"{_HASH}\+?|unknown|",
        rf"package_versions/{_NAMES}": r"[\w.+!-]{1,40}|",
        rf"input_hashes/fil-{_HASH}": _HASH,
        rf"table_hashes/({_TABLE})": _HASH,
        rf"files/{_NAMES}": _HASH,
    },
    "forget": {
        r"id|key_id|sealed/key_id": r"[\w-]{1,80}",
        r"sealed/hmac": _HASH,
        r"on": _DATE,
        r"(again|still_in)/\d+": _CODE,
        r"(by_hand|elsewhere|unsearched)/\d+": SCANNED,
    },
    "purge": {
        r"on": _DATE,
        r"key_id": r"[\w-]{1,80}",
        r"is_key_deleted": r"True|False",
        r"deleted/\d+": _CODE,
        rf"stays/{_NAMES}": _HASH,
        r"unknown_files": r"\d+",
    },
}
"""Data files by kind: patterns of a value's place, and of the value. Nothing else may stand in them."""


def undeclared_values(kind: str, content: Any) -> Iterator[tuple[str, str | None]]:
    """Places of values that are not as declared; with the text, where it is to be scanned."""
    for place, value in _leaves(content):
        rule = next((v for k, v in DATA[kind].items() if re.fullmatch(k, place)), None)
        if rule == SCANNED:
            yield place, str(value)
        elif rule is None or not re.fullmatch(rule, "" if value is None else str(value)):
            yield place, None


def _leaves(content: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(content, dict | list):
        pairs = content.items() if isinstance(content, dict) else enumerate(content)
        for name, value in pairs:
            yield from _leaves(value, f"{place}/{name}".lstrip("/"))
    else:
        yield place, content
