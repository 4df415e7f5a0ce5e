"""From exhibits to drafts: each number as it would be printed, with what its rounding tells.

What belongs here: rounding, Danish text and the interval that a printed number gives for the quantity behind
it. Nothing here decides what is hidden.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from evaluation.disclosure.exhibits import Cell, Exhibit, Key, Quantity, quantity_of
from evaluation.disclosure.lattice import LatticeCell, lattice
from evaluation.disclosure.release import PublishedCell, Space
from evaluation.disclosure.rules import STRUCTURAL_ZERO_TEXT, DisclosureRules
from evaluation.disclosure.system import zero_cells
from evaluation.errors import InputError, Problem
from evaluation.words import danish

EPSILON = 1e-9
Shown = Callable[[Exhibit, Cell], Mapping[str, tuple[str, ...]] | None]
"""What of each dimension an exhibit shows in a context (a year, a week); None where it shows nothing."""


@dataclass(frozen=True)
class Draft:
    """A number ready to print, with the truth behind it. ``is_known``: readers have it from elsewhere."""

    cell: PublishedCell
    truth: LatticeCell
    context: Cell
    is_known: bool = False


@dataclass(frozen=True)
class Drafts:
    """Everything one set of exhibits would print, and every cell of its lattices."""

    numbers: tuple[Draft, ...]
    truths: Mapping[Key, LatticeCell]
    spaces: tuple[Space, ...]


def draft(
    exhibits: Iterable[Exhibit],
    rules: DisclosureRules,
    shown: Shown,
    release: str,
) -> Drafts:
    """Print every exhibit as if nothing were hidden. ``shown``: what to show of each dimension in a context.

    Raises InputError where two exhibits of one population give one cell different values.
    """
    numbers: list[Draft] = []
    truths: dict[Key, LatticeCell] = {}
    spaces: list[Space] = []
    clashes: list[Problem] = []
    for exhibit in exhibits:
        minimum = rules.minimum_pupils if exhibit.minimum is None else exhibit.minimum
        zeros = zero_cells(exhibit)
        spaces.append(
            Space(exhibit.universe, exhibit.all_dimensions, zeros, minimum, not exhibit.is_aggregate)
        )
        cells = lattice(exhibit, rules)
        for truth in cells.values():
            known = truths.setdefault(truth.key, truth)
            if not math.isclose(known.value, truth.value, rel_tol=1e-9, abs_tol=1e-6):
                clashes.append(
                    Problem(
                        "",
                        column=exhibit.id,
                        found=f"another value than an earlier exhibit in {truth.key.text}",
                        expected="one value per cell and universe",
                        next_step="name another universe",
                    )
                )
            else:
                truths[truth.key] = replace(
                    known,
                    is_small=known.is_small or truth.is_small,
                    is_dominated=known.is_dominated and truth.is_dominated,
                )
        numbers.extend(_print_exhibit(exhibit, cells, minimum, shown, release))
    if clashes:
        raise InputError("Exhibits of one population disagree.", clashes[:20])
    return Drafts(tuple(numbers), truths, tuple(spaces))


def _print_exhibit(
    exhibit: Exhibit,
    cells: Mapping[tuple[Quantity, Cell], LatticeCell],
    minimum: int,
    shown: Shown,
    release: str,
) -> Iterable[Draft]:
    choices = [[(d.name, c) for c in exhibit.most_shown(d)] for d in exhibit.dimensions]
    for cell in itertools.product(*choices):
        form = shown(exhibit, exhibit.context_of(cell))
        if (
            form is None
            or cell in exhibit.unprinted
            or any(c not in form.get(name, (c,)) for name, c in cell)
        ):
            continue
        is_whole_group = all(
            category == exhibit.dimension(name).total
            for name, category in cell
            if exhibit.dimension(name).role == "attribute"
        )
        for measure in exhibit.measures:
            if measure == "share" and is_whole_group:
                continue
            if measure == "pupils" and "share" in exhibit.measures and not is_whole_group:
                continue
            truth = cells[quantity_of(measure), cell]
            printed = _print_number(exhibit, truth, measure, minimum, release)
            yield Draft(printed, truth, exhibit.context_of(cell), cell in exhibit.known)


def _print_number(
    exhibit: Exhibit, truth: LatticeCell, measure: str, minimum: int, release: str
) -> PublishedCell:
    decimals = exhibit.decimals_of(measure)
    half = 0.5 * 10.0**-decimals
    is_whole = quantity_of(measure) == "pupils" and not exhibit.is_aggregate
    scale = truth.possible / 100 if measure in ("share", "pct") else 1.0
    number = truth.value / scale if scale > 0 else 0.0
    value = danish.rounded(number, decimals)
    low, high = max(0.0, (value - half) * scale), (value + half) * scale
    if is_whole:
        low, high = float(math.ceil(low - EPSILON)), float(math.floor(high + EPSILON))
        if measure == "pupils" and decimals == 0:
            low = high = truth.value
    if quantity_of(measure) == "pupils" and truth.value >= minimum:
        # A reader who knows the rules knows that a printed count is not below the limit.
        low = max(low, float(minimum))
    if truth.is_structural_zero:
        value = low = high = 0.0
    text = STRUCTURAL_ZERO_TEXT if truth.is_structural_zero else danish.number(value, decimals)
    return PublishedCell(
        exhibit.id, truth.cell, measure, truth.key, value, text, False, decimals, low, high, release
    )
