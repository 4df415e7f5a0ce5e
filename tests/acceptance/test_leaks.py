"""Six ways to hidden numbers: found on files of the first version, and nowhere on those of today.

``tests/data/version1`` holds published tables and pages of three municipalities (all invented), as they were made
before the ways were closed, with the truth behind them: the attacker is shown to work before it is believed.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from evaluation.disclosure.registry import attack_tables
from evaluation.publication.publish import rules_of
from evaluation.study import load_study
from evaluation.synthetic import Scenario
from tests.acceptance import leaks
from tests.conftest import make_inbox, seal_key, settings_for

DATA = Path(__file__).parents[1] / "data" / "version1"
TRUTH = json.loads((DATA / "truth.json").read_text(encoding="utf-8"))
FIRST, SECOND = "november_2026", "end_of_year_2027"
OUTCOMES = ("absence", "sick", "permitted", "unlawful")


@pytest.fixture(scope="module", params=["260", "480", "2600"])
def version1(request, tmp_path_factory) -> tuple[Path, dict]:
    folder = tmp_path_factory.mktemp("version1")
    with zipfile.ZipFile(DATA / f"{request.param}.zip") as stored:
        stored.extractall(folder)
    return folder, TRUTH[request.param]


def test_the_attacker_adds_estimates_to_levels(version1):
    folder, truth = version1
    found = leaks.observed_levels(folder / FIRST)
    right = 0
    for (kind, group, outcome), level in found.items():
        if group in truth and outcome in OUTCOMES and not (kind == "grade" and group != "6"):
            *days, possible = truth[group]
            right += abs(level - 100 * days[OUTCOMES.index(outcome)] / possible) < 0.002
    assert right >= 6  # the outcomes of grade 6, and its schools


def test_the_attacker_reads_rows_of_people(version1):
    folder, truth = version1
    found = leaks.rows_of_people(folder / FIRST)
    assert found["filled_pupil_key", "core_consents", ""] == truth["consents"]
    assert found["report", "", ""] >= 0


def test_the_attacker_reads_types_of_schools_and_classes(version1):
    folder, _ = version1
    assert any("udgør" in said for said in leaks.types_of_schools(folder / FIRST))
    assert any(
        said.isdigit() or "klasse" in said or "uger" in said
        for said in leaks.types_of_schools(folder / FIRST)
    )


def test_the_attacker_subtracts_rounds(version1):
    folder, _ = version1
    assert leaks.newest_sources(folder / FIRST, folder / SECOND)


def test_the_attacker_bounds_hidden_talks(version1):
    folder, truth = version1
    found = leaks.talks_held(folder / FIRST)
    # Eighty per cent of a large grade leaves more than four pupils open.
    assert found or min(truth["held"].values()) > 30
    for (school, grade), (low, high) in found.items():
        assert low <= truth["held"][f"{school} {grade}"] <= high


def test_the_registry_s_own_attack_finds_columns_and_counts(version1):
    folder, _ = version1
    found = attack_tables(published_tables(folder / FIRST), rules_of(load_study("demo_kommune").protocol))
    assert {
        "out_quality.of_total",
        "out_quality.count",
        "out_effects.baseline_pct",
        "out_registration.before",
    } <= set(found)


def test_the_attacker_reads_what_only_happens_to_be_empty(version1):
    folder, _ = version1
    assert any("gennemførelse" in universe for universe, _ in leaks.empty_by_chance(folder / FIRST))


@pytest.fixture(scope="module")
def small(request, tmp_path_factory) -> Path:
    from pipelines.frozen import freeze_protocol
    from pipelines.runner import run_round

    folder = tmp_path_factory.mktemp("small")
    make_inbox(folder, pupils=request.param, seed=5, scenario=Scenario())
    settings = settings_for(folder)
    protocol = load_study("demo_kommune").protocol
    freeze_protocol(settings.data, protocol, min(w.planned_from for w in protocol.waves), key=seal_key())
    for the_round in protocol.rounds:
        run_round(settings, the_round.id)
    return settings.reports


def published_tables(folder: Path) -> dict[str, pd.DataFrame]:
    """The published tables as anybody reads them, hidden numbers missing."""
    return {
        path.stem: pd.read_csv(path, sep=";", decimal=",", encoding="utf-8-sig", na_values=["•"])
        for path in (folder / "tabeller").glob("out_*.csv")
    }


def nothing_in(reports: Path) -> None:
    limits = rules_of(load_study("demo_kommune").protocol)
    for name in (FIRST, SECOND):
        folder = reports / name
        assert attack_tables(published_tables(folder), limits) == ()
        assert leaks.observed_levels(folder) == {}
        assert leaks.rows_of_people(folder) == {}
        assert leaks.types_of_schools(folder) == []
        assert leaks.talks_held(folder) == {}
        assert leaks.empty_by_chance(folder) == []
    assert leaks.newest_sources(reports / FIRST, reports / SECOND) == {}
    assert "Af hensyn til elevernes anonymitet står her ikke" in leaks.page(reports / FIRST)


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("small", [260, 480], indirect=True)
def test_nothing_is_found_in_a_small_municipality(small):
    nothing_in(small)


@pytest.mark.slow
def test_nothing_is_found_in_the_demonstration(demonstration):
    nothing_in(demonstration.settings.reports)
