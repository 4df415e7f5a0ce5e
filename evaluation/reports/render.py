"""Whole pages from inputs: which sections, in which order, in which template. No sentence is made here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from evaluation.protocol import Protocol, Round
from evaluation.questions.verdict import Word
from evaluation.reports import (
    context,
    development,
    dose,
    doubt,
    estimates,
    learning,
    lengths,
    method,
    milestone,
    outcomes,
    patterns,
    plan,
    school_forms,
    school_page,
    thresholds,
    words,
)
from evaluation.reports.circle import circle
from evaluation.reports.facts import Facts
from evaluation.reports.front import front
from evaluation.reports.html_tables import legend
from evaluation.reports.inputs import ReportInputs, headline
from evaluation.reports.language import dots_signs, dots_text
from evaluation.reports.page import Exhibit, Section
from evaluation.reports.paths import ANNEX, BOARDS, SHORT, STEERING_GROUP, beside
from evaluation.reports.telling import tell
from evaluation.words import On
from evaluation.words.catalogue.front import Voices
from evaluation.words.catalogue.lengths import Boards, English, Family, Short
from evaluation.words.catalogue.sections import More
from evaluation.words.danish import date

HERE = files("evaluation.reports")


@dataclass(frozen=True)
class Link:
    """A file on the index page: what it is, where, and how large in words."""

    label: str
    href: str
    note: str = ""


@dataclass(frozen=True)
class IndexEntry:
    """One round on the index page, newest first; ``verdict`` is the headline in fixed words."""

    round: Round
    verdict: str
    links: tuple[Link, ...]
    notes: tuple[str, ...] = ()


def render_steering_group(inputs: ReportInputs) -> str:
    """The steering group's report as one self-contained HTML page: page one, then what it rests on in words and figures."""
    sections = [
        development.development(inputs),
        patterns.bands(inputs),
        thresholds.thresholds(inputs),
        milestone.milestone(inputs),
        estimates.targeted(inputs),
        estimates.schools(inputs),
        words.implementation(inputs),
        words.joint_display(inputs),
        learning.learning(inputs),
        school_forms.steps(inputs),
        doubt.doubt(inputs),
        method.quality(inputs),
        context.context(inputs),
    ]
    shown = [s for s in sections if s is not None]
    return page_of(
        "steering.html",
        inputs,
        title=f"{inputs.protocol.study.title}: {inputs.round.title}",
        front=inputs.once(front),
        sections=_numbered(shown),
        links=_links(inputs, STEERING_GROUP),
    )


def render_annex(inputs: ReportInputs) -> str:
    """For those who check: how to read, all the rest of the figures and tables, method, glossary, and how to rerun."""
    sections = [
        method.reading_guide(inputs),
        development.types(inputs),
        patterns.rhythm(inputs),
        milestone.event_study(inputs),
        outcomes.others(inputs),
        estimates.targeted(inputs, by_rule=True),
        dose.beside_effect(inputs),
        school_forms.school_forms(inputs),
        learning.annex(inputs),
        doubt.annex(inputs),
        method.comparison(inputs),
        method.files(inputs),
        method.method(inputs),
        method.rerun(inputs),
    ]
    shown = [s for s in sections if s is not None]
    words_used = f"{inputs.once(render_steering_group)} {shown}"
    return page_of(
        "annex.html",
        inputs,
        title=f"{tell(More.ANNEX)}: {inputs.protocol.study.title}",
        sections=_numbered([*shown, method.glossary(words_used)]),
        links=_links(inputs, ANNEX),
    )


def render_short(inputs: ReportInputs) -> str:
    """Page one and one more sheet: how it went, and what would change our mind."""
    sheet = (
        development.panels_only(inputs),
        milestone.figure_only(inputs),
        Section("tvivl", tell(Short.DOUBT), points=doubt.tipping_points(inputs)),
        Section("moedet", tell(Short.FOR_DISCUSSION), (tell(Short.MORE),)),
    )
    return page_of(
        "short.html",
        inputs,
        title=f"{tell(Short.TITLE)}: {inputs.protocol.study.title}",
        front=inputs.once(front),
        sections=_numbered(s for s in sheet if s is not None and (s.exhibits or s.points or s.paragraphs)),
        links=_links(inputs, SHORT),
    )


def render_boards(inputs: ReportInputs) -> str:
    """Two pages by which the school boards are heard."""
    lead, sections = lengths.boards(inputs.once(Facts))
    return page_of(
        "boards.html",
        inputs,
        title=f"{tell(Boards.TITLE)}: {inputs.protocol.study.title}",
        heading=tell(Boards.TITLE),
        lead=lead,
        front=inputs.once(front),
        sections=sections,
        links=_links(inputs, BOARDS),
    )


def render_families(inputs: ReportInputs) -> str:
    """A page for parents and children."""
    return page_of(
        "plain.html",
        inputs,
        title=f"{tell(Family.TITLE)} {inputs.protocol.study.title}",
        kind=f"{tell(More.FAMILIES)} · {inputs.round.title}",
        heading=inputs.protocol.study.title,
        status="",
        sections=lengths.family(inputs.once(Facts)),
        links=[],
    )


