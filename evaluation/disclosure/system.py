"""Published numbers as linear statements about the smallest groups ("atoms").

What belongs here: which atoms a number is the sum of. An atom is one combination of leaves of every additive
dimension of a population, so a margin, a band and a cell of another exhibit are all sums of the same atoms,
and linked tables need no further equations. Atoms that no number tells apart are merged, which is exact.
Solving stands in ``suppress`` (the defence) and ``attack`` (the attacker).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from evaluation.disclosure.exhibits import Cell, Dimension, Exhibit, Key, Quantity
from evaluation.disclosure.release import Space
from evaluation.errors import InputError, Problem

BoolArray = npt.NDArray[np.bool_]
Members = tuple[tuple[str, frozenset[str]], ...]
MAX_ENTRIES = 50_000_000
"""Numbers × atoms of one component: some 400 MB while it is solved."""


@dataclass(frozen=True, slots=True, order=True)
class Component:
    """Numbers that can be added to each other: one population and quantity in one context."""

    universe: str
    quantity: Quantity
    context: Cell


def component_of(key: Key, space: Space) -> Component:
    """The component a number belongs to: dimensions without a total (year, period) are its context."""
    context = {d.name for d in space.dimensions if d.total is None}
    return Component(key.universe, key.quantity, tuple(p for p in key.cell if p[0] in context))


def members_of(key: Key, space: Space) -> Members:
    """The leaves a number covers in every additive dimension its own release knows."""
    chosen = dict(key.cell)
    out = []
    for d in sorted(space.dimensions, key=lambda d: d.name):
        if d.total is None or (key.quantity == "pupils" and not d.divides_pupils):
            continue
        out.append((d.name, d.leaves_of(chosen.get(d.name, d.total))))
    return tuple(out)


def pupils_key(key: Key, space: Space) -> Key:
    """The number of pupils behind a number of days (of pupils: itself)."""
    divides = {d.name for d in space.dimensions if d.divides_pupils or d.total is None}
    return Key(key.universe, "pupils", tuple(p for p in key.cell if p[0] in divides))


def merge_spaces(spaces: Iterable[Space]) -> dict[str, Space]:
    """One space per population: the union of dimensions, leaves, bands and structural zeros."""
    merged: dict[str, Space] = {}
    for space in spaces:
        old = merged.get(space.universe)
        if old is None:
            merged[space.universe] = space
            continue
        dimensions = {d.name: d for d in old.dimensions}
        for d in space.dimensions:
            have = dimensions.get(d.name)
            if have is None:
                dimensions[d.name] = d
            elif have != d:
                leaves = tuple(dict.fromkeys((*have.leaves, *d.leaves)))
                bands = tuple(dict((*have.bands, *d.bands)).items())
                dimensions[d.name] = Dimension(d.name, leaves, d.total, bands, d.role)
        merged[space.universe] = Space(
            space.universe,
            tuple(dimensions.values()),
            tuple(sorted({*old.zeros, *space.zeros})),
            max(old.minimum, space.minimum),
            old.is_whole and space.is_whole,
        )
    return merged


def merge_releases(releases: Iterable[Iterable[Space]]) -> dict[str, Space]:
    """One space per population over several releases, oldest first.

    A cell that could not exist in one round may exist in another: a structural zero holds for all of them only where
    every release that knows its categories says so. What one round alone says stands among its numbers.
    """
    own = [merge_spaces(spaces) for spaces in releases]
    merged = merge_spaces(s for spaces in own for s in spaces.values())
    for universe, space in merged.items():
        mine = [spaces[universe] for spaces in own if universe in spaces]
        known = [{d.name: frozenset(d.leaves) for d in s.dimensions} for s in mine]
        zeros = tuple(
            z
            for z in space.zeros
            if all(
                z in s.zeros or not all(leaf in leaves.get(name, ()) for name, leaf in z)
                for s, leaves in zip(mine, known, strict=True)
            )
        )
        merged[universe] = replace(space, zeros=zeros)
    return merged


def incidence(component: Component, space: Space, forms: Sequence[Members]) -> BoolArray:
    """Which merged atoms each form adds up. Shape (len(forms), atoms), structural zeros left out.

    Raises InputError above ``MAX_ENTRIES`` forms × atoms.
    """
    context = dict(component.context)
    zeros: list[Mapping[str, str]] = []
    for zero in space.zeros:
        if all(context.get(name, leaf) == leaf for name, leaf in zero):
            zeros.append({name: leaf for name, leaf in zero if name not in context})
    usable = {d.name: d for d in space.dimensions if d.total is not None}
    if component.quantity == "pupils":
        usable = {name: d for name, d in usable.items() if d.divides_pupils}
    zeros = [z for z in zeros if set(z) <= set(usable)]
    patterns: list[BoolArray] = []
    for name, d in sorted(usable.items()):
        rows = [[leaf in dict(form).get(name, d.leaves) for leaf in d.leaves] for form in forms]
        rows += [[z.get(name, leaf) == leaf for leaf in d.leaves] for z in zeros]
        if not all(all(row) for row in rows):
            patterns.append(np.unique(np.array(rows, dtype=bool), axis=1))
    size = int(np.prod([p.shape[1] for p in patterns], dtype=float))
    if size * len(forms) > MAX_ENTRIES:
        raise InputError(
            f'The exhibits of "{component.universe}" are more than can be attacked together.',
            [
                Problem(
                    "",
                    found=f"{len(forms)} numbers over {size} smallest groups",
                    expected=f"at most {MAX_ENTRIES} in product",
                    next_step="make year and period a context (total=None), or publish fewer dimensions",
                )
            ],
        )
    total = np.ones((len(forms) + len(zeros), 1), dtype=bool)
    for p in patterns:
        total = (total[:, :, None] & p[:, None, :]).reshape(total.shape[0], -1)
    keep = ~total[len(forms) :].any(axis=0)
    matrix = total[: len(forms), keep]
    matrix = matrix[:, matrix.any(axis=0)]
    return np.unique(matrix, axis=1) if matrix.shape[1] else matrix


def zero_cells(exhibit: Exhibit) -> tuple[Cell, ...]:
    """An exhibit's structural zeros as cells. Those of a table that shows nothing hold for its own part only."""
    names = [d.name for d in exhibit.dimensions]
    part: list[Cell] = [()]
    if exhibit.is_guard:
        choices = ([(d.name, leaf) for leaf in sorted(d.leaves_of(c))] for d, c in exhibit.of)
        part = [tuple(chosen) for chosen in itertools.product(*choices)]
    zeros = (tuple(zip(names, z, strict=True)) for z in exhibit.structural_zeros)
    return tuple(sorted(z + p for z in zeros for p in part))
