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
from evaluation.reports import answers as page_one
from evaluation.reports import (
    development,
    dose,
    doubt,
    estimates,
    learning,
    method,
    milestone,
    patterns,
    school_forms,
    school_page,
    words,
)
from evaluation.reports.calendar_figure import calendar_figure
from evaluation.reports.danish import date
from evaluation.reports.html_tables import legend
from evaluation.reports.inputs import ReportInputs, headline
from evaluation.reports.language import dots_signs, dots_text
from evaluation.reports.malplan import Heading, paragraphs_html
from evaluation.reports.page import Exhibit, Section
from evaluation.reports.plotly_figures import PLOTLY_CONFIG, plotly_js, safe_json

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
    """The steering group's report as one self-contained HTML page."""
    main = _main_figure(inputs)
    sections = [
        method.reading_guide(inputs),
        development.development(inputs),
        development.types(inputs),
        patterns.bands(inputs),
        patterns.rhythm(inputs),
        milestone.milestone(inputs),
        milestone.event_study(inputs),
        estimates.schools(inputs),
        estimates.targeted(inputs),
        dose.beside_effect(inputs, words.implementation(inputs)),
        words.joint_display(inputs),
        school_forms.school_forms(inputs),
        learning.learning(inputs),
        doubt.doubt(inputs),
        method.comparison(inputs),
        method.quality(inputs),
        method.method(inputs),
        method.glossary(),
        method.rerun(inputs),
    ]
    shown = [s for s in sections if s is not None]
    if main is not None:
        # The picture of page one is not shown a second time.
        shown = [replace(s, exhibits=tuple(x for x in s.exhibits if x.id != main.id)) for s in shown]
    numbered, main_numbered = _numbered(shown, main)
    return _page(
        "steering.html",
        inputs,
        title=f"{inputs.protocol.study.title}: {inputs.round.title}",
        answers=page_one.marked_answers(inputs),
        main=main_numbered,
        voices=page_one.voices(inputs),
        interviews=page_one.interview_count(inputs),
        matters=page_one.to_discuss(inputs),
        status=page_one.status_line(inputs),
        sections=numbered,
        exhibits=[*([main_numbered] if main_numbered else []), *_all(numbered)],
    )


def render_school(inputs: ReportInputs, school_id: str) -> str:
    """The page of one school's local working group. Figures are still pictures: no script, a small file."""
    sections, _ = _numbered(school_page.sections(inputs, school_id), None)
    school = inputs.protocol.school(school_id)
    return _page(
        "school.html",
        inputs,
        title=f"{school.name}: {inputs.round.title}",
        school=school,
        status=page_one.status_line(inputs),
        answers=page_one.marked_answers(inputs),
        sections=sections,
        exhibits=[],
    )


def render_index(protocol: Protocol, entries: Sequence[IndexEntry]) -> str:
    """The page that links everything of every round."""
    return _render(
        "index.html",
        **_common(protocol),
        title=f"{protocol.study.title}: rapporter",
        entries=list(entries),
        date=date,
        exhibits=[],
    )


def render_accessibility_statement(protocol: Protocol, contact: str = "") -> str:
    """What is done for accessibility, what is known to be missing, and whom to ask."""
    return _render(
        "accessibility.html",
        **_common(protocol),
        title=f"Tilgængelighed: {protocol.study.title}",
        contact=contact,
        exhibits=[],
    )


def render_malplan_page(inputs: ReportInputs, headings: tuple[Heading, ...]) -> str:
    """The Målplan text as a page to copy from."""
    return _page(
        "malplan.html",
        inputs,
        title=f"Målplanen: {inputs.round.title}",
        body=paragraphs_html(headings),
        exhibits=[],
    )


def headline_words(inputs: ReportInputs) -> str:
    """The round's verdict for the index page and the command line."""
    verdict = headline(inputs)
    if verdict is None:
        return "kan ikke vurderes"
    if not verdict.is_due and verdict.earliest_on:
        return f"{verdict.word} (tidligst {date(verdict.earliest_on)})"
    return verdict.word


def _main_figure(inputs: ReportInputs) -> Exhibit | None:
    found = milestone.milestone_figure(inputs) if inputs.round.kind == "final" else None
    if found is not None and found.has_chart:
        return found
    waves = tuple(w.grade for w in inputs.started_waves()) or (inputs.protocol.waves[0].grade,)
    return calendar_figure(inputs, waves, "hovedfigur")


def _numbered(sections: Iterable[Section], main: Exhibit | None) -> tuple[list[Section], Exhibit | None]:
    counter = {"Figur": 0, "Tabel": 0}

    def take(x: Exhibit) -> Exhibit:
        kind = "Figur" if x.has_chart else "Tabel"
        counter[kind] += 1
        return replace(x, number=counter[kind])

    def through(s: Section) -> Section:
        return replace(
            s, exhibits=tuple(take(x) for x in s.exhibits), parts=tuple(through(p) for p in s.parts)
        )

    first = take(main) if main is not None else None
    return [through(s) for s in sections], first


def _all(sections: Iterable[Section]) -> list[Exhibit]:
    return [x for s in sections for x in (*s.exhibits, *_all(s.parts))]


def _page(template: str, inputs: ReportInputs, **more: Any) -> str:
    return _render(
        template,
        **_common(inputs.protocol),
        inputs=inputs,
        round=inputs.round,
        report_date=date(inputs.round.report_date),
        structure=_structure(inputs.disclosure_structure),
        legend=legend(inputs.protocol.disclosure.marker),
        **more,
    )


def _structure(text: str) -> Markup:
    return Markup(text.replace("<", "\\u003c")) if text else Markup("")


def _common(protocol: Protocol) -> dict[str, Any]:
    return {
        "study": protocol.study,
        "css": Markup(_static("report.css")),
        "script": Markup(_static("report.js")),
        "plotly": _plotly,
        "config": safe_json(PLOTLY_CONFIG),
        "dots_text": dots_text,
        "dots_signs": dots_signs,
    }


def _plotly() -> Markup:
    return Markup(plotly_js())


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
