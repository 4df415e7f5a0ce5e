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
from scipy.sparse import csr_array

from evaluation.disclosure.exhibits import Cell, Dimension, Exhibit, Key, Quantity
from evaluation.disclosure.release import Space
from evaluation.errors import InputError, Problem

IntArray = npt.NDArray[np.int64]
Members = tuple[tuple[str, frozenset[str]], ...]
MAX_ENTRIES = 10_000_000
"""Atoms added up over all numbers of one component: some 400 MB while it is solved."""
MAX_PROGRAMMES = 10_000_000
"""Hidden numbers that no common table proves safe, times atoms: each takes programmes of its own, together some minutes."""


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


def incidence(component: Component, space: Space, forms: Sequence[Members]) -> csr_array:
    """Which merged atoms each form adds up, as 0 and 1. Shape (len(forms), atoms), structural zeros left out.

    Raises InputError above ``MAX_ENTRIES`` ones.
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
    sums = [dict(form) for form in forms] + [{n: frozenset([leaf]) for n, leaf in z.items()} for z in zeros]
    parts: list[list[IntArray]] = []
    shape: list[int] = []
    for name, d in sorted(usable.items()):
        every = frozenset(d.leaves)
        chosen = [s.get(name, every) for s in sums]
        distinct = list(dict.fromkeys(chosen))
        if distinct == [every]:
            continue
        bits = np.unique(np.array([[leaf in s for leaf in d.leaves] for s in distinct], dtype=bool), axis=1)
        at = {s: np.flatnonzero(row) for s, row in zip(distinct, bits, strict=True)}
        parts.append([at[s] for s in chosen])
        shape.append(bits.shape[1])
    sizes = (
        np.prod([[len(p) for p in part] for part in parts], axis=0, dtype=float)
        if parts
        else np.ones(len(sums))
    )
    if float(np.sum(sizes)) > MAX_ENTRIES:
        raise _too_much(
            f"{len(forms)} numbers over {int(np.prod(shape, dtype=float))} smallest groups",
            f"at most {MAX_ENTRIES} parts of sums",
        )
    atoms = [
        np.ravel_multi_index(np.ix_(*at), shape).ravel() if shape else np.zeros(1, dtype=np.int64)
        for at in (zip(*parts, strict=True) if parts else ((),) * len(sums))
    ]
    nobody = np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *atoms[len(forms) :]]))
    return _merged([np.setdiff1d(of, nobody, assume_unique=True) for of in atoms[: len(forms)]])


def refuse_endless(unproven: int, atoms: int) -> None:
    """Raise InputError where a programme for each of the ``unproven`` numbers over ``atoms`` groups would take hours."""
    if unproven * atoms > MAX_PROGRAMMES:
        raise _too_much(
            f"{unproven} hidden numbers over {atoms} smallest groups",
            f"at most {MAX_PROGRAMMES} numbers times groups that no common table proves safe",
        )


def _too_much(found: str, expected: str) -> InputError:
    next_step = "make year and period a context (total=None), or publish fewer dimensions"
    problem = Problem("", found=found, expected=expected, next_step=next_step)
    return InputError("The exhibits are more than can be attacked together.", [problem])


def _merged(atoms: Sequence[IntArray]) -> csr_array:
    """Forms by the atoms they add up, with atoms that no form tells apart as one."""
    count = np.array([len(a) for a in atoms], dtype=np.int64)
    named, column = np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *atoms]), return_inverse=True)
    row = np.repeat(np.arange(len(atoms)), count)
    order = np.lexsort((row, column))
    by_atom = np.split(row[order], np.flatnonzero(np.diff(column[order])) + 1) if len(named) else []
    first: dict[bytes, int] = {}
    kept = [first.setdefault(rows.tobytes(), len(first)) for rows in by_atom]
    merged = np.array(kept, dtype=np.int64)[column] if kept else column
    pairs = np.unique(np.stack([row, merged]), axis=1) if len(row) else np.zeros((2, 0), dtype=np.int64)
    return csr_array((np.ones(pairs.shape[1]), (pairs[0], pairs[1])), shape=(len(atoms), len(first)))


def zero_cells(exhibit: Exhibit) -> tuple[Cell, ...]:
    """An exhibit's structural zeros as cells. Those of a table that shows nothing hold for its own part only."""
    names = [d.name for d in exhibit.dimensions]
    part: list[Cell] = [()]
    if exhibit.is_guard:
        choices = ([(d.name, leaf) for leaf in sorted(d.leaves_of(c))] for d, c in exhibit.of)
        part = [tuple(chosen) for chosen in itertools.product(*choices)]
    zeros = (tuple(zip(names, z, strict=True)) for z in exhibit.structural_zeros)
    return tuple(sorted(z + p for z in zeros for p in part))
