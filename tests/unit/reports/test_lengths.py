"""Every length of a round says page one's numbers; another study reads in its own words in every file."""

from __future__ import annotations

import datetime as dt
import io
import re
from functools import cache

import pytest
from pptx import Presentation

from evaluation.disclosure.html_numbers import read_html_numbers
from evaluation.protocol import Protocol
from evaluation.publication import files
from evaluation.reports.facts import Facts
from evaluation.reports.inputs import ReportInputs
from evaluation.reports.lengths import english, family
from evaluation.reports.render import render_boards, render_english, render_families, render_short
from evaluation.reports.slides import slides
from evaluation.words.danish import number, rounded
from tests.unit.reports import sample_inputs as sample
from tests.unit.reports.test_pages import Reader

ROUNDS = {"november": sample.november, "june": sample.june}
PAGES = {
    "short": render_short,
    "boards": render_boards,
    "families": render_families,
    "english": render_english,
}
OF_THE_PILOT = re.compile(r"årgang|samtale|målplan|kom glad|sundhedspl", re.IGNORECASE)


@cache
def page(which: str, kind: str) -> str:
    return PAGES[kind](ROUNDS[which]())


@pytest.mark.parametrize("which", ROUNDS)
@pytest.mark.parametrize("kind", PAGES)
def test_a_length_is_one_document_without_unnamed_numbers(which: str, kind: str) -> None:
    html = page(which, kind)
    reader = Reader(html)
    assert len(reader.ids) == len(set(reader.ids))
    assert reader.levels.count(1) == 1
    assert all(b - a <= 1 for a, b in zip(reader.levels, reader.levels[1:], strict=False))
    found = read_html_numbers(kind, html)
    assert found.unmarked == []
    assert found.prose == []
    assert f'<html lang="{"en" if kind == "english" else "da"}">' in html


@pytest.mark.parametrize("which", ROUNDS)
def test_children_of_a_hundred_are_the_same_everywhere(which: str) -> None:
    over = Facts(ROUNDS[which]()).over_ten
    assert over is not None
    assert over.before is not None
    for kind in PAGES:
        marks = {shown for _, shown in Reader(page(which, kind)).marks}
        assert {number(over.now.value, 0), number(over.before.value, 0)} <= marks, kind


def test_english_says_the_danish_numbers() -> None:
    facts = Facts(sample.june())
    assert facts.headline is not None
    _, sections = english(facts)
    text = re.sub("<.*?>", "", " ".join(str(p) for s in sections for p in s.paragraphs))
    assert f"{facts.headline.days(facts.headline.measured):.1f} days absent" in text
    assert facts.verdict is not None
    assert f"{abs(rounded(facts.verdict.estimate or 0)):.1f} percentage points lower" in text
    assert not re.search(r"[æøå]|\d,\d", text)


@pytest.mark.parametrize("which", ROUNDS)
def test_the_page_for_families_is_easy_to_read(which: str) -> None:
    """LIX (Björnsson 1968): words per sentence and per cent of words longer than six letters; below 25 is a child's book."""
    text = " ".join(str(p) for s in family(Facts(ROUNDS[which]())) for p in s.paragraphs)
    text = re.sub(r"<.*?>", "", text)
    words = re.findall(r"\w+", text)
    sentences = [s for s in re.split(r"[.:?!]", text) if s.strip()]
    lix = len(words) / len(sentences) + 100 * sum(len(w) > 6 for w in words) / len(words)
    assert lix < 25


@pytest.mark.parametrize("which", ROUNDS)
def test_slides_have_titles_notes_and_the_facts_in_native_charts(which: str) -> None:
    inputs = ROUNDS[which]()
    facts = Facts(inputs)
    deck = Presentation(io.BytesIO(slides(inputs)))
    for slide in deck.slides:
        assert slide.shapes.title.text
        assert len(slide.shapes.title.text.split()) <= 11
        assert slide.notes_slide.notes_text_frame.text
    children, days = (
        [shape.chart for shape in slide.shapes if shape.has_chart] for slide in list(deck.slides)[1:3]
    )
    over, headline = facts.over_ten, facts.headline
    assert over is not None
    assert headline is not None
    assert over.before is not None
    treated, _ = children[0].plots[0].series
    assert list(treated.values) == [rounded(over.before.value, 0), rounded(over.now.value, 0)]
    assert days[0].plots[0].series[0].values[-1] == headline.days(headline.measured)


def test_slides_are_the_same_bytes_at_another_time(monkeypatch: pytest.MonkeyPatch) -> None:
    first = slides(sample.june())
    later = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)

    class Clock(dt.datetime):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> dt.datetime:
            return later

    monkeypatch.setattr("xlsxwriter.core.datetime", Clock)
    assert slides(sample.june()) == first


def other_study() -> Protocol:
    """The sample's data under a plan that gives courses to groups, and is no talk."""
    raw = sample.P.model_dump()
    raw["words"] |= {"unit": "gruppe", "units": "grupper", "on": "i", "sessions": "forløb", "goal": "Planen"}
    raw["study"] |= {"title": "Frisk start", "programme": "et forløb"}
    raw["grades"] |= {"label": "Trin {grade}"}
    raw["milestone"] |= {"text": "Et fald", "parts": ()}
    raw["targeted"] |= {"follow_up_label": "fulgte elever"}
    return Protocol.model_validate(raw)


@pytest.mark.parametrize("which", ROUNDS)
def test_every_file_of_another_study_reads_in_its_own_words(which: str) -> None:
    base, plan = ROUNDS[which](), other_study()
    # Signs and themes are named by the study's own codebook.
    own = {n: f for n, f in base.frames.items() if n not in ("out_joint_display", "out_themes")}
    inputs = ReportInputs(plan, base.round, own, base.manifest)
    for make in files.files_for(plan).values():
        for name, content in make(inputs).items():
            if name.endswith((".html", ".txt")):
                text = content.decode()
                text = " ".join(Reader(text).text) if name.endswith(".html") else text
                assert not OF_THE_PILOT.search(text), (name, OF_THE_PILOT.findall(text))
            elif name.endswith(".pptx"):
                shapes = [sh for slide in Presentation(io.BytesIO(content)).slides for sh in slide.shapes]
                text = " ".join(sh.text_frame.text for sh in shapes if sh.has_text_frame)
                assert not OF_THE_PILOT.search(text)
