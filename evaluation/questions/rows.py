"""The one tidy effects table: how an estimate becomes a row. Every number of the report comes from such a row.

A row that cannot be estimated says so in ``status`` and ``note`` and holds no number.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from evaluation.errors import CannotEstimate, KomgladError
from evaluation.tables import table
from evaluation.words import Filed, Statement, noted, say
from evaluation.words.catalogue.estimates import Note

if TYPE_CHECKING:
    from evaluation.effects.functional_form import FunctionalForm

NAN = float("nan")


@dataclass(frozen=True)
class EffectRow:
    """One row of ``out_effects``: percentage points; counts of what is behind it; the inference used.

    ``p_relevant`` is the permutation's p at the null that absence fell by the relevant change. ``band_low_pp``
    and ``band_high_pp`` hold all rows of a question at once, where it asks month by month.
    """

    question: str
    estimator: str
    outcome: str
    group_kind: str
    group_id: str
    horizon: str
    weights: str
    status: str = "estimated"
    estimate_pp: float = NAN
    ci_low_pp: float = NAN
    ci_high_pp: float = NAN
    ci_level: float = NAN
    band_low_pp: float = NAN
    band_high_pp: float = NAN
    std_error_pp: float = NAN
    df: float = NAN
    p_value: float = NAN
    p_permutation: float = NAN
    p_relevant: float = NAN
    p_smallest: float = NAN
    p_wild_restricted: float = NAN
    p_wild_unrestricted: float = NAN
    inference: str = ""
    clusters: int = 0
    treated_clusters: int = 0
    pupils: float = NAN
    pupil_days: float = NAN
    baseline_pct: float = NAN
    mde_pp: float = NAN
    note: str = ""

    def refused(self, why: Statement, status: str = "not_estimable") -> EffectRow:
        """The same question without a number, and why."""
        return replace(
            EffectRow(
                self.question,
                self.estimator,
                self.outcome,
                self.group_kind,
                self.group_id,
                self.horizon,
                self.weights,
            ),
            status=status,
            note=noted(why),
        )


def why_not(refusal: KomgladError) -> Statement:
    """Why there is no number: what readers are told where the refusal has a code, else the engine's words for analysts."""
    code = refusal.why if isinstance(refusal, CannotEstimate) else ""
    return say(Note(code)) if code else say(Note.REFUSED, message=Filed(refusal.message))


def remarks(notes: Iterable[str]) -> tuple[Statement, ...]:
    """The engine's notes, for analysts."""
    return tuple(say(Note.REMARK, message=Filed(n)) for n in notes)


def form_row(blank: EffectRow, found: FunctionalForm, level: float) -> EffectRow:
    """A fitted logit or Poisson model as a row: its average effect on the treated in percentage points."""
    return replace(
        blank,
        estimate_pp=found.effect_pp,
        ci_low_pp=found.ci_low_pp,
        ci_high_pp=found.ci_high_pp,
        ci_level=level,
        std_error_pp=found.std_error_pp,
        df=found.df,
        p_value=found.p_value,
        clusters=found.clusters,
        inference="CR2/Satterthwaite",
        note=noted(*remarks(found.notes)),
    )


def effects_table(rows: list[EffectRow], round_id: str, protocol_hash: str) -> pd.DataFrame:
    """Rows as a frame with ``out_effects``'s columns."""
    declared = table("out_effects")
    if not rows:
        return declared.empty()
    frame = pd.DataFrame([asdict(r) for r in rows]).assign(round=round_id, protocol_hash=protocol_hash)
    return declared.conform(frame)
