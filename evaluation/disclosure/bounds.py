"""The smallest and largest value of a hidden sum, given what is printed: linear and integer programmes.

What belongs here: the solver's side (HiGHS through scipy) and nothing about tables. Linear bounds contain
the integer ones, so a linear interval that is too narrow is proof of a leak; one that is wide enough is
proof of safety only where its end points are reached by whole numbers, else the integer programme decides.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array, vstack

from evaluation.errors import InputError

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
NODES = 200
"""Branches of one programme over whole pupils; shares of large groups may need more than anybody waits for."""
WHOLE = 1e-6
FAR_ROUNDS = 6


@dataclass(frozen=True)
class Extreme:
    """An end point: ``value``, the atoms that reach it (k,), and the dual price of each printed bound (m,)."""

    value: float
    atoms: FloatArray
    upper_price: FloatArray
    lower_price: FloatArray


@dataclass(frozen=True)
class _Programme:
    """What a linear programme asks of its atoms; two with the same numbers are the same."""

    digest: bytes
    rows: tuple[Any, FloatArray, Any, FloatArray] = field(compare=False)
    cap: float | None = field(compare=False)


@lru_cache(maxsize=4096)
def _least(programme: _Programme, objective: bytes) -> Any:
    """The smallest value of an objective. Protection, its drafts and the attack ask the same of the same tables."""
    from scipy.optimize import linprog

    A_ub, b_ub, A_eq, b_eq = programme.rows
    c = np.frombuffer(objective, dtype=np.float64)
    found = linprog(c, A_ub=A_ub, b_ub=b_ub, A_eq=A_eq, b_eq=b_eq, bounds=(0, programme.cap), method="highs")
    if found.x is not None:
        found.x.flags.writeable = False
    return found


@dataclass(frozen=True)
class Polytope:
    """All atoms x with 0 ≤ x ≤ ``cap`` and ``low`` ≤ A x ≤ ``high``. A has shape (m, k)."""

    A: csr_array
    low: FloatArray
    high: FloatArray
    cap: float | None

    @cached_property
    def _kinds(self) -> tuple[BoolArray, BoolArray, BoolArray]:
        """Rows that are equations, rows with an upper bound, rows with a lower bound."""
        equal = np.asarray(self.low == self.high)
        return equal, np.asarray(~equal & np.isfinite(self.high)), np.asarray(~equal & np.isfinite(self.low))

    @cached_property
    def _linear_rows(self) -> tuple[Any, FloatArray, Any, FloatArray]:
        equal, above, below = self._kinds
        return (
            csr_array(vstack([self.A[above], -self.A[below]])),
            np.concatenate([self.high[above], -self.low[below]]),
            self.A[equal],
            self.high[equal],
        )

    @cached_property
    def _programme(self) -> _Programme:
        A_ub, b_ub, A_eq, b_eq = rows = self._linear_rows
        numbers = [x for A in (A_ub, A_eq) for x in (A.indptr, A.indices, A.data)]
        content = repr((A_ub.shape, A_eq.shape, self.cap)).encode()
        content += b"".join(np.ascontiguousarray(x).tobytes() for x in (*numbers, b_ub, b_eq))
        return _Programme(hashlib.sha256(content).digest(), rows, self.cap)

    def _solved(self, c: FloatArray) -> Any:
        return _least(self._programme, np.asarray(c, dtype=np.float64).tobytes())

    @cached_property
    def is_possible(self) -> bool:
        """Whether any atoms agree with what is printed."""
        if not self.A.shape[1]:
            return not bool((self.low > WHOLE).any()) and not bool((self.high < -WHOLE).any())
        return bool(self._solved(np.zeros(self.A.shape[1])).status == 0)

    def linear(self, c: FloatArray, sign: int) -> Extreme:
        """The largest (``sign`` = 1) or smallest (−1) value of c·x. Unbounded gives ±inf.

        Raises InputError when no atoms agree with what is printed.
        """
        nothing = np.zeros(len(self.low))
        result = self._solved(-sign * c) if len(c) else None
        if result is None or result.status != 0:
            # The solver may call what has no bound impossible: whether anything agrees is asked by itself.
            if not self.is_possible or (result is not None and result.status not in (2, 3, 4)):
                raise InputError("The printed numbers contradict each other: no pupils could give them all.")
            return Extreme(sign * np.inf if len(c) else 0.0, np.zeros(len(c)), nothing, nothing)
        equal, above, below = self._kinds
        upper, lower = nothing.copy(), nothing.copy()
        upper[above] = -result.ineqlin.marginals[: int(above.sum())]
        lower[below] = -result.ineqlin.marginals[int(above.sum()) :]
        upper[equal] = np.maximum(-result.eqlin.marginals, 0)
        lower[equal] = np.maximum(result.eqlin.marginals, 0)
        return Extreme(-sign * float(result.fun), np.asarray(result.x, dtype=float), upper, lower)

    def whole(self, c: FloatArray, sign: int) -> float:
        """The same over whole numbers of pupils: the linear end point where it is whole, else by branching.

        The printed bounds are first drawn in to whole numbers, which often makes the linear end point whole.
        """
        from scipy.optimize import Bounds, LinearConstraint, milp

        drawn = self.drawn_in
        linear = drawn.linear(c, sign)
        if not np.isfinite(linear.value) or bool(
            np.all(np.abs(linear.atoms - np.round(linear.atoms)) < WHOLE)
        ):
            return linear.value
        result = milp(
            -sign * c,
            constraints=LinearConstraint(drawn.A, drawn.low, drawn.high),
            integrality=np.ones(len(c), dtype=np.int64),
            bounds=Bounds(0, drawn.ceilings),
            options={"node_limit": NODES},
        )
        if result.status == 2:
            raise InputError(
                "The printed numbers contradict each other: no whole pupils could give them all."
            )
        # Stopped early, the best table found so far counts: the range is never called wider than tables show it to be.
        return linear.value if result.x is None else float(c @ np.round(result.x))

    @cached_property
    def ceilings(self) -> FloatArray:
        """The largest whole value of each atom: without an end, branching over shares may not come to one."""
        ends = (self.linear(unit, 1).value for unit in np.eye(self.A.shape[1]))
        return np.array([np.floor(end + WHOLE) if np.isfinite(end) else end for end in ends])

    def far_points(self, targets: csr_array, cap: float) -> list[FloatArray]:
        """Tables that agree with what is printed and push many targets apart at once; targets (n, k).

        Each programme pushes a random half of the targets up and the rest down, and then the reverse. Two
        points that differ enough prove a target safe without a programme of its own; they prove no leak.
        """
        bounded = Polytope(self.A, self.low, self.high, cap)
        scale = 1 / np.maximum(1.0, targets.sum(axis=1))
        rng = np.random.default_rng(0)
        points = []
        for _ in range(FAR_ROUNDS):
            signs = rng.choice([-1.0, 1.0], targets.shape[0]) * scale
            points += [bounded.linear(targets.T @ signs, direction).atoms for direction in (1, -1)]
        return points

    @cached_property
    def drawn_in(self) -> Polytope:
        """The same with every bound drawn in to whole numbers."""
        low, high = np.ceil(self.low - WHOLE), np.floor(self.high + WHOLE)
        return Polytope(self.A, low, high, self.cap)
