"""Sources of interviews in the files of all rounds, set beside each other by what is counted.

Anybody can: November's tables say how many told of something, June's say how many of November's did, and the caption says
which occasions a table counts. What a count is made of is :mod:`evaluation.publication.source_counts`' matter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evaluation.disclosure.exhibits import key_of, parse_cell
from evaluation.disclosure.html_numbers import MarkedNumber
from evaluation.disclosure.release import PublishedCell, Release, read_danish_number, space_from_dict
from evaluation.disclosure.rules import DisclosureRules
from evaluation.publication.source_counts import SOURCES, source_counts


def printed_sources(
    round_id: str, structure: Mapping[str, Any], named: Sequence[MarkedNumber], rules: DisclosureRules
) -> Release:
    """What a round's tables print of sources, as the public knows it: numbers, and how their tables divide."""
    spaces = {s["universe"]: space_from_dict(s) for s in structure["spaces"]}
    cells = []
    for number in named:
        entry = structure["exhibits"].get(number.exhibit)
        if number.exhibit not in SOURCES or entry is None or number.text == rules.marker:
            continue
        try:
            value = read_danish_number(number.text)
        except ValueError:
            continue
        cell = tuple(parse_cell(number.cell).items())
        space = spaces[entry["universe"]]
        key = key_of(space.universe, space.dimensions, dict(cell), "pupils")
        cells.append(
            PublishedCell(
                number.exhibit, cell, "pupils", key, value, number.text, False, 0, value, value, round_id
            )
        )
    return Release(round_id, rules, tuple(cells), tuple(spaces.values()))


def changed_by_few(rounds: Sequence[Release]) -> Iterator[tuple[str, str]]:
    """(round, exhibit) of what one round tells and a later one tells with a few more or fewer."""
    told = [source_counts(release) for release in rounds]
    for n, now in enumerate(rounds):
        for before in told[:n]:
            for what, ones in told[n].items():
                for one, was in ((a, b) for a in ones for b in before.get(what, ())):
                    low, high = one.low - was.high, one.high - was.low
                    if (low > 0 or high < 0) and max(abs(low), abs(high)) < now.rules.minimum_pupils:
                        yield now.id, one.exhibit
