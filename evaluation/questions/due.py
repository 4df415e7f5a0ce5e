"""When a look at the milestone can be judged: which planned round reaches its third month, in which cells.

A look is due in the first planned round whose cut-off lies after the third month of every cell that a planned round
reaches at all. Cells that none reaches are named and left out, as treated and as comparison, from their talks on: a date
that can never come is never promised.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pandas as pd

from evaluation.protocol import Protocol, Round
from evaluation.questions.verdict import Due

POOLED = "all"


@dataclass(frozen=True)
class LookTiming:
    """One look: its waves, when it is due, and the cells (school, grade) that no planned round reaches.

    ``decided_in`` is the round it belongs to; None where no planned round reaches any of its cells.
    """

    look: str
    waves: tuple[str, ...]
    due: Due
    decided_in: Round | None
    unreached: tuple[tuple[str, str], ...]


def timings(core_talks: pd.DataFrame, protocol: Protocol, cutoff: dt.date) -> dict[str, LookTiming]:
    """The pooled look ("all") first, then each wave's."""
    waves = tuple(w.id for w in protocol.group_waves)
    looks = {POOLED: waves, **{w: (w,) for w in waves}}
    return {look: _timing(look, waves, core_talks, protocol, cutoff) for look, waves in looks.items()}


def _timing(
    look: str, waves: tuple[str, ...], core_talks: pd.DataFrame, protocol: Protocol, cutoff: dt.date
) -> LookTiming:
    # A school without the grade has nobody to wait for; without any roster every declared cell is there.
    is_there = core_talks["pupils"].gt(0)
    if not is_there.any():
        is_there = ~is_there
    mine = core_talks[core_talks["wave"].isin(waves) & is_there]
    complete = pd.to_datetime(mine["milestone_complete_on"])
    reached = complete.notna() & (complete <= pd.Timestamp(max(r.cutoff for r in protocol.judging_rounds)))
    unreached = tuple(
        (str(r.school_id), str(r.grade))
        for r in mine[~reached].sort_values(["grade", "school_id"]).itertuples()
    )
    if not reached.any():
        return LookTiming(look, waves, Due(False, None), None, unreached)
    last = complete[reached].max().date()
    its_round = next(r for r in protocol.judging_rounds if r.cutoff >= last)
    return LookTiming(look, waves, Due(cutoff >= last, its_round.report_date), its_round, unreached)


def without_unreached(monthly: pd.DataFrame, unreached: tuple[tuple[str, str], ...]) -> pd.DataFrame:
    """The panel without these cells' months from their talks on: neither treated nor comparison."""
    if not unreached:
        return monthly
    cells = [f"{school}:{grade}" for school, grade in unreached]
    begun = monthly["is_treated"] | monthly["is_transition"]
    return monthly[~(monthly["cell"].isin(cells) & begun)].reset_index(drop=True)
