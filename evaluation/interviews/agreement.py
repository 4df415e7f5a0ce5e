"""How well coders agree: nominal Krippendorff's alpha per code and family, with what to talk about.

Source: Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability"; Hayes & Krippendorff 2007 for the bootstrap
(units are drawn with replacement). A unit is a segment of a document that at least two coders have coded; the
value is whether a coder set the code on it. Absence counts as a value: a coder who worked through the document
and did not set the code said no.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from evaluation.codebooks import Codebook

AGREEMENT_COLUMNS = (
    "level",
    "code",
    "name",
    "alpha",
    "ci_low",
    "ci_high",
    "raw_agreement",
    "units",
    "coders",
    "times_set",
    "units_set",
    "differ",
    "verdict",
)
"""One row per code (``level`` = ``kode``), folder (``mappe``) and all codes together (``alle``, also when nothing is
coded by two). ``differ`` counts the units on which coders differ."""

DISCUSSION_COLUMNS = ("document_id", "segment_id", "code", "coders_yes", "coders_no")
VERDICTS = ("fast", "foreløbig", "under grænsen", "kan ikke opgøres")


@dataclass(frozen=True)
class Agreement:
    """``table``: :data:`AGREEMENT_COLUMNS`; ``discussion``: one row per unit and code the coders differ on.

    ``double_coded_share`` is a proportion of the documents; ``is_rule_met`` holds it against the codebook's rule.
    """

    table: pd.DataFrame
    discussion: pd.DataFrame
    documents: int
    double_coded: int
    double_coded_share: float
    is_rule_met: bool
    rule: str


def nominal_alpha(values: npt.ArrayLike) -> float:
    """Krippendorff's alpha for nominal data. ``values``: coders × units, ``nan`` where a coder gave none.

    alpha = 1 − (n − 1) · Σ_u [Σ_{c≠k} n_uc·n_uk / (m_u − 1)] / Σ_{c≠k} n_c·n_k, over units with m_u ≥ 2 values.
    ``nan`` when no unit has two values or all values are the same, where alpha is not defined.
    """
    data = np.asarray(values, dtype=float)
    levels = np.unique(data[~np.isnan(data)])
    counts = (
        np.stack([(data == level).sum(axis=0) for level in levels], axis=1)
        if levels.size
        else np.zeros((0, 0))
    )
    return _alpha(counts.astype(float))


def agreement(
    segments: pd.DataFrame,
    codebook: Codebook,
    *,
    documents: pd.DataFrame | None = None,
    min_overlap: float = 0.5,
    draws: int = 2000,
    level: float = 0.95,
    seed: int = 1,
) -> Agreement:
    """Agreement over all documents with at least two coders.

    ``segments``: the canonical table, several coders' rows together; without ``start`` and ``end`` only segments
    with the same id are one unit. ``documents`` (from the readers) adds coders
    who found nothing in a document. Segments of different coders are one unit when they share
    ``min_overlap`` of their joint length; 1 asks for the same limits. Raw agreement is the share of coder pairs
    that gave the same value, averaged over units.
    """
    rng = np.random.default_rng(seed)
    coded = segments.dropna(subset=["coder"])
    coders = _coders(coded, documents)
    every = set(segments["document_id"]) | (set(documents["document_id"]) if documents is not None else set())
    double = sorted(document for document, names in coders.items() if len(names) > 1)
    units = _units(coded[coded["document_id"].isin(double)], min_overlap)
    names = sorted({name for document in double for name in coders[document]})
    here, yes = _matrix(units, coders, names)
    codes = [code.id for code in codebook.codes if code.id in yes]
    folders: dict[str, list[str]] = {}
    for code in codes:
        folders.setdefault(codebook.folder_of(code), []).append(code)
    rows = [_row("kode", code, codebook, here, yes, [code], rng, draws, level) for code in codes]
    rows += [
        _row("mappe", folder, codebook, here, yes, members, rng, draws, level)
        for folder, members in folders.items()
    ]
    rows.append(_row("alle", "", codebook, here, yes, codes, rng, draws, level))
    share = len(double) / len(every) if every else 0.0
    rule = codebook.agreement
    needed = max(rule.double_coded_minimum, int(np.ceil(rule.double_coded_share * len(every) - 1e-9)))
    return Agreement(
        table=pd.DataFrame(rows, columns=list(AGREEMENT_COLUMNS)),
        discussion=_discussion(units, here, yes, codes, names),
        documents=len(every),
        double_coded=len(double),
        double_coded_share=share,
        is_rule_met=len(double) >= needed and bool(every),
        rule=f"mindst {100 * rule.double_coded_share:.0f} % af dokumenterne, dog mindst {rule.double_coded_minimum}",
    )


def _alpha(counts: npt.NDArray[np.float64]) -> float:
    """Alpha from units × levels counts."""
    m = counts.sum(axis=1) if counts.size else np.zeros(0)
    counts = counts[m >= 2]
    m = m[m >= 2]
    if not m.size:
        return float("nan")
    n_c = counts.sum(axis=0)
    n = float(n_c.sum())
    expected = n * n - float((n_c**2).sum())
    if expected == 0:
        return float("nan")
    observed = float(((m**2 - (counts**2).sum(axis=1)) / (m - 1)).sum())
    return 1.0 - (n - 1.0) * observed / expected


def _bootstrap(
    counts: npt.NDArray[np.float64], rng: np.random.Generator, draws: int, level: float
) -> tuple[float, float]:
    """Percentile interval from units drawn with replacement; draws in which alpha is not defined are left out."""
    patterns, times = np.unique(counts[counts.sum(axis=1) >= 2], axis=0, return_counts=True)
    total = int(times.sum()) if times.size else 0
    if total < 2 or draws < 1:
        return float("nan"), float("nan")
    drawn = rng.multinomial(total, times / total, size=draws).astype(float)
    m = patterns.sum(axis=1)
    observed = drawn @ ((m**2 - (patterns**2).sum(axis=1)) / (m - 1))
    n_c = drawn @ patterns
    n = n_c.sum(axis=1)
    expected = n**2 - (n_c**2).sum(axis=1)
    defined = expected > 0
    if not defined.any():
        return float("nan"), float("nan")
    alphas = 1.0 - (n[defined] - 1.0) * observed[defined] / expected[defined]
    low, high = np.quantile(alphas, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _row(
    kind: str,
    code: str,
    codebook: Codebook,
    here: npt.NDArray[np.bool_],
    yes: dict[str, npt.NDArray[np.bool_]],
    members: list[str],
    rng: np.random.Generator,
    draws: int,
    level: float,
) -> dict[str, Any]:
    """Pooling a family stacks its codes' units: each segment × code is one unit."""
    stacked = [np.stack([(here & ~yes[c]).sum(axis=1), (here & yes[c]).sum(axis=1)], axis=1) for c in members]
    counts = np.concatenate([np.zeros((0, 2)), *stacked]).astype(float)
    m = counts.sum(axis=1)
    used = counts[m >= 2]
    pairs = (used * (used - 1)).sum(axis=1) / (used.sum(axis=1) * (used.sum(axis=1) - 1)) if used.size else []
    alpha = _alpha(counts)
    low, high = _bootstrap(counts, rng, draws, level)
    return {
        "level": kind,
        "code": code,
        "name": codebook.by_id[code].name if code else "Alle koder",
        "alpha": alpha,
        "ci_low": low,
        "ci_high": high,
        "raw_agreement": float(np.mean(pairs)) if len(pairs) else float("nan"),
        "units": len(used),
        "coders": int(here.any(axis=0).sum()) if here.size else 0,
        "times_set": int(used[:, 1].sum()) if used.size else 0,
        "units_set": int((used[:, 1] > 0).sum()) if used.size else 0,
        "differ": int((used > 0).all(axis=1).sum()) if used.size else 0,
        "verdict": _verdict(alpha, codebook),
    }


