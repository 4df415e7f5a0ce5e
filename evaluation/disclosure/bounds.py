"""The smallest and largest value of a hidden sum, given what is printed: linear and integer programmes.

What belongs here: the solver's side (HiGHS through scipy) and nothing about tables. Linear bounds contain
the integer ones, so a linear interval that is too narrow is proof of a leak; one that is wide enough is
proof of safety only where its end points are reached by whole numbers, else the integer programme decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from evaluation.errors import InputError

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
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
class Polytope:
    """All atoms x with 0 ≤ x ≤ ``cap`` and ``low`` ≤ A x ≤ ``high``. A has shape (m, k)."""

    A: FloatArray
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
        from scipy.sparse import csr_array

        equal, above, below = self._kinds
        return (
            csr_array(np.vstack([self.A[above], -self.A[below]])),
            np.concatenate([self.high[above], -self.low[below]]),
            csr_array(self.A[equal]),
            self.high[equal],
        )

    def linear(self, c: FloatArray, sign: int) -> Extreme:
        """The largest (``sign`` = 1) or smallest (−1) value of c·x. Unbounded gives ±inf.

        Raises InputError when no atoms agree with what is printed.
        """
        from scipy.optimize import linprog

        if not len(c):
            return self._of_nothing()
        A_ub, b_ub, A_eq, b_eq = self._linear_rows
        result = linprog(
            -sign * c, A_ub=A_ub, b_ub=b_ub, A_eq=A_eq, b_eq=b_eq, bounds=(0, self.cap), method="highs"
        )
        if result.status == 3:
            return Extreme(sign * np.inf, np.zeros(len(c)), np.zeros(len(self.low)), np.zeros(len(self.low)))
        if result.status != 0 or result.fun is None:
            raise InputError("The printed numbers contradict each other: no pupils could give them all.")
        equal, above, below = self._kinds
        upper, lower = np.zeros(len(self.low)), np.zeros(len(self.low))
        upper[above] = -result.ineqlin.marginals[: int(above.sum())]
        lower[below] = -result.ineqlin.marginals[int(above.sum()) :]
        upper[equal] = np.maximum(-result.eqlin.marginals, 0)
        lower[equal] = np.maximum(result.eqlin.marginals, 0)
        return Extreme(-sign * float(result.fun), np.asarray(result.x, dtype=float), upper, lower)

    def _of_nothing(self) -> Extreme:
        """Where every atom is a structural zero there is one table, the empty one, and every sum in it is 0."""
        if bool((self.low > WHOLE).any()) or bool((self.high < -WHOLE).any()):
            raise InputError("The printed numbers contradict each other: nobody can be there.")
        nothing = np.zeros(len(self.low))
        return Extreme(0.0, np.zeros(0), nothing, nothing)

    def whole(self, c: FloatArray, sign: int) -> float:
        """The same over whole numbers of pupils: the linear end point where it is whole, else by branching.

        The printed bounds are first drawn in to whole numbers, which often makes the linear end point whole.
        """
        from scipy.optimize import Bounds, LinearConstraint, milp

        linear = self.drawn_in.linear(c, sign)
        if not np.isfinite(linear.value) or bool(
            np.all(np.abs(linear.atoms - np.round(linear.atoms)) < WHOLE)
        ):
            return linear.value
        drawn = self.drawn_in
        result = milp(
            -sign * c,
            constraints=LinearConstraint(drawn.A, drawn.low, drawn.high),
            integrality=np.ones(len(c), dtype=np.int64),
            bounds=Bounds(0, np.inf if self.cap is None else self.cap),
        )
        if result.status == 2:
            raise InputError(
                "The printed numbers contradict each other: no whole pupils could give them all."
            )
        # A programme stopped early still proves a bound; the linear one is proven too and is the fallback.
        return float(-sign * result.fun) if result.status == 0 else linear.value

    def far_points(self, targets: FloatArray, cap: float) -> list[FloatArray]:
        """Tables that agree with what is printed and push many targets apart at once; targets (n, k).

        Each programme pushes a random half of the targets up and the rest down, and then the reverse. Two
        points that differ enough prove a target safe without a programme of its own; they prove no leak.
        """
        bounded = Polytope(self.A, self.low, self.high, cap)
        scale = 1 / np.maximum(1.0, targets.sum(axis=1))
        rng = np.random.default_rng(0)
        points = []
        for _ in range(FAR_ROUNDS):
            signs = rng.choice([-1.0, 1.0], len(targets)) * scale
            points += [bounded.linear(signs @ targets, direction).atoms for direction in (1, -1)]
        return points

    @cached_property
    def drawn_in(self) -> Polytope:
        """The same with every bound drawn in to whole numbers."""
        low, high = np.ceil(self.low - WHOLE), np.floor(self.high + WHOLE)
        return Polytope(self.A, low, high, self.cap)
