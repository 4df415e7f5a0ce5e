"""The municipality is what its recipe says, and its truth is what was planted: known values, then every scenario."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from evaluation.study import load_study
from evaluation.synthetic import Scenario, cells, make_municipality

pytestmark = pytest.mark.slow

STUDY = load_study("demo_kommune")
FINAL = "end_of_year_2027"


@pytest.fixture(scope="module")
def planted():
    return make_municipality(STUDY, seed=11)


@pytest.fixture(scope="module")
def untouched():
    return make_municipality(STUDY, seed=11, scenario=Scenario(kind="none"))


def test_levels_are_those_of_danish_schools(untouched):
    # Published: municipal means 5–9 %, over-10 share 20–27 %, illness 50–59, permitted 19–26, unlawful 16–30 % of absence.
    for level in untouched.truth["levels"].values():
        assert 6.0 <= level["absence_pct"] <= 8.6
        assert 18.0 <= level["over_10_pct"] <= 27.0
        assert 50.0 <= level["sick_share_pct"] <= 59.0
        assert 19.0 <= level["permitted_share_pct"] <= 26.0
        assert 16.0 <= level["unlawful_share_pct"] <= 30.0
        assert 2400 <= level["pupils"] <= 2800


def test_spells_last_two_days_on_average_and_periods_correlate(untouched):
    absences = untouched.absences
    assert 1.8 <= len(absences) / absences["spell"].nunique() <= 2.2
    days = untouched.pupil_days
    days = days[days["school_year"] == "2025/26"]
    half = np.where(days["day_on"] < pd.Timestamp(2026, 1, 1), "autumn", "spring")
    possible = days.groupby(["pupil", half]).size().unstack()
    mine = absences[absences["school_year"] == "2025/26"]
    half = np.where(mine["day_on"] < pd.Timestamp(2026, 1, 1), "autumn", "spring")
    absent = mine.groupby(["pupil", half])["day_fraction"].sum().unstack().reindex(possible.index).fillna(0)
    share = (absent / possible)[(possible > 60).all(axis=1)]
    assert 0.55 <= share.corr().iloc[0, 1] <= 0.80


def test_illness_doubles_from_early_september_to_december(untouched):
    counts = cells(untouched)
    week = counts["period_from"].dt.strftime("W%V")

    def sick_pct(label):
        mine = counts[week == label]
        return 100 * mine["sick_days"].sum() / mine["possible_days"].sum()

    assert sick_pct("W50") > 1.6 * sick_pct("W37")


def test_half_days_are_unlawful_and_in_the_upper_grades_only(untouched):
    half = untouched.absences[untouched.absences["day_fraction"] == 0.5]
    assert set(half["absence_type"]) == {"unlawful"}
    assert set(half["grade"]) == set(STUDY.protocol.grades.half_days)


def test_absence_lies_on_open_days_of_enrolled_pupils(planted):
    keys = ["pupil", "school_id", "grade", "day_on"]
    both = planted.absences.merge(planted.pupil_days[keys], on=keys, how="left", indicator=True)
    assert (both["_merge"] == "both").all()
    assert not planted.absences.duplicated(["pupil", "day_on"]).any()


def test_pupils_are_promoted_move_and_leave(planted):
    enrolled = planted.enrolments
    assert enrolled.duplicated(["pupil", "school_year"]).sum() > 20  # moved school or grade inside a year
    years = enrolled.drop_duplicates(["pupil", "school_year"]).pivot(
        index="pupil", columns="school_year", values="grade"
    )
    both = years.dropna(subset=["2025/26", "2026/27"])
    step = both["2026/27"].astype(int) - both["2025/26"].astype(int)
    assert (step == 1).mean() > 0.98
    assert years["2024/25"].isna().sum() > 400  # two new grades 0 since


def test_cpr_like_numbers_have_real_dates_and_fail_modulus_11(planted):
    for number in planted.pupils["cpr"]:
        dt.datetime.strptime(number[:4] + "20" + number[4:6], "%d%m%Y")  # noqa: DTZ007
        weights = (4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
        assert sum(w * int(c) for w, c in zip(weights, number, strict=True)) % 11 != 0
    assert planted.pupils["cpr"].is_unique


def test_realised_effect_is_the_difference_between_coupled_outcomes(planted, untouched):
    treated = planted.truth["rounds"][FINAL]["cells"]
    with_effect, without = (
        cells(m).groupby(["school_id", "grade", "month"])["absent_days"].sum() for m in (planted, untouched)
    )
    difference = possible = 0.0
    for cell in treated:
        key = (cell["school_id"], cell["grade"], cell["month"])
        difference += with_effect[key] - without[key]
        possible += cell["possible_days"]
    assert planted.truth["rounds"][FINAL]["att_pp"] == pytest.approx(100 * difference / possible, abs=1e-9)


def test_the_milestone_is_planted_by_month_since_talk(planted):
    # Months 1, 2, 3 carry .8, 1 and 1 of −1.75 points: (1.4 + 1.75 + 1.75) / 3 with about equal months.
    truth = planted.truth["rounds"][FINAL]
    assert truth["planted_milestone_pp"] == pytest.approx(-(1.4 + 1.75 + 1.75) / 3, abs=0.05)
    # The realised one differs by the luck of about 780 pupils in 3 months: SD ≈ .12 points over seeds.
    assert truth["milestone_pp"] == pytest.approx(truth["planted_milestone_pp"], abs=0.5)
    assert truth["is_milestone_complete"] == {"wave_1": True, "wave_6": True, "wave_8": True}


def test_november_knows_one_month_of_one_wave(planted):
    truth = planted.truth["rounds"]["november_2026"]
    assert set(truth["milestone_by_wave_pp"]) == {"wave_6"}
    assert truth["is_milestone_complete"] == {"wave_6": False}
    assert {c["month"] for c in truth["cells"]} == {"2026-10", "2026-11"}


def test_nothing_happens_outside_treated_cells(planted, untouched):
    keys = ["pupil", "day_on", "absence_type", "day_fraction"]
    lost = untouched.absences.merge(planted.absences[keys], on=keys, how="left", indicator=True)
    lost = lost[lost["_merge"] == "left_only"]
    assert set(lost["grade"]) == {"1", "6", "8"}
    assert (lost["day_on"] >= pd.Timestamp(2026, 9, 7)).all()
    assert len(untouched.absences) - len(planted.absences) == len(lost)


def test_none_and_regression_to_the_mean_plant_no_effect(untouched):
    fading = make_municipality(STUDY, seed=11, scenario=Scenario(kind="regression_to_the_mean"))
    for m in (untouched, fading):
        assert m.truth["rounds"][FINAL]["att_pp"] == 0.0
        assert m.truth["targeted"]["realised_pp"] == 0.0
        assert m.truth["targeted"]["naive_change_pp"] < -2.0  # falls all the same: that is the trap
    assert fading.truth["targeted"]["naive_change_pp"] < untouched.truth["targeted"]["naive_change_pp"]


def test_registration_change_raises_recorded_and_unlawful_absence_in_treated_grades(untouched):
    changed = make_municipality(STUDY, seed=11, scenario=Scenario(kind="registration_change"))
    assert changed.truth["is_change_of_registration_only"]
    assert 0.6 < changed.truth["rounds"][FINAL]["att_pp"] < 1.4

    def unlawful_share(m):
        mine = m.absences[(m.absences["grade"] == "6") & (m.absences["day_on"] > pd.Timestamp(2026, 10, 1))]
        return (
            100
            * mine.loc[mine["absence_type"] == "unlawful", "day_fraction"].sum()
            / mine["day_fraction"].sum()
        )

    assert unlawful_share(changed) - unlawful_share(untouched) > STUDY.protocol.quality.type_share_alarm_pp


def test_targeted_pupils_follow_the_frozen_rule(planted):
    rule = STUDY.protocol.targeted
    t = planted.targeted
    assert (100 * t["window_absent_days"] >= rule.threshold_pct * t["window_possible_days"]).all()
    assert t["window_possible_days"].between(rule.minimum_school_days, rule.window_school_days).all()
    pupil = t.iloc[0]
    open_days = planted.school_days
    open_days = open_days[open_days["school_id"] == pupil["school_id"]]["day_on"]
    window = set(open_days[open_days < pupil["selected_on"]].iloc[-rule.window_school_days :])
    mine = planted.absences[planted.absences["pupil"] == pupil["pupil"]]
    assert mine[mine["day_on"].isin(window)]["day_fraction"].sum() == pupil["window_absent_days"]


def test_consents_are_given_missing_late_and_withdrawn(planted):
    plans = planted.truth["consents"]["by_plan"]
    assert set(plans) == {"given", "late", "no", "one_parent_no", "withdrawn"}
    assert sum(plans.values()) < planted.truth["consents"]["targeted_pupils"]
    late = planted.consents[planted.consents["plan"] == "late"]
    assert (pd.to_datetime(late["given_on"]) > pd.Timestamp(STUDY.protocol.rounds[0].cutoff)).all()


def test_interviews_hold_codes_of_the_codebook_a_second_coder_and_missing_consents(planted):
    import yaml

    book = yaml.safe_load(STUDY.file("codebook.yaml").read_text(encoding="utf-8"))
    codable = {c["id"] for c in book["koder"] if c["kodbar"]}
    assert set(planted.segments["kode"]) <= codable
    assert set(planted.segments["samtykke"]) == {"gyldigt", "mangler", "trukket_tilbage"}
    november = planted.segments[planted.segments["nedslag"] == "delevaluering_nov_2026"]
    coders = november.groupby("dokument")["koder"].nunique()
    assert (coders == 2).sum() >= 3
    assert planted.truth["interviews"]["documents"]["delevaluering_nov_2026"] == 14 + 3 + 1
    sources = planted.truth["interviews"]["sources_by_theme"]["delevaluering_nov_2026"][
        "MP.SAMTALE.OPLEVELSE"
    ]
    mine = november[(november["kode"] == "MP.SAMTALE.OPLEVELSE") & (november["samtykke"] == "gyldigt")]
    assert sum(sources.values()) == mine["dokument"].nunique()


def test_the_same_seed_gives_the_same_municipality_and_another_seed_another(planted):
    again = make_municipality(STUDY, seed=11)
    for name in (
        "pupils",
        "enrolments",
        "absences",
        "talks",
        "targeted",
        "consents",
        "segments",
        "school_forms",
    ):
        pd.testing.assert_frame_equal(getattr(planted, name), getattr(again, name))
    assert planted.truth == again.truth
    other = make_municipality(STUDY, seed=12)
    assert other.truth["rounds"][FINAL]["att_pp"] != planted.truth["rounds"][FINAL]["att_pp"]


def test_cells_count_what_the_frames_hold(planted):
    counts = cells(planted, through=dt.date(2026, 11, 13))
    known = planted.absences[planted.absences["day_on"] <= pd.Timestamp(2026, 11, 13)]
    assert counts["absent_days"].sum() == known["day_fraction"].sum()
    assert counts["possible_days"].sum() == (planted.pupil_days["day_on"] <= pd.Timestamp(2026, 11, 13)).sum()
    assert not counts.duplicated(["school_id", "grade", "period_from"]).any()
    assert (counts["absent_days"] <= counts["possible_days"]).all()


def test_grade_shocks_move_grades_in_all_schools_alike():
    calm, shaken = (
        make_municipality(STUDY, seed=3, scenario=Scenario(kind="none", grade_shock_sd_pp=sd))
        for sd in (0.0, 3.0)
    )

    def by_grade(m):
        total = cells(m).groupby(["grade", "school_year"])[["absent_days", "possible_days"]].sum()
        return 100 * total["absent_days"] / total["possible_days"]

    assert by_grade(shaken).std() > 2 * by_grade(calm).std()


def mean_of(m, where) -> float:
    """Absence in per cent of possible days over the cells that ``where`` picks."""
    counted = cells(m)
    mine = counted[where(counted)]
    return 100 * mine["absent_days"].sum() / mine["possible_days"].sum()


def treated_pilot(c):
    return c["grade"].isin(["1", "6", "8"]) & c["school_year"].eq("2026/27")


def test_new_scenarios_move_what_they_say(untouched):
    """Against the municipality in which nothing happens, of the same seed: means of absence, in points."""

    def gap(kind, where):
        m = make_municipality(STUDY, seed=11, scenario=Scenario(kind=kind))
        return mean_of(m, where) - mean_of(untouched, where), m

    def late(c):
        return treated_pilot(c) & c["month"].ge("2027-03")

    def others(c):
        return ~c["grade"].isin(["1", "6", "8"]) & c["school_year"].eq("2026/27")

    rise, m = gap("rise", late)
    assert 0.8 < rise < 2.4
    assert m.truth["rounds"][FINAL]["milestone_pp"] > 1.0
    fewer, m = gap("registration_same_types", late)
    assert -1.8 < fewer < -0.8
    assert m.truth["is_change_of_registration_only"]
    down, m = gap("trend", late)
    assert -3.0 < down < -1.0
    assert m.truth["rounds"][FINAL]["att_pp"] == 0.0  # nothing that the talks did
    better, m = gap("cohorts", lambda c: c["grade"].isin(["5"]) & c["school_year"].eq("2025/26"))
    assert -1.8 < better < -0.4  # next year's sixth grade, a year before
    assert m.truth["rounds"][FINAL]["att_pp"] == 0.0
    ill, _ = gap(
        "epidemic", lambda c: c["grade"].isin(["0", "2", "3"]) & c["month"].isin(["2027-01", "2027-02"])
    )
    assert ill > 1.0
    assert abs(gap("trend", others)[0]) < 1e-9


def test_files_of_a_school_that_delivers_nothing_for_weeks():
    m = make_municipality(STUDY, seed=4, pupils=600, scenario=Scenario(kind="missing_weeks"))
    assert m.scenario.missing_weeks == tuple(
        (STUDY.protocol.schools[1].id, f"2026-W{w}") for w in (46, 47, 48)
    )
    named = Scenario(kind="missing_weeks", missing_weeks=(("990003", "2026-W45"),))
    assert (
        make_municipality(STUDY, seed=4, pupils=600, scenario=named).scenario.missing_weeks
        == named.missing_weeks
    )
