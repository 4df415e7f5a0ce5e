"""A demonstration begins anew where it made the folder itself, and touches nobody else's; each scenario is another."""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
import re
from pathlib import Path

import pytest

from evaluation.errors import InputError, KomgladError
from evaluation.sealing import sealed
from evaluation.study import load_study
from evaluation.synthetic import Kind, Scenario, make_municipality, write_files
from pipelines.demo_folder import FREE, KEY, MARKER, STUDY, UNDER_WAY, finish, marker_text, require_own
from pipelines.demonstration import clear, invent, kind_of
from pipelines.frozen import freeze_protocol
from pipelines.stores import LOCKS, STORES, store_of
from tests.conftest import seal_key


def contents(folder: Path) -> dict[str, str]:
    return {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def placed(pattern: str) -> str:
    return pattern.replace("**/*", "a file").replace("*", "a")


KEPT = {placed(s.pattern) for s in STORES if s.name != LOCKS} - {MARKER}
MADE = {
    placed(s.pattern) for s in STORES if s.is_sealed or s.pattern.startswith(("warehouse", "reports/ledger"))
}
"""What a demonstration that was cut short may have left."""
UNSEALED = sorted(
    placed(s.pattern) for s in STORES if not s.is_sealed and s.name not in FREE and s.pattern != MARKER
)


@pytest.mark.parametrize("place", [*sorted(KEPT), "notes.txt"])
def test_a_folder_of_somebody_is_refused_and_left_as_it_was(tmp_path, place):
    real = tmp_path / place
    real.parent.mkdir(parents=True, exist_ok=True)
    real.write_text("somebody's", encoding="utf-8")
    before = contents(tmp_path)
    for attempt in (require_own, clear, lambda folder: invent(folder, seed=1, kind=Kind.NONE)):
        with pytest.raises(InputError, match="ikke en demonstrations mappe"):
            attempt(tmp_path)
    assert contents(tmp_path) == before


def test_a_marker_that_is_none_does_not_open_a_folder(tmp_path):
    for text in ("", "{}", "[]", '{"incoming": 3}', '{"incoming": []}'):
        (tmp_path / MARKER).write_text(text, encoding="utf-8")
        with pytest.raises(InputError):
            require_own(tmp_path)


def folder_of_a_demonstration(folder: Path, told: str) -> None:
    """What a demonstration has: a marker, and a document under its key that states a hash."""
    folder.mkdir(exist_ok=True)
    (folder / MARKER).write_text(marker_text({"incoming": {}, UNDER_WAY: True}), encoding="utf-8")
    record = folder / "warehouse" / "r" / "made" / "t.json"
    record.parent.mkdir(parents=True)
    record.write_bytes(sealed("r/made/t.json", {"table": "t", "sha256": told}, seal_key(KEY)))


@pytest.mark.parametrize("place", UNSEALED)
def test_a_file_that_no_demonstration_tells_of_keeps_the_folder_closed(tmp_path, place):
    """Somebody copied a demonstration and began a study in it: tables, letters, pages, copies without any seal."""
    folder, words = tmp_path / "demo", b"somebody's rows"
    folder_of_a_demonstration(folder, hashlib.sha256(words).hexdigest())
    finish(folder)
    assert require_own(folder)
    path = folder / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(words)
    is_inbox = place.startswith("incoming")
    if not is_inbox:
        assert require_own(folder), "a sealed document states its hash"
    path.write_bytes(words + b" and more")
    before = contents(folder)
    for attempt in (require_own, clear, lambda f: invent(f, seed=1, kind=Kind.NONE)):
        with pytest.raises(InputError, match="filer i incoming" if is_inbox else re.escape(place)):
            attempt(folder)
    assert contents(folder) == before


@pytest.mark.parametrize("place", UNSEALED)
def test_a_demonstration_that_was_cut_short_owns_its_half_round(tmp_path, place):
    """Nothing tells yet of a table that was just written; of letters, pages and copies it makes none."""
    folder = tmp_path / "demo"
    folder_of_a_demonstration(folder, "0" * 64)
    (folder / place).parent.mkdir(parents=True, exist_ok=True)
    (folder / place).write_bytes(b"half")
    if place.startswith("warehouse"):
        clear(folder)
        assert not (folder / place).exists()
    else:
        with pytest.raises(InputError):
            clear(folder)
        assert (folder / place).read_bytes() == b"half"


def test_the_log_of_a_folder_stays(tmp_path):
    folder = tmp_path / "demo"
    folder_of_a_demonstration(folder, "0" * 64)
    (folder / "log").mkdir()
    (folder / "log" / "komglad.log").write_text("yesterday\n", encoding="utf-8")
    clear(folder)
    assert (folder / "log" / "komglad.log").read_text(encoding="utf-8") == "yesterday\n"


@pytest.mark.slow
def test_a_demonstration_is_made_again_but_never_over_a_delivered_file(tmp_path):
    folder = tmp_path / "demo"
    invent(folder, seed=3, kind=Kind.NONE)
    own = folder / "notes.txt"
    own.write_text("not ours", encoding="utf-8")
    first = contents(folder / "incoming")
    protocol, key = load_study(STUDY).protocol, seal_key(KEY)
    (folder / "frozen" / f"{protocol.study.id}.json").unlink()
    earlier = protocol.model_copy(update={"verdict": protocol.verdict.model_copy(update={"alpha": 0.01})})
    freeze_protocol(folder, earlier, dt.date(2026, 9, 1), key=key)  # as another version of komglad froze it
    with pytest.raises(KomgladError, match="frosset"):
        freeze_protocol(folder, protocol, dt.date(2026, 9, 1), key=key)
    assert require_own(folder)
    left = [folder / place for place in MADE]
    for path in left:
        path.parent.mkdir(parents=True, exist_ok=True)
        store = store_of(path, folder)
        is_sealed = store is not None and store.is_sealed
        text = "of the demonstration before"
        path.write_bytes(sealed(path.name, {"of": text}, key) if is_sealed else text.encode())
    invent(folder, seed=3, kind=Kind.NONE)
    assert [p.name for p in left if p.exists() and "before" in p.read_text("utf-8")] == []
    assert contents(folder / "incoming") == first
    assert own.read_text(encoding="utf-8") == "not ours"

    for name in (
        "receipts/forget-0a1b.json",
        "reports/ledger.json",
        "forgotten.json",
        "noted.json",
        "releases/x.approval.json",
    ):
        foreign = folder / name
        was = foreign.read_bytes() if foreign.is_file() else None
        foreign.parent.mkdir(exist_ok=True)
        foreign.write_bytes(
            sealed(foreign.name, {"of": "somebody"}, seal_key("00112233445566778899aabbccddeeff" * 2))
        )
        before = contents(folder)
        with pytest.raises(InputError, match=foreign.name):
            invent(folder, seed=3, kind=Kind.NONE)
        assert contents(folder) == before
        foreign.unlink()
        if was is not None:
            foreign.write_bytes(was)
    (folder / "reports").mkdir(exist_ok=True)
    (folder / "reports" / "styregruppe.html").write_text("somebody's", encoding="utf-8")
    with pytest.raises(InputError, match=r"styregruppe\.html"):
        invent(folder, seed=3, kind=Kind.NONE)
    (folder / "reports" / "styregruppe.html").unlink()

    delivered = folder / "incoming" / "fjord" / "dagsfravaer_2026-12-01.csv"
    delivered.write_text("CPR-nr;Klasse\n", encoding="utf-8")
    before = contents(folder)
    with pytest.raises(InputError, match="1 filer i incoming"):
        invent(folder, seed=3, kind=Kind.NONE)
    assert contents(folder) == before


def test_an_unknown_scenario_is_answered_with_the_known_ones():
    with pytest.raises(InputError) as refused:
        kind_of("regression_to_mean_only")
    assert refused.value.exit_code == 2
    for kind in Kind:
        assert kind.value in str(refused.value)
        assert kind_of(kind.value) is kind
    with pytest.raises(ValueError, match="no such kind"):
        Scenario(kind="no such kind")


@pytest.mark.slow
def test_every_scenario_writes_other_files(tmp_path):
    study = load_study(STUDY)
    made = {}
    for kind in Kind:
        municipality = make_municipality(study, seed=4, pupils=500, scenario=Scenario(kind=kind))
        write_files(municipality, tmp_path / kind)
        made[kind] = contents(tmp_path / kind)
    for one, other in itertools.combinations(Kind, 2):
        assert made[one] != made[other], (one, other)
