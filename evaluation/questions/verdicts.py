"""The verdicts: the protocol's rule applied to each look at the milestone, with the certainty in dots.

A look is the pooled milestone ("all") or one wave's. Words and thresholds stand in
:mod:`evaluation.effects.verdict` and :mod:`evaluation.effects.certainty`; here they are given their numbers.
"""

from __future__ import annotations

import datetime as dt
import math

import pandas as pd

from evaluation.effects.certainty import certainty
from evaluation.effects.verdict import Verdict, verdict
from evaluation.protocol import Protocol
from evaluation.tables import table

SEPARATOR = " | "
"""Between the reasons in one cell; no reason holds it."""


def answer(
    effects: pd.DataFrame,
    core_talks: pd.DataFrame,
    registration: pd.DataFrame,
    pretrend: pd.DataFrame,
    protocol: Protocol,
    *,
    round_id: str,
    cutoff: dt.date,
    completeness: float | None,
    is_frozen: bool,
) -> pd.DataFrame:
    """``out_verdicts``: one row per look.

    ``effects`` is the tidy effects table; ``completeness`` the share (0–1) of expected registrations that are
    there; alarms come from ``registration`` and ``pretrend``. A look that is not due yet has the certainty of what
    is seen so far.
    """
    mine = _by_imputation(effects, "milestone", protocol.milestone.weights)
    so_far = _by_imputation(effects, "grade", protocol.estimand.weights)
    so_far = so_far[so_far["outcome"] == protocol.primary_outcome.id]
    looks = {"all": ("all", "all"), **{w.id: ("grade", w.grade) for w in protocol.waves}}
    found = {look: _row_of(mine, *where) for look, where in looks.items()}
    alarms = _alarms(registration, pretrend, protocol)
    rows = []
    for look, (kind, grade) in looks.items():
        row = found[look]
        others = [_number(r, "p_permutation") for other, r in found.items() if other != look]
        complete = _complete_on(core_talks, protocol, look)
        judged = verdict(
            estimate=_number(row, "estimate_pp"),
            interval=_interval(row, "ci_low_pp", "ci_high_pp"),
            lower_interval=_interval(row, "ci_low_lower_pp", "ci_high_lower_pp"),
            p_value=_number(row, "p_permutation"),
            smallest_p=_number(row, "p_smallest"),
            mde=_number(row, "mde_pp"),
            relevant_change_pp=protocol.milestone.relevant_change_pp,
            cut_off=cutoff,
            complete_on=complete,
            alpha=protocol.verdict.alpha,
            level=protocol.verdict.level,
            lower_level=protocol.verdict.lower_level,
            other_looks_p=others if protocol.verdict.looks == "holm" else (),
            failed_gates=_gates(completeness, protocol),
            alarms=alarms,
        )
        rows.append(
            _verdict_row(look, grade if kind == "grade" else "", row, judged, protocol)
            | _certainty_columns(
                row if _number(row, "estimate_pp") is not None else _row_of(so_far, kind, grade),
                judged,
                pretrend,
                protocol,
                completeness,
                is_frozen,
            )
        )
    frame = pd.DataFrame(rows).assign(round=round_id, protocol_hash=protocol.hash)
    return table("out_verdicts").conform(frame)


def _by_imputation(effects: pd.DataFrame, question: str, weights: str) -> pd.DataFrame:
    """The protocol's own estimates of a question; the checks beside them never decide."""
    is_mine = effects["question"].eq(question) & effects["weights"].eq(weights)
    return effects[is_mine & effects["estimator"].eq("imputation")]


def _row_of(rows: pd.DataFrame, kind: str, group: str) -> dict[str, object]:
    mine = rows[(rows["group_kind"] == kind) & (rows["group_id"] == group)]
    return {} if mine.empty else {str(k): v for k, v in mine.iloc[0].items()}


def _complete_on(core_talks: pd.DataFrame, protocol: Protocol, look: str) -> dt.date | None:
    """When the look can be judged: the last school's date; for the pooled look, the first wave's that is planned.

    The pooled look is due as soon as one wave is complete in all schools (docs/methods.md, question d).
    """
    waves = [w.id for w in protocol.waves] if look == "all" else [look]
    dates = []
    for wave in waves:
        days = pd.to_datetime(core_talks.loc[core_talks["wave"] == wave, "milestone_complete_on"])
        if len(days) and days.notna().all():
            dates.append(days.max().date())
    return min(dates) if dates else None


def _gates(completeness: float | None, protocol: Protocol) -> list[str]:
    minimum = protocol.quality.minimum_completeness_pct
    if completeness is not None and 100 * completeness < minimum:
        return [
            f"Kun {100 * completeness:.0f} % af de ventede registreringer er modtaget; grænsen er {minimum:g} %."
        ]
    return []


def _alarms(registration: pd.DataFrame, pretrend: pd.DataFrame, protocol: Protocol) -> list[str]:
    """Danish sentences of the alarms that bar a verdict."""
    raised = registration[registration["is_alarm"].astype(bool)]
    sentences = [str(note) for note in raised["note"].dropna().unique()]
    p = _number({str(k): v for k, v in pretrend.iloc[0].items()}, "p_value") if len(pretrend) else None
    if p is not None and p <= protocol.verdict.alpha:
        sentences.append("Årgangene udviklede sig forskelligt allerede før samtalerne.")
    return sentences


def _verdict_row(
    look: str, grade: str, row: dict[str, object], judged: Verdict, protocol: Protocol
) -> dict[str, object]:
    return {
        "look": look,
        "grade": grade,
        "outcome": protocol.primary_outcome.id,
        "verdict": judged.code,
        "earliest_on": judged.earliest_date,
        "reasons": SEPARATOR.join(judged.reasons),
        "estimate_pp": _number(row, "estimate_pp"),
        "ci_low_pp": _number(row, "ci_low_pp"),
        "ci_high_pp": _number(row, "ci_high_pp"),
    }


def _certainty_columns(
    row: dict[str, object],
    judged: Verdict,
    pretrend: pd.DataFrame,
    protocol: Protocol,
    completeness: float | None,
    is_frozen: bool,
) -> dict[str, object]:
    before = {str(k): v for k, v in pretrend.iloc[0].items()} if len(pretrend) else {}
    secure = certainty(
        mde=_number(row, "mde_pp"),
        relevant_change_pp=protocol.milestone.relevant_change_pp,
        treated_clusters=int(_number(row, "treated_clusters") or 0),
        completeness=None if completeness is None else min(completeness, 1.0),
        pretrend_p=_number(before, "p_value"),
        pretrend_bias_pp=_number(before, "bias_at_milestone_pp"),
        p_values={
            "CR2": _number(row, "p_value"),
            "permutation": _number(row, "p_permutation"),
            "bootstrap": _number(row, "p_wild_restricted"),
        },
        is_frozen=is_frozen,
        can_be_judged=judged.code != "kan ikke vurderes",
    )
    return {
        "certainty_dots": secure.dots,
        "certainty_word": secure.word,
        "certainty_reasons": SEPARATOR.join(secure.reasons),
    }


def _number(row: dict[str, object], column: str) -> float | None:
    value = row.get(column)
    found = float("nan") if value is None or value is pd.NA else float(str(value))
    return None if math.isnan(found) else found


def _interval(row: dict[str, object], low: str, high: str) -> tuple[float, float] | None:
    a, b = _number(row, low), _number(row, high)
    return None if a is None or b is None else (a, b)
