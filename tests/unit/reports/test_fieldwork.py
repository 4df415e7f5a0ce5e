"""The documents before the first interview hold a question for every sign and every purpose of the register."""

from __future__ import annotations

import io

import docx
import pytest

from evaluation.codebooks import load_codebook
from evaluation.reports.fieldwork import OPENING, TO_COME, WHO, documents
from evaluation.study import load_study

STUDY = load_study("kom_glad_i_skole")
BOOK = load_codebook(STUDY.file("codebook.yaml"))


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    made = documents(BOOK, STUDY.protocol)
    assert made == documents(BOOK, STUDY.protocol)
    return {n: "\n".join(p.text for p in docx.Document(io.BytesIO(b)).paragraphs) for n, b in made.items()}


def test_every_sign_has_a_question_for_everybody(texts):
    for link in BOOK.joint_display:
        assert set(dict(link.questions)) == set(WHO)
        for question in dict(link.questions).values():
            assert question in texts["interviewguide.docx"]
    assert "Har du oplevet det modsatte?" in texts["interviewguide.docx"]


def test_everybody_is_asked_in_words_of_their_own_also_of_what_was_learnt_and_how_to_go_on(texts):
    assert set(OPENING) == set(WHO)
    assert len(set(OPENING.values())) == len(WHO)
    chapters = texts["interviewguide.docx"].split("Er der noget, jeg burde have spurgt om?")
    for who, chapter in zip(WHO, chapters, strict=False):
        assert OPENING[who] in chapter
        assert [o for o in OPENING.values() if o in chapter] == [OPENING[who]]
        for code in ("KL.LAERT", "MP.VIDERE"):
            assert f"{TO_COME[code][who]}  [{code}: {BOOK.get(code).name}]" in chapter


def test_minutes_use_words_and_ask_for_consent(texts):
    minutes = texts["referat.docx"]
    occasions = BOOK.attribute("nedslag").values
    assert not [word for word in occasions if word in minutes]
    assert "November 2026" in minutes
    assert minutes.count("Samtykke fra dem") == 2
    assert "samtykke: gyldigt" in minutes


def test_a_question_to_a_child_is_open_and_in_a_child_s_words():
    """No word of the trade, and nothing that can be answered with yes or no alone."""
    words = ("fravær", "ufrivillig", "indsats", "trivsel", "forebyg", "registrer", "praksis")
    asked = [dict(link.questions)["elev"] for link in BOOK.joint_display]
    for question in [*asked, *(questions["elev"] for questions in TO_COME.values())]:
        assert not [w for w in words if w in question.casefold()]
        assert any(q in question for q in ("Hvordan", "Hvem", "Hvad", "hvad", "Fortæl"))


def test_the_consent_form_has_the_register_s_purposes(texts):
    purposes = {d.consent_purpose for d in STUDY.protocol.data_sets if d.consent_purpose}
    assert purposes == {"evaluering", "interview"}
    for purpose in purposes:
        assert f"Formål: {purpose}" in texts["samtykke.docx"]
    assert texts["samtykke.docx"].count("indehaver 2") == len(purposes)
    assert "trække et samtykke tilbage" in texts["samtykke.docx"]


def test_minutes_have_a_door_for_the_school_board(texts):
    assert "Møde i skolebestyrelsen" in texts["referat.docx"]
    assert BOOK.get("MP.BORGER").name in texts["referat.docx"]
