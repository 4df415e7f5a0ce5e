"""Ends of absences against planted truth: the last day, or the day after, however it is written. Never wrong in silence."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from evaluation.door.intake import Intake, read_incoming
from evaluation.door.propose import propose_mapping
from evaluation.door.pseudonyms import PseudonymKey
from evaluation.study import Study, load_study
from tests.unit.door.analyst import answered
from tests.unit.door.exports import SCHOOL_DAYS

KEY = PseudonymKey.parse("00112233445566778899aabbccddeeff" * 2)
STUDY = load_study("kom_glad_i_skole")
DENMARK = ZoneInfo("Europe/Copenhagen")
Absence = tuple[str, int, int]
"""A pupil's number; places of the first and the last day among the school days."""


def _utc(day: dt.date) -> str:
    local = dt.datetime.combine(day, dt.time(), DENMARK)
    return f"{local.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"


WRITTEN = {
    "danish": lambda d: f"{d:%d-%m-%Y}",
    "danish midnight": lambda d: f"{d:%d-%m-%Y} 00:00",
    "iso": lambda d: f"{d}",
    "iso midnight": lambda d: f"{d}T00:00:00",
    "utc": _utc,
    "offset": lambda d: dt.datetime.combine(d, dt.time(), DENMARK).isoformat(),
}


def absences(r: random.Random, n: int, longest: int) -> list[Absence]:
    made = []
    for i in range(n):
        first = r.randrange(len(SCHOOL_DAYS) - longest - 1)
        made.append((f"{1 + i % 28:02d}{1 + i // 28:02d}12{4100 + i}", first, first + r.randrange(longest)))
    return made


def end_of(means: str, last: int) -> dt.date:
    if means == "last_day":
        return SCHOOL_DAYS[last]
    return SCHOOL_DAYS[last] + dt.timedelta(days=1) if means == "day_after" else SCHOOL_DAYS[last + 1]


def read(root: Path, content: str | Path, means: str) -> tuple[Intake, bool]:
    """The intake under the draft with its question of ends answered, and whether it was asked."""
    path = root / "inbox" / "egelund" / "f_2026-11-20.csv"
    if isinstance(content, Path):
        path = content
    else:
        path.parent.mkdir(parents=True)
        path.write_text(content, encoding="utf-8")
    toml = answered(propose_mapping(path, STUDY.protocol, root / "inbox").toml)
    answer = "last_day" if means == "last_day" else "day_after"
    said = toml.replace('to_is = "?"', f'to_is = "{answer}"')
    study = Study(STUDY.protocol, (root, *STUDY.folders))
    (root / "mappings").mkdir()
    (root / "mappings" / "m.toml").write_text(said, encoding="utf-8")
    intake = read_incoming(root / "inbox", study, round_id="november_2026", key=KEY)
    if not (asked := said != toml) and "to_is" in {
        q.name for mine in intake.questions.values() for q in mine
    }:
        asked = True
        (root / "mappings" / "m.toml").write_text(f'to_is = "{answer}"\n{toml}', encoding="utf-8")
        intake = read_incoming(root / "inbox", study, round_id="november_2026", key=KEY)
    return intake, asked


def days_of(intake: Intake) -> set[tuple[str, dt.date]]:
    assert not intake.problems, intake.problems
    assert intake.tables["raw_quarantine"].empty
    return {
        (r.pupil_key, d)
        for r in intake.tables["raw_absence"].itertuples()
        for d in SCHOOL_DAYS
        if r.from_on.date() <= d <= r.to_on.date()
    }


def truth(made: list[Absence]) -> set[tuple[str, dt.date]]:
    return {(KEY.pseudonym("pupil", n), SCHOOL_DAYS[i]) for n, a, b in made for i in range(a, b + 1)}


@pytest.mark.parametrize("means", ["last_day", "day_after", "day_back"])
@pytest.mark.parametrize("written", WRITTEN)
@pytest.mark.parametrize("n", [2, 6, 30])
def test_the_end_is_what_the_school_means_or_it_is_asked(
    means: str, written: str, n: int, tmp_path: Path
) -> None:
    r = random.Random(f"{means} {written} {n}")
    if n == 2 and "midnight" not in written and written not in ("utc", "offset"):
        n = 5  # of fewer plain dates nobody can tell
    made, write = absences(r, n, 8 if n == 30 else 4), WRITTEN[written]
    heads = ["Start;Slut", "Fra;Til"][n == 6]
    lines = [f"{c};{write(SCHOOL_DAYS[a])};{write(end_of(means, b))};Sygdom" for c, a, b in made]
    intake, asked = read(tmp_path, f"CPR;{heads};Type\n" + "\n".join(lines) + "\n", means)
    assert days_of(intake) == truth(made)
    assert asked or means == "last_day"
    if means == "last_day" and n == 30:
        assert not asked  # one-day absences say it


@pytest.mark.parametrize("means", ["last_day", "day_after"])
def test_date_cells_of_a_workbook(means: str, tmp_path: Path) -> None:
    made = absences(random.Random(means), 40, 6)
    book = openpyxl.Workbook()
    book.active.append(["CPR", "Fra", "Til", "Type"])
    for number, a, b in made:
        midnight = (dt.datetime.combine(d, dt.time()) for d in (SCHOOL_DAYS[a], end_of(means, b)))
        book.active.append([number, *midnight, "Sygdom"])
    path = tmp_path / "inbox" / "egelund" / "f_2026-11-20.xlsx"
    path.parent.mkdir(parents=True)
    book.save(path)
    intake, asked = read(tmp_path, path, means)
    assert days_of(intake) == truth(made)
    assert asked == (means == "day_after")


def test_a_few_errors_do_not_hide_what_the_ends_are(tmp_path: Path) -> None:
    """Some rows begin and end on the same day by mistake: the Saturdays still tell."""
    made = absences(random.Random(7), 60, 5)
    lines = [f"{c};{SCHOOL_DAYS[a]:%d-%m-%Y};{end_of('day_after', b):%d-%m-%Y};Sygdom" for c, a, b in made]
    wrong = [
        f"{c};{SCHOOL_DAYS[a]:%d-%m-%Y};{SCHOOL_DAYS[a]:%d-%m-%Y};Sygdom"
        for c, a, _ in absences(random.Random(8), 9, 2)
    ]
    _, asked = read(tmp_path, "CPR;Fra;Til;Type\n" + "\n".join(lines + wrong) + "\n", "day_after")
    assert asked
