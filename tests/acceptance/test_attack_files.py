"""The attack on rendered files: nothing is known here but what stands in the files.

The reports of the demonstration are attacked as they were written, all rounds and schools together, and so are its
exports. Beside them a small set of pages is rendered here, safe and careless, so that the attack
is seen to find what it should.
"""

from __future__ import annotations

import csv
import html
import itertools
import json
import re
from pathlib import Path

import pandas as pd
import pytest

from evaluation.disclosure import Dimension, DisclosureRules, Exhibit, Release, html_attributes, protect
from evaluation.disclosure.attack_files import attack_files, read_html_files
from evaluation.disclosure.ledger import read_ledger
from evaluation.door.pseudonyms import PseudonymKey
from evaluation.errors import InputError
from evaluation.publication.publish import rules_of
from evaluation.publication.tallies import IMPLEMENTATION
from evaluation.study import load_study
from evaluation.synthetic import Scenario
from pipelines.frozen import freeze_protocol
from pipelines.runner import run_round
from tests.conftest import KEY, make_inbox, seal_key, settings_for
from tests.rules import rules as rules_with

pytestmark = pytest.mark.slow

RULES = rules_with()
SCHOOLS = Dimension("skole", ("A", "B", "C", "D"))
GRADES = Dimension("klassetrin", ("1", "6", "8"))
OVER = Dimension("over10", ("ja", "nej"), role="attribute")
PERIOD = Dimension("periode", ("nov", "siden"), total="hele året")
INDSATS = {"nov": (9, 12, 11, 10), "siden": (2, 8, 9, 7)}


def exhibits(round_id: str) -> list[Exhibit]:
    """A total, four school pages, a share over 10 % and a cumulative count of indsatselever."""
    pupils = {
        (s, g): 60 + 3 * i + j
        for (i, s), (j, g) in itertools.product(enumerate(SCHOOLS.leaves), enumerate(GRADES.leaves))
    }
    pupils["D", "8"] = 3
    by_school = pd.DataFrame(
        [(*cell, n) for cell, n in pupils.items()], columns=["skole", "klassetrin", "pupils"]
    )
    over = {"1": 4, "6": 41, "8": 52}
    per_grade = {g: sum(n for (_, grade), n in pupils.items() if grade == g) for g in GRADES.leaves}
    shares = pd.DataFrame(
        [
            (g, o, over[g] if o == "ja" else per_grade[g] - over[g])
            for g in GRADES.leaves
            for o in OVER.leaves
        ],
        columns=["klassetrin", "over10", "pupils"],
    )
    leaves = PERIOD.leaves if round_id == "jun" else ("nov",)
    period = Dimension("periode", leaves, total="hele året")
    cumulative = pd.DataFrame(
        [(p, s, n) for p in leaves for s, n in zip(SCHOOLS.leaves, INDSATS[p], strict=True)],
        columns=["periode", "skole", "pupils"],
    )
    printed = {"periode": ("hele året",) if round_id == "jun" else ("nov",)}
    return [
        Exhibit("samlet", "elever", (SCHOOLS, GRADES), by_school, shown={"skole": ("i alt",)}),
        *(
            Exhibit(f"side-{s}", "elever", (SCHOOLS, GRADES), by_school, shown={"skole": (s,)})
            for s in SCHOOLS.leaves
        ),
        Exhibit(
            "over10", "elever", (GRADES, OVER), shares, ("pupils", "share"), shown={"over10": ("ja", "i alt")}
        ),
        Exhibit("indsats", "indsatselever", (period, SCHOOLS), cumulative, shown=printed),
    ]


def render(release: Release, exhibit: str, *, extra: str = "") -> str:
    """One page with a table and a chart, by the convention of docs/disclosure.md."""
    rows = "".join(
        f"<tr><th>{c.exhibit}</th><td {html_attributes(c.exhibit, c.cell, c.measure)}>{c.text}"
        f"{' %' if c.measure == 'share' and not c.is_suppressed else ''}</td></tr>"
        for c in release.cells
        if c.exhibit == exhibit
    )
    cells = [
        {
            "exhibit": c.exhibit,
            "cell": ";".join("=".join(p) for p in c.cell),
            "measure": c.measure,
            "value": c.value,
        }
        for c in release.cells
        if c.exhibit == exhibit
    ]
    chart = json.dumps(
        {"cells": cells, "data": [{"y": [c["value"] for c in cells]}], "layout": {"width": 640}}
    )
    return (
        f'<!doctype html><html lang="da"><body><table>{rows}</table>'
        f'<script type="application/json" data-disclosure="chart">{chart}</script>'
        f'<script type="application/json" id="komglad-exhibits">{release.structure()}</script>{extra}</body></html>'
    )


