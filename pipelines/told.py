"""Refusals as an analyst reads them: in Danish, where, what is wrong, what to do. Machines get the problems themselves.

Texts that libraries of the house raise in English go by the Danish words of their rule.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from evaluation.door.rule_words import FILE_WORDS, SEVERAL, WORDS, Words
from evaluation.errors import KomgladError, Problem
from evaluation.interviews.rule_words import WORDS as VOICE_WORDS
from evaluation.words import danish

EXPECTED = "{expected}"
OWN_WORDS = ("open_question", "forget_restored")
"""Rules whose problems name what their words cannot: which column, which receipt."""


def words_of(rule: str) -> Words | None:
    """The Danish words of a rule; None where its problems speak for themselves."""
    if rule in OWN_WORDS:
        return None
    if rule in VOICE_WORDS:
        return Words(*VOICE_WORDS[rule])
    return FILE_WORDS.get(rule) or WORDS.get(rule)


def danish_words(rule: str, found: str, next_step: str, expected: str = "") -> Words:
    """The Danish words of a rule, with what may stand there in their place; else what the problem itself says."""
    words = words_of(rule) or Words(found, next_step)
    return replace(words, do=words.do.replace(EXPECTED, expected)) if EXPECTED in words.do else words


def place_of(line: int | None, columns: Iterable[str | None]) -> str:
    """Line and columns in brackets; nothing where neither is known."""
    named = danish.join(dict.fromkeys(c for c in columns if c))
    parts = [f"kolonnen {named}" if named else "", f"linje {line}" if line else ""]
    return f" ({', '.join(p for p in parts if p)})" if any(parts) else ""


def told(error: KomgladError) -> str:
    """The refusal. Its own sentence stands above problems that speak for themselves."""
    problems = [_told(p) for p in dict.fromkeys(error.problems)]
    if not problems or any(words_of(p.rule) is None for p in error.problems):
        return "\n".join([error.message, *(f"  - {p}" for p in problems)])
    if len(problems) == 1:
        return problems[0]
    return "\n".join([SEVERAL.format(n=len(problems)), *(f"  - {p}" for p in problems)])


def _told(p: Problem) -> str:
    own = words_of(p.rule)
    words = danish_words(p.rule, p.found, p.next_step, p.expected)
    text = f"{p.file}: {words.found}" if p.file else words.found
    text += place_of(p.line, [p.column])
    if p.expected and own is None:
        text += f"; ventet: {p.expected}"
    return f"{text} → {words.do}" if words.do else text
