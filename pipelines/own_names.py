"""Refuses at its import where another package bears one of our names and stands where Python looks first.

What belongs here: nothing that imports ``evaluation`` or ``assets``, which may be somebody else's. Imported before them.
"""

from __future__ import annotations

import importlib.util
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

OURS = Path(__file__).resolve().parent.parent


def texts(part: str) -> Callable[..., str]:
    """As ``evaluation.words.texts.texts``, from our own file, for names and places alone."""
    path = OURS / "evaluation" / "words" / "templates" / f"{part}.toml"

    def text(key: str, **values: object) -> str:
        return str(tomllib.loads(path.read_text(encoding="utf-8"))[key]).format(**values)

    return text


TEXT = texts("commands")


def shadowed() -> str | None:
    """What is said of a package in our place; None where all names are ours."""
    for name in ("assets", "evaluation"):
        found = importlib.util.find_spec(name)
        place = Path(found.origin).resolve().parent if found and found.origin else None
        if place != OURS / name:
            return TEXT(
                "cli_another_package", name=name, place=place or TEXT("cli_no_init"), ours=OURS / name
            )
    return None


if (_other := shadowed()) is not None:
    sys.stderr.write(f"komglad: {_other}\n")
    raise SystemExit(5)
