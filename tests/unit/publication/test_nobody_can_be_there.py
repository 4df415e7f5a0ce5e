"""Contexts in which nobody can be: protected and attacked without a fuss, and no secret of anyone's."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from evaluation.disclosure import Dimension, Exhibit, protect
from evaluation.disclosure.audit import audit
from evaluation.disclosure.bounds import Polytope
from evaluation.errors import InputError
from tests.rules import rules as rules_with

PERIOD = Dimension("periode", ("nov", "jul"), None)
GRADE = Dimension("klassetrin", ("1", "2"), "i alt")
NOBODY_IN_JULY = frozenset({("jul", "1"), ("jul", "2")})


def months(small: int) -> Exhibit:
    """November has a large and a small group; in July there is no school."""
    frame = pd.DataFrame(
        [("nov", "1", 40, 30.0, 400.0, 5.0), ("nov", "2", small, 2.0, 30.0, 1.0)],
        columns=["periode", "klassetrin", "pupils", "days_absent", "days_possible", "max_days"],
    )
    return Exhibit("m", "elever", (PERIOD, GRADE), frame, ("pct",), structural_zeros=NOBODY_IN_JULY)


@pytest.mark.parametrize("small", [3, 30])
def test_a_month_without_school_is_no_secret(small):
    release = protect([months(small)], rules_with(), release_id="nov")
    assert audit(release).is_passed
    assert not any("jul" in key.text for key in release.hidden)
    assert any("klassetrin=2" in key.text for key in release.hidden) == (small < 5)


def test_over_no_atoms_every_sum_is_nothing():
    nothing = Polytope(csr_array((1, 0)), np.array([0.0]), np.array([3.0]), None)
    assert [nothing.linear(np.zeros(0), sign).value for sign in (1, -1)] == [0, 0]
    assert nothing.whole(np.zeros(0), 1) == 0


def test_over_no_atoms_a_printed_number_contradicts_itself():
    one = Polytope(csr_array((1, 0)), np.array([1.0]), np.array([1.0]), None)
    with pytest.raises(InputError):
        one.linear(np.zeros(0), 1)


def test_what_has_no_bound_is_not_called_impossible():
    """A share of an unknown whole, at least five of it: HiGHS calls the largest rest infeasible."""
    part, whole = np.array([1.0, 1, 1, 0]), np.ones(4)
    rows = csr_array(np.array([part - 0.1165 * whole, part, 0.1155 * whole - part]))
    seen = Polytope(rows, np.array([-np.inf, 5, -np.inf]), np.array([0, np.inf, 0.0]), None)
    rest = np.array([0.0, 0, 0, 1])
    assert seen.linear(rest, 1).value == np.inf
    assert seen.whole(rest, -1) == pytest.approx(38)  # 5 / 0.1165 is 42.9: of 43, five
