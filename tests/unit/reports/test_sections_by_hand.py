"""Sections about voices, forms and talks from tables small enough to add up by hand."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from evaluation.reports.dose import beside_effect
from evaluation.reports.inputs import ReportInputs
from evaluation.reports.learning import learning
from evaluation.reports.page import Exhibit, Section
from evaluation.reports.school_forms import school_forms
from evaluation.reports.words import implementation
from tests.unit.reports import sample_inputs as sample
from tests.unit.reports.sample_found import effect, literal, make

NOV, JUN = "delevaluering_nov_2026", "slutevaluering_2027"
THEMES = literal(
    "out_themes",
    """
code | code_name | family | group_kind | group_id | sources | segments | sources_total | is_disconfirming | strength
a | Tryghed | f | all | all | 4 | 9 | 12 | nej | flere_informanter
a | Tryghed | f | informant | elev | 4 | 9 | 7 | nej | flere_informanter
b | Samarbejde | f | all | all | 7 | 8 | 12 | nej | flere_informantgrupper
b | Samarbejde | f | informant | elev | 5 | 6 | 7 | nej | flere_informantgrupper
b | Samarbejde | f | informant | sundhedsplejerske | 2 | 2 | 5 | nej | flere_informantgrupper
c | Ingen forskel | f | all | all | 1 | 1 | 12 | ja | enkelt_udsagn
d | Aldrig nævnt | f | all | all | 0 | 0 | 12 | nej | ingen
""",
)


def changes(now: int) -> pd.DataFrame:
    """Tryghed in 4 of 10 sources in November and ``now`` of 20 in June; the others stand still."""
    rows = [("a", "Tryghed", 4, now), ("b", "Samarbejde", 5, 10), ("c", "Ingen forskel", 1, 2)]
    return make(
        "out_theme_changes",
        [
            {
                "code": code, "code_name": name, "family": "f", "occasion_from": NOV, "occasion_to": JUN,
                "sources_from": before, "sources_total_from": 10, "sources_to": after, "sources_total_to": 20,
                "change_points": 100 * after / 20 - 100 * before / 10, "is_disconfirming": code == "c",
            }
            for code, name, before, after in rows
        ],
    )  # fmt: skip


def exhibit(section: Section | None, identity: str) -> Exhibit:
    assert section is not None
    return next(e for e in section.exhibits if e.id == identity)


def cells(found: Exhibit) -> list[list[str]]:
    """The table's body as texts."""
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", str(found.table), re.DOTALL)
    texts = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in rows]
    return [[re.sub(r"<[^>]+>", "", cell).replace("\xa0", " ").strip() for cell in row] for row in texts][1:]


def test_themes_are_ordered_by_sources_with_what_speaks_against_last() -> None:
    found = exhibit(learning(sample.june(out_themes=THEMES)), "temaer")
    assert [(row[0], row[1]) for row in cells(found)] == [
        ("Samarbejde", "7"),
        ("Tryghed", "4"),
        ("Ingen forskel", "1"),
    ]
    assert found.title == "Flest kilder taler om »Samarbejde«"
    assert "af 12 kilder" in str(found.what)
    said_by = cells(found)[0][3]
    assert said_by.lower().startswith("elev")
    assert "sundhedsplejerske" in said_by.lower()


@pytest.mark.parametrize(
    ("now", "title"),
    [
        # 4 of 10 is 40 per cent: 12 of 20 is 20 points more, which is worth naming; 11 of 20 is 15 and is not.
        (12, "En større del af kilderne taler om »Tryghed« end sidst: 12 af 20 mod 4 af 10"),
        (11, "Kilderne taler om omtrent det samme som sidst, der blev spurgt"),
        (4, "En mindre del af kilderne taler om »Tryghed« end sidst: 4 af 20 mod 4 af 10"),
    ],
)
def test_a_change_in_shares_is_named_from_twenty_points_on(now: int, title: str) -> None:
    found = exhibit(
        learning(sample.june(out_themes=THEMES, out_theme_changes=changes(now))), "temaer-over-tid"
    )
    assert found.title == title
    row = next(r for r in cells(found) if r[0] == "Tryghed")
    points = 100 * now / 20 - 40
    written = f"{'+' if points > 0 else '−' if points < 0 else ''}{abs(points):.1f}".replace(".", ",")
    assert row[1:4] == ["4", str(now), written]


