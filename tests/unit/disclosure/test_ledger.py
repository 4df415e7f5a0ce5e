"""The ledger of releases: what it remembers, what it refuses, and that only its key can have written it."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from evaluation.disclosure import protect
from evaluation.disclosure.ledger import Ledger, content_hash, read_ledger, write_ledger
from evaluation.errors import GateRefused, InputError
from evaluation.sealing import SealKey, sealed
from tests.rules import rules as rules_with

RULES = rules_with()
SEAL = SealKey(bytes(range(32)), "0a0b0c0d")


def test_what_is_written_is_read_by_its_owner_alone(table, tmp_path):
    november = protect([table([[30, 41], [52, 63]])], RULES, release_id="nov")
    path = tmp_path / "sub" / "ledger.json"
    ledger = Ledger().record(november, "2026-11-20", {"a.html": "00"})
    write_ledger(path, ledger, SEAL)
    assert read_ledger(path, SEAL) == ledger
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_ledger_that_is_not_the_one_written_is_refused_with_the_way_back(table, tmp_path):
    november = protect([table([[30, 41], [52, 63]])], RULES, release_id="nov")
    path = tmp_path / "ledger.json"
    write_ledger(path, Ledger().record(november, "2026-11-20", {"a.html": "00"}), SEAL)
    whole = path.read_text()
    without_any = sealed("ledger.json", {"version": 1, "entries": []}, replace(SEAL, secret=b"guessed"))
    altered = {
        "a number": whole.replace('"text": "63"', '"text": "64"'),
        "a hash": whole.replace('"00"', '"01"'),
        "a date": whole.replace("2026-11-20", "2026-11-21"),
        "its status": whole.replace('"draft"', '"published"'),
        "cut off": whole[:-40],
        "empty": "",
        "no object": "[]",
        "sealed by somebody else": without_any.decode(),
    }
    for what, text in altered.items():
        assert text != whole, what
        path.write_text(text)
        with pytest.raises(InputError, match=r"ledger\.json kan ikke bruges") as refused:
            read_ledger(path, SEAL)
        assert "sikkerhedskopien" in str(refused.value), what
    path.write_text(whole)
    with pytest.raises(InputError, match="anden nøgle"):
        read_ledger(path, replace(SEAL, key_id="ffffffff"))
    path.unlink()
    with pytest.raises(InputError, match="væk"):
        read_ledger(path, SEAL)


def test_a_ledger_holds_no_hidden_number(table):
    release = protect([table([[3, 977], [968, 959]])], RULES, release_id="nov")
    text = json.dumps(release.to_dict())
    assert {c.value for c in release.cells if c.value is not None} == {
        3 + 977 + 968 + 959.0,
        3 + 977,
        968 + 959,
        3 + 968,
        977 + 959,
    }
    for number in (977, 968, 959):
        assert str(number) not in text


def test_the_order_of_rounds_decides_what_is_earlier_and_what_is_frozen(table):
    november, june, later = (
        protect([table([[30, 41], [52, n]])], RULES, release_id=i)
        for i, n in (("nov", 63), ("jun", 64), ("dec", 65))
    )
    ledger = Ledger().record(november, "2026-11-20", {}).record(june, "2027-06-20", {})
    assert ledger.earlier_than("nov") == ()
    assert ledger.earlier_than("jun") == (november,)
    assert ledger.earlier_than("dec") == (november, june)
    assert ledger.record(november, "2026-11-21", {"x": "1"}).entries[0].on == "2026-11-21"
    changed = replace(later, id="nov")
    with pytest.raises(GateRefused, match="senere runder er beskyttet efter dem"):
        ledger.record(changed, "2027-07-01", {})
    assert Ledger().record(november, "d", {}).record(changed, "e", {}).entries[0].release == changed
    published = Ledger().record(november, "d", {}).publish("nov", "f")
    assert published.earlier_than("nov") == (november,)
    with pytest.raises(GateRefused, match="runden er udgivet"):
        published.record(changed, "g", {})
    assert published.record(november, "g", {"x": "1"}) == published
    with pytest.raises(InputError):
        published.publish("jun", "h")


def test_a_draft_with_nothing_after_it_takes_other_numbers_and_keeps_its_place(table):
    one, two, other = (
        protect([table([[30, 41], [52, n]])], RULES, release_id=i)
        for i, n in (("nov", 63), ("jun", 64), ("jun", 70))
    )
    ledger = Ledger().record(one, "a", {"y": "2", "x": "1"}).record(two, "b", {}).record(other, "c", {})
    assert [e.release for e in ledger.entries] == [one, other]
    assert [e.on for e in ledger.entries] == ["a", "c"]
    assert list(ledger.entries[0].hashes) == ["x", "y"]
    assert [e.status for e in ledger.entries] == ["draft", "draft"]


def test_publishing_touches_one_entry(table):
    one, two = (protect([table([[30, 41], [52, 63]])], RULES, release_id=i) for i in ("nov", "jun"))
    ledger = Ledger().record(one, "a", {}).record(two, "b", {}).publish("nov", "c")
    assert [(e.status, e.on) for e in ledger.entries] == [("published", "c"), ("draft", "b")]
    assert ledger.entries[0].content == content_hash(one) != content_hash(two)


def test_a_ledger_of_another_version_says_which(table, tmp_path):
    path = tmp_path / "ledger.json"
    write_ledger(
        path, Ledger().record(protect([table([[30, 41], [52, 63]])], RULES, release_id="nov"), "a", {}), SEAL
    )
    content = json.loads(path.read_text())
    del content["sealed"]
    path.write_bytes(sealed("ledger.json", {**content, "version": 99}, SEAL))
    with pytest.raises(InputError, match="af version 99 og ikke 1"):
        read_ledger(path, SEAL)
    for lacking in ("version", "entries"):
        path.write_bytes(sealed("ledger.json", {k: v for k, v in content.items() if k != lacking}, SEAL))
        with pytest.raises(InputError, match="anden version af komglad"):
            read_ledger(path, SEAL)


def test_a_write_that_was_killed_is_in_nobodys_way(table, tmp_path):
    path = tmp_path / "ledger.json"
    (tmp_path / ".ledger.json.new").write_text("half")
    write_ledger(path, Ledger(), SEAL)
    assert read_ledger(path, SEAL) == Ledger()
    assert [f.name for f in tmp_path.iterdir()] == ["ledger.json"]


def test_a_ledger_is_on_the_disk_before_it_takes_its_place(tmp_path, monkeypatch):
    """fsync comes before the rename: else a power cut leaves an empty ledger under the right name."""
    done: list[str] = []
    synced, renamed = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda handle: (done.append("fsync"), synced(handle))[1])
    monkeypatch.setattr(Path, "replace", lambda a, b: (done.append("rename"), renamed(a, b))[1])
    write_ledger(tmp_path / "ledger.json", Ledger(), SEAL)
    assert done == ["fsync", "rename"]
