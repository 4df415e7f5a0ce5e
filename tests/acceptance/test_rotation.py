"""``komglad rotate``: a new key, everybody who has withdrawn still out, and the same figures as before."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import Result
from typer.testing import CliRunner

from evaluation.door.forgotten import load_forgotten
from evaluation.door.pseudonyms import PseudonymKey
from pipelines.cli import app
from pipelines.runner import run_round
from tests.conftest import KEY, make_inbox, settings_for

ROUND = "november_2026"
ROSTER = "2026/27\nElevID¤Skolekode¤Skolenavn¤Fornavn¤Efternavn¤CPR¤Klassetrin¤Klassespor¤Stamklasse¤Indmeldt¤Udmeldt\n"
GONE, STAYS = "010114-4001", "020214-4002"


class Place:
    """A data folder with one small inbox, and keys beside it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.data, self.keys = folder / "data", folder / "keys"
        self.monkeypatch = monkeypatch
        self.keys.mkdir()
        first = self.keys / "first"
        first.write_text(KEY, encoding="ascii")
        first.chmod(0o600)
        monkeypatch.delenv("KOMGLAD_KEY", raising=False)
        self.use("first")

    def use(self, name: str) -> None:
        """Commands from here on read this key."""
        self.monkeypatch.setenv("KOMGLAD_KEY_FILE", str(self.keys / name))

    def __call__(self, *tokens: object, given: str | None = None) -> Result:
        start = ["--study", "demo_kommune", "--data", str(self.data)]
        return CliRunner().invoke(app, [*start, *map(str, tokens)], input=given)

    def refused(self, *tokens: object, given: str | None = None) -> str:
        """Everything said by a command that refused."""
        result = self(*tokens, given=given)
        assert result.exception is not None, result.output
        return f"{result.output}{result.exception}"

    @property
    def listed(self) -> dict[str, Any]:
        """The list of forgotten pupils as it is stored."""
        return dict(json.loads((self.data / "forgotten.json").read_text()))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    place = Place(tmp_path, monkeypatch)
    roster = place.data / "incoming" / "oestereng" / "elever_2026-27_2026-11-20.txt"
    roster.parent.mkdir(parents=True)
    lines = (f"{i}¤990004¤Østereng¤A¤B¤{cpr}¤6¤A¤6.A¤¤\n" for i, cpr in enumerate((GONE, STAYS)))
    roster.write_text(ROSTER + "".join(lines), encoding="cp1252", newline="\r\n")
    assert place("forget", "--yes", given=GONE + "\n").exit_code == 0
    return place


def test_the_list_moves_and_no_number_is_shown(place: Place) -> None:
    before = place.listed
    result = place("rotate", "--yes", "--to", place.keys / "second", "--born", "2014")
    assert result.exit_code == 0, result.output
    after = place.listed
    assert after["receipts"] == before["receipts"] != []
    assert after["key_id"] != before["key_id"]
    assert after["key_id"] in result.output
    assert len(after["pupil_keys"]) == 1
    assert after["pupil_keys"] != before["pupil_keys"]
    assert (place.keys / "second").stat().st_mode & 0o777 == 0o600
    assert (place.data / "forgotten.json").stat().st_mode & 0o077 == 0
    assert "4001" not in result.output
    assert after["pupil_keys"][0] not in result.output
    place.use("second")
    assert (
        place("forget", "--yes", given=GONE + "\n").exit_code == 0
    )  # the same pupil, known under the new key
    assert place.listed["pupil_keys"] == after["pupil_keys"]


def test_without_somebody_who_agrees_nothing_moves(place: Place) -> None:
    before = place.listed
    for command in (("rotate", "--to", place.keys / "second", "--born", "2014"), ("forget",)):
        said = place.refused(*command, given=STAYS + "\n")
        assert "--yes" in said
        assert "Intet er ændret" in said
    assert place.listed == before
    assert not (place.keys / "second").exists()


def test_with_the_old_key_nothing_goes_on(place: Place) -> None:
    place("rotate", "--yes", "--to", place.keys / "second", "--born", "2014")
    said = place.refused("forget", "--yes", given=STAYS + "\n")
    assert "forgotten.json er lavet med en anden nøgle" in said
    assert "komglad rotate" in said


