"""How far a named threat moves the milestone's number, per point of the threat: quantitative bias analysis.

The estimate is linear in the outcome, so the answer is exact and holds no outcome: the weights meet the threat's own
pattern. What would turn the answer is then the nearer end of the interval over this number (Lash, Fox & Fink 2009). A
threat that the model takes out moves it by nothing, and that is said too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from evaluation.effects.results import FloatArray
from evaluation.questions.rows import EffectRow

if TYPE_CHECKING:
    from evaluation.questions.model import GradeModel

QUESTION = "bias"
Threat = Literal["cohort", "trend", "registration", "epidemic", "spillover"]
THREATS: tuple[Threat, ...] = ("cohort", "trend", "registration", "epidemic", "spillover")


def youngest(grades: Sequence[str]) -> tuple[str, ...]:
    """The youngest third of the grades, rounded up: of ten, the four that an illness among small children goes through."""
    return tuple(grades[: -(-len(grades) // 3)])


def bias_rows(model: GradeModel, omega: FloatArray, blank: EffectRow) -> list[EffectRow]:
    """One row per threat: ``estimate_pp`` is what one point of it adds to the number that ``omega`` (n1, 1) averages."""
    estimator = model.fit.contrast(omega)
    keep = model.fit.untreated.copy()
    keep[model.fit.treated[np.abs(omega[:, 0]) > 0]] = True
    return [
        replace(
            EffectRow(
                QUESTION,
                threat,
                blank.outcome,
                blank.group_kind,
                blank.group_id,
                blank.horizon,
                blank.weights,
            ),
            estimate_pp=float(estimator.V[:, 0] @ pattern(model, threat)[keep]),
        )
        for threat in THREATS
    ]


def pattern(model: GradeModel, threat: Threat) -> FloatArray:
    """(n,) one point of the threat, cell by cell of the model's panel.

    ``cohort``: the treated cells' pupils differ all through the follow-up year. ``trend``: points a month since the talks,
    before and after. ``registration``: the treated cells, from their talks on. ``epidemic``: the youngest grades, with talks
    and without, from the first talks among them on. ``spillover``: the other cells, from the first talks on.
    """
    frame = model.frame
    talks = (frame["start"] - frame["transition"]).astype("float64")
    in_year = frame["school_year"].eq(model.protocol.years.follow_up)
    is_treated = talks.notna() & in_year
    is_young = frame["grade"].isin(youngest(model.protocol.grades.order))
    from_young = talks[is_young].min() if talks[is_young].notna().any() else talks.min()
    values = {
        "cohort": is_treated.astype(float),
        "trend": (frame["t"] - talks).where(is_treated, 0.0),
        "registration": (is_treated & (frame["t"] >= talks)).astype(float),
        "epidemic": (is_young & in_year & (frame["t"] >= from_young)).astype(float),
        "spillover": (talks.isna() & in_year & (frame["t"] >= talks.min())).astype(float),
    }[threat]
    at = pd.Series(values.to_numpy(dtype=float), index=pd.MultiIndex.from_frame(frame[["cell", "month"]]))
    keys = model.panel.keys
    return np.asarray(at.reindex(pd.MultiIndex.from_frame(keys[["cell", "month"]])), dtype=np.float64)
