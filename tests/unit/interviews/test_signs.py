"""What is said of a sign holds against every statement on it: majorities, divided material, counter-evidence, quotes."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd
import pytest
from factories import codebook
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.codebooks import Codebook
from evaluation.interviews.approvals import QuoteDecisions
from evaluation.interviews.identity import fingerprint, heard
from evaluation.interviews.joint_display import joint_display
from evaluation.interviews.quotes import approved_quotes
from evaluation.interviews.sign_quotes import choose_quotes
from evaluation.interviews.signs import direction_of, lonely_counters, sign_themes, signs_of, spoken_on
from evaluation.interviews.themes import PUPILS, divided_themes

NOTHING = pd.DataFrame(columns=["indicator", "estimate_pp", "ci_low_pp", "ci_high_pp", "verdict"])
SIGN = "MP.TEGN.FALD"


def coded(*rows: tuple[str, str, str, str | None, str]) -> pd.DataFrame:
    """(document, segment, code, direction, informant)."""
    frame = pd.DataFrame(rows, columns=["document_id", "segment_id", "code", "polarity", "informant"])
    return frame.assign(coder="k_1", approved_sha256=None)


def sources(**n: int) -> pd.DataFrame:
    """So many sources that say each: positiv, negativ, blandet, neutral (pupils all)."""
    rows = [
        (f"{word}{k}", f"{word}{k}", SIGN, word, "elev") for word, times in n.items() for k in range(times)
    ]
    return coded(*rows)


def row_of(segments: pd.DataFrame, book: Codebook, sign: str = SIGN, **options: Any) -> pd.Series:
    table = joint_display(book, NOTHING, sign_themes(segments, book), segments=segments, **options)
    return table.set_index("sign_id").loc[sign]


OWN = next(s for s in signs_of(codebook()) if s.id == SIGN)
WAYS = ["positiv", "negativ", "blandet", "neutral", None]
SAYS = {"positiv": {"for"}, "negativ": {"imod"}, "blandet": {"for", "imod"}, "neutral": set()}


@settings(max_examples=30, deadline=None)
@given(ways=st.lists(st.sampled_from(WAYS), min_size=1, max_size=3), data=st.data())
def test_coders_who_differ_on_a_direction_make_no_source_say_both(
    ways: list[str | None], data: st.DataObject, book: Codebook
) -> None:
    rows = [("d", "s", SIGN, way, "elev") for way in ways]
    segments = coded(*rows).assign(coder=[f"k_{n}" for n in range(len(rows))])
    segments = segments.loc[data.draw(st.permutations(range(len(rows))))]
    stated = [SAYS[way] for way in ways if way]
    (one,) = spoken_on(OWN, segments)
    unstated = SAYS.get(book.get(SIGN).unstated, set())
    assert one.says == (set.intersection(*stated) if stated else unstated)


@settings(max_examples=30, deadline=None)
@given(
    cut=st.tuples(st.integers(0, 6), st.integers(1, 7)).filter(lambda c: c[0] < c[1]),
    way=st.sampled_from(["positiv", "neutral"]),
    is_placed=st.booleans(),
    mark=st.sampled_from(["X.MODBEVIS", "X.ANDENFORKL"]),
)
def test_a_mark_on_a_part_of_a_statement_is_heard(
    cut: tuple[int, int], way: str, is_placed: bool, mark: str
) -> None:
    words = ["det", "er", "bedre", "men", "ikke", "for", "alle"]
    places = [(None, None)] * 2 if not is_placed else [(0, len(words)), cut]
    segments = coded(("d", "s1", SIGN, way, "elev"), ("d", "s2", mark, None, "elev")).assign(
        start=[a for a, _ in places], end=[b for _, b in places]
    )
    texts = pd.DataFrame(
        {"segment_id": ["s1", "s2"], "text": [" ".join(words), f"»{' '.join(words[slice(*cut)])}«"]}
    )
    (one,) = spoken_on(OWN, segments, texts)
    assert one.has_other_explanation == (mark == "X.ANDENFORKL")
    assert ("imod" in one.says) == (mark == "X.MODBEVIS")
    apart = segments.assign(document_id=["d", "e"])
    assert lonely_counters(segments, texts) == 0
    assert lonely_counters(apart, texts) == (mark == "X.MODBEVIS")


@settings(max_examples=30, deadline=None)
@given(data=st.data(), ways=st.lists(st.sampled_from(["positiv", "negativ"]), min_size=3, max_size=8))
def test_words_that_stand_on_both_sides_are_quoted_on_neither(data: st.DataObject, ways: list[str]) -> None:
    words = [
        data.draw(st.sampled_from(["Det er som før.", "det er som før!", "Det er nyt.", "Ja."])) for _ in ways
    ]
    segments = coded(*((f"d{n}", f"s{n}", SIGN, way, "elev") for n, way in enumerate(ways)))
    quotes = pd.DataFrame(
        [(SIGN, f"s{n}", text) for n, text in enumerate(words)], columns=["code", "segment_id", "quote"]
    )
    told = choose_quotes(OWN, quotes, segments, "delt", 1)
    sides = {way: {heard(w) for w, said in zip(words, ways, strict=True) if said == way} for way in SAYS}
    for quote in (told.quote, told.against):
        assert not isinstance(quote, str) or heard(quote) not in sides["positiv"] & sides["negativ"]


@pytest.mark.parametrize(
    ("material", "says"),
    [
        (sources(positiv=3, negativ=2), "for"),
        (sources(positiv=3, negativ=2, blandet=1), "delt"),
        (sources(positiv=3, neutral=3), "delt"),
        (sources(positiv=3, neutral=2), "for"),
        (sources(negativ=4, positiv=3), "imod"),
        (sources(positiv=1), "delt"),
        (sources(blandet=5), "delt"),
        (sources(), "tavs"),
    ],
)
def test_most_means_most_of_all_who_speak(material: pd.DataFrame, says: str, book: Codebook) -> None:
    assert row_of(material, book)["qual_says"] == says


informants = st.sampled_from(["elev", "elevgruppe", "sundhedsplejerske", "skoleledelse"])
statements = st.lists(
    st.tuples(
        st.integers(0, 11),
        st.sampled_from([SIGN, "SBST.TYPE.REG", "X.MODBEVIS", "X.ANDENFORKL", "MP.MAAL"]),
        st.sampled_from(["positiv", "negativ", "blandet", "neutral", None]),
        st.integers(0, 2),
    ),
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(rows=statements, who=st.lists(informants, min_size=12, max_size=12), fewest=st.sampled_from([1, 5]))
def test_every_sentence_is_true_of_all_statements(
    rows: list[tuple[int, str, str | None, int]], who: list[str], fewest: int
) -> None:
    from factories import codebook

    book = codebook()
    material = coded(*[(f"d{d}", f"d{d}s{s}", code, p, who[d]) for d, code, p, s in rows])
    row = row_of(material, book, fewest_told=fewest)
    said: dict[str, set[str]] = {}
    for (document, _), part in material.groupby(["document_id", "segment_id"]):
        codes = set(part["code"])
        if SIGN not in codes:
            continue  # neither counter-evidence on another statement nor a linked code speaks of this sign
        own = part[part["code"] == SIGN]
        words = said.setdefault(str(document), set())
        stated = own["polarity"].dropna()
        if stated.empty and "X.MODBEVIS" not in codes:
            words.add("for")  # what the codebook declares, where nobody states a direction
        words.update(*(SAYS[direction] for direction in stated))
        if "X.MODBEVIS" in codes:
            words.add("imod")
    n, yes, no = (
        len(said),
        sum(v == {"for"} for v in said.values()),
        sum(v == {"imod"} for v in said.values()),
    )
    reading, summary = row["reading"], row["qual_summary"]
    assert (row["sources"], row["qual_says"] == "tavs") == (n, n == 0)
    if 0 < n < fewest:
        assert "De fleste" not in summary
        assert "de fleste" not in reading
        return
    if "de fleste kilder, der taler om det, oplever tegnet" in reading:
        assert yes > n / 2
    if "de fleste kilder, der taler om det, oplever det ikke" in reading:
        assert no > n / 2
    for word, count in (("bekræftende", yes), ("afvisende", no)):
        told = re.search(rf"(\d+) {word}", summary)
        assert (int(told.group(1)) if told else 0) == count
    pupils = [v for d, v in said.items() if who[int(d[1:])] in PUPILS]
    adults = [v for d, v in said.items() if who[int(d[1:])] not in PUPILS]
    if "De fleste elever oplever det ikke" in summary:
        assert 2 * sum(v == {"imod"} for v in pupils) > len(pupils) >= fewest
        assert 2 * sum(v == {"for"} for v in adults) > len(adults) >= fewest
    if "Ingen taler imod" in summary:
        assert not any("imod" in v for v in said.values())


def test_counter_evidence_belongs_to_the_sign_of_its_own_statement(book: Codebook) -> None:
    material = coded(
        ("a", "a1", SIGN, None, "elev"),
        ("a", "a1", "X.MODBEVIS", None, "elev"),
        ("b", "b1", "MP.TEGN.SPROG", "positiv", "skoleledelse"),
        ("b", "b2", "X.MODBEVIS", None, "skoleledelse"),
    )
    themes = sign_themes(material, book).set_index("sign_id")
    assert themes.loc[SIGN, ["sources", "sources_against", "sources_for"]].tolist() == [1, 1, 0]
    assert themes.loc["MP.TEGN.SPROG", ["sources", "sources_against", "sources_for"]].tolist() == [1, 0, 1]


def test_a_direction_that_nobody_states_is_the_one_the_codebook_declares_or_unknown(book: Codebook) -> None:
    declared = {c.id: c.unstated for c in book.codes if c.unstated}
    signs = {f"MP.TEGN.{n}" for n in ("FALD", "SPROG", "SAMARB", "FOREBYG")}
    wishes = {f"KL.FREMOVER.{n}" for n in ("FASTHOLD", "UDBRED", "JUSTER", "STOP")}
    assert declared == dict.fromkeys(signs | wishes, "positiv")
    for sign in signs_of(book):
        for own in sign.own_codes:
            rows = coded(("a", "a1", own, "positiv", "elev"), ("b", "b1", own, None, "elev"))
            assert [sorted(s.says) for s in spoken_on(sign, rows)] == [
                ["for"],
                ["for"] if own in declared else [],
            ]
    doubts = coded(*[(d, d, "MP.MILEPAEL.3MDR", None, "elev") for d in "ab"])
    row = row_of(doubts, book, "MP.MILEPAEL.3MDR")
    assert (row["sources"], row["qual_says"]) == (2, "delt")
    assert "retningen er neutral eller ikke oplyst" in row["reading"]


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_what_is_linked_carries_no_sign_whatever_it_says_and_whatever_is_marked_on_it(
    data: st.DataObject,
) -> None:
    from factories import codebook

    book = codebook()
    for sign in signs_of(book):
        linked = [c for c in sign.codes if c not in sign.own_codes]
        if not linked:
            continue
        one = st.tuples(
            st.integers(0, 4).map(str),
            st.sampled_from([*linked, "X.MODBEVIS"]),
            st.sampled_from(["positiv", "negativ", "blandet", "neutral", None]),
        )
        rows = data.draw(st.lists(one, max_size=12))
        row = row_of(coded(*[(d, d, c, p, "elev") for d, c, p in rows]), book, sign.id)
        assert (row["sources"], row["qual_says"]) == (0, "tavs")


def test_what_stands_beside_a_sign_speaks_of_it_not_and_other_causes_count_all_the_same(
    book: Codebook,
) -> None:
    friends = [(f"v{n}", f"v{n}", "SBST.FAKTOR.BESKYT", "positiv", "elev") for n in range(15)]
    longing = [(f"u{n}", f"u{n}", "MP.UFRIV", "negativ", "elev") for n in range(6)]
    row = row_of(coded(*friends, *longing), book, "MP.MAAL")
    assert (row["sources"], row["qual_says"]) == (6, "imod")
    assert "De fleste kilder, der taler om det, oplever ikke, at det bliver bedre" in row["reading"]
    assert row_of(coded(*friends), book, "MP.MAAL")["qual_says"] == "tavs"
    noted = [("r", "r1", "SBST.TYPE.REG", None, "elev"), ("r", "r1", "X.ANDENFORKL", None, "elev")]
    fall = row_of(coded(*noted, ("f", "f1", SIGN, "positiv", "elev")), book)
    assert (fall["sources"], "1 peger på en anden forklaring" in fall["qual_summary"]) == (1, True)


def test_pupils_and_adults_are_named_only_where_both_are_enough(book: Codebook) -> None:
    def material(pupils: int) -> pd.DataFrame:
        return coded(
            *[(f"e{n}", f"e{n}", SIGN, "negativ", "elev") for n in range(pupils)],
            *[(f"v{n}", f"v{n}", SIGN, "positiv", "skoleledelse") for n in range(6)],
        )

    assert direction_of(sign_themes(material(5), book).iloc[0], "sources", 2) == "for"
    five, four = (row_of(material(n), book, fewest_told=5) for n in (5, 4))
    assert five["qual_says"] == four["qual_says"] == "delt"
    assert "elever og voksne er uenige" in five["reading"]
    assert "kilderne er delte" in four["reading"]
    assert "elever" not in four["qual_summary"]


def test_quotes_agree_and_the_other_voice_stands_beside_never_from_a_linked_code(book: Codebook) -> None:
    rows = [(f"d{n}", f"s{n}", SIGN, "positiv", "elev") for n in range(5)]
    rows += [("d5", "s5", SIGN, "negativ", "elev"), ("d6", "s6", "SBST.TYPE.REG", None, "skoleledelse")]
    rows += [("d7", "s7", SIGN, None, "skoleledelse"), ("d7", "s7", "X.MODBEVIS", None, "skoleledelse")]
    material = coded(*rows)
    texts = {s: f"Ord {s}" for s in material["segment_id"]}
    frame = pd.DataFrame(texts.items(), columns=["segment_id", "text"])

    def chosen(*approved: str) -> tuple[Any, Any]:
        marked = material.assign(
            approved_sha256=[fingerprint(texts[s]) if s in approved else None for s in material["segment_id"]]
        )
        row = row_of(marked, book, quotes=approved_quotes(marked, frame, book))
        return tuple(None if pd.isna(row[c]) else row[c] for c in ("quote", "quote_against"))

    assert chosen("s0", "s5", "s6") == ("Ord s0", "Ord s5")
    assert chosen("s5") == (None, "Ord s5")
    assert chosen("s6") == (None, None)
    assert chosen("s7") == (None, "Ord s7")


@pytest.mark.parametrize("wanted", [f"s{n}" for n in range(4)])
def test_the_analyst_chooses_among_approved_quotes(wanted: str, book: Codebook) -> None:
    """Whichever of several marked statements is chosen in the study's decisions is the one that stands there."""
    rows = [(f"d{n}", f"s{n}", SIGN, "positiv", "elev") for n in range(4)]
    rows += [
        ("d0", "s0", "MP.MAAL", "positiv", "elev")
    ]  # a code that stands before the sign's own in the codebook
    material = coded(*rows)
    marked = material.assign(approved_sha256=[fingerprint(f"Ord {s}") for s in material["segment_id"]])
    texts = material[["segment_id"]].drop_duplicates().assign(text=lambda t: "Ord " + t["segment_id"])
    chosen = QuoteDecisions({fingerprint(f"Ord {wanted}"): True})
    quotes = approved_quotes(marked, texts, book, decisions=chosen)
    assert row_of(marked, book, quotes=quotes)["quote"] == f"Ord {wanted}"


