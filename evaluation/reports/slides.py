"""Slides for the steering group: one finding each, native charts and notes, from the facts of page one."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from evaluation.reports.archives import timeless
from evaluation.reports.facts import Facts
from evaluation.reports.front import Front, front
from evaluation.reports.inputs import ReportInputs
from evaluation.reports.telling import tell
from evaluation.words import Number
from evaluation.words.catalogue.front import Heading
from evaluation.words.catalogue.goal import Box
from evaluation.words.catalogue.lengths import Slide
from evaluation.words.danish import rounded

BODY_POINTS, TABLE_POINTS, TITLE_POINTS = 20, 14, 32


def slides(inputs: ReportInputs) -> bytes:
    """The presentation: Danish, with titles, notes and charts that can be edited; the same bytes for the same inputs."""
    import pandas as pd
    from pptx import Presentation
    from pptx.util import Inches

    facts, page = inputs.once(Facts), inputs.once(front)
    deck = Presentation()
    deck.slide_width, deck.slide_height = Inches(13.333), Inches(7.5)
    _text(deck, page.title, _opening(inputs, page), Slide.NOTE_FRONT)
    if facts.over_ten is not None:
        _children(deck, facts, page)
    if facts.headline is not None:
        _days(deck, facts, page)
    rows = [
        [m.label, *(Markup(x).striptags() for x in (m.now, m.expected, m.difference)), _claim(m.claim, m.why)]
        for m in page.measures
    ]
    heads = (
        Heading.OUTCOME,
        Heading.THIS_YEAR,
        Heading.EXPECTED,
        Heading.DIFFERENCE,
        Heading.CAN_BE_SAID,
    )
    _table(deck, tell(Slide.MEASURES), [tell(h) for h in heads], rows, Slide.NOTE_MEASURES)
    said = [
        f"{tell(Heading.SPEAKS_AGAINST) + ': ' if q.is_against else ''}»{q.words}« {f'({q.by})' if q.by else ''}"
        for q in page.quotes
    ] or [page.no_voices]
    _text(deck, tell(Heading.VOICES), said, Slide.NOTE_VOICES)
    nothing = tell(Heading.NOTHING)
    options = [
        [c.name, " ".join(c.speaks_for) or nothing, " ".join(c.against) or nothing] for c in page.choices
    ]
    names = ["", tell(Heading.SPEAKS_FOR), tell(Heading.SPEAKS_AGAINST)]
    _table(deck, tell(Heading.DECISION), names, [*options, ["", page.price, ""]], Slide.NOTE_DECISION)
    core = deck.core_properties
    core.title, core.author, core.language = (
        f"{page.title}: {page.kind}",
        inputs.protocol.study.municipality,
        "da-DK",
    )
    core.created = core.modified = pd.Timestamp(inputs.round.report_date).to_pydatetime()
    core.last_modified_by = core.comments = ""
    for relation in [r for r in deck.part.rels.values() if r.reltype.endswith("/printerSettings")]:
        deck.part.drop_rel(relation.rId)  # somebody's printer, from the library's own template
    raw = io.BytesIO()
    deck.save(raw)
    return timeless(raw.getvalue())


def _opening(inputs: ReportInputs, page: Front) -> list[str]:
    made_up = [tell(Box.FICTITIOUS)] if inputs.protocol.study.is_fictitious else []
    parts = [f"{label}: {said}" if label else said for label, said in page.milestone]
    return [page.kind, Markup(page.status).striptags(), *parts, *made_up]


def _claim(claim: str, why: str) -> str:
    return f"{claim} ({why})" if claim and why else claim or why


def _children(deck: Any, facts: Facts, page: Front) -> None:
    of = facts.over_ten
    assert of is not None
    d = of.difference or 0.0
    title = (
        tell(Slide.CHILDREN_SAME)
        if d == 0
        else tell(Slide.CHILDREN_FEWER if d < 0 else Slide.CHILDREN_MORE, n=Number(abs(d), 0))
    )
    years = (facts.inputs.last_year, facts.inputs.protocol.years.follow_up)
    pairs = [(of.before, of.now), (of.others_before, of.others_now)]
    series = [
        (who, [None if n is None else rounded(n.value, 0) for n in pair])
        for (who, _), pair in zip(page.grids, pairs, strict=False)
    ]
    _chart(
        deck, title, years, series, [Markup(x).striptags() for x in page.children], Slide.NOTE_CHILDREN, "0"
    )


def _days(deck: Any, facts: Facts, page: Front) -> None:
    h = facts.headline
    assert h is not None
    names, values = [], []
    for name, pct in (
        (Heading.LAST_YEAR, h.before),
        (Heading.EXPECTED, h.expected),
        (Heading.MEASURED, h.measured),
    ):
        if pct is not None:
            names.append(tell(name))
            values.append(h.days(pct))
    _chart(
        deck, page.days_title, names, [(tell(Heading.DAYS), values)], list(page.days), Slide.NOTE_DAYS, "0.0"
    )


def _new(deck: Any, title: str, note: Slide) -> Any:
    """A slide with its title and its note."""
    from pptx.util import Pt

    made = deck.slides.add_slide(deck.slide_layouts[5])
    made.shapes.title.left, made.shapes.title.width = 457200, deck.slide_width - 914400
    made.shapes.title.top, made.shapes.title.height = 274320, 914400
    made.shapes.title.text = title
    for paragraph in made.shapes.title.text_frame.paragraphs:
        paragraph.font.size, paragraph.font.bold = Pt(TITLE_POINTS), True
    made.notes_slide.notes_text_frame.text = tell(note)
    return made


def _write(shape: Any, lines: Sequence[str], size: int) -> None:
    from pptx.util import Pt

    shape.text_frame.word_wrap = True
    for i, line in enumerate(lines):
        p = shape.text_frame.paragraphs[0] if i == 0 else shape.text_frame.add_paragraph()
        p.text, p.font.size, p.space_after = line, Pt(size), Pt(8)


def _text(deck: Any, title: str, lines: Sequence[str], note: Slide) -> None:
    from pptx.util import Inches

    made = _new(deck, title, note)
    _write(made.shapes.add_textbox(Inches(0.5), Inches(1.5), Inches(12.3), Inches(5.5)), lines, BODY_POINTS)


def _chart(
    deck: Any,
    title: str,
    names: Sequence[str],
    series: Sequence[tuple[str, Sequence[float | None]]],
    lines: Sequence[str],
    note: Slide,
    form: str,
) -> None:
    from pptx.chart import data as chart_data
    from pptx.enum.chart import XL_CHART_TYPE, XL_LEGEND_POSITION
    from pptx.util import Inches, Pt

    made = _new(deck, title, note)
    made_of: Any = chart_data.CategoryChartData
    data = made_of(number_format=form)
    data.categories = list(names)
    for name, values in series:
        data.add_series(name, list(values))
    place = (Inches(0.5), Inches(1.4), Inches(7.2), Inches(5.6))
    chart = made.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, *place, data).chart
    chart.has_title = False
    chart.has_legend = len(series) > 1
    if chart.has_legend:
        chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.BOTTOM, False
    plot = chart.plots[0]
    plot.has_data_labels = True
    plot.data_labels.number_format, plot.data_labels.number_format_is_linked = form, False
    plot.data_labels.font.size = Pt(TABLE_POINTS)
    chart.value_axis.minimum_scale = 0
    chart.value_axis.has_major_gridlines = False
    _write(made.shapes.add_textbox(Inches(7.9), Inches(1.5), Inches(5), Inches(5.5)), lines, 16)


def _table(deck: Any, title: str, heads: Sequence[str], rows: Sequence[Sequence[str]], note: Slide) -> None:
    from pptx.util import Inches, Pt

    made = _new(deck, title, note)
    place = (Inches(0.5), Inches(1.4), Inches(12.3), Inches(0.4 * (len(rows) + 1)))
    table = made.shapes.add_table(len(rows) + 1, len(heads), *place).table
    for i, row in enumerate([heads, *rows]):
        for j, said in enumerate(row):
            cell = table.cell(i, j)
            cell.text = str(said)
            for paragraph in cell.text_frame.paragraphs:
                paragraph.font.size = Pt(TABLE_POINTS)
