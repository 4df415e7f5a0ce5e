"""Whole inboxes with planted truth: what comes through the door is what the school wrote, or is asked about."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from evaluation.door.intake import Intake, read_incoming
from evaluation.door.pseudonyms import PseudonymKey
from evaluation.study import Study, load_study

CASES = Path(__file__).parents[2] / "data" / "door" / "cases"
KEY = PseudonymKey.parse("00112233445566778899aabbccddeeff" * 2)
STUDY = load_study("kom_glad_i_skole")


def intake_of(case: Path, folder: Path, *changes: tuple[str, str]) -> Intake:
    """The intake of a case's inbox under its own mappings, the export's changed, and the shipped study."""
    (folder / "mappings").mkdir(parents=True)
    for mapping in (case / "mappings").iterdir():
        text = mapping.read_text(encoding="utf-8")
        for old, new in changes if mapping.name == "m0.toml" else ():
            assert old in text
            text = text.replace(old, new, 1)
        (folder / "mappings" / mapping.name).write_text(text, encoding="utf-8")
    study = Study(STUDY.protocol, (folder, *STUDY.folders))
    return read_incoming(case / "incoming", study, round_id="november_2026", key=KEY)


def days_of(intake: Intake) -> float:
    """Absent days that were kept; every case here has whole or half days of single dates."""
    rows = intake.tables["raw_absence"]
    return float(rows["day_fraction"].sum())


def ledger_of(intake: Intake) -> dict[str, dict[str, int]]:
    ledger = intake.tables["raw_ledger"].set_index("source_file")
    counts = [c for c in ledger if c.startswith("rows_") and c != "rows_in"]
    assert (ledger[counts].sum(axis=1) == ledger["rows_in"]).all()
    return {
        str(f): {c.removeprefix("rows_"): int(r[c]) for c in counts if r[c]} for f, r in ledger.iterrows()
    }


def test_one_class_exported_a_day_after_another_replaces_nothing_of_it(tmp_path: Path) -> None:
    intake = intake_of(CASES / "class_a_day_after_another", tmp_path)
    assert not intake.problems
    assert set(intake.tables["raw_absence"]["class_label"]) == {"6.A", "6.B"}
    assert days_of(intake) == 4 + 4
    assert all("superseded" not in counts for counts in ledger_of(intake).values())


def test_one_class_a_day_after_another_is_kept_where_the_files_name_no_class(tmp_path: Path) -> None:
    case = tmp_path / "case"
    shutil.copytree(CASES / "class_a_day_after_another", case)
    one, other = sorted((case / "incoming").glob("*/dagsfravaer_6*.csv"))
    for path in (one, other):
        rows = [line.split(b";") for line in path.read_bytes().splitlines(keepends=True)]
        path.write_bytes(b"".join(b";".join(row[:1] + row[2:]) for row in rows))
    changes = ('class = "Klasse"\n', ""), ('"Klasse", ', "")
    intake = intake_of(case, tmp_path / "first", *changes)
    assert days_of(intake) == 4 + 4
    # A corrected export of the same pupils replaces theirs, what it no longer has included, and leaves the others'.
    lines = one.read_bytes().splitlines(keepends=True)
    later = one.with_name("dagsfravaer_6_2026-11-20.csv")
    later.write_bytes(b"".join([lines[0], *lines[1:3], lines[-1]]))
    assert days_of(intake_of(case, tmp_path / "second", *changes)) == 3 + 4


def test_a_date_with_a_short_month_is_read(tmp_path: Path) -> None:
    intake = intake_of(CASES / "short_month", tmp_path)
    assert not intake.problems
    assert days_of(intake) == 4 * 3
    assert {f"{d:%m-%d}" for d in intake.tables["raw_absence"]["from_on"]} == {"09-03", "10-22", "11-09"}


def test_a_line_with_a_number_and_a_date_is_a_row_whatever_it_begins_with(tmp_path: Path) -> None:
    """Two pupils have names that begin like a sum; the one real sum is in the ledger as a line that is no row."""
    intake = intake_of(CASES / "skipped_lines", tmp_path)
    assert not intake.problems
    assert days_of(intake) == 4
    assert ledger_of(intake)["egelund/f_2026-11-20.csv"] == {"kept": 4, "skipped": 1}
    (line,) = intake.tables["raw_left_out"].to_dict("records")
    assert (line["source_row"], line["status"], line["reason"]) == (6, "skipped", "skip_lines")


def test_a_sheet_nobody_reads_is_named(tmp_path: Path) -> None:
    intake = intake_of(CASES / "two_sheets", tmp_path)
    assert intake.sheets_unread == {"egelund/f_2026-11-20.xlsx": ("6.B",)}
    ledger = intake.tables["raw_ledger"].set_index("source_file")
    assert ledger.loc["egelund/f_2026-11-20.xlsx", "sheets_unread"] == "6.B"


def test_one_mapping_reads_every_sheet_that_its_pattern_fits(tmp_path: Path) -> None:
    intake = intake_of(
        CASES / "two_sheets",
        tmp_path,
        ('sheet = "6.A"', 'sheet = "6.*"'),
        ('class = "Klasse"', "class = { sheet = '(.+)' }"),
        ("\n[types]", '\n[ignore]\nKlasse = "arkets navn siger det"\n[types]'),
    )
    assert intake.sheets_unread == {}
    assert set(intake.tables["raw_absence"]["class_label"]) == {"6.A", "6.B"}
    assert {"egelund/f_2026-11-20.xlsx#6.A", "egelund/f_2026-11-20.xlsx#6.B"} <= set(
        intake.tables["raw_ledger"]["source_file"]
    )


def test_a_corrected_export_is_asked_about(tmp_path: Path) -> None:
    """One day moved, one deleted: the older export has two days that the newer lacks."""
    intake = intake_of(CASES / "corrected_export", tmp_path)
    (problem,) = intake.problems
    assert (problem.file, problem.column, problem.rule) == (
        "egelund/f_2026-11-18.csv",
        "overlap",
        "open_question",
    )
    assert "egelund/f_2026-11-20.csv mangler 2 rækker" in problem.found


def test_a_complete_export_replaces_moved_and_deleted_days(tmp_path: Path) -> None:
    intake = intake_of(
        CASES / "corrected_export", tmp_path, ("[columns]", 'overlap = "whole_period"\n[columns]')
    )
    assert not intake.problems
    assert days_of(intake) == 7
    assert ledger_of(intake)["egelund/f_2026-11-18.csv"] == {"superseded": 8}
    older = intake.tables["raw_ledger"].set_index("source_file").loc["egelund/f_2026-11-18.csv"]
    assert older["deleted"] == 2


def test_an_incomplete_export_leaves_the_older_days_and_they_are_listed(tmp_path: Path) -> None:
    intake = intake_of(
        CASES / "corrected_export", tmp_path, ("[columns]", 'overlap = "pupil_day"\n[columns]')
    )
    assert not intake.problems
    assert days_of(intake) == 9
    older = intake.tables["raw_ledger"].set_index("source_file").loc["egelund/f_2026-11-18.csv"]
    assert older["only_older"] == 2
    assert len(older["only_older_lines"].split(", ")) == 2


@pytest.mark.parametrize("fmt", ["dd-dd-yyyy", "dd-mm", "%d-%d-%m-%Y", "d-%q-m-yyyy"])
def test_a_format_that_cannot_be_read_is_refused_by_name(fmt: str) -> None:
    from evaluation.door.mapping import parse_mapping
    from evaluation.errors import ProtocolError

    raw = {"kind": "calendar", "files": ["k.csv"], "columns": {"from": "fra"}, "date_formats": [fmt]}
    with pytest.raises(ProtocolError) as refused:
        parse_mapping(raw, name="k.toml")
    (problem,) = refused.value.problems
    assert problem.column == "date_formats"
    assert fmt in problem.found
