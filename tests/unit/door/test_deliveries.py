"""Exports and their corrections against planted truth: the newer stands, or somebody is asked; nothing counts twice.

Every delivery is drafted from its first file, read, and read again when it is said that exports are complete. Run as a
script it prints the table of shapes.
"""

from __future__ import annotations

import collections
import re
import sys
import tempfile
from dataclasses import replace
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


ANOTHER_SYSTEM = {
    "CPR": "Cpr-nr.",
    "Dato": "Fraværsdato",
    "Type": "Årsag",
    "Fra": "Fra dato",
    "Til": "Til dato",
}
"""What the newer system calls the columns."""


def drafted(inbox: Path, name: str, made: Delivery, files: str) -> str | None:
    """The answered draft of one file, for the ``files``; None where there is no draft."""
    try:
        toml = answered(propose_mapping(inbox / "egelund" / name, STUDY.protocol, inbox).toml)
    except InputError:
        return None
    toml = re.sub(r'files = \["egelund/[^"]*"\]', f'files = ["egelund/{files}"]', toml)
    toml = toml.replace('unit = "?"', f'unit = "{made.answers.get("unit", "?")}"')
    return toml.replace(' permitted = "?",', "")


def read(root: Path, made: Delivery, *, mappings: int = 1, **more: str) -> Intake | None:
    """What comes through the door under the draft of the first file, or a draft of each; None where there is no draft."""
    inbox = root / "inbox" / "egelund"
    inbox.mkdir(parents=True, exist_ok=True)
    for name, text in made.files.items():
        (inbox / name).write_text(text, encoding="utf-8")
    names = list(made.files)
    patterns = {names[0]: f"{names[0][:3]}*"} if mappings == 1 else {n: n for n in names}
    head = "".join(f'{name} = "{value}"\n' for name, value in more.items())
    (root / "mappings").mkdir(exist_ok=True)
    for n, (name, files) in enumerate(patterns.items()):
        toml = drafted(root / "inbox", name, made, files)
        if toml is None:
            return None
        (root / "mappings" / f"m{n}.toml").write_text(head + toml, encoding="utf-8")
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


def in_another_system(made: Delivery) -> Delivery:
    """The same delivery, whose newer file comes from a system with other headings."""
    newer = max(made.files, key=lambda n: (len(made.files[n]), n)) if made.is_dated else list(made.files)[-1]
    lines = made.files[newer].split("\n")
    at = next(i for i, line in enumerate(lines) if line.startswith("CPR;"))
    lines[at] = ";".join(ANOTHER_SYSTEM.get(h, h) for h in lines[at].split(";"))
    return replace(made, files={**made.files, newer: "\n".join(lines)})


def twice_mapped(seed: int) -> tuple[Delivery, str, str]:
    """What came of a correction of which each file has its own mapping, and of it where both are called complete."""
    made = in_another_system(
        next(d for n in range(seed, seed + 99) if "corrected" in (d := delivery(n)).shape)
    )
    with tempfile.TemporaryDirectory() as folder:
        silent = judged(read(Path(folder), made, mappings=2), made)
        whole = judged(read(Path(folder), made, mappings=2, overlap="whole_period"), made)
        return made, silent, whole


@pytest.mark.parametrize("seed", range(300, 380, 5))
def test_a_correction_read_by_another_mapping_corrects_or_is_asked_about(seed: int) -> None:
    made, silent, whole = twice_mapped(seed)
    assert {silent, whole} <= {"right", "asked", "refused"}, (made.shape, made.files)
    assert made.is_dated or (silent, whole) in {("asked", "asked"), ("right", "right")}, made.files


def test_the_answer_of_the_newer_export_s_mapping_is_enough() -> None:
    """It says that it is complete: what it lacks is gone, and nothing is asked of the older mapping."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        rows = [f"0{n}0512410{n};6.A;{d:02d}-09-2026;S\n" for n in range(1, 7) for d in (1, 8, 15)]
        older, newer = "CPR;Klasse;Dato;Type\n", "Cpr-nr.;Klasse;Fraværsdato;Årsag\n"
        files = {
            "gl_2026-10-02.csv": older + "".join(rows),
            "ny_2026-11-17.csv": newer + "".join(rows[:10] + rows[11:]),
        }
        made = Delivery("corrected", files, {"S": 17.0, "U": 0.0, "held": 0.0}, True)
        assert judged(read(root, made, mappings=2), made) == "asked"
        path = root / "mappings" / "m1.toml"
        drafted_toml = path.read_text(encoding="utf-8")
        study = Study(STUDY.protocol, (root, *STUDY.folders))
        for told, days in (("whole_period", 17), ("pupil_day", 18)):
            path.write_text(f'overlap = "{told}"\n{drafted_toml}', encoding="utf-8")
            intake = read_incoming(root / "inbox", study, round_id="november_2026", key=KEY)
            assert (len(intake.tables["raw_absence"]), intake.problems) == (days, ())


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