def _verdict(alpha: float, codebook: Codebook) -> str:
    if np.isnan(alpha):
        return "kan ikke opgøres"
    if alpha >= codebook.agreement.firm:
        return "fast"
    return "foreløbig" if alpha >= codebook.agreement.tentative else "under grænsen"


def _coders(coded: pd.DataFrame, documents: pd.DataFrame | None) -> dict[str, set[str]]:
    coders: dict[str, set[str]] = {}
    for document, coder in zip(coded["document_id"], coded["coder"], strict=True):
        coders.setdefault(str(document), set()).add(str(coder))
    if documents is not None:
        for document, names in zip(documents["document_id"], documents["coders"], strict=True):
            coders.setdefault(str(document), set()).update(
                n for n in str(names).split("|") if n and n != "nan"
            )
    return coders


def _units(coded: pd.DataFrame, min_overlap: float) -> pd.DataFrame:
    """``coded`` with a ``unit`` column: segments of different coders that overlap enough are one unit."""
    spans = coded.drop_duplicates(["document_id", "segment_id", "coder"])
    parent = {segment: segment for segment in spans["segment_id"]}

    def root(segment: str) -> str:
        while parent[segment] != segment:
            segment = parent[segment]
        return segment

    has_places = {"start", "end"} <= set(spans.columns)
    with_place = spans.dropna(subset=["start", "end"]) if has_places else spans.iloc[:0]
    for _, document in with_place.groupby("document_id", sort=True):
        rows = sorted(
            zip(document["start"], document["end"], document["segment_id"], document["coder"], strict=True)
        )
        for first, (start, end, segment, coder) in enumerate(rows):
            for other_start, other_end, other, other_coder in rows[first + 1 :]:
                if other_start >= end:
                    break
                shared = min(end, other_end) - other_start
                joint = max(end, other_end) - start
                if other_coder != coder and other != segment and shared >= min_overlap * joint:
                    low, high = sorted((root(segment), root(other)))
                    parent[high] = low
    return coded.assign(unit=[root(str(segment)) for segment in coded["segment_id"]])


