"""The synthetic municipality's dirty files: every planted fault is found, nothing else is, and no canary passes."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path

import pytest

from evaluation.door.intake import read_incoming
from evaluation.door.pseudonyms import PseudonymKey
from evaluation.study import load_study
from evaluation.synthetic.files import write_files
from evaluation.synthetic.municipality import make_municipality
from evaluation.synthetic.scenario import Scenario

KEY = PseudonymKey.parse("00112233445566778899aabbccddeeff" * 2)


@pytest.mark.slow
def test_every_planted_fault_is_found_and_nothing_else(tmp_path: Path) -> None:
    study = load_study("demo_kommune")
    scenario = dataclasses.replace(Scenario(), has_dirt=True, has_canaries=True)
    written = write_files(
        make_municipality(study, seed=3, scenario=scenario, pupils=600),
        tmp_path,
        exported_on=[dt.date(2026, 11, 13)],
    )
    intake = read_incoming(tmp_path, study, round_id="november_2026", key=KEY)
    assert not intake.problems
    found = set(
        zip(
            intake.tables["raw_quarantine"]["source_file"],
            intake.tables["raw_quarantine"]["source_row"],
            strict=True,
        )
    )
    ledger = intake.tables["raw_ledger"].set_index("source_file")
    dirt = written.dirt[written.dirt["source_file"].isin(ledger.index)]
    planted = dirt[dirt["outcome"] == "quarantined"]
    assert set(zip(planted["source_file"], planted["source_row"], strict=True)) == found
    duplicates = dirt[dirt["outcome"] == "duplicate"].groupby("source_file").size()
    assert ledger["rows_duplicate"].to_dict() == duplicates.reindex(ledger.index, fill_value=0).to_dict()
    assert written.canaries.values
    everything = "".join(frame.to_csv() for frame in intake.tables.values())
    assert not [text for text in written.canaries.values if text in everything]
    assert intake.name_matcher_tokens
