"""Small literal tables for the disclosure tests; all people in them are counts that never were."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
import pytest

from evaluation.disclosure import Dimension, Exhibit


def make_table(
    counts: Sequence[Sequence[int]], *, exhibit: str = "t", universe: str = "elever", **options: Any
) -> Exhibit:
    """A school × grade table of pupils with totals."""
    schools = Dimension("skole", tuple("ABCDEFGHIJKL"[: len(counts)]))
    grades = Dimension("klassetrin", tuple(str(g) for g in range(len(counts[0]))))
    rows = [
        {"skole": s, "klassetrin": g, "pupils": counts[i][j]}
        for (i, s), (j, g) in itertools.product(enumerate(schools.leaves), enumerate(grades.leaves))
    ]
    return Exhibit(exhibit, universe, (schools, grades), pd.DataFrame(rows), **options)


def make_share(
    counts: Mapping[str, tuple[int, int]],
    *,
    exhibit: str = "over10",
    universe: str = "elever",
    **options: Any,
) -> Exhibit:
    """Per grade: pupils over and not over 10 %, printed as a share with its n."""
    grades = Dimension("klassetrin", tuple(counts))
    over = Dimension("over10", ("ja", "nej"), role="attribute")
    rows = [
        {"klassetrin": g, "over10": o, "pupils": n}
        for g, pair in counts.items()
        for o, n in zip(("ja", "nej"), pair, strict=True)
    ]
    options.setdefault("shown", {"over10": ("ja", "i alt")})
    options.setdefault("measures", ("pupils", "share"))
    return Exhibit(exhibit, universe, (grades, over), pd.DataFrame(rows), **options)


def make_days(rows: Sequence[tuple[str, int, float, float, float]], **options: Any) -> Exhibit:
    """Per grade: pupils, days absent, days possible, most days of one pupil."""
    grades = Dimension("klassetrin", tuple(r[0] for r in rows))
    frame = pd.DataFrame(rows, columns=["klassetrin", "pupils", "days_absent", "days_possible", "max_days"])
    options.setdefault("measures", ("pupils", "pct"))
    return Exhibit(options.pop("exhibit", "fravaer"), "elever", (grades,), frame, **options)


@pytest.fixture
def table() -> Callable[..., Exhibit]:
    return make_table


@pytest.fixture
def share() -> Callable[..., Exhibit]:
    return make_share


@pytest.fixture
def days() -> Callable[..., Exhibit]:
    return make_days
