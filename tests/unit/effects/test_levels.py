"""Fixed effects that are never written out give what written-out columns give, whatever the panel looks like."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evaluation.effects import DidOptions, DidResult, absorb, levels
from evaluation.effects.design import Panel
from evaluation.effects.kept import forget
from evaluation.effects.run import run_did
from evaluation.errors import CannotEstimate, InputError

MODELS = {
    "study": ["cell:cal_month", "school:t"],
    "triple": ["cell:cal_month", "school:t", "cell:year"],
    "two-way": ["cell", "t"],
    "units and regions": ["cell", "school:t", "cal_month"],
}


def panel(seed: int, model: str, *, covariate: bool = False, switch: bool = False) -> Panel:
    """Three schools × five grades × three years of four months, with holes; two waves."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        [(s, g, t) for s in range(3) for g in range(5) for t in range(12)], columns=["school", "grade", "t"]
    )
    frame["cell"] = frame["school"] * 10 + frame["grade"]
    frame["cal_month"], frame["year"] = frame["t"] % 4, frame["t"] // 4
    frame["start"] = frame["grade"].map({1: 6, 3: 9}).fillna(np.inf)
    frame["w"] = rng.integers(1, 60, len(frame)).astype(float)
    frame["x"] = rng.normal(size=len(frame)) + frame["cell"] / 10
    frame["y"] = (
        rng.normal(size=len(frame)) + frame["cell"] + frame["t"] ** 2 / 9 - (frame["t"] >= frame["start"])
    )
    frame["d"] = ((frame["t"] >= frame["start"]) & (frame["t"] != 10)).astype(float)
    frame = frame[rng.random(len(frame)) > 0.1]
    timing = {"treatment": "d"} if switch else {"start": "start"}
    return Panel.from_frame(
        frame, outcome="y", unit="cell", time="t", weights="w", absorb=MODELS[model], cluster=["cell"],
        covariates=["x"] if covariate else [], keep=["grade", "school"],
        working="inverse-weight" if seed % 2 else "identity", **timing,
    )  # fmt: skip


def both(
    monkeypatch: pytest.MonkeyPatch, asked: DidOptions, given_panel: Panel, few: int
) -> tuple[DidResult | str, ...]:
    answers = []
    for limit in (absorb.MAX_WRITTEN_OUT, 0):
        with monkeypatch.context() as patch:
            patch.setattr(absorb, "MAX_WRITTEN_OUT", limit)
            patch.setattr("evaluation.effects.imputation.MAX_WRITTEN_OUT", limit)
            patch.setattr(levels, "FEW_LEVELS", few)
            patch.setattr("evaluation.effects.parts.FEW_LEVELS", few)
            forget()
            try:
                answers.append(run_did(given_panel, asked))
            except CannotEstimate as problem:
                answers.append(problem.message)
    forget()
    return tuple(answers)


def same(one: DidResult | str, other: DidResult | str) -> None:
    if isinstance(one, str) or isinstance(other, str):
        assert one == other
        return
    assert (one.notes, one.design) == (other.notes, other.design)
    for a, b in zip(one.estimates, other.estimates, strict=True):
        for key in ("estimate", "std_error", "df", "p_value", "ci_low", "ci_high"):
            x, y = getattr(a, key), getattr(b, key)
            assert y == (x if x is None else pytest.approx(x, rel=1e-9, abs=1e-11)), key
    if one.pretrend is None:
        assert other.pretrend is None
    else:
        assert other.pretrend is not None
        assert other.pretrend.statistic == pytest.approx(one.pretrend.statistic, rel=1e-8)
        assert other.pretrend.df_denom == pytest.approx(one.pretrend.df_denom, rel=1e-8)


@pytest.mark.parametrize("few", [0, 512])
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    ("estimator", "inference", "aggregate"),
    [
        ("imputation", "cr2", "event"),
        ("imputation", "cr1s", "overall"),
        ("imputation", "wild", "overall"),
        ("imputation", "influence", "group"),
        ("imputation", "permutation", "overall"),
        ("twfe", "cr2", "event"),
        ("twfe", "cr3", "overall"),
        ("twfe", "cr1", "group"),
        ("twfe", "wild", "overall"),
        ("twfe", "permutation", "overall"),
    ],
)
def test_the_same_answers(
    monkeypatch, few: int, model: str, estimator: str, inference: str, aggregate: str
) -> None:
    seed = len(model) + few
    permuted = inference == "permutation"
    asked = DidOptions(estimator=estimator, inference=inference, aggregate=aggregate, draws=499, seed=1, transition=0,
                       assign="grade" if permuted else None)  # fmt: skip
    given_panel = panel(seed, model, covariate=not permuted)
    same(*both(monkeypatch, asked, given_panel, few))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10_000), model=st.sampled_from(sorted(MODELS)), switch=st.booleans())
def test_the_same_answers_on_any_panel(monkeypatch, seed: int, model: str, switch: bool) -> None:
    asked = DidOptions(estimator="imputation" if not switch else "twfe", inference="cr2")
    same(*both(monkeypatch, asked, panel(seed, model, switch=switch), 0 if seed % 3 else 512))


def test_honest_bounds_follow(monkeypatch) -> None:
    for estimator in ("imputation", "twfe"):
        asked = DidOptions(estimator=estimator, honest="smoothness", bounds=(0.0, 0.2), inference="cr2")
        one, other = both(monkeypatch, asked, panel(4, "two-way"), 0)
        assert isinstance(one, DidResult)
        assert isinstance(other, DidResult)
        for a, b in zip(one.honest, other.honest, strict=True):
            assert (b.ci_low, b.ci_high) == pytest.approx((a.ci_low, a.ci_high), rel=1e-7)


def test_levels_that_hang_together_beyond_memory_are_refused(monkeypatch) -> None:
    monkeypatch.setattr(absorb, "MAX_WRITTEN_OUT", 0)
    monkeypatch.setattr(levels, "LARGEST_BLOCK", 5)
    monkeypatch.setattr(levels, "FEW_LEVELS", 0)
    forget()
    with pytest.raises(CannotEstimate, match="12 levels of the fixed effects hang together"):
        run_did(panel(2, "two-way"), DidOptions())


def test_what_is_refused_is_refused_before_the_fit(monkeypatch) -> None:
    def never(*_: object, **__: object) -> None:
        pytest.fail("fitted")

    monkeypatch.setattr("evaluation.effects.wild.MAX_CLUSTERS", 14)
    monkeypatch.setattr("evaluation.effects.imputation.fit_nuisance", never)
    with pytest.raises(InputError, match="with 15 of them"):
        run_did(panel(2, "two-way"), DidOptions(inference="wild"))


@pytest.mark.parametrize("kind", ["cr1", "cr2"])
def test_leads_of_very_many_clusters_are_tested_by_f(monkeypatch, kind: str) -> None:
    plain = run_did(panel(2, "two-way"), DidOptions(inference=kind)).pretrend
    monkeypatch.setattr("evaluation.effects.event_study.MANY_CLUSTERS", 10)
    many = run_did(panel(2, "two-way"), DidOptions(inference=kind)).pretrend
    assert plain is not None
    assert many is not None
    assert (plain.method, many.method) == (f"HTZ ({kind})", "F (cr1)")
    assert many.df == plain.df
    assert 1 < many.df_denom < 15  # no more than the clusters, however they share the contrast
