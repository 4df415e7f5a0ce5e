"""Text for the boxes of the Målplan (or the study's own plan), ready to paste. HTML, plain text and .docx in its shape."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from evaluation.interviews.themes import LEARNT
from evaluation.reports.facts import Facts
from evaluation.reports.front import Front, front
from evaluation.reports.inputs import ReportInputs, records, text
from evaluation.reports.learning import to_come
from evaluation.reports.places import wave_name
from evaluation.reports.render import page_of
from evaluation.reports.telling import tell
from evaluation.reports.words import RELATIONS
from evaluation.words import Count, Name, On, Values
from evaluation.words.catalogue.front import Argument
from evaluation.words.catalogue.goal import Box, Goal
from evaluation.words.danish import as_date, capital


@dataclass(frozen=True)
class Heading:
    """One of the plan's boxes with its paragraphs."""

    title: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True)
class MalplanText:
    """The same words as a page (``html``) and as plain text (``text``)."""

    html: str
    text: str


ROWS = ((0, 1), (2, 3, 4, 5))
"""How the boxes stand beside each other in the form: signs and trial, then milestones, evaluation twice, learning."""


def headings(inputs: ReportInputs) -> tuple[Heading, ...]:
    """The boxes: every sentence is also in the report."""
    facts, page = inputs.once(Facts), inputs.once(front)
    signs = [_sign(r) for r in records(inputs.frame("out_joint_display"))]
    return (
        Heading(tell(Box.SIGNS), tuple(signs) or (tell(Goal.NO_SIGNS),)),
        Heading(tell(Box.TRIAL), (_trial(facts),)),
        Heading(tell(Box.MILESTONES), _milestones(inputs)),
        Heading(tell(Box.EVALUATION_NUMBERS), _numbers(inputs, page)),
        Heading(tell(Box.EVALUATION_ANCHORED), _anchored(inputs)),
        Heading(tell(Box.LEARNING), _learning(inputs, page)),
    )


def _trial(facts: Facts) -> str:
    programme = Name(facts.inputs.protocol.study.programme)
    if not facts.inputs.started_waves():
        return tell(Goal.NOT_BEGUN, programme=programme)
    return tell(Goal.BEGUN, groups=Name(capital(facts.groups)), programme=programme)


def _milestones(inputs: ReportInputs) -> tuple[str, ...]:
    """What was planned, what has begun by the log, and the rounds that are done or left."""
    log, p = inputs.frame("out_implementation"), inputs.protocol
    out = []
    for wave in p.waves:
        rows = log[log["wave"].eq(wave.id) & log["first_on"].notna()]
        planned: Values = {
            "group": Name(capital(wave_name(p, wave))),
            "first": On(wave.planned_from),
            "last": On(wave.planned_to),
        }
        if len(rows):
            out.append(tell(Goal.HELD_FROM, held=On(as_date(rows["first_on"].min())), **planned))
        else:
            out.append(tell(Goal.PLANNED, **planned))
    for r in p.rounds:
        code = Goal.ROUND_DONE if r.cutoff <= inputs.round.cutoff else Goal.ROUND_LEFT
        out.append(tell(code, title=Name(r.title), day=On(r.report_date)))
    return tuple(out)


def _numbers(inputs: ReportInputs, page: Front) -> tuple[str, ...]:
    lead = tell(Goal.DATA_UNTIL, title=Name(inputs.round.title), day=On(inputs.round.cutoff))
    parts = [f"{label}: {said}" if label else said for label, said in page.milestone]
    children = [Markup(p).striptags() for p in page.children]
    return (lead, *parts, *children, f"{page.days_title}. {' '.join(page.days)}", page.price, page.limit)


def _anchored(inputs: ReportInputs) -> tuple[str, ...]:
    """The schools' own steps by occasion, and the signs of new ways of working."""
    rows = inputs.frame("out_school_forms")
    steps = rows[rows["form"].eq("implementeringstrappe") & rows["score"].notna()]
    latest = steps[steps["is_latest"].fillna(False).astype(bool)]
    if not len(latest):
        return (tell(Goal.ANCHORED_NONE),)
    whole = int(latest["schools"].sum())
    low = int(latest.loc[latest["score"] < 3, "schools"].sum())
    if low:
        return (tell(Argument.LOW_STEPS, low=Count(low), all=Count(whole)),)
    return (tell(Argument.HIGH_STEPS, high=Count(whole), all=Count(whole)),)


