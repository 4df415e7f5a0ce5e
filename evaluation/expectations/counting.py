"""How many rows of a table break each rule, and which are the first: asked in SQL where the table lies.

Conditions over single rows are counted in one pass over the table; a condition over rows that share columns needs a
pass of its own. A statement that cannot be carried out says nothing about the data and is told apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from evaluation.expectations.checks import Sound, Subject

ROW_NUMBERS_SHOWN = 10


@dataclass(frozen=True)
class Counted:
    """Rows in the table, how many break each rule, and the rules that could not be asked with the error's kind."""

    total: int
    broken: Mapping[str, int]
    failed: Mapping[str, str]


def count_broken(subject: Subject, rules: Mapping[str, Sound]) -> Counted:
    """Count the rows that break each rule."""
    if not rules:
        return Counted(0, {}, {})
    total = int(subject.query("SELECT COUNT(*) AS n FROM t")["n"].iloc[0])
    single = {name: rule for name, rule in rules.items() if not rule.by}
    broken: dict[str, int] = {}
    failed: dict[str, str] = {}
    try:
        broken |= _single(subject, single) if single else {}
    except Exception:  # one of them cannot be asked: ask each alone to find it
        for name, rule in single.items():
            try:
                broken |= _single(subject, {name: rule})
            except Exception as error:
                failed[name] = type(error).__name__
    for name, rule in rules.items():
        if rule.by:
            try:
                found = subject.query(
                    f"SELECT CAST(COALESCE(SUM(n), 0) AS BIGINT) AS n FROM ({_groups(rule)}) AS g"
                )
                broken[name] = int(found["n"].iloc[0])
            except Exception as error:
                failed[name] = type(error).__name__
    return Counted(total, broken, failed)


def first_rows(subject: Subject, rule: Sound, *, from_source: bool) -> tuple[int, ...]:
    """The first rows that break a rule: their lines in the source file, or their places in the table from 1."""
    number = "t.source_row" if from_source else "t._row + 1"
    if rule.by:
        same = " AND ".join(f'g."{c}" IS NOT DISTINCT FROM t."{c}"' for c in rule.by)
        chosen = f"SELECT {number} AS number, t._row FROM t JOIN ({_groups(rule)}) AS g ON {same}"
    else:
        judged = f"SELECT {number} AS number, t._row, {_is_broken(rule)} AS is_broken FROM t"
        chosen = f"SELECT number, _row FROM ({judged}) AS judged WHERE is_broken"
    found = subject.query(f"SELECT number FROM ({chosen}) AS c ORDER BY _row LIMIT {ROW_NUMBERS_SHOWN}")
    return tuple(int(n) for n in found["number"].dropna())


def _single(subject: Subject, rules: Mapping[str, Sound]) -> dict[str, int]:
    judged = ", ".join(f"{_is_broken(rule)} AS r{i}" for i, rule in enumerate(rules.values()))
    sums = ", ".join(f"COUNT(*) FILTER (WHERE r{i}) AS r{i}" for i in range(len(rules)))
    row = subject.query(f"SELECT {sums} FROM (SELECT {judged} FROM t) AS judged").iloc[0]
    return {name: int(row[f"r{i}"]) for i, name in enumerate(rules)}


def _is_broken(rule: Sound) -> str:
    return f"NOT COALESCE({rule.condition}, FALSE)"


def _groups(rule: Sound) -> str:
    by = ", ".join(f'"{c}"' for c in rule.by)
    return f"SELECT {by}, COUNT(*) AS n FROM t GROUP BY {by} HAVING {_is_broken(rule)}"
