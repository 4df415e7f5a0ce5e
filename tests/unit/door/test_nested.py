"""Records within records, XML and JSON, against planted truth: every absence counts, or the file is a question."""

from __future__ import annotations

import datetime as dt
import json
import random
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import quoteattr

import pytest

from evaluation.door.intake import Intake, read_incoming
from evaluation.door.propose import propose_mapping
from evaluation.door.pseudonyms import PseudonymKey
from evaluation.study import Study, load_study
from tests.unit.door.analyst import answered
from tests.unit.door.exports import SCHOOL_DAYS

KEY = PseudonymKey.parse("00112233445566778899aabbccddeeff" * 2)
STUDY = load_study("kom_glad_i_skole")
WORDS = {"Sygdom": "sick", "Ulovligt fravær": "unlawful", "Ekstraordinær frihed": "permitted"}
Told = tuple[str, str, dt.date]


@dataclass
class Nested:
    """A file; the truth: pupil, type and day; ``events``: what one absence is called, and ``is_several`` whether a pupil has
    more than one; ``hides``: something around the absences says that they do not count.
    """

    name: str
    text: str
    truth: set[Told]
    events: str
    is_several: bool
    hides: bool


def nested(seed: int) -> Nested:
    r = random.Random(4_100 + seed)
    event, wrapper = r.choice(("Fravaer", "Registrering", "Dag")), r.choice((None, "Oversigt", "Perioder"))
    as_json, as_attributes, hides = r.random() < 0.4, r.random() < 0.4, r.random() < 0.25
    by_class, one_line = r.random() < 0.3, r.random() < 0.5
    most = r.choice((1, 3, 3, 5))
    people, truth = [], set[Told]()
    for i in range(r.randint(3, 9)):
        number = f"{1 + i:02d}0512{4100 + i}"
        days = sorted(r.sample(SCHOOL_DAYS, r.randint(0 if most > 1 else 1, most)))
        said = [(d, r.choice(sorted(WORDS))) for d in days]
        annulled = hides and i % 3 == 2
        if not annulled:
            truth |= {(number, WORDS[word], d) for d, word in said}
        around = {"Tilstand": "Annulleret" if annulled else "Gyldig"} if hides else {}
        people.append((number, f"6.{'AB'[i % 2]}", around, said))
    is_several = any(len(said) > 1 for *_, said in people)
    if as_json:
        found = [
            {"cpr": n, "klasse": k, **{a.lower(): v for a, v in around.items()}}
            | _in(wrapper, {event.lower(): [{"dato": f"{d}", "type": w} for d, w in said]})
            for n, k, around, said in people
        ]
        held: object = found
        if by_class:
            held = [
                {
                    "hold": k,
                    "elever": [
                        {a: v for a, v in f.items() if a != "klasse"} for f in found if f["klasse"] == k
                    ],
                }
                for k in ("6.A", "6.B")
            ]
        return Nested("f_2026-11-20.json", json.dumps(held), truth, event.lower(), is_several, hides)
    break_ = "" if one_line else "\n"

    def element(name: str, values: dict[str, str], inside: str = "") -> str:
        if as_attributes:
            return f"<{name} {' '.join(f'{k}={quoteattr(v)}' for k, v in values.items())}>{inside}</{name}>{break_}"
        told = break_.join(f"<{k}>{v}</{k}>" for k, v in values.items())
        return f"<{name}>{told}{inside}</{name}>{break_}"

    pupils = {}
    for number, label, around, said in people:
        inside = "".join(element(event, {"Dato": f"{d}", "Type": w}) for d, w in said)
        inside = f"<{wrapper}>{inside}</{wrapper}>" if wrapper else inside
        values = {"CPR": number, **({} if by_class else {"Klasse": label}), **around}
        pupils[label] = pupils.get(label, "") + element("Elev", values, inside)
    body = "".join(element("Hold", {"Klasse": k}, p) if by_class else p for k, p in pupils.items())
    return Nested(
        "f_2026-11-20.xml", f'<?xml version="1.0" encoding="UTF-8"?>\n<Skole>{break_}{body}</Skole>',
        truth, event, is_several, hides,
    )  # fmt: skip


