"""Question (e): indsatselever. The naive fall, the fall from regression to the mean alone, and the fair contrast.

Made from counts by absence band, because consent does not cover the comparison pupils one by one.
"""

from __future__ import annotations

import pandas as pd

from evaluation.effects.targeted import FIGURES, TargetedEstimate, targeted_from_bands
from evaluation.errors import KomgladError
from evaluation.protocol import Protocol
from evaluation.questions.rows import EffectRow
from evaluation.tables import table

ANSWER = "equally_high"
"""The contrast that is read as the answer; the others stand beside it."""


def answer(bands: pd.DataFrame, protocol: Protocol, round_id: str) -> pd.DataFrame:
    """``out_targeted``: for each wave (group_id is its grade) the figures of :mod:`evaluation.effects.targeted`."""
    rows: list[dict[str, object]] = []
    for wave in protocol.waves:
        mine = bands[bands["wave"] == wave.id]
        if mine.empty:
            continue
        rows += _figures(mine[mine["rule"] == "primary"], wave.grade, protocol, is_gap=False)
        rows += _figures(mine[mine["rule"] == "gap"], wave.grade, protocol, is_gap=True)
    if not rows:
        return table("out_targeted").empty()
    return table("out_targeted").conform(pd.DataFrame(rows).assign(round=round_id))


def _figures(bands: pd.DataFrame, grade: str, protocol: Protocol, *, is_gap: bool) -> list[dict[str, object]]:
    """Figures of one wave and selection rule: the gap rule gives the gap-window figure, the other all the rest."""
    frame = bands.assign(
        band=bands["band"].str.extract(r"^(\d+(?:\.\d+)?)")[0].astype("float64"),
        gap_possible_days=bands["baseline_possible_days"] if is_gap else 0.0,
        gap_absent_days=bands["baseline_absent_days"] if is_gap else 0.0,
    )
    wanted = [f for f in FIGURES if (f == "gap_window") is is_gap]
    try:
        result = targeted_from_bands(frame, level=protocol.verdict.level, figures=wanted)
    except KomgladError as refusal:
        name = "gap_window" if is_gap else ANSWER
        return [
            {
                "group_id": grade,
                "estimator": name,
                "status": "not_estimable",
                "note": refusal.message,
                **_EMPTY,
            }
        ]
    return [_row(e, grade) for e in result.estimates]


_NUMBERS = (
    "before_pct",
    "after_pct",
    "change_pp",
    "expected_change_pp",
    "estimate_pp",
    "ci_low_pp",
    "ci_high_pp",
    "std_error_pp",
    "df",
)
_EMPTY: dict[str, object] = {"pupils": 0, **dict.fromkeys(_NUMBERS)}


def _row(found: TargetedEstimate, grade: str) -> dict[str, object]:
    row: dict[str, object] = {
        "group_id": grade,
        "estimator": found.estimator,
        "status": found.status,
        "note": found.note,
    }
    row |= _EMPTY | {"pupils": found.pupils, "before_pct": found.before_pct, "after_pct": found.after_pct}
    row |= {"change_pp": found.change_pp, "expected_change_pp": found.expected_change_pp}
    if found.estimate is not None:
        e = found.estimate
        row |= {"estimate_pp": e.estimate, "ci_low_pp": e.ci_low, "ci_high_pp": e.ci_high}
        row |= {"std_error_pp": e.std_error, "df": e.df}
    return row


def effect_rows(out_targeted: pd.DataFrame, protocol: Protocol) -> list[EffectRow]:
    """The fair contrast of each wave as a row of the tidy effects table."""
    rows = []
    for found in out_targeted[out_targeted["estimator"] == ANSWER].to_dict("records"):
        blank = EffectRow(
            "targeted", ANSWER, protocol.primary_outcome.id, "grade", str(found["group_id"]), "all", "pupils"
        )
        if found["status"] != "estimated":
            rows.append(blank.refused(str(found["note"])))
            continue
        rows.append(
            EffectRow(
                *(blank.question, blank.estimator, blank.outcome, blank.group_kind, blank.group_id),
                *(blank.horizon, blank.weights),
                estimate_pp=float(found["estimate_pp"]),
                ci_low_pp=float(found["ci_low_pp"]),
                ci_high_pp=float(found["ci_high_pp"]),
                ci_level=protocol.verdict.level,
                std_error_pp=float(found["std_error_pp"]),
                df=float(found["df"]),
                inference="CR2/Satterthwaite",
                pupils=float(found["pupils"]),
                baseline_pct=float(found["before_pct"]),
            )
        )
    return rows