def write(folder: Path, release: Release, **extra: str) -> None:
    for exhibit in release.exhibit_ids():
        page = folder / release.id / f"{exhibit}.html"
        page.parent.mkdir(exist_ok=True)
        page.write_text(render(release, exhibit, extra=extra.get(exhibit, "")), encoding="utf-8")


@pytest.fixture(scope="module")
def rounds() -> tuple[Release, Release]:
    november = protect(exhibits("nov"), RULES, release_id="nov")
    return november, protect(exhibits("jun"), RULES, [november], release_id="jun")


def test_all_pages_of_both_rounds_together(rounds, tmp_path):
    for release in rounds:
        write(tmp_path, release)
    found = attack_files(read_html_files(tmp_path), RULES, ["nov", "jun"])
    assert found.leaks == ()
    assert found.unmarked == ()
    assert found.prose == ()
    assert found.contradictions == ()
    assert found.numbers == 2 * sum(len(r.cells) for r in rounds)
    hidden = [i for i in found.intervals if i.target.kind == "hidden"]
    assert hidden
    assert min(i.high - i.low for i in hidden) >= RULES.protection_width
    # The cell of three pupils, and the two new indsatselever that June less November would show, are among them.
    attacked = {i.target.key.cell for i in found.intervals}
    assert (("klassetrin", "8"), ("skole", "D")) in attacked
    assert (("periode", "siden"), ("skole", "A")) in attacked


def test_primary_suppression_alone_is_opened_by_its_files(tmp_path):
    write(tmp_path, protect(exhibits("nov"), RULES, release_id="nov", is_complementary=False))
    found = attack_files(read_html_files(tmp_path), RULES)
    opened = {i.target.key.cell: (i.low, i.high) for i in found.leaks}
    assert opened[("klassetrin", "8"), ("skole", "D")] == (3, 3)


def test_june_alone_is_safe_but_not_beside_november(tmp_path):
    november = protect(exhibits("nov"), RULES, release_id="nov")
    careless = protect(
        [e for e in exhibits("jun") if e.id == "indsats"], RULES, release_id="jun", is_complementary=False
    )
    write(tmp_path, careless)
    assert attack_files(read_html_files(tmp_path), RULES).leaks == ()
    write(tmp_path, november)
    found = attack_files(read_html_files(tmp_path), RULES, ["nov", "jun"])
    assert {(i.target.key.cell, i.low, i.high) for i in found.leaks} == {
        ((("periode", "siden"), ("skole", "A")), 2, 2)
    }


@pytest.mark.parametrize(("extra", "kind"), [
    ('<img alt="På D har 8. klasse 3 elever">', "unmarked"),
    ('<svg><g aria-label="6,25 % fravær"></g></svg>', "unmarked"),
    ('<svg><text>97,5 %</text></svg>', "unmarked"),
    ("<table><tr><td>3</td></tr></table>", "unmarked"),
    ('<script type="application/json" data-disclosure="chart">{"cells": [], "data": [{"y": [3]}]}</script>', "unmarked"),
    ('<script type="application/json" data-disclosure="chart">{"data": [{"hovertext": ["3 elever"]}]}</script>', "unmarked"),
    ('<td data-exhibit="side-D" data-cell="skole=D;klassetrin=8" data-measure="pupils">3</td>', "contradictions"),
    ('<script type="application/json" data-disclosure="chart">{"cells": [{"exhibit": "side-D", "cell": '
     '"skole=D;klassetrin=8", "measure": "pupils", "value": 3}]}</script>', "contradictions"),
])  # fmt: skip
def test_a_number_that_slipped_by_the_gate_is_seen(rounds, tmp_path, extra, kind):
    write(tmp_path, rounds[0], **{"side-D": extra})
    found = attack_files(read_html_files(tmp_path), RULES)
    assert len(getattr(found, kind)) == 1
    assert bool(found.leaks) == (kind == "contradictions")


@pytest.mark.parametrize("extra", [
    '<td data-model="out_did.estimate">−0,4</td>',
    "<td><span data-exhibit=\"side-A\" data-cell=\"skole=A;klassetrin=6\" data-measure=\"pupils\">61</span></td>",
    '<img alt="På A er der 61 elever">', '<p title="Figur 3, uge 46">x</p>',
    '<script type="application/json" data-disclosure="chart">{"model": [0.4], "data": [{"y": [0.4]}]}</script>',
])  # fmt: skip
def test_what_is_named_or_no_number_of_pupils_is_let_by(rounds, tmp_path, extra):
    write(tmp_path, rounds[0], **{"side-A": extra})
    found = attack_files(read_html_files(tmp_path), RULES)
    assert (found.unmarked, found.contradictions, found.leaks) == ((), (), ())


