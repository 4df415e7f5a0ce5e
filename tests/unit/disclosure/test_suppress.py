"""Complementary suppression against every possible pattern, tried one by one with programmes of our own."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_array

from evaluation.disclosure.suppress import Puzzle, suppress
from evaluation.errors import InputError

WIDTH = 5.0


def puzzle(counts: np.ndarray, sensitive: np.ndarray, **more: object) -> Puzzle:
    """A rows × columns table of counts with both margins; the total is fixed, margins cost ten times a cell."""
    rows, columns = counts.shape
    lines = [np.eye(counts.size)]
    lines.append(np.kron(np.eye(rows), np.ones((1, columns))))
    lines.append(np.kron(np.ones((1, rows)), np.eye(columns)))
    lines.append(np.ones((1, counts.size)))
    A = np.vstack(lines)
    value = A @ counts.ravel()
    m = len(A)
    cost = np.where(np.arange(m) < counts.size, 1.0 + value / 100, 10.0 + value / 100)
    made = Puzzle(
        A=csr_array(A), low=value, high=value, cost=cost, is_printed=np.ones(m, dtype=bool), is_fixed=np.arange(m) == m - 1,
        is_sensitive=np.concatenate([sensitive.ravel(), np.zeros(m - counts.size, dtype=bool)]),
        width=WIDTH, share=np.zeros(m), is_whole=False, cap=4 * value.max() + 50, is_examined=np.ones(m, dtype=bool),
        block=np.full(m, -1),
    )  # fmt: skip
    return replace(made, **more)


def interval(p: Puzzle, hidden: np.ndarray, form: int, *, is_whole: bool = False) -> tuple[float, float]:
    """What an attacker can say of a form, by a programme of this test's own."""
    seen, A = (p.is_printed & ~hidden) | p.is_fixed, p.A.toarray()
    ends = []
    for sign in (1, -1):
        if is_whole:
            found = milp(
                sign * A[form], constraints=LinearConstraint(A[seen], p.low[seen], p.high[seen]),
                integrality=np.ones(A.shape[1]), bounds=Bounds(0, p.cap),
            )  # fmt: skip
        else:
            found = linprog(
                sign * A[form], A_ub=np.vstack([A[seen], -A[seen]]),
                b_ub=np.concatenate([p.high[seen], -p.low[seen]]), bounds=(0, p.cap),
            )  # fmt: skip
        ends.append(float(A[form] @ found.x))
    return ends[0], ends[1]


def is_safe(p: Puzzle, hidden: np.ndarray) -> bool:
    for form in np.flatnonzero(hidden & p.is_examined):
        low, high = interval(p, hidden, int(form), is_whole=p.is_whole)
        if high - low < p.width - 1e-6 or low > (1 - p.share[form]) * high + 1e-6:
            return False
    return True


def cheapest(p: Puzzle) -> float | None:
    """The least cost over all patterns."""
    free = np.flatnonzero(p.is_printed & ~p.is_fixed & ~p.is_sensitive)
    best = None
    for chosen in itertools.product((False, True), repeat=len(free)):
        hidden = p.is_sensitive.copy()
        hidden[free[np.array(chosen, dtype=bool)]] = True
        cost = float(p.cost[hidden & ~p.is_sensitive].sum())
        if (best is None or cost < best) and is_safe(p, hidden):
            best = cost
    return best


