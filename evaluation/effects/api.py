"""The engine's public surface: a panel in, a :class:`DidResult` out. ``komglad did`` is this function and nothing else.

    from evaluation.effects import did
    result = did(frame, "y", unit="cell", time="month", start="first", aggregate="event")
    result.frame()

Here: from columns and options by name to one run. Not here: reading (``compress``), estimating (``run``), printing
(``did_json``, ``did_figure``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import pandas as pd

from evaluation.effects.compress import PanelSpec, read_panel
from evaluation.effects.design import WEIGHTS_ARE, WORKING
from evaluation.effects.did_options import NAMES, DidOptions, default_working, resolved
from evaluation.effects.results import DidResult
from evaluation.effects.run import run_did
from evaluation.errors import InputError

NONE = "none"
"""The single word that means no fixed effect, or no cluster but the row."""


def did(
    panel: pd.DataFrame | Path | str,
    outcome: str,
    *,
    unit: str | None = None,
    time: str | None = None,
    start: str | None = None,
    treatment: str | None = None,
    absorb: Sequence[str] | str | None = None,
    weights: str | None = None,
    weights_are: str = "analytic",
    covariates: Sequence[str] | str | None = None,
    cluster: Sequence[str] | str | None = None,
    working: str | None = None,
    **options: Any,
) -> DidResult:
    """Difference-in-differences on any panel.

    ``panel`` is a data frame, or the path of a csv, csv.gz or parquet file of any size. Give one of ``start`` (first
    treated period of each unit; missing or infinite, and 0 where 0 is no period, means never) and ``treatment`` (a 0/1
    column; "a:b" is the product of two). ``absorb`` are the fixed effects ("cell:month" crosses two columns; default
    ``unit`` and ``time``), ``cluster`` the clusters (default ``unit``); "none" means none. ``weights_are`` "counts"
    makes the sum of weights N. ``working`` is CR2's working model: "identity" or "inverse-weight" (default for weighted
    imputation). All other keywords are the fields of :class:`DidOptions`, under its names or the command's:
    ``estimator``, ``aggregate``, ``inference``, ``horizon``, ``honest``, ``draws`` (a number or "all") and so on.

    Raises:
        InputError: a column is missing or not what it should be, or options contradict each other or the panel.
        CannotEstimate: the data cannot carry the answer; the message says why.
    """
    if (start is None) == (treatment is None):
        raise InputError(
            "Give exactly one of --start (first treated period of each unit) and --treatment (0/1)."
        )
    if start is not None and (unit is None or time is None):
        raise InputError("With --start the options --unit and --time are needed as well.")
    for name, value, allowed in (
        ("working", working, (None, *WORKING)),
        ("weights-are", weights_are, WEIGHTS_ARE),
    ):
        if value not in allowed:
            raise InputError(
                f'--{name} "{value}" is unknown. Expected: {", ".join(a for a in allowed if a)}.'
            )
    if weights_are == "counts" and weights is None:
        raise InputError("--weights-are counts needs --weights.")
    asked = resolved(_options(options), has_start=start is not None)
    terms = _terms(absorb, (unit, time))
    clusters = _terms(cluster, (unit,))
    if weights_are == "counts":
        working = "inverse-weight"
    spec = PanelSpec(
        outcome=outcome,
        unit=unit,
        time=time,
        start=start,
        treatment=treatment,
        weights=weights,
        weights_are=weights_are,
        absorb=terms,
        covariates=_several(covariates),
        cluster=clusters,
        keep=tuple(t for t in (asked.assign, asked.within) if t is not None),
        working=working or default_working(asked.estimator, weighted=weights is not None),
        by_unit=asked.estimator == "group-time" or treatment is not None,
    )
    cells, units = read_panel(panel if isinstance(panel, pd.DataFrame) else Path(panel), spec)
    result = run_did(cells, asked, units=units)
    columns = {
        "outcome": outcome,
        "unit": unit,
        "time": time,
        "start": start,
        "treatment": treatment,
        "absorb": list(terms) or [NONE],
        "weights": weights,
        "weights_are": weights_are,
        "covariates": list(spec.covariates),
        "cluster": list(clusters) or [NONE],
        "working": spec.working,
    }
    return replace(result, options={**columns, **result.options})


def did_again(options: Mapping[str, Any], panel: pd.DataFrame | Path | str) -> DidResult:
    """The run that a result's ``options`` describe, on ``panel``.

    Raises:
        InputError: they are not the options of a result; else as :func:`did`.
    """
    asked = dict(options)
    if "outcome" not in asked:
        raise InputError(
            'The options name no outcome. Expected the "options" of an answer of komglad did --json.'
        )
    return did(panel, asked.pop("outcome"), **asked)


def _options(given: Mapping[str, Any]) -> DidOptions:
    """Options by their own names or the command's; sequences become tuples, "all" draws 0."""
    own = {command: name for name, command in NAMES.items()}
    known = {f.name for f in fields(DidOptions)}
    values: dict[str, Any] = {}
    for asked, value in given.items():
        name = own.get(asked, asked)
        if name not in known:
            close = get_close_matches(asked, [*known, *own], n=1)
            hint = f" Did you mean {close[0]}?" if close else ""
            raise InputError(f"Option {asked} is unknown.{hint}")
        values[name] = value
    for name in ("horizon", "bounds", "pretrend_power"):
        if values.get(name) is not None:
            several = values[name] if isinstance(values[name], Sequence) else (values[name],)
            values[name] = tuple(float(v) for v in several)
    if values.get("draws") == "all":
        values["draws"] = 0
    return DidOptions(**values)


def _several(columns: Sequence[str] | str | None) -> tuple[str, ...]:
    if columns is None:
        return ()
    return (columns,) if isinstance(columns, str) else tuple(columns)


def _terms(given: Sequence[str] | str | None, default: Sequence[str | None]) -> tuple[str, ...]:
    """Terms as given, or the default's columns that there are; the single word "none" means no term at all."""
    if given is None:
        return tuple(c for c in default if c is not None)
    terms = _several(given)
    return () if terms == (NONE,) else terms
