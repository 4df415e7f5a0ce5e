"""Logs of talks and lists of consents are told from absence by what stands in them, whatever heads it."""

from __future__ import annotations

import random
import tomllib
from pathlib import Path

import pytest

from evaluation.door.propose import propose_mapping
from evaluation.study import load_study
from tests.unit.door.exports import SCHOOL_DAYS

STUDY = load_study("kom_glad_i_skole")


def kind_of(folder: Path, head: list[str], cells: list[list[str]]) -> str:
    rows = [
        [f"{1 + i:02d}0512{4100 + i}", "6.A", f"{SCHOOL_DAYS[i]:%d-%m-%Y}", *more]
        for i, more in enumerate(cells)
    ]
    path = folder / "liste.csv"
    path.write_text("".join(";".join(r) + "\n" for r in (["CPR", "Klasse", "Dato", *head], *rows)))
    return str(tomllib.loads(propose_mapping(path, STUDY.protocol).toml)["kind"])


@pytest.mark.parametrize("head", ["Udfald", "Resultat", "Forløb", "Type", "Note"])
@pytest.mark.parametrize(
    "words", [("Samtale afholdt", "Syg", "Ej mødt"), ("Gennemført", "Udeblevet", "Sygdom")]
)
def test_what_came_of_a_talk_is_no_absence(head: str, words: tuple[str, ...], tmp_path: Path) -> None:
    assert kind_of(tmp_path, [head], [[words[i % 3]] for i in range(20)]) == "talks"


@pytest.mark.parametrize("head", ["Tilladelse", "Må deltage", "Ok?", "Sagt ja"])
@pytest.mark.parametrize("about", ["Til hvad", "Formål", "Art"])
def test_a_yes_to_a_purpose_of_the_study_is_a_consent(head: str, about: str, tmp_path: Path) -> None:
    r = random.Random(head)
    said = [[r.choice(("evaluering", "interview")), r.choice(("Ja", "Nej"))] for _ in range(20)]
    assert kind_of(tmp_path, [about, head], said) == "consents"


@pytest.mark.parametrize(
    "heads", [("Må deltage i evaluering", "Må interviewes"), ("Samtykke evaluering", "Samtykke interview")]
)
@pytest.mark.parametrize("third", ["Syg", "Ved ikke"])
def test_a_column_for_each_purpose_is_a_list_of_consents(
    heads: tuple[str, ...], third: str, tmp_path: Path
) -> None:
    r = random.Random(third)
    assert (
        kind_of(tmp_path, list(heads), [[r.choice(("Ja", "Nej", third)) for _ in heads] for _ in range(20)])
        == "consents"
    )


@pytest.mark.parametrize("word", ["Syg", "Sygdom", "Ulovligt fravær"])
def test_absence_stays_absence(word: str, tmp_path: Path) -> None:
    said = [[word, r] for r in ("Ja", "Nej", "Ja", "Ja", "Nej") * 3]
    assert kind_of(tmp_path, ["Type", "Interview planlagt"], said) == "absence"
