"""Themes, signs, quotes and the joint display: counts by hand, the stated rule, and what must never be shown."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from evaluation.codebooks import Codebook
from evaluation.errors import InputError
from evaluation.interviews.joint_display import joint_display, relation_of
from evaluation.interviews.joint_sentences import RELATIONS, Override
from evaluation.interviews.process_indicators import process_indicators
from evaluation.interviews.quotes import approved_quotes, personal_hits
from evaluation.interviews.signs import sign_themes, signs_of, stance
from evaluation.interviews.themes import (
    scale_conflicts,
    strength,
    theme_changes,
    theme_table,
)
from evaluation.questions.voices import signs_joined
from evaluation.study import find_study, load_study
from evaluation.tables import table

COLUMNS = [
    "document_id",
    "segment_id",
    "code",
    "polarity",
    "informant",
    "occasion",
    "school_id",
    "grade",
    "coder",
]


def spoken(*rows: tuple[Any, ...]) -> pd.DataFrame:
    """(document, code, polarity[, informant, occasion, segment])"""
    full = []
    for number, row in enumerate(rows):
        document, code, polarity, *rest = row
        informant, occasion, segment = (*rest, *("elev", "baseline", f"s_{number}")[len(rest) :])
        full.append((document, segment, code, polarity, informant, occasion, "skole_1", "6", "k_1"))
    return pd.DataFrame(full, columns=COLUMNS).assign(form="enkeltinterview", approved_quote=False)


def effects(**given: Any) -> pd.DataFrame:
    row = {
        "indicator": "fravaer_total_pct",
        "estimate_pp": -1.2,
        "ci_low_pp": -2.0,
        "ci_high_pp": -0.4,
        "verdict": "opnået",
    }
    return pd.DataFrame([row | given])


NOTHING = pd.DataFrame(columns=["indicator", "estimate_pp", "ci_low_pp", "ci_high_pp", "verdict"])


def test_sources_and_segments_are_counted_once(book: Codebook) -> None:
    segments = spoken(
        ("a", "MP.UFRIV", "negativ", "elev", "baseline", "s1"),
        ("a", "MP.UFRIV", "negativ", "elev", "baseline", "s1"),  # the second coder
        ("a", "MP.UFRIV", "positiv", "elev", "baseline", "s2"),
        ("b", "MP.UFRIV", None, "skoleledelse", "baseline", "s3"),
        ("c", "MP.MAAL", None, "skoleledelse", "baseline", "s4"),
    )
    row = theme_table(segments, book).set_index("code").loc["MP.UFRIV"]
    assert (row["sources"], row["segments"], row["sources_total"]) == (2, 3, 3)
    assert row["share_sources_pct"] == pytest.approx(100 * 2 / 3)
    assert (row["sources_negative"], row["sources_positive"]) == (1, 1)
    assert (row["informant_groups"], row["strength"]) == (2, "flere_informantgrupper")


@pytest.mark.parametrize(
    ("sources", "groups", "word"),
    [(0, 0, "ingen"), (1, 1, "enkelt_udsagn"), (2, 1, "flere_informanter"), (2, 2, "flere_informantgrupper")],
)
def test_strength_of_the_codebook(book: Codebook, sources: int, groups: int, word: str) -> None:
    assert strength(sources, groups) == word
    assert word == "ingen" or word in book.attribute("styrke").values


def test_counter_evidence_is_always_listed(book: Codebook) -> None:
    segments = spoken(("a", "MP.UFRIV", None, "elev"), ("b", "MP.MAAL", None, "skoleledelse"))
    table = theme_table(segments, book, by=("informant",))
    for group in ("elev", "skoleledelse"):
        listed = table[(table["informant"] == group) & table["is_disconfirming"]]
        assert list(listed["code"]) == ["X.MODBEVIS", "X.ANDENFORKL"]
        assert (listed["sources"] == 0).all()
    assert set(theme_table(segments.iloc[:0], book)["code"]) == {"X.MODBEVIS", "X.ANDENFORKL"}
    with pytest.raises(InputError):
        theme_table(segments, book, by=("coder",))


def test_change_between_occasions(book: Codebook) -> None:
    segments = spoken(
        ("a", "MP.UFRIV", None, "elev", "baseline"),
        ("b", "MP.MAAL", None, "elev", "baseline"),
        ("c", "MP.UFRIV", None, "elev", "slutevaluering_2027"),
        ("d", "MP.UFRIV", None, "elev", "slutevaluering_2027"),
        ("e", "MP.UFRIV", None, "elev", "loebende"),
    )
    changes = theme_changes(segments, book).set_index("code")
    assert changes.loc["MP.UFRIV", "change_points"] == pytest.approx(100 - 50)
    assert changes.loc["MP.MAAL", "change_points"] == pytest.approx(0 - 50)
    assert (changes["occasion_from"] == "baseline").all()
    assert "X.MODBEVIS" in changes.index


def test_rules_of_coding_that_can_be_counted(book: Codebook) -> None:
    segments = spoken(
        ("a", "SBST.TRIN.1", None, "elev", "baseline", "s1"),
        ("a", "SBST.TRIN.2", None, "elev", "baseline", "s1"),
        ("a", "SBST.FAKTOR.RISIKO", None, "elev", "baseline", "s2"),
        ("a", "SBST.FAKTOR.RISIKO", None, "elev", "baseline", "s3"),
        ("a", "SBST.ARENA.HJEM", None, "elev", "baseline", "s3"),
    )
    assert list(scale_conflicts(segments, book)["segment_id"]) == ["s1", "s2"]


@pytest.mark.parametrize(
    ("code", "polarity", "expected"),
    [
        ("MP.TEGN.SPROG", None, {"for"}),
        ("MP.TEGN.SPROG", "negativ", {"imod"}),
        ("MP.TEGN.SPROG", "blandet", {"for", "imod"}),
        ("MP.TEGN.SPROG", "neutral", set()),
        ("GTH.KONTEKST.5.DRIVKRAFT", None, {"for"}),
        ("GTH.KONTEKST.5.BARRIERE", None, {"imod"}),
        ("GTH.NOEGLE.1", None, set()),
        ("GTH.NOEGLE.1", "positiv", {"for"}),
        ("X.MODBEVIS", "positiv", {"imod"}),
        ("MP.SAMTALE.OPLEVELSE", "positiv", set()),
        ("SBST.TYPE.REG", "positiv", set()),
    ],
)
def test_what_a_segment_says_of_a_sign(code: str, polarity: str | None, expected: set[str]) -> None:
    assert stance("MP.TEGN.SPROG", code, polarity) == expected


def test_the_rule_is_the_stated_one() -> None:
    table = {
        ("for", "for"): "bekræfter",
        ("imod", "imod"): "bekræfter",
        ("ingen", "imod"): "bekræfter",
        ("for", "imod"): "modsiger",
        ("imod", "for"): "modsiger",
        ("ingen", "for"): "modsiger",
    }
    for quant in ("for", "imod", "ingen", "ukendt"):
        assert relation_of(quant, "tavs") == "tavs"
        assert relation_of(quant, "delt") == "udvider"
        for qual in ("for", "imod"):
            assert relation_of(quant, qual) == table.get((quant, qual), "udvider")


FOR = spoken(*[(d, "MP.TEGN.FALD", "positiv") for d in "abc"], ("d", "MP.TEGN.FALD", "negativ"))
AGAINST = spoken(
    *[(d, "MP.TEGN.FALD", "negativ") for d in "abc"], ("c", "X.MODBEVIS", None), ("d", "MP.MAAL", None)
)
RISE = {"verdict": "ikke påvist", "estimate_pp": 1.5, "ci_low_pp": 0.2, "ci_high_pp": 2.8}


@pytest.mark.parametrize(
    ("segments", "numbers", "relation"),
    [
        (FOR, effects(), "bekræfter"),
        (FOR, effects(verdict="tegn på fald, men usikkert"), "bekræfter"),
        (AGAINST, effects(), "modsiger"),
        (FOR, effects(verdict="ikke påvist", ci_high_pp=0.4), "modsiger"),
        (FOR, effects(**RISE), "modsiger"),
        (AGAINST, effects(**RISE), "bekræfter"),
        (FOR, effects(verdict="kan endnu ikke opgøres (tidligst 11. januar 2027)"), "udvider"),
        (FOR, effects(verdict="kan ikke vurderes (for få)"), "udvider"),
        (FOR, NOTHING, "udvider"),
        (spoken(("a", "MP.TEGN.FALD", "positiv")), effects(), "udvider"),  # one source takes no side
        (spoken(("a", "MP.SAMTYKKE", None)), effects(), "tavs"),
    ],
)
def test_relation_of_less_absence(
    book: Codebook, segments: pd.DataFrame, numbers: pd.DataFrame, relation: str
) -> None:
    table = joint_display(book, numbers, sign_themes(segments, book)).set_index("sign_id")
    row = table.loc["MP.TEGN.FALD"]
    assert row["relation"] == relation
    assert not row["is_overridden"]
    assert row["reading"].endswith(".")


def test_one_row_per_sign_in_the_codebook_s_order(book: Codebook) -> None:
    table = joint_display(book, effects(), sign_themes(FOR, book))
    assert (
        list(table["sign_id"])
        == [sign.id for sign in signs_of(book)]
        == [link.sign for link in book.joint_display]
    )
    assert set(table["relation"]) <= set(RELATIONS)
    first = table.iloc[0]
    assert first["qual_summary"].startswith("4 af 4 kilder taler om det: 3 bekræftende, 1 afvisende.")
    assert first["quant_text"] == "Opnået: −1,2 procentpoint (mellem −2,0 og −0,4)."
    assert (first["estimate_pp"], first["indicator"]) == (-1.2, "fravaer_total_pct")


def test_involuntary_absence_is_read_from_interviews_alone_and_says_so(book: Codebook) -> None:
    numbers = effects(indicator="andel_over_10_pct")
    segments = spoken(*[(d, "MP.MAAL", "positiv") for d in "abc"], ("a", "MP.UFRIV", None))
    row = joint_display(book, numbers, sign_themes(segments, book)).set_index("sign_id").loc["MP.MAAL"]
    assert pd.isna(row["estimate_pp"])
    assert pd.isna(row["indicator"])
    assert row["relation"] == "udvider"
    for text in (row["quant_text"], row["reading"]):
        assert "Ufrivilligt fravær er ikke en registreringstype" in text
    silent = joint_display(book, numbers, sign_themes(FOR, book)).set_index("sign_id").loc["MP.MAAL"]
    assert (silent["relation"], silent["sources"]) == ("tavs", 0)
    given = {"MP.MAAL": ("bekræfter", "Skolerne kender eleverne.")}
    own = (
        joint_display(book, numbers, sign_themes(segments, book), None, given)
        .set_index("sign_id")
        .loc["MP.MAAL"]
    )
    assert "Ufrivilligt fravær er ikke en registreringstype" in own["reading"]


@pytest.mark.parametrize("kind", ["mapping", "objects", "frame"])
def test_an_analyst_may_override_with_a_reason(book: Codebook, kind: str) -> None:
    given: Any = {"MP.TEGN.FALD": ("udvider", "Kun én skole er spurgt.")}
    if kind == "objects":
        given = [Override("MP.TEGN.FALD", "udvider", "Kun én skole er spurgt.")]
    if kind == "frame":
        given = pd.DataFrame(
            [("MP.TEGN.FALD", "udvider", "Kun én skole er spurgt.")],
            columns=["sign_id", "relation", "reason"],
        )
    row = joint_display(book, effects(), sign_themes(FOR, book), None, given).iloc[0]
    assert (row["relation"], row["is_overridden"]) == ("udvider", True)
    assert row["override_reason"] == "Kun én skole er spurgt."
    assert "Kun én skole er spurgt." in row["reading"]


def test_overrides_without_reason_relation_or_sign_are_refused_together(book: Codebook) -> None:
    wrong = {"MP.TEGN.FALD": ("udvider", " "), "MP.TEGN.SPROG": ("passer", "x"), "NIX": ("tavs", "x")}
    with pytest.raises(InputError) as refusal:
        joint_display(book, effects(), sign_themes(FOR, book), None, wrong)
    assert {p.column for p in refusal.value.problems} == {"reason", "relation", "sign_id"}


def test_only_approved_and_clean_quotes(book: Codebook) -> None:
    texts = {
        "s_0": "Ring til mig på 22 33 44 55.",
        "s_1": "Jeg kommer mere i skole.",
        "s_2": "Det siger Bo.",
        "s_3": "Ikke godkendt.",
        "s_4": "x" * 400,
        "s_5": "Personhenførbart",
    }
    segments = spoken(
        *[(str(n), "MP.TEGN.FALD", "positiv", "elev", "baseline", s) for n, s in enumerate(texts)]
    )
    segments["approved_quote"] = segments["segment_id"] != "s_3"
    pii = spoken(("5", "X.PII", None, "elev", "baseline", "s_5"))
    frame = pd.DataFrame(texts.items(), columns=["segment_id", "text"])
    quotes = approved_quotes(pd.concat([segments, pii]), frame, book, names=["Bo Hansen"])
    assert list(quotes["quote"]) == ["Jeg kommer mere i skole."]
    row = joint_display(book, effects(), sign_themes(FOR, book), quotes).iloc[0]
    assert row["quote"] == "Jeg kommer mere i skole."
    assert pd.isna(row["quote_attribution"])
    refused = quotes.assign(approved_quote=False)
    assert pd.isna(joint_display(book, effects(), sign_themes(FOR, book), refused).iloc[0]["quote"])


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("010203-1234", {"cpr"}),
        ("0102031234", {"cpr"}),
        ("+45 22334455", {"telefon"}),
        ("skriv til a.b@c.dk", {"e-mail"}),
        ("Skolevej 12", {"adresse"}),
        ("se www.x.dk", {"link"}),
        ("Jeg så Åse.", {"navn"}),
        ("I 2026 var der 12 elever, 3 klasser.", set()),
    ],
)
def test_the_scan_for_personal_data(text: str, kinds: set[str]) -> None:
    assert kinds <= set(personal_hits(text, ["Åse"]))
    assert bool(kinds) == bool(personal_hits(text, ["Åse"]))


def test_process_indicators_take_a_side_only_past_a_stated_limit(book: Codebook) -> None:
    forms = pd.DataFrame(
        [
            ("a", "baseline", "trin", 1.0),
            ("a", "slutevaluering_2027", "trin", 3.0),
            ("b", "baseline", "trin", 2.0),
        ],
        columns=["school_id", "occasion", "dimension", "score"],
    )
    counts = pd.DataFrame({"talks_planned": [60, 40], "talks_held": [55, 30], "consents_given": [8, 1]})
    counts = counts.assign(consents_missing=[1, 0], consents_withdrawn=[0, 0])
    rows = process_indicators(counts, forms, sign_themes(FOR, book)).set_index("indicator")
    assert rows.loc["andel_afholdte_samtaler", "says"] == "for"  # 85 of 100
    assert rows.loc["andel_samtykker", "text"] == "90 % har givet samtykke."
    assert rows.loc["trin_paa_implementeringstrappen_pr_skole", "says"] == "ukendt"  # one of two schools
    low = process_indicators(counts.assign(talks_held=[10, 10]), forms.iloc[:0], sign_themes(FOR, book))
    assert (
        dict(zip(low["indicator"], low["says"], strict=True))["andel_afholdte_samtaler"] == "imod"
    )  # 20 of 100
    segments = spoken(*[(d, "MP.TEGN.SAMARB", "positiv") for d in "abc"])
    table = joint_display(book, rows.reset_index(), sign_themes(segments, book)).set_index("sign_id")
    assert table.loc["MP.TEGN.SAMARB", "relation"] == "bekræfter"
    assert table.loc["MP.TEGN.SAMARB", "quant_text"] == "85 % af de planlagte samtaler er holdt."


def test_talks_that_wait_for_their_turn_take_no_side(book: Codebook) -> None:
    """Planted: the only grade that has begun held 9 of 10; the next is planned and not begun."""
    study = load_study(find_study("kom_glad_i_skole"))
    log = pd.DataFrame(
        {
            "talks_planned": [10, 90],
            "talks_held": [9, 0],
            "consents_given": [5, 0],
            "consents_missing": [1, 0],
            "consents_withdrawn": [0, 0],
            "first_on": [pd.Timestamp(2026, 9, 7), pd.NaT],
        }
    )
    code = dict.fromkeys(table("core_interview_codes").columns, pd.NA) | {
        "document_id": "d1",
        "segment_id": "s1",
        "code": "MP.TEGN.SAMARB",
        "polarity": "positiv",
        "informant": "elev",
        "occasion": "delevaluering_nov_2026",
        "is_approved_quote": False,
    }
    codes = pd.DataFrame([code])
    documents = codes[["document_id", "informant", "occasion"]]
    forms = table("raw_school_forms").empty()
    nothing = [table(n).empty() for n in ("out_effects", "out_verdicts")]
    words = table("raw_interview_texts").empty()
    joined = signs_joined(codes, documents, words, forms, log, *nothing, study, "november_2026")
    row = joined.set_index("sign_id").loc["MP.TEGN.SAMARB"]
    assert row["quant_text"] == "90 % af de planlagte samtaler er holdt."
    assert row["reading"].startswith("Tallene peger i tegnets retning")


def test_sides_of_few_sources_leave_no_trace_in_words(book: Codebook) -> None:
    def row(segments: pd.DataFrame, fewest: int) -> pd.Series:
        table = joint_display(book, effects(), sign_themes(segments, book), fewest_told=fewest)
        return table.set_index("sign_id").loc["MP.TEGN.FALD"]

    said = ["relation", "reading", "qual_summary"]
    for_it, against_it = row(FOR, 5), row(AGAINST, 5)
    assert for_it["sources"] < 5
    assert for_it[said].to_dict() == against_it[said].to_dict()
    assert for_it["relation"] == "udvider"
    assert "få kilder" in for_it["reading"]
    assert "få kilder" in for_it["qual_summary"]
    # From the limit on they are told, and then they differ.
    assert row(FOR, 4)["reading"] != row(AGAINST, 4)["reading"]
