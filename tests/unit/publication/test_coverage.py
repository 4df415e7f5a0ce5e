"""Coverage in tens of per cent: shown where it leaves enough open, hidden where it does not."""

from __future__ import annotations

import pandas as pd
import pytest

from evaluation.disclosure.audit import audit
from evaluation.disclosure.ledger import Ledger
from evaluation.study import load_study
from tests.unit.publication.sample_tables import implementation, published, pupil_weeks, tables

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("pupils", "held", "coverage"),
    [
        (60, 48, 80.0),  # 80 per cent is at least 80
        (60, 47, 70.0),
        (60, 57, 90.0),  # three without a talk: one to six, as far as a reader can tell
        (30, 28, None),  # at least 90 per cent of thirty: 27 to 29
        (60, 60, None),  # everybody
    ],
)
def test_coverage_is_rounded_down_and_attacked(pupils, held, coverage):
    protocol = load_study("demo_kommune").protocol
    the_round = protocol.rounds[0]
    made = tables(protocol, the_round, pupil_weeks(protocol, small=30))
    counts = {"pupils": pupils, "talks_planned": pupils, "talks_held": held}
    made["out_implementation"] = implementation(protocol, the_round.id, **counts)
    found = published(made, protocol, the_round, Ledger())
    row = found.frames["out_implementation"].iloc[0]
    assert (None if pd.isna(row["coverage_pct"]) else row["coverage_pct"]) == coverage
    assert pd.notna(row["talks_held"]) == (pupils - held >= 5)
    assert audit(found.release).is_passed


@pytest.mark.parametrize("planned", [60, 59, 56, 55, 70])
def test_what_was_planned_is_told_neither_by_a_number_nor_by_a_cell_that_cannot_exist(planned):
    """Beside the grade's sixty pupils, which a reader knows, it would tell how many were left out."""
    protocol = load_study("demo_kommune").protocol
    the_round = protocol.rounds[0]
    made = tables(protocol, the_round, pupil_weeks(protocol, small=30))
    made["out_implementation"] = implementation(protocol, the_round.id, talks_planned=planned, talks_held=40)
    found = published(made, protocol, the_round, Ledger())
    assert found.frames["out_implementation"]["talks_planned"].isna().all()
    (space,) = (s for s in found.release.spaces if s.universe.startswith("gennemførelse"))
    attributes = {d.name for d in space.dimensions if d.role == "attribute"}
    assert attributes == {"opgørelse"}
    made["out_implementation"] = implementation(protocol, the_round.id, talks_planned=60, talks_held=40)
    assert published(made, protocol, the_round, Ledger()).release.structure() == found.release.structure()
