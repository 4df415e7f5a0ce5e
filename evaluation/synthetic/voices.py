"""x"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from evaluation.study import Study


@dataclass(frozen=True)
class Voices:
    segments: pd.DataFrame
    forms: pd.DataFrame
    planted: dict[str, Any]


def invent_voices(study: Study, *, seed: int) -> Voices:
    return Voices(pd.DataFrame(), pd.DataFrame(), {})
