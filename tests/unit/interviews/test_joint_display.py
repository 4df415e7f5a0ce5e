"""Themes, signs, quotes and the joint display: counts by hand, the stated rule, and what must never be shown."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from factories import ROOT

from evaluation.codebooks import Codebook
from evaluation.errors import InputError
from evaluation.interviews.identity import fingerprint
from evaluation.interviews.joint_display import joint_display, relation_of
from evaluation.interviews.joint_sentences import RELATIONS
from evaluation.interviews.quotes import approved_quotes, personal_hits
from evaluation.interviews.signs import sign_themes, signs_of
from evaluation.interviews.themes import (
    scale_conflicts,
    strength,
    theme_changes,
    theme_table,
)
from evaluation.questions.voices import MEASURED, OVERRIDES, override_problems, overrides_of
from evaluation.study import load_study

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
        "says": "for",
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
RISE = {"verdict": "ikke opnået", "says": "imod", "estimate_pp": 1.5, "ci_low_pp": 0.2, "ci_high_pp": 2.8}


@pytest.mark.parametrize(
    ("segments", "numbers", "relation"),
    [
        (FOR, effects(), "bekræfter"),
        (FOR, effects(verdict="kan ikke afgøres"), "bekræfter"),
        (AGAINST, effects(), "modsiger"),
        (FOR, effects(verdict="ikke opnået", says="ingen", ci_high_pp=0.4), "modsiger"),
        (FOR, effects(**RISE), "modsiger"),
        (AGAINST, effects(**RISE), "bekræfter"),
        (FOR, effects(verdict="kan endnu ikke opgøres", says="ukendt"), "udvider"),
        (FOR, effects(verdict="kan ikke vurderes", says=None), "udvider"),
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
    given = [("MP.MAAL", "bekræfter", "Skolerne kender eleverne.")]
    own = (
        joint_display(book, numbers, sign_themes(segments, book), None, given)
        .set_index("sign_id")
        .loc["MP.MAAL"]
    )
    assert "Ufrivilligt fravær er ikke en registreringstype" in own["reading"]


def test_an_analyst_may_override_with_a_reason(book: Codebook) -> None:
    given = [("MP.TEGN.FALD", "udvider", "Kun én skole er spurgt.")]
    row = joint_display(book, effects(), sign_themes(FOR, book), None, given).iloc[0]
    assert (row["relation"], row["is_overridden"]) == ("udvider", True)
    assert row["override_reason"] == "Kun én skole er spurgt."
    assert "Kun én skole er spurgt." in row["reading"]


def test_overrides_without_reason_relation_or_sign_are_refused_together(book: Codebook) -> None:
    wrong = [("MP.TEGN.FALD", "udvider", " "), ("MP.TEGN.SPROG", "passer", "x"), ("NIX", "tavs", "x")]
    with pytest.raises(InputError) as refusal:
        joint_display(book, effects(), sign_themes(FOR, book), None, wrong)
    assert {p.column for p in refusal.value.problems} == {"reason", "relation", "sign_id"}


REASON = "Få ældre elever er spurgt"
HEAD = "sign_id;relation;reason\n"


@pytest.mark.parametrize(
    ("content", "is_read"),
    [
        (f"{HEAD}MP.TEGN.FALD;modsiger;{REASON}\n".encode("cp1252"), True),
        (f"{HEAD}MP.TEGN.FALD;Modsiger;{REASON}\n".encode("utf-8-sig"), True),
        (f"Sign_ID,Relation,Reason\nMP.TEGN.FALD,modsiger,{REASON}\n".encode(), True),
        (f'{HEAD}MP.TEGN.FALD;modsiger;"{REASON}; og få"\n'.encode(), True),
        (f"{HEAD}MP.TEGN.FALD;modsiger;{REASON}; og få\n".encode(), False),
        (f"tegn;relation;begrundelse\nMP.TEGN.FALD;modsiger;{REASON}\n".encode(), False),
        (f"{HEAD}MP.TEGN.FALD;passer;{REASON}\n".encode(), False),
        (f"{HEAD}NIX;modsiger;{REASON}\n".encode(), False),
        (b"", False),
        (b"\x00\x01", False),
        (b"\xff\xfe\x00", False),
        (HEAD.encode(), True),
    ],
)
def test_a_file_of_own_readings_is_read_or_asked_about(content: bytes, is_read: bool, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "evaluation/studies/kom_glad_i_skole", tmp_path / "s")
    (tmp_path / "s" / OVERRIDES).write_bytes(content)
    study = load_study(str(tmp_path / "s"))
    problems = override_problems(study)
    assert (problems == ()) == is_read
    assert {(p.file, p.rule) for p in problems} <= {(OVERRIDES, "override")}
    if is_read:
        assert [reason[: len(REASON)] for *_, reason in overrides_of(study)] == [REASON] * (
            content != HEAD.encode()
        )
    else:
        with pytest.raises(InputError):
            overrides_of(study)


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
    marked = segments["segment_id"] != "s_3"
    segments["approved_sha256"] = segments["segment_id"].map(texts).map(fingerprint).where(marked)
    pii = spoken(("5", "X.PII", None, "elev", "baseline", "s_5"))
    frame = pd.DataFrame(texts.items(), columns=["segment_id", "text"])
    quotes = approved_quotes(pd.concat([segments, pii]), frame, book, names=["Bo Hansen"])
    assert list(quotes["quote"]) == ["Jeg kommer mere i skole."]
    row = joint_display(book, effects(), sign_themes(FOR, book), quotes, segments=segments).iloc[0]
    assert row["quote"] == "Jeg kommer mere i skole."
    assert row["quote_attribution"] == "en elev"


@pytest.mark.parametrize("barred", ["refused", "X.PII", "nothing"])
def test_a_no_to_words_holds_wherever_they_were_said(book: Codebook, barred: str) -> None:
    """One says yes to a sentence and another, elsewhere, no to the same sentence: it is not printed."""
    said = spoken(
        ("1", "MP.TEGN.FALD", "positiv", "elev", "baseline", "s_1"),
        ("2", "X.PII" if barred == "X.PII" else "MP.TEGN.FALD", "positiv", "elev", "baseline", "s_2"),
    )
    words = "Jeg kommer mere i skole."
    texts = pd.DataFrame({"segment_id": said["segment_id"], "text": [words, f" {words} "]})
    first = said["segment_id"].iloc[0]
    said["approved_sha256"] = said["segment_id"].eq(first).map({True: fingerprint(words), False: None})
    said["is_refused_quote"] = (said["segment_id"] != first) & (barred == "refused")
    assert list(approved_quotes(said, texts, book)["quote"]) == ([words] if barred == "nothing" else [])


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


def test_every_indicator_of_the_codebook_is_measured(book: Codebook) -> None:
    declared = {indicator for sign in signs_of(book) for indicator in sign.indicators}
    assert declared == set(MEASURED)
    assert signs_of(book)[0].indicators == ("fravaer_total_pct",)


def test_talks_held_and_schools_own_steps_are_no_numbers_for_a_sign(book: Codebook) -> None:
    segments = spoken(*[(d, "MP.TEGN.SAMARB", "positiv") for d in "abc"])
    table = joint_display(book, effects(), sign_themes(segments, book)).set_index("sign_id")
    row = table.loc["MP.TEGN.SAMARB"]
    assert (row["quant_says"], row["qual_says"], row["relation"]) == ("ukendt", "for", "udvider")
    assert row["quant_text"] == "Der er ingen tal for dette tegn."


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