def forms(**latest: int) -> pd.DataFrame:
    rows = "\n".join(
        f"implementeringstrappe | trin | Trin | trin | {JUN} | {step[1:]} | {step[1:]} | {n} | 4 | ja"
        for step, n in latest.items()
    )
    return literal(
        "out_school_forms",
        f"""
form | theme | theme_name | dimension | occasion | value | score | schools | schools_total | is_latest
implementeringstrappe | trin | Trin | trin | {NOV} | 1 | 1 | 2 | 3 | nej
implementeringstrappe | trin | Trin | trin | {NOV} | 2 | 2 | 1 | 3 | nej
{rows}
kontekstdialog | tid | Tid | barriere | {JUN} | Vikarer kender ikke aftalerne | | 2 | 4 | ja
kontekstdialog | tid | Tid | barriere | {JUN} | Ingen fælles tid | | 1 | 4 | ja
kontekstdialog | ledelse | Ledelse | barriere | {JUN} | Nye ledere | | 1 | 4 | ja
kontekstdialog | ledelse | Ledelse | driver | {JUN} | Fast punkt på mødet | | 3 | 4 | ja
""",
    )


def test_steps_are_counted_by_school_and_occasion() -> None:
    found = exhibit(school_forms(sample.june(out_school_forms=forms(_2=1, _3=2, _4=1))), "trappe")
    assert [row[1:] for row in cells(found)] == [["2", "0"], ["1", "1"], ["0", "2"], ["0", "1"]]
    assert found.title == "3 af 4 skoler sætter sig selv på trin 3 eller 4"


def test_the_row_most_schools_write_under_is_named_and_statements_are_ordered() -> None:
    found = exhibit(school_forms(sample.june(out_school_forms=forms(_2=4))), "kontekstdialog")
    # Barriers: three schools under Tid, one under Ledelse; drivers do not decide.
    assert "»Tid«" in found.title
    time = next(row for row in cells(found) if row[0] == "Tid")
    assert any(c == "»Vikarer kender ikke aftalerne« (2 skoler) · »Ingen fælles tid«" for c in time)


def test_talks_stand_beside_the_change_of_their_school_and_grade() -> None:
    log = literal(
        "out_implementation",
        """
school_id | grade | wave | pupils | talks_planned | talks_held | first_on | last_on
990001 | 6 | wave_6 | 40 | 40 | 30 | 2026-09-01 | 2026-09-20
990001 | 1 | wave_1 | 40 | 40 | 20 | 2026-12-01 | 2026-12-12
990002 | 6 | wave_6 | 80 | 80 | 70 | 2026-09-01 | 2026-09-20
""",
    )
    found = make(
        "out_effects",
        [
            effect("school", -1.25, 0.5, estimator="shrunk", group_kind="school", group_id="990001"),
            effect("school", -0.5, 0.5, estimator="raw", group_kind="school", group_id="990002"),
            effect("grade", -2.0, 0.5, group_kind="grade", group_id="6"),
        ],
    )
    inputs: ReportInputs = sample.june(out_implementation=log, out_effects=found)
    table = {
        row[0]: row[1:] for row in cells(exhibit(beside_effect(inputs, implementation(inputs)), "dosis"))
    }
    first, second = (inputs.school_name(i) for i in ("990001", "990002"))
    # Grades in the protocol's order; the change of a school is the shrunk one, and no other stands in for it.
    assert table[first][:3] == ["20", "30", "−1,3"]
    assert table[second][1] == "70"
    assert "−0,5" not in table[second]
    assert table["Ændring på årgangen"][1] == "−2,0"
