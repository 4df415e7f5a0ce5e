"""Known truth first: planted effects are recovered, and where nothing is planted the verdict is never "opnået".

Several municipalities, not one. The estimates are made from each municipality's own counts, without files; that the
files give the same counts is asserted where the whole way runs (tests/pipeline/test_rounds.py).
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from evaluation.panel.estimation import monthly_panel
from evaluation.panel.talks import talk_windows
from evaluation.questions import grade, leads, milestone, trend_before, verdicts
from evaluation.questions.rows import effects_table
from evaluation.study import load_study
from evaluation.synthetic import Scenario, cells, make_municipality
from evaluation.tables import table

SEEDS = range(1, 9)
STUDY = load_study("demo_kommune")
END = STUDY.protocol.rounds[-1]
NOVEMBER = STUDY.protocol.rounds[0]


@cache
def panel(kind: str, seed: int, round_id: str):
    """The monthly panel, the talks and the truth of one municipality in one round."""
    the_round = STUDY.protocol.round(round_id)
    municipality = make_municipality(STUDY, seed=seed, scenario=Scenario(kind=kind))
    core_cells = cells(municipality, through=the_round.cutoff).assign(period="week")
    talks = _talks(municipality, the_round)
    monthly = monthly_panel(core_cells, talks, STUDY.protocol, the_round.cutoff)
    return monthly, talks, municipality.truth["rounds"][round_id]


@cache
def answers(kind: str, seed: int, round_id: str):
    """The tidy effects, the verdicts and the truth of one municipality in one round."""
    protocol, the_round = STUDY.protocol, STUDY.protocol.round(round_id)
    monthly, talks, truth = panel(kind, seed, round_id)
    rows = grade.answer(monthly, protocol, table("core_measured").empty()) + milestone.answer(
        monthly, talks, protocol, the_round
    )
    effects = effects_table(rows, round_id, protocol.hash)
    judged = verdicts.answer(
        effects,
        talks,
        table("out_registration").empty(),
        trend_before.table_of(monthly, protocol, round_id),
        protocol,
        the_round,
        completeness=1.0,
        is_frozen=True,
    )
    return effects, judged.set_index("look"), truth


@pytest.mark.slow
def test_the_band_that_holds_all_months_is_wider_than_each_months_own_interval():
    monthly, _, _ = panel("effect", SEEDS[0], END.id)
    rows = leads.event_rows(leads.event_study(monthly, STUDY.protocol))
    assert len(rows) > 5
    for row in rows:
        assert row.band_low_pp < row.ci_low_pp < row.estimate_pp < row.ci_high_pp < row.band_high_pp
        # Never wider than if every month were tested by itself at a level divided by their number.
        bonferroni = stats.t.ppf(1 - 0.05 / (2 * len(rows)), row.df) * row.std_error_pp
        assert row.band_high_pp - row.estimate_pp <= 1.02 * bonferroni


def _talks(municipality, the_round) -> pd.DataFrame:
    m = municipality
    keyed = m.enrolments.assign(pupil_key=m.enrolments["pupil"].astype("str"), class_label="")
    held = m.talks[m.talks["held_on"] <= pd.Timestamp(the_round.cutoff)].assign(
        pupil_key=lambda f: f["pupil"].astype("str"), source_file="", source_row=0, exported_on=pd.NaT
    )
    calendar = m.school_days.assign(is_school_day=True, label="")
    return talk_windows(
        table("raw_talks").conform(held[list(table("raw_talks").columns)]),
        table("core_pupils").conform(keyed[list(table("core_pupils").columns)]),
        table("raw_calendar").conform(calendar[list(table("raw_calendar").columns)]),
        STUDY.protocol,
        the_round.cutoff,
    )


def pooled(effects: pd.DataFrame, question: str) -> pd.Series:
    return effects[
        (effects["question"] == question)
        & (effects["estimator"] == "imputation")
        & (effects["group_kind"] == "all")
        & (effects["outcome"] == "absence")
        & (effects["weights"] == "pupil_days")
    ].iloc[0]


@pytest.mark.slow
def test_a_planted_effect_is_covered_and_has_the_right_sign_and_size():
    """Eight municipalities. With 95 % intervals fewer than six covering has a probability below 1 %; the mean error of
    eight estimates with standard errors around 0.5 lies within ±0.55 with 99.8 %."""
    rows = [pooled(answers("effect", s, END.id)[0], "milestone") for s in SEEDS]
    truths = [answers("effect", s, END.id)[2]["milestone_pp"] for s in SEEDS]
    covered = [r.ci_low_pp <= t <= r.ci_high_pp for r, t in zip(rows, truths, strict=True)]
    errors = np.array([r.estimate_pp - t for r, t in zip(rows, truths, strict=True)])
    assert sum(covered) >= 6
    assert all(r.estimate_pp < 0 for r in rows)
    assert abs(errors.mean()) < 0.55


@pytest.mark.slow
def test_where_nothing_is_planted_the_milestone_is_never_reached():
    """At most one in forty would be called a fall by the interval alone, and the permutation must agree."""
    for seed in SEEDS:
        _, judged, truth = answers("none", seed, END.id)
        assert truth["milestone_pp"] == 0
        assert judged.loc["all", "verdict"] != "opnået"


@pytest.mark.slow
def test_without_an_effect_the_interval_covers_zero_as_often_as_it_says():
    rows = [pooled(answers("none", s, END.id)[0], "grade") for s in SEEDS]
    assert sum(r.ci_low_pp <= 0 <= r.ci_high_pp for r in rows) >= 6


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["effect", "none"])
def test_november_never_judges_the_milestone(kind):
    effects, judged, _ = answers(kind, 1, NOVEMBER.id)
    assert set(judged["verdict"]) == {"kan endnu ikke opgøres"}
    # The report of the round that reaches the third month of every wave, not the first month that is over.
    assert judged.loc["all", "earliest_on"].date() == END.report_date
    assert pooled(effects, "milestone").status == "not_due"
    assert pooled(effects, "grade").status == "estimated"
    assert pooled(effects, "grade").p_smallest == pytest.approx(1 / 10)


@pytest.mark.slow
def test_a_rise_is_said_as_a_fall_is():
    """Two and a half points up: the verdict's own smallest change is 1.6, so nine of ten studies see it."""
    found = [answers("rise", s, END.id) for s in SEEDS[:3]]
    words = [judged.loc["all", ["verdict", "direction"]].tolist() for _, judged, _ in found]
    assert all(truth["milestone_pp"] > 1 for _, _, truth in found)
    assert ["ikke opnået", "steget"] in words
    assert not {"opnået", "målbart fald, men mindre end det relevante"} & {w for w, _ in words}
    assert all(pooled(effects, "milestone").estimate_pp > 0 for effects, _, _ in found)


