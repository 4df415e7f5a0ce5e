"""A release from tables to files: the small group shows nowhere, in no round, and large averages pass untouched."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from evaluation.disclosure.attack_files import attack_files
from evaluation.disclosure.audit import audit
from evaluation.disclosure.ledger import Ledger
from evaluation.publication.files import school_files, steering_group_files, table_export_files
from evaluation.publication.publish import PUBLISHED_TABLES, Publication, rules_of
from evaluation.reports.exports import report_tables
from evaluation.reports.inputs import ReportInputs
from evaluation.study import load_study
from evaluation.tables import TABLES
from tests.unit.publication.sample_tables import (
    SMALL,
    cells_of,
    implementation,
    published,
    pupil_weeks,
    tables,
)

pytestmark = pytest.mark.slow

ENGLAND = Path(__file__).parents[2] / "data" / "england" / "study"
LEVELS = ["pupils", "absence_pct", "over_10_pct"]


@pytest.fixture(scope="module")
def protocol():
    return load_study("demo_kommune").protocol


@pytest.fixture(scope="module")
def november(protocol) -> Publication:
    made = tables(protocol, protocol.rounds[0], pupil_weeks(protocol))
    made["out_implementation"] = implementation(protocol, protocol.rounds[0].id)
    return published(made, protocol, protocol.rounds[0], Ledger())


@pytest.fixture(scope="module")
def june(protocol, november) -> Publication:
    """One pupil of the smallest neighbouring group is withdrawn in between."""
    weeks = pupil_weeks(protocol, drop="2026/27:990002:6:0")
    made = tables(protocol, protocol.rounds[1], weeks)
    made["out_implementation"] = implementation(protocol, protocol.rounds[1].id, follow_ups=22)
    ledger = Ledger().record(november.release, "2026-12-01", {})
    return published(made, protocol, protocol.rounds[1], ledger)


def inputs(protocol, k: int, publication: Publication) -> ReportInputs:
    return ReportInputs(
        protocol=protocol,
        round=protocol.rounds[k],
        frames=publication.frames,
        disclosure_structure=publication.release.structure(),
    )


def of_small(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["group_id"] == ":".join(SMALL)]


def test_frames_are_the_published_tables_with_their_columns(november):
    assert set(november.frames) == set(PUBLISHED_TABLES)
    for name, frame in november.frames.items():
        assert set(TABLES[name].columns) <= set(frame.columns), name


def test_the_small_group_is_hidden_wherever_it_is_described(november):
    rows = of_small(november.frames["out_description"])
    assert len(rows)
    assert rows[LEVELS].isna().all().all()


def test_a_printed_number_of_pupils_is_never_below_the_limit(november, june):
    for publication in (november, june):
        printed = publication.frames["out_description"]["pupils"].dropna()
        assert len(printed)
        assert printed.min() >= 5


def test_counts_behind_percentages_are_not_handed_on(november):
    frame = november.frames["out_description"]
    assert frame[["possible_days", "absent_days", "over_10_pupils"]].isna().all().all()


def test_files_hold_no_more_decimals_than_are_printed(november):
    levels = november.frames["out_description"]["absence_pct"].dropna()
    assert len(levels)
    assert (levels == levels.round(1)).all()


def test_hidden_stays_hidden_in_the_export(protocol, november):
    rows = of_small(report_tables(inputs(protocol, 0, november))["out_description"])
    marker = protocol.disclosure.marker
    assert set(rows["pupils"]) == {marker}
    assert set(rows["absence_pct"]) == {marker}


def test_weeks_of_a_school_are_not_published(november):
    rows = november.frames["out_description"]
    assert (
        not rows.loc[rows["period_kind"] != "year_to_date", "group_kind"]
        .isin(["school", "school_grade"])
        .any()
    )


def test_november_and_june_together_give_nothing_away(november, june):
    assert audit(june.release, [november.release]).is_passed


def test_the_rendered_files_of_both_rounds_cannot_be_attacked(protocol, november, june):
    pages = {}
    for k, publication in enumerate((november, june)):
        found = inputs(protocol, k, publication)
        made = steering_group_files(found) | school_files(found)
        pages |= {f"{k}/{name}": page.decode() for name, page in made.items() if name.endswith(".html")}
    attacked = attack_files(pages, rules_of(protocol), [r.id for r in protocol.rounds])
    assert attacked.numbers > 100
    assert [i.target.key.text for i in attacked.leaks] == []
    assert (attacked.unmarked, attacked.contradictions, attacked.prose) == ((), (), ())


def test_a_count_that_grew_by_a_handful_is_not_printed_again(november, june):
    before, after = (p.frames["out_implementation"]["follow_ups"] for p in (november, june))
    assert before.tolist() == [20]
    assert after.isna().all()  # 22 − 20 = 2 pupils


@pytest.mark.parametrize(
    ("numbers", "hidden", "shown"),
    [
        ({"talks_held": 55}, [], ["talks_held"]),  # 60 − 55 = 5, the limit
        ({"talks_held": 56}, ["talks_held"], []),  # four had no talk
        ({"talks_held": 60}, ["talks_held"], []),  # everybody had one
        ({"consents_missing": 4}, ["consents_missing"], ["consents_given", "consents_withdrawn"]),
        ({"follow_ups": 36}, ["follow_ups"], []),  # 40 − 36 = 4 with a talk and nothing after
    ],
)
def test_small_remainders_of_talks_and_consents_are_guarded(protocol, numbers, hidden, shown):
    the_round = protocol.rounds[0]
    made = tables(protocol, the_round, pupil_weeks(protocol, small=30))
    made["out_implementation"] = implementation(protocol, the_round.id, **numbers)
    row = published(made, protocol, the_round, Ledger()).frames["out_implementation"].iloc[0]
    assert [c for c in hidden if pd.notna(row[c])] == []
    assert [c for c in shown if pd.isna(row[c])] == []
    coverage = 100 * {"talks_held": 40, **numbers}["talks_held"] / 60
    assert pd.isna(row["coverage_pct"]) if coverage == 100 else row["coverage_pct"] == coverage // 10 * 10
    assert pd.isna(row["targeted"])


def test_large_averages_pass_untouched():
    protocol = load_study(str(ENGLAND)).protocol
    the_round = protocol.rounds[0]
    sizes = {g: 120_000.0 + 7_000.5 * k for k, g in enumerate(protocol.grades.order)}
    weeks = pd.date_range(end=pd.Timestamp(the_round.cutoff) - pd.Timedelta(days=11), periods=8, freq="W-MON")
    rows = []
    for year in protocol.years.all:
        back = 364 * (int(protocol.years.follow_up[:4]) - int(year[:4]))
        for day in weeks - pd.Timedelta(days=back):
            for s in protocol.schools:
                for g, n in sizes.items():
                    rows.append((s.id, g, year, "week", day, day, f"{day:%Y-%m}", n, 5 * n, 0.3 * n, 0.2 * n))
    names = "school_id grade school_year period period_from period_to month pupils possible_days absent_days"
    cells = pd.DataFrame(rows, columns=[*names.split(), "sick_days"])
    cells = cells.assign(permitted_days=cells["pupils"] * 0.06, unlawful_days=cells["pupils"] * 0.04)
    made = tables(protocol, the_round, TABLES["core_pupil_weeks"].empty(), cells)
    found = published(made, protocol, the_round, Ledger())
    assert found.counts["hidden"] == 0
    released = found.frames["out_description"]
    levels = released.loc[released["outcome"] == protocol.primary_outcome.id, "absence_pct"]
    assert set(levels) == {6.0}  # 0.3 of 5 days


def test_no_file_holds_a_day_count(protocol, november):
    made = table_export_files(inputs(protocol, 0, november))
    lines = made["tabeller/out_description.csv"].decode("utf-8-sig").splitlines()
    at = lines[0].split(";").index("absent_days")
    assert {line.split(";")[at] for line in lines[1:]} <= {"", protocol.disclosure.marker}


def test_one_school_without_a_grade_is_no_hidden_group(protocol):
    weeks = pupil_weeks(protocol, small=0)
    made = tables(protocol, protocol.rounds[0], weeks, cells_of(weeks))
    found = published(made, protocol, protocol.rounds[0], Ledger())
    assert of_small(found.frames["out_description"]).empty
    assert not any(re.search("skole=990001;klassetrin=6", k.text) for k in found.release.hidden)
