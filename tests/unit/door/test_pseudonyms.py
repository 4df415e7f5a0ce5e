"""Pseudonyms: standard HMAC, no collision in the pilot, purposes apart."""

from __future__ import annotations

import hashlib
import hmac

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.door.pseudonyms import PseudonymKey, generate_key

TEXT = "00112233445566778899aabbccddeeff" * 2
KEY = PseudonymKey.parse(TEXT)


def test_it_is_hmac_sha256_under_a_subkey_of_the_purpose() -> None:
    subkey = hmac.new(bytes.fromhex(TEXT), b"komglad/1/pupil", hashlib.sha256).digest()
    expected = hmac.new(subkey, b"0101144001", hashlib.sha256).hexdigest()[:20]
    assert KEY.pseudonym("pupil", "0101144001") == expected


def test_purposes_and_keys_are_apart_and_the_key_does_not_show() -> None:
    other = PseudonymKey.parse(generate_key())
    assert len({KEY.pseudonym(p, "x") for p in ("pupil", "holder")} | {other.pseudonym("pupil", "x")}) == 3
    assert KEY.key_id != other.key_id
    assert TEXT not in repr(KEY)
    assert repr(bytes.fromhex(TEXT)) not in repr(KEY)


def test_every_number_of_the_pilots_birth_years_has_its_own_pseudonym() -> None:
    # 2,600 pupils are drawn from these 200,000 numbers, so no draw of them can collide.
    days = pd.date_range("2010-01-01", "2010-01-20").strftime("%d%m%y")
    numbers = pd.Series([f"{d}{n:04d}" for d in days for n in range(10_000)])
    assert KEY.pseudonyms("pupil", numbers).nunique() == 200_000


@settings(max_examples=50, deadline=None)
@given(st.lists(st.one_of(st.none(), st.text(max_size=12)), max_size=30))
def test_equal_values_and_only_they_share_a_pseudonym(values: list[str | None]) -> None:
    out = KEY.pseudonyms("pupil", pd.Series(values, dtype="object"))
    assert list(out.isna()) == [v is None for v in values]
    assert out.nunique() == len({v for v in values if v is not None})
