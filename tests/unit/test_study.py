"""Protocols of an older schema are read as what they meant; what they cannot have meant is refused."""

from __future__ import annotations

import copy
import datetime as dt
import tomllib
from pathlib import Path

import pytest

from evaluation.errors import ProtocolError
from evaluation.sealing import opened, sealed
from evaluation.study import GONE, PACKAGED, load_study, parse_protocol
from pipelines.frozen import freeze_protocol, frozen_state
from tests.conftest import seal_key

NEW = tomllib.loads((PACKAGED / "kom_glad_i_skole" / "protocol.toml").read_text(encoding="utf-8"))


def old() -> dict:
    """The pilot's protocol as schema 1 wrote it."""
    raw = copy.deepcopy(NEW)
    for key in ("schema_version", "words", "audiences"):
        del raw[key]
    limits = ("minimum_pupils", "protection_width", "dominance_share", "quote_minimum_sources", "marker")
    raw["disclosure"] = {k: raw["disclosure"][k] for k in limits}
    for (block, key), value in GONE.items():
        raw[block][key] = value
    return raw


def test_an_old_protocol_means_what_it_meant():
    assert parse_protocol(old()) == parse_protocol(NEW)


@pytest.mark.parametrize(
    ("place", "other"), [(("milestone", "direction"), "rise"), (("estimand", "time"), "week")]
)
def test_what_was_never_done_is_refused_and_not_dropped(place, other):
    raw = old()
    raw[place[0]][place[1]] = other
    with pytest.raises(ProtocolError) as refused:
        parse_protocol(raw)
    assert [p.column for p in refused.value.problems] == [".".join(place)]


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("{grade}. årgang", ("årgang", "årgange", "på")),
        ("{grade}. klasse", ("klassetrin", "klassetrin", "på")),
        ("{grade}", ("gruppe", "grupper", "i")),
    ],
)
def test_words_that_were_read_out_of_a_label_are_said(label, words):
    raw = old()
    raw["grades"]["label"] = label
    found = parse_protocol(raw).words
    assert (found.unit, found.units, found.on) == words


def test_a_plan_frozen_under_the_older_schema_has_not_changed_because_more_is_said(tmp_path: Path):
    protocol = parse_protocol(NEW)
    freeze_protocol(tmp_path, protocol, dt.date(2026, 8, 1), key=seal_key())
    (kept,) = (tmp_path / "frozen").glob("*.json")
    name = f"frozen/{kept.name}"
    content = opened(name, kept.read_bytes(), seal_key(), way_back="")
    before = parse_protocol(NEW).model_dump(mode="json")
    older = {k: v for k, v in before.items() if k not in ("schema_version", "words", "audiences")}
    for (block, key), value in GONE.items():
        older[block] = {**older[block], key: value}
    content["plans"][0]["decisions"] = older
    for change, says in ((None, []), (2.0, ["milestone.relevant_change_pp"])):
        older["milestone"]["relevant_change_pp"] = change or older["milestone"]["relevant_change_pp"]
        kept.write_bytes(sealed(name, content, seal_key()))
        state = frozen_state(tmp_path, protocol, dt.date(2026, 11, 27), seal_key())
        assert state["changes_since_freeze"] == says


def test_a_study_that_leaves_an_audience_out_makes_nothing_for_it():
    from evaluation.publication.files import REPORTS, files_for

    protocol = load_study("demo_kommune").protocol
    assert list(files_for(protocol)) == list(REPORTS)
    less = protocol.model_copy(update={"audiences": ("steering_group", "tables")})
    assert list(files_for(less)) == ["report_steering_group", "report_tables"]
