"""A demonstration begins anew where it made the folder itself, and touches nobody else's; each scenario is another."""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
from pathlib import Path

import pytest

from evaluation.errors import InputError, KomgladError
from evaluation.sealing import sealed
from evaluation.study import load_study
from evaluation.synthetic import Kind, Scenario, make_municipality, write_files
from pipelines.demo_folder import KEY, MARKER, STUDY, require_own
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


KEPT = {s.pattern.replace("**/*", "a file").replace("*", "a") for s in STORES if s.name != LOCKS} - {MARKER}


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
    left = [folder / place for place in KEPT if not place.startswith("incoming")]
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
