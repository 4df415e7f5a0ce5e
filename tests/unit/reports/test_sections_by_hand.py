"""Sections about voices, forms and talks from tables small enough to add up by hand."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from evaluation.reports.decision import choices
from evaluation.reports.dose import beside_effect
from evaluation.reports.facts import Facts
from evaluation.reports.inputs import ReportInputs
from evaluation.reports.learning import annex, learning
from evaluation.reports.malplan import headings
from evaluation.reports.page import Exhibit, Section
from evaluation.reports.school_forms import school_forms, steps
from tests.unit.reports import sample_inputs as sample
from tests.unit.reports.sample_found import effect, literal, make

NOV, JUN = "delevaluering_nov_2026", "slutevaluering_2027"
THEMES = literal(
    "out_themes",
    """
code | code_name | family | group_kind | group_id | sources | segments | sources_total | is_disconfirming | strength
a | Tryghed | f | all | all | 4 | 9 | 12 | nej | flere_informanter
a | Tryghed | f | speaker | pupils | 4 | 9 | 7 | nej | flere_informanter
b | Samarbejde | f | all | all | 7 | 8 | 12 | nej | flere_informantgrupper
b | Samarbejde | f | speaker | pupils | 5 | 6 | 7 | nej | flere_informantgrupper
b | Samarbejde | f | speaker | adults | 2 | 2 | 5 | nej | flere_informantgrupper
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
    assert cells(found)[0][3:5] == ["5", "2"]  # pupils and adults


def test_the_material_tells_how_many_of_whom_and_when() -> None:
    found = exhibit(
        annex(sample.june(out_themes=THEMES.assign(sources_declined=3), out_theme_changes=changes(8))),
        "materiale",
    )
    assert cells(found) == [
        ["Elever", "7"],
        ["Voksne", "5"],
        ["I alt siden indsatsens start", "12"],
        ["November 2026", "10"],
        ["Slutevaluering 2027", "20"],
        ["Spurgt uden gyldigt samtykke", "3"],
    ]


@pytest.mark.parametrize(
    ("sources", "title"),
    [
        ((24, 24, 9), "Flest kilder taler om »T0« og »T1«"),
        ((3, 4, 4), "Flest kilder taler om »T1« og »T2«"),
        ((5, None, 2), "Af de temaer, der kan vises, taler flest kilder om »T0«"),
        ((None, None), "Temaer fra interviewene"),
        ((0, 0), "Temaer fra interviewene"),
        ((4,) * 14, "Flest kilder taler om " + ", ".join(f"»T{n}«" for n in range(13)) + " og »T13«"),
    ],
)
def test_all_that_most_speak_of_are_named(sources: tuple[int | None, ...], title: str) -> None:
    rows = [
        {"code": f"c{n:02}", "code_name": f"T{n}", "group_kind": "all", "group_id": "all", "sources": n_of,
         "sources_total": 30, "is_disconfirming": False}
        for n, n_of in enumerate(sources)
    ]  # fmt: skip
    found = exhibit(learning(sample.june(out_themes=make("out_themes", rows))), "temaer")
    assert found.title == title


def test_words_on_what_was_learnt_stand_by_it_and_voices_on_signs_stand_elsewhere() -> None:
    rows = """
code | code_name | family | group_kind | group_id | sources | segments | sources_total | is_disconfirming | strength | quote
KL.LAERT | Vi har lært | f | all | all | 4 | 9 | 12 | nej | flere_informanter | Ring tidligt hjem.
"""
    forms = """
form | theme | theme_name | dimension | occasion | value | schools | schools_total | is_latest
fortaelling | KL.LAERT | Vi har lært | note | slutevaluering_2027 | Det skal være tidligt. | 2 | 3 | ja
fortaelling | KL.GJORT | Vi har gjort | note | slutevaluering_2027 | Vi har talt sammen. | 2 | 3 | ja
"""
    inputs = sample.june(
        out_themes=literal("out_themes", rows), out_school_forms=literal("out_school_forms", forms)
    )
    learnt = next(h for h in headings(inputs) if h.title == "Læring").paragraphs
    first = "4 kilder fortæller, hvad de har lært. »Ring tidligt hjem.«"
    assert learnt[:2] == (first, "»Det skal være tidligt.«")
    assert not any("»" in said for said in learnt[2:] if not said.startswith("At "))
    assert first in learning(inputs).points


def test_what_is_learnt_and_how_to_go_on_is_said_and_argued_from() -> None:
    rows = """
code | code_name | family | group_kind | group_id | sources | segments | sources_total | is_disconfirming | strength
KL.LAERT | Vi har lært | f | all | all | 4 | 9 | 12 | nej | flere_informanter
MP.VIDERE | Videreførelse | f | all | all | 9 | 9 | 12 | nej | flere_informanter
MP.VIDERE | Videreførelse | f | stance | for | 5 |  |  | nej |
MP.VIDERE | Videreførelse | f | stance | imod | 3 |  |  | nej |
MP.BORGER | Borgerperspektiv | f | all | all |  |  | 12 | nej |
"""
    inputs = sample.june(out_themes=literal("out_themes", rows))
    said = [
        "4 kilder fortæller, hvad de har lært.",
        "9 kilder taler om, hvordan arbejdet kan føres videre.",
    ]
    assert list(learning(inputs).points[:2]) == said
    assert set(said) <= set(next(h for h in headings(inputs) if h.title == "Læring").paragraphs)
    go_on, _, stop = choices(Facts(inputs))
    assert "5 kilder er for, at arbejdet føres videre." in go_on.speaks_for
    assert "3 kilder er imod, at arbejdet føres videre." in stop.speaks_for
    assert "3 kilder er imod, at arbejdet føres videre." in go_on.against


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
    found = exhibit(annex(sample.june(out_themes=THEMES, out_theme_changes=changes(now))), "temaer-over-tid")
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
    found = exhibit(steps(sample.june(out_school_forms=forms(_2=1, _3=2, _4=1))), "trappe")
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
    table = {row[0]: row[1:] for row in cells(exhibit(beside_effect(inputs), "dosis"))}
    first, second = (inputs.school_name(i) for i in ("990001", "990002"))
    # Grades in the protocol's order; the change of a school is the shrunk one, and no other stands in for it.
    assert table[first][:3] == ["20", "30", "−1,3"]
    assert table[second][1] == "70"
    assert "−0,5" not in table[second]
    assert table["Ændring på årgangen"][1] == "−2,0"


def test_what_people_see_themselves_is_told_of_a_sign_that_somebody_speaks_of():
    signs = sample.june().frames["out_joint_display"]
    silent = signs.iloc[[0]].assign(sign_id="MP.MILEPAEL.3MDR", qual_summary="Ingen.", relation="tavs")
    row = Facts(sample.june(out_joint_display=pd.concat([silent, signs], ignore_index=True))).experienced
    assert row is not None
    assert row["sign_id"] == "MP.TEGN.FALD"
