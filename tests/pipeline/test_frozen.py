"""The record of frozen plans: sealed with the study's key; one from before there were seals is taken over with a reason."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from evaluation.errors import InputError
from evaluation.protocol import Protocol
from evaluation.study import load_study
from pipelines.frozen import FrozenPlan, freeze_protocol, frozen_plans
from pipelines.resealing import reseal
from tests.conftest import KEY, seal_key

DEMO = load_study("demo_kommune").protocol
FROZEN = dt.date(2026, 8, 1)
LATER = dt.date(2026, 9, 1)
OTHER = "ab" * 8 + KEY


@pytest.fixture
def record(tmp_path):
    freeze_protocol(tmp_path, DEMO, FROZEN, key=seal_key())
    return tmp_path / "frozen" / f"{DEMO.study.id}.json"


def plans(folder, key=KEY) -> list[FrozenPlan]:
    return frozen_plans(folder, DEMO.study.id, seal_key(key))


def as_before_seals(record):
    """As a version without seals wrote it; its chain of plain hashes anybody could make."""
    entries = json.loads(record.read_text(encoding="utf-8"))["plans"]
    record.write_text(json.dumps([{**entry, "chain": "00"} for entry in entries]))


def test_freezing_the_same_plan_again_adds_nothing(record, tmp_path):
    before = record.read_bytes()
    assert freeze_protocol(tmp_path, DEMO, LATER, key=seal_key()).frozen_on == "2026-08-01"
    assert record.read_bytes() == before


def test_a_record_without_a_seal_is_no_proof_until_somebody_says_why_it_is_taken_over(record, tmp_path):
    as_before_seals(record)
    with pytest.raises(InputError, match="før frosne planer fik segl"):
        plans(tmp_path)
    with pytest.raises(InputError, match="freeze --reason"):
        freeze_protocol(tmp_path, DEMO, LATER, key=seal_key())
    freeze_protocol(tmp_path, DEMO, LATER, reason="fra før segl", key=seal_key())
    assert [(p.frozen_on, p.reason) for p in plans(tmp_path)] == [
        ("2026-08-01", ""),
        ("2026-09-01", "fra før segl"),
    ]


@pytest.mark.parametrize(
    "change", ["a date", "a decision", "one freezing dropped", "seal dropped", "empty", "cut", "not json"]
)
def test_an_altered_record_is_refused(record, tmp_path, change):
    milestone = DEMO.milestone.model_dump() | {"relevant_change_pp": 2.0}
    other = Protocol.model_validate(DEMO.model_dump() | {"milestone": milestone})
    freeze_protocol(tmp_path, other, LATER, reason="en grund", key=seal_key())
    whole = record.read_text(encoding="utf-8")
    content = json.loads(whole)
    if change == "a date":
        content["plans"][0]["frozen_on"] = "2026-07-01"
    elif change == "a decision":
        content["plans"][1]["decisions"]["milestone"]["relevant_change_pp"] = 0.1
    elif change == "one freezing dropped":
        del content["plans"][0]
    elif change == "seal dropped":
        del content["sealed"]
    text = {"empty": "", "cut": whole[: len(whole) // 2], "not json": "PAR1"}.get(change, json.dumps(content))
    record.write_text(text, encoding="utf-8")
    for attempt in (
        lambda: plans(tmp_path),
        lambda: freeze_protocol(tmp_path, other, LATER, reason="igen", key=seal_key()),
    ):
        with pytest.raises(InputError, match="sikkerhedskopien"):
            attempt()
    assert record.read_text(encoding="utf-8") == text


def test_another_key_is_named_and_a_new_key_takes_the_record_along(record, tmp_path):
    with pytest.raises(InputError, match="en anden nøgle"):
        plans(tmp_path, OTHER)
    reseal(tmp_path, seal_key(), seal_key(OTHER))
    assert [p.frozen_on for p in plans(tmp_path, OTHER)] == ["2026-08-01"]


@pytest.mark.parametrize("kind", ["reports", "releases"])
def test_a_record_that_is_gone_is_missed_where_a_report_was_made_after_it(record, tmp_path, kind):
    """A plan frozen anew without a word would pass for the plan that was made before any data."""
    record.unlink()
    manifest = tmp_path / kind / "november_2026" / "manifest.json"
    manifest.parent.mkdir(parents=True)
    manifest.write_text(json.dumps({"frozen_on": None}), encoding="utf-8")
    assert plans(tmp_path) == []
    manifest.write_text(json.dumps({"frozen_on": "2026-08-01"}), encoding="utf-8")
    with pytest.raises(InputError, match=r"blev frosset 1\.\s+august 2026"):
        plans(tmp_path)
    for reason in ("", "ny plan"):
        with pytest.raises(InputError, match="sikkerhedskopien"):
            freeze_protocol(tmp_path, DEMO, LATER, reason, key=seal_key())
    assert not record.exists()
