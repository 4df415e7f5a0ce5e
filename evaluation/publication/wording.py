"""Sentences in released tables: a count of few people that a sentence gives away is taken out of it.

What belongs here: texts that other parts of the evaluation composed from counts (checks of the data, summaries of
interviews). Texts that people wrote are scanned for identifiers and left out where one is found.
"""

from __future__ import annotations

import re

import pandas as pd

from evaluation.disclosure.rules import DisclosureRules
from evaluation.disclosure.text import scan_text

_PEOPLE = r"(?:indsats)?elev(?:er)?|børn|barn|forældre|familie(?:r)?|samtykke(?:r)?"
_PEOPLE_COUNT = re.compile(rf"(?<![\d,.])(\d[\d.]*)(?:\s+af\s+(\d[\d.]*))?(?=\s+(?:{_PEOPLE})\b)", re.I)
_TALK_SHARE = re.compile(r"(\d+(?:,\d+)?)\s*%(?= af de planlagte samtaler)")
_SHARE_STEPS = (25, 50, 75, 90)
_TITLE = re.compile(r"»[^«]*«")
_WHOLE = re.compile(r"(?<![\d,.])\d{1,3}(?:\.\d{3})*(?![\d,.]*\d)(?!\s*%)")
_ENDS = re.compile(r"(?<=[.!?])\s+(?=[A-ZÆØÅ»\d])")


def without_people(text: str, rules: DisclosureRules, *, only_few: bool = True) -> str:
    """``34 af 36 elever`` with the marker in place of its numbers: where either side of it is below the limit, or always."""

    def hidden(hit: re.Match[str]) -> str:
        n = _whole(hit.group(1))
        total = _whole(hit.group(2)) if hit.group(2) else None
        is_few = n < rules.minimum_pupils or (total is not None and total - n < rules.minimum_pupils)
        if only_few and not is_few:
            return hit.group()
        return rules.marker if total is None else f"{rules.marker} af {rules.marker}"

    return _PEOPLE_COUNT.sub(hidden, text)


def coarse_share(text: str) -> str:
    """``97 % af de planlagte samtaler`` as ``over 90 %``: with the schools' own numbers beside it, a share to the
    per cent would tell how many talks the schools with hidden numbers held."""

    def coarse(hit: re.Match[str]) -> str:
        share = float(hit.group(1).replace(",", "."))
        below = max((b for b in _SHARE_STEPS if b < share), default=None)
        return "Ingen" if share == 0 else f"Under {_SHARE_STEPS[0]} %" if below is None else f"Over {below} %"

    return _TALK_SHARE.sub(coarse, text)


def without_few_sources(text: str, rules: DisclosureRules) -> str:
    """A summary of interviews without what too few sources say.

    A sentence that counts fewer sources than the limit loses the part after its colon, because what is left of a
    division would tell the part taken out; where the count stands before the colon, the sentence goes.
    """
    kept = []
    for sentence in _ENDS.split(text):
        if not _has_few(sentence, rules):
            kept.append(sentence)
            continue
        before, colon, _ = sentence.partition(":")
        if colon and not _has_few(before, rules):
            kept.append(f"{before}.")
    return " ".join(kept)


def without_identifiers(texts: pd.Series) -> pd.Series:
    """Texts that people wrote; missing where one holds a number, address or the like that points to a person."""
    is_clean = [not pd.isna(t) and not scan_text(str(t)) for t in texts]
    return texts.where(pd.Series(is_clean, index=texts.index, dtype=bool))


def _has_few(sentence: str, rules: DisclosureRules) -> bool:
    counts = (_whole(n) for n in _WHOLE.findall(_TITLE.sub("", sentence)))
    return any(0 < n < rules.quote_min_sources for n in counts)


def _whole(digits: str) -> int:
    return int(digits.replace(".", ""))
