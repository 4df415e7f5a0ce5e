"""Everything that was planted, as plain numbers: written to a file that the pipeline never reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from evaluation.protocol import Protocol
from evaluation.synthetic.absence import Absence
from evaluation.synthetic.people import People
from evaluation.synthetic.scenario import Kind, Scenario
from evaluation.synthetic.school_days import Days
from evaluation.synthetic.voices import Voices


def truth_of(
    protocol: Protocol,
    scenario: Scenario,
    seed: int,
    days: Days,
    people: People,
    untreated: Absence,
    observed: Absence,
    effects: Mapping[str, pd.DataFrame],
    targeted: pd.DataFrame,
    consents: pd.DataFrame,
    voices: Voices,
) -> dict[str, Any]:
    """Planted and realised effects per round, and what else was planted.

    ``rounds[id]`` holds ``att_pp`` (treated cells × months after the talk month, pupil-day weighted),
    ``att_by_wave_pp``, ``att_by_month_since_talk_pp``, ``milestone_pp`` (the protocol's months, pooled and per
    wave; only months that lie wholly before the cut-off count), ``planted_milestone_pp`` and ``cells``.
    In ``registration_change`` the realised change is one of registration and ``true_absence_pp`` is zero.
    """
    return {
        "study": protocol.study.id,
        "seed": seed,
        "scenario": scenario.kind.value,
        "effect_pp": scenario.effect_pp if scenario.kind.is_effect else 0.0,
        "is_change_of_registration_only": scenario.kind
        in (Kind.REGISTRATION_CHANGE, Kind.REGISTRATION_SAME_TYPES),
        "planted_pp": {
            w.id: {str(e): scenario.planted_pp(w.id, e) for e in range(1, 10)} for w in protocol.waves
        },
        "rounds": {
            r.id: _round_truth(effects[r.id], protocol, _whole_months(days, pd.Timestamp(r.cutoff)))
            for r in protocol.rounds
        },
        "targeted": _targeted_truth(people, days, untreated, observed, targeted),
        "consents": {
            "targeted_pupils": len(targeted),
            "by_plan": consents.drop_duplicates("pupil")["plan"].value_counts().sort_index().to_dict(),
        },
        "levels": _levels(protocol, people, days, observed),
        "missing_weeks": [list(pair) for pair in scenario.missing_weeks],
        "interviews": voices.planted,
    }


def _whole_months(days: Days, cutoff: pd.Timestamp) -> set[str]:
    """Months of which no school day lies after the cut-off."""
    after = {m for m, d in zip(days.month, days.on, strict=True) if pd.Timestamp(d) > cutoff}
    return set(days.month) - after


def _pooled(cells: pd.DataFrame) -> float | None:
    if cells.empty:
        return None
    return float(
        100 * (cells["observed_days"] - cells["untreated_days"]).sum() / cells["possible_days"].sum()
    )


def _planted(cells: pd.DataFrame) -> float | None:
    if cells.empty:
        return None
    return float(np.average(cells["planted_pp"], weights=cells["possible_days"]))


def _round_truth(cells: pd.DataFrame, protocol: Protocol, whole_months: set[str]) -> dict[str, Any]:
    whole = cells[cells["month"].isin(whole_months)]
    due = whole[whole["month_since_talk"].isin(protocol.milestone.months)]
    complete = {
        w: set(g["month_since_talk"]) == set(protocol.milestone.months)
        for w, g in due.groupby("wave", sort=True)
    }
    return {
        "att_pp": _pooled(cells),
        "att_whole_months_pp": _pooled(whole),
        "planted_att_pp": _planted(cells),
        "att_by_wave_pp": {str(w): _pooled(g) for w, g in cells.groupby("wave", sort=True)},
        "att_by_school_pp": {str(s): _pooled(g) for s, g in cells.groupby("school_id", sort=True)},
        "att_by_month_since_talk_pp": {
            str(e): _pooled(g) for e, g in cells.groupby("month_since_talk", sort=True)
        },
        "milestone_pp": _pooled(due),
        "planted_milestone_pp": _planted(due),
        "milestone_by_wave_pp": {str(w): _pooled(g) for w, g in due.groupby("wave", sort=True)},
        "is_milestone_complete": {str(w): bool(c) for w, c in complete.items()},
        "cells": json.loads(cells.to_json(orient="records", double_precision=10)),
    }


def _targeted_truth(
    people: People, days: Days, untreated: Absence, observed: Absence, targeted: pd.DataFrame
) -> dict[str, Any]:
    """Targeted pupils over the school days after their selection: with and without the programme."""
    if targeted.empty:
        return {"pupils": 0}
    start = np.full(len(people.school), len(days))
    start[targeted["pupil"]] = targeted["selected_on"]
    at = np.arange(len(days))
    possible = (people.is_enrolled & (at[None, :] >= start[:, None])).sum()

    def share(absence: Absence) -> float:
        after = absence.day >= start[absence.pupil]
        return float(100 * absence.fraction[after].sum() / possible)

    window = 100 * targeted["window_absent_days"].sum() / targeted["window_possible_days"].sum()
    return {
        "pupils": len(targeted),
        "by_wave": targeted["wave"].value_counts().sort_index().to_dict(),
        "window_pct": float(window),
        "after_untreated_pct": share(untreated),
        "after_observed_pct": share(observed),
        "realised_pp": share(observed) - share(untreated),
        "naive_change_pp": share(observed) - float(window),
    }


def _levels(protocol: Protocol, people: People, days: Days, observed: Absence) -> dict[str, Any]:
    """Per school year: pupils, per cent absent, shares of the types and share of pupils over 10 %."""
    out: dict[str, Any] = {}
    at = np.broadcast_to(np.arange(len(days)), people.school.shape)
    open_here = people.is_enrolled & days.is_open[people.school, at]
    for n, year in enumerate(protocol.years.all):
        span = days.year == n
        possible = open_here[:, span].sum(axis=1)
        mine = span[observed.day]
        absent = np.bincount(observed.pupil[mine], observed.fraction[mine], minlength=len(possible))
        by_type = np.bincount(observed.kind[mine], observed.fraction[mine], minlength=3)
        here = possible > 0
        out[year] = {
            "pupils": int(here.sum()),
            "absence_pct": float(100 * absent.sum() / possible.sum()),
            "over_10_pct": float(100 * (absent[here] > 0.1 * possible[here]).mean()),
            "sick_share_pct": float(100 * by_type[0] / by_type.sum()),
            "permitted_share_pct": float(100 * by_type[1] / by_type.sum()),
            "unlawful_share_pct": float(100 * by_type[2] / by_type.sum()),
        }
    return out
