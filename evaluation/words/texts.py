"""Text of pages, commands and messages: templates as data, one file for each part of the house (``templates/*.toml``).

What belongs here is filling a template with values that say what they are. A template names its values in braces;
``{n:kilde|kilder}`` gives a count with its noun in the right form. A number has no text of its own: it comes as one of
:mod:`evaluation.words.values`, and a count of people needs an audience. What must be known or compared before it is said
is a :mod:`statement <evaluation.words.statement>`.

>>> from evaluation.words.values import Count
>>> texts("commands")("check_files_stop", files=Count(1))
'1 fil stopper runden; intet er skrevet'
"""

from __future__ import annotations

import string
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path, PurePath
from typing import Any

from evaluation.words.audience import Audience, shown
from evaluation.words.values import Value

FOLDER = Path(__file__).with_name("templates")


class Texts:
    """The templates of one part of the house, by key."""

    def __init__(self, part: str) -> None:
        self.part = part

    def __call__(
        self, key: str, /, audience: Audience | None = None, **values: Value | str | PurePath
    ) -> str:
        """The text of a key. Raises KeyError for one that is not there, TypeError for a value that says no kind."""
        parts = []
        for text, name, forms, _ in string.Formatter().parse(str(read(self.part)[key])):
            parts.append(text)
            if name:
                parts.append(shown(values[name], forms or "", audience))
        return "".join(parts)

    def all(self, key: str) -> Mapping[str, str]:
        """The texts of a table of the file, by their codes."""
        found: Mapping[str, str] = read(self.part)[key]
        return found


@cache
def read(part: str) -> Mapping[str, Any]:
    """A file of templates."""
    return tomllib.loads((FOLDER / f"{part}.toml").read_text(encoding="utf-8"))


def texts(part: str) -> Texts:
    """The templates of a part of the house: the name of a file in ``templates/``."""
    return Texts(part)
