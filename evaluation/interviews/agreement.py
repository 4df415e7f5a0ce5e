"""How well coders agree: nominal Krippendorff's alpha per code and family, with what to talk about.

Source: Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability". A unit is a statement of a document that at least
two coders have worked through; the value is whether a coder set the code on it. The interval is over documents, because
what is said in one document is alike: delete-one-document jackknife with Student's t (Efron & Tibshirani 1993, ch. 11),
for alpha is a ratio of sums over documents. Where a few documents hold most of what varies there is less to judge it by, so
the degrees of freedom are (Σd²)² / Σd⁴ (Satterthwaite 1946, "An approximate distribution of estimates of variance
components"). With fewer than :data:`FEWEST_DOCUMENTS` the interval covers too little all the same, and nothing is judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special

from evaluation.codebooks import FREE, Codebook
from evaluation.interviews.marks import one_direction
from evaluation.interviews.understanding import POLARITIES
from evaluation.interviews.unitising import Disagreement, alpha_u, disagreement_by_code

AGREEMENT_COLUMNS = (
    "level",
    "code",
    "name",
    "alpha",
    "ci_low",
    "ci_high",
    "alpha_u",
    "raw_agreement",
    "units",
    "coders",
    "times_set",
    "units_set",
    "differ",
    "verdict",
)
"""One row per code (``level`` = ``kode``), folder (``mappe``) and all codes together (``alle``, also when nothing is
coded by two), and last the directions (``retning``): where two set the same code on a statement and say which way it points.
``differ`` counts the units on which coders differ. ``alpha_u``: agreement on the continuum, where each coder
cuts (:mod:`evaluation.interviews.unitising`); ``nan`` where statements are cut before coding."""

DISCUSSION_COLUMNS = ("document_id", "segment_id", "code", "direction", "coders_yes", "coders_no")
"""``direction`` is empty where coders differ on the code; else ``coders_yes`` say that way, and ``coders_no`` another."""


class Agreed(StrEnum):
    """How far coders agree, by the codebook's limits."""

    FIRM = "fast"
    TENTATIVE = "foreløbig"
    UNSURE = "usikkert"
    BELOW = "under grænsen"
    NONE = "kan ikke opgøres"


FEWEST_DOCUMENTS = 10
"""From so many on the interval covers at least .93 where documents differ, by simulation (docs/methods/interviews.md)."""
FEWEST_SET = 2
"""A verdict needs the code set on so many units: on one nothing can be said of agreement."""
SAME_LIMITS = 1.0
THREE_DISAGREEMENTS = 3 * 2.0
"""Two coders who differ on one unit differ in two ordered pairs."""


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


