"""Errors for people: what belongs here is how a problem is described, never how it is found.

Every refusal of the product is a :class:`KomgladError` with an exit code, carrying zero or more
:class:`Problem` records, so that all of a file's problems are shown at once and no traceback reaches a user.
Texts never hold a value that belongs to a person: counts, row numbers and column names only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong, where it is, and what to do about it.

    ``file`` is a name relative to the study or inbox; ``line`` counts from 1 as an editor or Excel shows it;
    ``found`` is already masked where it could belong to a person.
    """

    file: str
    line: int | None = None
    column: str | None = None
    found: str = ""
    rule: str = ""
    expected: str = ""
    next_step: str = ""

    def __str__(self) -> str:
        """``file, line N, column "NAME": what is wrong (rule)`` and the remedy."""
        place = self.file
        if self.line is not None:
            place += f", line {self.line}"
        if self.column:
            place += f', column "{self.column}"'
        text = f"{place}: {self.found}" if place else self.found
        if self.rule:
            text += f" ({self.rule})"
        if self.expected:
            text += f". Expected: {self.expected}"
        if self.next_step:
            text += f". Next: {self.next_step}"
        return text


@dataclass
class KomgladError(Exception):
    """Base of every refusal. ``exit_code`` is what the command line returns."""

    message: str
    problems: tuple[Problem, ...] = field(default_factory=tuple)
    exit_code: int = 2

    def __init__(self, message: str, problems: Iterable[Problem] = ()) -> None:
        self.message = message
        self.problems = tuple(problems)
        super().__init__(str(self))

    def __str__(self) -> str:
        return "\n".join([self.message, *(f"  - {p}" for p in self.problems)])


class InputError(KomgladError):
    """A file or option is wrong; the user can put it right. Exit code 2."""

    exit_code = 2


class ProtocolError(InputError):
    """The study's protocol, calendar, codebook or a mapping file is wrong. Exit code 2."""


class CannotEstimate(InputError):
    """The data cannot carry the estimate asked for; the message says why. Exit code 2.

    ``why`` is a code where the reason is one that readers are told in words of their own.
    """

    def __init__(self, message: str, problems: Iterable[Problem] = (), *, why: str = "") -> None:
        super().__init__(message, problems)
        self.why = why


class GateRefused(KomgladError):
    """A gate (validation, disclosure, legal basis) refused to let data through. Exit code 3."""

    exit_code = 3


class Busy(KomgladError):
    """Another run holds the lock. Exit code 4."""

    exit_code = 4


class EnvironmentProblem(KomgladError):
    """The machine is not ready: key, disk, permission. Exit code 5."""

    exit_code = 5
