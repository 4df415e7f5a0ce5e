"""Whole pages as a machine reads them: every number is its table's, nothing hidden is shown, nothing breaks."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evaluation.disclosure.html_numbers import read_html_numbers
from evaluation.protocol import Protocol
from evaluation.reports.facts import Facts
from evaluation.reports.front import front
from evaluation.reports.inputs import ReportInputs
from evaluation.reports.malplan import malplan_docx, render_malplan
from evaluation.reports.render import (
    IndexEntry,
    Link,
    headline_words,
    render_accessibility_statement,
    render_annex,
    render_index,
    render_school,
    render_steering_group,
)
from evaluation.tables import TABLES
from evaluation.words.danish import number, rounded
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


@cache
def annex(which: str) -> str:
    return render_annex(ROUNDS[which]())


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
    for given, shown in (*Reader(page(which)).marks, *Reader(annex(which)).marks):
        source, _, column = given.get("data-model", "").partition(".")
        if source not in ("out_effects", "out_verdicts", "out_power") or "data-row" not in given:
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
    for html in (page(which), annex(which)):
        found = read_html_numbers(which, html)
        assert found.unmarked == []
        assert found.prose == []
        assert len(found.marked) > 20


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


def test_the_questions_keep_their_order() -> None:
    for which in ROUNDS:
        head = before(page(which), '<nav class="contents"')
        questions = [re.sub("<.*?>", "", q) for q in re.findall(r"<h2[^>]*>(.*?)</h2>", head)]
        assert questions[0] == "Er milepælen nået?"
        assert questions[1] == "Er der færre børn med meget fravær?"
        assert "dage" in questions[2] or "fravær" in questions[2].lower()
        assert questions[-1] == "Til beslutning: fortsætte, justere eller stoppe?"


def test_november_says_when_the_milestone_can_be_judged() -> None:
    assert "kan endnu ikke opgøres; tidligst 2.\u00a0juli 2027" in page("november")
    assert headline_words(sample.november()) == "kan endnu ikke opgøres (tidligst 2.\u00a0juli 2027)"


@pytest.mark.parametrize("which", ROUNDS)
def test_a_page_is_one_document_with_headings_in_order(which: str) -> None:
    reader = Reader(page(which))
    assert len(reader.ids) == len(set(reader.ids))
    assert reader.levels[0] == 1
    assert reader.levels.count(1) == 1
    assert all(b - a <= 1 for a, b in zip(reader.levels, reader.levels[1:], strict=False))
    assert len(page(which).encode()) < 600_000
    assert "<script" not in page(which).replace('<script type="application/json" id="komglad-exhibits">', "")
    assert '<html lang="da">' in page(which)


@pytest.mark.parametrize("which", ROUNDS)
def test_every_figure_has_a_finding_an_alternative_with_its_numbers_and_a_table(which: str) -> None:
    for html in (page(which), annex(which)):
        figures = re.findall(r'<div class="exhibit" id="([^"]+)".*?</div><!-- exhibit -->', html, re.S)
        bodies = re.findall(r'<div class="exhibit".*?</div><!-- exhibit -->', html, re.S)
        assert len(figures) >= 4
        for identity, body in zip(figures, bodies, strict=True):
            assert "<table" in body
            if "<svg" in body:
                alternative = re.search(rf'id="{identity}-alt">(.*?)</p>', body, re.S)
                assert alternative
                assert re.search(r"\d", alternative[1])


@pytest.mark.parametrize("which", ROUNDS)
def test_exhibits_are_numbered_without_a_hole(which: str) -> None:
    for html in (page(which), annex(which)):
        for kind in ("Figur", "Tabel"):
            numbers = [int(n) for n in re.findall(rf'<span class="nr">{kind} (\d+)\.</span>', html)]
            assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("which", ROUNDS)
def test_alternatives_carry_the_numbers_of_their_tables(which: str) -> None:
    for html in (page(which), annex(which)):
        for body in re.findall(r'<div class="exhibit".*?</div><!-- exhibit -->', html, re.S):
            alternative = re.search(r'-alt">(.*?)</p>', body, re.S)
            if not alternative:
                continue
            cells = re.findall(r'<t[dh] class="num"[^>]*>(.*?)</td>', body)
            told = {rounded(abs(number_of(t)), 1) for t in cells if re.fullmatch(r"[−+\d.,\u00a0% ]+", t)}
            spoken = re.findall(r"[−+]?\d+,\d+", alternative[1])
            assert not [n for n in spoken if rounded(abs(number_of(n)), 1) not in told]


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
    assert html.count('class="chapter"') >= 9
    assert "Er milepælen nået?" in html
    render_annex(inputs)
    render_school(inputs, "990001")
    assert render_malplan(inputs).text


def test_nothing_at_all_still_answers_in_words() -> None:
    base = sample.november()
    html = render_steering_group(ReportInputs(base.protocol, base.round, {}))
    assert "rundens tabeller har ingen afgørelse" in html.lower()
    assert "Runden har ingen tal om fraværet at vise." in html
    render_annex(ReportInputs(base.protocol, base.round, {}))


def other_study() -> Protocol:
    """A study with school types as grades, one school, no interviews and no targeted pupils."""
    raw = sample.P.model_dump()
    raw |= {
        "schools": [{"id": "E1", "name": "Ashford", "short": "Ashford"}],
        "grades": {"order": ("Primary", "Secondary"), "label": "{grade}", "half_days": ()},
        "words": {"unit": "gruppe", "units": "grupper", "on": "i", "sessions": "forløb", "goal": "Planen"},
        "waves": [{**raw["waves"][0], "grades": ("Primary",)}],
        "targeted": None,
        "milestone": {**raw["milestone"], "parts": ()},
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
    assert "1 skole · Primary" in text
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
        return render_annex(ReportInputs(base.protocol, base.round, base.frames, {**base.manifest, **more}))

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
    text = "".join(Reader(render_steering_group(sample.june(out_implementation=talks))).text)
    assert "gennemført som planlagt" not in text
    assert "Dækning" not in text
    assert "Samtaler holdt" in text


def test_the_headline_holds_the_milestones_months_against_the_same_months() -> None:
    """By hand from the printed months: each month of each grade once; months of talks and before them stay out."""
    june = sample.june()
    months = june.frame("out_description")
    months = months[
        months["period_kind"].eq("month") & months["group_kind"].eq("grade") & months["outcome"].eq("absence")
    ]
    last = {"6": "2026-09", "1": "2026-12", "8": "2027-02"}
    now, then = [], []
    for grade, talks in last.items():
        own = months[months["group_id"].eq(grade)].set_index("period")["absence_pct"]
        for month in sorted(own.index[own.index > talks])[:3]:
            now.append(own[month])
            then.append(own[f"{int(month[:4]) - 1}{month[4:]}"])
    assert len(now) == 3 + 3 + 3
    found = Facts(june).headline
    assert found is not None
    assert found.measured == pytest.approx(sum(now) / len(now))
    assert found.before == pytest.approx(sum(then) / len(then))
    assert found.expected == pytest.approx(sum(now) / len(now) - found.estimate)
    assert number(rounded(rounded(found.measured) * 200 / 100)) in page("june")


def test_a_hidden_month_hides_the_headline() -> None:
    hidden = sample.june().frame("out_description").copy()
    hit = hidden["period_kind"].eq("month") & hidden["group_id"].eq("8") & hidden["period"].eq("2027-05")
    hidden.loc[hit, "absence_pct"] = np.nan
    inputs = sample.june(out_description=hidden)
    assert Facts(inputs).headline is None
    assert "anonymitet" in before(render_steering_group(inputs), '<nav class="contents"')


@pytest.mark.parametrize(
    ("verdict", "direction", "is_neutral"),
    [
        ("kan ikke vurderes", "", True),
        ("kan ikke afgøres", "", True),
        ("opnået", "faldet", False),
        ("ikke opnået", "steget", False),
    ],
)
def test_the_days_are_a_finding_only_where_the_verdict_finds_something(
    verdict: str, direction: str, is_neutral: bool
) -> None:
    rows = sample.june().frame("out_verdicts")
    rows = rows.assign(verdict=rows["verdict"].where(rows["look"].ne("all"), verdict))
    rows = rows.assign(direction=rows["direction"].where(rows["look"].ne("all"), direction))
    title = front(sample.june(out_verdicts=rows)).days_title
    assert (title == "Fraværet i dage") is is_neutral


def test_a_number_that_may_be_chance_is_no_headline() -> None:
    """Where the interval holds a fall and a rise, the heading names the picture and states no finding."""
    inputs = sample.november()
    headline = inputs.once(Facts).headline
    assert headline is not None
    titles = []
    for high in (0.5, -0.5):
        inputs.once(Facts).__dict__["headline"] = replace(headline, low=-2.0, high=high)
        titles.append(front(inputs).days_title)
    assert titles[0] == "Fraværet i dage"
    assert titles[1] != titles[0]
