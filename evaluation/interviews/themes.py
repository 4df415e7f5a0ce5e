"""What is said, by whom and how often: sources and segments per code, strength, change and counter-evidence.

A *source* is a document (an interview, a talk, a minute); a *segment* one coded statement. Counts are not yet fit
for a report: they pass disclosure control first.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence

import pandas as pd

from evaluation.codebooks import Codebook
from evaluation.errors import InputError
from evaluation.interviews.identity import passages_with

DISCONFIRMING = ("X.MODBEVIS", "X.ANDENFORKL")
"""Always listed, also with zero sources: that nobody said otherwise is a finding only if somebody looked."""

BASELINE = "baseline"
"""The occasion before the programme began: those asked then cannot tell whether anything has changed."""
CHANGES, CHANGES_BASELINE = "theme_changes", "theme_changes_before"
"""Names of published sources by occasion: since the programme began, and before it."""
EVERY_SOURCE = "alle kilder"
"""Stands among the codes for the sources themselves, so that their number is guarded as a code's is."""
DECLINED, DECLINED_CELL = "themes_declined", (("hvem", "all"),)
"""Where published interviews without a valid consent stand: asked, and not counted."""
UNKNOWN = "uoplyst"
"""The group of documents of which nothing is known."""
GROUPS = ("informant", "school_id", "grade", "occasion", "form")
POLARITY_COLUMNS = {
    "positiv": "sources_positive",
    "negativ": "sources_negative",
    "blandet": "sources_mixed",
    "neutral": "sources_neutral",
}
THEME_COLUMNS = (
    "code",
    "name",
    "folder",
    "sources",
    "segments",
    "sources_total",
    "share_sources_pct",
    "informant_groups",
    "strength",
    *POLARITY_COLUMNS.values(),
    "is_disconfirming",
)
CHANGE_COLUMNS = (
    "code",
    "name",
    "occasion_from",
    "occasion_to",
    "sources_from",
    "sources_total_from",
    "share_from_pct",
    "sources_to",
    "sources_total_to",
    "share_to_pct",
    "change_points",
)

PUPILS = ("elev", "elevgruppe")
SPEAKERS = ("pupils", "adults", UNKNOWN)
STANCES = ("for", "imod", "begge", "ingen")
LEARNT = "KL.LAERT"
TO_COME = (
    *(f"KL.FREMOVER.{way}" for way in ("FASTHOLD", "UDBRED", "JUSTER", "STOP")),
    "MP.VIDERE",
    "X.UTILSIGTET",
)
"""What is wanted from now on, and what came unexpected: the codes whose stances are told of."""
DIVISIONS = {"speaker": ("hvem", SPEAKERS), "stance": ("holdning", STANCES)}
"""A division of a code's sources: the dimension's name and its parts."""

STRENGTHS = ("ingen", "enkelt_udsagn", "flere_informanter", "flere_informantgrupper")


