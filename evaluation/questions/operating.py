"""What this design's verdict will say, before any outcome is known: the committed table of the independent simulation.

``verdict_characteristics.csv`` beside this module is made by ``python -m tests.independent.make`` (date and commit in its
first line) for the pilot's design: four schools, ten grades, three waves. It says nothing of another design.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
import pandas as pd

from evaluation.protocol import Protocol
from evaluation.questions.verdict import Direction, Word

SIMULATED = (4, 10, 3)
"""Schools, grades and waves of the design that was simulated: the pilot's."""
RELEVANT_PP, ALPHA = 1.0, 0.05
FOUR_OF_FIVE = 0.80
PRINTED_EFFECTS = (0.0, -1.0, -2.0, -3.0, 2.0)


def verdict_table(protocol: Protocol) -> pd.DataFrame | None:
    """Rows model, threat, effect_pp, measure, value, mc_se, studies of the protocol's own model and rule; or None."""
    rule = (protocol.milestone.relevant_change_pp, protocol.verdict.alpha)
    if _design(protocol) != SIMULATED or rule != (RELEVANT_PP, ALPHA):
        return None
    whole = _committed()
    found = whole[whole["model"].eq(protocol.estimand.model)]
    return found if len(found) else None


def probabilities(protocol: Protocol, threat: str = "clean") -> pd.DataFrame | None:
    """(effects, words) shares of studies, index effect_pp in the order they are printed; None for another design."""
    found = verdict_table(protocol)
    if found is None:
        return None
    words = [f"word:{w.value}" for w in Word] + [f"direction:{d.value}" for d in Direction if d.value]
    mine = found[found["threat"].eq(threat) & found["measure"].isin(words)]
    wide = mine.pivot(index="effect_pp", columns="measure", values="value")
    wide = wide.reindex([e for e in PRINTED_EFFECTS if e in wide.index])
    return wide.rename(columns=lambda c: str(c).split(":", 1)[1])


def verdict_mde(protocol: Protocol) -> float | None:
    """The size of the fall at which *opnået* comes in four of five studies; None for another design."""
    found = verdict_table(protocol)
    if found is None:
        return None
    mine = found[found["threat"].eq("clean") & found["measure"].eq(f"word:{Word.ACHIEVED.value}")]
    falls = mine[mine["effect_pp"] <= 0].sort_values("effect_pp", ascending=False)
    share = falls["value"].to_numpy(dtype=float)
    if share.max() < FOUR_OF_FIVE:
        return None
    return float(
        np.interp(FOUR_OF_FIVE, np.maximum.accumulate(share), -falls["effect_pp"].to_numpy(dtype=float))
    )


def chance(protocol: Protocol, effect_pp: float, word: Word, threat: str = "clean") -> float | None:
    """Share of studies (0–1) that get this word when the truth is this; None for another design."""
    found = probabilities(protocol, threat)
    return None if found is None else float(found[word.value].to_dict()[effect_pp])


def coverage(protocol: Protocol, threat: str = "clean") -> float | None:
    """Share of studies (0–1) in which the milestone's interval holds the truth; None for another design."""
    found = verdict_table(protocol)
    if found is None:
        return None
    mine = found[found["threat"].eq(threat) & found["effect_pp"].eq(0.0) & found["measure"].eq("coverage")]
    return float(mine["value"].iloc[0])


@dataclass(frozen=True)
class Made:
    """When the committed table was made, by which commit, from how many studies of each kind."""

    on: str
    commit: str
    studies: int


def made(protocol: Protocol) -> Made | None:
    """From the first line of the committed table; None for another design."""
    if verdict_table(protocol) is None:
        return None
    with (files("evaluation.questions") / "verdict_characteristics.csv").open(encoding="utf-8") as text:
        found = re.match(r"# simulated (\S+), commit (\S+), seed \d+, (\d+) studies", text.readline())
    return None if found is None else Made(found[1], found[2], int(found[3]))


def _design(protocol: Protocol) -> tuple[int, int, int]:
    return len(protocol.schools), len(protocol.grades.order), len(protocol.waves)


@cache
def _committed() -> pd.DataFrame:
    with (files("evaluation.questions") / "verdict_characteristics.csv").open(encoding="utf-8") as text:
        return pd.read_csv(text, comment="#")
