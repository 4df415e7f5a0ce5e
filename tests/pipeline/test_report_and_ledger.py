"""A report that the ledger would refuse is refused before its first file: pages and PDF stay as they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assets import rendering
from evaluation.disclosure.exhibits import Key
from evaluation.disclosure.ledger import Ledger, read_ledger, write_ledger
from evaluation.disclosure.release import PublishedCell, Release
from evaluation.disclosure.rules import DisclosureRules
from evaluation.errors import GateRefused, InputError, KomgladError
from evaluation.study import load_study
from evaluation.tables import TABLES
from pipelines.resources import KeySource, Places
from pipelines.storage import Warehouse
from tests.conftest import sealing, settings_for

STUDY = load_study("demo_kommune")
ROUND, LATER = STUDY.protocol.rounds[:2]


def release_of(round_id: str, value: float) -> Release:
    """A release that prints one number."""
    place = (("skole", "A"),)
    key = Key("elever", "pupils", place)
    cell = PublishedCell("t", place, "pupils", key, value, f"{value:.0f}", is_suppressed=False, decimals=0)
    return Release(round_id, DisclosureRules(**STUDY.protocol.disclosure.model_dump()), (cell,), ())


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """Two rounds that were released and have their pages."""
    key = KeySource(settings_for(tmp_path))
    places = Places(tmp_path / "incoming", tmp_path, tmp_path / "forgotten.json", key)
    ledger = Ledger()
    for a_round in (ROUND, LATER):
        release = release_of(a_round.id, 7)
        warehouse_in(places).write_json(a_round.id, "release", {"release": release.to_dict()})
        ledger = ledger.record(release, "2026-11-30", {})
        for name in ("styregruppe.html", "styregruppe.pdf", "manifest.json"):
            places.write_report(f"{a_round.id}/{name}", b"as it was")
    write_ledger(places.ledger, ledger, key.load().for_seals)
    return places


def warehouse_in(places: Places) -> Warehouse:
    return Warehouse(places.home / "warehouse", sealing())


def files_of(places: Places) -> dict[str, bytes]:
    return {str(p.relative_to(places.home)): p.read_bytes() for p in places.home.rglob("*") if p.is_file()}


def refused(places: Places, monkeypatch: pytest.MonkeyPatch) -> KomgladError:
    """What ``komglad report`` is answered, with the pages themselves replaced by one that has other words."""

    def render(*_: Any, **__: Any) -> dict[str, dict[str, Any]]:
        places.set_aside(f"{ROUND.id}/styregruppe.pdf")
        places.write_report(f"{ROUND.id}/styregruppe.html", b"other words")
        return {}

    monkeypatch.setattr(rendering, "released_inputs", lambda *_: None)
    monkeypatch.setattr(rendering, "require_same_protocol", lambda *_: None)
    monkeypatch.setattr(rendering, "render_reports", render)
    monkeypatch.setattr(rendering, "finish", lambda *_: None)
    before = files_of(places)
    with pytest.raises(KomgladError) as found:
        rendering.render_round(STUDY, ROUND, warehouse_in(places), places, pdf=False)
    assert files_of(places) == before
    return found.value


@pytest.mark.parametrize("harm", ["missing", "edited", "cut short", "begun anew", "older"])
def test_beside_a_ledger_that_cannot_be_trusted_nothing_is_rendered(
    places: Places, monkeypatch: pytest.MonkeyPatch, harm: str
) -> None:
    path, key = places.ledger, places.key.load().for_seals
    if harm == "missing":
        path.unlink()
    elif harm == "edited":
        path.write_text(path.read_text("utf-8").replace("draft", "published", 1), "utf-8")
    elif harm == "cut short":
        path.write_bytes(path.read_bytes()[:100])
    else:
        kept = read_ledger(path, key).entries[:1] if harm == "older" else ()
        write_ledger(path, Ledger(kept), key)
    assert isinstance(refused(places, monkeypatch), InputError)


def test_a_published_round_is_not_rendered_from_an_older_release(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = places.key.load().for_seals
    write_ledger(places.ledger, read_ledger(places.ledger, key).publish(ROUND.id, "2026-12-01"), key)
    older = {"release": release_of(ROUND.id, 8).to_dict()}
    warehouse_in(places).write_json(ROUND.id, "release", older)
    assert isinstance(refused(places, monkeypatch), GateRefused)


def released_by_another_version(places: Places, round_id: str, lacking: str | None) -> None:
    """A round with one released table, without the column ``lacking``."""
    warehouse = warehouse_in(places)
    frame = TABLES["out_themes"].empty()
    frame.loc[0] = [round_id, "KODE", "Kode", "familie", "all", "", 7, 9, 12, 3, False, "", "", ""]
    frame = frame.drop(columns=[lacking] if lacking else [])
    warehouse.write(round_id, "released_out_themes", frame)
    stored = warehouse.read_json(round_id, "release") or {}
    digest = warehouse.present(round_id, ["released_out_themes"])["released_out_themes"]
    manifest = {"protocol_hash": STUDY.protocol.hash}
    told = {**stored, "tables": {"released_out_themes": digest}, "manifest": manifest}
    warehouse.write_json(round_id, "release", told)


def test_a_round_of_another_version_is_refused_in_words(places: Places) -> None:
    released_by_another_version(places, ROUND.id, "sources_declined")
    with pytest.raises(GateRefused, match="anden version") as found:
        rendering.released_inputs(STUDY, ROUND, warehouse_in(places))
    assert "sources_declined" in str(found.value)
    assert f"komglad run {ROUND.id}" in str(found.value)


def test_beside_a_round_of_an_older_version_the_newer_is_rendered(places: Places) -> None:
    """An update in the middle of the pilot: what November did not tell is empty in June's comparison."""
    released_by_another_version(places, ROUND.id, "sources_declined")
    released_by_another_version(places, LATER.id, None)
    inputs = rendering.released_inputs(STUDY, LATER, warehouse_in(places))
    assert inputs.previous is not None
    assert inputs.previous["out_themes"]["sources_declined"].isna().all()
    assert list(inputs.previous["out_themes"]["sources"]) == [7]
    assert list(inputs.frames["out_themes"]["sources_declined"]) == [3]


def test_a_removal_that_was_known_is_never_dropped(places: Places) -> None:
    """A list restored from before it is refused; had a report forgotten it, nobody would notice."""
    key = places.key.load().for_seals
    write_ledger(places.ledger, replace(read_ledger(places.ledger, key), removals=("0a1b",)), key)
    places.record_release(release_of(LATER.id, 7), "2026-11-30", {})
    assert read_ledger(places.ledger, key).removals == ("0a1b",)


def test_beside_a_list_of_the_forgotten_that_is_too_old_nothing_is_rendered(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = places.key.load().for_seals
    write_ledger(places.ledger, replace(read_ledger(places.ledger, key), removals=("0a1b",)), key)
    assert "forget" in str(refused(places, monkeypatch))
    places.forgotten.write_text("[]", encoding="utf-8")
    assert "forgotten.json" in str(refused(places, monkeypatch))