@pytest.mark.slow
def test_cut_short_it_goes_on_with_the_key_it_made(place: Place) -> None:
    said = place.refused("rotate", "--yes", "--to", place.keys / "second", "--born", "2013")
    assert "1 pupil(s) with no number of the birth years 2013-2013" in said
    made, before = (place.keys / "second").read_text(), place.listed
    assert before["key_id"] not in made
    assert place("rotate", "--yes", "--to", place.keys / "second", "--born", "2014").exit_code == 0
    assert (place.keys / "second").read_text() == made
    moved = place.listed
    again = place("rotate", "--yes", "--to", place.keys / "second", "--born", "2014")
    assert again.exit_code == 0
    assert "allerede flyttet" in again.output
    assert place.listed == moved


@pytest.mark.parametrize(
    ("to", "born", "message"),
    [
        ("keys/first", "2014", "den nye nøgle er den, der bruges nu"),
        ("data/second", "2014", "i datamappen"),
        ("keys/second", "2014-2010", "fødselsårene kan ikke læses"),
        ("keys/second", "14", "fødselsårene kan ikke læses"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_changes(
    place: Place, to: str, born: str, message: str
) -> None:
    before = place.listed
    assert message in place.refused("rotate", "--yes", "--to", place.data.parent / to, "--born", born)
    assert place.listed == before


def test_an_unfinished_removal_is_ended_first(place: Place) -> None:
    path, key = place.data / "forgotten.json", PseudonymKey.parse(KEY)
    load_forgotten(path, key).begun(place.listed["pupil_keys"][0], (), "0a1b").write(path, key)
    said = place.refused("rotate", "--yes", "--to", place.keys / "second", "--born", "2014")
    assert "a withdrawal was begun and not carried to its end" in said


@pytest.mark.long
def test_the_rounds_made_again_say_the_same_of_the_same_pupils(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(tmp_path, monkeypatch)
    make_inbox(place.data, seed=7, pupils=1700)
    roster = next((place.data / "incoming").rglob("elever_2026*.txt")).read_bytes().decode("cp1252")
    number = next(
        c for line in roster.splitlines()[2:] for c in line.split("¤") if len(c) == 11 and c[6] == "-"
    )
    place("forget", "--yes", given=number + "\n")
    settings = settings_for(place.data)
    run_round(settings, ROUND)
    folder = settings.warehouse / ROUND
    before = {p.stem: pd.read_parquet(p) for p in sorted(folder.glob("*.parquet"))}
    keys = set(before["raw_pupils"]["pupil_key"])

    result = place(
        "rotate",
        "--yes",
        "--to",
        place.keys / "second",
        "--map",
        place.keys / "map.csv",
        "--born",
        "2006-2022",
    )
    assert result.exit_code == 0, result.output
    assert f"komglad run {ROUND}" in result.output
    renamed = pd.read_csv(place.keys / "map.csv", sep=";", dtype="str").set_index("old_key")["new_key"]
    assert keys <= set(renamed.index)
    assert renamed.is_unique

    place.use("second")
    said = place.refused("forget", "--yes", "--closed-rounds", given=number + "\n")
    assert f"komglad run {ROUND}" in said  # a pupil cannot be looked for under the other key

    run_round(replace(settings, key=(place.keys / "second").read_text().strip()), ROUND)
    after = {p.stem: pd.read_parquet(p) for p in sorted(folder.glob("*.parquet"))}
    assert after.keys() == before.keys()
    by_document = {"out_coding_discussion"}  # grain: segment
    for name in (n for n in before if n.startswith(("out_", "released_"))):
        if name not in by_document:
            pd.testing.assert_frame_equal(after[name], before[name], obj=name)
    moved = before["raw_pupils"].assign(pupil_key=before["raw_pupils"]["pupil_key"].map(renamed))
    order = ["pupil_key", "school_year", "source_row"]
    pd.testing.assert_frame_equal(
        after["raw_pupils"].sort_values(order, ignore_index=True), moved.sort_values(order, ignore_index=True)
    )
    for name, frame in after.items():
        assert not ("pupil_key" in frame and keys & set(frame["pupil_key"])), name
