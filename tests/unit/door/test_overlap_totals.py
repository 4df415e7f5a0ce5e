"""Which period totals stand: a pupil who moves to another class, sums beside their parts, weeks beside months."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluation.door.intake import Intake, read_incoming
from evaluation.door.pseudonyms import PseudonymKey
from evaluation.panel.core import register_tables
from evaluation.study import Study, load_study
from evaluation.tables.relations import frame_of

KEY = PseudonymKey.parse("00112233445566778899aabbccddeeff" * 2)
DEMO = load_study("demo_kommune")
IDA, BO = "0101144001", "0202144002"
PUPILS = """
kind = "totals"
grain = "week"
files = ["elever_*.csv"]
exported_on = { file_name = '(\\d{4}-\\d{2}-\\d{2})' }
[columns]
school = { column = "Skole" }
pupil = { column = "CPR", kind = "cpr" }
class = "Klasse"
week = "Uge"
school_days = "Mulige"
[totals]
types = { sick = "Syge", unlawful = "Ulovlige" }
"""
GROUPS = """
kind = "totals"
grain = "GRAIN"
files = ["FILES"]
decimal = ","
[columns]
school = { column = "Skole" }
class = "Klasse"
GRAIN = "Uge"
pupils = "Elever"
school_days = "Mulige"
[totals]
possible = "group"
types = { sick = "Syge", unlawful = "Ulovlige" }
"""
PUPIL_HEAD = "Skole;CPR;Klasse;Uge;Mulige;Syge;Ulovlige\n"
GROUP_HEAD = "Skole;Klasse;Uge;Elever;Mulige;Syge;Ulovlige\n"
ROSTER = """
kind = "pupils"
files = ["roster.csv"]
[columns]
school = "Skole"
pupil = { column = "CPR", kind = "cpr" }
class = "Klasse"
school_year = { constant = "2026/27" }
"""


def groups(files: str = "klasser_*.csv", grain: str = "week", more: str = "") -> str:
    return GROUPS.replace("FILES", files).replace("GRAIN", grain) + more


def intake_of(folder: Path, files: dict[str, str], *mappings: str) -> Intake:
    (folder / "study" / "mappings").mkdir(parents=True)
    for n, text in enumerate(mappings):
        (folder / "study" / "mappings" / f"m{n}.toml").write_text(text, encoding="utf-8")
    (folder / "inbox").mkdir()
    for name, text in files.items():
        (folder / "inbox" / name).write_text(text, encoding="utf-8")
    study = Study(DEMO.protocol, (folder / "study", *DEMO.folders))
    intake = read_incoming(folder / "inbox", study, round_id="november_2026", key=KEY)
    ledger = intake.tables["raw_ledger"]
    parts = [c for c in ledger if c.startswith("rows_") and c != "rows_in"]
    assert (ledger[parts].sum(axis=1) == ledger["rows_in"]).all()
    return intake


def kept(intake: Intake) -> list[tuple[str, str, float, float]]:
    """Class, file, possible days and absent days of each row that stands."""
    rows = intake.tables["raw_totals"]
    found = rows.groupby(["class_label", "source_file", "source_row"]).agg(
        possible=("school_days", "max"), absent=("absent_days", "sum")
    )
    return [
        (str(i[0]), str(i[1]), r.possible, r.absent)
        for i, r in zip(found.index, found.itertuples(), strict=True)
    ]


def test_a_pupil_who_has_moved_has_the_week_once(tmp_path: Path) -> None:
    """The newer export has the pupil in 6.B, with the whole week: what 6.A said of it is replaced."""
    older = PUPIL_HEAD + f"990001;{IDA};6.A;2026-W37;5;2;0\n990001;{BO};6.A;2026-W37;5;1;0\n"
    newer = PUPIL_HEAD + f"990001;{IDA};6.B;2026-W37;5;2;1\n"
    intake = intake_of(tmp_path, {"elever_2026-09-15.csv": older, "elever_2026-10-01.csv": newer}, PUPILS)
    assert not intake.problems
    assert kept(intake) == [("6.A", "elever_2026-09-15.csv", 5, 1), ("6.B", "elever_2026-10-01.csv", 5, 3)]
    (line,) = intake.tables["raw_left_out"].to_dict("records")
    assert (line["source_row"], line["status"]) == (2, "superseded")
    assert line["reason"] == "moved"
    assert (line["other_file"], line["other_row"]) == ("elever_2026-10-01.csv", 2)


def test_a_week_split_between_two_classes_is_two_parts(tmp_path: Path) -> None:
    """In one export, and in two of a class each; the core table adds the parts' days up."""
    rows = f"990001;{IDA};6.A;2026-W37;3;1;0\n", f"990001;{IDA};6.B;2026-W37;2;1;0\n"
    one = intake_of(tmp_path / "one", {"elever_2026-10-01.csv": PUPIL_HEAD + "".join(rows)}, PUPILS)
    files = {
        "elever_6a_2026-10-01.csv": PUPIL_HEAD + rows[0],
        "elever_6b_2026-10-02.csv": PUPIL_HEAD + rows[1],
    }
    two = intake_of(tmp_path / "two", files, PUPILS)
    for intake in (one, two):
        assert not intake.problems
        assert [(label, days, absent) for label, _, days, absent in kept(intake)] == [
            ("6.A", 3, 1),
            ("6.B", 2, 1),
        ]
    made = {name: one.tables[name] for name in one.tables}
    weeks = frame_of(register_tables(made, DEMO.protocol.round("november_2026").cutoff)["core_pupil_weeks"])
    mine = weeks[weeks["absent_days"] > 0]
    assert mine[["possible_days", "absent_days", "sick_days"]].to_numpy().tolist() == [[5, 2, 2]]


