"""Real data nobody here wrote: 15 English authorities through the door to cells and checks (see tests/data/england)."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from evaluation.door.intake import read_incoming
from evaluation.door.pseudonyms import PseudonymKey, generate_key
from evaluation.expectations import CHECKED_TABLES, NEEDS, raise_if_crashed, run_suite
from evaluation.panel.core import register_tables
from evaluation.study import load_study
from evaluation.words import ANALYST

DATA = Path(__file__).parents[2] / "data" / "england"
PACKAGES = [Path(__file__).parents[3] / name for name in ("evaluation", "assets", "pipelines")]
ROWS = 1747


@pytest.fixture(scope="module")
def study():
    return load_study(str(DATA / "study"))


@pytest.fixture(scope="module")
def tables(study):
    key = PseudonymKey.parse(generate_key())
    intake = read_incoming(DATA / "incoming", study, round_id="december_2024", key=key)
    assert intake.problems == ()
    made = dict(intake.tables)
    return made | register_tables(made, study.protocol.rounds[0].cutoff)


def test_the_ledger_accounts_for_every_row_and_its_reason(tables):
    (ledger,) = tables["raw_ledger"].to_dict("records")
    quarantine = tables["raw_quarantine"].drop_duplicates(["source_file", "source_row", "rule"])
    by_rule = quarantine["rule"].value_counts().to_dict()
    # 28 rows are suppressed ("c"); six have a few sessions in a week that was half-term.
    assert by_rule == {"number_format": 28, "no_school_day": 6}
    assert (ledger["rows_in"], ledger["rows_kept"], ledger["rows_quarantined"]) == (ROWS, ROWS - 34, 34)


def test_sessions_become_days_and_types_add_up(tables):
    raw = pd.read_csv(DATA / "incoming" / "weekly_attendance_autumn_2022_2024.csv", dtype=str)
    mine = raw[
        (raw["la_name"] == "Newham") & (raw["school_type"] == "Primary") & (raw["time_period"] == "2022")
    ]
    first = mine[["possible_sessions", "overall_absence"]].astype(float).iloc[0]
    cell = tables["core_cells"].query("school_id == 'E09000025' and grade == 'Primary'").iloc[0]
    assert cell["possible_days"] == first["possible_sessions"] / 2
    assert cell["absent_days"] == first["overall_absence"] / 2
    assert (cell["period"], cell["period_from"]) == ("week", pd.Timestamp(2022, 9, 12))


def test_an_authority_with_a_new_code_is_one_unit(tables):
    somerset = tables["core_cells"].query("school_id == 'E06000066'")
    assert set(somerset["school_year"]) == {"2022/23", "2023/24", "2024/25"}


def test_no_check_refuses_and_none_crashes(tables, study):
    cutoff = study.protocol.rounds[0].cutoff
    for name, frame in tables.items():
        if name in CHECKED_TABLES:
            others = {n: tables[n] for n in NEEDS.get(name, ()) if n in tables}
            results = run_suite(name, frame, study.protocol, others=others, cutoff=cutoff)
            raise_if_crashed(results)
            assert [r.text(ANALYST) for r in results if r.is_blocking] == [], name
            if name == "core_cells":
                assert {"completeness", "missing_weeks", "type_shares"} <= {r.check_name for r in results}


def test_a_type_that_jumps_is_warned_of(tables, study):
    results = run_suite("core_cells", tables["core_cells"], study.protocol)
    # Rutland's illness: 61.9 % of absence against 72.7 % the autumn before; the limit is 10 points.
    assert [r.group_id for r in results if r.check_name == "type_shares" and not r.is_passed] == [
        "E06000017 sick"
    ]


def test_no_line_of_code_knows_about_england():
    words = ("england", "newham", "rutland", "e09000025", "school_type", "la_code", "possible_sessions")
    for package in PACKAGES:
        for path in package.rglob("*.py"):
            text = path.read_text(encoding="utf-8").lower()
            assert [w for w in words if w in text] == [], path.name
