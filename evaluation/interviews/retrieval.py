"""The analyst's daily work with words: statements by code, codes that stand together, disagreements, quotes to decide on.

Everything here is for the analyst's own eyes (terminal, an owner-only page): texts and names. Nothing of it is published.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from evaluation.codebooks import Codebook
from evaluation.interviews.approvals import QuoteDecisions
from evaluation.interviews.attributes import VALID
from evaluation.interviews.form_layouts import WITHOUT_WORDS, layout
from evaluation.interviews.identity import fingerprint, flat, same_passages, segments_sharing_words
from evaluation.interviews.quotes import MAX_QUOTE_CHARACTERS, NEVER_QUOTED, personal_hits, refused
from evaluation.interviews.segments import PERSONAL_DATA_CODE

WITHOUT_TEXT = "(ingen tekst i filen)"
IN_FILE, NO_IN_FILE, UNDECIDED = "godkendt i filen", "nej i filen", "ikke afgjort"
"""What was said of words while coding. A no there is answered there: no decision afterwards lets them out."""


@dataclass(frozen=True, slots=True)
class Said:
    """One statement under a code: which interview it is from, of whom, which way it points, and its words."""

    code: str
    interview: str
    informant: str
    occasion: str
    direction: str
    text: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """Words a person may let out. ``source``: a code or a field of a form; ``state``: what has been decided."""

    key: str
    source: str
    state: str
    text: str

    @property
    def short(self) -> str:
        """What a person types to name it."""
        return self.key[:8]


def statements_under(
    codes: pd.DataFrame,
    texts: pd.DataFrame,
    codebook: Codebook,
    wanted: str | None = None,
    names: Mapping[str, str] | None = None,
) -> tuple[Said, ...]:
    """Every statement under a code (and the codes below it; all codes when none is named), in the codebook's order.

    A statement two coders coded stands once for each direction. ``names``: interviews' names by pseudonym.
    """
    if wanted is not None:
        inside = {wanted, *codebook.descendants(codebook.get(wanted).id)}
        codes = codes[codes["code"].isin(inside)]
    words = dict(zip(texts["segment_id"], texts["text"], strict=True))
    order = {code.id: number for number, code in enumerate(codebook.codes)}
    rows = codes.drop_duplicates(["code", "segment_id", "polarity"])
    rows = rows.assign(_order=rows["code"].map(order)).sort_values(
        ["_order", "document_id", "start", "segment_id"]
    )
    columns = ["code", "document_id", "informant", "occasion", "polarity", "segment_id"]
    return tuple(
        Said(
            str(code),
            (names or {}).get(str(document), str(document)),
            _text(informant),
            _text(occasion),
            _text(direction),
            str(words.get(segment, WITHOUT_TEXT)),
        )
        for code, document, informant, occasion, direction, segment in rows[columns].itertuples(index=False)
    )


def together(codes: pd.DataFrame, texts: pd.DataFrame | None = None) -> pd.DataFrame:
    """How many statements carry two codes at once: [code, other, statements], the most frequent first.

    Codes on different cuts of one passage stand together; of two codes cut differently the fewer statements count.
    """
    carried = codes.groupby("segment_id")["code"].agg(set).to_dict()
    met: dict[tuple[str, str], set[str]] = {}
    for segment, same in same_passages(codes, texts).items():
        near = set().union(*(carried[other] for other in same))
        for mine, other in itertools.product(carried[segment], near):
            met.setdefault((mine, other), set()).add(segment)
    pairs = {(a, b): min(len(met[a, b]), len(met[b, a])) for a, b in met if a < b}
    rows = [(a, b, n) for (a, b), n in sorted(pairs.items(), key=lambda item: (-item[1], item[0]))]
    return pd.DataFrame(rows, columns=["code", "other", "statements"])


def material(documents: pd.DataFrame) -> pd.DataFrame:
    """Who was asked when: [informant, occasion, form, asked, declined]; declined are those without a valid consent."""
    known = documents.assign(
        **{
            c: documents[c].astype("object").where(documents[c].notna(), "uoplyst")
            for c in ("informant", "occasion", "form")
        },
        declined=~documents["consent"].eq(VALID).fillna(False).astype(bool),
    )
    grouped = known.groupby(["informant", "occasion", "form"])["declined"]
    return grouped.agg(asked="size", declined="sum").reset_index()


def disagreements(
    discussion: pd.DataFrame, texts: pd.DataFrame, names: Mapping[str, str]
) -> tuple[tuple[str, str, str, str, str], ...]:
    """(interview, code, who set it, who did not, text) for the coders' meeting, in the order of interviews."""
    words = dict(zip(texts["segment_id"], texts["text"], strict=True))

    def who(cell: str) -> str:
        return ", ".join(names.get(name, name) for name in cell.split("|"))

    columns = ["document_id", "code", "direction", "coders_yes", "coders_no", "segment_id"]
    told = discussion[columns].fillna("").astype(str)
    return tuple(
        (
            names.get(document, document),
            f"{code}: {way}" if way else code,
            who(yes),
            who(no),
            str(words.get(segment, WITHOUT_TEXT)),
        )
        for document, code, way, yes, no, segment in told.itertuples(index=False)
    )


def candidates(
    codes: pd.DataFrame,
    texts: pd.DataFrame,
    forms: pd.DataFrame,
    codebook: Codebook,
    decisions: QuoteDecisions,
    *,
    is_all: bool = False,
) -> tuple[Candidate, ...]:
    """Words a person can decide on: statements marked as quotes (``is_all``: every one that may be), and what schools wrote.

    Left out: what anybody marked as personal data, what the scan stops, what is too long.
    """
    blocked = segments_sharing_words(codes, texts, PERSONAL_DATA_CODE)
    marked = set(codes.loc[codes["approved_sha256"].notna(), "segment_id"])
    said_no = refused(codes)
    usable = codes[~codes["code"].isin(NEVER_QUOTED) & ~codes["segment_id"].isin(blocked)]
    under = usable.groupby("segment_id")["code"].agg(lambda found: ", ".join(sorted(set(found)))).to_dict()
    found: dict[str, Candidate] = {}

    def add(source: str, text: str, marked_as: str) -> None:
        words = flat(text)
        if not words or len(words) > MAX_QUOTE_CHARACTERS or personal_hits(words):
            return
        state = marked_as
        if decisions.is_refused(words):
            state = "må ikke bruges"
        elif decisions.is_let_out(words) and marked_as != NO_IN_FILE:
            state = "må bruges"
        found.setdefault(fingerprint(words), Candidate(fingerprint(words), source, state, words))

    for segment, text in zip(texts["segment_id"], texts["text"], strict=True):
        if segment in under and (
            is_all or segment in marked or decisions.by_words.get(fingerprint(str(text))) is not None
        ):
            is_marked = IN_FILE if segment in marked else UNDECIDED
            add(under[segment], str(text), NO_IN_FILE if segment in said_no else is_marked)
    columns = ["form", "theme", "dimension", "value"]
    for form, theme, dimension, value in forms[columns].astype(str).itertuples(index=False):
        if dimension not in WITHOUT_WORDS:
            name = codebook.by_id[theme].name if theme in codebook else theme
            add(f"{layout(form).title}: {name}, {layout(form).heading_of(dimension)}", value, UNDECIDED)
    return tuple(sorted(found.values(), key=lambda c: (c.source, c.key)))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
