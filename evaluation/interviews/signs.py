"""The Målplan's signs: what the material says for and against each, counted in sources.

The stance of a source is made by rule from its segments' codes and directions; how it is set beside the numbers
is :mod:`evaluation.interviews.joint_display`'s matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from evaluation.codebooks import Codebook
from evaluation.interviews.identity import passages_with, same_passages
from evaluation.interviews.themes import speaker_of, strength

INVOLUNTARY = "MP.UFRIV"
"""*Ufrivilligt fravær* is no registered type: a sign linked to it is read from interviews only."""

GROUPS = ("pupils", "adults")
_COUNTS = ("", "_for", "_against", "_both", "_context")
SIGN_THEME_COLUMNS = (
    "sign_id",
    *(f"sources{n}" for n in _COUNTS),
    "sources_other_explanation",
    "is_doubted",
    "sources_total",
    *(f"{group}{n}" for group in GROUPS for n in _COUNTS),
    "informant_groups",
    "strength",
)
"""One row per sign. ``sources`` speak of it at all; ``sources_both`` say both; ``sources_context`` are neutral, or
nobody stated a direction. The same for ``pupils`` and for ``adults`` among them. ``is_doubted``: some statement may speak
against the sign and is counted on no side: nobody said what it speaks against, or one coder of several read it so."""

AGAINST, OTHERWISE = "X.MODBEVIS", "X.ANDENFORKL"
"""They belong to the sign of the statement they are set on, and to no other."""


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign with its Danish text, its indicators and codes, and whether numbers can speak of it at all.

    ``unstated``: code → the direction the codebook declares for a statement that states none.
    """

    id: str
    text: str
    indicators: tuple[str, ...]
    codes: tuple[str, ...]
    unstated: Mapping[str, str]

    @property
    def is_interviews_only(self) -> bool:
        """True when the sign concerns involuntary absence, which no register holds."""
        return INVOLUNTARY in self.codes

    @property
    def own_codes(self) -> tuple[str, ...]:
        """The codes that speak of the sign itself: its own, and involuntary absence where it is what the sign is about."""
        return (self.id, INVOLUNTARY) if self.is_interviews_only else (self.id,)


def signs_of(codebook: Codebook) -> tuple[Sign, ...]:
    """The signs of the codebook's joint display, in its order."""
    return tuple(
        Sign(
            link.sign,
            codebook.get(link.sign).name,
            link.indicators,
            link.codes,
            {code: codebook.get(code).unstated for code in link.codes},
        )
        for link in codebook.joint_display
    )


@dataclass(frozen=True, slots=True)
class Spoken:
    """One statement: ``says`` is a subset of {``for``, ``imod``}; ``is_own`` where it carries the sign's own code.

    What carries a linked code alone stands beside the sign and speaks of it not: a pleasant talk is no word on less absence
    after three months, nor a good playground one on prevention.
    """

    segment: str
    document: str
    says: frozenset[str]
    is_own: bool
    has_other_explanation: bool


def spoken_on(sign: Sign, segments: pd.DataFrame, texts: pd.DataFrame | None = None) -> tuple[Spoken, ...]:
    """Every statement with one of the sign's codes (other than ``X.``) and what it says, in the order of its first row.

    The direction of the sign's own code decides: *positiv* for, *negativ* against, *blandet* both, *neutral* neither;
    without one, what the codebook declares for the code, and where it declares nothing, neither. Coders who state different
    directions disagree: the statement says what they agree on. ``X.MODBEVIS`` on the same passage of the document speaks
    against, and takes the place of what no direction states.
    """
    columns = ["segment_id", "document_id", "code", "polarity", "coder"]
    rows = segments.reindex(columns=columns).drop_duplicates()
    linked = rows[rows["code"].isin([c for c in sign.codes if not c.startswith("X.")])]
    marked = {mark: passages_with(segments, texts, mark) for mark in (AGAINST, OTHERWISE)}
    said: dict[tuple[str, str], dict[str, frozenset[str]]] = {}
    found: dict[str, Spoken] = {}
    for segment, document, code, polarity, coder in linked.itertuples(index=False):
        is_own = code in sign.own_codes
        before = found.get(segment)
        if is_own and isinstance(polarity, str) and polarity:
            by = said.setdefault((str(segment), str(code)), {})
            by[str(coder)] = by.get(str(coder), frozenset()) | stance(polarity)
        found[segment] = Spoken(
            str(segment),
            str(document),
            frozenset(),
            is_own or (before is not None and before.is_own),
            segment in marked[OTHERWISE],
        )
    own = linked.loc[linked["code"].isin(sign.own_codes), ["segment_id", "code"]].drop_duplicates()
    for segment, code in own.itertuples(index=False):
        stated = said.get((str(segment), str(code)))
        is_against = segment in marked[AGAINST]
        unstated = frozenset() if is_against else stance("", sign.unstated[str(code)])
        says = frozenset.intersection(*stated.values()) if stated else unstated
        one = found[segment]
        found[segment] = replace(one, says=one.says | says | ({"imod"} if is_against else set()))
    return tuple(found.values())


