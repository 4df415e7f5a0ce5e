"""Public figures and costs: dated files of the study, cut at the round, refused where they cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluation.errors import InputError
from evaluation.questions import beside
from evaluation.study import Study, load_study

DEMO = load_study("demo_kommune")
NOVEMBER, JUNE = DEMO.protocol.rounds


def study(folder: Path, **files: str) -> Study:
    """The demonstration's protocol with files of its own and no others."""
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return Study(DEMO.protocol, (folder,))


def test_costs_are_those_entered_up_to_the_cut_off(tmp_path: Path) -> None:
    text = "entered_on;item;hours;amount_kr\n2026-10-02;Talks;12,5;\n2026-10-02;Talks;1;100\n2027-01-08;Talks;3;50\n"
    mine = study(tmp_path, costs=text)
    found = beside.costs(mine, NOVEMBER)
    assert found[["hours", "amount_kr"]].to_numpy().tolist() == [[12.5 + 1, 0 + 100]]
    assert len(beside.costs(mine, JUNE)) == 2


def test_a_study_without_the_files_has_empty_tables(tmp_path: Path) -> None:
    assert beside.costs(study(tmp_path), JUNE).empty
    assert beside.context(study(tmp_path), JUNE).empty


def test_figures_made_public_after_the_report_are_not_there_yet(tmp_path: Path) -> None:
    head = "as_of;place;is_own;school_year;measure;value_pct;source\n"
    rows = "2026-10-30;Land;0;2025/26;absence_pct;7,2;S\n2027-10-30;Land;0;2026/27;absence_pct;7.0;S\n"
    found = beside.context(study(tmp_path, context=head + rows), JUNE)
    assert found[["school_year", "value_pct"]].to_numpy().tolist() == [["2025/26", 7.2]]


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("entered_on;item;hours\n", 1, "amount_kr"),
        ("entered_on;item;hours;amount_kr\n2. oktober;Talks;1;1\n", 2, "entered_on"),
        ("entered_on;item;hours;amount_kr\n2026-10-02;Talks;mange;1\n", 2, "hours"),
        ("entered_on;item;hours;amount_kr\n2026-10-02;Talks;1;-4\n", 2, "amount_kr"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, text: str, line: int, column: str) -> None:
    with pytest.raises(InputError) as refused:
        beside.costs(study(tmp_path, costs=text), JUNE)
    (problem,) = refused.value.problems
    assert (problem.file, problem.line, problem.column) == ("costs.csv", line, column)


@pytest.mark.parametrize("name", ["kom_glad_i_skole", "demo_kommune"])
def test_the_packaged_figures_name_their_source(name: str) -> None:
    found = beside.context(load_study(name), JUNE)
    assert len(found) > 20
    assert found["source"].str.len().gt(5).all()
    schools = {s.name for s in load_study(name).protocol.schools}
    assert set(found.loc[found["is_own"].astype(bool), "place"]) == schools
