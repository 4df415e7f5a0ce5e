"""The catalogue: what every code reads like in Danish. One module for each part of the house; no sentence elsewhere.

What belongs in a module here: the enum of what that part may say, and for each code its text, the values it needs with
their kinds, and how far it may go. Adding a sentence is adding a code and its entry; a code without one cannot be said.
"""

from __future__ import annotations

from collections.abc import Mapping

from evaluation.words.catalogue import (
    attacks,
    checks,
    estimates,
    front,
    goal,
    lengths,
    plan,
    quality,
    registry,
    sections,
    voices,
)
from evaluation.words.statement import Code, Sentence

SENTENCES: Mapping[type[Code], Mapping[Code, Sentence]] = {
    kind: entries
    for part in (attacks, checks, estimates, front, goal, lengths, plan, quality, registry, sections, voices)
    for kind, entries in part.SENTENCES.items()
}
"""Every sentence by the kind of its code."""
