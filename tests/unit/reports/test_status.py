"""A status round describes, tests nothing, spends no look, and gives the working group its form."""

from __future__ import annotations

import datetime as dt

import pytest

from evaluation.errors import ProtocolError
from evaluation.publication import files
from evaluation.publication.publish import DESCRIPTIVE, PUBLISHED_TABLES, descriptive
from evaluation.reports.inputs import ReportInputs
from evaluation.reports.render import headline_words, render_school, render_status
from evaluation.study import parse_protocol
from evaluation.tables import TABLES
from tests.unit.reports import sample_inputs as sample
from tests.unit.reports.test_pages import Reader

STATUS = {
    "id": "januar_2027",
    "title": "Status, januar 2027",
    "kind": "status",
    "cutoff": dt.date(2027, 1, 29),
    "report_date": dt.date(2027, 2, 5),
}


def plan(*rounds: dict[str, object]):
    raw = sample.P.model_dump()
    return parse_protocol({**raw, "rounds": rounds})


def status() -> ReportInputs:
    november, june = sample.P.model_dump()["rounds"]
    base, p = sample.november(), plan(november, STATUS, june)
    frames = descriptive({n: base.frames.get(n, TABLES[n].empty()) for n in PUBLISHED_TABLES})
    return ReportInputs(p, p.round("januar_2027"), frames)


def test_no_look_belongs_to_a_status_round() -> None:
    assert [r.id for r in status().protocol.judging_rounds] == ["november_2026", "end_of_year_2027"]
    with pytest.raises(ProtocolError):
        plan(STATUS)


def test_every_estimate_stays_behind() -> None:
    assert all(status().frames[n].empty for n in PUBLISHED_TABLES if n not in DESCRIPTIVE)
    assert len(status().frames["out_description"])
    assert not {"out_effects", "out_verdicts", "out_joint_display", "out_targeted", "out_themes"} & set(
        DESCRIPTIVE
    )


def test_the_page_describes_and_says_that_it_decides_nothing() -> None:
    text = " ".join(Reader(render_status(status())).text)
    assert "Den afprøver intet og afgør intet" in text
    assert "Udviklingen i fraværet" in text
    assert "Hvad besluttede vi sidst?" in text
    for word in ("opnået", "kan ikke afgøres", "end ventet", "interval"):
        assert word not in text.lower()
    assert headline_words(status()) == ""


def test_a_school_gets_its_page_without_the_milestone() -> None:
    html = render_school(status(), sample.P.schools[0].id)
    assert "Er milepælen nået?" not in html
    assert "Læringscirklen" in html
    assert "Er milepælen nået?" in render_school(sample.november(), sample.P.schools[0].id)


def test_a_status_round_makes_its_own_files() -> None:
    inputs = status()
    made = files.files_for(inputs.protocol, inputs.round)
    assert list(made) == ["report_steering_group", "report_school", "report_tables"]
    assert list(made["report_steering_group"](inputs)) == ["status.html"]