def _matrix(
    units: pd.DataFrame, coders: dict[str, set[str]], names: list[str]
) -> tuple[npt.NDArray[np.bool_], dict[str, npt.NDArray[np.bool_]]]:
    """(units × coders: did the coder work through the document, per code: did the coder set it)."""
    index = units.drop_duplicates("unit").sort_values(["document_id", "unit"])
    place = {unit: number for number, unit in enumerate(index["unit"])}
    column = {name: number for number, name in enumerate(names)}
    here = np.zeros((len(place), len(names)), dtype=bool)
    for unit, document in zip(index["unit"], index["document_id"], strict=True):
        for name in coders[str(document)]:
            here[place[unit], column[name]] = True
    yes: dict[str, npt.NDArray[np.bool_]] = {}
    for unit, code, coder in zip(units["unit"], units["code"], units["coder"], strict=True):
        yes.setdefault(str(code), np.zeros_like(here))[place[unit], column[str(coder)]] = True
    return here, yes


def _discussion(
    units: pd.DataFrame,
    here: npt.NDArray[np.bool_],
    yes: dict[str, npt.NDArray[np.bool_]],
    codes: list[str],
    names: list[str],
) -> pd.DataFrame:
    """Units and codes on which the coders differ; who said what, by pseudonym."""
    index = units.drop_duplicates("unit").sort_values(["document_id", "unit"])
    rows = []
    for number, (document, unit) in enumerate(zip(index["document_id"], index["unit"], strict=True)):
        for code in codes:
            said_yes = here[number] & yes[code][number]
            said_no = here[number] & ~yes[code][number]
            if said_yes.any() and said_no.any():
                rows.append((document, unit, code, _join(names, said_yes), _join(names, said_no)))
    return pd.DataFrame(rows, columns=list(DISCUSSION_COLUMNS), dtype="str")


def _join(names: list[str], chosen: npt.NDArray[np.bool_]) -> str:
    return "|".join(name for name, is_chosen in zip(names, chosen, strict=True) if is_chosen)
