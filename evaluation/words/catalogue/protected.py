"""Names of what the gate protects: they stand in keys of cells, in the book of releases and in the pages' marks."""

from __future__ import annotations

YEAR = "skoleår"
TALLY = "opgørelse"
CARRIED_OUT = "gennemførelse"
HELD_WITHOUT_FOLLOW_UP = "holdt uden opfølgning"
SOURCES_BEFORE = "kilder før start"
WITHOUT_CONSENT = "interviews uden gyldigt samtykke"
OTHER_DAYS = "øvrige dage"


def types_until(cutoff: object) -> str:
    """Pupils by type of absence, up to a day."""
    return f"elever efter type til {cutoff}"


def pattern(code: str) -> str:
    """A pattern of absence."""
    return f"mønster {code}"
