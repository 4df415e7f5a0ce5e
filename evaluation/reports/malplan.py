"""Text for the Målplan's own headings, ready to paste: *Tegn*, *Evaluering*, *Læring*. HTML, plain text and .docx."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from evaluation.reports import language as say
from evaluation.reports.answers import answers, arguments, to_discuss, voices
from evaluation.reports.danish import capital, date
from evaluation.reports.inputs import ReportInputs, records, text
from evaluation.reports.words import RELATIONS, UNWILLING


@dataclass(frozen=True)
class Heading:
    """One of the Målplan's headings with its paragraphs."""

    title: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True)
class MalplanText:
    """The same words as a page (``html``) and as plain text (``text``)."""

    html: str
    text: str


def headings(inputs: ReportInputs) -> tuple[Heading, ...]:
    """The three headings: every sentence is also in the report."""
    found = answers(inputs)
    evaluation = [f"{inputs.round.title}. Data til og med {date(inputs.round.cutoff)}."]
    for a in found:
        dots = f"{say.dots_signs(a.dots)} " if a.dots is not None else ""
        evaluation.append(f"{a.question} {dots}{a.text}")
    evaluation.append("Rapporten måler registreret fravær. " + UNWILLING)
    signs = [_sign(r) for r in records(inputs.frame("out_joint_display"))]
    learning = list(voices(inputs))
    if inputs.round.kind == "final":
        case = arguments(inputs)
        pairs = (("fortsætte", case.go_on), ("justere", case.adjust), ("stoppe", case.stop))
        learning += [f"Taler for at {verb}: {'; '.join(xs)}." for verb, xs in pairs if xs]
    learning += [f"Til drøftelse: {m}" for m in to_discuss(inputs)]
    return (
        Heading("Tegn", tuple(signs) or ("Der er ingen interviews i runden at holde tegnene op imod.",)),
        Heading("Evaluering", tuple(evaluation)),
        Heading("Læring", tuple(learning) or ("Runden giver ikke noget at lære af endnu.",)),
    )


def render_malplan(inputs: ReportInputs) -> MalplanText:
    """The text as a page and as plain text."""
    from evaluation.reports.render import render_malplan_page

    found = headings(inputs)
    lead = "OPDIGTEDE DATA\n\n" if inputs.protocol.study.is_fictitious else ""
    plain = lead + "\n\n".join(f"{h.title.upper()}\n" + "\n".join(h.paragraphs) for h in found) + "\n"
    return MalplanText(render_malplan_page(inputs, found), plain)


def malplan_docx(inputs: ReportInputs) -> bytes:
    """The text as a Word document: Danish, with real headings; the same bytes for the same inputs."""
    import docx
    import pandas as pd
    from docx.oxml.ns import qn

    from evaluation.reports.archives import timeless

    stamp = pd.Timestamp(inputs.round.report_date).to_pydatetime()
    document = docx.Document()
    for style in document.styles.element.iter(qn("w:lang")):
        style.set(qn("w:val"), "da-DK")
    title = f"{inputs.protocol.study.title}: tekst til Målplanen"
    document.add_heading(title, level=0)
    if inputs.protocol.study.is_fictitious:
        document.add_paragraph("Opdigtede data: skoler, elever og tal er fundet på.")
    for h in headings(inputs):
        document.add_heading(h.title, level=1)
        for paragraph in h.paragraphs:
            document.add_paragraph(paragraph)
    core = document.core_properties
    core.title, core.author, core.language = title, inputs.protocol.study.municipality, "da-DK"
    core.created = core.modified = stamp
    core.last_modified_by = core.comments = ""
    raw = io.BytesIO()
    document.save(raw)
    return timeless(raw.getvalue())


def _sign(row: dict[str, Any]) -> str:
    relation = text(row, "relation") or "tavs"
    reading = text(row, "reading") or f"{capital(RELATIONS.get(relation, relation))}."
    return f"{text(row, 'sign')}: {text(row, 'qual_summary')} {reading}".replace("  ", " ")


def paragraphs_html(found: tuple[Heading, ...]) -> Markup:
    """The headings as HTML."""
    return Markup("").join(
        Markup('<section class="chapter"><h2>{}</h2>{}</section>').format(
            h.title, Markup("").join(Markup("<p>{}</p>").format(p) for p in h.paragraphs)
        )
        for h in found
    )
