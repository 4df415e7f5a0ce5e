"""Who counts as followed, in which months, beside whom; and that a planted fall comes back while chance alone does not."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from evaluation.panel.follow_ups import follow_up_cells
from evaluation.questions.targeted import FOLLOWED, OWN_GRADES, SAME_WINDOWS, answer
from evaluation.study import load_study
from evaluation.tables import table

P = load_study("demo_kommune").protocol
SCHOOLS = [s.id for s in P.schools]
MONTHS = ["2026-08", "2026-09", "2026-10", "2026-11", "2026-12", "2027-01", "2027-02", "2027-03"]
CUTOFF = dt.date(2027, 3, 31)
DAYS = 20.0


def pupil(key: str, school: str, grade: str, absent: dict[str, float]) -> pd.DataFrame:
    """A pupil's weeks: one a month, with so many of twenty days absent."""
    return pd.DataFrame(
        [
            {
                "pupil_key": key, "school_id": school, "grade": grade, "school_year": "2026/27", "month": m,
                "week_from": pd.Timestamp(f"{m}-07"), "possible_days": DAYS, "absent_days": absent.get(m, 0.0),
                "sick_days": absent.get(m, 0.0), "permitted_days": 0.0, "unlawful_days": 0.0,
            }
            for m in MONTHS
        ]
    )  # fmt: skip


def follow_up(key: str, day: str, status: str = "held", kind: str = "follow_up") -> dict[str, object]:
    return {
        "pupil_key": key,
        "kind": kind,
        "status": status,
        "held_on": pd.Timestamp(day),
        "school_id": SCHOOLS[0],
    }


def counted(weeks: pd.DataFrame, talks: list[dict[str, object]], consented: dict[str, str]) -> pd.DataFrame:
    """The cells; ``consented`` names the first month of each pupil's consent."""
    first = weeks["pupil_key"].map(lambda key: consented.get(key, "9999-12"))
    periods = weeks[weeks["month"] >= first].drop(columns="week_from")
    days = pd.DataFrame({"month": MONTHS, "day_on": [pd.Timestamp(f"{m}-28") for m in MONTHS]})
    log = table("raw_talks").conform(pd.DataFrame(talks).reindex(columns=list(table("raw_talks").columns)))
    return follow_up_cells(periods, weeks, log, days, P, CUTOFF)


HIGH = dict.fromkeys(MONTHS, 4.0)


def test_only_a_follow_up_held_with_consent_in_force_counts_and_never_backfilled() -> None:
    keys = ["held", "no_consent", "planned", "talk_only", "late_consent"]
    weeks = pd.concat([pupil(k, SCHOOLS[0], "6", HIGH) for k in keys])
    talks = [
        follow_up("held", "2026-11-10"),
        follow_up("no_consent", "2026-11-10"),
        follow_up("planned", "2026-11-10", status="planned"),
        follow_up("talk_only", "2026-11-10", kind="talk"),
        follow_up("late_consent", "2026-11-10"),
    ]
    consents = dict.fromkeys(["held", "planned", "talk_only"], "2026-08") | {"late_consent": "2026-10"}
    found = counted(weeks, talks, consents)
    followed = found[found["is_followed"]].set_index("first_month")
    assert followed.loc["2026-08", "pupils"] == 1  # August to October, and December to February
    assert followed.loc["2026-08", "last_month"] == "2027-02"
    assert followed.loc["2026-08", "before_possible_days"] == 3 * DAYS
    assert followed.loc["2026-10", "before_possible_days"] == DAYS
    others = found[~found["is_followed"]]
    # Nobody with a follow-up is a control, consent or not; the two without one are, in both spans.
    assert others.groupby("first_month")["pupils"].sum().to_dict() == {"2026-08": 2, "2026-10": 2}


def test_without_consent_or_follow_up_there_is_nothing() -> None:
    weeks = pupil("a", SCHOOLS[0], "6", HIGH)
    assert counted(weeks, [follow_up("a", "2026-11-10")], {}).empty
    assert counted(weeks, [follow_up("a", "2026-11-10", status="cancelled")], {"a": "2026-08"}).empty


@pytest.mark.parametrize("effect", [0.0, -5.0])
def test_a_planted_fall_comes_back_and_regression_to_the_mean_does_not(effect: float) -> None:
    """Everybody's high month before is partly luck: all fall alike; the followed fall by the effect more."""
    rng = np.random.default_rng(8)
    frames, talks, consents = [], [], {}
    for school in SCHOOLS:
        for grade in ("1", "3", "4", "5", "6"):
            for i in range(40):
                key = f"{school}{grade}{i}"
                base = rng.beta(2, 18)
                is_followed = grade in P.treated_grades and i < 12
                absent = {
                    m: float(
                        rng.binomial(
                            20, np.clip(base + (effect / 100 if is_followed and m > "2026-11" else 0), 0, 1)
                        )
                    )
                    for m in MONTHS
                }
                if is_followed:
                    # Chosen in the month of the follow-up for a bad month just before it.
                    absent["2026-10"] += 4
                    talks.append(follow_up(key, "2026-11-10"))
                    consents[key] = "2026-08"
                elif i % 3 == 0:
                    absent["2026-10"] += 4
                frames.append(pupil(key, school, grade, absent))
    found = answer(table("core_band_cells").empty(), counted(pd.concat(frames), talks, consents), P, "r")
    rows = found.set_index("estimator")
    naive = rows.loc[FOLLOWED, "change_pp"]
    assert (
        naive < effect - 4
    )  # twelve extra days of sixty less: six or seven points that nobody did anything for
    for name in (SAME_WINDOWS, OWN_GRADES):
        assert rows.loc[name, "ci_low_pp"] <= effect + 1.5
        assert rows.loc[name, "estimate_pp"] == pytest.approx(effect, abs=3.0)
        assert rows.loc[name, "estimate_pp"] > naive + 2