def theme_table(
    segments: pd.DataFrame,
    codebook: Codebook,
    *,
    by: Sequence[str] = (),
    all_codes: bool = False,
    documents: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """One row per code and group of ``by`` (any of :data:`GROUPS`); columns ``by`` + :data:`THEME_COLUMNS`.

    ``sources_total`` counts the group's documents and is the denominator of ``share_sources_pct``; with ``documents``
    (from the readers) those in which nothing was coded are counted too. A segment two
    coders coded counts once. Groups with a missing value are listed as ``uoplyst``. ``segments`` should have passed
    :func:`~evaluation.interviews.consent.with_valid_consent`. ``all_codes`` also lists codes nobody used.
    """
    unknown = [column for column in by if column not in GROUPS]
    if unknown:
        raise InputError(f"Themes cannot be grouped by {', '.join(unknown)}. Expected: {', '.join(GROUPS)}.")
    keys = list(by)
    frame = _named_groups(segments, keys)
    everyone = _named_groups(segments if documents is None else documents, keys)
    groups = everyone[keys].drop_duplicates().sort_values(keys) if keys else pd.DataFrame(index=[0])
    rows: list[dict[str, object]] = []
    for _, group in groups.iterrows():
        part, asked = frame, everyone
        for column in keys:
            part, asked = part[part[column] == group[column]], asked[asked[column] == group[column]]
        total = int(asked["document_id"].nunique())
        rows += _rows(part, total, codebook, {str(column): group[column] for column in keys}, all_codes)
    return pd.DataFrame(rows, columns=[*keys, *THEME_COLUMNS])


def _named_groups(frame: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    return frame.assign(**{c: frame[c].astype("str").where(frame[c].notna(), UNKNOWN) for c in keys})


def divided_themes(
    segments: pd.DataFrame, documents: pd.DataFrame, codebook: Codebook, texts: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Sources of each code divided by who speaks and by what is said of it; every source stands in one part.

    [code, group_kind, group_id, sources, sources_total]. group_kind *speaker*: :data:`SPEAKERS`; *stance*:
    :data:`STANCES`, by the directions of a source's statements; without one, by what the codebook declares for the code.
    ``X.MODBEVIS`` on the same passage speaks against it; ``texts`` are the statements' words, where no span is known.
    """
    who = {
        str(d): speaker_of(i) for d, i in zip(documents["document_id"], documents["informant"], strict=True)
    }
    totals = Counter(who.values())
    marked = segments["segment_id"].isin(passages_with(segments, texts, DISCONFIRMING[0]))
    unstated = segments["code"].map({code.id: code.unstated for code in codebook.codes})
    rows = pd.concat(
        [
            segments.assign(
                polarity=segments["polarity"].where(marked, segments["polarity"].fillna(unstated))
            ),
            segments[marked].assign(polarity="negativ"),
        ]
    )
    found: list[tuple[str, str, str, int, int]] = []
    order = [code.id for code in codebook.codes]
    for code, part in sorted(rows.groupby("code"), key=lambda item: order.index(str(item[0]))):
        speakers = Counter(who[str(document)] for document in part["document_id"].unique())
        found += [(str(code), "speaker", s, speakers[s], totals[s]) for s in SPEAKERS]
        stances = Counter(_stance(set(said.dropna())) for _, said in part.groupby("document_id")["polarity"])
        found += [(str(code), "stance", s, stances[s], len(who)) for s in STANCES]
    return pd.DataFrame(found, columns=["code", "group_kind", "group_id", "sources", "sources_total"])


def speaker_of(informant: object) -> str:
    """Pupils or adults; *uoplyst* where nothing is known."""
    if not isinstance(informant, str) or not informant:
        return UNKNOWN
    return "pupils" if informant in PUPILS else "adults"


def _stance(directions: set[str]) -> str:
    said = {"positiv": {"for"}, "negativ": {"imod"}, "blandet": {"for", "imod"}}
    sides = set().union(*(said.get(word, set()) for word in directions))
    return "begge" if len(sides) > 1 else next(iter(sides), "ingen")


def theme_changes(
    segments: pd.DataFrame, codebook: Codebook, documents: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Share of sources with each code at one occasion against the next that has any; :data:`CHANGE_COLUMNS`.

    ``change_points`` is in percentage points of sources. Different people are asked at each occasion, so this is
    a description of the material, not of a change in persons. ``documents`` as in :func:`theme_table`.
    """
    everyone = segments if documents is None else documents
    present = [value for value in occasions_of(codebook) if (everyone["occasion"] == value).any()]
    table = theme_table(segments, codebook, by=("occasion",), all_codes=True, documents=documents)
    used = {code for code, sources in zip(table["code"], table["sources"], strict=True) if sources}
    rows = []
    for before, after in itertools.pairwise(present):
        first = table[table["occasion"] == before].set_index("code")
        second = table[table["occasion"] == after].set_index("code")
        for code in (c.id for c in codebook.codes if c.id in used or c.id in DISCONFIRMING):
            a, b = first.loc[code], second.loc[code]
            rows.append(
                (
                    code,
                    a["name"],
                    before,
                    after,
                    a["sources"],
                    a["sources_total"],
                    a["share_sources_pct"],
                    b["sources"],
                    b["sources_total"],
                    b["share_sources_pct"],
                    b["share_sources_pct"] - a["share_sources_pct"],
                )
            )
    return pd.DataFrame(rows, columns=list(CHANGE_COLUMNS))


def occasions_of(codebook: Codebook) -> tuple[str, ...]:
    """The codebook's occasions in their order in time; talks without a date of their own (*løbende*) have none."""
    attribute = codebook.attribute("nedslag")
    return tuple(value for value in (attribute.values if attribute else ()) if value != "loebende")


def scale_conflicts(segments: pd.DataFrame, codebook: Codebook) -> pd.DataFrame:
    """Breaches of the coding rules that can be counted; one row per segment, coder and rule.

    At most one code of each scale (``SBST.TRIN``, ``SBST.TREKANT``, ``GTH.TRAPPE``) on a segment, and a
    ``SBST.FAKTOR`` only together with a ``SBST.ARENA``. Columns: ``segment_id``, ``coder``, ``rule``, ``codes``.
    """
    rows = []
    for (segment, coder), part in segments.groupby(["segment_id", "coder"], dropna=False):
        codes = sorted(set(part["code"]))
        for scale in ("SBST.TRIN", "SBST.TREKANT", "GTH.TRAPPE"):
            on_scale = [code for code in codes if code in codebook and scale in codebook.ancestors(code)]
            if len(on_scale) > 1:
                rows.append((segment, coder, f"højst én kode på {scale}", "|".join(on_scale)))
        factors = [code for code in codes if code.startswith("SBST.FAKTOR.")]
        if factors and not any(code.startswith("SBST.ARENA.") for code in codes):
            rows.append((segment, coder, "SBST.FAKTOR kræver en SBST.ARENA", "|".join(factors)))
    return pd.DataFrame(rows, columns=["segment_id", "coder", "rule", "codes"])


def strength(sources: int, informant_groups: int) -> str:
    """The codebook's strength: one source, several sources, or several kinds of informants."""
    if sources == 0:
        return "ingen"
    if sources == 1:
        return "enkelt_udsagn"
    return "flere_informantgrupper" if informant_groups > 1 else "flere_informanter"


def _rows(
    part: pd.DataFrame, total: int, codebook: Codebook, group: dict[str, object], all_codes: bool
) -> list[dict[str, object]]:
    by_code = dict(tuple(part.groupby("code")))
    rows: list[dict[str, object]] = []
    for code in codebook.codes:
        found = by_code.get(code.id)
        is_disconfirming = code.id in DISCONFIRMING
        if found is None and not is_disconfirming and not (all_codes and code.is_codable):
            continue
        found = part.iloc[:0] if found is None else found
        sources, informants = int(found["document_id"].nunique()), int(found["informant"].nunique())
        polarity = found.groupby("polarity")["document_id"].nunique()
        rows.append(
            {
                **group,
                "code": code.id,
                "name": code.name,
                "folder": codebook.folder_of(code.id),
                "sources": sources,
                "segments": int(found["segment_id"].nunique()),
                "sources_total": total,
                "share_sources_pct": 100 * sources / total if total else float("nan"),
                "informant_groups": informants,
                "strength": strength(sources, informants),
                **{column: int(polarity.get(word, 0)) for word, column in POLARITY_COLUMNS.items()},
                "is_disconfirming": is_disconfirming,
            }
        )
    return rows


def theme_cell(code: str, occasion: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Where a code's sources at an occasion stand when they are published: exhibit and cell."""
    if occasion == BASELINE:
        return CHANGES_BASELINE, (("kode", code),)
    return CHANGES, (("kode", code), ("nedslag", occasion))


def divided_cell(kind: str, code: str, group: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Where a part of a code's sources stands when it is published: exhibit and cell."""
    return f"themes_by_{kind}", (("kode", code), (DIVISIONS[kind][0], group))
