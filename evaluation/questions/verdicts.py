"""The verdicts: the protocol's rule applied to each look at the milestone, with the certainty in dots.

A look is the pooled milestone ("all") or one wave's. The rule stands in :mod:`evaluation.questions.verdict`, the dots in
:mod:`evaluation.questions.certainty`; here they are given their numbers, and become codes. Sentences are the reports' work.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from enum import StrEnum

import pandas as pd

from evaluation.protocol import Protocol, Round
from evaluation.questions.certainty import NOTHING_JUDGED, certainty
from evaluation.questions.due import POOLED, LookTiming, timings
from evaluation.questions.milestone import COHORTS
from evaluation.questions.operating import verdict_mde
from evaluation.questions.verdict import Cause, Judgement, Look, Rule, judge_looks
from evaluation.tables import table

Row = dict[str, object]


def answer(
    effects: pd.DataFrame,
    core_talks: pd.DataFrame,
    registration: pd.DataFrame,
    pretrend: pd.DataFrame,
    protocol: Protocol,
    the_round: Round,
    *,
    completeness: float | None,
    is_frozen: bool,
) -> pd.DataFrame:
    """``out_verdicts``: one row per look.

    ``effects`` is the tidy effects table; ``completeness`` the share (0–1) of expected registrations that are there;
    alarms come from ``registration``, ``pretrend`` and the row of the cohorts before the talks.
    """
    when = timings(core_talks, protocol, the_round.cutoff)
    found = {look: _row_of(effects, protocol, look) for look in when}
    alarms = _alarms(effects, registration, pretrend, protocol, completeness)
    rule = Rule(protocol.milestone.relevant_change_pp, protocol.verdict.alpha)
    waves = [look for look in when if look != POOLED]
    pooled, single = judge_looks(
        _look(found[POOLED]),
        [_look(found[w]) for w in waves],
        when[POOLED].due,
        [when[w].due for w in waves],
        rule,
        alarms,
    )
    judged = dict(zip([POOLED, *waves], [pooled, *single], strict=True))
    rows = [
        _verdict_row(when[look], found[look], j, protocol)
        | _certainty_columns(found[look], j, pretrend, protocol, completeness, is_frozen)
        for look, j in judged.items()
    ]
    frame = pd.DataFrame(rows).assign(round=the_round.id, protocol_hash=protocol.hash)
    return table("out_verdicts").conform(frame)


def codes(found: Iterable[StrEnum]) -> str:
    """Several codes in one cell."""
    return " ".join(x.value for x in found)


def _row_of(effects: pd.DataFrame, protocol: Protocol, look: str, estimator: str = "imputation") -> Row:
    """The protocol's own estimate of a look; the checks beside it never decide."""
    mine = effects[
        effects["question"].eq("milestone")
        & effects["weights"].eq(protocol.milestone.weights)
        & effects["estimator"].eq(estimator)
        & effects["group_id"].eq(look)
    ]
    return {} if mine.empty else {str(k): v for k, v in mine.iloc[0].items()}


def _look(row: Row) -> Look:
    return Look(
        _number(row, "estimate_pp"),
        _interval(row),
        _number(row, "p_permutation"),
        _number(row, "p_relevant"),
        _number(row, "p_smallest"),
    )


def _alarms(
    effects: pd.DataFrame,
    registration: pd.DataFrame,
    pretrend: pd.DataFrame,
    protocol: Protocol,
    completeness: float | None,
) -> list[Cause]:
    """What bars a verdict whatever the number is, in order of weight."""
    raised = []
    if completeness is not None and 100 * completeness < protocol.quality.minimum_completeness_pct:
        raised.append(Cause.INCOMPLETE)
    if registration["is_alarm"].astype(bool).any():
        raised.append(Cause.REGISTRATION)
    p = _number(_first(pretrend), "p_value")
    if p is not None and p <= protocol.verdict.alpha:
        raised.append(Cause.LEADS)
    ends = _interval(_row_of(effects, protocol, POOLED, COHORTS))
    if ends is not None and (ends[0] > 0 or ends[1] < 0):
        raised.append(Cause.MODELS_DISAGREE)
    return raised


def _verdict_row(timing: LookTiming, row: Row, judged: Judgement, protocol: Protocol) -> Row:
    ends = _interval(row) or (None, None)
    return {
        "look": timing.look,
        "outcome": protocol.primary_outcome.id,
        "verdict": judged.word.value,
        "direction": judged.direction.value,
        "causes": codes(judged.causes if protocol.group_waves else (Cause.LISTED,)),
        "earliest_on": judged.earliest_on,
        "unreached": " ".join(f"{school}:{grade}" for school, grade in timing.unreached),
        "demands_met": codes(judged.met),
        "demands_failed": codes(judged.not_met),
        "estimate_pp": _number(row, "estimate_pp"),
        "ci_low_pp": ends[0],
        "ci_high_pp": ends[1],
        "p_value": judged.p,
        "p_relevant": _number(row, "p_relevant") if judged.word.is_judged else None,
    }


def _certainty_columns(
    row: Row,
    judged: Judgement,
    pretrend: pd.DataFrame,
    protocol: Protocol,
    completeness: float | None,
    is_frozen: bool,
) -> Row:
    before = _first(pretrend)
    secure = NOTHING_JUDGED
    if judged.word.is_judged:
        secure = certainty(
            mde=verdict_mde(protocol) or _number(row, "mde_pp"),
            relevant_change_pp=protocol.milestone.relevant_change_pp,
            treated_clusters=int(_number(row, "treated_clusters") or 0),
            completeness=None if completeness is None else min(completeness, 1.0),
            pretrend_p=_number(before, "p_value"),
            bias_after_passing_pp=_number(before, "bias_after_passing_pp"),
            p_values={
                "CR2": _number(row, "p_value"),
                "permutation": _number(row, "p_permutation"),
                "bootstrap": _number(row, "p_wild_restricted"),
            },
            is_frozen=is_frozen,
        )
    return {
        "certainty_dots": secure.dots,
        "certainty_word": secure.word.value,
        "grounds_met": codes(secure.met),
        "grounds_failed": codes(secure.failed),
    }


def _first(frame: pd.DataFrame) -> Row:
    return {str(k): v for k, v in frame.iloc[0].items()} if len(frame) else {}


def _number(row: Row, column: str) -> float | None:
    value = row.get(column)
    found = float("nan") if value is None or value is pd.NA else float(str(value))
    return None if math.isnan(found) else found


def _interval(row: Row) -> tuple[float, float] | None:
    a, b = _number(row, "ci_low_pp"), _number(row, "ci_high_pp")
    return None if a is None or b is None else (a, b)