@pytest.mark.parametrize("named_anew", [{}, {"s0": "z0"}, {"s5": "a5", "s0": "z0"}])
def test_whose_words_they_are_does_not_follow_the_statements_names(
    book: Codebook, named_anew: dict[str, str]
) -> None:
    rows = [(f"d{n}", f"s{n}", SIGN, "positiv", "elev" if n < 5 else "skoleledelse") for n in range(10)]
    material = coded(*rows).assign(approved_sha256=None)

    def attributed(alike: list[str]) -> Any:
        words = {s: "Det samme" if s in alike else f"Ord {s}" for s in material["segment_id"]}
        marked = material.assign(
            approved_sha256=[fingerprint(words[s]) if s in alike else None for s in words],
            segment_id=[named_anew.get(s, s) for s in words],
        )
        frame = pd.DataFrame({"segment_id": marked["segment_id"], "text": list(words.values())})
        row = row_of(marked, book, quotes=approved_quotes(marked, frame, book))
        return None if pd.isna(row["quote_attribution"]) else row["quote_attribution"]

    assert attributed(["s0", "s1"]) == "en elev"
    assert attributed(["s5"]) == "en skoleleder"
    assert attributed(["s0", "s5"]) is None  # a pupil and a leader said the same words: neither is named


PLACES = {
    "same": (0, 10),
    "inside": (2, 6),
    "overlapping": (4, 14),
    "touching": (8, 30),
    "adjacent": (10, 20),
    "far": (50, 60),
}
Mark = tuple[int, str, bool, bool]
"""A source, a place, whether a code stands with it, and whether it is in a document of its own."""


