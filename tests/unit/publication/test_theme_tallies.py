"""Sources per code as the disclosure gate sees them: the parts of a whole add up to it, by hand."""

from __future__ import annotations

import pandas as pd

from evaluation.publication.tallies import CHANGES, CHANGES_BASELINE, theme_cell, themes
from evaluation.study import load_study

P = load_study("demo_kommune").protocol
NOVEMBER, END = "november_2026", "slutevaluering_2027"


def rows(*found: tuple[str, str, str, float]) -> pd.DataFrame:
    """(code, group_kind, group_id, sources)."""
    return pd.DataFrame(found, columns=["code", "group_kind", "group_id", "sources"])


ROWS = rows(
    ("A", "all", "all", 9),
    ("B", "all", "all", 4),
    ("A", "occasion", "baseline", 6),
    ("A", "occasion", NOVEMBER, 3),
    ("A", "occasion", END, 6),
    ("B", "occasion", NOVEMBER, 4),
    ("A", "actor", "elev", 7),
)
CHANGE = pd.DataFrame({"occasion_from": ["baseline", NOVEMBER], "occasion_to": [NOVEMBER, END]})


def test_occasions_since_the_start_add_up_to_the_whole() -> None:
    whole, parts, first = themes(ROWS, CHANGE, P)
    assert whole.frame.set_index("kode")["pupils"].to_dict() == {"A": 9, "B": 4}
    assert parts.id == CHANGES
    assert parts.frame.groupby("kode")["pupils"].sum().to_dict() == {"A": 9, "B": 4}
    cells = parts.frame.set_index(["kode", "nedslag"])["pupils"].to_dict()
    assert cells == {("A", NOVEMBER): 3, ("A", END): 6, ("B", NOVEMBER): 4, ("B", END): 0}
    assert first.id == CHANGES_BASELINE
    assert first.frame.set_index("kode")["pupils"].to_dict()["A"] == 6


def test_only_compared_occasions_are_shown_and_every_exhibit_has_the_sources_limit() -> None:
    one = pd.DataFrame({"occasion_from": [NOVEMBER], "occasion_to": [NOVEMBER]})
    found = themes(ROWS, one, P)
    assert [e.id for e in found] == ["themes", CHANGES]
    assert found[1].shown == {"nedslag": (NOVEMBER,)}
    assert {e.minimum for e in found} == {P.disclosure.quote_minimum_sources}


def test_a_code_at_an_occasion_stands_where_it_is_protected() -> None:
    assert theme_cell("A", "baseline") == (CHANGES_BASELINE, (("kode", "A"),))
    assert theme_cell("A", END) == (CHANGES, (("kode", "A"), ("nedslag", END)))


def test_nothing_said_is_no_exhibit() -> None:
    assert themes(ROWS.iloc[:0], CHANGE, P) == []