def _learning(inputs: ReportInputs, page: Front) -> tuple[str, ...]:
    """What has been learnt, by those who say so; then what speaks for and against each choice."""
    said = [*to_come(inputs), *(f"»{words}«" for words in _learnt_at_schools(inputs))]
    for c in page.choices:
        for code, found in ((Goal.FOR, c.speaks_for), (Goal.AGAINST, c.against)):
            if found:
                said.append(tell(code, choice=Name(c.name), said=Name(" ".join(found))))
    return (*said, *page.outlook, tell(Goal.FORWARD))


def _learnt_at_schools(inputs: ReportInputs) -> tuple[str, ...]:
    """What schools last wrote that they have learnt, as far as their words may be shown."""
    rows = inputs.frame("out_school_forms")
    rows = rows[rows["theme"].eq(LEARNT) & rows["is_latest"].fillna(False).astype(bool)]
    return tuple(words for r in records(rows) if (words := text(r, "value")))


def render_malplan(inputs: ReportInputs) -> MalplanText:
    """The text as a page and as plain text."""
    found = inputs.once(headings)
    lead = f"{tell(Box.FICTITIOUS).upper()}\n\n" if inputs.protocol.study.is_fictitious else ""
    plain = lead + "\n\n".join(f"{h.title.upper()}\n" + "\n".join(h.paragraphs) for h in found) + "\n"
    page = page_of(
        "malplan.html",
        inputs,
        title=f"{tell(Box.PAGE, goal=Name(inputs.protocol.words.goal))}: {inputs.round.title}",
        heading=tell(Box.PAGE, goal=Name(inputs.protocol.words.goal)),
        lead=tell(Box.LEAD),
        body=paragraphs_html(found),
    )
    return MalplanText(page, plain)


def malplan_docx(inputs: ReportInputs) -> bytes:
    """The boxes as a Word document in the form's shape: side by side, headings real; the same bytes for the same inputs."""
    import docx
    import pandas as pd
    from docx.enum.section import WD_ORIENT
    from docx.oxml.ns import qn

    from evaluation.reports.archives import timeless

    stamp = pd.Timestamp(inputs.round.report_date).to_pydatetime()
    document = docx.Document()
    for style in document.styles.element.iter(qn("w:lang")):
        style.set(qn("w:val"), "da-DK")
    section = document.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = section.page_height, section.page_width
    title = f"{inputs.protocol.study.title}: {tell(Box.PAGE, goal=Name(inputs.protocol.words.goal))}"
    document.add_heading(title, level=0)
    if inputs.protocol.study.is_fictitious:
        document.add_paragraph(tell(Box.FICTITIOUS))
    found = inputs.once(headings)
    for row in ROWS:
        table = document.add_table(rows=1, cols=len(row), style="Table Grid")
        for cell, i in zip(table.rows[0].cells, row, strict=True):
            cell.paragraphs[0].style = document.styles["Heading 1"]
            cell.paragraphs[0].add_run(found[i].title)
            for paragraph in found[i].paragraphs:
                cell.add_paragraph(paragraph)
        document.add_paragraph()
    core = document.core_properties
    core.title, core.author, core.language = title, inputs.protocol.study.municipality, "da-DK"
    core.created = core.modified = stamp
    core.last_modified_by = core.comments = ""
    raw = io.BytesIO()
    document.save(raw)
    return timeless(raw.getvalue())


def _sign(row: dict[str, Any]) -> str:
    reading = text(row, "reading") or f"{capital(RELATIONS.get(text(row, 'relation') or 'tavs', ''))}."
    said = tell(
        Goal.SIGN,
        sign=Name(text(row, "sign")),
        said=Name(text(row, "qual_summary")),
        reading=Name(reading),
    )
    return said.replace("  ", " ")


def paragraphs_html(found: tuple[Heading, ...]) -> Markup:
    """The boxes as HTML."""
    return Markup("").join(
        Markup('<section class="chapter"><h2>{}</h2>{}</section>').format(
            h.title, Markup("").join(Markup("<p>{}</p>").format(p) for p in h.paragraphs)
        )
        for h in found
    )