@pytest.mark.parametrize("is_whole", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_small_tables_are_safe_and_cost_at_most_a_twentieth_more_than_the_best_pattern(
    seed: int, is_whole: bool
) -> None:
    """HiGHS may stop within five per cent of the optimum (mip_rel_gap); nothing dearer is allowed."""
    rng = np.random.default_rng(seed)
    counts = rng.poisson(rng.choice([4, 12], (2, 3))).astype(float) + 1
    p = puzzle(counts, (counts > 0) & (counts < 5), is_whole=is_whole)
    hidden, best = suppress(p), cheapest(p)
    assert (hidden is None) == (best is None)
    if hidden is not None and best is not None:
        assert hidden[p.is_sensitive].all()
        assert not hidden[p.is_fixed].any()
        assert is_safe(p, hidden)
        assert p.cost[hidden & ~p.is_sensitive].sum() <= 1.05 * best + 1e-9


def test_nothing_sensitive_hides_nothing() -> None:
    counts = np.array([[20.0, 30.0], [40.0, 50.0]])
    assert not suppress(puzzle(counts, np.zeros((2, 2), dtype=bool))).any()


def test_one_small_cell_takes_a_rectangle_of_the_cheapest() -> None:
    counts = np.array([[3.0, 20.0, 90.0], [30.0, 25.0, 80.0]])
    p = puzzle(counts, counts < 5)
    hidden = suppress(p)
    assert np.flatnonzero(hidden).tolist() == [0, 1, 3, 4]


def test_what_an_earlier_release_fixed_cannot_help_and_then_there_is_no_way() -> None:
    counts = np.array([[3.0, 20.0], [30.0, 25.0]])
    p = puzzle(counts, counts < 5)
    fixed = p.is_fixed | ~p.is_sensitive
    assert suppress(replace(p, is_fixed=fixed)) is None


def test_a_share_of_the_upper_bound_is_kept_beside_the_width() -> None:
    """Wide in persons and yet near in per cent: 1,000 of at least 990 says nearly everything."""
    counts = np.array([[3.0, 1000.0], [6.0, 4000.0]])
    p = puzzle(counts, counts < 5, width=2.0)
    plain = suppress(p)
    strict = suppress(replace(p, share=np.where(np.arange(len(p.share)) < 4, 0.5, 0.0)))
    assert is_safe(p, plain)
    for form in np.flatnonzero(strict[:4]):
        low, high = interval(p, strict, int(form))
        assert low <= 0.5 * high + 1e-6


def test_a_form_that_is_not_examined_may_be_narrow() -> None:
    counts = np.array([[3.0, 20.0], [30.0, 25.0]])
    p = puzzle(counts, counts < 5, is_examined=np.zeros(9, dtype=bool))
    assert np.flatnonzero(suppress(p)).tolist() == [0]


def test_numbers_that_contradict_each_other_are_refused_unless_it_is_one_view_of_several() -> None:
    counts = np.array([[3.0, 20.0], [30.0, 25.0]])
    p = puzzle(counts, counts < 5)
    wrong = p.low.copy()
    wrong[-1] += 40
    bad = replace(p, low=wrong, high=wrong)
    with pytest.raises(InputError, match="contradict"):
        suppress(bad)
    with pytest.raises(InputError, match="contradict"):
        suppress(p, bad)
    with_view = suppress(p, replace(bad, may_contradict=True))
    assert np.array_equal(with_view, suppress(p))


def test_protection_holds_in_every_view() -> None:
    """A cell that hides well today and is a zero with a zero's row before: the pattern must be safe in both."""
    sensitive = np.array([[True, False, False], [False, False, False]])
    now = puzzle(np.array([[3.0, 20.0, 30.0], [30.0, 25.0, 40.0]]), sensitive)
    before = puzzle(np.array([[4.0, 0.0, 30.0], [30.0, 25.0, 40.0]]), sensitive)
    alone, together = suppress(now), suppress(now, before)
    assert not is_safe(before, alone)
    assert is_safe(now, together)
    assert is_safe(before, together)


@pytest.mark.slow
def test_many_small_cells_in_a_large_table_are_safe_too() -> None:
    """Large enough for common witnesses (more than 300 atoms, more than 8 hidden)."""
    rng = np.random.default_rng(5)
    counts = rng.poisson(15, (16, 20)).astype(float)
    counts[rng.random((16, 20)) < 0.06] = 2
    p = puzzle(counts, (counts > 0) & (counts < 5))
    hidden = suppress(p)
    assert is_safe(p, hidden)
    assert hidden[: counts.size].mean() < 0.35


@pytest.mark.parametrize("seed", range(3))
def test_school_by_school_is_as_safe_and_not_dearer_than_all_at_once(seed: int) -> None:
    """Each school by itself first, shared margins afterwards: its inequalities hold for the whole, so nothing is lost."""
    rng = np.random.default_rng(seed)
    counts = rng.poisson(rng.choice([3, 25], (14, 4), p=[0.15, 0.85])).astype(float) + 1
    p = puzzle(counts, counts < 5, is_whole=True)
    own = np.concatenate([np.repeat(np.arange(14), 4), np.arange(14), np.full(5, -1)])
    plain, by_school = suppress(p), suppress(replace(p, block=own))
    assert is_safe(p, by_school)
    assert by_school[p.is_sensitive].all()
    # Each is within five per cent of the optimum.
    assert p.cost[by_school].sum() <= 1.06 * p.cost[plain].sum()
