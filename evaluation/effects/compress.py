"""From a file or a data frame of any size to cells: DuckDB reads, counts what is unusable, and sums; rows stay in DuckDB.

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

from evaluation.effects.coding import refuse_two_roles, split_term
from evaluation.effects.design import Panel, several_rows
from evaluation.effects.source import (
    Source,
    all_present,
    label,
    number,
    only_numbers,
    open_frame,
    open_source,
    quoted,
    start_extremes,
    start_label,
    unreadable,
    without_no_start,
)
from evaluation.errors import CannotEstimate, InputError

MAX_CELLS = 6_000_000
"""Most cells that are taken into memory."""
PERFECT_HASH_BITS = 20
"""Whole-number keys of up to so many bits together are grouped by a table without collisions (DuckDB's own: 12)."""
NUMBER = "number "
"""Prefix of a column read as a number, since the same column may also be a label (a year, a covariate)."""
START = "#start"
"""The start column as it is grouped, since the same column may also be a label."""

LAST_START = "#last start"
"""The largest start of a cell, which differs from the smallest where a unit has two."""


@dataclass(frozen=True)
class PanelSpec:
    """Which columns mean what: the names ``Panel.from_frame`` takes, before any file is opened.

    ``absorb`` and ``cluster`` None mean the default (unit and time; unit). ``keep`` names further label columns.
    """

    outcome: str
    unit: str | None = None
    time: str | None = None
    start: str | None = None
    treatment: str | None = None
    weights: str | None = None
    weights_are: str = "analytic"
    absorb: tuple[str, ...] | None = None
    covariates: tuple[str, ...] = ()
    cluster: tuple[str, ...] | None = None
    keep: tuple[str, ...] = ()
    working: str = "identity"
    by_unit: bool = False

    @property
    def weights_are_variances(self) -> bool:
        """Whether weights tell the variance of a row, so that rows of unlike weight may share a cell."""
        return self.working == "inverse-weight" or self.weights_are == "counts"


def read_panel(source: Path | pd.DataFrame, spec: PanelSpec) -> tuple[Panel, int]:
    """Read a csv, csv.gz or parquet file, or a data frame, into a :class:`Panel` of cells; also its number of units.

    Every row that cannot be used is counted in the panel's notes by reason.

    Raises:
        InputError: the file or a column is missing or unreadable, a number column holds something else, or a column
            is to be two things at once.
        CannotEstimate: no usable row, or more distinct cells than memory holds.
    """
    name = f'File "{source.name}"' if isinstance(source, Path) else "The data frame"
    with duckdb.connect(":memory:") as con:
        con.execute(f"SET enable_progress_bar = false; SET perfect_ht_threshold = {PERFECT_HASH_BITS}")
        problem: duckdb.Error | None = None
        opened = open_source(con, source) if isinstance(source, Path) else iter((open_frame(con, source),))
        for readable in opened:
            try:
                return _cells(con, spec, readable)
            except duckdb.OutOfMemoryException as error:
                raise CannotEstimate("Cannot estimate: the panel's cells do not fit in memory.") from error
            except duckdb.Error as error:
                problem = error
        assert problem is not None
        raise InputError(f"{name} {unreadable(problem)}.") from problem


def _cells(con: duckdb.DuckDBPyConnection, spec: PanelSpec, source: Source) -> tuple[Panel, int]:
    types = source.types
    terms = spec.absorb if spec.absorb is not None else tuple(c for c in (spec.unit, spec.time) if c)
    clusters = spec.cluster if spec.cluster is not None else ((spec.unit,) if spec.unit else ())
    labels = _unique([c for t in (*terms, *clusters, *spec.keep) for c in split_term(t, types)])
    named = _unique([*labels, *[c for c in (spec.unit, spec.time) if c]])
    treated = [] if spec.start else split_term(spec.treatment or "", types)
    regressors = _unique([*spec.covariates, *treated])
    numeric = _unique([spec.outcome, *([spec.weights] if spec.weights else []), *regressors])
    all_present(_unique([*named, *([spec.start] if spec.start else []), *numeric]), source)
    refuse_two_roles(
        spec.outcome,
        weights=spec.weights,
        unit=spec.unit,
        time=spec.time,
        others={
            "start": [spec.start] if spec.start else [],
            "treatment": treated,
            "covariate": spec.covariates,
            "fixed effect or cluster": labels,
        },
    )
    only_numbers(con, numeric, types)
    labelled = [f"{label(c, types[c])} AS {quoted(c)}" for c in named]
    if spec.start:
        labelled.append(f"{start_label(spec.start, types[spec.start])} AS {quoted(START)}")
    typed = [f"{number(c, types[c])} AS {quoted(NUMBER + c)}" for c in numeric] + labelled
    # Sums tell of a NaN by being one, so the quick pass need not look at each outcome and weight.
    quick = [f"{number(c, types[c], keep_nan=c not in regressors)} AS {quoted(NUMBER + c)}" for c in numeric]
    keys = [quoted(c) for c in named if c != spec.unit or c in labels or spec.by_unit]
    extra = []
    if spec.start and spec.unit and quoted(spec.unit) in keys:
        # A unit has one start: its extremes are cheaper than one more key, and tell when it has two.
        extra = start_extremes(START, LAST_START, types[spec.start])
    elif spec.start:
        keys.append(quoted(START))
    keys += [quoted(NUMBER + c) for c in regressors]
    if spec.weights and not spec.weights_are_variances:
        keys.append(quoted(NUMBER + spec.weights))
    query = _Query(spec, source, _unique(keys), extra)
    table = None
    if clusters and not source.is_text:
        table = _plain_sums(con, query, quick + labelled)
    if table is None:
        table = _aggregate(con, query, typed, whole=bool(clusters))
    for column in {START, LAST_START} & set(table.columns):
        table[column] = without_no_start(table[column])
    cells, notes = _usable(table, spec, named, regressors)
    units = int(cells["#rows"].sum()) if spec.unit is None else _units(con, spec, typed, cells)
    return _panel(cells, spec, terms, clusters, treated, [*source.notes, *notes]), units


@dataclass(frozen=True)
class _Query:
    """What the grouping asks for: its keys and further aggregates, as SQL."""

    spec: PanelSpec
    source: Source
    keys: list[str]
    extra: list[str]

    @property
    def y(self) -> str:
        return quoted(NUMBER + self.spec.outcome)

    @property
    def w(self) -> str:
        return quoted(NUMBER + self.spec.weights) if self.spec.weights else "1.0"

    @property
    def fractions(self) -> str:
        return f"(count(*) FILTER ({self.w} <> floor({self.w})))::DOUBLE"

    def sql(self, typed: list[str], sums: list[str], *, grouped: bool = True) -> str:
        tail = f" GROUP BY {', '.join(self.keys)}" if grouped and self.keys else ""
        return f"SELECT {', '.join([*self.keys, *sums])} FROM (SELECT {', '.join(typed)} FROM source){tail}"


def _plain_sums(con: duckdb.DuckDBPyConnection, query: _Query, typed: list[str]) -> pd.DataFrame | None:
    """The cells of a file in which every outcome and weight is usable: the cheapest pass; None for any other file.

    What the file's own statistics already say is not counted again: every aggregate costs as much as half a scan.
    """
    outcome, weights, source = query.spec.outcome, query.spec.weights, query.source
    sums = ['count(*)::DOUBLE AS "#all"', *query.extra]
    sums.append(f'sum({query.w} * {query.y}) AS "#y"' if weights else f'sum({query.y}) AS "#y"')
    if outcome not in source.complete:
        sums.append(f'count({query.y})::DOUBLE AS "#rows"')
    if weights:
        sums.append(f'sum({query.w}) AS "#w"')
        if not {weights} <= source.complete & source.positive:
            sums += [f'min({query.w}) AS "#least"', f'count({query.w})::DOUBLE AS "#weights"']
        if query.spec.weights_are == "counts":
            sums.append(f'{query.fractions} AS "#fractions"')
    table = _fetch(con, query.sql(typed, sums))
    every = table["#all"]
    table["#rows"] = table.get("#rows", every)
    table["#w"] = table.get("#w", every)
    whole = bool((table["#rows"] == every).all() and np.isfinite(table[["#y", "#w"]].to_numpy()).all())
    if "#least" in table:
        whole &= bool((table["#least"] > 0).all() and (table["#weights"] == every).all())
    if not whole:
        return None
    table["#y"] /= table["#w"]
    return table.assign(**dict.fromkeys(("#no_y", "#no_w", "#infinite", "#zero", "#negative"), 0.0))


def _fetch(con: duckdb.DuckDBPyConnection, query: str) -> pd.DataFrame:
    con.execute(f"CREATE OR REPLACE TEMP TABLE cells AS {query}")
    size = int(con.execute("SELECT count(*) FROM cells").fetchall()[0][0])
    if size > MAX_CELLS:
        raise CannotEstimate(
            f"Cannot estimate: the model leaves {size} distinct cells, more than memory holds. "
            "Name a cluster, use coarser covariates, or aggregate the panel."
        )
    return con.execute("SELECT * FROM cells").df()


def _aggregate(
    con: duckdb.DuckDBPyConnection, query: _Query, typed: list[str], *, whole: bool
) -> pd.DataFrame:
    """One pass over the file: sums and counts by key, unusable rows counted beside the usable ones.

    With ``whole`` False (no cluster named) every row stays a cell of its own.
    """
    y, w = query.y, query.w
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
        sums += [f'{query.fractions} AS "#fractions"'] if query.spec.weights_are == "counts" else []
        total = f"sum({w}) FILTER ({ok})"
        sums += [
            f'{total} AS "#w"',
            f'sum({w} * {y}) FILTER ({ok}) / {total} AS "#y"',
            'count(*)::DOUBLE AS "#all"',
            *query.extra,
        ]
    else:
        sums = [f"coalesce({rule}, false)::DOUBLE AS {quoted(name)}" for name, rule in counts.items()]
        sums += [f'{w} AS "#w"', f'{y} AS "#y"', '1.0::DOUBLE AS "#all"']
        sums += [f'({w} <> floor({w}))::DOUBLE AS "#fractions"'] if query.spec.weights_are == "counts" else []
        sums += [quoted(START)] if query.extra else []
    return _fetch(con, query.sql(typed, sums, grouped=whole))


def _usable(
    table: pd.DataFrame, spec: PanelSpec, labels: list[str], regressors: list[str]
) -> tuple[pd.DataFrame, list[str]]:
    """The cells with usable rows, and notes on what was left out and why."""
    if LAST_START in table and (table[LAST_START] != table[START]).any():
        several = table.loc[table[LAST_START] != table[START], spec.unit].nunique()
        raise InputError(_two_starts(str(spec.start), several))
    if not len(table) or not table["#all"].sum():
        raise CannotEstimate("Cannot estimate: the file has a header but no rows.")
    if table["#negative"].sum():
        raise InputError(
            f'Column "{spec.weights}" holds {int(table["#negative"].sum())} negative or infinite weights.'
        )
    if "#fractions" in table and table["#fractions"].sum():
        raise InputError(
            f'Column "{spec.weights}" holds {int(table["#fractions"].sum())} weights that are no whole numbers, so they '
            "are no counts. Leave --weights-are out, or count in a finer unit."
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
    _refuse_lost_zero(table, good, spec)
    return table[good].reset_index(drop=True), notes


def _refuse_lost_zero(table: pd.DataFrame, good: pd.Series, spec: PanelSpec) -> None:
    """Whether start 0 is a period or "never" depends on whether 0 is one: rows left out must not decide that."""
    start = START if START in table else spec.start
    if start is None or start not in table or spec.time not in table:
        return
    is_zero = pd.to_numeric(table[spec.time], errors="coerce").eq(0)
    if (
        is_zero.any()
        and not (is_zero & good).any()
        and pd.to_numeric(table[start], errors="coerce").eq(0).any()
    ):
        raise InputError(
            "Period 0 is in the file, but none of its rows can be used, so that start 0 could be read as never. "
            "Write the start of units that are never treated empty or inf, and give period 0 an outcome or leave it out."
        )


def _panel(
    cells: pd.DataFrame,
    spec: PanelSpec,
    terms: Sequence[str],
    clusters: Sequence[str],
    treated: list[str],
    notes: list[str],
) -> Panel:
    phi = cells["#w"].mean() / cells["#w"] if spec.weights_are_variances else 1 / cells["#rows"]
    cells = cells.assign(**{"#phi": phi})
    start = START if spec.start in cells.columns else spec.start  # messages name the column as the file does
    if start is not None:
        cells = cells.rename(columns={START: start})
    treatment = None
    if spec.start is None:
        treatment = NUMBER + ":".join(treated)
        cells[treatment] = cells[[NUMBER + c for c in treated]].prod(axis=1)
    panel = Panel.from_frame(
        cells,
        outcome="#y",
        unit=spec.unit if spec.unit in cells.columns else None,
        time=spec.time,
        start=start,
        treatment=treatment,
        weights="#w",
        absorb=terms,
        covariates=[NUMBER + c for c in spec.covariates],
        cluster=clusters,
        rows="#w" if spec.weights_are == "counts" else "#rows",
        phi="#phi",
        working="inverse-weight" if spec.weights_are_variances else "identity",
        keep=_unique([c for t in spec.keep for c in split_term(t, cells.columns)]),
        notes=notes,
    )
    said = several_rows(panel, int(cells["#rows"].sum())) if spec.time and spec.unit in cells.columns else []
    return replace(panel, covariates=spec.covariates, notes=(*panel.notes, *said))


def _units(con: duckdb.DuckDBPyConnection, spec: PanelSpec, typed: list[str], cells: pd.DataFrame) -> int:
    """Number of units; where units are not cells' keys, also the check that each has one start."""
    if spec.unit in cells.columns:
        return int(cells[spec.unit].nunique())
    unit = quoted(str(spec.unit))
    start = quoted(START) if spec.start else "0"
    row = con.execute(
        "SELECT count(*), count(*) FILTER (low <> high OR missing NOT IN (0, everyone)) FROM "
        f"(SELECT min({start}) AS low, max({start}) AS high, count(*) AS everyone, count(*) - count({start}) AS missing "
        f"FROM (SELECT {', '.join(typed)} FROM source) WHERE {unit} IS NOT NULL GROUP BY {unit})"
    ).fetchall()[0]
    if row[1]:
        raise InputError(_two_starts(str(spec.start), row[1]))
    return int(row[0])


def _two_starts(column: str, units: int) -> str:
    return (
        f'Column "{column}" must be constant within a unit: it changes in {units} units. '
        "If treatment can switch off, give a 0/1 treatment column instead."
    )


def _unique(names: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(names))
