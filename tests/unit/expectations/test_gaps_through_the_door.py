"""Gaps in what schools deliver, from the files themselves to the finding that names them."""

from __future__ import annotations

import pytest

from evaluation.door.intake import read_incoming
from evaluation.door.pseudonyms import PseudonymKey, generate_key
from evaluation.expectations import NEEDS, run_suite
from evaluation.panel.core import register_tables
from evaluation.study import load_study
from evaluation.synthetic import Scenario, make_municipality, write_files
from evaluation.words import ANALYST, Persons

pytestmark = pytest.mark.slow

STUDY = load_study("demo_kommune")
ROUND = STUDY.protocol.round("november_2026")
GAPS = (("990002", "2026-W38"), ("990003", "2026-W39"))
"""One school that delivers day rows, one that delivers totals."""


@pytest.fixture(scope="module")
def findings(tmp_path_factory):
    inbox = tmp_path_factory.mktemp("incoming")
    municipality = make_municipality(STUDY, seed=8, scenario=Scenario(missing_weeks=GAPS))
    write_files(municipality, inbox)
    key = PseudonymKey.parse(generate_key())
    made = dict(read_incoming(inbox, STUDY, round_id=ROUND.id, key=key).tables)
    made |= register_tables(made, ROUND.cutoff)
    out = []
    for name in ("raw_absence", "raw_totals", "raw_pupils", "raw_ledger", "core_pupil_weeks", "core_cells"):
        others = {n: made[n] for n in NEEDS.get(name, ())}
        out += run_suite(name, made[name], STUDY.protocol, others=others, cutoff=ROUND.cutoff)
    return out


def test_the_two_missing_weeks_are_named_and_nothing_else(findings):
    missing = [r for r in findings if r.check_name == "missing_weeks" and not r.is_passed]
    assert [r.group_id for r in missing] == ["990002 2026/27", "990003 2026/27"]
    assert "uge 38 (2026)" in missing[0].text(ANALYST)
    assert "uge 39 (2026)" in missing[1].text(ANALYST)


def test_the_round_goes_on_with_two_weeks_of_four_schools_missing(findings):
    (whole,) = [r for r in findings if r.check_name == "completeness"]
    # 14 school weeks from 10 August to 13 November less the autumn holiday: 13 in each of four schools.
    assert (whole.is_passed, whole.count, whole.of_total) == (True, Persons(2), Persons(4 * 13))
    assert [r.text(ANALYST) for r in findings if r.is_blocking] == []


def test_the_unregistered_class_is_found(findings):
    silent = [r.group_id for r in findings if r.check_name == "silent_classes" and not r.is_passed]
    assert silent == ["990002 4 2026/27"]
