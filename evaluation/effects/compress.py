"""From a file of any size to cells: DuckDB reads, counts what is unusable, and sums; rows stay in DuckDB.

Rows with the same regressors, cluster and weight have the same leverage, so their weighted mean and their number
carry all a linear estimator and its cluster-robust covariance need: the answers are the same. Not here: any
estimation. Opening files and typing columns: ``source``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from evaluation.effects.design import Panel, split_term
from evaluation.effects.source import (
    all_present,
    label,
    number,
    only_numbers,
    open_source,
    quoted,
    unreadable,
)
from evaluation.errors import CannotEstimate, InputError

MAX_CELLS = 6_000_000
"""Most cells that are taken into memory."""
NUMBER = "number "
"""Prefix of a column read as a number, since the same column may also be a label (a year, a covariate)."""


@dataclass(frozen=True)
class PanelSpec:
    """Which columns mean what: the names ``Panel.from_frame`` takes, before any file is opened."""

    outcome: str
    unit: str | None = None
    time: str | None = None
    start: str | None = None
    treatment: str | None = None
    weights: str | None = None
    absorb: tuple[str, ...] | None = None
    covariates: tuple[str, ...] = ()
    cluster: tuple[str, ...] | None = None
    keep: tuple[str, ...] = ()
    working: str = "identity"
    by_unit: bool = False

    @property
    def treatment_columns(self) -> list[str]:
        """The columns that tell treatment."""
        return [self.start] if self.start is not None else split_term(self.treatment or "")


def read_panel(path: Path, spec: PanelSpec) -> tuple[Panel, int]:
    """Read a csv, csv.gz or parquet file into a :class:`Panel` of cells; also the number of units behind it.

    Every row that cannot be used is counted in the panel's notes by reason.

    Raises:
        InputError: the file or a column is missing or unreadable, or a number column holds something else.
        CannotEstimate: no usable row, or more distinct cells than memory holds.
    """
    with duckdb.connect(":memory:") as con:
        con.execute("SET enable_progress_bar = false")
        types = open_source(con, path)
        try:
            return _cells(con, spec, types)
        except duckdb.OutOfMemoryException as error:
            raise CannotEstimate("Cannot estimate: the file's cells do not fit in memory.") from error
        except duckdb.Error as error:
            raise InputError(f'File "{path.name}" {unreadable(error)}.') from error


def _cells(con: duckdb.DuckDBPyConnection, spec: PanelSpec, types: dict[str, str]) -> tuple[Panel, int]:
    terms = spec.absorb if spec.absorb is not None else tuple(c for c in (spec.unit, spec.time) if c)
    clusters = spec.cluster if spec.cluster is not None else ((spec.unit,) if spec.unit else ())
    labels = _unique([c for t in (*terms, *clusters, *spec.keep) for c in split_term(t)])
    named = _unique([*labels, *[c for c in (spec.unit, spec.time, spec.start) if c]])
    regressors = _unique([*spec.covariates, *([] if spec.start else spec.treatment_columns)])
    numeric = _unique([spec.outcome, *([spec.weights] if spec.weights else []), *regressors])
    all_present(_unique([*named, *numeric]), types)
    only_numbers(con, numeric, types)
    labelled = [f"{label(c, types[c])} AS {quoted(c)}" for c in named]
    typed = [f"{number(c, types[c])} AS {quoted(NUMBER + c)}" for c in numeric] + labelled
    # Sums tell of a NaN by being one, so the quick pass need not look at each outcome and weight.
    quick = [f"{number(c, types[c], keep_nan=c not in regressors)} AS {quoted(NUMBER + c)}" for c in numeric]
    keys = [quoted(c) for c in named if c != spec.unit or c in labels or spec.by_unit]
    keys += [quoted(NUMBER + c) for c in regressors]
    y = quoted(NUMBER + spec.outcome)
    w = quoted(NUMBER + spec.weights) if spec.weights else "1.0"
    if spec.weights and spec.working == "identity":
        keys.append(w)
    table = _plain_sums(con, quick + labelled, _unique(keys), y, w) if clusters else None
    if table is None:
        table = _aggregate(con, typed, _unique(keys), y, w, whole=bool(clusters))
    cells, notes = _usable(table, spec, [c for c in named if c != spec.start], regressors)
    units = int(cells["#rows"].sum()) if spec.unit is None else _units(con, spec, typed, cells)
    return _panel(cells, spec, terms, clusters, notes), units


def _plain_sums(
    con: duckdb.DuckDBPyConnection, typed: list[str], keys: list[str], y: str, w: str
) -> pd.DataFrame | None:
    """The cells of a file in which every outcome and weight is usable: the cheapest pass; None for any other file."""
    weighted = w != "1.0"
    term = f"{w} * {y}" if weighted else y
    sums = f'count(*)::DOUBLE AS "#all", count({y})::DOUBLE AS "#rows", sum({term})'
    sums += ' AS "#y"' + (
        f', sum({w}) AS "#w", min({w}) AS "#least", count({w})::DOUBLE AS "#weights"' if weighted else ""
    )
    source = f"FROM (SELECT {', '.join(typed)} FROM source)" + (
        f" GROUP BY {', '.join(keys)}" if keys else ""
    )
    con.execute(f"CREATE OR REPLACE TEMP TABLE cells AS SELECT {', '.join([*keys, sums])} {source}")
    table = _fetch(con)
    if not weighted:
        table["#w"] = table["#rows"]
    whole = bool(
        (table["#rows"] == table["#all"]).all() and np.isfinite(table[["#y", "#w"]].to_numpy()).all()
    )
    if weighted:
        whole &= bool((table["#least"] > 0).all() and (table["#weights"] == table["#all"]).all())
    if not whole:
        return None
    table["#y"] /= table["#w"]
    return table.assign(**dict.fromkeys(("#no_y", "#no_w", "#infinite", "#zero", "#negative"), 0.0))


def _fetch(con: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    size = int(con.execute("SELECT count(*) FROM cells").fetchall()[0][0])
    if size > MAX_CELLS:
        raise CannotEstimate(
            f"Cannot estimate: the model leaves {size} distinct cells, more than memory holds. "
            "Name a cluster, use coarser covariates, or aggregate the panel."
        )
    return con.execute("SELECT * FROM cells").df()


def _aggregate(
    con: duckdb.DuckDBPyConnection, typed: list[str], keys: list[str], y: str, w: str, *, whole: bool
) -> pd.DataFrame:
    """One pass over the file: sums and counts by key, unusable rows counted beside the usable ones.

    With ``whole`` False (no cluster named) every row stays a cell of its own.
    """
    ok = f"({y} IS NOT NULL AND isfinite({y}) AND {w} > 0 AND isfinite({w}))"
    counts = {
        "#rows": ok,
        "#no_y": f"{y} IS NULL",
        "#no_w": f"{w} IS NULL",
        "#infinite": f"NOT isfinite({y})",
        "#zero": f"{w} = 0",
        "#negative": f"{w} < 0 OR NOT isfinite({w})",
    }
    if whole:
        sums = [f"count(*) FILTER ({rule})::DOUBLE AS {quoted(name)}" for name, rule in counts.items()]
        total = f"sum({w}) FILTER ({ok})"
        sums += [
            f'{total} AS "#w"',
            f'sum({w} * {y}) FILTER ({ok}) / {total} AS "#y"',
            'count(*)::DOUBLE AS "#all"',
        ]
        tail = f" GROUP BY {', '.join(keys)}" if keys else ""
    else:
        sums = [f"coalesce({rule}, false)::DOUBLE AS {quoted(name)}" for name, rule in counts.items()]
        sums += [f'{w} AS "#w"', f'{y} AS "#y"', '1.0::DOUBLE AS "#all"']
        tail = ""
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE cells AS SELECT {', '.join([*keys, *sums])} "
        f"FROM (SELECT {', '.join(typed)} FROM source){tail}"
    )
    return _fetch(con)


def _usable(
    table: pd.DataFrame, spec: PanelSpec, labels: list[str], regressors: list[str]
) -> tuple[pd.DataFrame, list[str]]:
    """The cells with usable rows, and notes on what was left out and why."""
    if table["#negative"].sum():
        raise InputError(
            f'Column "{spec.weights}" holds {int(table["#negative"].sum())} negative or infinite weights.'
        )
    columns = {c: c for c in labels if c in table} | {NUMBER + c: c for c in regressors}
    empty = {name: int(table.loc[table[c].isna(), "#all"].sum()) for c, name in columns.items()}
    empty[spec.outcome] = int(table["#no_y"].sum())
    if spec.weights:
        empty[spec.weights] = int(table["#no_w"].sum())
    good = table[list(columns)].notna().all(axis=1) & (table["#rows"] > 0)
    infinite, zero = int(table["#infinite"].sum()), int(table["#zero"].sum())
    lost = int(table["#all"].sum() - table.loc[good, "#rows"].sum())
    notes = []
    if lost:
        reasons = [f'no "{c}" in {k}' for c, k in empty.items() if k]
        reasons += [f'infinite "{spec.outcome}" in {infinite}'] if infinite else []
        reasons += [f"zero weight in {zero}"] if zero else []
        notes.append(f"{lost} of {int(table['#all'].sum())} rows left out: {', '.join(reasons)}.")
    if not good.any():
        raise CannotEstimate(
            f'Cannot estimate: no row has the outcome "{spec.outcome}" and all other columns. {" ".join(notes)}'
        )
    return table[good].reset_index(drop=True), notes


def _panel(
    cells: pd.DataFrame, spec: PanelSpec, terms: Sequence[str], clusters: Sequence[str], notes: list[str]
) -> Panel:
    phi = 1 / cells["#rows"] if spec.working == "identity" else cells["#w"].mean() / cells["#w"]
    panel = Panel.from_frame(
        cells.assign(**{"#phi": phi}),
        outcome="#y",
        unit=spec.unit if spec.unit in cells.columns else None,
        time=spec.time,
        start=spec.start,
        treatment=":".join(NUMBER + c for c in spec.treatment_columns) if spec.start is None else None,
        weights="#w",
        absorb=terms,
        covariates=[NUMBER + c for c in spec.covariates],
        cluster=clusters,
        rows="#rows",
        phi="#phi",
        keep=[c for t in spec.keep for c in split_term(t)],
        notes=notes,
    )
    return replace(panel, covariates=spec.covariates)


def _units(con: duckdb.DuckDBPyConnection, spec: PanelSpec, typed: list[str], cells: pd.DataFrame) -> int:
    """Number of units; where units are not cells' keys, also the check that each has one start."""
    if spec.unit in cells.columns:
        return int(cells[spec.unit].nunique())
    unit = quoted(str(spec.unit))
    start = f"coalesce({quoted(spec.start)}::VARCHAR, '')" if spec.start else "0"
    row = con.execute(
        f"SELECT count(*), count(*) FILTER (low <> high) FROM (SELECT min({start}) AS low, max({start}) AS high "
        f"FROM (SELECT {', '.join(typed)} FROM source) WHERE {unit} IS NOT NULL GROUP BY {unit})"
    ).fetchall()[0]
    if row[1]:
        raise InputError(
            f'Column "{spec.start}" must be constant within a unit: it changes in {row[1]} units. '
            "If treatment can switch off, give a 0/1 treatment column instead."
        )
    return int(row[0])


def _unique(names: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(names))
