"""The check's rows add up, can be written as JSON, and hold no value of a person."""

from __future__ import annotations

import json
from pathlib import Path

from evaluation.door.check_report import (
    LEDGER_HEADINGS,
    QUARANTINE_HEADINGS,
    ledger_rows,
    quarantine_rows,
    summarise,
)
from evaluation.door.intake import read_incoming
from evaluation.door.pseudonyms import PseudonymKey
from evaluation.study import load_study

KEY = PseudonymKey.parse("00112233445566778899aabbccddeeff" * 2)


def test_summary_of_a_file_with_faults_and_a_refused_one(tmp_path: Path) -> None:
    (tmp_path / "fjord").mkdir()
    rows = [
        "0101144001;6.A;07-09-2026;S;Hel",
        *(f"0101144001;6.A;{d:02d}-09-2026;Ida Prøve;Hel" for d in range(8, 12)),
    ]
    text = "\n".join(["CPR-nr;Klasse;Dato;Fraværskode;Omfang", *rows, ""])
    (tmp_path / "fjord" / "dagsfravaer_2026-11-10.csv").write_text(text, encoding="cp1252")
    (tmp_path / "fjord" / "dagsfravaer_2026-11-11.csv").write_text("", encoding="cp1252")
    intake = read_incoming(tmp_path, load_study("demo_kommune"), round_id="november_2026", key=KEY)
    assert ledger_rows(intake)[-1] == ("I alt", "5", "1", "4", "0", "0", "0")
    (row,) = quarantine_rows(intake)
    assert row[:5] == ("fjord/dagsfravaer_2026-11-10.csv", "Fraværskode", "unknown_type", "4", "3, 4, 5, 6")
    assert len(row) == len(QUARANTINE_HEADINGS)
    assert len(ledger_rows(intake)[0]) == len(LEDGER_HEADINGS)
    text = json.dumps(summarise(intake))
    assert json.loads(text)["problems"][0]["rule"] == "empty_file"
    assert not json.loads(text)["is_clean"]
    assert "Ida" not in text
    assert "0101144001" not in text
