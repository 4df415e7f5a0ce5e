"""A placebo on real published data, from file to report: nothing was done, so nothing may be found.

15 English authorities stand as schools and types of school as grades (tests/data/england). The study's folder says
everything about them; the product is the same as for the pilot.
"""

from __future__ import annotations

import html
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

from evaluation.words import ANALYST, render, taken, told
from pipelines.runner import run_round
from pipelines.storage import Warehouse
from tests.conftest import settings_for

pytestmark = pytest.mark.slow

DATA = Path(__file__).parents[1] / "data" / "england"
ROUND = "december_2024"
RUTLAND = "E06000017"


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("england")
    shutil.copytree(DATA / "incoming", folder / "incoming")
    ready = settings_for(folder, study=str(DATA / "study"))
    run_round(ready, ROUND)
    return ready


@pytest.fixture(scope="module")
def read(settings):
    warehouse = Warehouse(settings.warehouse)
    return lambda name: warehouse.read(ROUND, name)


@pytest.fixture(scope="module")
def report(settings) -> str:
    """The steering group's report as a reader sees it: without tags, scripts and styles."""
    folder = settings.reports / ROUND
    page = "".join((folder / name).read_text(encoding="utf-8") for name in ("styregruppe.html", "bilag.html"))
    page = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.S)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def test_every_row_of_the_published_file_is_accounted_for(read):
    (ledger,) = read("raw_ledger").to_dict("records")
    # 28 suppressed rows ("c") and six with a few sessions in a half-term week; the rest is used.
    assert (ledger["rows_in"], ledger["rows_quarantined"], ledger["rows_kept"]) == (1747, 34, 1747 - 34)
    assert ledger["rows_duplicate"] == ledger["rows_superseded"] == ledger["rows_out_of_round"] == 0


def test_the_known_gaps_are_named(read):
    cells = read("core_cells")
    assert "Special" not in set(cells.loc[cells["school_id"] == RUTLAND, "grade"])
    quality = read("out_quality")
    odd = quality[~quality["is_passed"].astype(bool)]
    assert set(odd["severity"]) <= {"warning", "info"}
    # Rutland's illness fell from 72.7 to 61.9 per cent of all absence: recorded otherwise, or another autumn.
    (shift,) = odd.loc[odd["check_name"] == "type_shares", "statement"]
    assert render(taken(shift), ANALYST).startswith("Rutland: ")


def test_the_placebo_is_small_and_the_permutation_sees_nothing(read):
    effects = read("out_effects")
    milestone = effects[
        (effects["question"] == "milestone")
        & (effects["estimator"] == "imputation")
        & (effects["weights"] == "pupil_days")
        & (effects["group_kind"] == "all")
    ]
    (found,) = milestone.to_dict("records")
    # −0.32 (−0.56 to −0.08) of 8.8 per cent. What the interval cannot know of is a year's shock to a whole type of
    # school, and that is as large: the same contrast a year earlier, when nothing was done either, is +0.40.
    assert abs(found["estimate_pp"]) < 0.5
    assert found["ci_high_pp"] - found["ci_low_pp"] < 0.6
    (before,) = effects.loc[effects["horizon"] == "placebo_year", "estimate_pp"]
    assert 0 < before < 0.5
    # Three types of school: p is 1/3, 2/3 or 1. Rutland has no special school and is left out of the exchange.
    assert found["p_smallest"] == pytest.approx(1 / 3)
    assert found["p_permutation"] == pytest.approx(2 / 3)
    assert "uden Rutland, der mangler et klassetrin" in told(found["note"], ANALYST)


def test_no_verdict_is_given_on_an_interval_alone(read):
    verdicts = read("out_verdicts")
    assert set(verdicts["look"]) == {"all", "placebo"}
    # A permutation that cannot give less than 1/3 decides nothing and signs nothing.
    pooled = verdicts.set_index("look").loc["all"]
    assert (pooled["verdict"], pooled["direction"]) == ("kan ikke afgøres", "")
    assert "permutation_excludes_zero" in pooled["demands_failed"]
    assert set(verdicts["direction"]) == {""}


def test_shares_of_thousands_are_not_hidden(settings, read):
    released = pd.read_parquet(Warehouse(settings.warehouse).path(ROUND, "released_out_description"))
    everyone = released[released["outcome"].eq("absence")]
    assert len(everyone) == 4 * 13 + 4 * 44 + 3 * (1 + 1 + 3 + 15 + 1) + 128
    assert everyone["absence_pct"].notna().all()
    totals = released[
        released["period_kind"].eq("year_to_date") & released["group_kind"].isin(["all", "treated"])
    ]
    assert totals["absence_pct"].notna().all()
    verdicts = pd.read_parquet(Warehouse(settings.warehouse).path(ROUND, "released_out_verdicts"))
    assert verdicts["estimate_pp"].tolist() == read("out_verdicts")["estimate_pp"].tolist()


def test_the_report_says_so_in_its_own_words(report):
    # The interval lies below nought, but three types of school cannot be permuted to less than a third.
    assert "Er milepælen nået? Kan ikke afgøres. Det sande tal kan være alt fra" in report
    assert "usikre tegn på fald" not in report
    assert "Secondary" in report
    assert "Over 10 procent •" not in report
    assert "på netop disse grupper på alle skoler" in report
    for of_the_pilot in ("Kom glad", "6. årgang", "Horsens", "indskoling"):
        assert of_the_pilot not in report
    for unfinished in ("nan", "None", "NaT", "<NA>", "missing from", "is not"):
        assert not re.search(rf"(?<!\w){re.escape(unfinished)}(?!\w)", report), unfinished
