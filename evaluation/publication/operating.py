"""The operating characteristics of the protocol's design: how often each inference errs, from committed simulations."""

from __future__ import annotations

from importlib.resources import files

import pandas as pd

from evaluation.protocol import Protocol

SIMULATED = (4, 10, 3)
"""Schools, grades and waves of the design that was simulated: the pilot's."""


def operating_characteristics(protocol: Protocol) -> pd.DataFrame | None:
    """The committed table of the simulation benchmark; None for a study of another design, which it says nothing of."""
    if (len(protocol.schools), len(protocol.grades.order), len(protocol.waves)) != SIMULATED:
        return None
    source = files("evaluation.effects") / "operating_characteristics.csv"
    if not source.is_file():
        return None
    with source.open(encoding="utf-8") as text:
        return pd.read_csv(text, comment="#")