def lonely_counters(segments: pd.DataFrame, texts: pd.DataFrame | None) -> int:
    """Statements coded as speaking against, on whose passage no code says what they speak against."""
    about = {
        s
        for s, c in zip(segments["segment_id"], segments["code"], strict=True)
        if not str(c).startswith("X.")
    }
    named = set(segments.loc[segments["code"] == AGAINST, "segment_id"])
    same = same_passages(segments, texts, named)
    return sum(not same[segment] & about for segment in named)


def sign_themes(
    segments: pd.DataFrame,
    codebook: Codebook,
    documents: pd.DataFrame | None = None,
    texts: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Count each sign's sources by stance; :data:`SIGN_THEME_COLUMNS`.

    ``documents`` (from the readers) are all that were asked; without them those with a coded segment.
    ``segments``: the canonical table with valid consent; ``texts``: their words, for marks on a part of a statement.
    What a source says is what its statements on the sign say (:func:`spoken_on`) together; ``X.ANDENFORKL`` is
    counted by itself, on any statement with a code of the sign's, and is no source for the sign.
    """
    total = int((segments if documents is None else documents)["document_id"].nunique())
    who = dict(zip(segments["document_id"], segments["informant"], strict=True))
    is_counter_lonely = lonely_counters(segments, texts) > 0
    rows = []
    for sign in signs_of(codebook):
        spoken = spoken_on(sign, segments, texts)
        read = {s.segment for s in spoken if "imod" in s.says}
        stances: dict[str, set[str]] = {}
        for one in (s for s in spoken if s.is_own):
            stances.setdefault(one.document, set()).update(one.says)
        groups = {document: speaker_of(who.get(document)) for document in stances}
        counted: dict[str, object] = dict(_counts("sources", stances.values()))
        for group in GROUPS:
            counted |= _counts(group, [s for document, s in stances.items() if groups[document] == group])
        informants = len(
            {word for document in stances if isinstance(word := who.get(document), str) and word}
        )
        rows.append(
            {
                "sign_id": sign.id,
                **counted,
                "sources_other_explanation": len({s.document for s in spoken if s.has_other_explanation}),
                "is_doubted": is_counter_lonely or bool(_read_against(sign, segments) - read),
                "sources_total": total,
                "informant_groups": informants,
                "strength": strength(len(stances), informants),
            }
        )
    return pd.DataFrame(rows, columns=list(SIGN_THEME_COLUMNS))


def _read_against(sign: Sign, segments: pd.DataFrame) -> set[str]:
    """Statements that some coder reads as speaking against the sign."""
    is_read = segments["code"].isin(sign.own_codes) & segments["polarity"].isin(["negativ", "blandet"])
    return set(segments.loc[is_read, "segment_id"])


def stance(polarity: object, unstated: str = "") -> frozenset[str]:
    """What a direction says of a sign, ``unstated`` where there is none; empty is neither for nor against."""
    stated = {"positiv": {"for"}, "negativ": {"imod"}, "blandet": {"for", "imod"}}
    word = polarity if isinstance(polarity, str) and polarity else unstated
    return frozenset(stated.get(word, ()))


def direction_of(said: Mapping[str, Any], group: str, fewest: int) -> str:
    """``for`` or ``imod`` where more than half of all who speak say so alone, and at least ``fewest``; else ``delt``.

    Those who say both, and those who take no stand, speak too.
    """
    everybody = int(said[group])
    for word, name in (("for", "for"), ("imod", "against")):
        n = int(said[f"{group}_{name}"])
        if n >= fewest and 2 * n > everybody:
            return word
    return "delt"


def are_groups_opposed(said: Mapping[str, Any], fewest: int) -> bool:
    """Most pupils who speak say one thing, and most adults the opposite."""
    return {direction_of(said, group, fewest) for group in GROUPS} == {"for", "imod"}


def _counts(name: str, stances: Iterable[set[str]]) -> dict[str, int]:
    everybody = list(stances)
    kinds = {"_for": {"for"}, "_against": {"imod"}, "_both": {"for", "imod"}, "_context": set[str]()}
    return {name: len(everybody), **{f"{name}{k}": sum(s == v for s in everybody) for k, v in kinds.items()}}
