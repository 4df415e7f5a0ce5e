"""A class's tidy label: the same however it is written, and another for every other class."""

from __future__ import annotations

import itertools

import pytest

from evaluation.door.values import parse_class

TRACKS = ("", "A", "B", "1", "2", "A1", "A2", "Æ", "AB")
WAYS = (
    "{g}{t}",
    "{g}.{t}",
    "{g} {t}",
    "{g}. {t}",
    "0{g}{t}",
    "{g}.kl. {t}",
    "{g}. klasse {t}",
    "{g}.årgang {t}",
)


def test_every_class_has_a_label_of_its_own() -> None:
    labels: dict[str, set[tuple[int, str]]] = {}
    for grade, track, way in itertools.product(range(10), TRACKS, WAYS):
        for case in (str, str.lower):
            text = way.format(g=grade, t=case(track)).strip()
            found, label = parse_class(text)
            if way in ("{g}{t}", "0{g}{t}") and track.isdigit():
                continue  # 71 is no class of the seventh grade
            assert found == str(grade), text
            labels.setdefault(label, set()).add((grade, track))
    assert all(len(classes) == 1 for classes in labels.values())
    assert len(labels) == 10 * len(TRACKS)


@pytest.mark.parametrize("text", ["0/1", "6.-7.", "7-9", "0-3", "1 af 3", "Rød stue", "I alt", ""])
def test_what_is_no_single_class_is_none(text: str) -> None:
    assert parse_class(text) == (None, None)
