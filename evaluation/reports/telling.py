"""From a code and its values to Danish for readers of a report: the last step, after the gate."""

from __future__ import annotations

from evaluation.words import Clauses, Code, Public, Statement, Value, render, say

PRINTED = Public(minimum=2, marker="•", step=1)
"""Counts that reach this floor are those the gate prints; one alone is still never said."""


def tell(code: Code, /, **values: Value | Clauses) -> str:
    """The sentence in Danish."""
    return render(say(code, **values), PRINTED)


def clause(code: Code, /, **values: Value | Clauses) -> Clauses:
    """A statement as a part of another sentence."""
    return Clauses((Statement(code, values),))
