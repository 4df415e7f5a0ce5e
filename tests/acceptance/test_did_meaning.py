"""What the columns of a panel mean is never guessed in silence: never, period 0, doses, clusters, counts, roles."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.effects import DidOptions, did, did_again
from evaluation.effects.design import Panel
from evaluation.effects.did_json import to_json
from evaluation.effects.run import run_did
from evaluation.errors import InputError
from pipelines.commands import did as command

DATA = Path(__file__).parents[1] / "data" / "engine"
BASE = {"unit": "id", "time": "t", "start": "g"}


def ask(capsys: pytest.CaptureFixture[str], *tokens: object) -> dict:
    command.run([str(t) for t in tokens] + ["--json"])
    return json.loads(capsys.readouterr().out)


def note(result, words: str) -> str:
    found = [n for n in result.notes if words in n]
    assert len(found) == 1, result.notes
    return found[0]


def base(**columns: object) -> pd.DataFrame:
    return pd.read_csv(DATA / "base.csv").assign(**columns)


# -- never ---------------------------------------------------------------------------------------------------------


def test_period_0_is_a_period() -> None:
    result = did(DATA / "period0_imputation.csv", "y", **BASE)
    assert result.estimates[0].estimate == pytest.approx(1.290, abs=5e-4)
    assert result.design.treated_clusters == 16
    by_column = did(DATA / "period0_D.csv", "y", unit="id", time="t", treatment="D", estimator="imputation")
    assert by_column.estimates[0].estimate == pytest.approx(result.estimates[0].estimate, rel=1e-12)
    assert "period 0" in note(result, "Start 0")


@pytest.mark.parametrize("lost", ["no outcome", "no weight"])
def test_rows_left_out_never_decide_whether_0_is_a_period(lost: str) -> None:
    frame = pd.read_csv(DATA / "period0_imputation.csv").assign(w=1.0)
    at_zero = frame["t"].eq(0)
    if lost == "no outcome":
        frame.loc[at_zero, "y"] = None
    else:
        frame.loc[at_zero, "w"] = 0.0
    for estimator in ("imputation", "twfe", "group-time", "sun-abraham", "etwfe"):
        with pytest.raises(InputError, match="Period 0 is in the file"):
            did(frame, "y", **BASE, weights="w", estimator=estimator)


@settings(max_examples=20, deadline=None)
@given(shift=st.integers(-8, 3), seed=st.integers(0, 99))
def test_moving_the_calendar_moves_no_estimate(shift: int, seed: int) -> None:
    """Whatever number the first period has, 0 among the periods or not, as long as never is written empty."""
    frame = base()
    frame["g"] = frame["g"].where(frame["g"] > 0)
    moved = frame.assign(t=frame["t"] + shift, g=frame["g"] + shift).sample(frac=1, random_state=seed)
    for estimator in ("imputation", "twfe", "group-time"):
        plain, other = (did(f, "y", **BASE, estimator=estimator) for f in (frame, moved))
        assert other.estimates[0].estimate == pytest.approx(plain.estimates[0].estimate, rel=1e-10)
        assert other.design == plain.design


@pytest.mark.parametrize("estimator", ["imputation", "twfe", "group-time"])
@pytest.mark.parametrize("aggregate", ["overall", "event", "group", "calendar", "none"])
@pytest.mark.parametrize("code", [9999, 99, 2147483647, np.inf])
def test_a_late_never_code_means_never_to_every_estimator(
    estimator: str, aggregate: str, code: float
) -> None:
    asked = {**BASE, "estimator": estimator, "aggregate": aggregate}
    never = did(base(), "y", **asked)
    late = did(base(g=lambda f: f["g"].replace(0, code).astype(float)), "y", **asked)
    pd.testing.assert_frame_equal(late.frame(), never.frame())
    assert (late.design, late.pretrend) == (never.design, never.pretrend)
    if np.isfinite(code):
        assert "8 units start after the last period" in note(late, "count as never")


def test_late_codes_are_no_calendars_of_their_own() -> None:
    asked = {"assign": "id", "draws": 200, **BASE}
    plain = did(base(), "y", **asked)
    late = did(
        base(g=lambda f: f["g"].mask(f["id"].isin(f.loc[f["g"] == 0, "id"].unique()[:3]), 9999)), "y", **asked
    )
    assert late.estimates == plain.estimates


def test_what_a_start_may_not_be() -> None:
    with pytest.raises(InputError, match="1 rows do not"):
        did(
            base(g=lambda f: f["g"].astype(float).mask(f.index == 0, -np.inf).astype(object)).astype(
                {"g": str}
            ),
            "y",
            **BASE,
        )
    between = did(base(g=lambda f: f["g"].replace(4, 3.5)), "y", **BASE)
    assert "no period of the panel" in note(between, "starts are")


def test_units_that_enter_treated_are_said() -> None:
    frame = base(g=lambda f: f["g"].replace(0, -99))
    for estimator, words in (
        ("twfe", "8 units are treated in every period"),
        ("imputation", "8 units are treated in every"),
    ):
        assert note(did(frame, "y", **BASE, estimator=estimator), words)


# -- treatment, clusters, weights ----------------------------------------------------------------------------------


def test_a_treatment_that_is_not_0_and_1_is_named_and_counted_from_its_base() -> None:
    asked = {"unit": "id", "time": "t", "treatment": "D"}
    result = did(DATA / "D12_one_treated.csv", "y", **asked)
    assert "1 and 2" in note(result, "not 0/1")
    assert result.design.treated_clusters == 1
    assert note(result, "Only one treated cluster")
    zero_one = did(pd.read_csv(DATA / "D12_one_treated.csv").assign(D=lambda f: f["D"] - 1), "y", **asked)
    assert zero_one.estimates[0].std_error == pytest.approx(result.estimates[0].std_error, rel=1e-9)
    with pytest.raises(InputError, match="this one holds 1 and 2"):
        did(DATA / "D12_one_treated.csv", "y", **asked, estimator="imputation")


def test_several_cluster_columns_cross_and_it_is_said() -> None:
    result = did(DATA / "twoway.csv", "y", **BASE, cluster=["id", "t"])
    assert "24 by id, 8 by t): 192 clusters" in note(result, "crossed")
    assert note(result, "single row")
    assert result.design.cluster_columns == (("id", 24), ("t", 8))


def test_two_way_clusters_are_those_of_statsmodels() -> None:
    import statsmodels.formula.api as smf

    frame = pd.read_csv(DATA / "twoway.csv").assign(
        d=lambda f: ((f["g"] > 0) & (f["t"] >= f["g"])).astype(float)
    )
    for weights in (None, "w"):
        fitted = smf.wls("y ~ d + C(id) + C(t)", frame, weights=frame["w"] if weights else 1.0).fit(
            cov_type="cluster", cov_kwds={"groups": frame[["id", "c"]].to_numpy()}
        )
        # Each part has the factor G/(G − 1) · (N − 1)/(N − k) of its own G there: CR1S.
        ours = did(frame, "y", unit="id", time="t", treatment="d", weights=weights, cluster=["id", "c"], two_way=True,
                   inference="cr1s").estimates[0]  # fmt: skip
        assert ours.estimate == pytest.approx(fitted.params["d"], rel=1e-9)
        assert ours.std_error == pytest.approx(fitted.bse["d"], rel=1e-9)
        assert ours.df == frame["c"].nunique() - 1


def test_two_way_without_a_positive_variance_says_what_stands_in_its_place() -> None:
    result = did(DATA / "twoway.csv", "y", **BASE, cluster=["id", "t"], two_way=True)
    one_way = did(DATA / "twoway.csv", "y", **BASE, cluster="id", inference="cr1")
    assert "largest of the one-way" in note(result, "not positive")
    assert result.estimates[0].std_error == pytest.approx(one_way.estimates[0].std_error, rel=1e-9)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"two_way": True}, "two columns of clusters"),
        ({"two_way": True, "cluster": ["id", "t"], "inference": "cr2"}, "--two-way has no cr2"),
        ({"weights": "y"}, "outcome and as weight"),
        ({"covariates": ["y"]}, "outcome and as covariate"),
        ({"cluster": ["y"]}, "outcome and as fixed effect or cluster"),
        ({"weights": "g"}, "weight and as start"),
        ({"weights": "id"}, "weight and as unit"),
        ({"time": "id"}, "unit and as time"),
        ({"weights": "w", "weights_are": "counts"}, "no whole numbers"),
        ({"weights_are": "counts"}, "needs --weights"),
        ({"weights": "w", "weights_are": "frequency"}, "--weights-are"),
        ({"aggregat": "event"}, "Did you mean aggregate"),
    ],
)
def test_one_column_is_not_two_things_and_options_are_not_guessed(more: dict, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        did(base(), "y", **{**BASE, **more})


@pytest.mark.parametrize("estimator", ["imputation", "twfe"])
@pytest.mark.parametrize("inference", ["cr0", "cr1", "cr1s", "cr2", "cr3", "wild"])
def test_counts_give_the_same_from_rows_and_from_cells(estimator: str, inference: str) -> None:
    asked = {"unit": "cell", "time": "t", "treatment": "post", "weights": "w", "weights_are": "counts",
             "estimator": estimator, "inference": inference}  # fmt: skip
    rows, cells = (did(DATA / name, "y", **asked) for name in ("rows.csv", "cells.csv"))
    whole = pd.read_csv(DATA / "rows.csv")
    single = did(
        whole.loc[whole.index.repeat(whole["w"])],
        "y",
        **{**asked, "weights": None, "weights_are": "analytic"},
    )
    assert (
        rows.design.observations
        == cells.design.observations
        == single.design.observations
        == whole["w"].sum()
    )
    for key in ("estimate", "std_error", "df", "p_value", "ci_low", "ci_high"):
        expected = getattr(rows.estimates[0], key)
        for other in (cells, single):
            assert getattr(other.estimates[0], key) == (expected and pytest.approx(expected, rel=1e-8))


def test_several_rows_of_a_unit_and_period_are_said(tmp_path: Path) -> None:
    frame = base()
    pd.concat([frame, frame.iloc[5:9]]).to_csv(tmp_path / "twice.csv", index=False)
    assert "196 rows lie in 192 pairs" in note(did(tmp_path / "twice.csv", "y", **BASE), "several rows")
    panel = Panel.from_frame(pd.concat([frame, frame.iloc[5:9]]), outcome="y", **BASE)
    assert any("196 rows lie in 192 pairs" in n for n in panel.notes)
    assert not any("several rows" in n for n in did(frame, "y", **BASE).notes)


def test_weights_of_zero_are_counted() -> None:
    assert "zero weight in 8" in note(
        did(base(w=lambda f: f["w"].where(f["id"] > 1, 0)), "y", **BASE, weights="w"), "left out"
    )


# -- one engine, however it is asked -------------------------------------------------------------------------------


@pytest.mark.parametrize("weights", [None, "w"])
@pytest.mark.parametrize("estimator", [None, "twfe", "imputation", "group-time"])
def test_library_and_command_give_the_same(capsys, weights: str | None, estimator: str | None) -> None:
    tokens = [DATA / "base.csv", "--outcome", "y", "--unit", "id", "--time", "t", "--start", "g"]
    tokens += ["--weights", weights] if weights else []
    tokens += ["--estimator", estimator] if estimator else []
    answer = ask(capsys, *tokens)
    frame = pd.read_csv(DATA / "base.csv")
    assert json.loads(to_json(did(frame, "y", **BASE, weights=weights, estimator=estimator))) == answer
    panel = Panel.from_frame(frame, outcome="y", **BASE, weights=weights)
    by_hand = json.loads(to_json(run_did(panel, DidOptions(estimator=estimator))))
    assert (by_hand["estimates"], by_hand["design"]) == (answer["estimates"], answer["design"])


def test_base_panel_has_its_number() -> None:
    assert did(DATA / "base.csv", "y", **BASE, weights="w").estimates[0].estimate == pytest.approx(
        1.28652086525, abs=1e-11
    )


def test_options_with_the_estimator_alone() -> None:
    panel = Panel.from_frame(base(), outcome="y", **BASE)
    assert run_did(panel, DidOptions(estimator="group-time")).estimates[0].inference == "influence"
    assert run_did(panel, DidOptions(assign="id", draws=20)).estimates[0].inference == "permutation"
    assert run_did(panel, DidOptions()).options["estimator"] == "imputation"


@pytest.mark.parametrize(
    "tokens",
    [
        [],
        ["--weights", "w", "--weights-dist", "webb", "--inference", "wild", "--draws", "99", "--seed", "3", "--null", "-.5"],
        ["--estimator", "twfe", "--aggregate", "event", "--horizon", "0", "1", "--cluster", "id", "t", "--two-way"],
        ["--estimator", "group-time", "--aggregate", "event", "--control", "not-yet", "--base", "universal"],
        ["--assign", "id", "--draws", "50", "--covariates", "x", "--absorb", "id", "t"],
        ["--cluster", "none", "--working", "inverse-weight", "--level", ".9", "--average", "equal", "--transition", "1"],
        ["--estimator", "twfe", "--honest", "smoothness", "--mbar", "0", ".1", "--inference", "cr1"],
    ],
)  # fmt: skip
def test_a_result_can_be_made_again_from_itself(capsys, tmp_path: Path, tokens: list[str]) -> None:
    panel = DATA / "base.csv"
    answer = ask(capsys, panel, "--outcome", "y", "--unit", "id", "--time", "t", "--start", "g", *tokens)
    (tmp_path / "answer.json").write_text(json.dumps(answer))
    assert ask(capsys, "--again", tmp_path / "answer.json", panel) == answer
    # And from the words alone: every option is the command's own, with its value.
    words: list[object] = [panel]
    for name, value in answer["options"].items():
        if value is True or (value not in (None, False, [])):
            words += [f"--{name.replace('_', '-')}"]
            words += [] if value is True else value if isinstance(value, list) else [value]
    assert ask(capsys, *words) == answer
    assert json.loads(to_json(did_again(answer["options"], pd.read_csv(panel)))) == answer
    assert answer["version"]


def test_every_option_of_the_command_is_in_the_answer_and_has_its_default_in_the_help(capsys) -> None:
    answer = ask(capsys, DATA / "base.csv", "--outcome", "y", "--unit", "id", "--time", "t", "--start", "g")
    command.run(["--help"])
    text = " ".join(capsys.readouterr().out.split())
    parser = command._parser()
    for action in parser._actions:
        name = action.option_strings[0][2:]
        if name not in ("json", "csv", "figure", "again"):
            assert name.replace("-", "_") in answer["options"], name
            assert (
                "default" in str(action.help) or "must be given" in str(action.help) or name == "treatment"
            ), name
    assert "relative-magnitudes" in text


def test_csv_and_figure(capsys, tmp_path: Path) -> None:
    tokens = [str(DATA / "base.csv"), "--outcome", "y", "--unit", "id", "--time", "t", "--start", "g"]
    command.run(
        [
            *tokens,
            "--aggregate",
            "event",
            "--csv",
            str(tmp_path / "e.csv"),
            "--figure",
            str(tmp_path / "e.svg"),
        ]
    )
    capsys.readouterr()
    table = pd.read_csv(tmp_path / "e.csv")
    result = did(DATA / "base.csv", "y", **BASE, aggregate="event")
    assert table["estimate"].to_list() == pytest.approx(result.frame()["estimate"].to_list(), rel=1e-11)
    assert table["event"].to_list() == [0, 1, 2, 3, 4]
    picture = (tmp_path / "e.svg").read_text()
    assert picture.count("<circle") == 5
    assert f"0: {result.estimates[0].estimate:.4g}" in picture
    command.run([*tokens, "--csv"])
    assert capsys.readouterr().out.splitlines()[0].startswith("term,group,period,event,estimate,std_error")


@pytest.mark.parametrize(
    ("tokens", "reason"),
    [
        (["--figure", "e.svg"], "nothing to draw"),
        (["--figure", "e.png", "--aggregate", "event"], "must end in .svg"),
        (["--csv", "--json"], "both go to stdout"),
        (["--again", "none.json"], "only another panel|cannot be opened"),
    ],
)
def test_answers_that_cannot_be_given(tmp_path: Path, monkeypatch, tokens: list[str], reason: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=reason):
        command.run(
            [str(DATA / "base.csv"), "--outcome", "y", "--unit", "id", "--time", "t", "--start", "g", *tokens]
        )
    assert not list(tmp_path.iterdir())


def test_the_panel_is_never_written_over(tmp_path: Path) -> None:
    panel = tmp_path / "panel.csv"
    base().to_csv(panel, index=False)
    before = panel.read_bytes()
    for tokens in (
        ["--csv", str(panel), "--outcome", "y"],
        [str(panel), "--csv", str(panel), "--outcome", "y"],
    ):
        with pytest.raises(InputError):
            command.run([*tokens, "--unit", "id", "--time", "t", "--start", "g"])
        assert panel.read_bytes() == before


def test_a_frame_of_any_types_is_read_as_its_file(tmp_path: Path) -> None:
    months = pd.period_range("2025-01", periods=8, freq="M")
    first = {0: None, **{i + 1: str(month) for i, month in enumerate(months)}}
    frame = base(month=lambda f: months[f["t"] - 1], first=lambda f: f["g"].map(first),
                 name=lambda f: pd.Categorical("unit " + f["id"].astype(str)))  # fmt: skip
    frame.to_csv(tmp_path / "m.csv", index=False)
    asked = {"unit": "name", "time": "month", "start": "first", "aggregate": "group"}
    from_frame, from_file = did(frame, "y", **asked), did(tmp_path / "m.csv", "y", **asked)
    assert from_frame.estimates == from_file.estimates
    indexed = did(frame.set_index(["name", "month"]), "y", **asked)
    assert indexed.estimates == from_file.estimates
