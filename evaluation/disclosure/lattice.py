"""From an exhibit's frame to every cell it could print, and the primary rules on each of them.

What belongs here: adding leaves to margins, and deciding which cells are sensitive in themselves. Which
further cells must be hidden so that these cannot be worked out stands in ``suppress``.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evaluation.disclosure.exhibits import Cell, Exhibit, Key, Quantity, quantity_of
from evaluation.disclosure.rules import DisclosureRules

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LatticeCell:
    """One cell of an exhibit with its true numbers; never leaves the protection.

    ``contributors``: pupils in the cell. ``value``: the additive quantity (pupils or days absent).
    ``possible``: the denominator (the group's pupils, or days possible). ``is_small``: hidden whatever its days are
    made of. ``is_dominated``: one pupil may have too many of its days; where a sum over splits only bounds the
    largest contributor, another exhibit over the same cell may know better.
    """

    key: Key
    cell: Cell
    value: float
    contributors: float
    possible: float
    is_small: bool
    is_dominated: bool
    is_structural_zero: bool

    @property
    def is_sensitive(self) -> bool:
        """Whether the primary rules hide it."""
        return self.is_small or self.is_dominated


def lattice(exhibit: Exhibit, rules: DisclosureRules) -> dict[tuple[Quantity, Cell], LatticeCell]:
    """Every cell (leaves, bands, totals, crossed) of each quantity the exhibit publishes.

    Cells name every dimension. Pupils are added over groups and attributes and stand unchanged over the
    splits of days and over time; the largest contributor of a sum is the largest over groups (pupils differ) and at most
    the sum over splits (the same pupil may be the largest of each).
    """
    shape = tuple(len(d.leaves) for d in exhibit.dimensions)
    index = [{leaf: i for i, leaf in enumerate(d.leaves)} for d in exhibit.dimensions]
    names = [d.name for d in exhibit.dimensions]
    wanted = [c for c in ("pupils", "days_absent", "days_possible", "max_days") if c in exhibit.frame.columns]
    leaves = {c: np.zeros(shape) for c in wanted}
    for row in exhibit.frame[[*names, *wanted]].itertuples(index=False):
        at = tuple(index[k][row[k]] for k in range(len(names)))
        for k, column in enumerate(wanted):
            leaves[column][at] = float(row[len(names) + k])
    is_zero = np.zeros(shape, dtype=bool)
    for combination in exhibit.structural_zeros:
        is_zero[tuple(index[k][leaf] for k, leaf in enumerate(combination))] = True

    split = tuple(k for k, d in enumerate(exhibit.dimensions) if not d.divides_pupils)
    types = [k for k, d in enumerate(exhibit.dimensions) if d.role == "split"]
    attribute = tuple(k for k, d in enumerate(exhibit.dimensions) if d.role == "attribute")
    sums: dict[str, FloatArray] = {
        "pupils": _fold(exhibit, leaves["pupils"], dict.fromkeys(split, "max")),
        "zero": _fold(exhibit, is_zero.astype(float), dict.fromkeys(range(len(names)), "min")),
    }
    group_pupils = np.broadcast_to(
        leaves["pupils"].sum(axis=attribute, keepdims=True) if attribute else leaves["pupils"], shape
    )
    sums["group"] = _fold(exhibit, group_pupils, dict.fromkeys((*split, *attribute), "max"))
    for column in ("days_absent", "days_possible"):
        if column in leaves:
            how = dict.fromkeys(types, "max") if column == "days_possible" else {}
            sums[column] = _fold(exhibit, leaves[column], how)
    if "max_days" in leaves:
        group = [k for k in range(len(names)) if k not in split]
        sums["max_days"] = _fold(exhibit, leaves["max_days"], dict.fromkeys(group, "max"))

    found: dict[tuple[Quantity, Cell], LatticeCell] = {}
    quantities = {quantity_of(m) for m in exhibit.measures}
    for at in itertools.product(*(range(len(d.categories)) for d in exhibit.dimensions)):
        cell = tuple((d.name, d.categories[i]) for d, i in zip(exhibit.dimensions, at, strict=True))
        here = {name: float(array[at]) for name, array in sums.items()}
        for quantity in sorted(quantities):
            found[quantity, cell] = _judge(exhibit, rules, quantity, cell, here)
    return found


def _judge(
    exhibit: Exhibit, rules: DisclosureRules, quantity: Quantity, cell: Cell, here: Mapping[str, float]
) -> LatticeCell:
    """Apply the primary rules to one cell: minimum, 0 % and 100 %, dominance."""
    minimum = rules.minimum_pupils if exhibit.minimum is None else exhibit.minimum
    pupils = here["pupils"]
    is_zero = here["zero"] == 1.0
    # 100 % of a group needs no rule of its own: it is 0 % of the rest, which is a cell of the lattice.
    is_small = (0 < pupils < minimum) or (pupils == 0 and rules.hide_zero and minimum > 0)
    is_dominated = False
    if quantity == "days":
        days = here["days_absent"]
        possible = here.get("days_possible", 0.0)
        if days == 0 or (possible > 0 and days >= possible):
            is_small = is_small or (rules.hide_zero and minimum > 0)
        if "max_days" in here and days > 0 and here["max_days"] > rules.dominance_share * days:
            is_dominated = minimum > 0
    is_small = is_small or cell in exhibit.sensitive
    value = pupils if quantity == "pupils" else here["days_absent"]
    possible = here["group"] if quantity == "pupils" else here.get("days_possible", 0.0)
    return LatticeCell(
        key=exhibit.key(dict(cell), "pupils" if quantity == "pupils" else "days"),
        cell=cell,
        value=value,
        contributors=pupils,
        possible=possible,
        is_small=is_small and not is_zero,
        is_dominated=is_dominated and not is_zero,
        is_structural_zero=is_zero,
    )


def _fold(exhibit: Exhibit, array: FloatArray, how: Mapping[int, str]) -> FloatArray:
    """Replace each axis of leaves by one of categories: summed, or the maximum or minimum where ``how`` says."""
    out = array
    # Maxima and minima first: a pupil is counted once over the splits before groups are added.
    order = sorted(range(array.ndim), key=lambda k: (k not in how, k))
    for axis in order:
        d = exhibit.dimensions[axis]
        parts = []
        for category in d.categories:
            members = d.leaves_of(category)
            picked = np.compress([leaf in members for leaf in d.leaves], out, axis=axis)
            reduce = {"max": np.max, "min": np.min}.get(how.get(axis, ""), np.sum)
            parts.append(reduce(picked, axis=axis))
        out = np.stack(parts, axis=axis)
    return out