def render_status(inputs: ReportInputs) -> str:
    """The page between the reports: description, what has been done, what is missing, and the form for the meeting."""
    sections = [
        development.development(inputs),
        patterns.bands(inputs),
        thresholds.thresholds(inputs),
        words.implementation(inputs),
        method.quality(inputs),
        circle(),
    ]
    return page_of(
        "plain.html",
        inputs,
        title=f"{tell(More.STATUS)}: {inputs.protocol.study.title}",
        kind=inputs.round.title,
        heading=f"{inputs.protocol.study.title}: {inputs.round.title}",
        status=tell(More.STATUS_LEAD, day=On(inputs.round.cutoff)),
        sections=_numbered(s for s in sections if s is not None),
        links=[],
    )


def render_english(inputs: ReportInputs) -> str:
    """The summary in English; names and titles are the study's own."""
    status, sections = lengths.english(inputs.once(Facts))
    return page_of(
        "plain.html",
        inputs,
        language="en",
        title=f"{inputs.protocol.study.title}: {tell(English.TITLE)}",
        kind=tell(English.TITLE),
        heading=inputs.protocol.study.title,
        status=status,
        sections=sections,
        links=[],
    )


def render_school(inputs: ReportInputs, school_id: str) -> str:
    """The page of one school's local working group. Figures are still pictures: no script, a small file."""
    sections = _numbered(school_page.sections(inputs, school_id))
    school = inputs.protocol.school(school_id)
    return page_of(
        "school.html",
        inputs,
        title=f"{school.name}: {inputs.round.title}",
        school=school,
        front=inputs.once(front),
        sections=sections,
    )


def render_index(protocol: Protocol, entries: Sequence[IndexEntry]) -> str:
    """The page that links everything of every round."""
    return _render(
        "index.html",
        **_common(protocol),
        title=f"{protocol.study.title}: rapporter",
        entries=list(entries),
        date=date,
    )


def render_plan(protocol: Protocol) -> str:
    """The plan as a page, before any data."""
    return _render(
        "plan.html",
        **_common(protocol),
        title=f"{plan.page_title()}: {protocol.study.title}",
        heading=plan.page_title(),
        sections=plan.plan_sections(protocol),
    )


def render_accessibility_statement(protocol: Protocol, contact: str = "") -> str:
    """What is done for accessibility, what is known to be missing, and whom to ask."""
    return _render(
        "accessibility.html",
        **_common(protocol),
        title=f"Tilgængelighed: {protocol.study.title}",
        contact=contact,
    )


def headline_words(inputs: ReportInputs) -> str:
    """The round's verdict for the index page and the command line."""
    verdict = headline(inputs)
    if inputs.round.kind == "status":
        return ""
    return str(Word.CANNOT) if verdict is None else milestone.verdict_text(verdict)


def _numbered(sections: Iterable[Section]) -> list[Section]:
    """The sections with figures and tables numbered in the order they are met."""
    counter = {"Figur": 0, "Tabel": 0}

    def take(x: Exhibit) -> Exhibit:
        kind = "Figur" if x.has_chart else "Tabel"
        counter[kind] += 1
        return replace(x, number=counter[kind])

    def through(s: Section) -> Section:
        return replace(
            s, exhibits=tuple(take(x) for x in s.exhibits), parts=tuple(through(p) for p in s.parts)
        )

    return [through(s) for s in sections]


def _links(inputs: ReportInputs, page: str) -> list[Link]:
    return [Link(label, href) for label, href in beside(inputs.protocol, page)]


def page_of(template: str, inputs: ReportInputs, **more: Any) -> str:
    """A page of the round's, in this template."""
    values = {
        **_common(inputs.protocol),
        "inputs": inputs,
        "round": inputs.round,
        "report_date": date(inputs.round.report_date),
        "structure": _structure(inputs.disclosure_structure),
        "legend": legend(inputs.protocol.disclosure.marker),
        **more,
    }
    return _render(template, **values)


def _structure(text: str) -> Markup:
    return Markup(text.replace("<", "\\u003c")) if text else Markup("")


def _common(protocol: Protocol) -> dict[str, Any]:
    return {
        "study": protocol.study,
        "css": Markup(_static("report.css")),
        "language": "da",
        "say": {
            code.value: tell(code) for code in (More.CONTENTS, More.TOP, More.ANNEX_TITLE, More.ANNEX_LEAD)
        }
        | {"more": tell(More.TITLE), "against": tell(Voices.AGAINST)},
        "dots_text": dots_text,
        "dots_signs": dots_signs,
    }


@cache
def _static(name: str) -> str:
    return (HERE / "static" / name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    return Environment(
        loader=FunctionLoader(lambda name: (HERE / "templates" / name).read_text(encoding="utf-8")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _render(template: str, **values: Any) -> str:
    return str(_environment().get_template(template).render(**values))
