"""Each rule of the consent register, from a real file to what is in force at the round's cut-off."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from evaluation.door.consent import consents_in_force
from evaluation.door.intake import Intake, read_incoming
from evaluation.door.pseudonyms import PseudonymKey
from evaluation.study import load_study

KEY = PseudonymKey.parse("00112233445566778899aabbccddeeff" * 2)
STUDY = load_study("demo_kommune")
CUTOFF = STUDY.protocol.round("november_2026").cutoff  # 13 November 2026
ROSTER = "2026/27\nElevID¤Skolekode¤Skolenavn¤Fornavn¤Efternavn¤CPR¤Klassetrin¤Klassespor¤Stamklasse¤Indmeldt¤Udmeldt\n"
PUPIL = "0101144001"
REGISTER = "CPR;Formål;Indehaver;Svar;Afgivet;Trukket tilbage"


def read(
    root: Path, *statements: str, round_id: str = "november_2026", older: tuple[str, ...] = ()
) -> Intake:
    """The round's intake with one pupil on the roster and these statements in the register."""
    inbox = root / "inbox"
    (inbox / "fjord").mkdir(parents=True, exist_ok=True)
    (inbox / "sundhedsplejen").mkdir(exist_ok=True)
    row = f"17¤990002¤Fjordskolen¤Ida¤Prøve¤{PUPIL}¤6¤A¤6.A¤¤\n"
    (inbox / "fjord" / "elever_2026-27_2026-11-20.txt").write_text(ROSTER + row, encoding="cp1252")
    for day, rows in (("2026-11-20", statements), ("2026-10-01", older)):
        if rows:
            text = "\n".join([REGISTER, *rows]) + "\n"
            (inbox / "sundhedsplejen" / f"samtykker_{day}.csv").write_text(text, encoding="utf-8")
    intake = read_incoming(inbox, STUDY, round_id=round_id, key=KEY)
    assert not intake.problems
    return intake


def in_force(intake: Intake, round_id: str = "november_2026") -> tuple[bool, str, dt.date | None] | None:
    """(in force, status, from) of the one pupil for the evaluation; None when the register is silent."""
    cutoff = STUDY.protocol.round(round_id).cutoff
    rows = consents_in_force(intake.tables["raw_consents"], cutoff, ["evaluering"])
    if rows.empty:
        return None
    assert len(rows) == 1
    day = rows["from_on"][0]
    return bool(rows["is_in_force"][0]), str(rows["status"][0]), None if pd.isna(day) else day.date()


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        (("1;ja;01-09-2026;",), (True, "in_force", dt.date(2026, 9, 1))),
        (("1;nej;01-09-2026;",), (False, "refused", None)),
        # Withdrawn before the cut-off, on it, after it.
        (("1;ja;01-09-2026;12-11-2026",), (False, "withdrawn", None)),
        (("1;ja;01-09-2026;13-11-2026",), (False, "withdrawn", None)),
        (("1;ja;01-09-2026;14-11-2026",), (True, "in_force", dt.date(2026, 9, 1))),
        # Several: the latest counts.
        (("1;nej;01-09-2026;", "1;ja;05-10-2026;"), (True, "in_force", dt.date(2026, 10, 5))),
        (("1;ja;01-09-2026;", "1;nej;05-10-2026;"), (False, "refused", None)),
        (("1;ja;01-09-2026;01-10-2026", "1;ja;05-10-2026;"), (True, "in_force", dt.date(2026, 10, 5))),
        # Renewed without a break: the days covered stay covered.
        (("1;ja;01-09-2026;", "1;ja;05-10-2026;"), (True, "in_force", dt.date(2026, 9, 1))),
        # An older statement is withdrawn after a newer yes: the withdrawal is the latest word.
        (("1;ja;01-09-2026;10-10-2026", "1;ja;05-10-2026;"), (False, "withdrawn", None)),
        # Conflicting on one day = no.
        (("1;ja;01-09-2026;", "1;nej;01-09-2026;"), (False, "conflict", None)),
        # One holder's no = no; both yes = from the later.
        (("1;ja;01-09-2026;", "2;nej;02-09-2026;"), (False, "refused", None)),
        (("1;ja;01-09-2026;", "2;ja;20-09-2026;"), (True, "in_force", dt.date(2026, 9, 20))),
        (("1;ja;01-09-2026;", "2;ja;20-09-2026;01-11-2026"), (False, "withdrawn", None)),
    ],
)  # fmt: skip
def test_what_is_in_force_at_the_cut_off(
    tmp_path: Path, statements: tuple[str, ...], expected: tuple[bool, str, dt.date | None]
) -> None:
    assert in_force(read(tmp_path, *(f"{PUPIL};evaluering;{s}" for s in statements))) == expected


def test_late_consent_counts_from_its_date_and_never_before(tmp_path: Path) -> None:
    (late,) = (f"{PUPIL};evaluering;1;ja;16-11-2026;",)
    intake = read(tmp_path, late)
    assert in_force(intake) is None
    ledger = intake.tables["raw_ledger"].set_index("source_kind").loc["consents"]
    assert (ledger["rows_in"], ledger["rows_kept"], ledger["rows_out_of_round"]) == (1, 0, 1)
    intake = read(tmp_path, late, round_id="end_of_year_2027")
    assert in_force(intake, "end_of_year_2027") == (True, "in_force", dt.date(2026, 11, 16))


def test_a_withdrawal_in_a_newer_export_replaces_the_old_statement(tmp_path: Path) -> None:
    row = f"{PUPIL};evaluering;1;ja;01-09-2026;"
    intake = read(tmp_path, row + "01-11-2026", older=(row,))
    assert in_force(intake) == (False, "withdrawn", None)
    ledger = intake.tables["raw_ledger"]
    assert int(ledger["rows_superseded"].sum()) == 1


def test_unknown_pupil_is_quarantined(tmp_path: Path) -> None:
    intake = read(tmp_path, "0202144002;evaluering;1;ja;01-09-2026;")
    assert in_force(intake) is None
    q = intake.tables["raw_quarantine"]
    assert list(zip(q["source_row"], q["column_name"], q["rule"], strict=True)) == [
        (2, "CPR", "unknown_pupil")
    ]
    assert "0202144002" not in q.to_csv()


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        (f"{PUPIL};markedsføring;1;ja;01-09-2026;", "unknown_value"),
        (f"{PUPIL};evaluering;1;måske;01-09-2026;", "unknown_value"),
        (f"{PUPIL};evaluering;1;;01-09-2026;", "empty_value"),
        (f"{PUPIL};evaluering;1;ja;;", "empty_value"),
        (f"{PUPIL};evaluering;1;ja;01-09-2026;01-08-2026", "holder_date"),
    ],
)
def test_statements_that_cannot_be_read_never_count_as_consent(tmp_path: Path, row: str, rule: str) -> None:
    intake = read(tmp_path, row)
    assert in_force(intake) is None
    assert list(intake.tables["raw_quarantine"]["rule"]) == [rule]


def test_no_statement_means_no_row(tmp_path: Path) -> None:
    assert in_force(read(tmp_path, f"{PUPIL};interview;1;ja;01-09-2026;")) is None


def test_holders_are_keyed_and_no_number_is_kept(tmp_path: Path) -> None:
    intake = read(tmp_path, f"{PUPIL};evaluering;Mor Prøve Prøvesen;ja;01-09-2026;")
    text = "".join(frame.to_csv() for frame in intake.tables.values())
    assert in_force(intake) == (True, "in_force", dt.date(2026, 9, 1))
    for secret in (PUPIL, "Prøve", "Ida", "Mor "):
        assert secret not in text
