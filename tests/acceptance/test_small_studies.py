"""A study that is too small for some question gets every other answer, and its report says what could not be."""

from __future__ import annotations

import datetime as dt
import html
import re
from pathlib import Path

import pytest

from evaluation.errors import ProtocolError
from evaluation.intake import require_known_occasions
from evaluation.study import PACKAGED, load_study
from evaluation.synthetic import Scenario, make_municipality, write_files
from pipelines.resources import warehouse_of
from pipelines.runner import run_round
from tests.conftest import settings_for

SCHOOL = '[[schools]]\nid = "990001"\nname = "Lilleskolen"\nshort = "Bøgelund"\n'
WAVE = """[[waves]]
id = "wave_4"
grade = "{grade}"
planned_from = 2026-09-07
planned_to = 2026-09-25
is_assumption = true
"""
SMALL = {
    "one school": (SCHOOL + WAVE.format(grade="4"), 500),
    "one school, two grades": (
        SCHOOL + WAVE.format(grade="4") + '[grades]\norder = ["3", "4"]\nhalf_days = []\n',
        120,
    ),
    "one band": (SCHOOL + WAVE.format(grade="4") + "[targeted]\nbands_pct = [0]\n", 500),
    "one comparison grade": (WAVE.format(grade="4") + '[grades]\norder = ["4", "5"]\nhalf_days = []\n', 400),
}


def study_of(folder: Path, changes: str) -> Path:
    """The demonstration's study with some blocks of its protocol changed."""
    folder.mkdir(parents=True)
    head = 'extends = "demo_kommune"\n[study]\nid = "lille"\n'
    (folder / "protocol.toml").write_text(head + changes, encoding="utf-8")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind", [k if k == "one school, two grades" else pytest.param(k, marks=pytest.mark.long) for k in SMALL]
)
def test_the_rest_of_the_report_is_made_and_says_what_could_not_be(tmp_path, kind):
    changes, pupils = SMALL[kind]
    study = load_study(str(study_of(tmp_path / "study", changes)))
    settings = settings_for(tmp_path / "data", str(tmp_path / "study"))
    municipality = make_municipality(study, seed=1, pupils=pupils, scenario=Scenario(has_dirt=False))
    write_files(municipality, settings.incoming, exported_on=(dt.date(2026, 11, 20), dt.date(2027, 6, 28)))
    for file in settings.incoming.rglob("*.csv"):
        if len(file.read_bytes().splitlines()) == 1:  # a school with nothing to report sends no file
            file.unlink()
    round_id = study.protocol.rounds[-1].id
    run_round(settings, round_id)
    effects = warehouse_of(settings, study).read(round_id, "out_effects")
    refused = effects[effects["status"] != "estimated"]
    assert len(refused)
    assert refused["note"].str.len().gt(10).all()
    page = (settings.reports / round_id / "styregruppe.html").read_text(encoding="utf-8")
    text = html.unescape(re.sub(r"<[^>]+>", " ", page))
    assert "kan ikke vurderes" in text or "kan ikke opgøres" in text or "kan ikke afgøres" in text


def test_an_occasion_that_no_interview_can_have_is_refused_with_the_ones_there_are(tmp_path):
    rounds = (PACKAGED / "kom_glad_i_skole" / "protocol.toml").read_text("utf-8").split("[[rounds]]", 1)[1]
    changed = "[[rounds]]" + rounds.replace('"slutevaluering_2027"', '"slutevaluering"')
    study = load_study(str(study_of(tmp_path / "study", changed)))
    with pytest.raises(ProtocolError) as refused:
        require_known_occasions(study)
    assert '"slutevaluering" er ikke et nedslag' in str(refused.value)
    assert "baseline, delevaluering_nov_2026, slutevaluering_2027, loebende" in str(refused.value)
    require_known_occasions(load_study("demo_kommune"))


@pytest.mark.parametrize("day", ["2025-09-07", "2027-09-07"])
def test_a_wave_outside_the_follow_up_year_is_refused(tmp_path, day):
    wave = WAVE.format(grade="4").replace("2026-09-07", day).replace("2026-09-25", day)
    with pytest.raises(ProtocolError, match="opfølgningsåret 2026/27"):
        load_study(str(study_of(tmp_path / "study", wave)))
