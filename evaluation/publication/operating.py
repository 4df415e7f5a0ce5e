"""The operating characteristics of the protocol's design: how often each inference errs, from committed simulations."""

from __future__ import annotations

from importlib.resources import files

import pandas as pd


def operating_characteristics() -> pd.DataFrame | None:
    """The committed table of the simulation benchmark, or None when this version ships none."""
    source = files("evaluation.effects") / "operating_characteristics.csv"
    if not source.is_file():
        return None
    with source.open(encoding="utf-8") as text:
        return pd.read_csv(text, comment="#")
