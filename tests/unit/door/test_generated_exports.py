"""Exports of shapes nobody described, against planted truth: never a wrong total without a question.

Every shape is drafted as it stands, read if nothing is asked, and read again with the questions answered by one who
knows the school. Run as a script it prints the table of shapes.
"""

from __future__ import annotations

import collections
import sys
import tempfile
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evaluation.door.intake import Intake, read_incoming
from evaluation.door.mapping import parse_mapping
from evaluation.door.propose import propose_mapping
from evaluation.door.pseudonyms import PseudonymKey
from evaluation.errors import InputError, ProtocolError
from evaluation.study import Study, load_study
from tests.unit.door import exports_by_another, exports_of_doubt
from tests.unit.door.exports import READ_AS, Export, export
from tests.unit.door.oracle import answer, toml_of

KEY = PseudonymKey.parse("00112233445566778899aabbccddeeff" * 2)
STUDY = load_study("kom_glad_i_skole")


@dataclass(frozen=True)
class Outcome:
    """``silent``: what came of the draft as it stands; ``told``: what came of it with its questions answered."""

    shape: str
    questions: int
    silent: str
    told: str


def outcome_of(made: Export) -> Outcome:
    """Draft, read, answer, read."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        path = root / "inbox" / "egelund" / "f_2026-11-20.csv"
        path.parent.mkdir(parents=True)
        path.write_text(made.text, encoding="utf-8")
        try:
            draft = tomllib.loads(propose_mapping(path, STUDY.protocol, root / "inbox").toml)
        except InputError:
            return Outcome(made.shape, 0, "refused", "refused")
        asked = parse_mapping(draft, name="draft").questions
        silent, more = judged(root, toml_of(draft), made)
        told = silent
        raw = answer(draft, made)
        for _ in range(3):
            if told == "right":
                break
            told, more = judged(root, toml_of(raw), made)
            asked = (*asked, *more)
            if not more:
                break
            raw = with_answers(raw, made, more)
        return Outcome(made.shape, len(set(asked)), silent, told)


def with_answers(raw, made: Export, questions):
    """What the door asked only once it read the file."""
    for q in questions:
        if q.name in made.answers:
            table, _, field = q.name.rpartition(".")
            (raw[table] if table else raw)[field] = made.answers[q.name]
        elif q.name == "to_is":
            raw["to_is"] = "last_day"
        elif q.name in made.roles:
            raw.setdefault("ignore", {})[q.name] = "?"
    return answer(raw, made)


def judged(root: Path, mapping: str, made: Export):
    """Right, wrong, asked, or quarantined: told apart by the days of every type."""
    (root / "study" / "mappings").mkdir(parents=True, exist_ok=True)
    (root / "study" / "mappings" / "m.toml").write_text(mapping, encoding="utf-8")
    study = Study(STUDY.protocol, (root / "study", *STUDY.folders))
    try:
        intake = read_incoming(root / "inbox", study, round_id="november_2026", key=KEY)
    except ProtocolError:
        return "refused", ()  # what was answered does not fit together, and that is said
    if intake.problems:
        questions = tuple(q for mine in intake.questions.values() for q in mine)
        return ("asked" if questions else "refused"), questions
    totals = intake.tables["raw_totals"]
    if len(totals) and (
        ("first_on" in made.answers and set(totals["period_from"].dt.date) != {made.answers["first_on"]})
        or (
            "possible" in made.answers
            and totals.drop_duplicates(["pupil_key", "period_from"])["school_days"].sum()
            != made.answers["possible"]
        )
    ):
        return "wrong", ()
    if days_by_type(intake) == {k: pytest.approx(v, abs=0.01) for k, v in made.truth.items()}:
        return "right", ()
    return ("quarantined" if len(intake.tables["raw_quarantine"]) else "wrong"), ()


def days_by_type(intake: Intake) -> dict[str, float]:
    """School days of absence by type, of rows or of totals."""
    kinds = [t.id for t in STUDY.protocol.absence_types]
    totals = intake.tables["raw_totals"]
    if len(totals):
        sums = totals.groupby("absence_type")["absent_days"].sum()
        return {k: float(sums.get(k, 0.0)) for k in kinds}
    calendar = intake.tables["raw_calendar"]
    rows = intake.tables["raw_absence"].merge(
        calendar.loc[calendar["is_school_day"], ["school_id", "day_on"]], on="school_id"
    )
    inside = rows[(rows["from_on"] <= rows["day_on"]) & (rows["day_on"] <= rows["to_on"])]
    sums = inside.groupby("absence_type")["day_fraction"].sum()
    return {k: float(sums.get(k, 0.0)) for k in kinds}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from((export, exports_by_another.export, exports_of_doubt.export)),
    st.integers(10_000, 10_000_000),
)
def test_no_export_gives_a_wrong_total_without_a_question(make: Callable[[int], Export], seed: int) -> None:
    made = make(seed)
    found = outcome_of(made)
    assert found.silent != "wrong", (found, made.header)
    assert found.told != "wrong", (found, made.header)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(10_000, 10_000_000))
def test_a_mapping_that_overlooks_what_matters_never_gives_a_wrong_total(seed: int) -> None:
    made = export(seed)
    columns = {
        r.what: c for c, r in made.roles.items() if r.what in ("pupil", "class", "type", "date", "from")
    }
    if not {"type", "pupil"} <= columns.keys() or not made.date_label:
        return
    day = columns.get("date", columns.get("from"))
    raw = {
        "kind": "absence",
        "grain": "day",
        "files": ["egelund/*"],
        "delimiter": ";",
        "date_formats": [READ_AS.get(made.date_label, made.date_label)],
        "columns": {"school": {"constant": "165001"}, "pupil": {"column": columns["pupil"], "kind": "cpr"},
                    "class": columns["class"], "type": columns["type"], "date": day},
        "types": {code: kind for code, (kind, _) in made.codes.items()},
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "inbox" / "egelund" / "f_2026-11-20.csv"
        path.parent.mkdir(parents=True)
        path.write_text(made.text, encoding="utf-8")
        assert judged(Path(folder), toml_of(raw), made)[0] != "wrong", (made.shape, made.header)


@pytest.mark.parametrize(
    "files", [pytest.param(40, marks=pytest.mark.slow), pytest.param(320, marks=pytest.mark.long)]
)
def test_shapes_are_read_asked_about_or_refused_and_none_is_wrong(files: int) -> None:
    found = [outcome_of(export(seed)) for seed in range(files)]
    assert not [o for o in found if "wrong" in (o.silent, o.told)]
    assert sum(o.told == "right" for o in found) >= 0.6 * len(found)
    assert sum(o.questions for o in found) <= 2 * len(found)


@pytest.mark.parametrize(
    "files", [pytest.param(60, marks=pytest.mark.slow), pytest.param(400, marks=pytest.mark.long)]
)
def test_columns_that_seem_not_to_matter_are_asked_about_and_none_is_read_wrongly(files: int) -> None:
    found = [outcome_of(exports_of_doubt.export(seed)) for seed in range(files)]
    assert not [o for o in found if "wrong" in (o.silent, o.told)]
    assert sum(o.told == "right" for o in found) >= 0.6 * len(found)
    assert sum(o.questions for o in found) <= 2 * len(found)


@pytest.mark.long
def test_shapes_of_another_hand_are_asked_about_or_refused_and_none_is_wrong() -> None:
    found = [outcome_of(exports_by_another.export(seed)) for seed in range(120)]
    assert not [o for o in found if "wrong" in (o.silent, o.told)]
    assert sum(o.told == "right" for o in found) >= 0.75 * len(found)
    assert sum(o.questions for o in found) <= 2 * len(found)


@pytest.mark.parametrize(
    ("shape", "told", "most"),
    [
        ("hours and minutes", "right", 3),  # 3:00 of a day of 6
        ("decimals", "right", 3),  # ,5
        ("span in a cell", "right", 2),
        ("span of lessons", "right", 3),
        ("reversals", "asked", 3),
        ("counted up", "asked", 1),  # the one answer is another export
    ],
)
def test_a_shape_of_another_hand_is_read_with_few_questions(shape: str, told: str, most: int) -> None:
    exports = (exports_by_another.export(seed) for seed in range(200))
    for made in [e for e in exports if e.shape == shape][:3]:
        found = outcome_of(made)
        assert (found.told, found.questions <= most) == (told, True), (found, made.header)


def table(count: int, make: Callable[[int], Export] = export) -> str:
    """Shapes tried, right as they stand, asked, refused, wrong; right once answered; questions a file."""
    found = [outcome_of(make(seed)) for seed in range(count)]
    lines = [
        "shape | tried | right | asked | refused | quarantined | wrong | right answered | questions a file"
    ]
    for shape in [*sorted({o.shape for o in found}), "all"]:
        mine = [o for o in found if shape in (o.shape, "all")]
        n = collections.Counter(o.silent for o in mine)
        told = collections.Counter(o.told for o in mine)
        questions = sum(o.questions for o in mine) / len(mine)
        lines.append(
            f"{shape} | {len(mine)} | {n['right']} | {n['asked']} | {n['refused']} | {n['quarantined']} | "
            f"{n['wrong'] + told['wrong']} | {told['right']} | {questions:.1f}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    for hand in (export, exports_by_another.export, exports_of_doubt.export):
        sys.stdout.write(table(int(sys.argv[1]) if len(sys.argv) > 1 else 320, hand) + "\n")
