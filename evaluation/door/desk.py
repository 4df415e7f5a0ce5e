"""What every file needs at the door: the study's words, its calendar, the key, and what the rosters said.

Rosters are read first; everything after them may be about pupils that only they can name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from evaluation.door.calendar import SchoolCalendar
from evaluation.door.pseudonyms import PseudonymKey
from evaluation.protocol import Protocol


@dataclass(frozen=True)
class Desk:
    """What every file needs at the door.

    ``local_ids``: keyed (school, local id) and (school, name) → pupil key; ``roster_grades``: "pupil key/school year"
    → grade; both from the rosters, which are read first.
    """

    protocol: Protocol
    calendar: SchoolCalendar
    key: PseudonymKey
    local_ids: Mapping[str, str] = field(default_factory=dict)
    roster_grades: Mapping[str, str] = field(default_factory=dict)
    roster_pupils: frozenset[str] = frozenset()
    forgotten: frozenset[str] = frozenset()

    def roster_grade(self, pupil: np.ndarray, day: np.ndarray) -> np.ndarray:
        """The roster's grade (n,) of pupils on days; None where the roster does not say."""
        month = day.astype("datetime64[M]").astype(np.int64)
        first = 1970 + (month - (self.protocol.years.starts_month - 1)) // 12
        tokens = pd.Series(pupil, dtype="object") + "/" + pd.Series(first.astype(str), dtype="object")
        return tokens.map(dict(self.roster_grades)).to_numpy(dtype=object)

    def is_in_roster(self, pupil: np.ndarray) -> np.ndarray:
        """Whether each pupil (n,) stands in any roster."""
        return pd.Series(pupil, dtype="object").isin(self.roster_pupils).to_numpy(dtype=bool)