def test_a_corrected_split_replaces_the_whole_week_it_was(tmp_path: Path) -> None:
    older = PUPIL_HEAD + f"990001;{IDA};6.A;2026-W37;5;2;0\n"
    newer = PUPIL_HEAD + f"990001;{IDA};6.A;2026-W37;3;1;0\n990001;{IDA};6.B;2026-W37;2;1;0\n"
    files = {"elever_2026-09-15.csv": older, "elever_2026-10-01.csv": newer}
    assert [k[2:] for k in kept(intake_of(tmp_path / "split", files, PUPILS))] == [(3, 1), (2, 1)]
    whole = {"elever_2026-09-15.csv": newer, "elever_2026-10-01.csv": older}
    assert [k[2:] for k in kept(intake_of(tmp_path / "whole", whole, PUPILS))] == [(5, 2)]


def test_one_pupil_with_the_same_week_in_two_classes_of_one_export_is_a_contradiction(tmp_path: Path) -> None:
    rows = (
        f"990001;{IDA};6.A;2026-W37;5;2;0\n990001;{IDA};6.B;2026-W37;5;2;0\n990001;{BO};6.A;2026-W37;5;1;0\n"
    )
    intake = intake_of(tmp_path, {"elever_2026-10-01.csv": PUPIL_HEAD + rows}, PUPILS)
    assert kept(intake) == [("6.A", "elever_2026-10-01.csv", 5, 1)]
    assert list(intake.tables["raw_quarantine"]["rule"]) == ["conflict", "conflict"]


def test_a_week_at_two_schools_is_the_one_the_roster_has_the_pupil_at(tmp_path: Path) -> None:
    rows = f"990001;{IDA};6.A;2026-W37;5;2;0\n", f"990002;{IDA};6.C;2026-W37;5;1;0\n"
    files = {"elever_1_2026-10-01.csv": PUPIL_HEAD + rows[0], "elever_2_2026-10-02.csv": PUPIL_HEAD + rows[1]}
    roster = f"Skole;CPR;Klasse\n990001;{IDA};6.A\n"
    intake = intake_of(tmp_path / "told", {**files, "roster.csv": roster}, PUPILS, ROSTER)
    assert kept(intake) == [("6.A", "elever_1_2026-10-01.csv", 5, 2)]
    assert list(intake.tables["raw_left_out"]["reason"]) == ["other_school"]
    intake = intake_of(tmp_path / "untold", files, PUPILS)
    assert kept(intake) == []
    assert list(intake.tables["raw_quarantine"]["rule"]) == ["conflict", "conflict"]


