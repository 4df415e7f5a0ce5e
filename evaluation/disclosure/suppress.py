"""Complementary suppression: which further cells to hide so that no sensitive one can be worked out.

What belongs here: the optimisation over one component, by Benders decomposition as in Fischetti & Salazar
(2001, "Solving the cell suppression problem on tabular data with linear constraints", Management Science 47),
with the *sliding* protection level: only the width of the attacker's interval counts. The master is a
covering problem in binaries (HiGHS); each attacker's linear programme that is too narrow gives, by duality,
one inequality over the cells that could widen it. No clock: limits are counts, so results repeat exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from evaluation.disclosure.bounds import Polytope
from evaluation.disclosure.system import refuse_endless
from evaluation.errors import InputError

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]
TOLERANCE = 1e-6
MAX_EXACT_ROUNDS = 30
"""Rounds of the exact master; after them the cheapest cell of each open inequality is hidden at once."""
MAX_BLOCK_ROUNDS = 12
MANY, MANY_ATOMS = 8, 300
"""From so many hidden forms over so many atoms, common witnesses are sought before each form's own programme."""


@dataclass(frozen=True)
class Puzzle:
    """One component as arrays over *forms* (numbers printed, hideable or guarded), length m; A is (m, k) atoms.

    ``low``/``high``: what printing tells. ``cost``: what a reader loses by hiding. ``is_printed``: printed
    unless hidden (guarded remainders are not). ``is_fixed``: known for good, from an earlier release or elsewhere.
    ``is_sensitive``: hidden from the start. Every hidden form is to be kept ``width`` wide, and at least
    ``share`` of its upper bound. ``cap``: a bound on every atom that no reader doubts. ``is_examined``: the
    forms this puzzle is about. ``block``: the part (a school) a form lies in, −1 for margins that parts share.
    ``may_contradict``: it is one view of several, and where the visible numbers
    contradict it, the attacker drops it.
    """

    A: csr_array
    low: FloatArray
    high: FloatArray
    cost: FloatArray
    is_printed: BoolArray
    is_fixed: BoolArray
    is_sensitive: BoolArray
    width: float
    share: FloatArray
    is_whole: bool
    cap: float
    is_examined: BoolArray
    block: IntArray
    may_contradict: bool = False

    @cached_property
    def reach(self) -> FloatArray:
        """The most each form can be, shape (m,)."""
        return np.asarray(self.cap * self.A.sum(axis=1))


@dataclass(frozen=True)
class Cut:
    """Σ ``coefficient``·s ≥ ``need``, over the forms; only while ``when`` (a form) is hidden, if it is set."""

    coefficient: FloatArray
    need: float
    when: int | None


def suppress(*views: Puzzle) -> BoolArray | None:
    """The cheapest set of hidden forms, shape (m,), that protects every hidden form; None where none does.

    ``views``: the same forms as the attacker may understand them (data unchanged since the last release, or
    changed); protection holds in each. Sensitive forms are always among the hidden. Raises InputError when
    the numbers contradict each other.
    """
    puzzle = views[0]
    hidden = puzzle.is_sensitive.copy()
    free = puzzle.is_printed & ~puzzle.is_fixed & ~puzzle.is_sensitive
    witnesses = [(Witnesses(v), Witnesses(v)) for v in views]
    cuts = _cuts_by_block(views, free)
    if cuts and (warm := _master(puzzle, free, cuts)) is not None:
        hidden = warm
    exact_rounds = 0
    while True:
        fresh: list[Cut] = []
        for view, pair in zip(views, witnesses, strict=True):
            try:
                fresh.extend(_open_cuts(view, hidden, free, *pair))
            except InputError:
                if not view.may_contradict:
                    raise
        if not fresh:
            return hidden
        if any(_is_hopeless(cut, free) for cut in fresh):
            return None
        cuts.extend(fresh)
        exact_rounds += 1
        if exact_rounds <= MAX_EXACT_ROUNDS:
            solved = _master(puzzle, free, cuts)
            if solved is None:
                return None
            hidden = solved
        else:
            widened = _greedy(puzzle, free, hidden, fresh)
            if bool((widened == hidden).all()):
                return None
            hidden = widened


