"""The Målplan's signs: what the material says for and against each, counted in sources.

The stance of a source is made by rule from its segments' codes and directions; how it is set beside the numbers
is :mod:`evaluation.interviews.joint_display`'s matter.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from evaluation.codebooks import Codebook
from evaluation.interviews.themes import strength

INVOLUNTARY = "MP.UFRIV"
"""*Ufrivilligt fravær* is no registered type: a sign linked to it is read from interviews only."""

SIGN_THEME_COLUMNS = (
    "sign_id",
    "sources",
    "sources_for",
    "sources_against",
    "sources_both",
    "sources_context",
    "sources_other_explanation",
    "sources_total",
    "informant_groups",
    "strength",
    "top_code",
    "top_name",
    "top_sources",
)
"""One row per sign. ``sources`` speak of it at all; ``sources_both`` say both; ``sources_context`` take no stand."""

CONTEXT = ("MP.SAMTALE.", "MP.UFRIV", "SBST.TYPE.", "SBST.TRIN.", "SBST.FAKTOR.", "X.ANDENFORKL")
"""Linked codes that tell of the talk, the registration, a stage or a cause: what it is about, not whether the
sign has come. A pleasant talk is no evidence of less absence after three months."""

_FOR_ENDINGS = (".DRIVKRAFT", ".GODT")
_AGAINST_ENDINGS = (".BARRIERE",)


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign with its Danish text, its indicators and codes, and whether numbers can speak of it at all."""

    id: str
    text: str
    indicators: tuple[str, ...]
    codes: tuple[str, ...]

    @property
    def is_interviews_only(self) -> bool:
        """True when the sign concerns involuntary absence, which no register holds."""
        return INVOLUNTARY in self.codes


def signs_of(codebook: Codebook) -> tuple[Sign, ...]:
    """The signs of the codebook's joint display, in its order."""
    return tuple(
        Sign(link.sign, codebook.get(link.sign).name, link.indicators, link.codes)
        for link in codebook.joint_display
    )


def sign_themes(
    segments: pd.DataFrame, codebook: Codebook, documents: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Count each sign's sources by stance; :data:`SIGN_THEME_COLUMNS`.

    ``documents`` (from the readers) are all that were asked; without them those with a coded segment.
    ``segments``: the canonical table with valid consent. A segment speaks for a sign when its direction is
    *positiv*, against when *negativ*, both when *blandet*. Without a direction the sign's own code and drivers
    (``.DRIVKRAFT``, ``.GODT``) speak for, barriers against. ``X.MODBEVIS`` always speaks against. Codes in
    :data:`CONTEXT` take no stand; ``X.ANDENFORKL`` is counted by itself and is no source for the sign.
    """
    total = int((segments if documents is None else documents)["document_id"].nunique())
    rows = []
    for sign in signs_of(codebook):
        found = segments[segments["code"].isin(sign.codes)].drop_duplicates(
            ["segment_id", "code", "polarity"]
        )
        own = found[~found["code"].str.startswith("X.ANDENFORKL")]
        stances: dict[str, set[str]] = {}
        for document, code, polarity in zip(own["document_id"], own["code"], own["polarity"], strict=True):
            stances.setdefault(str(document), set()).update(stance(sign.id, str(code), polarity))
        says = {name: _count(stances.values(), name) for name in ("for", "imod", "begge", "kontekst")}
        spoken = own.groupby("code")["document_id"].nunique()
        top = max(spoken.index, key=lambda code: (spoken[code], -sign.codes.index(code)), default="")
        informants = int(own["informant"].nunique())
        rows.append(
            (
                sign.id,
                len(stances),
                says["for"],
                says["imod"],
                says["begge"],
                says["kontekst"],
                int(found.loc[found["code"] == "X.ANDENFORKL", "document_id"].nunique()),
                total,
                informants,
                strength(len(stances), informants),
                top,
                codebook.by_id[top].name if top else "",
                int(spoken[top]) if top else 0,
            )
        )
    return pd.DataFrame(rows, columns=list(SIGN_THEME_COLUMNS))


def stance(sign: str, code: str, polarity: object) -> frozenset[str]:
    """What one coded segment says of a sign: a subset of {``for``, ``imod``}; empty takes no stand."""
    if code == "X.MODBEVIS":
        return frozenset({"imod"})
    if code != sign and code.startswith(CONTEXT):
        return frozenset()
    stated = {"positiv": {"for"}, "negativ": {"imod"}, "blandet": {"for", "imod"}, "neutral": set[str]()}
    if isinstance(polarity, str) and polarity in stated:
        return frozenset(stated[polarity])
    if code.endswith(_AGAINST_ENDINGS):
        return frozenset({"imod"})
    return frozenset({"for"}) if code == sign or code.endswith(_FOR_ENDINGS) else frozenset()


def _count(stances: Iterable[set[str]], name: str) -> int:
    wanted = {"for": {"for"}, "imod": {"imod"}, "begge": {"for", "imod"}, "kontekst": set[str]()}[name]
    return sum(said == wanted for said in stances)
