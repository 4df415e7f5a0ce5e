"""From files to cells: rows against cells, weights as replication, and what is said about unusable rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evaluation.effects.compress import PanelSpec, read_panel
from evaluation.effects.design import Panel
from evaluation.effects.did_options import DidOptions
from evaluation.effects.results import Estimate
from evaluation.effects.run import run_did
from evaluation.errors import CannotEstimate, InputError

CELL = PanelSpec("y", "u", "t", "g", cluster=("u",))


def pupil_rows(seed: int) -> pd.DataFrame:
    """Several rows in each cell of a small staggered panel, of unequal number."""
    rng = np.random.default_rng(seed)
    cells = pd.DataFrame([(u, t) for u in range(10) for t in range(1, 7)], columns=["u", "t"])
    cells["g"] = np.select([cells["u"] < 2, cells["u"] < 5], [3, 5], 0)
    rows = cells.loc[cells.index.repeat(rng.integers(1, 6, len(cells)))].reset_index(drop=True)
    return rows.assign(y=rng.normal(size=len(rows)) + rows["u"], w=rng.integers(1, 4, len(rows)))


def estimate(panel: Panel, estimator: str, inference: str) -> Estimate:
    options = DidOptions(estimator=estimator, inference=inference, draws=499, seed=1)
    return run_did(panel, options).estimates[0]


def from_rows(frame: pd.DataFrame, **options: object) -> Panel:
    return Panel.from_frame(frame, outcome="y", unit="u", time="t", start="g", cluster=["u"], **options)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 10_000))
@pytest.mark.parametrize("estimator", ["imputation", "twfe"])
def test_cells_summed_by_duckdb_equal_the_rows(tmp_path: Path, estimator: str, seed: int) -> None:
    rows = pupil_rows(seed)
    rows.to_parquet(tmp_path / "rows.parquet")
    cells, units = read_panel(tmp_path / "rows.parquet", CELL)
    assert (cells.n, cells.N, units) == (60, len(rows), 10)
    for inference in ("cr0", "cr1s", "cr2", "cr3", "wild"):
        small, large = (estimate(p, estimator, inference) for p in (cells, from_rows(rows)))
        assert small.estimate == pytest.approx(large.estimate, abs=1e-10)
        assert small.std_error == pytest.approx(large.std_error, rel=1e-10)
        assert small.p_value == pytest.approx(large.p_value, rel=1e-9)


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 10_000))
@pytest.mark.parametrize("estimator", ["imputation", "twfe"])
def test_whole_weights_are_replication(estimator: str, seed: int) -> None:
    rows = pupil_rows(seed)
    copies = rows.loc[rows.index.repeat(rows["w"])]
    weighted = from_rows(rows.assign(n=rows["w"]), weights="w", rows="n", working="inverse-weight")
    for inference in ("cr1s", "cr2"):
        once, repeated = (estimate(p, estimator, inference) for p in (weighted, from_rows(copies)))
        assert once.estimate == pytest.approx(repeated.estimate, abs=1e-10)
        assert once.std_error == pytest.approx(repeated.std_error, rel=1e-9)
        assert once.df == pytest.approx(repeated.df, rel=1e-8)


@settings(max_examples=6, deadline=None)
@given(
    st.integers(0, 10_000),
    st.sampled_from([1e-3, 0.01, 100.0]),
    st.sampled_from(["imputation", "twfe", "group-time"]),
)
def test_scale_and_names_do_not_matter(seed: int, scale: float, estimator: str) -> None:
    rows = pupil_rows(seed).drop_duplicates(["u", "t"])
    other = rows.sample(frac=1, random_state=seed).assign(
        y=lambda f: f["y"] * scale + 3, u=lambda f: "unit " + (9 - f["u"]).astype(str)
    )
    inference = "influence" if estimator == "group-time" else "cr2"
    first, second = (estimate(from_rows(f), estimator, inference) for f in (rows, other))
    assert second.estimate == pytest.approx(scale * first.estimate, rel=1e-7, abs=1e-9 * scale)
    assert second.std_error == pytest.approx(scale * first.std_error, rel=1e-7)


def test_units_below_the_cells_are_counted_but_not_kept(tmp_path: Path) -> None:
    rows = pupil_rows(1).assign(pupil=lambda f: f.index % 40 + f["u"] * 1000)
    rows.to_parquet(tmp_path / "rows.parquet")
    spec = PanelSpec("y", "pupil", "t", "g", absorb=("u", "t"), cluster=("u",))
    panel, units = read_panel(tmp_path / "rows.parquet", spec)
    assert panel.n == 60
    assert units == rows["pupil"].nunique()


def test_a_unit_with_two_starts_is_refused_even_when_units_are_not_kept(tmp_path: Path) -> None:
    rows = pupil_rows(1).assign(pupil=lambda f: f.index % 7)
    rows.to_parquet(tmp_path / "rows.parquet")
    with pytest.raises(InputError, match="constant within a unit"):
        read_panel(
            tmp_path / "rows.parquet", PanelSpec("y", "pupil", "t", "g", absorb=("u", "t"), cluster=("u",))
        )


def test_slow_and_quick_pass_agree_where_both_apply(tmp_path: Path) -> None:
    rows = pupil_rows(2)
    spoiled = pd.concat(
        [rows, rows.iloc[:1].assign(y=np.nan), rows.iloc[:1].assign(w=0), rows.iloc[:1].assign(y=np.inf)]
    )
    rows.to_parquet(tmp_path / "clean.parquet")
    spoiled.to_parquet(tmp_path / "spoiled.parquet")
    spec = PanelSpec("y", "u", "t", "g", weights="w", cluster=("u",), working="inverse-weight")
    clean, _ = read_panel(tmp_path / "clean.parquet", spec)
    other, _ = read_panel(tmp_path / "spoiled.parquet", spec)
    assert other.y == pytest.approx(clean.y)
    assert other.w == pytest.approx(clean.w)
    assert other.notes[0] == (
        f'3 of {len(rows) + 3} rows left out: no "y" in 1, infinite "y" in 1, zero weight in 1.'
    )
    assert other.notes[1:] == clean.notes


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.csv", "", "is empty"),
        ("a.csv", "u;t|g\n1;2|3\n", "not found|1 column found"),
        ("a.csv", "u,t,g,y\n", "has a header but no rows"),
        ("a.parquet", "not parquet", "cannot be read as parquet"),
        ("a.csv", "u,t,g,y\na,1,0,1\na,2,0,syv\n", "must hold numbers"),
    ],
)
def test_refuses_in_words(tmp_path: Path, name: str, content: str, reason: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises((InputError, CannotEstimate), match=reason) as caught:
        read_panel(tmp_path / name, CELL)
    assert "syv" not in str(caught.value)
