"""Which approved quotes stand beside a sign: one that agrees with its reading, and one voice that says otherwise.

Which statements may be quoted at all is :mod:`evaluation.interviews.quotes`' matter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from evaluation.interviews.identity import heard
from evaluation.interviews.signs import Sign, Spoken, spoken_on

SPEAKERS: Mapping[str, str] = {
    "elev": "en elev",
    "elevgruppe": "en gruppe elever",
    "laerer_paedagog": "en lærer eller pædagog",
    "sundhedsplejerske": "en sundhedsplejerske",
    "skoleledelse": "en skoleleder",
    "udviklingsvejleder": "en udviklingsvejleder",
    "foraelder": "en forælder",
    "arbejdsgruppe": "en arbejdsgruppe",
    "praksisfaellesskab": "et praksisfællesskab",
}
"""How a kind of informant is named under a quote; any other is not named."""


@dataclass(frozen=True)
class SignQuotes:
    """``quote`` agrees with the reading, ``against`` does not; ``by`` and ``against_by`` where enough sources share it."""

    quote: str | None = None
    by: str | None = None
    against: str | None = None
    against_by: str | None = None


def choose_quotes(
    sign: Sign,
    quotes: pd.DataFrame | None,
    segments: pd.DataFrame | None,
    qual_says: str,
    fewest_told: int,
    texts: pd.DataFrame | None = None,
) -> SignQuotes:
    """Quotes on the sign itself, never on a linked code; none where too few or none speak of it.

    ``quotes``: [code, segment_id, quote] in the order they are preferred. With *delt* the two sides stand beside each
    other, whichever is there.
    """
    if quotes is None or segments is None or quotes.empty or qual_says in ("tavs", "få"):
        return SignQuotes()
    spoken = spoken_on(sign, segments, texts)
    own = {one.segment: one for one in spoken if one.is_own}
    body = quotes.drop_duplicates("segment_id")
    sides = {
        side: [
            (str(text), own[str(segment)])
            for segment, text in zip(body["segment_id"], body["quote"], strict=True)
            if str(segment) in own and own[str(segment)].says == {side}
        ]
        for side in ("for", "imod")
    }
    # The same words on both sides tell neither.
    told_by = {side: {heard(text) for text, _ in said} for side, said in sides.items()}
    both = told_by["for"] & told_by["imod"]
    sides = {side: [pair for pair in said if heard(pair[0]) not in both] for side, said in sides.items()}
    first, second = ("imod", "for") if qual_says == "imod" else ("for", "imod")
    informants = dict(zip(segments["document_id"], segments["informant"], strict=True))
    speaking = pd.Series(
        {one.document: informants.get(one.document) for one in spoken if one.is_own}, dtype="object"
    )

    def told(side: str) -> tuple[str | None, str | None]:
        if not sides[side]:
            return None, None
        text = sides[side][0][0]
        return text, _speaker([one for words, one in sides[side] if words == text], speaking, fewest_told)

    (quote, by), (against, against_by) = told(first), told(second)
    return SignQuotes(quote, by, against, against_by)


def _speaker(saying: Sequence[Spoken], speaking: pd.Series, fewest_told: int) -> str | None:
    """Who says these words: one kind alone, and at least so many of those who speak of the sign are of that kind."""
    informants = set(speaking.loc[[one.document for one in saying]].dropna())
    if len(informants) != 1 or int((speaking == (who := informants.pop())).sum()) < max(fewest_told, 2):
        return None
    return SPEAKERS.get(who)