def document_of(mark: Mark, ways: list[str]) -> str:
    return "e" if mark[3] else f"d{mark[0] % len(ways)}"


def is_half(one: tuple[int, int], other: tuple[int, int]) -> bool:
    shared = min(one[1], other[1]) - max(one[0], other[0])
    return shared > 0 and 2 * shared >= min(one[1] - one[0], other[1] - other[0])


@settings(max_examples=60, deadline=None)
@given(
    ways=st.lists(st.sampled_from(["positiv", "blandet", "neutral"]), min_size=2, max_size=5),
    marks=st.lists(
        st.tuples(st.integers(0, 5), st.sampled_from(sorted(PLACES)), st.booleans(), st.booleans()),
        max_size=3,
    ),
    second=st.sampled_from([None, "positiv", "negativ"]),
)
def test_nobody_speaks_against_is_said_only_where_no_statement_may(
    ways: list[str], marks: list[Mark], second: str | None, book: Codebook
) -> None:
    """Counter-evidence on the same, an overlapping, an adjacent or another passage; two coders on the first statement."""
    rows = [(f"d{n}", f"d{n}s", SIGN, way, "k_1", 0, 10) for n, way in enumerate(ways)]
    rows += [("d0", "d0s", SIGN, second, "k_2", 0, 10)] if second else []
    for number, (_, place, has_own_code, _) in enumerate(marks):
        at = (document_of(marks[number], ways), f"x{number}")
        rows.append((*at, "X.MODBEVIS", None, "k_1", *PLACES[place]))
        rows += [(*at, "SBST.TYPE.REG", None, "k_1", *PLACES[place])] if has_own_code else []
    columns = ["document_id", "segment_id", "code", "polarity", "coder", "start", "end"]
    material = pd.DataFrame(rows, columns=columns).assign(informant="elev", approved_sha256=None)
    material = material.astype({"start": "Int64", "end": "Int64"})
    on_sign = {
        d for mark in marks if (d := document_of(mark, ways)) != "e" and is_half(PLACES[mark[1]], (0, 10))
    }
    about = [(f"d{n}", (0, 10)) for n in range(len(ways))]
    about += [(document_of(mark, ways), PLACES[mark[1]]) for mark in marks if mark[2]]
    lonely = [
        mark
        for mark in marks
        if not any(d == document_of(mark, ways) and is_half(PLACES[mark[1]], p) for d, p in about)
    ]
    may_be_against = bool(on_sign or lonely) or "blandet" in ways or second == "negativ"
    summary = row_of(material, book)["qual_summary"]
    is_told = "positiv" in ways and not may_be_against
    assert ("Ingen taler imod" in summary) <= (not may_be_against)
    if second != "positiv" or ways[0] == "positiv":
        assert ("Ingen taler imod" in summary) == is_told
    documents = material.drop_duplicates("document_id")
    stances = divided_themes(material, documents, book)
    told = stances[stances["code"].eq(SIGN) & stances["group_kind"].eq("stance")].set_index("group_id")[
        "sources"
    ]
    against = on_sign | {f"d{n}" for n, way in enumerate(ways) if way == "blandet"}
    against |= {"d0"} if second == "negativ" else set()
    assert told["imod"] + told["begge"] == len(against)