@pytest.mark.parametrize("page", [
    '<td data-exhibit="x" data-cell="" data-measure="pupils">3</td>',
    '<script type="application/json">{"cells": [</script>',
])  # fmt: skip
def test_files_that_cannot_be_attacked_are_refused(page):
    with pytest.raises(InputError):
        attack_files({"a.html": page}, RULES)


@pytest.mark.parametrize(
    ("sentence", "is_seen"),
    [
        ("På skole D er der 3 elever.", True),
        ("4 børn har ikke haft samtale", True),
        ("Der er 5 elever.", False),
        ("På skole D er der tre elever.", True),
        ("Én elev har ikke haft samtale", True),
        ("En elev kan få hjælp", False),
        ("Der er syv elever.", False),
        ("Grupper med under fem elever vises ikke; højst to elever", False),
        ("Grupper med under 5 elever vises ikke; 1 ud af 4 elever", False),
        ('<span data-model="m">3</span> elever', False),
    ],
)
def test_small_numbers_in_running_text(rounds, tmp_path, sentence, is_seen):
    write(tmp_path, rounds[0], **{"side-A": f"<p>{sentence}</p>"})
    assert attack_files(read_html_files(tmp_path), RULES).prose == (("nov/side-A.html",) if is_seen else ())


@pytest.fixture(scope="module")
def reports(demonstration) -> Path:
    """Everything the demonstration wrote for people to read, both rounds."""
    folder = demonstration.settings.reports
    assert all((folder / r / "styregruppe.html").is_file() for r in demonstration.rounds)
    return folder


@pytest.fixture(scope="module")
def limits() -> DisclosureRules:
    return rules_of(load_study("demo_kommune").protocol)


def rounds_in_order() -> list[str]:
    return [r.id for r in load_study("demo_kommune").protocol.rounds]


@pytest.fixture(scope="module")
def smaller_municipality(tmp_path_factory) -> Path:
    """The reports of another municipality, with two thirds of the pupils and so more groups to hide."""
    settings = settings_for(tmp_path_factory.mktemp("smaller"))
    make_inbox(settings.data, seed=7, pupils=1700, scenario=Scenario(kind="none"))
    protocol = load_study("demo_kommune").protocol
    freeze_protocol(settings.data, protocol, min(w.planned_from for w in protocol.waves), key=seal_key())
    for round_id in rounds_in_order():
        run_round(settings, round_id)
    return settings.reports


@pytest.mark.parametrize("of", ["reports", pytest.param("smaller_municipality", marks=pytest.mark.long)])
def test_the_rendered_reports_of_all_rounds_and_schools_together(request, of, limits):
    files = read_html_files(request.getfixturevalue(of))
    schools = len(load_study("demo_kommune").protocol.schools)
    assert sum("skoler/" in name for name in files) == 2 * schools
    # Some thirteen weeks of school until the middle of November, and two hundred days in a year.
    found = attack_files(
        files, limits, rounds_in_order(), dict(zip(rounds_in_order(), (62, 198), strict=True))
    )
    assert found.numbers > 500
    assert any(i.target.kind == "hidden" for i in found.intervals)
    assert [i.target.key.text for i in found.leaks] == []
    assert (found.unmarked, found.contradictions, found.prose) == ((), (), ())


def test_the_attack_on_the_reports_sees_a_number_put_back(reports, limits):
    """One hidden number of consents, written beside its marker, is found: the attack reads what is there."""
    files = read_html_files(reports)
    pattern = re.compile(r'<[^>]*data-exhibit="implementation"[^>]*consents_[^>]*>' + limits.marker)
    name, page, cell = next((n, p, hit.group()) for n, p in files.items() if (hit := pattern.search(p)))
    opened = page.replace(cell, cell + f"</span>{cell[: -len(limits.marker)]}3", 1)
    found = attack_files({**files, name: opened}, limits, rounds_in_order())
    assert len(found.contradictions) >= 1