def _in(wrapper: str | None, inside: dict[str, object]) -> dict[str, object]:
    return {wrapper.lower(): inside} if wrapper else inside


def read(root: Path, made: Nested, toml: str | None = None) -> Intake:
    path = root / "inbox" / "egelund" / made.name
    path.parent.mkdir(parents=True)
    path.write_text(made.text, encoding="utf-8")
    toml = toml or answered(propose_mapping(path, STUDY.protocol, root / "inbox").toml)
    (root / "mappings").mkdir()
    (root / "mappings" / "m.toml").write_text(toml, encoding="utf-8")
    study = Study(STUDY.protocol, (root, *STUDY.folders))
    return read_incoming(root / "inbox", study, round_id="november_2026", key=KEY)


def days_of(intake: Intake) -> set[tuple[str, str, dt.date]]:
    rows = intake.tables["raw_absence"]
    return {(r.pupil_key, r.absence_type, r.from_on.date()) for r in rows.itertuples() if r.day_fraction == 1}


@pytest.mark.parametrize("seed", range(40))
def test_every_absence_within_a_record_counts_or_is_asked_about(seed: int, tmp_path: Path) -> None:
    made = nested(seed)
    intake = read(tmp_path, made)
    if intake.problems:
        assert intake.questions
        assert made.hides or not made.is_several  # nothing else needs an answer
        return
    assert intake.tables["raw_quarantine"].empty
    assert days_of(intake) == {(KEY.pseudonym("pupil", n), kind, day) for n, kind, day in made.truth}


@pytest.mark.parametrize("seed", range(0, 40, 3))
def test_a_record_that_holds_several_absences_is_a_question(seed: int, tmp_path: Path) -> None:
    """Whatever a mapping says: of several only one would be read."""
    made = nested(seed)
    if made.name.endswith(".json") or "<Hold" in made.text or not made.is_several:
        pytest.skip("written for a pupil as the record")
    inside = next((w for w in ("Oversigt", "Perioder") if f"<{w}>" in made.text), None)
    path = f"{inside}/{made.events}" if inside else made.events
    at = "@" if "<Elev " in made.text else ""
    toml = f"""
kind = "absence"
grain = "day"
files = ["egelund/*.xml"]
format = "xml"
xml = {{ record = "Elev" }}
[columns]
school = {{ constant = "165001" }}
pupil = {{ column = "{at}CPR", kind = "cpr" }}
class = "{at}Klasse"
date = "{path}/{at}Dato"
type = "{path}/{at}Type"
[types]
{"".join(f'"{w}" = "{k}"{chr(10)}' for w, k in WORDS.items())}
"""
    intake = read(tmp_path, made, toml)
    assert f"{path} […]" in {q.name for mine in intake.questions.values() for q in mine}
    assert intake.tables["raw_absence"].empty


def test_what_stands_beside_the_records_is_a_question(tmp_path: Path) -> None:
    text = """<Skole><Elev><CPR>0105124100</CPR><Sygdom><Dato>2026-09-07</Dato><Slags>Sygdom</Slags></Sygdom>
    <Sygdom><Dato>2026-09-08</Dato><Slags>Sygdom</Slags></Sygdom><Andet><Dato>2026-09-09</Dato></Andet></Elev>
    <Elev><CPR>0205124101</CPR><Sygdom><Dato>2026-09-07</Dato><Slags>Sygdom</Slags></Sygdom><Fra>2026-09-20</Fra></Elev>
    </Skole>"""
    made = Nested("f_2026-11-20.xml", text, set(), "Sygdom", True, False)
    toml = """
kind = "absence"
grain = "day"
files = ["egelund/*.xml"]
format = "xml"
xml = { record = "Sygdom" }
[columns]
school = { constant = "165001" }
pupil = { column = "../CPR", kind = "cpr" }
date = "Dato"
type = "Slags"
[types]
"Sygdom" = "sick"
"""
    intake = read(tmp_path, made, toml)
    names = {q.name for mine in intake.questions.values() for q in mine}
    assert "Andet […]" in names
    assert names & {"Fra […]", "../Fra"}  # by how far the file was read when the record ended
