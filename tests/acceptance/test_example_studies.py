"""The trials that ship as examples, each from invented exports to a finished report, with an effect and without.

What stands here as literals is what a person reads off the protocol: which cells get it, what uncertainty is counted in, in
how many ways it could have been given out, and who it is compared with.
"""

from __future__ import annotations

import datetime as dt
import html
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from evaluation.design import assignments, controls
from evaluation.reports.places import beside, wave_name
from evaluation.study import load_study
from evaluation.synthetic import Kind, Scenario, make_municipality, write_files
from pipelines.resources import warehouse_of
from pipelines.runner import run_round
from tests.conftest import settings_for


@dataclass(frozen=True)
class Expected:
    """``waves``: name → (cells treated, ways it could have been given out alone, cells compared with)."""

    waves: dict[str, tuple[int, int, int]]
    ways: int
    clusters: int
    treated_clusters: int
    others: str


EXAMPLES = {
    "eksempel_samme_forsoeg": Expected(
        {"4. årgang": (4, 9, 36), "7. årgang": (4, 9, 32)}, 90, 40, 8, "de årgange på samme skole"
    ),
    "eksempel_en_aargang": Expected({"4. årgang": (1, 10, 9)}, 10, 10, 1, "de årgange på samme skole"),
    "eksempel_raadgiver": Expected(
        {"Bøgelundskolen og Fjordskolen": (20, 6, 20)}, 6, 4, 2, "de samme årgange på de skoler"
    ),
    "eksempel_ppr": Expected(
        {"Bøgelundskolen": (10, 3, 30), "Fjordskolen": (10, 3, 20)}, 12, 4, 2, "de samme årgange på de skoler"
    ),
    "eksempel_trappe": Expected(
        {
            "Bøgelundskolen": (10, 1, 30),
            "Fjordskolen": (10, 1, 20),
            "Kirkemoseskolen": (10, 1, 10),
            "Østerengskolen": (10, 1, 0),
        },
        24,
        4,
        3,
        "de samme årgange på de skoler",
    ),
    "eksempel_indskoling": Expected(
        {"indskolingen på Kirkemoseskolen": (4, 4, 12)}, 4, 4, 1, "de samme årgange på de skoler"
    ),
    "eksempel_alle": Expected({"alle skoler": (40, 1, 0)}, 1, 0, 0, "intet at sammenligne med"),
    "eksempel_bro": Expected({"elever i broforløb": (0, 1, 0)}, 1, 0, 0, "lige så højt fravær"),
    "eksempel_enkeltsager": Expected(
        {"elever med en fælles plan": (0, 1, 0)}, 1, 0, 0, "lige så højt fravær"
    ),
}
IN_EVERY_RUN = ("eksempel_raadgiver", "eksempel_bro")
"""The others are run by ``make test-long``."""


@pytest.mark.parametrize("name", list(EXAMPLES))
def test_the_design_follows_from_the_protocol(name):
    protocol, expected = load_study(name).protocol, EXAMPLES[name]
    found = {
        wave_name(protocol, w): (
            sum(x.id == w.id for x in protocol.treated.values()),
            assignments(protocol, [w.id]),
            len(controls(protocol, w)),
        )
        for w in protocol.waves
    }
    assert found == expected.waves
    assert assignments(protocol) == expected.ways
    if expected.clusters:
        assert expected.others in beside(protocol)


RUNS = [
    pytest.param(name, kind, marks=[pytest.mark.slow] + [pytest.mark.long] * (name not in IN_EVERY_RUN))
    for name in EXAMPLES
    for kind in (Kind.EFFECT, Kind.NONE)
    if name not in IN_EVERY_RUN or kind is Kind.EFFECT
]


@pytest.mark.parametrize(("name", "kind"), RUNS)
def test_from_exports_to_a_report(tmp_path, name, kind):
    study, expected = load_study(name), EXAMPLES[name]
    settings = settings_for(tmp_path / "data", name)
    scenario = Scenario(kind=kind, effect_pp=-2.5, has_dirt=False)
    municipality = make_municipality(study, seed=3, pupils=1400, scenario=scenario)
    write_files(municipality, settings.incoming, exported_on=(dt.date(2026, 11, 20), dt.date(2027, 6, 28)))
    round_id = study.protocol.rounds[-1].id
    run_round(settings, round_id)
    warehouse = warehouse_of(settings, study)
    effects = warehouse.read(round_id, "out_effects")
    pooled = effects.query("question == 'milestone' and estimator == 'imputation' and group_kind == 'all'")
    pooled = pooled[pooled["weights"].eq(study.protocol.milestone.weights)].iloc[0]
    monthly = warehouse.read(round_id, "core_monthly")
    treated = {tuple(cell.split(":")) for cell in monthly.loc[monthly["is_treated"], "cell"].unique()}
    assert treated <= set(study.protocol.treated)
    text = page_text(settings.reports / round_id / "styregruppe.html")
    for wave in study.protocol.waves:
        assert wave_name(study.protocol, wave) in text or len(study.protocol.waves) > 1
    if expected.clusters:
        assert (int(pooled["clusters"]), int(pooled["treated_clusters"])) == (
            expected.clusters,
            expected.treated_clusters,
        )
        assert pooled["p_smallest"] == pytest.approx(1 / expected.ways)
        assert treated
        if kind is Kind.EFFECT:
            assert pooled["estimate_pp"] < 0
        assert pooled["ci_low_pp"] < pooled["ci_high_pp"]
        if 1 / expected.ways > study.protocol.verdict.alpha:
            assert "Fraværet er faldet." not in text
    else:
        assert expected.others in text
        assert pooled["status"] != "estimated"
        assert verdict_of(warehouse, round_id) == "kan ikke vurderes"


def verdict_of(warehouse, round_id: str) -> str:
    """The pooled look's word."""
    return str(warehouse.read(round_id, "out_verdicts").query("look == 'all'")["verdict"].iloc[0])


def page_text(path: Path) -> str:
    """A page's text without its tags."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", path.read_text(encoding="utf-8"))))
