"""A made-up panel of four schools and ten grades, for the tests of the engine."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evaluation.effects.design import Panel

TALKS = {"6": 12, "1": 15, "8": 17}


def school_frame(effect: float = 0.0, seed: int = 3) -> pd.DataFrame:
    """Four schools, ten grades, two school years of ten months; three waves in the second year."""
    rng = np.random.default_rng(seed)
    rows = [
        (f"s{s}", str(g), f"s{s}-{g}", t, t % 10, TALKS.get(str(g), np.inf), 60 * (18 + t % 3) + 7 * g + s)
        for s in range(4)
        for g in range(10)
        for t in range(20)
    ]
    frame = pd.DataFrame(rows, columns=["school", "grade", "cell", "t", "cal_month", "start", "days"])
    treated = frame["t"] >= frame["start"]
    frame["y"] = 7 + rng.normal(size=len(frame)) + np.where(treated, effect, 0.0)
    return frame


def school_panel(frame: pd.DataFrame) -> Panel:
    return Panel.from_frame(
        frame,
        outcome="y",
        unit="cell",
        time="t",
        start="start",
        weights="days",
        absorb=["cell:cal_month", "school:t"],
        cluster=["cell"],
        keep=["grade", "school"],
        working="inverse-weight",
    )
