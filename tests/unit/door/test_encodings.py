"""Encodings told by bytes: Danish text in each of them, also where a mapping says another."""

from __future__ import annotations

import pytest

from evaluation.files.encodings import likely_western, utf16_order

TEXT = "Skole;Årgang;Fravær;Bemærkning\nHerstedøster;6;sygdom;Møde på børnehøjde\n"


@pytest.mark.parametrize("encoding", ["cp1252", "cp850", "mac_roman"])
def test_danish_text_is_known_in_every_western_encoding(encoding: str) -> None:
    assert likely_western(TEXT.encode(encoding)) == encoding


def test_nothing_but_ascii_or_a_single_letter_is_taken_for_windows() -> None:
    assert likely_western(b"Skole;Dato\n") == "cp1252"
    assert likely_western("Fravær".encode("mac_roman")) == "cp1252"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_the_empty_half_of_a_letter_tells_the_order(encoding: str) -> None:
    assert utf16_order(TEXT.encode(encoding)) == encoding