@pytest.mark.slow
def test_a_school_that_is_never_due_is_named_and_the_rest_is_decided():
    monthly, talks, _ = panel("late_school", 1, END.id)
    effects, judged, _ = answers("late_school", 1, END.id)
    late = f"{STUDY.protocol.schools[-1].id}:8"
    assert judged.loc["all", "unreached"] == judged.loc["wave_8", "unreached"] == late
    assert judged.loc["all", "verdict"] != "kan endnu ikke opgøres"
    assert pooled(effects, "milestone").treated_clusters == len(STUDY.protocol.schools) * 3 - 1
    assert monthly.loc[monthly["cell"].eq(late), "is_transition"].any()
    assert talks["is_started"].all()


@pytest.mark.slow
def test_a_school_with_few_talks_still_counts_from_its_window():
    """Intention to treat: leaving out where few were reached would choose the schools by their own success."""
    _, talks, _ = panel("low_coverage", 1, END.id)
    first = talks["school_id"].eq(STUDY.protocol.schools[0].id)
    assert not talks.loc[first, "is_reached"].any()
    assert talks.loc[~first, "is_reached"].all()
    assert talks["is_started"].all()
    effects, judged, _ = answers("low_coverage", 1, END.id)
    assert pooled(effects, "milestone").treated_clusters == len(STUDY.protocol.schools) * 3
    assert judged.loc["all", "verdict"] != "kan endnu ikke opgøres"


@pytest.mark.long
def test_better_cohorts_are_not_taken_for_an_effect():
    """The model beside the primary one is moved by them; the primary one is not, on average over municipalities."""
    rows = [answers("cohorts", s, END.id)[0] for s in SEEDS]
    primary = np.array([pooled(r, "milestone").estimate_pp for r in rows])
    beside = np.array(
        [
            r[
                r["estimator"].eq("imputation_same_month_last_year")
                & r["group_kind"].eq("all")
                & r["question"].eq("milestone")
            ]["estimate_pp"].iloc[0]
            for r in rows
        ]
    )
    assert abs(primary.mean()) < 0.55
    assert beside.mean() < primary.mean() - 0.4