def exported(folder: Path) -> dict[str, list[list[str]]]:
    """The CSV tables of a round as rows of texts."""
    out = {}
    for path in sorted((folder / "tabeller").glob("out_*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            out[path.stem] = list(csv.reader(file, delimiter=";"))
    return out


def sheets(folder: Path) -> dict[str, list[list[object]]]:
    """The workbook of a round as rows of values."""
    from openpyxl import load_workbook

    book = load_workbook(folder / "tabeller.xlsx", read_only=True)
    return {s.title: [list(row) for row in s.iter_rows(values_only=True)] for s in book.worksheets}


PUPILS = {
    "out_description": ("pupils",),
    "out_effects": ("pupils",),
    "out_implementation": IMPLEMENTATION,
    "out_targeted": ("pupils",),
}
NEVER = {
    "out_description": ("possible_days", "absent_days", "over_10_pupils"),
    "out_effects": ("pupil_days",),
    "out_implementation": ("pupils", "targeted"),
    "out_patterns": ("pupils", "possible_days", "absent_days", "count"),
}


@pytest.mark.parametrize("round_id", rounds_in_order())
def test_exports_print_no_count_below_the_limit_and_nothing_behind_the_percentages(reports, limits, round_id):
    tables = exported(reports / round_id)
    nothing = {"", limits.marker}
    for table, columns in PUPILS.items():
        counts = [row[tables[table][0].index(c)] for c in columns for row in tables[table][1:]]
        numbers = [float(n) for n in counts if n not in nothing]
        assert numbers, table
        assert min(numbers) >= limits.minimum_pupils, table
    for table, columns in NEVER.items():
        found = {row[tables[table][0].index(c)] for c in columns for row in tables[table][1:]}
        assert found <= nothing, table


@pytest.mark.parametrize("round_id", rounds_in_order())
def test_exports_have_no_more_decimals_than_the_release(reports, limits, round_id):
    tables = exported(reports / round_id)
    for table, columns in {
        "out_description": ("absence_pct", "over_10_pct"),
        "out_patterns": ("share_pct",),
    }.items():
        found = [row[tables[table][0].index(c)] for c in columns for row in tables[table][1:]]
        assert any("," in n for n in found)
        assert all(len(n.partition(",")[2]) <= 1 for n in found)


@pytest.mark.parametrize("round_id", rounds_in_order())
def test_exports_print_only_what_the_release_prints(reports, limits, round_id):
    """The ledger's release is what passed the attack; a number in a file that it hides would have gone round it."""
    ledger = read_ledger(reports / "ledger.json", PseudonymKey.parse(KEY).for_seals)
    release = next(e.release for e in ledger.entries if e.release.id == round_id)
    printed = {
        c.cell: c.value
        for c in release.cells
        if (c.exhibit, c.measure) == ("implementation", "pupils") and c.cell[-1][1] in IMPLEMENTATION
    }
    header, *rows = exported(reports / round_id)["out_implementation"]
    seen = 0
    for row in rows:
        place = dict(zip(header, row, strict=True))
        for column in IMPLEMENTATION:
            cell = (
                ("skole", place["school_id"]),
                ("klassetrin", place["grade"]),
                ("opgørelse", column),
            )
            if place[column] not in ("", limits.marker):
                assert printed[cell] == float(place[column])
                seen += 1
    assert seen == sum(v is not None and v > 0 for v in printed.values())


@pytest.mark.parametrize("round_id", rounds_in_order())
def test_the_workbook_says_what_the_csv_files_say(reports, limits, round_id):
    book = sheets(reports / round_id)
    for name, rows in exported(reports / round_id).items():
        header, *lines = book[name]
        assert [str(h) for h in header] == rows[0]
        assert len(lines) == len(rows) - 1
        for k, column in enumerate(rows[0]):
            is_hidden_csv = [row[k] == limits.marker for row in rows[1:]]
            assert [line[k] == limits.marker for line in lines] == is_hidden_csv, (name, column)
            is_blank_csv = [row[k] == "" for row in rows[1:]]
            assert [line[k] in (None, "") for line in lines] == is_blank_csv, (name, column)


def numbers_shown(markup: str) -> set[str]:
    """Every number a reader of a page meets, without what scripts and styles hold."""
    text = re.sub(r"<(script|style).*?</\1>", " ", markup, flags=re.DOTALL)
    return numbers_in(html.unescape(re.sub(r"<[^>]+>", " ", text)))


def numbers_in(text: str) -> set[str]:
    return {n.rstrip(".,") for n in re.findall(r"\d[\d.,]*", text)}


@pytest.mark.parametrize("round_id", rounds_in_order())
def test_word_and_text_hold_no_number_the_attacked_page_does_not(reports, round_id):
    """The pages are attacked, their other forms are not read by the attack: so these may say nothing of their own."""
    import docx

    document = docx.Document(str(reports / round_id / "maalplan.docx"))
    words = [p.text for p in document.paragraphs]
    words += [cell.text for t in document.tables for row in t.rows for cell in row.cells]
    page = numbers_shown((reports / round_id / "maalplan.html").read_text(encoding="utf-8"))
    in_word = numbers_in("\n".join(words))
    assert len(in_word) >= 10
    assert in_word <= page
    assert numbers_in((reports / round_id / "maalplan.txt").read_text(encoding="utf-8")) <= page