@pytest.mark.parametrize("whole", ["6", "6.", "6. årgang", "6. kl."])
def test_a_grade_beside_its_classes_is_a_control_total(tmp_path: Path, whole: str) -> None:
    rows = f"990001;6.A;2026-W37;20;100;7;1\n990001;6.B;2026-W37;22;110;5;0\n990001;{whole};2026-W37;42;210;12;1\n"
    intake = intake_of(tmp_path, {"klasser_1.csv": GROUP_HEAD + rows}, groups())
    assert not intake.problems
    assert [k[2:] for k in kept(intake)] == [(100, 8), (110, 5)]
    (line,) = intake.tables["raw_left_out"].to_dict("records")
    assert (line["source_row"], line["status"], line["reason"]) == (4, "duplicate", "sum_of_parts")
    (held,) = intake.sums["klasser_1.csv"]
    assert (held.line, held.stated, held.read, held.agrees) == (4, 13, 13, True)


@pytest.mark.parametrize("other", ["43;215;12;1", "42;210;12;2"])
def test_a_grade_that_is_another_sum_is_a_question(tmp_path: Path, other: str) -> None:
    rows = f"990001;6.A;2026-W37;20;100;7;1\n990001;6.B;2026-W37;22;110;5;0\n990001;6;2026-W37;{other}\n"
    intake = intake_of(tmp_path / "asked", {"klasser_1.csv": GROUP_HEAD + rows}, groups())
    assert [(q.name, "linje 4" in q.why) for q in intake.questions["klasser_1.csv"]] == [("totals", True)]
    intake = intake_of(tmp_path / "told", {"klasser_1.csv": GROUP_HEAD + rows}, groups(more="sums = false\n"))
    assert not intake.problems
    assert len(kept(intake)) == 3


def test_a_grade_in_another_file_than_its_classes_is_held_against_them(tmp_path: Path) -> None:
    classes = GROUP_HEAD + "990001;6.A;2026-W37;20;100;7;1\n990001;6.B;2026-W37;22;110;5;0\n"
    grade = GROUP_HEAD + "990001;6;2026-W37;42;210;12;1\n990001;7;2026-W37;40;200;9;1\n"
    intake = intake_of(
        tmp_path, {"klasser_1.csv": classes, "trin_1.csv": grade}, groups(), groups("trin_*.csv")
    )
    assert not intake.problems
    assert [k[2:] for k in kept(intake)] == [(100, 8), (110, 5), (200, 10)]


@pytest.mark.parametrize("word", ["I alt", "Hele årgangen", "Total", "Σ"])
def test_a_free_word_for_all_classes_is_told_by_its_numbers(tmp_path: Path, word: str) -> None:
    mapping = groups().replace('class = "Klasse"', 'class = "Klasse"\ngrade = "Trin"')
    head = "Skole;Trin;Klasse;Uge;Elever;Mulige;Syge;Ulovlige\n"
    weeks = [
        f"990001;6;A;2026-W{w};20;100;{2 * w % 5};1\n990001;6;B;2026-W{w};22;110;5;0\n"
        f"990001;6;{word};2026-W{w};42;210;{2 * w % 5 + 5};1\n"
        for w in (36, 37, 38)
    ]
    intake = intake_of(tmp_path / "right", {"klasser_1.csv": head + "".join(weeks)}, mapping)
    assert not intake.problems
    assert sum(k[3] for k in kept(intake)) == sum(2 * w % 5 + 6 for w in (36, 37, 38))
    off = "".join([*weeks[:2], weeks[2].replace(";42;210;6", ";42;210;7")])
    intake = intake_of(tmp_path / "off", {"klasser_1.csv": head + off}, mapping)
    assert [q.name for q in intake.questions["klasser_1.csv"]] == ["totals"]
    alone = "".join(line for line in "".join(weeks).splitlines(keepends=True) if ";B;" not in line)
    alone = alone.replace(";42;210;", ";20;100;")
    for w in (36, 37, 38):
        alone = alone.replace(
            f";{word};2026-W{w};20;100;{2 * w % 5 + 5};", f";{word};2026-W{w};20;100;{2 * w % 5};"
        )
    intake = intake_of(tmp_path / "alone", {"klasser_1.csv": head + alone}, mapping)
    assert [q.name for q in intake.questions["klasser_1.csv"]] == ["totals"]


