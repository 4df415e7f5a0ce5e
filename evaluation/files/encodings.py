"""Which encoding a text is in, told by its bytes: Danish letters stand where Danish letters are.

A single-byte encoding never fails to decode, so what an export was written in shows only in what its letters become:
``Fravær`` read in the wrong one is ``Frav‘r``.
"""

from __future__ import annotations

WESTERN = ("cp1252", "cp850", "mac_roman")
"""Windows, DOS and old administrative systems, old Macs. The first is taken where nothing speaks for another."""
DANISH = "æøåÆØÅéÉüöäÄÖÜ¤"
"""Letters of Danish text, and the separator that no text uses and rosters are exported with."""
FEWEST = 2
"""So many letters outside ASCII must fit before another encoding than the first is believed."""
FITTING = 0.8
_ASCII = bytes(range(128))


def likely_western(sample: bytes) -> str:
    """The single-byte encoding in which the letters outside ASCII are those of Danish text."""
    first = WESTERN[0]
    share = {e: _danish_share(sample, e) for e in WESTERN}
    best = max(WESTERN, key=lambda e: share[e])
    is_clear = len(_beyond_ascii(sample)) >= FEWEST and share[best] >= FITTING and share[first] < 1 - FITTING
    return best if is_clear else first


def utf16_order(sample: bytes) -> str:
    """``utf-16-le`` or ``utf-16-be`` for UTF-16 without a mark: the empty half of each Latin letter tells."""
    high_first, low_first = sample[0::2].count(0), sample[1::2].count(0)
    return "utf-16-be" if high_first > low_first else "utf-16-le"


def _danish_share(sample: bytes, encoding: str) -> float:
    """Of the characters outside ASCII, how many are Danish letters when the bytes are read in this encoding."""
    letters = _beyond_ascii(sample).decode(encoding, errors="replace")
    return sum(map(letters.count, DANISH)) / len(letters) if letters else 0.0


def _beyond_ascii(sample: bytes) -> bytes:
    return sample.translate(None, _ASCII)
