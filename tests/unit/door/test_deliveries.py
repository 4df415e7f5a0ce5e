"""Exports and their corrections against planted truth: the newer stands, or somebody is asked; nothing counts twice.

Every delivery is drafted from its first file, read, and read again when it is said that exports are complete. Run as a
script it prints the table of shapes.
"""

from __future__ import annotations

import collections
import re
import sys
import tempfile
from pathlib import Path

import pytest

from evaluation.door.intake import Intake, read_incoming
from evaluation.door.propose import propose_mapping
from evaluation.door.pseudonyms import PseudonymKey
from evaluation.errors import InputError
from evaluation.study import Study, load_study
from tests.unit.door.analyst import answered
from tests.unit.door.deliveries import Delivery, delivery

KEY = PseudonymKey.parse("00112233445566778899aabbccddeeff" * 2)
STUDY = load_study("kom_glad_i_skole")
CODES = {"S": "sick", "U": "unlawful"}


def read(root: Path, made: Delivery, **more: str) -> Intake | None:
    """What comes through the door under the draft of the first file; None where there is no draft."""
    inbox = root / "inbox" / "egelund"
    inbox.mkdir(parents=True, exist_ok=True)
    for name, text in made.files.items():
        (inbox / name).write_text(text, encoding="utf-8")
    try:
        toml = answered(propose_mapping(inbox / next(iter(made.files)), STUDY.protocol, root / "inbox").toml)
    except InputError:
        return None
    toml = re.sub(r'files = \["egelund/[^"]*"\]', f'files = ["egelund/{next(iter(made.files))[:3]}*"]', toml)
    toml = toml.replace('unit = "?"', f'unit = "{made.answers.get("unit", "?")}"')
    toml = toml.replace(' permitted = "?",', "")
    head = "".join(f'{name} = "{value}"\n' for name, value in more.items())
    (root / "mappings").mkdir(exist_ok=True)
    (root / "mappings" / "m.toml").write_text(head + toml, encoding="utf-8")
    return read_incoming(
        root / "inbox", Study(STUDY.protocol, (root, *STUDY.folders)), round_id="november_2026", key=KEY
    )


def judged(intake: Intake | None, made: Delivery) -> str:
    """right, asked, refused, quarantined (less than the truth, and said), or wrong."""
    if intake is None:
        return "refused"
    if intake.problems:
        return "asked" if intake.questions else "refused"
    absence, totals, talks = (intake.tables[f"raw_{n}"] for n in ("absence", "totals", "talks"))
    spans = (absence["to_on"] - absence["from_on"]).dt.days + 1
    absence = absence.assign(days=absence["day_fraction"] * spans)
    found = {c: float(absence.loc[absence["absence_type"] == k, "days"].sum()) for c, k in CODES.items()}
    for code, kind in CODES.items():
        found[code] += float(totals.loc[totals["absence_type"] == kind, "absent_days"].sum())
    found["held"] = float((talks["status"] == "held").sum())
    if all(found[c] == n for c, n in made.truth.items()):
        return "right"
    said = len(intake.tables["raw_quarantine"]) > 0
    return "quarantined" if said and all(found[c] <= n for c, n in made.truth.items()) else "wrong"


def outcome(seed: int) -> tuple[Delivery, str, str]:
    """A delivery, what came of it as it stands, and what came of it where its exports are called complete."""
    made = delivery(seed)
    with tempfile.TemporaryDirectory() as folder:
        silent = judged(read(Path(folder), made), made)
        whole = judged(read(Path(folder), made, overlap="whole_period"), made)
        return made, silent, whole


@pytest.mark.parametrize("seed", range(22))
def test_a_correction_corrects_or_is_asked_about(seed: int) -> None:
    made, silent, whole = outcome(seed)
    assert silent in ("right", "asked", "refused"), (made.shape, made.files)
    if made.shape.startswith("logs"):
        return  # a log that names no class is not complete for its grade, whoever says so
    assert whole in ("right", "asked", "refused"), (made.shape, made.files)
    assert made.is_dated or (silent, whole) in {("asked", "asked"), ("right", "right")}, made.files


def test_most_dated_corrections_are_read_whole() -> None:
    found = [
        whole for made, _, whole in map(outcome, range(60, 80)) if made.is_dated and "corrected" in made.shape
    ]
    assert found.count("right") >= 0.7 * len(found)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 250))
def test_many_corrections(seed: int) -> None:
    test_a_correction_corrects_or_is_asked_about(seed)


if __name__ == "__main__":
    counts: dict[str, collections.Counter[tuple[str, str]]] = collections.defaultdict(collections.Counter)
    for n in range(int(sys.argv[1]) if len(sys.argv) > 1 else 300):
        what, first, second = outcome(n)
        counts[what.shape][first, second] += 1
    for shape, pairs in sorted(counts.items()):
        sys.stdout.write(f"{shape}: {dict(pairs)}\n")
