"""A sealed document opens as it was, and whatever is done to it shows."""

from __future__ import annotations

import json
import random

import pytest

from evaluation.door.pseudonyms import PseudonymKey, generate_key
from evaluation.errors import InputError
from evaluation.sealing import SealKey, opened, sealed, sealed_with

KEY = SealKey(bytes(range(32)), "0a0b0c0d")
CONTENT = {
    "on": "2026-11-20",
    "tables": {"b": "1", "a": "2"},
    "names": ["Østereng", "x"],
    "n": 3,
    "share": 0.1,
}
WAY = "hent den fra sikkerhedskopien"


def test_a_document_opens_as_it_was_and_is_the_same_bytes_each_time():
    text = sealed("a.json", CONTENT, KEY)
    assert opened("a.json", text, KEY, way_back=WAY) == CONTENT
    assert sealed("a.json", dict(reversed(CONTENT.items())), KEY) == text
    assert opened("a.json", sealed("a.json", CONTENT, KEY, indent=1), KEY, way_back=WAY) == CONTENT
    assert sealed_with(text) == KEY.key_id
    assert sealed_with(b"{}") == ""


@pytest.mark.parametrize("seed", range(40))
def test_any_byte_that_is_changed_lost_or_added_shows(seed):
    text, draw = bytearray(sealed("a.json", CONTENT, KEY)), random.Random(seed)
    place = draw.randrange(len(text) - 1)  # the last is the line's end
    match seed % 3:
        case 0:
            text[place] ^= 1 << draw.randrange(7)
        case 1:
            del text[place]
        case _:
            text.insert(place, draw.choice(b'0"x}'))
    with pytest.raises(InputError) as refused:
        opened("a.json", bytes(text), KEY, way_back=WAY)
    assert "a.json" in str(refused.value)
    assert "nøgle" in str(refused.value) or WAY in str(refused.value)


@pytest.mark.parametrize("data", [b"", b"null", b"[]", b"{}", b"\x00", b'{"sealed": 3}', b'{"sealed": {}}'])
def test_what_is_no_sealed_document_is_refused_in_words(data):
    with pytest.raises(InputError, match="beskadiget, tom eller ikke skrevet af komglad"):
        opened("a.json", data, KEY, way_back=WAY)


def test_documents_cannot_change_places_and_keys_are_told_apart():
    text = sealed("a.json", CONTENT, KEY)
    with pytest.raises(InputError, match="ændret"):
        opened("b.json", text, KEY, way_back=WAY)
    other = PseudonymKey.parse(generate_key()).for_seals
    with pytest.raises(InputError, match=f"nøgle {KEY.key_id}.*{other.key_id}"):
        opened("a.json", text, other, way_back=WAY)
    forged = json.loads(text)
    forged["sealed"]["key_id"] = other.key_id
    with pytest.raises(InputError, match="ændret"):
        opened("a.json", json.dumps(forged).encode(), other, way_back=WAY)


def test_a_key_does_not_show_itself():
    assert "secret" not in repr(KEY)
    assert KEY.keyed("x", "a") != KEY.keyed("y", "a") != SealKey(b"z" * 32, "z").keyed("y", "a")
