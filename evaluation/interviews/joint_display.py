"""Numbers and words side by side, one row per sign of the Målplan, joined by a stated rule.

Source of the four relations: Fetters, Curry & Creswell 2013, "Achieving integration in mixed methods designs"
(confirmation, expansion, discordance), with silence named as such. An analyst may set another relation, with a
reason that is printed. Sentences are Danish and made by rule; nothing is computed from absence here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from evaluation.codebooks import Codebook
from evaluation.errors import InputError, Problem
from evaluation.interviews.attributes import slug
from evaluation.interviews.joint_sentences import (
    INTERVIEWS_ONLY,
    MIN_SOURCES,
    RELATIONS,
    Override,
    number_of,
    quant_text,
    reading_of,
    said_of,
    text_of,
)
from evaluation.interviews.sign_quotes import choose_quotes
from evaluation.interviews.signs import Sign, are_groups_opposed, direction_of, signs_of
from evaluation.words import ANALYST, noted, render
from evaluation.words.catalogue.voices import Relation

JOINT_COLUMNS = (
    "sign_id",
    "sign",
    "indicator",
    "quant_verdict",
    "estimate_pp",
    "ci_low_pp",
    "ci_high_pp",
    "quant_says",
    "quant_text",
    "qual_says",
    "voices_side",
    "said",
    "qual_summary",
    "sources",
    "sources_total",
    "relation",
    "is_overridden",
    "override_reason",
    "quote",
    "quote_attribution",
    "quote_against",
    "quote_against_attribution",
    "reading",
)
"""One row per sign. ``quant_says``: for | imod | ingen | ukendt; ``qual_says``: for | imod | delt | få | tavs;
``voices_side``: for | imod, as it is argued from, or nothing.