def agreement(
    segments: pd.DataFrame,
    codebook: Codebook,
    *,
    documents: pd.DataFrame | None = None,
    min_overlap: float = 0.5,
    level: float = 0.95,
) -> Agreement:
    """Agreement over all documents with at least two coders.

    ``segments``: the canonical table, several coders' rows together; without ``start`` and ``end`` only segments
    with the same id are one unit. ``documents`` (from the readers) adds coders who found nothing in a document. Where each
    coder cuts (the codebook's *frit*), segments of different coders are one unit when every two of them share
    ``min_overlap`` of their joint length; cut before coding (*replik*, *afsnit*), when they have the same limits. Who worked
    through a document was asked for every code, unless ``documents`` says for which (:func:`asked_for`). Raw
    agreement is the share of coder pairs that gave the same value, averaged over units.
    """
    coded = segments.dropna(subset=["coder"])
    coders = _coders(coded, documents)
    every = set(segments["document_id"]) | (set(documents["document_id"]) if documents is not None else set())
    double = sorted(document for document, names in coders.items() if len(names) > 1)
    overlap = min_overlap if codebook.unitising in ("", FREE) else SAME_LIMITS
    units = _units(coded[coded["document_id"].isin(double)], overlap)
    names = sorted({name for document in double for name in coders[document]})
    here, yes = _matrix(units, coders, names)
    codes = [code.id for code in codebook.codes if code.id in yes]
    declared = asked_of(documents, codebook)
    asked = tuple(declared.get(name) for name in names)
    is_cut_freely = codebook.unitising in ("", FREE) and {"start", "end"} <= set(coded.columns)
    texts = disagreement_by_code(coded, coders, dict(zip(names, asked, strict=True))) if is_cut_freely else {}
    material = _Material(here, yes, asked, _documents_of(units), texts)
    folders: dict[str, list[str]] = {}
    for code in codes:
        folders.setdefault(codebook.folder_of(code), []).append(code)
    rows = [_row("kode", code, codebook, material, [code], level) for code in codes]
    rows += [_row("mappe", folder, codebook, material, members, level) for folder, members in folders.items()]
    rows.append(_row("alle", "", codebook, material, codes, level))
    directions, dissent = _directions(units, codebook, level)
    rows += directions
    share = len(double) / len(every) if every else 0.0
    rule = codebook.agreement
    needed = max(rule.double_coded_minimum, int(np.ceil(rule.double_coded_share * len(every) - 1e-9)))
    return Agreement(
        table=pd.DataFrame(rows, columns=list(AGREEMENT_COLUMNS)),
        discussion=pd.DataFrame(
            [*_discussion(units, material, codes, names), *dissent],
            columns=list(DISCUSSION_COLUMNS),
            dtype="str",
        ),
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


@dataclass(frozen=True)
class _Material:
    """``here``: units × coders, who worked through it; ``yes``: per code the same, who set it; ``asked``: per coder the
    codes she was asked for, or ``None`` for all; ``document``: each unit's document, by number; ``on_texts``: per code what
    differs on the continuum."""

    here: npt.NDArray[np.bool_]
    yes: dict[str, npt.NDArray[np.bool_]]
    asked: tuple[frozenset[str] | None, ...]
    document: npt.NDArray[np.intp]
    on_texts: Mapping[str, Disagreement]

    def judged(self, code: str) -> npt.NDArray[np.bool_]:
        """Units × coders: who said yes or no to the code."""
        is_asked = np.array([codes is None or code in codes for codes in self.asked], dtype=bool)
        return self.here & is_asked if self.asked else self.here

    def counts(self, code: str) -> npt.NDArray[np.float64]:
        """Units × (no, yes)."""
        judged = self.judged(code)
        yes = judged & self.yes[code]
        return np.stack([(judged & ~yes).sum(axis=1), yes.sum(axis=1)], axis=1).astype(float)


def _interval(
    counts: npt.NDArray[np.float64], document: npt.NDArray[np.intp], level: float
) -> tuple[float, float]:
    """Delete-one-document jackknife of log(1 − α), t with Satterthwaite's degrees of freedom; ``nan`` with fewer than three.

    Without any disagreement alpha is 1 and its spread unknown: the lower end is what three disagreements would give
    (Hanley & Lippman-Hand 1983, "If nothing goes wrong, is everything all right?").
    """
    m = counts.sum(axis=1)
    used, where = counts[m >= 2], document[m >= 2]
    m = m[m >= 2]
    present = np.unique(where)
    if present.size < 3:
        return float("nan"), float("nan")
    observed = (m**2 - (used**2).sum(axis=1)) / (m - 1)
    by = np.searchsorted(present, where)
    totals = np.column_stack(
        [np.bincount(by, weights=w, minlength=present.size) for w in (observed, *used.T)]
    )
    left = totals.sum(axis=0) - totals
    n = left[:, 1:].sum(axis=1)
    expected = n**2 - (left[:, 1:] ** 2).sum(axis=1)
    if (expected <= 0).any():
        # One document holds all that is set, or all that is not: nothing is known of other documents.
        return float("nan"), float("nan")
    alpha, size = _alpha(counts), present.size
    if alpha >= 1.0:
        whole = totals.sum(axis=0)
        n_all = float(whole[1:].sum())
        expected_all = n_all**2 - float((whole[1:] ** 2).sum())
        return max(1.0 - (n_all - 1.0) * THREE_DISAGREEMENTS / expected_all, -1.0), 1.0
    alphas = 1.0 - (n - 1.0) * left[:, 0] / expected
    is_open = bool((alphas < 1.0).all())
    values = np.log1p(-alphas) if is_open else alphas
    # The jackknife's factor (n - 1) / n is left out: with few documents it makes the interval too short.
    squares = (values - values.mean()) ** 2
    freedom = float(squares.sum() ** 2 / (squares**2).sum()) if squares.any() else size - 1.0
    half = float(special.stdtrit(min(freedom, size - 1.0), (1 + level) / 2) * np.sqrt(squares.sum()))
    if is_open:
        centre = float(np.log1p(-alpha))
        return max(1.0 - float(np.exp(centre + half)), -1.0), 1.0 - float(np.exp(centre - half))
    return max(alpha - half, -1.0), min(alpha + half, 1.0)


def _row(
    kind: str, code: str, codebook: Codebook, material: _Material, members: list[str], level: float
) -> dict[str, Any]:
    """Pooling a family stacks its codes' units: each segment × code is one unit."""
    counts = np.concatenate([np.zeros((0, 2)), *(material.counts(c) for c in members)])
    document = np.concatenate([np.zeros(0, dtype=np.intp), *(material.document for _ in members)])
    judged = [material.judged(c) for c in members]
    yes = counts[counts.sum(axis=1) >= 2][:, 1]
    return {
        "level": kind,
        "code": code,
        "name": codebook.by_id[code].name if code else "Alle koder",
        "alpha_u": alpha_u(material.on_texts.get(c, (0.0, 0.0)) for c in members),
        "coders": int(np.any([j.any(axis=0) for j in judged], axis=0).sum()) if judged else 0,
        "times_set": int(yes.sum()),
        "units_set": (positive := int((yes > 0).sum())),
    } | _agreed(counts, document, positive, codebook, level)


def _agreed(
    counts: npt.NDArray[np.float64],
    document: npt.NDArray[np.intp],
    positive: int,
    codebook: Codebook,
    level: float,
) -> dict[str, Any]:
    """What is said of agreement from units × values: alpha with its interval, raw agreement, the verdict."""
    m = counts.sum(axis=1)
    used = counts[m >= 2]
    pairs = (used * (used - 1)).sum(axis=1) / (used.sum(axis=1) * (used.sum(axis=1) - 1)) if used.size else []
    alpha = _alpha(counts)
    low, high = _interval(counts, document, level)
    documents = np.unique(document[m >= 2]).size
    return {
        "alpha": alpha,
        "ci_low": low,
        "ci_high": high,
        "raw_agreement": float(np.mean(pairs)) if len(pairs) else float("nan"),
        "units": len(used),
        "differ": int(((used > 0).sum(axis=1) > 1).sum()) if used.size else 0,
        "verdict": _verdict(alpha, low, high, positive, documents, codebook),
    }


def _verdict(
    alpha: float, low: float, high: float, positive: int, documents: int, codebook: Codebook
) -> Agreed:
    """By the whole interval, not by the estimate: *usikkert* where a limit lies inside it, or it rests on too little."""
    rule = codebook.agreement
    if np.isnan(alpha) or positive < FEWEST_SET:
        return Agreed.NONE
    if np.isnan(low) or documents < FEWEST_DOCUMENTS:
        return Agreed.UNSURE
    if low >= rule.tentative:
        return Agreed.FIRM if low >= rule.firm else Agreed.TENTATIVE
    return Agreed.BELOW if high < rule.tentative else Agreed.UNSURE


TASK, EACH = "=", "+"
"""Between a coder and the codes she was asked for, and between these: ``k_1=MP.TEGN+KL`` among a document's coders."""


def asked_for(coder: str, codes: Iterable[str]) -> str:
    """A coder as she stands among a document's, with the codes or families she was asked for; none are all."""
    return f"{coder}{TASK}{EACH.join(codes)}" if (codes := sorted(codes)) else coder


def asked_of(documents: pd.DataFrame | None, codebook: Codebook) -> dict[str, frozenset[str]]:
    """The codes of coders of whom every file says for which they were asked."""
    told: dict[str, set[str]] = {}
    everything: set[str] = set()
    for cell in () if documents is None else documents["coders"]:
        for one in _names(cell):
            coder, _, task = one.partition(TASK)
            families = [code for code in task.split(EACH) if code]
            if not families:
                everything.add(coder)
            told.setdefault(coder, set()).update(c for f in families for c in (f, *codebook.descendants(f)))
    return {coder: frozenset(codes) for coder, codes in told.items() if coder not in everything}


def _names(cell: object) -> list[str]:
    return [one for one in str(cell).split("|") if one and one != "nan"]


def _directions(
    units: pd.DataFrame, codebook: Codebook, level: float
) -> tuple[list[dict[str, Any]], list[tuple[str, ...]]]:
    """Agreement on the way a code points where two set it and say which, and what they differ on."""
    stated = units.reindex(columns=["document_id", "unit", "code", "coder", "polarity"]).dropna(
        subset=["polarity"]
    )
    stated = stated[stated["polarity"] != ""].drop_duplicates()
    counts: list[list[float]] = []
    documents: list[str] = []
    dissent: list[tuple[str, ...]] = []
    for (document, unit, code), place in stated.groupby(["document_id", "unit", "code"], sort=True):
        by = place.groupby("coder")["polarity"].agg(lambda said: str(one_direction(set(said))))
        if len(by) < 2:
            continue
        counts.append([float((by == way).sum()) for way in POLARITIES])
        documents.append(str(document))
        for way in [w for w in POLARITIES if (by == w).any()][:-1]:
            yes, no = by.index[by == way], by.index[by != way]
            dissent.append((str(document), str(unit), str(code), way, "|".join(yes), "|".join(no)))
    if not counts:
        return [], []
    table = np.array(counts)
    row = _agreed(table, pd.factorize(pd.Series(documents))[0], len(table), codebook, level)
    about = {"level": "retning", "code": "retning", "name": "Retning", "alpha_u": float("nan")}
    size = {"coders": int(stated["coder"].nunique()), "times_set": int(table.sum()), "units_set": len(table)}
    return [about | size | row], dissent


def _documents_of(units: pd.DataFrame) -> npt.NDArray[np.intp]:
    """Each unit's document by number, in the units' order."""
    index = units.drop_duplicates("unit").sort_values(["document_id", "unit"])
    return pd.factorize(index["document_id"])[0]


def _coders(coded: pd.DataFrame, documents: pd.DataFrame | None) -> dict[str, set[str]]:
    coders: dict[str, set[str]] = {}
    for document, coder in zip(coded["document_id"], coded["coder"], strict=True):
        coders.setdefault(str(document), set()).add(str(coder))
    if documents is not None:
        for document, names in zip(documents["document_id"], documents["coders"], strict=True):
            coders.setdefault(str(document), set()).update(n.partition(TASK)[0] for n in _names(names))
    return coders


def _units(coded: pd.DataFrame, min_overlap: float) -> pd.DataFrame:
    """``coded`` with a ``unit`` column: segments of different coders that overlap enough are one unit."""
    spans = coded.drop_duplicates(["document_id", "segment_id", "coder"])
    unit = {str(segment): str(segment) for segment in spans["segment_id"]}
    has_places = {"start", "end"} <= set(spans.columns)
    with_place = spans.dropna(subset=["start", "end"]) if has_places else spans.iloc[:0]
    for _, document in with_place.groupby("document_id", sort=True):
        unit |= _matched(document, min_overlap)
    return coded.assign(unit=[unit[str(segment)] for segment in coded["segment_id"]])


def _matched(document: pd.DataFrame, min_overlap: float) -> dict[str, str]:
    """Segment → unit. The pairs that share most come first; a unit holds one segment of a coder, and every two of its
    segments share enough, so that no chain of neighbours becomes one unit.
    """
    place: dict[str, tuple[int, int]] = {}
    coders: dict[str, set[str]] = {}
    columns = document[["start", "end", "segment_id", "coder"]].sort_values(["start", "end", "segment_id"])
    for start, end, segment, coder in columns.itertuples(index=False):
        place[str(segment)] = int(start), int(end)
        coders.setdefault(str(segment), set()).add(str(coder))
    order = list(place)
    pairs = []
    for first, one in enumerate(order):
        for other in order[first + 1 :]:
            if place[other][0] >= place[one][1]:
                break
            if (share := _overlap(place[one], place[other])) >= min_overlap:
                pairs.append((-share, first, one, other))
    members = {segment: [segment] for segment in order}
    for _, _, one, other in sorted(pairs):
        mine, theirs = members[one], members[other]
        if mine is theirs or any(coders[a] & coders[b] for a in mine for b in theirs):
            continue
        if all(_overlap(place[a], place[b]) >= min_overlap for a in mine for b in theirs):
            mine += theirs
            members |= dict.fromkeys(theirs, mine)
    return {segment: min(group) for segment, group in members.items()}


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> float:
    """What two spans share of their joint length."""
    shared = min(one[1], other[1]) - max(one[0], other[0])
    joint = max(one[1], other[1]) - min(one[0], other[0])
    return max(shared, 0) / joint if joint else 1.0


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
    units: pd.DataFrame, material: _Material, codes: list[str], names: list[str]
) -> list[tuple[str, ...]]:
    """Units and codes on which the coders differ; who said what, by pseudonym."""
    index = units.drop_duplicates("unit").sort_values(["document_id", "unit"])
    judged = {code: material.judged(code) for code in codes}
    rows: list[tuple[str, ...]] = []
    for number, (document, unit) in enumerate(zip(index["document_id"], index["unit"], strict=True)):
        for code in codes:
            said_yes = judged[code][number] & material.yes[code][number]
            said_no = judged[code][number] & ~material.yes[code][number]
            if said_yes.any() and said_no.any():
                rows.append((document, unit, code, "", _join(names, said_yes), _join(names, said_no)))
    return rows


def _join(names: list[str], chosen: npt.NDArray[np.bool_]) -> str:
    return "|".join(name for name, is_chosen in zip(names, chosen, strict=True) if is_chosen)