@settings(max_examples=40, deadline=None)
@given(rows=statements)
def test_every_source_of_a_code_is_in_one_part_of_each_division(rows: list, book: Codebook) -> None:
    who = ["elev", "elevgruppe", "skoleledelse", ""]
    codes = {"MP.MAAL": "MP.VIDERE"}
    material = coded(
        *((f"d{d}", f"s{n}", codes.get(c, c), p, who[d % 4]) for n, (d, c, p, _) in enumerate(rows))
    )
    documents = material.drop_duplicates("document_id")
    found = divided_themes(material, documents, book)
    whole = material.groupby("code")["document_id"].nunique()
    for kind in ("speaker", "stance"):
        parts = found[found["group_kind"] == kind].groupby("code")["sources"].sum()
        assert parts.to_dict() == whole[parts.index].to_dict()
    assert set(found.loc[found["group_kind"] == "speaker", "code"]) == set(whole.index)


@pytest.mark.parametrize(
    ("material", "told"),
    [
        (sources(positiv=3, negativ=3), "kilderne er delte"),
        (sources(blandet=3, neutral=3), "kilderne siger både for og imod"),
        (sources(blandet=3, positiv=3), "kilderne er delte"),
        (
            sources(negativ=5, neutral=6),
            "de kilder, der tager stilling, oplever det ikke, men de er ikke flertallet",
        ),
        (
            sources(positiv=4, neutral=4),
            "de kilder, der tager stilling, oplever det, men de er ikke flertallet",
        ),
        (sources(positiv=2, neutral=5), "for få kilder tager stilling"),
        (sources(neutral=5), "retningen er neutral eller ikke oplyst"),
    ],
)
def test_sources_are_divided_only_where_some_say_otherwise(
    material: pd.DataFrame, told: str, book: Codebook
) -> None:
    row = row_of(material, book, fewest_told=3)
    assert row["qual_says"] == "delt"
    assert told in row["reading"]
