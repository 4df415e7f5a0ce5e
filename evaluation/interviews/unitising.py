"""Agreement on where statements begin and end as well as on their codes: alpha for unitising a continuum.

Source: Krippendorff 1995, "On the reliability of unitizing continuous data"; 2004, *Content Analysis*, ch. 11.5. How
coders agree on statements that are cut already is :mod:`evaluation.interviews.agreement`'s matter.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

Spans = Sequence[tuple[float, float]]
Disagreement = tuple[float, float]
"""Observed and expected."""


def disagreement(continua: Iterable[tuple[float, Spans, Spans]]) -> Disagreement:
    """What two coders differ on in one code, over texts one after the other.

    ``continua``: of each text its length in characters and the spans (begin, end) of either coder; spans of one coder that
    touch or overlap are one. D_o = 2 · Σ δ² / (2 L²); D_e by Krippendorff's sum over all places a unit might have had.
    """
    observed = length = 0.0
    units: list[npt.NDArray[np.float64]] = []
    gaps: list[npt.NDArray[np.float64]] = []
    for size, one, other in continua:
        mine, theirs = _sections(size, one), _sections(size, other)
        observed += sum(_difference(g, h) for g in mine for h in theirs)
        length += size
        for sections in (mine, theirs):
            units.append(np.array([end - begin for begin, end, is_unit in sections if is_unit]))
            gaps.append(np.array([end - begin for begin, end, is_unit in sections if not is_unit]))
    if not units or not length:
        return 0.0, 0.0
    long, empty = np.concatenate(units), np.concatenate(gaps)
    room = np.clip(empty[None, :] - long[:, None] + 1, 0.0, None).sum(axis=1)
    possible = ((long.size - 1) / 3 * (2 * long**3 - 3 * long**2 + long) + long**2 * room).sum()
    all_places = 2 * length * (2 * length - 1) - (long * (long - 1)).sum()
    expected = 2 / length * float(possible) / float(all_places) if all_places else 0.0
    return observed / length**2, expected


def alpha_u(disagreements: Iterable[Disagreement]) -> float:
    """1 − Σ D_o / Σ D_e over codes; ``nan`` where nothing is set."""
    found = list(disagreements)
    expected = sum(e for _, e in found)
    return 1.0 - sum(o for o, _ in found) / expected if expected else float("nan")


def disagreement_by_code(
    coded: pd.DataFrame, coders: Mapping[str, Iterable[str]], asked: Mapping[str, frozenset[str] | None]
) -> dict[str, Disagreement]:
    """Each code's disagreement over all texts that two have worked through; more than two coders count pair by pair.

    ``coded``: [document_id, coder, code, start, end]; rows without a place say nothing here. ``coders``: who worked through
    a document; ``asked``: the codes a coder was asked for, ``None`` for all. A text ends where its last coded span does.
    """
    placed = coded.dropna(subset=["start", "end"])
    spans: dict[tuple[str, str, str], list[tuple[float, float]]] = {}
    columns = ["document_id", "coder", "code", "start", "end"]
    for document, coder, code, start, end in placed[columns].drop_duplicates().itertuples(index=False):
        spans.setdefault((str(document), str(coder), str(code)), []).append((float(start), float(end)))
    size = placed.groupby("document_id")["end"].max()
    pairs = [
        (str(document), *pair)
        for document in size.index
        for pair in itertools.combinations(sorted(coders.get(str(document), ())), 2)
    ]
    found = {}
    for code in sorted({key[2] for key in spans}):
        both = [
            (float(size[document]), spans.get((document, a, code), []), spans.get((document, b, code), []))
            for document, a, b in pairs
            if all(asked.get(who) is None or code in (asked[who] or ()) for who in (a, b))
        ]
        found[code] = disagreement(both)
    return found


def _sections(size: float, spans: Spans) -> list[tuple[float, float, bool]]:
    """A text as one coder leaves it: (begin, end, is it coded), without holes, in order."""
    joined: list[list[float]] = []
    for begin, end in sorted(spans):
        if joined and begin <= joined[-1][1]:
            joined[-1][1] = max(joined[-1][1], end)
        elif end > begin:
            joined.append([begin, end])
    sections, at = [], 0.0
    for begin, end in joined:
        if begin > at:
            sections.append((at, begin, False))
        sections.append((begin, end, True))
        at = end
    return [*sections, (at, size, False)] if at < size else sections


def _difference(one: tuple[float, float, bool], other: tuple[float, float, bool]) -> float:
    """δ²: how far two units that meet stand apart at both ends; a unit all of which the other left empty, its length."""
    (b, e, is_unit), (c, f, is_other_unit) = one, other
    if min(e, f) <= max(b, c) or not (is_unit or is_other_unit):
        return 0.0
    if is_unit and is_other_unit:
        return (b - c) ** 2 + (e - f) ** 2
    inner, outer = ((b, e), (c, f)) if is_unit else ((c, f), (b, e))
    return (inner[1] - inner[0]) ** 2 if outer[0] <= inner[0] and inner[1] <= outer[1] else 0.0
