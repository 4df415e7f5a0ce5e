"""Sources per code as the disclosure gate sees them: the parts of a whole add up to it, by hand."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from evaluation.disclosure import Exhibit, protect
from evaluation.disclosure.audit import audit
from evaluation.interviews.themes import CHANGES, CHANGES_BASELINE, DECLINED, theme_cell
from evaluation.publication.publish import rules_of
from evaluation.publication.small_changes import small_changes, with_sensitive
from evaluation.publication.tallies import themes
from evaluation.study import load_study

P = load_study("demo_kommune").protocol
NOVEMBER, END = "november_2026", "slutevaluering_2027"


def rows(*found: tuple[str, str, str, float]) -> pd.DataFrame:
    """(code, group_kind, group_id, sources)."""
    frame = pd.DataFrame(found, columns=["code", "group_kind", "group_id", "sources"])
    return frame.assign(sources_declined=0)


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


def test_interviews_without_consent_are_guarded_as_sources_are() -> None:
    def printed(declined: int) -> list[float]:
        exhibits = themes(ROWS.assign(sources_declined=declined), CHANGE, P)
        own = [e for e in exhibits if e.id == DECLINED]
        assert {e.minimum for e in own} <= {P.disclosure.quote_minimum_sources}
        release = protect(own, rules_of(P), release_id="november")
        table = release.table(DECLINED)
        return table.loc[~table["is_suppressed"], "pupils"].to_list()

    limit = P.disclosure.quote_minimum_sources
    assert (printed(limit), printed(limit - 1)) == ([limit], [])
    assert all(e.id != DECLINED for e in themes(ROWS, CHANGE, P))


def test_an_interview_withdrawn_after_november_shows_in_no_code_it_held() -> None:
    """November printed nine sources of A; one is withdrawn, and in June neither eight nor its parts can be read."""

    def exhibits(november: int, day: str) -> list[Exhibit]:
        said = rows(
            ("A", "all", "all", november + (12 if day == "june" else 0)),
            ("B", "all", "all", 7 + (9 if day == "june" else 0)),
            ("A", "occasion", NOVEMBER, november),
            ("B", "occasion", NOVEMBER, 7),
            *([("A", "occasion", END, 12), ("B", "occasion", END, 9)] if day == "june" else []),
        )
        # As `exhibits_of` does it: what is counted up to a cut-off is of that cut-off's population.
        return [replace(e, universe=f"{e.universe} til {day}") for e in themes(said, CHANGE, P)]

    rules = rules_of(P)
    first = protect(exhibits(9, "november"), rules, release_id="november")
    assert first.table(CHANGES).set_index(["kode", "nedslag"])["pupils"]["A", NOVEMBER] == 9
    again = protect(exhibits(9, "june"), rules, [first], release_id="june")
    assert small_changes(again, [first], rules.minimum_pupils) == {}
    now = exhibits(8, "june")
    release = protect(now, rules, [first], release_id="june")
    while found := small_changes(release, [first], rules.minimum_pupils):
        now = with_sensitive(now, found)
        release = protect(now, rules, [first], release_id="june")
    cells = release.table(CHANGES).set_index(["kode", "nedslag"])["is_suppressed"]
    whole = release.table("themes").set_index("kode")["is_suppressed"]
    assert cells["A", NOVEMBER]
    assert cells["A", END] or whole["A"]
    assert not whole["B"]
    assert audit(release, [first]).is_passed


def test_nothing_said_is_no_exhibit() -> None:
    assert themes(ROWS.iloc[:0], CHANGE, P) == []


def test_every_source_of_a_code_is_in_one_part_of_each_division() -> None:
    divided = rows(
        ("A", "speaker", "pupils", 7), ("A", "speaker", "adults", 2), ("B", "speaker", "adults", 4),
        ("A", "stance", "for", 8), ("A", "stance", "ingen", 1), ("B", "stance", "begge", 4),
    )  # fmt: skip
    told = pd.concat([ROWS, divided]).replace({"code": {"B": "MP.VIDERE"}})
    whole, speaker, stance, *_ = themes(told, CHANGE, P)
    for part in (speaker, stance):
        assert part.frame.groupby("kode")["pupils"].sum().to_dict() == {"A": 9, "MP.VIDERE": 4}
        assert part.universe == whole.universe
        assert part.minimum == P.disclosure.quote_minimum_sources
    assert speaker.dimensions[1].leaves == (
        "pupils",
        "adults",
    )  # nobody is unknown, and a reader will guess that
    assert speaker.shown == {"hvem": ("pupils", "adults", "i alt")}
    assert stance.shown == {"holdning": ("for", "imod", "i alt"), "kode": ("MP.VIDERE",)}
    unknown = pd.concat([told, rows(("A", "speaker", "uoplyst", 1))])
    assert themes(unknown, CHANGE, P)[1].dimensions[1].leaves == ("pupils", "adults", "uoplyst")
