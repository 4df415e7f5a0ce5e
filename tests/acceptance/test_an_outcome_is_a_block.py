"""A new outcome is one measure and one block of the protocol: a round then estimates, releases and prints it."""

from __future__ import annotations

import re
import shutil

import pandas as pd
import pytest

from evaluation.measures import MEASURES
from evaluation.study import find_study, load_study
from evaluation.words.danish import number
from pipelines.frozen import freeze_protocol
from pipelines.runner import run_round
from pipelines.storage import Warehouse
from tests.conftest import seal_key, settings_for

pytestmark = pytest.mark.slow

ROUND = "november_2026"
MONDAYS = "SELECT school_id, grade, day_on, days FROM absent WHERE EXTRACT(ISODOW FROM day_on) = 1"
BLOCK = """
[[outcomes]]
id = "{id}"
label = "{label}"
types = ["sick", "permitted", "unlawful"]
measure = "{measure}"
is_primary = false
"""


@pytest.fixture(scope="module")
def made(demonstration, tmp_path_factory):
    """The demonstration's inbox under a protocol of two more outcomes, one of a measure the product does not have."""
    folder = tmp_path_factory.mktemp("outcomes")
    shutil.copytree(demonstration.settings.incoming, folder / "incoming")
    own = folder / "studies" / "min_kommune"
    shutil.copytree(find_study("demo_kommune"), own)
    protocol = own / "protocol.toml"
    blocks = BLOCK.format(id="mondays", label="mandagsfravær", measure="mondays")
    blocks += BLOCK.format(id="alone", label="fravær i enkeltdage", measure="single_day_spells")
    given = (own / "protocol.toml").read_text("utf-8")
    protocol.write_text(with_outcomes(given, blocks), "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(MEASURES, "mondays", MONDAYS)  # type: ignore[arg-type]
        settings = settings_for(folder, str(own))
        study = load_study(str(own))
        freeze_protocol(
            folder, study.protocol, min(w.planned_from for w in study.protocol.waves), key=seal_key()
        )
        run_round(settings, ROUND)
        yield settings


def with_outcomes(given: str, blocks: str) -> str:
    """The study's own outcomes, which it may have from the one it extends, and the new ones."""
    if "[[outcomes]]" in given:
        return given + blocks
    whole = (find_study("kom_glad_i_skole") / "protocol.toml").read_text("utf-8")
    theirs = re.findall(r"\[\[outcomes\]\]\n(?:[^\[\n].*\n)+", whole)
    assert len(theirs) == 4
    return given + "\n" + "\n".join(theirs) + blocks


@pytest.mark.parametrize("outcome", ["mondays", "alone"])
def test_the_new_outcome_is_estimated_released_and_printed(made, outcome):
    warehouse = Warehouse(made.warehouse)
    effects = warehouse.read(ROUND, "out_effects")
    mine = effects[(effects["outcome"] == outcome) & (effects["group_kind"] == "all")]
    assert list(mine["question"]) == ["grade"]
    estimate = float(mine["estimate_pp"].iloc[0])
    assert mine["ci_low_pp"].iloc[0] < estimate < mine["ci_high_pp"].iloc[0]
    released = warehouse.read(ROUND, "released_out_effects")
    there = released[(released["outcome"] == outcome) & (released["group_kind"] == "all")]
    assert float(there["estimate_pp"].iloc[0]) == pytest.approx(estimate)
    annex = (made.reports / ROUND / "bilag.html").read_text("utf-8")
    label = {"mondays": "Mandagsfravær", "alone": "Fravær i enkeltdage"}[outcome]
    row = re.search(rf"<tr[^>]*>(?:(?!</tr>).)*{label}.*?</tr>", annex, re.DOTALL)
    assert row is not None
    assert number(abs(estimate)) in row.group()


def test_the_first_outcomes_numbers_do_not_move(made, demonstration):
    keys = ["question", "estimator", "outcome", "group_kind", "group_id", "horizon", "weights"]
    ours, first = (
        Warehouse(s.warehouse).read(ROUND, "out_effects").set_index(keys)[["estimate_pp", "ci_low_pp"]]
        for s in (made, demonstration.settings)
    )
    pd.testing.assert_frame_equal(ours.loc[first.index], first)


def test_mondays_are_counted_as_their_rows_say(made):
    """The days under the estimate are the warehouse's own Mondays."""
    warehouse = Warehouse(made.warehouse)
    days = warehouse.read(ROUND, "core_absence_days")
    counted = warehouse.read(ROUND, "core_measured").query(
        "outcome == 'mondays' and school_year == '2025/26'"
    )
    year = days[days["school_year"].eq("2025/26") & days["school_id"].isin(counted["school_id"])]
    monday = year[year["day_on"].dt.weekday == 0]
    assert counted["counted_days"].sum() <= monday["day_fraction"].sum()
    assert counted["counted_days"].sum() > 0.15 * year["day_fraction"].sum() * len(set(counted["month"])) / 11
