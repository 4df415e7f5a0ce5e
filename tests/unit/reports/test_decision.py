"""The decision box against planted truth: a voice is an argument for the side it itself speaks for, whatever numbers say."""

from __future__ import annotations

import itertools

import pandas as pd
import pytest

from evaluation.codebooks import Codebook
from evaluation.interviews.joint_display import joint_display, relation_of
from evaluation.interviews.signs import sign_themes, signs_of
from evaluation.interviews.themes import TO_COME
from evaluation.questions import voices
from evaluation.questions.voices import codebook_of
from evaluation.reports.decision import choices
from evaluation.reports.facts import Facts
from evaluation.study import load_study
from evaluation.words.danish import join
from tests.unit.reports import sample_inputs as sample

NUMBERS = ("for", "imod", "ingen", "ukendt", None)
VOICES = {"for": ("positiv",) * 5, "imod": ("negativ",) * 5, "delt": ("positiv", "negativ") * 2, "": ()}


@pytest.fixture(scope="module")
def book() -> Codebook:
    return codebook_of(load_study("kom_glad_i_skole"))


def said(code: str, *directions: str | None, marked: bool = False, name: str = "s") -> pd.DataFrame:
    """One source and statement for each direction; ``marked``: as counter-evidence too."""
    codes = [code, "X.MODBEVIS"] if marked else [code]
    rows = [
        (f"d{n}", f"{name}{n}", c, d if c == code else None) for n, d in enumerate(directions) for c in codes
    ]
    frame = pd.DataFrame(rows, columns=["document_id", "segment_id", "code", "polarity"])
    return frame.astype({"polarity": "str"}).assign(informant="elev", coder="k_1", approved_sha256=None)


@pytest.mark.parametrize(("numbers", "voices"), list(itertools.product(NUMBERS, VOICES)))
def test_voices_on_any_sign_are_argued_from_by_their_own_side(
    numbers: str | None, voices: str, book: Codebook
) -> None:
    signs = signs_of(book)
    figures = pd.DataFrame(
        [{"indicator": i, "verdict": "x", "says": numbers} for s in signs for i in s.indicators if numbers]
    )
    segments = pd.concat([said(sign.own_codes[-1], *VOICES[voices], name=sign.id) for sign in signs])
    documents = segments.drop_duplicates("document_id")

    def box(own: dict[str, tuple[str, str]]) -> dict[str, set[str]]:
        themes = sign_themes(segments, book, documents)
        table = joint_display(
            book, figures, themes, None, [(s, *r) for s, r in own.items()], segments=segments
        )
        found = choices(Facts(sample.june(out_joint_display=table)))
        for row in table.to_dict("records"):
            is_beside = "hverken støtte eller svække tallene" in row["reading"]
            has_figures = bool(numbers and isinstance(row["indicator"], str) and not row["is_overridden"])
            assert is_beside == (has_figures and not voices)  # there is nothing to weaken where no figure is
        places = {"for": (0, "speaks_for"), "against": (0, "against"), "stop": (2, "speaks_for")}
        return {
            name: {s for s in getattr(found[i], side) if "De fleste, der taler om det," in s}
            for name, (i, side) in places.items()
        }

    names = [f"»{sign.text}«" for sign in signs]
    seen = {f"De fleste, der taler om det, oplever: {join(names)}."} if voices == "for" else set()
    not_seen = {f"De fleste, der taler om det, oplever ikke: {join(names)}."}
    not_seen = not_seen if voices == "imod" else set()
    assert box({}) == {"for": seen, "against": not_seen, "stop": not_seen}
    # An analyst's own reading is argued from as the side that has this relation to the numbers, whatever was counted.
    with_figures = [s for s in signs if s.indicators] if numbers in ("for", "imod", "ingen") else []
    read = {s.id: (str(relation_of(numbers or "ukendt", "imod")), "Kendt fra møder.") for s in with_figures}
    read |= {s.id: ("udvider", "Andre er spurgt.") for s in signs if s not in with_figures}
    mine = {f"De fleste, der taler om det, oplever ikke: {join(f'»{s.text}«' for s in with_figures)}."}
    mine = mine if with_figures else set()
    assert box(read) == {"for": set(), "against": mine, "stop": mine}


@pytest.mark.parametrize("code", TO_COME)
@pytest.mark.parametrize("is_hidden", [False, True])
@pytest.mark.parametrize(
    ("direction", "marked", "stance"),
    [
        ("positiv", False, "for"),
        ("negativ", False, "imod"),
        (None, False, "for"),
        (None, True, "imod"),
        ("blandet", False, ""),
        ("neutral", False, ""),
    ],
)
def test_who_says_no_to_what_is_to_come_is_not_counted_among_those_who_want_it(
    code: str, direction: str | None, marked: bool, stance: str, is_hidden: bool
) -> None:
    if direction is None and not marked and not code.startswith("KL.FREMOVER"):
        stance = ""  # the code itself says nothing of which way
    segments = said(code, *(direction,) * 6, marked=marked).assign(
        school_id="990001", grade="6", occasion="delevaluering_nov_2026", consent="gyldigt"
    )
    documents = segments.drop_duplicates("document_id")
    no_texts = pd.DataFrame(columns=["segment_id", "text"])
    told = voices.themes(segments, documents, documents, no_texts, load_study("kom_glad_i_skole"), "r")
    if is_hidden:  # six of six beside nobody: the parts may not be told
        told = told.assign(sources=told["sources"].where(told["group_kind"] != "stance"))
    who = "De fleste af 6 kilder" if is_hidden else "6 kilder"
    box = choices(Facts(sample.june(out_themes=told)))
    nothing = choices(Facts(sample.june(out_themes=told.iloc[:0])))
    new = [
        (c.name, side, s)
        for c, before in zip(box, nothing, strict=True)
        for side in ("speaks_for", "against")
        for s in set(getattr(c, side)) - set(getattr(before, side))
    ]
    assert {s for *_, s in new} == ({f"{who} {SAID[code][stance != 'for']}."} if stance else set())
    go_on, adjust, stop = (c.name for c in box)
    wanted = {
        "KL.FREMOVER.JUSTER": (adjust, adjust),
        "KL.FREMOVER.STOP": (stop, stop),
        "X.UTILSIGTET": (go_on, adjust),
    }.get(code, (go_on, go_on))
    if stance:
        side = "speaks_for" if stance == "for" or code == "X.UTILSIGTET" else "against"
        assert (wanted[stance != "for"], side) in {place[:2] for place in new}


SAID = {
    "KL.FREMOVER.FASTHOLD": ("vil holde fast i det nye", "vil ikke holde fast i det nye"),
    "KL.FREMOVER.UDBRED": ("vil udbrede det nye", "vil ikke udbrede det nye"),
    "KL.FREMOVER.JUSTER": ("vil lave noget om", "vil ikke lave noget om"),
    "KL.FREMOVER.STOP": ("vil stoppe med noget", "vil ikke stoppe"),
    "MP.VIDERE": ("er for, at arbejdet føres videre", "er imod, at arbejdet føres videre"),
    "X.UTILSIGTET": (
        "fortæller om gode følger, som ingen havde ventet",
        "fortæller om dårlige følger, som ingen havde ventet",
    ),
}