class Witnesses:
    """Tables the attacker cannot rule out, kept over rounds: two of them may prove a form wide enough at once."""

    def __init__(self, puzzle: Puzzle) -> None:
        self.puzzle = puzzle
        self.values = np.empty((0, puzzle.A.shape[0]))

    def add(self, atoms: FloatArray) -> None:
        """Remember one table by what it gives for every form."""
        self.values = np.vstack([self.values, self.puzzle.A @ atoms])

    def range(self, visible: BoolArray) -> tuple[FloatArray, FloatArray]:
        """Smallest and largest value of each form over the tables that agree with what is visible."""
        shown = self.values[:, visible]
        low, high = self.puzzle.low[visible] - TOLERANCE, self.puzzle.high[visible] + TOLERANCE
        agree = self.values[((shown >= low) & (shown <= high)).all(axis=1)]
        if not len(agree):
            nothing = np.full(self.values.shape[1], np.nan)
            return nothing, nothing
        return agree.min(axis=0), agree.max(axis=0)


def _open_cuts(
    puzzle: Puzzle, hidden: BoolArray, free: BoolArray, witnesses: Witnesses, whole_witnesses: Witnesses
) -> list[Cut]:
    """One inequality per hidden form whose interval is too narrow; first linear, then whole numbers."""
    visible = (puzzle.is_printed & ~hidden) | puzzle.is_fixed
    polytope = Polytope(puzzle.A[visible], puzzle.low[visible], puzzle.high[visible], puzzle.cap)
    rows = np.flatnonzero(visible)
    targets: list[int] = np.flatnonzero(hidden & puzzle.is_examined).tolist()
    cuts: list[Cut] = []
    least, most = (whole_witnesses if puzzle.is_whole else witnesses).range(visible)
    unproven = [t for t in targets if not _is_wide(puzzle, t, least[t], most[t])]
    if len(unproven) > MANY and puzzle.A.shape[1] > MANY_ATOMS:
        sharp = polytope.drawn_in if puzzle.is_whole else polytope
        for point in sharp.far_points(puzzle.A[unproven], puzzle.cap):
            witnesses.add(point)
            if _is_integral(point):
                whole_witnesses.add(np.round(point))
        least, most = (whole_witnesses if puzzle.is_whole else witnesses).range(visible)
        unproven = [t for t in unproven if not _is_wide(puzzle, t, least[t], most[t])]
    refuse_endless(len(unproven), puzzle.A.shape[1])
    for t in targets:
        seen_low, seen_high = witnesses.range(visible)
        if _is_wide(puzzle, t, seen_low[t], seen_high[t]):
            continue
        row = puzzle.A[[t]].toarray()[0]
        ends = [polytope.linear(row, sign) for sign in (1, -1)]
        for end in ends:
            witnesses.add(end.atoms)
            if _is_integral(end.atoms):
                whole_witnesses.add(np.round(end.atoms))
        high, low = ends[0].value, ends[1].value
        prices = [(e.upper_price, e.lower_price) for e in ends]
        cuts += _cuts_of(puzzle, int(t), low, high, rows, prices, free)
    if cuts or not puzzle.is_whole:
        return cuts
    for t in targets:
        seen_low, seen_high = whole_witnesses.range(visible)
        if _is_wide(puzzle, t, seen_low[t], seen_high[t]):
            continue
        row = puzzle.A[[t]].toarray()[0]
        low, high = polytope.whole(row, -1), polytope.whole(row, 1)
        if not _is_wide(puzzle, t, low, high):
            # Hiding less is never safer for a form that stays hidden: something further must go.
            more = (free & ~hidden).astype(float)
            return [Cut(more, 1.0, None if puzzle.is_sensitive[t] else int(t))]
    return []


def _is_integral(atoms: FloatArray) -> bool:
    return bool((np.abs(atoms - np.round(atoms)) < TOLERANCE).all())


def _cuts_of(
    puzzle: Puzzle,
    t: int,
    low: float,
    high: float,
    rows: IntArray,
    prices: list[tuple[FloatArray, FloatArray]],
    free: BoolArray,
) -> list[Cut]:
    """What ``low`` to ``high`` being too narrow asks of the visible ``rows``. ``prices``: of their upper and lower
    bounds, at the top and at the bottom."""
    reach = puzzle.reach[rows]
    gains = [
        (np.where(np.isfinite(puzzle.high[rows]), reach - puzzle.high[rows], 0.0)) * up
        + puzzle.low[rows] * down
        for up, down in prices
    ]
    when = None if puzzle.is_sensitive[t] else t
    cuts = []
    for weight, need in (
        (1.0, puzzle.width - (high - low)),
        (1.0 - puzzle.share[t], low - (1 - puzzle.share[t]) * high),
    ):
        if need > TOLERANCE:
            coefficient = np.zeros(len(free))
            coefficient[rows] = np.minimum(weight * gains[0] + gains[1], need)
            coefficient[~free | (coefficient < TOLERANCE * need)] = 0.0
            cuts.append(Cut(coefficient / need, 1.0, when))
    return cuts


