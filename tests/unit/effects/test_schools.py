"""Random-effects pooling against published meta-analyses, statsmodels, and its own limits."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from statsmodels.stats.meta_analysis import combine_effects

from evaluation.effects.schools import pool_schools
from evaluation.errors import CannotEstimate, InputError

BCG = json.loads((Path(__file__).parents[2] / "data" / "oracles" / "bcg_vaccine.json").read_text())
TRIALS = np.array(BCG["trials"], dtype=float)
# Log risk ratio and its variance: log(a/(a+b)) - log(c/(c+d)), 1/a - 1/(a+b) + 1/c - 1/(c+d).
A, B, C, D = TRIALS.T
YI = np.log(A / (A + B)) - np.log(C / (C + D))
VI = 1 / A - 1 / (A + B) + 1 / C - 1 / (C + D)
NAMES = [str(i) for i in range(len(YI))]
# Rubin (1981): coaching effects in eight schools.
EIGHT = np.array([28.0, 8, -3, 7, -1, 1, 18, 12])
EIGHT_SE = np.array([15.0, 10, 16, 11, 9, 11, 10, 18])


def test_reml_holds_the_published_vaccine_meta_analysis() -> None:
    found = pool_schools(NAMES, YI, VI, knapp_hartung=False)
    for name, value in BCG["reml"].items():
        assert getattr(found, name) == pytest.approx(value, abs=5.1e-5 if name != "q" else 5e-4)


def test_knapp_hartung_and_paule_mandel_hold_the_published_vaccine_meta_analysis() -> None:
    found = pool_schools(NAMES, YI, VI)
    for name, value in BCG["knapp_hartung"].items():
        assert getattr(found, name) == pytest.approx(value, abs=5.1e-5)
    paule_mandel = pool_schools(NAMES, YI, VI, method="paule-mandel")
    assert paule_mandel.tau2 == pytest.approx(BCG["paule_mandel"]["tau2"], abs=5.1e-5)


def test_paule_mandel_and_knapp_hartung_agree_with_statsmodels() -> None:
    reference = combine_effects(YI, VI, method_re="iterated", atol=1e-12, use_t=True)
    found = pool_schools(NAMES, YI, VI, method="paule-mandel")
    assert found.tau2 == pytest.approx(reference.tau2, abs=1e-6)
    assert found.estimate == pytest.approx(reference.mean_effect_re, abs=1e-7)
    assert found.std_error == pytest.approx(reference.sd_eff_w_re_hksj, rel=1e-6)
    assert found.q == pytest.approx(reference.q, rel=1e-9)


def test_eight_schools_share_one_effect_by_reml() -> None:
    # tau² = 0, so the pooled effect is the inverse-variance mean and every school is shrunk onto it.
    found = pool_schools(list("ABCDEFGH"), EIGHT, EIGHT_SE**2, knapp_hartung=False)
    weights = EIGHT_SE**-2.0
    assert found.tau2 == 0.0
    assert found.estimate == pytest.approx(float(weights @ EIGHT / weights.sum()))
    assert found.estimate == pytest.approx(7.69, abs=0.005)  # as printed in Gelman et al., BDA, 5.5
    assert found.std_error == pytest.approx(4.07, abs=0.005)
    assert [s.blup for s in found.schools] == pytest.approx([found.estimate] * 8)
    # Averaged over tau they stay apart, in the order of the raw effects of the precisely measured: Gelman et
    # al. give a posterior mean near 11 for school A and near 6 for school C.
    assert found.schools[0].shrunk == pytest.approx(11, abs=1.5)
    assert found.schools[2].shrunk == pytest.approx(6, abs=1.0)
    assert [s.raw for s in found.schools] == pytest.approx(EIGHT)


def test_shrinkage_of_independent_schools_by_hand() -> None:
    found = pool_schools(NAMES, YI, VI)
    kept = found.tau2 / (found.tau2 + VI)
    assert [s.blup for s in found.schools] == pytest.approx(kept * YI + (1 - kept) * found.estimate)
    # Averaging over tau changes little where thirteen trials speak clearly of it.
    assert [s.shrunk for s in found.schools] == pytest.approx([s.blup for s in found.schools], abs=0.07)
    assert [s.kept for s in found.schools] == pytest.approx(kept, abs=0.06)
    assert all(s.shrunk_std_error < s.raw_std_error for s in found.schools)


def test_full_covariance_maximises_the_restricted_likelihood() -> None:
    rng = np.random.default_rng(1)
    root = rng.standard_normal((6, 9))
    V = root @ root.T / 9 + 0.3
    theta = rng.multivariate_normal(np.full(6, -1.0), V + 2.0 * np.eye(6))

    def restricted(tau2: float) -> float:
        omega = np.linalg.inv(V + tau2 * np.eye(6))
        mu = omega.sum(axis=0) @ theta / omega.sum()
        return 0.5 * (np.linalg.slogdet(omega)[1] - np.log(omega.sum()) - (theta - mu) @ omega @ (theta - mu))

    found = pool_schools(list("ABCDEF"), theta, V)
    assert found.tau2 > 0
    best = restricted(found.tau2)
    assert all(restricted(found.tau2 * f) < best for f in (0.5, 0.9, 0.99, 1.01, 1.1, 2.0))
    assert found.tau2_low <= found.tau2 <= found.tau2_high


@pytest.mark.slow
@pytest.mark.parametrize("spread", [0.0, 1.0])
def test_intervals_of_four_shrunk_schools_cover_what_they_say(spread: float) -> None:
    # With four schools, intervals that take tau² as known cover about 0.75; these carry the doubt about it.
    rng = np.random.default_rng(4)
    V = 0.5 * np.eye(4) + 0.1
    covered, narrower = [], []
    for _ in range(120):
        truth = rng.normal(-1.0, spread, 4)
        found = pool_schools(list("ABCD"), rng.multivariate_normal(truth, V), V)
        covered += [s.shrunk_low <= t <= s.shrunk_high for s, t in zip(found.schools, truth, strict=True)]
        narrower += [s.shrunk_high - s.shrunk_low < s.raw_high - s.raw_low for s in found.schools]
    # 480 intervals, four of a study together: three standard errors of about 0.015.
    assert np.mean(covered) == pytest.approx(0.95, abs=0.045)
    assert np.mean(narrower) > 0.5


def test_scaling_scales_and_schools_keep_their_order() -> None:
    one, ten = pool_schools(NAMES, YI, VI), pool_schools(NAMES, 10 * YI, 100 * VI)
    assert ten.tau2 == pytest.approx(100 * one.tau2, rel=1e-8)
    assert ten.estimate == pytest.approx(10 * one.estimate)
    back = pool_schools(NAMES[::-1], YI[::-1], VI[::-1])
    assert [s.label for s in back.schools] == NAMES[::-1]
    assert back.schools[-1].shrunk == pytest.approx(one.schools[0].shrunk)


def test_refuses_in_words() -> None:
    with pytest.raises(CannotEstimate, match="at least two"):
        pool_schools(["A"], [1.0], [[1.0]])
    with pytest.raises(CannotEstimate, match="singular"):
        pool_schools(["A", "B"], [1.0, 2.0], [[1.0, 1.0], [1.0, 1.0]])
    with pytest.raises(CannotEstimate, match="no estimate or no variance"):
        pool_schools(["A", "B"], [1.0, np.nan], [1.0, 1.0])
    with pytest.raises(InputError, match="do not fit"):
        pool_schools(["A", "B"], [1.0, 2.0], np.eye(3))
    with pytest.raises(InputError, match="not known"):
        pool_schools(["A", "B"], [1.0, 2.0], np.eye(2), method="dl")