``quote`` says what most say; ``quote_against`` is one voice that says otherwise."""

_RULE: Mapping[tuple[str, str], Relation] = {
    ("for", "for"): Relation.CONFIRMS,
    ("for", "imod"): Relation.CONTRADICTS,
    ("imod", "for"): Relation.CONTRADICTS,
    ("imod", "imod"): Relation.CONFIRMS,
    ("ingen", "for"): Relation.CONTRADICTS,
    ("ingen", "imod"): Relation.CONFIRMS,
}


def relation_of(quant_says: str, qual_says: str) -> Relation:
    """The stated rule.

    Silent interviews: *tavs*. Both take a side: the same is *bekræfter*, opposite is *modsiger*, where numbers
    that show no change (*ingen*) agree with those who saw none. Otherwise – numbers that cannot tell yet, sources
    that disagree, take no side or are too few to be told – the interviews add what the numbers do not say: *udvider*.
    """
    if qual_says == "tavs":
        return Relation.SILENT
    return _RULE.get((quant_says, qual_says), Relation.EXTENDS)


def _voices_side(quant_says: str, qual_says: str, override: Override | None) -> str | None:
    """Which side the interviews take on a sign, for or imod; None where they take none.

    An analyst's own reading stands in the place of the counted one: the side that has this relation to the numbers.
    """
    sides = (
        [qual_says]
        if override is None
        else [qual for (quant, qual), r in _RULE.items() if (quant, r) == (quant_says, override.relation)]
    )
    return next((side for side in sides if side in ("for", "imod")), None)


def joint_display(
    signs: Codebook | Sequence[Sign],
    effects: pd.DataFrame,
    themes: pd.DataFrame,
    quotes: pd.DataFrame | None = None,
    overrides: Iterable[tuple[str, str, str]] | None = None,
    *,
    segments: pd.DataFrame | None = None,
    texts: pd.DataFrame | None = None,
    fewest_told: int = 1,
) -> pd.DataFrame:
    """Join numbers and words; :data:`JOINT_COLUMNS`, one row per sign in the codebook's order.

    ``effects``: one row per indicator of the codebook's links, [indicator, estimate_pp, ci_low_pp, ci_high_pp,
    verdict] and optionally ``says`` (for | imod | ingen | ukendt, for indicators without a verdict) and ``text``
    (its Danish sentence). A sign takes its first indicator that has a row with a verdict or a ``says``; a sign of
    involuntary absence takes none. ``themes``: :func:`~evaluation.interviews.signs.sign_themes`. ``quotes``:
    :func:`~evaluation.interviews.quotes.approved_quotes` [code, segment_id, quote]; with ``segments``, the coded rows
    that tell what each says, and ``texts``, their words. ``overrides``: (sign, relation,
    reason). ``fewest_told``: fewer sources than this are said to be few and nothing else, neither in counts nor in
    words, because words made from hidden counts would tell them.

    Raises ``InputError`` for an override without reason, or of an unknown sign or relation.
    """
    known = signs_of(signs) if isinstance(signs, Codebook) else tuple(signs)
    stated = stated_overrides(overrides or (), known)
    words: dict[str, Mapping[str, Any]] = {
        str(row["sign_id"]): {str(name): value for name, value in row.items()}
        for row in themes.to_dict("records")
    }
    rows = []
    for sign in known:
        number = None if sign.is_interviews_only else _indicator(sign, effects)
        quant_says = _quant_says(number)
        said = words.get(sign.id, {})
        qual_says = _qual_says(said, fewest_told)
        relation = relation_of(quant_says, qual_says)
        override = stated.get(sign.id)
        chosen = choose_quotes(sign, quotes, segments, qual_says, fewest_told, texts)
        numbers = INTERVIEWS_ONLY if sign.is_interviews_only else quant_text(number, quant_says)
        statements = said_of(said, qual_says, fewest_told)
        final = override.relation if override else relation
        rows.append(
            {
                "sign_id": sign.id,
                "sign": sign.text,
                "indicator": None if number is None else str(number["indicator"]),
                "quant_verdict": None if number is None else text_of(number.get("verdict")) or None,
                "estimate_pp": number_of(number, "estimate_pp"),
                "ci_low_pp": number_of(number, "ci_low_pp"),
                "ci_high_pp": number_of(number, "ci_high_pp"),
                "quant_says": quant_says,
                "quant_text": numbers,
                "qual_says": qual_says,
                "voices_side": _voices_side(quant_says, qual_says, override),
                "said": noted(*statements),
                "qual_summary": " ".join(render(s, ANALYST) for s in statements),
                "sources": int(said.get("sources", 0)),
                "sources_total": int(said.get("sources_total", 0)),
                "relation": final,
                "is_overridden": override is not None,
                "override_reason": override.reason if override else None,
                "quote": chosen.quote,
                "quote_attribution": chosen.by,
                "quote_against": chosen.against,
                "quote_against_attribution": chosen.against_by,
                "reading": reading_of(
                    sign,
                    final,
                    quant_says,
                    qual_says,
                    said,
                    override,
                    is_quoted=chosen.quote is not None or chosen.against is not None,
                    fewest_told=fewest_told,
                    has_number=number is not None,
                ),
            }
        )
    frame = pd.DataFrame(rows, columns=list(JOINT_COLUMNS))
    return frame.astype(
        {"estimate_pp": float, "ci_low_pp": float, "ci_high_pp": float, "is_overridden": bool}
    )


def _indicator(sign: Sign, effects: pd.DataFrame) -> Mapping[str, Any] | None:
    rows = (
        {str(row["indicator"]): row for row in reversed(effects.to_dict("records"))} if len(effects) else {}
    )
    present = [rows[name] for name in sign.indicators if name in rows]
    telling = [row for row in present if text_of(row.get("verdict")) or text_of(row.get("says"))]
    decided = [row for row in telling if _quant_says(row) != "ukendt"]
    return next(iter([*decided, *telling, *present]), None)


def _quant_says(row: Mapping[str, Any] | None) -> str:
    """Which side the numbers take; decided where the numbers are, never read out of a word here."""
    stated = "" if row is None else text_of(row.get("says"))
    return stated if stated in {"for", "imod", "ingen"} else "ukendt"


def _qual_says(said: Mapping[str, Any], fewest_told: int) -> str:
    sources = int(said.get("sources", 0))
    if sources == 0:
        return "tavs"
    if sources < fewest_told:
        return "få"
    if are_groups_opposed(said, MIN_SOURCES):
        return "delt"
    return direction_of(said, "sources", MIN_SOURCES)


def stated_overrides(overrides: Iterable[tuple[str, str, str]], signs: Sequence[Sign]) -> dict[str, Override]:
    """The analyst's own readings by sign. Raises ``InputError`` for one without reason, of an unknown sign or relation,
    or of a sign that stands twice.
    """
    known = {sign.id for sign in signs}
    spelt = {slug(relation): relation for relation in RELATIONS}
    problems: list[Problem] = []
    stated: dict[str, Override] = {}
    for number, (sign, relation, reason) in enumerate(overrides, 1):
        word = spelt.get(slug(relation))
        faults = [
            (sign not in known, "sign_id", "an unknown sign", ", ".join(sorted(known))),
            (word is None, "relation", "an unknown relation", ", ".join(RELATIONS)),
            (not reason.strip(), "reason", "no reason", "why the rule does not fit"),
            (sign in stated, "sign_id", "the sign stands twice", "once"),
        ]
        problems += [
            Problem("overrides", number, column, found, "override", expected)
            for is_wrong, column, found, expected in faults
            if is_wrong
        ]
        if word is not None:
            stated[sign] = Override(sign, word, reason.strip())
    if problems:
        raise InputError("The overrides of the joint display cannot be used.", problems)
    return stated