def _is_hopeless(cut: Cut, free: BoolArray) -> bool:
    return not bool((cut.coefficient[free] > 0).any()) and (cut.when is None or not free[cut.when])


def _cuts_by_block(views: Sequence[Puzzle], free: BoolArray) -> list[Cut]:
    """Inequalities that hold whatever the shared margins say: each block is attacked with its own numbers alone.

    Blocks share no atom once the margins are left out, so one programme asks one question of every block at once. What a
    block needs by itself, it needs beside the margins too.
    """
    first = views[0]
    if not bool((first.block >= 0).any()):
        return []
    own = first.block >= 0
    hidden, cuts = first.is_sensitive.copy(), []
    for _ in range(MAX_BLOCK_ROUNDS):
        fresh: list[Cut] = []
        for view in views:
            try:
                fresh += _open_cuts_together(view, hidden, free, own)
            except InputError:
                if not view.may_contradict:
                    raise
        cuts += fresh
        if not fresh or any(_is_hopeless(cut, free) for cut in fresh):
            return cuts
        solved = _master(first, free, cuts)
        if solved is None:
            return cuts
        hidden = solved
    return cuts


def _open_cuts_together(puzzle: Puzzle, hidden: BoolArray, free: BoolArray, own: BoolArray) -> list[Cut]:
    """The inequalities of every hidden form inside a block, asked of all blocks at once."""
    visible = ((puzzle.is_printed & ~hidden) | puzzle.is_fixed) & own
    rows = np.flatnonzero(visible)
    polytope = Polytope(puzzle.A[visible], puzzle.low[visible], puzzle.high[visible], puzzle.cap)
    targets = np.flatnonzero(hidden & puzzle.is_examined & own)
    turn = np.zeros(len(targets), dtype=np.int64)
    seen: dict[int, int] = {}
    for i, t in enumerate(targets):
        turn[i] = seen[int(puzzle.block[t])] = seen.get(int(puzzle.block[t]), -1) + 1
    cuts: list[Cut] = []
    for k in range(int(turn.max(initial=-1)) + 1):
        asked = targets[turn == k]
        c = np.asarray(puzzle.A[asked].sum(axis=0)).ravel()
        ends = [polytope.linear(c, sign) for sign in (1, -1)]
        high, low = (puzzle.A[asked] @ e.atoms for e in ends)
        for i, t in enumerate(asked):
            if not _is_wide(puzzle, int(t), float(low[i]), float(high[i])):
                mine = puzzle.block[rows] == puzzle.block[t]
                prices = [(e.upper_price[mine], e.lower_price[mine]) for e in ends]
                cuts += _cuts_of(puzzle, int(t), float(low[i]), float(high[i]), rows[mine], prices, free)
    return cuts


def _is_wide(puzzle: Puzzle, t: int, low: float, high: float) -> bool:
    return high - low >= puzzle.width - TOLERANCE and (1 - puzzle.share[t]) * high >= low - TOLERANCE


def _master(puzzle: Puzzle, free: BoolArray, cuts: list[Cut]) -> BoolArray | None:
    """Cheapest cover of all inequalities so far; None where they cannot all be met."""
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array

    rows = []
    lower = []
    for cut in cuts:
        row = cut.coefficient.copy()
        if cut.when is not None:
            row[cut.when] -= cut.need
        rows.append(row)
        lower.append(0.0 if cut.when is not None else cut.need)
    fixed = puzzle.is_sensitive.astype(float)
    result = milp(
        np.where(free, puzzle.cost, 0.0),
        constraints=LinearConstraint(csr_array(np.array(rows)), np.array(lower) - 1e-9, np.inf),
        integrality=np.ones(len(free), dtype=np.int64),
        bounds=Bounds(fixed, np.where(free, 1.0, fixed)),
        options={"mip_rel_gap": 0.05, "node_limit": 200},
    )
    if result.x is None:
        return None
    return np.asarray(result.x > 0.5)


def _greedy(puzzle: Puzzle, free: BoolArray, hidden: BoolArray, cuts: list[Cut]) -> BoolArray:
    """Hide the cheapest useful cell of every open inequality: ends after at most m rounds."""
    out = hidden.copy()
    for cut in cuts:
        useful = np.flatnonzero((cut.coefficient > 0) & free & ~hidden)
        if len(useful):
            out[useful[np.argmin(puzzle.cost[useful] / cut.coefficient[useful])]] = True
    return out
