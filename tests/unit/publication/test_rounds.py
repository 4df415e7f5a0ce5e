"""Two rounds beside each other: nobody who left, or came to, can be told from what stands in both."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaluation.disclosure.audit import audit
from evaluation.disclosure.ledger import Ledger
from evaluation.disclosure.protect import protect
from evaluation.errors import GateRefused
from evaluation.publication import publish as publishing
from evaluation.publication.publish import Publication
from evaluation.study import load_study
from evaluation.tables import TABLES
from tests.unit.publication.sample_tables import implementation, published, pupil_weeks, tables

pytestmark = pytest.mark.slow

WITHDRAWN = "2026/27:990002:6:0"


@pytest.fixture(scope="module")
def protocol():
    return load_study("demo_kommune").protocol


def with_counts(
    protocol, k: int, drop: str = "", targeted: int = 40, small: int = 30, **counts: int
) -> dict[str, pd.DataFrame]:
    made = tables(protocol, protocol.rounds[k], pupil_weeks(protocol, small=small, drop=drop))
    made["out_implementation"] = implementation(protocol, protocol.rounds[k].id, **counts)
    row = {"round": protocol.rounds[k].id, "group_id": "6", "estimator": "naive", "pupils": targeted}
    made["out_targeted"] = TABLES["out_targeted"].conform(
        pd.DataFrame([row]).reindex(columns=list(TABLES["out_targeted"].columns))
    )
    return made


@pytest.fixture(scope="module")
def november(protocol) -> Publication:
    return published(with_counts(protocol, 0), protocol, protocol.rounds[0], Ledger())


def june(protocol, november: Publication, **changes: object) -> Publication:
    ledger = Ledger().record(november.release, "2026-12-01", {}).publish(november.release.id, "2026-12-02")
    return published(with_counts(protocol, 1, **changes), protocol, protocol.rounds[1], ledger)


def values(publication: Publication, exhibit: str, measure: str) -> dict[object, object]:
    return {
        c.cell: c.value for c in publication.release.cells if (c.exhibit, c.measure) == (exhibit, measure)
    }


@pytest.fixture(scope="module")
def one_left(protocol, november) -> Publication:
    return june(protocol, november, drop=WITHDRAWN)


def test_pupils_are_printed_as_they_first_were(november, one_left):
    before, after = (values(p, "description_year_to_date", "pupils") for p in (november, one_left))
    place = (("skoleår", "2026/27"), ("skole", "990002"), ("klassetrin", "6"))
    assert before[place] == 30  # 29 in the data of June
    assert after == before


def test_months_and_weeks_that_were_whole_are_printed_as_they_were(november, one_left):
    for exhibit in ("description_month", "description_week"):
        before, after = (values(p, exhibit, "pct") for p in (november, one_left))
        assert len(before) > 20
        assert after == before


def test_one_pupil_who_left_is_in_no_number_of_june(protocol, november, one_left):
    """The round printed without the pupil's leaving is the same, but for sums over the year to date."""
    nobody_left = june(protocol, november)
    for exhibit in one_left.release.exhibit_ids():
        if exhibit in ("description_year_to_date", "description_types", "description_over_10"):
            continue
        for measure in ("pupils", "share", "pct"):
            assert values(one_left, exhibit, measure) == values(nobody_left, exhibit, measure)
    assert audit(one_left.release, [november.release]).is_passed


@pytest.mark.parametrize(("grown", "is_printed"), [(0, True), (1, False), (4, False), (5, True)])
def test_a_count_is_printed_again_when_unchanged_or_changed_by_the_limit(
    protocol, november, grown, is_printed
):
    found = june(protocol, november, consents_given=11 + grown, targeted=40 + grown).frames
    assert found["out_implementation"]["consents_given"].notna().tolist() == [is_printed]
    assert found["out_targeted"]["pupils"].notna().tolist() == [is_printed]


def test_a_published_round_comes_again_as_it_was_and_cannot_be_replaced(protocol, november):
    ledger = Ledger().record(november.release, "2026-12-01", {"a.html": "1"})
    ledger = ledger.publish(november.release.id, "2026-12-02")
    again = published(with_counts(protocol, 0), protocol, protocol.rounds[0], ledger)
    assert again.release.to_dict() == november.release.to_dict()
    assert ledger.record(again.release, "2026-12-03", {"a.html": "1"}).entries[0].on == "2026-12-02"
    other = published(with_counts(protocol, 0, consents_given=30), protocol, protocol.rounds[0], Ledger())
    with pytest.raises(GateRefused):
        ledger.record(other.release, "2026-12-03", {})


def test_without_complementary_suppression_nothing_is_handed_on(protocol, monkeypatch):
    def careless(*args, **options):
        return protect(*args, **options, is_complementary=False)

    monkeypatch.setattr(publishing, "protect", careless)
    with pytest.raises(GateRefused) as refused:
        published(with_counts(protocol, 0, small=3), protocol, protocol.rounds[0], Ledger())
    assert refused.value.exit_code == 3


def bands(counts: list[int]) -> pd.DataFrame:
    levels = ["0-5", "5-10", "10-15", "over 15"]
    rows = pd.DataFrame({"level": levels, "count": counts})
    rows = rows.assign(
        round="r", pattern="bands", school_year="2026/27", group_kind="all", group_id="all",
        pupils=sum(counts), possible_days=1.0, absent_days=0.0, share_pct=100 * rows["count"] / sum(counts),
    )  # fmt: skip
    return TABLES["out_patterns"].conform(rows)


@pytest.mark.parametrize(("few", "hidden"), [(3, 2), (5, 0)])
def test_of_shares_that_add_up_to_a_hundred_one_is_not_hidden_alone(protocol, few, hidden):
    made = tables(protocol, protocol.rounds[0], pupil_weeks(protocol, small=30))
    made["out_patterns"] = bands([200, 60, 30, few])
    shares = published(made, protocol, protocol.rounds[0], Ledger()).frames["out_patterns"]["share_pct"]
    assert shares.isna().sum() >= hidden
    assert shares.isna().any() == (hidden > 0)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_small_municipality_with_tiny_grades_prints_nothing_below_the_limit(protocol, seed):
    rng = np.random.default_rng(seed)
    weeks = pupil_weeks(protocol, small=12, seed=seed)
    cells = weeks[["school_id", "grade"]].drop_duplicates()
    sizes = {
        (s, g): int(n) for (s, g), n in zip(cells.to_numpy(), rng.integers(1, 13, len(cells)), strict=True)
    }
    number = weeks["pupil_key"].str.rsplit(":").str[-1].astype(int)
    room = [sizes[s, g] for s, g in zip(weeks["school_id"], weeks["grade"], strict=True)]
    found = published(
        tables(protocol, protocol.rounds[0], weeks[number < room]), protocol, protocol.rounds[0], Ledger()
    )
    counts = [c.value for c in found.release.cells if c.measure == "pupils" and c.value]
    assert not counts or min(counts) >= 5
    rows = found.frames["out_description"]
    groups = rows[rows["group_kind"].eq("school_grade")]
    few = [sizes.get((s, g), 0) < 5 for s, g in zip(groups["school_id"], groups["grade"], strict=True)]
    assert any(few)
    assert groups.loc[few, ["pupils", "absence_pct", "over_10_pct"]].isna().all().all()
