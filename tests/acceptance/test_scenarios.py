"""From files to the printed report, scenario by scenario: the verdict is the rule on numbers made in another way.

θ, its interval and both p-values are made again by ``tests/independent/recomputed.py`` from the months the estimator saw;
the alarms are read from their own tables; the rule is then applied once more, and the report must say that and no more.
One small municipality of some scenarios here; several of every scenario in ``make test-long``.
"""

from __future__ import annotations

import datetime as dt
import html
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evaluation.questions.due import POOLED, timings, without_unreached
from evaluation.questions.verdict import Cause, Look, Rule, judge
from evaluation.study import load_study
from evaluation.synthetic import Kind, Scenario, make_municipality, write_files
from pipelines.frozen import freeze_protocol
from pipelines.resources import warehouse_of
from pipelines.runner import run_round
from tests.conftest import seal_key, settings_for
from tests.independent.recomputed import Recomputed, recompute

STUDY = load_study("demo_kommune")
P = STUDY.protocol
END = P.rounds[-1]
EXPORTED = (dt.date(2026, 11, 20), dt.date(2027, 6, 28))
SHORT = (Kind.RISE,)
"""What every run of the tests tries; the others belong to the long one."""


class Run:
    """One municipality through its final round: the tables, and what stands on the pages."""

    def __init__(self, folder: Path, kind: Kind, seed: int, pupils: int) -> None:
        settings = settings_for(folder)
        municipality = make_municipality(
            STUDY, seed=seed, pupils=pupils, scenario=Scenario(kind=kind, has_dirt=False)
        )
        write_files(municipality, settings.incoming, exported_on=EXPORTED)
        freeze_protocol(folder, P, min(w.planned_from for w in P.waves), key=seal_key())
        run_round(settings, END.id)
        self.warehouse = warehouse_of(settings, STUDY)
        self.page = (settings.reports / END.id / "styregruppe.html").read_text(encoding="utf-8")
        self.index = html.unescape((settings.reports / "index.html").read_text(encoding="utf-8"))

    def table(self, name: str) -> pd.DataFrame:
        return self.warehouse.read(END.id, name)


def alarms(run: Run, printed: pd.Series) -> list[Cause]:
    """What bars a verdict, from the tables of the alarms themselves; completeness is the door's matter."""
    found = [Cause.INCOMPLETE] if Cause.INCOMPLETE.value in printed["causes"].split() else []
    if run.table("out_registration")["is_alarm"].astype(bool).any():
        found.append(Cause.REGISTRATION)
    p = run.table("out_pretrend")["p_value"].iloc[0]
    if pd.notna(p) and p <= P.verdict.alpha:
        found.append(Cause.LEADS)
    effects = run.table("out_effects")
    cohorts = effects[effects["estimator"].eq("cohorts_before")]
    if len(cohorts) and cohorts["ci_low_pp"].iloc[0] * cohorts["ci_high_pp"].iloc[0] > 0:
        found.append(Cause.MODELS_DISAGREE)
    return found


def hold(run: Run) -> tuple[Recomputed, pd.Series]:
    """The printed verdict against the rule on the numbers made again."""
    timing = timings(run.table("core_talks"), P, END.cutoff)[POOLED]
    monthly = without_unreached(run.table("core_monthly"), timing.unreached)
    found = recompute(monthly, P.milestone.relevant_change_pp)
    printed = run.table("out_verdicts").set_index("look").loc[POOLED]
    numbers = [printed[c] for c in ("estimate_pp", "ci_low_pp", "ci_high_pp")]
    assert numbers == pytest.approx([found.theta, found.low, found.high], abs=1e-6)
    effects = run.table("out_effects")
    own = effects[
        effects["question"].eq("milestone")
        & effects["estimator"].eq("imputation")
        & effects["group_id"].eq("all")
        & effects["weights"].eq(P.milestone.weights)
    ].iloc[0]
    p_values = [own[c] for c in ("p_permutation", "p_relevant", "p_smallest")]
    assert p_values == pytest.approx([found.p, found.p_relevant, found.smallest_p], abs=1e-9)
    look = Look(found.theta, (found.low, found.high), found.p, found.p_relevant, found.smallest_p)
    rule = Rule(P.milestone.relevant_change_pp, P.verdict.alpha)
    judged = judge(look, timing.due, rule, alarms(run, printed))
    assert printed["verdict"] == judged.word.value
    assert printed["direction"] == judged.direction.value
    assert printed["causes"].split() == [c.value for c in judged.causes]
    assert judged.word.value in run.index
    if judged.direction.value:
        assert f"{judged.word.value}; {judged.direction.value}" in run.index
    dots = printed["certainty_dots"]
    if judged.word.is_judged:
        assert "●" * int(dots) + "○" * (5 - int(dots)) in run.page
        assert (printed["certainty_word"] == "usikkert") == (int(dots) < 3)
    else:
        assert pd.isna(dots)
        assert printed["certainty_word"] == ""
    return found, printed


@pytest.mark.slow
@pytest.mark.parametrize("kind", SHORT)
def test_the_report_says_what_the_rule_says(tmp_path: Path, kind: Kind) -> None:
    hold(Run(tmp_path, kind, seed=3, pupils=900))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1, 4))
@pytest.mark.parametrize("kind", list(Kind))
def test_every_scenario_in_several_municipalities(tmp_path: Path, kind: Kind, seed: int) -> None:
    found, printed = hold(Run(tmp_path, kind, seed, pupils=2600))
    assert np.isfinite(found.theta)
    if kind is Kind.RISE:
        assert printed["verdict"] != "opnået"
    if kind is Kind.LATE_SCHOOL:
        assert printed["unreached"]
