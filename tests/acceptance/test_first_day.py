"""What a new user types first: which komglad it is, help, a study of one's own, and a check without a round."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from typer.testing import CliRunner

from evaluation.study import load_study
from pipelines.checking import chosen_round
from pipelines.cli import app

PROTOCOL = load_study("kom_glad_i_skole").protocol


@pytest.mark.parametrize(
    ("today", "approved", "expected", "said"),
    [
        ("2026-10-01", (), "november_2026", "den næste"),
        ("2026-11-20", (), "november_2026", "er ikke godkendt"),
        ("2026-12-01", ("november_2026",), "end_of_year_2027", "den næste"),
        ("2027-07-01", ("november_2026",), "end_of_year_2027", "er ikke godkendt"),
        ("2027-07-01", (), "end_of_year_2027", "den nyeste"),
        ("2027-09-01", ("november_2026", "end_of_year_2027"), "end_of_year_2027", "alle runder er godkendt"),
    ],
)
def test_a_check_without_a_round_takes_the_newest_that_waits_and_says_why(today, approved, expected, said):
    chosen, why = chosen_round(PROTOCOL, dt.date.fromisoformat(today), approved)
    assert chosen.id == expected
    assert said in why
    assert chosen.title in why


def test_the_version_is_one_line():
    done = CliRunner().invoke(app, ["--version"])
    assert done.exit_code == 0
    assert re.fullmatch(r"komglad \d+\.\d+\.\d+\S*\n", done.output)


@pytest.mark.parametrize("command", [[], ["check"], ["run"], ["new-study"], ["freeze"]])
def test_h_is_help_everywhere(command):
    done = CliRunner().invoke(app, [*command, "-h"])
    assert done.exit_code == 0
    assert done.output.startswith("Brug: ")
    assert "Valg:" in done.output


ANSWERS = [
    "Rådgiver i Nykøbing", "Nykøbing Kommune (opdigtet)", "en fraværsrådgiver",
    "990001", "Bøgelundskolen", "990002", "Fjordskolen", "",
    "0,1,2,3,4,5,6,7,8,9",
    "12", "", "990001", "september", "2026-09-07", "2026-09-25", "n",
    "2", "2027-06-25", "2027-07-02", "fraværet falder hos dem, der får en rådgiver",
]  # fmt: skip
"""One wrong grade and one wrong day among them: both are asked again."""


def test_new_study_asks_and_writes_only_what_differs(tmp_path):
    folder = tmp_path / "nykoebing"
    done = CliRunner().invoke(app, ["new-study", str(folder), "--ask"], input="\n".join(ANSWERS) + "\n")
    assert done.exit_code == 0, done.output
    assert "kun: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9" in done.output
    assert "skriv dagen som 2026-09-07" in done.output
    assert "de samme årgange på de skoler" in done.output.lower()  # the plan
    text = (folder / "protocol.toml").read_text("utf-8")
    assert text.startswith('extends = "kom_glad_i_skole"\n')
    assert "[disclosure]" not in text
    protocol = load_study(str(folder)).protocol
    assert protocol.study.title == "Rådgiver i Nykøbing"
    assert {s for s, _ in protocol.treated} == {"990001"}
    assert len(protocol.treated) == 10
    assert protocol.estimand.comparison == "same_grades_other_schools"
    assert [r.kind for r in protocol.rounds] == ["final"]
    assert protocol.milestone.parts == ()


@pytest.mark.parametrize("base", ["kom_glad_i_skole", "eksempel_raadgiver", "eksempel_bro"])
def test_a_study_from_another_says_the_same_until_it_is_changed(tmp_path, base):
    folder = tmp_path / "studie"
    done = CliRunner().invoke(app, ["new-study", str(folder), "--no-ask", "--from", base])
    assert done.exit_code == 0, done.output
    assert load_study(str(folder)).protocol == load_study(base).protocol
