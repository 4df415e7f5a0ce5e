"""A :class:`DidResult` as the JSON object and the plain table that ``komglad did`` prints. Nothing is computed."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any

from evaluation.effects.results import DidResult, Estimate

DIGITS = 12
"""Significant digits printed: beyond these, parallel sums may differ from run to run."""


def to_json(result: DidResult) -> str:
    """One JSON object; a number that does not exist is null."""
    design = result.design
    document: dict[str, Any] = {
        "design": {
            "units": design.units,
            "clusters": design.clusters,
            "treated_clusters": design.treated_clusters,
            "periods": design.periods,
            "observations": design.observations,
            "N": design.observations,
            "working": design.working,
            "cluster_columns": dict(design.cluster_columns),
        },
        "estimates": [_estimate(e) for e in result.estimates],
        "pretrend": None,
        "honest": [
            {
                "restriction": h.restriction,
                "bound": _number(h.bound),
                "ci_low": _number(h.ci_low),
                "ci_high": _number(h.ci_high),
            }
            for h in result.honest
        ],
        "missed_trends": [{k: _number(v) for k, v in asdict(m).items()} for m in result.missed_trends],
        "notes": list(result.notes),
        "options": dict(result.options),
        "version": result.version,
    }
    if result.pretrend is not None:
        document["pretrend"] = {
            "statistic": _number(result.pretrend.statistic),
            "df": _number(result.pretrend.df),
            "df_denom": _number(result.pretrend.df_denom),
            "p_value": _number(result.pretrend.p_value),
            "method": result.pretrend.method,
        }
    return json.dumps(document, ensure_ascii=False, allow_nan=False)


def _estimate(item: Estimate) -> dict[str, Any]:
    return {
        "term": item.term.term,
        "group": _number(item.term.group),
        "period": _number(item.term.period),
        "event": _number(item.term.event),
        "estimate": _number(item.estimate),
        "std_error": _number(item.std_error),
        "df": _number(item.df),
        "t": _number(item.t),
        "p_value": _number(item.p_value),
        "ci_low": _number(item.ci_low),
        "ci_high": _number(item.ci_high),
        "inference": item.inference,
        "smallest_p": _number(item.smallest_p),
        "band_low": _number(item.band_low),
        "band_high": _number(item.band_high),
    }


def _number(value: float | str | None) -> float | int | str | None:
    if value is None or isinstance(value, str):
        return value
    if not math.isfinite(value):
        return None
    if float(value).is_integer() and abs(value) < 1e15:
        return int(value)
    return float(f"{value:.{DIGITS}g}")


def to_csv(result: DidResult) -> str:
    """The estimates as a csv table, one row for each."""
    table = result.frame().map(lambda v: _number(v) if isinstance(v, float) else v)
    return table.to_csv(index=False, lineterminator="\n")


def to_text(result: DidResult) -> str:
    """A table for reading on a terminal."""
    d = result.design
    lines = [
        f"{d.units} units, {d.clusters} clusters ({d.treated_clusters} treated), {d.periods} periods, "
        f"{d.observations} observations (N)",
        f"{result.options.get('estimator')}, {result.options.get('inference')}, working model {d.working}",
        "",
        f"{'':<24}{'estimate':>12}{'std.error':>12}{'df':>8}{'t':>9}{'p':>9}   interval",
    ]
    for e in result.estimates:
        lines.append(
            f"{_name(e):<24}{_show(e.estimate, 12)}{_show(e.std_error, 12)}{_show(e.df, 8, 1)}{_show(e.t, 9, 3)}"
            f"{_show(e.p_value, 9, 4)}   [{_show(e.ci_low).strip()}, {_show(e.ci_high).strip()}] {e.inference}"
        )
    if result.pretrend is not None:
        p = result.pretrend
        denominator = "" if p.df_denom is None else f", {p.df_denom:.1f}"
        lines += ["", f"Leads: {p.method} = {p.statistic:.3f} on {p.df:g}{denominator}, p = {p.p_value:.4f}"]
    if result.honest:
        lines += ["", *[
            f"Honest, {h.restriction} {h.bound:g}: [{_show(h.ci_low).strip()}, {_show(h.ci_high).strip()}]"
            for h in result.honest
        ]]  # fmt: skip
    if result.missed_trends:
        lines += ["", *[
            f"Leads find a trend of {_show(m.slope)} a period with power {m.power:g}; it adds {_show(m.bias)} to the "
            f"target, {_show(m.bias_after_passing)} once no lead is significant (Bayes factor {m.bayes_factor:.2f}, "
            f"likelihood ratio {m.likelihood_ratio:.2f})"
            for m in result.missed_trends
        ]]  # fmt: skip
    if result.notes:
        lines += ["", *[f"Note: {note}" for note in result.notes]]
    return "\n".join(lines)


def _name(item: Estimate) -> str:
    parts = [item.term.term]
    for label, value in (("g", item.term.group), ("t", item.term.period), ("e", item.term.event)):
        number = _number(value)
        if number is not None:
            parts.append(f"{label}={number}")
    return " ".join(parts)


def _show(value: float | None, width: int = 0, digits: int = 5) -> str:
    if value is None or not math.isfinite(value):
        return f"{'–':>{width}}"
    return f"{value:>{width}.{digits}f}"
