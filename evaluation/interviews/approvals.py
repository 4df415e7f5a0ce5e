"""Which words a person has let out: the study's ``quotes.csv``, by the fingerprint of the exact words.

It holds no words, so that it may lie beside the protocol. Columns ``sha256;decision;by;on``, decision ``brug`` or
``brug_ikke``; written by ``komglad quotes``. A changed character is another fingerprint, and nothing is approved.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from evaluation.errors import InputError, Problem
from evaluation.interviews.identity import fingerprint
from evaluation.interviews.tables import read_rows

FILE = "quotes.csv"
COLUMNS = ("sha256", "decision", "by", "on")
USE, DO_NOT_USE = "brug", "brug_ikke"
FEWEST_SOURCES = 2
"""What a school wrote is shown only where so many schools wrote something: alone it would point to its school."""
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class QuoteDecisions:
    """Fingerprint → whether the words may be used."""

    by_words: Mapping[str, bool] = field(default_factory=lambda: MappingProxyType({}))

    def is_let_out(self, text: str) -> bool:
        """A person has said that exactly these words may be printed."""
        return self.by_words.get(fingerprint(text), False)

    def is_refused(self, text: str) -> bool:
        """A person has said that these words are not to be printed."""
        return self.by_words.get(fingerprint(text)) is False


def read_decisions(path: Path | None) -> QuoteDecisions:
    """The decisions of a study; none where it has no file.

    Raises ``InputError`` with every line that is not understood, and where two lines decide the same words differently.
    """
    if path is None:
        return QuoteDecisions()
    table = read_rows(path)
    problems = list(table.problems)
    if missing := [name for name in COLUMNS if name not in table.headings]:
        problems.append(
            Problem(path.name, 1, found=f"no column {', '.join(missing)}", expected=";".join(COLUMNS))
        )
    decided: dict[str, bool] = {}
    for row in table.rows:
        key, word = row.get("sha256").casefold(), row.get("decision").casefold()
        is_other = decided.get(key, word == USE) != (word == USE)
        checks = (
            ("sha256", "no fingerprint", "64 hexadecimal digits", not _SHA256.fullmatch(key)),
            ("decision", "an unknown decision", f"{USE} or {DO_NOT_USE}", word not in (USE, DO_NOT_USE)),
            ("by", "nobody", "who decided", not row.get("by")),
            ("sha256", "the same words decided differently", "one decision", is_other),
        )
        wrong = [
            Problem(path.name, row.line, column, found, "quotes", expected, "run komglad quotes again")
            for column, found, expected, is_wrong in checks
            if is_wrong
        ]
        problems += wrong
        if not wrong:
            decided[key] = word == USE
    if problems:
        raise InputError(f"{path.name} has {len(problems)} problem(s).", problems)
    return QuoteDecisions(decided)


def with_decisions(old: str, keys: Iterable[str], *, is_used: bool, by: str, on: str) -> str:
    """The text of ``quotes.csv`` with these words decided anew; earlier lines about other words stay as they are."""
    decided = set(keys)
    lines = [line for line in old.splitlines() if line.strip()] or [";".join(COLUMNS)]
    kept = [line for line in lines if line.split(";")[0].casefold() not in decided]
    name = " ".join(by.replace(";", " ").split())
    kept += [f"{key};{USE if is_used else DO_NOT_USE};{name};{on}" for key in sorted(decided)]
    return "\n".join(kept) + "\n"
