"""The gate for words. Every name and number here is made up."""

from __future__ import annotations

import unicodedata

import pytest

from evaluation.disclosure.names import NameMatcher
from evaluation.disclosure.text import scan_text
from evaluation.errors import EnvironmentProblem

KEY = b"a key that is long enough to use"
ROSTER = (
    "Ida Nørgaard",
    "Lars Østergård Holm",
    "Anne-Marie Krogh",
    "Max Skov",
    "Søren Åkær",
    "René D'Souza",
    "Bo Li",
    "Zoë van der Meer",
    "Storm Lykke",
)


@pytest.fixture(scope="module")
def matcher():
    return NameMatcher.from_names(ROSTER, KEY)


@pytest.mark.parametrize("text", [
    "Ida sagde det", "ida sagde det", "IDA SAGDE DET", "Idas mor", "IDAS MOR", "Ida's mor", "Ida’s mor", "hos (Ida).",
    "Lars' cykel", "Lars’ cykel", "Lars's cykel", "Max' bog", "Maxs bog", "Max's bog",
    "Østergård", "Østergaard", "ØSTERGÅRDS", unicodedata.normalize("NFD", "Østergård"),
    unicodedata.normalize("NFD", "Åkær"), "Aakær", "Nørgaard", "Nørgård", "Noergaard",
    "Anne-Marie", "Anne Marie", "Annemarie", "anne‑marie", "Anne-Maries taske", "Maries taske", "Anne-Marie-holdet",
    "Rene", "René", "D'Souza", "DSouza", "D’Souzas", "Zoe", "Zoë", "Meer", "Bo kom", "med Li i dag",
    "I\u00adda", "I\u200bda", "Skov kom", "Storm var glad", "hos Lykke",
])  # fmt: skip
def test_names_are_found(matcher, text):
    assert [f.kind for f in scan_text(text, matcher) if f.kind == "name"], text


@pytest.mark.parametrize("text", [
    "Idag var det godt", "der var storm i skoven og lykke", "en tur i skov", "vi er friske", "maksimalt", "van der",
    "eleverne", "lige så", "årgang 6 og 8", "skolen og hjemmet", "livet", "Idé",
])  # fmt: skip
def test_ordinary_words_are_not(matcher, text):
    assert scan_text(text, matcher) == (), text


@pytest.mark.parametrize(("text", "kind"), [
    ("nr. 010203-1234.", "cpr"), ("0102031234", "cpr"), ("010203 1234", "cpr"), ("010203–1234", "cpr"),
    ("010203 - 1234", "cpr"), ("610203-1234", "cpr"), ("3112991234", "cpr"), ("０１０２０３-１２３４", "cpr"),
    ("skriv til mor.far+1@eks-empel.dk", "email"), ("mor(at)eksempel.dk", "email"), ("mor snabel-a eksempel.dk", "email"),
    ("ring 20304050", "phone"), ("20 30 40 50", "phone"), ("2030 4050", "phone"), ("+45 20304050", "phone"),
    ("0045 20 30 40 50", "phone"), ("+4520304050", "phone"), ("20.30.40.50", "phone"), ("203 04 050", "phone"),
    ("Opdigtet Allé 12", "address"), ("Skovbrynsvej 3", "address"), ("på bakkegade 7B, st.", "address"),
    ("Prøvestræde 4, 2. tv", "address"), ("bor, 2620 Albertslund", "address"), ("DK-2620 Albertslund", "address"),
])  # fmt: skip
def test_identifiers_are_found(text, kind):
    assert kind in {f.kind for f in scan_text(text)}, text


@pytest.mark.parametrize("text", [
    "2.600 elever i 2026/27", "skoleår 2026 2027", "6,8 procent mod 7,2", "1.234.567", "320203-1234", "011303-1234",
    "uge 33 til 46", "9 af 14", "12.345.678,9", "den 13. november 2026", "10.10.2026", "3 måneder", "kl. 08.00-15.00",
    "i 2026 Kom glad", "et godt sted 3 gange", "den vej 3 gange",
])  # fmt: skip
def test_ordinary_numbers_are_not(text):
    assert scan_text(text) == (), text


def test_ordinary_number_of_eight_digits_as_count_is_not_a_phone():
    assert scan_text("20.304.050 dage") == ()


def test_the_matcher_keeps_no_names(matcher):
    kept = f"{matcher!r} {sorted(matcher.tokens)}".casefold()
    for name in ROSTER:
        for part in name.replace("-", " ").split():
            if len(part) > 3:
                assert part.casefold() not in kept
    assert KEY.decode().casefold() not in kept


def test_another_key_gives_other_hashes_and_a_short_one_is_refused(matcher):
    other = NameMatcher.from_names(ROSTER, KEY[::-1])
    assert not other.tokens & matcher.tokens
    with pytest.raises(EnvironmentProblem, match="too short"):
        NameMatcher.from_names(ROSTER, b"short")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("01 02 03 1234", "cpr"),
        ("01.02.03-1234", "cpr"),
        ("01/02/03-1234", "cpr"),
        ("٠١٠٢٠٣-١٢٣٤", "cpr"),
        ("+4512345678", "phone"),
        ("12 34 56 78", "phone"),
        ("ring til 12345678", "phone"),
        ("tlf. 11223344", "phone"),
        ("1.234.567 kr. den 14-11-2026", None),
        ("i 2024-2025, uge 46 og 47", None),
        ("tabellen: 12 14 16 18 20", None),
    ],
)
def test_numbers_written_in_other_ways(text, kind):
    assert {f.kind for f in scan_text(text)} == ({kind} if kind else set())


def test_a_name_divided_at_the_end_of_a_line():
    assert [f.kind for f in scan_text("Det sagde Ma-\nrie i går", ["Marie Holst"])] == ["name"]
    assert scan_text("Det er skole-\nfri i går", ["Marie Holst"]) == ()