def test_classes_with_names_of_their_own_are_classes(tmp_path: Path) -> None:
    mapping = groups().replace('class = "Klasse"', 'class = "Klasse"\ngrade = "Trin"')
    rows = "".join(
        f"990001;6;{name};2026-W{w};{n};{5 * n};{n % 4 + 38 - w};0\n"
        for w in (36, 37)
        for name, n in (("Ørnene", 18), ("Falkene", 21), ("Glenterne", 19))
    )
    head = "Skole;Trin;Klasse;Uge;Elever;Mulige;Syge;Ulovlige\n"
    intake = intake_of(tmp_path, {"klasser_1.csv": head + rows}, mapping)
    assert not intake.problems
    assert len(kept(intake)) == 6


def test_a_class_beside_its_pupils_is_held_against_them(tmp_path: Path) -> None:
    pupils = PUPIL_HEAD + f"990001;{IDA};6.A;2026-W37;5;2;0\n990001;{BO};6.A;2026-W37;5;1;0\n"
    for name, rows, counted, asked in (
        ("same", "990001;6.A;2026-W37;2;10;3;0\n", 3, False),
        ("other class", "990001;6.B;2026-W37;2;10;4;0\n", 3 + 4, False),
        ("another sum", "990001;6.A;2026-W37;3;15;3;0\n", None, True),
        ("another sum of the grade", "990001;6;2026-W37;2;10;4;0\n", None, True),
    ):
        files = {"elever_2026-10-01.csv": pupils, "klasser_1.csv": GROUP_HEAD + rows}
        intake = intake_of(tmp_path / name, files, PUPILS, groups())
        assert bool(intake.questions.get("klasser_1.csv")) is asked, name
        assert asked or sum(k[3] for k in kept(intake)) == counted, name


def test_weeks_beside_months_of_the_same_days_are_a_question(tmp_path: Path) -> None:
    weeks = GROUP_HEAD + "990001;6.A;2026-W37;20;100;7;1\n"
    months = GROUP_HEAD + "990001;6.A;2026-09;20;440;20;1\n990001;7.A;2026-09;20;440;20;1\n"
    files = {"klasser_1.csv": weeks, "maaned_1.csv": months}
    intake = intake_of(tmp_path, files, groups(), groups("maaned_*.csv", "month"))
    assert [(q.name, "maaned_1.csv" in q.why) for q in intake.questions["klasser_1.csv"]] == [("grain", True)]


def test_two_classes_of_a_grade_have_two_labels(tmp_path: Path) -> None:
    written = ("7.1", "7.2", "7A1", "7A2", "7. b", "7 C")
    rows = "".join(f"990001;{c};2026-W37;20;100;{n};1\n" for n, c in enumerate(written))
    intake = intake_of(tmp_path, {"klasser_1.csv": GROUP_HEAD + rows}, groups())
    assert not intake.problems
    assert [k[0] for k in kept(intake)] == ["7.1", "7.2", "7.A1", "7.A2", "7.B", "7.C"]
    assert sum(k[3] for k in kept(intake)) == sum(range(6)) + 6


def test_a_negative_number_in_an_export_that_says_the_weeks_again_is_a_fault_and_no_taking_back(
    tmp_path: Path,
) -> None:
    older = PUPIL_HEAD + f"990001;{IDA};6.A;2026-W37;5;2;0\n990001;{BO};6.A;2026-W37;5;1;0\n"
    newer = PUPIL_HEAD + f"990001;{IDA};6.A;2026-W37;5;-2;0\n990001;{BO};6.A;2026-W37;5;1;0\n"
    intake = intake_of(
        tmp_path / "again", {"elever_2026-09-15.csv": older, "elever_2026-10-01.csv": newer}, PUPILS
    )
    assert not intake.problems
    assert list(intake.tables["raw_quarantine"]["rule"]) == ["negative"]
    back = PUPIL_HEAD + f"990001;{IDA};6.A;2026-W37;5;-2;0\n"
    intake = intake_of(
        tmp_path / "back", {"elever_2026-09-15.csv": older, "elever_2026-10-01.csv": back}, PUPILS
    )
    assert [q.name for q in intake.questions["elever_2026-10-01.csv"]] == ["amount"]
