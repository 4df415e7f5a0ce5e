"""``komglad did`` against further published results: castle doctrine, organ donations, minimum wages with covariates."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evaluation.effects.bacon import goodman_bacon
from evaluation.effects.design import Panel
from pipelines.commands import did

ORACLES = Path(__file__).parents[1] / "data" / "oracles"
PUBLISHED = json.loads((ORACLES / "published_expected.json").read_text(encoding="utf-8"))
CASTLE = [
    str(ORACLES / "castle.csv"),
    "--outcome",
    "l_homicide",
    "--unit",
    "sid",
    "--time",
    "year",
    "--start",
    "effyear",
]


def ask(capsys: pytest.CaptureFixture[str], *tokens: object) -> dict:
    """The JSON answer of a run in this process."""
    did.run([str(t) for t in tokens] + ["--json"])
    return json.loads(capsys.readouterr().out)


def estimates(answer: dict, term: str) -> list[float]:
    return [e["estimate"] for e in answer["estimates"] if e["term"] == term]


@pytest.mark.parametrize(("suffix", "weights"), [("", []), ("_popwt", ["--weights", "popwt"])])
def test_castle_doctrine_imputation_equals_two_stage_did_in_r(
    capsys, suffix: str, weights: list[str]
) -> None:
    expected = PUBLISHED["castle"]["imputation"]
    overall = ask(capsys, *CASTLE, *weights)["estimates"][0]["estimate"]
    assert overall == pytest.approx(expected["overall" + suffix], rel=1e-7)
    events = estimates(ask(capsys, *CASTLE, *weights, "--aggregate", "event"), "event")
    assert events == pytest.approx(expected["event" + suffix], rel=2e-7)


def test_castle_doctrine_decomposed_as_in_bacondecomp(capsys) -> None:
    expected = PUBLISHED["castle"]["bacon"]
    data = pd.read_csv(ORACLES / "castle.csv")
    parts = goodman_bacon(
        Panel.from_frame(data, outcome="l_homicide", unit="sid", time="year", start="effyear")
    ).comparisons
    for kind in ("earlier vs later treated", "later vs earlier treated", "treated vs never treated"):
        own = [p for p in parts if p.kind == kind]
        weight = sum(p.weight for p in own)
        mean = sum(p.weight * p.estimate for p in own) / weight
        assert [weight, mean] == pytest.approx(expected[kind], abs=5.1e-6)
    answer = ask(capsys, *CASTLE, "--estimator", "twfe")
    assert answer["estimates"][0]["estimate"] == pytest.approx(expected["two_way"], abs=5e-9)
    assert any(note.startswith("3.2 % of the two-way") for note in answer["notes"])


@pytest.fixture
def organs(tmp_path: Path) -> Path:
    data = pd.read_csv(ORACLES / "organ_donations.csv")
    california = data["State"] == "California"
    data["start"] = np.where(california, "Q32011", "")
    data["treated"] = (california & data["Quarter"].isin(["Q32011", "Q42011", "Q12012"])).astype(int)
    path = tmp_path / "organs.csv"
    data.to_csv(path, index=False)
    return path


def test_organ_donations_by_start_and_by_treatment(capsys, organs: Path) -> None:
    expected = PUBLISHED["organ_donations"]
    columns = [organs, "--outcome", "Rate", "--unit", "State", "--time", "Quarter"]
    two_way = ask(capsys, *columns, "--treatment", "treated", "--inference", "cr1")["estimates"][0]
    assert two_way["estimate"] == pytest.approx(expected["two_way"], abs=5e-4)
    assert two_way["std_error"] == pytest.approx(expected["std_error"], abs=5e-4)
    # The quarters are text whose alphabetical order is not their order in time.
    imputed = ask(capsys, *columns, "--start", "start")["estimates"][0]["estimate"]
    assert imputed == pytest.approx(two_way["estimate"], rel=1e-9)
    answer = ask(capsys, *columns, "--treatment", "treated", "--aggregate", "event")
    assert [e["event"] for e in answer["estimates"]] == [-3, -2, 0, 1, 2]
    assert estimates(answer, "event") == pytest.approx(expected["event"], abs=5.1e-4)
    groups = ask(capsys, *columns, "--start", "start", "--estimator", "group-time", "--aggregate", "group")
    assert groups["estimates"][0]["group"] == "Q32011"


def test_minimum_wages_conditional_on_population(capsys) -> None:
    tokens = [ORACLES / "mpdta.csv", "--outcome", "lemp", "--unit", "countyreal", "--time", "year", "--start", "first.treat",
              "--estimator", "group-time", "--covariates", "lpop", "--aggregate", "none"]  # fmt: skip
    answer = ask(capsys, *tokens)
    for group, published in PUBLISHED["mpdta_conditional"]["att"].items():
        own = [e["estimate"] for e in answer["estimates"] if e["group"] == int(group)]
        assert own == pytest.approx(published, abs=5.1e-5)


def test_a_covariate_that_says_nothing_new_is_named_and_changes_nothing(capsys, tmp_path: Path) -> None:
    data = pd.read_csv(ORACLES / "mpdta.csv").assign(twice=lambda f: 2 * f["lpop"], one=1.0)
    data.to_csv(tmp_path / "more.csv", index=False)
    tokens = [tmp_path / "more.csv", "--outcome", "lemp", "--unit", "countyreal", "--time", "year", "--start",
              "first.treat", "--estimator", "group-time", "--covariates", "lpop"]  # fmt: skip
    plain, more = ask(capsys, *tokens), ask(capsys, *tokens, "twice", "one")
    assert more["estimates"] == plain["estimates"]
    assert "Collinear in the comparison group and left out: one, twice." in more["notes"]
