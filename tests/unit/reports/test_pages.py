"""Whole pages as a machine reads them: every number is its table's, nothing hidden is shown, nothing breaks."""

from __future__ import annotations

import json
import re
from functools import cache
from html.parser import HTMLParser
from typing import Any

import pandas as pd
import pytest

from evaluation.disclosure.html_numbers import read_html_numbers
from evaluation.protocol import Protocol
from evaluation.reports.danish import rounded
from evaluation.reports.inputs import ReportInputs
from evaluation.reports.malplan import malplan_docx, render_malplan
from evaluation.reports.render import (
    IndexEntry,
    Link,
    headline_words,
    render_accessibility_statement,
    render_index,
    render_school,
    render_steering_group,
)
from evaluation.tables import TABLES
from tests.unit.reports import sample_inputs as sample

ROUNDS = {"november": sample.november, "june": sample.june}
CAUSAL = ("effekt", "skyldes", "virker ", "på grund af")


class Reader(HTMLParser):
    """Text by element class, marked numbers, ids and headings of a page; scripts and styles left out."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text: list[str] = []
        self.ids: list[str] = []
        self.levels: list[int] = []
        self.marks: list[tuple[dict[str, str], str]] = []
        self._open: list[tuple[str, dict[str, str], int]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {k: v or "" for k, v in attrs}
        if "id" in given:
            self.ids.append(given["id"])
        if re.fullmatch("h[1-6]", tag):
            self.levels.append(int(tag[1]))
        if tag not in ("meta", "link", "br", "img", "hr"):
            self._open.append((tag, given, len(self.text)))

    def handle_data(self, data: str) -> None:
        if not any(tag in ("script", "style") for tag, _, _ in self._open):
            self.text.append(data)

    def handle_endtag(self, tag: str) -> None:
        while self._open:
            name, given, start = self._open.pop()
            if "data-model" in given or "data-exhibit" in given:
                self.marks.append((given, "".join(self.text[start:]).strip()))
            if name == tag:
                return


@cache
def page(which: str) -> str:
    return render_steering_group(ROUNDS[which]())


def number_of(text: str) -> float:
    return float(
        text.replace("\u00a0", " ").rstrip("% ").replace(".", "").replace(",", ".").replace("−", "-")
    )


def before(html: str, mark: str) -> str:
    return html[: html.index(mark)]


@pytest.mark.slow
@pytest.mark.parametrize("which", ROUNDS)
def test_every_estimate_on_the_page_is_its_row_of_the_table(which: str) -> None:
    inputs = ROUNDS[which]()
    checked = 0
    for given, shown in Reader(page(which)).marks:
        source, _, column = given.get("data-model", "").partition(".")
        if source not in ("out_effects", "out_verdicts", "out_power"):
            continue
        frame = inputs.frames[source]
        keep = pd.Series(True, index=frame.index)
        for part in given["data-row"].split(";"):
            key, _, value = part.partition("=")
            keep &= frame[key].astype(str) == value
        rows = frame[keep]
        if column in frame and len(rows) == 1:
            assert number_of(shown) == pytest.approx(rounded(float(rows[column].iloc[0])))
            checked += 1
    assert checked > 20


@pytest.mark.parametrize("which", ROUNDS)
def test_every_level_on_the_page_is_its_row_of_the_table(which: str) -> None:
    inputs = ROUNDS[which]()
    frame = inputs.frames["out_description"]
    checked = 0
    for given, shown in Reader(page(which)).marks:
        cell = dict(part.split("=") for part in given.get("data-cell", "").split(";") if part)
        if given.get("data-exhibit") != "description_year_to_date" or given["data-measure"] != "pct":
            continue
        group = cell.get("klassetrin", "all")
        rows = frame[
            (frame["period_kind"] == "year_to_date")
            & (frame["school_year"] == cell["skoleår"])
            & (frame["group_id"] == group)
            & (frame["outcome"] == cell["type"])
        ]
        assert number_of(shown) == pytest.approx(rounded(float(rows["absence_pct"].iloc[0])))
        checked += 1
    assert checked >= 20


@pytest.mark.parametrize("which", ROUNDS)
def test_the_disclosure_reader_finds_no_number_without_a_name(which: str) -> None:
    found = read_html_numbers(which, page(which))
    assert found.unmarked == []
    assert found.prose == []
    assert len(found.marked) > 100


def test_a_hidden_number_is_hidden_everywhere() -> None:
    full = sample.november()
    frame = full.frames["out_description"].copy()
    own = (frame["group_kind"] == "grade") & (frame["group_id"] == "6") & (frame["school_year"] == "2026/27")
    secret = frame.loc[
        own & (frame["period_kind"] == "year_to_date") & (frame["outcome"] == "absence"), "absence_pct"
    ]
    shown = f"{rounded(float(secret.iloc[0])):.1f}".replace(".", ",")
    assert f">{shown}\u00a0%<" in page("november")
    frame.loc[own, ["absence_pct", "absent_days", "pupils", "over_10_pct", "over_10_pupils"]] = float("nan")
    html = render_steering_group(sample.november(out_description=frame))
    first = before(html, 'class="contents"')
    assert f"{shown}\u00a0%" not in first
    assert "af hensyn til elevernes anonymitet" in first
    assert "•" in html
    assert "nan" not in "".join(Reader(html).text).lower().split()


@pytest.mark.parametrize("which", ROUNDS)
def test_page_one_speaks_plainly(which: str) -> None:
    text = "".join(Reader(before(page(which), '<nav class="contents"')).text).lower()
    assert not [w for w in CAUSAL if w in text]
    assert "p =" not in text
    assert "*" not in text
    assert "p-værdi" not in text


def test_the_questions_keep_their_order_and_their_number() -> None:
    for which, n in (("november", 4), ("june", 5)):
        questions = re.findall(r'<article class="answer[^>]*>\s*<h3>(.*?)</h3>', page(which))
        assert len(questions) == n
        assert [q.split()[0] for q in questions[:4]] == ["Er", "Mere", "Er", "Hvor"]


def test_november_says_when_the_milestone_can_be_judged() -> None:
    assert "Kan endnu ikke opgøres – tidligst 11.\u00a0januar 2027" in page("november")
    assert headline_words(sample.november()) == "kan endnu ikke opgøres (tidligst 11.\u00a0januar 2027)"


@pytest.mark.parametrize("which", ROUNDS)
def test_a_page_is_one_document_with_headings_in_order(which: str) -> None:
    reader = Reader(page(which))
    assert len(reader.ids) == len(set(reader.ids))
    assert reader.levels[0] == 1
    assert reader.levels.count(1) == 1
    assert all(b - a <= 1 for a, b in zip(reader.levels, reader.levels[1:], strict=False))
    assert page(which).count("* plotly.js v") == 1
    assert '<html lang="da">' in page(which)


@pytest.mark.parametrize("which", ROUNDS)
def test_every_figure_has_a_finding_an_alternative_and_a_table(which: str) -> None:
    html = page(which)
    figures = re.findall(r'<figure class="exhibit" id="([^"]+)"', html)
    plots = re.findall(r'data-plot="([^"]+)-plot"', html)
    assert len(plots) >= 8
    for identity in plots:
        assert identity in figures
        assert f'id="{identity}-alt"' in html
    assert html.count("<table") >= len(figures)


@pytest.mark.parametrize("which", ROUNDS)
def test_exhibits_are_numbered_without_a_hole(which: str) -> None:
    for kind in ("Figur", "Tabel"):
        numbers = [int(n) for n in re.findall(rf'<span class="nr">{kind} (\d+)</span>', page(which))]
        assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("which", ROUNDS)
def test_figures_carry_the_numbers_of_their_tables(which: str) -> None:
    html = page(which)
    tables = {
        rounded(abs(number_of(t)), 1) for _, t in Reader(html).marks if re.fullmatch(r"[−+\d.,\u00a0% ]+", t)
    }
    for text in re.findall(
        r'<script type="application/json" data-disclosure="chart"[^>]*>(.*?)</script>', html, re.S
    ):
        drawn = [
            v for t in json.loads(text)["data"] for v in (*t["x"], *t["y"]) if isinstance(v, int | float)
        ]
        assert drawn
        assert not [v for v in drawn if rounded(abs(v), 1) not in tables]


def test_the_same_inputs_give_the_same_bytes() -> None:
    assert render_steering_group(sample.june()) == page("june")
    assert malplan_docx(sample.november()) == malplan_docx(sample.november())


HOSTILE = '</script><script>alert(1)</script> <a href="javascript:alert(2)">x</a> & "q" \u2028'


def test_hostile_interview_text_arrives_as_text() -> None:
    themes = sample.november().frames["out_themes"].assign(code_name=HOSTILE)
    signs = (
        sample.november()
        .frames["out_joint_display"]
        .assign(quote=HOSTILE, qual_summary=HOSTILE, reading=HOSTILE, sign=HOSTILE)
    )
    quality = sample.november().frames["out_quality"].assign(sentence=HOSTILE, group_id="990002")
    inputs = sample.november(out_themes=themes, out_joint_display=signs, out_quality=quality)
    pages = [render_steering_group(inputs), render_school(inputs, "990002"), render_malplan(inputs).html]
    for html in pages:
        assert "<script>alert" not in html
        assert 'href="javascript' not in html
    assert "&lt;script&gt;alert(1)" in pages[0]


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(t for t in TABLES if t.startswith("out_")))
def test_a_missing_table_costs_only_its_section(name: str) -> None:
    inputs = sample.november(**{name: TABLES[name].empty()})
    html = render_steering_group(inputs)
    assert html.count('class="chapter"') >= 14
    assert "Hvor sikkert er det?" in html
    render_school(inputs, "990001")
    assert render_malplan(inputs).text


def test_nothing_at_all_still_answers_in_words() -> None:
    base = sample.november()
    html = render_steering_group(ReportInputs(base.protocol, base.round, {}))
    assert "ingen registreringer for perioden" in html
    assert "Plotly.newPlot" not in html


def other_study() -> Protocol:
    """A study with school types as grades, one school, no interviews and no targeted pupils."""
    raw = sample.P.model_dump()
    raw |= {
        "schools": [{"id": "E1", "name": "Ashford", "short": "Ashford"}],
        "grades": {"order": ("Primary", "Secondary"), "label": "{grade}", "half_days": ()},
        "waves": [{**raw["waves"][0], "grade": "Primary"}],
        "targeted": None,
    }
    return Protocol.model_validate(raw)


def test_another_study_reads_in_its_own_words() -> None:
    base = sample.november()
    p = other_study()
    names = {"6": "Primary", "1": "Secondary"}
    frames: dict[str, pd.DataFrame] = {}
    for name in ("out_description", "out_effects", "out_verdicts", "out_power"):
        frame = base.frames[name]
        for column in ("grade", "group_id"):
            if column in frame:
                frame = frame.assign(**{column: frame[column].replace(names)})
        frames[name] = frame
    inputs = ReportInputs(p, base.round, frames)
    html = render_steering_group(inputs)
    text = "".join(Reader(html).text)
    assert "Er fraværet faldet i Primary?" in text
    assert "de grupper, der ikke har haft" in text
    assert "årgang" not in "".join(Reader(before(html, '<nav class="contents"')).text)
    assert "Indsatselever" not in text
    assert "Der er ingen interviews i denne runde." in text
    assert "Ashford" in render_school(inputs, "E1")


def test_marks_of_the_gate_win_over_made_up_names() -> None:
    frame = (
        sample.november()
        .frames["out_description"]
        .assign(_exhibit="levels", _cell="årgang=6;skoleår=2026/27")
    )
    html = render_steering_group(sample.november(out_description=frame))
    assert 'data-exhibit="levels" data-cell="årgang=6;skoleår=2026/27" data-measure="pct"' in html
    assert 'data-exhibit="description_' not in html
    assert '"exhibit":"description_' not in html


def test_fictitious_studies_say_so_on_every_page() -> None:
    inputs = sample.november()
    entry = IndexEntry(inputs.round, headline_words(inputs), (Link("Rapport", "r.html"),))
    pages = [
        page("november"),
        render_school(inputs, "990001"),
        render_malplan(inputs).html,
        render_index(inputs.protocol, [entry]),
        render_accessibility_statement(inputs.protocol),
    ]
    assert all("Opdigtede data" in p for p in pages)
    real = inputs.protocol.model_copy(
        update={"study": inputs.protocol.study.model_copy(update={"is_fictitious": False})}
    )
    assert "pdigtede data" not in render_accessibility_statement(real)


def test_an_unfrozen_or_changed_plan_is_said() -> None:
    base = sample.november()

    def with_manifest(**more: Any) -> str:
        return render_steering_group(
            ReportInputs(base.protocol, base.round, base.frames, {**base.manifest, **more})
        )

    assert "ikke låst, før resultaterne blev set" in with_manifest(is_frozen=False)
    changed = with_manifest(changes_since_freeze=["milestone.relevant_change_pp: 1.0 til 0.5"])
    assert "er siden ændret ét sted" in changed
    assert "milestone.relevant_change_pp: 1.0 til 0.5" in changed


def test_schools_are_never_ranked() -> None:
    html = page("june")
    table = html[html.index('id="skoler-tabel"') :]
    names = re.findall(r'<th scope="row">(.*?)</th>', table[: table.index("</table>")])
    assert [n.replace("\u00a0", " ") for n in names] == [s.name for s in sample.P.schools]


def test_an_unknown_school_is_refused_by_name() -> None:
    with pytest.raises(KeyError, match="nowhere: not a school"):
        render_school(sample.november(), "nowhere")


def test_what_the_gate_holds_back_is_never_called_in_order() -> None:
    base = sample.june()
    talks = base.frames["out_implementation"].assign(coverage_pct=float("nan"))
    themes = base.frames["out_themes"]
    text = "".join(Reader(render_steering_group(sample.june(out_implementation=talks))).text)
    assert "gennemført som planlagt" not in text
    assert "Dækning" not in text
    assert "Samtaler holdt" in text
    text = "".join(
        Reader(render_steering_group(sample.june(out_themes=themes[themes["group_kind"] == "all"]))).text
    )
    assert (
        "Børn og voksne taler især om »Oplevelse af samtalen« (9 af 14 kilder) og »Nye samarbejdsmetoder«"
        in text
    )
