"""Consent in force on a day: from the register's statements to one row per pupil and purpose.

Rules (FAULTS of the consent register, in the order they are applied):

* A statement counts from its day, never before it; what is dated after the cut-off does not count.
* Each holder of custody's latest statement counts. A withdrawal is a statement of its own day.
* Statements of one holder that contradict each other on the same day are a *no*.
* One holder's no is a *no* for the pupil: consent is in force when every holder in the register says yes.
* Consent is in force from the day on which the last of the holders had said yes; a renewal does not cut off the days
  that an earlier, never withdrawn yes covered.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import numpy as np
import pandas as pd

from evaluation.tables import table

IN_FORCE, WITHDRAWN, REFUSED, CONFLICT = "in_force", "withdrawn", "refused", "conflict"
"""Values of ``status``. Where holders differ the first of withdrawn, refused, conflict stands."""

_WORSE = {IN_FORCE: 0, CONFLICT: 1, REFUSED: 2, WITHDRAWN: 3}
_BY_RANK = {rank: status for status, rank in _WORSE.items()}


def consents_in_force(raw_consents: pd.DataFrame, cutoff: dt.date, purposes: Iterable[str]) -> pd.DataFrame:
    """``core_consents``: one row per pupil and purpose that the register speaks of by the cut-off.

    Args:
        raw_consents: the register, one row per statement.
        cutoff: the round's last day; a withdrawal on that day counts.
        purposes: the protocol's purposes; statements for others are left out.
    """
    mine = raw_consents[raw_consents["purpose"].isin(list(purposes))]
    days = _statements(mine, pd.Timestamp(cutoff))
    if days.empty:
        return table("core_consents").empty()
    holder = ["pupil_key", "purpose", "holder"]
    days = days.sort_values([*holder, "day"])
    latest = days.groupby(holder, as_index=False).last()
    last_no = days[days["rank"] > 0].groupby(holder)["day"].max().rename("last_no")
    yes = days[days["rank"] == 0].merge(last_no, on=holder, how="left")
    since = yes[~(yes["day"] <= yes["last_no"])].groupby(holder)["day"].min().rename("since")
    latest = latest.merge(since, on=holder, how="left")
    pupil = latest.groupby(["pupil_key", "purpose"], as_index=False).agg(
        worst=("rank", "max"), since=("since", "max")
    )
    is_in_force = pupil["worst"].eq(0)
    return table("core_consents").conform(
        pd.DataFrame(
            {
                "pupil_key": pupil["pupil_key"],
                "purpose": pupil["purpose"],
                "is_in_force": is_in_force,
                "status": pupil["worst"].map(_BY_RANK),
                "from_on": pupil["since"].where(is_in_force),
            }
        )
    )


def _statements(register: pd.DataFrame, cutoff: pd.Timestamp) -> pd.DataFrame:
    """One row per pupil, purpose, holder and day: ``rank`` of what was said, contradictions made one row."""
    register = register.assign(holder=register["holder"].fillna(""))
    said = register.assign(
        day=register["given_on"], rank=np.where(register["answer"] == "yes", 0, _WORSE[REFUSED])
    )
    taken_back = register[register["withdrawn_on"].notna() & (register["answer"] == "yes")]
    taken_back = taken_back.assign(day=taken_back["withdrawn_on"], rank=_WORSE[WITHDRAWN])
    columns = ["pupil_key", "purpose", "holder", "day", "rank"]
    both = pd.concat([said[columns], taken_back[columns]], ignore_index=True)
    both = both[both["day"] <= cutoff]
    per_day = both.groupby(["pupil_key", "purpose", "holder", "day"], as_index=False).agg(
        low=("rank", "min"), high=("rank", "max")
    )
    contradicts = per_day["low"].eq(0) & per_day["high"].eq(_WORSE[REFUSED])
    per_day["rank"] = np.where(contradicts, _WORSE[CONFLICT], per_day["high"])
    return per_day.drop(columns=["low", "high"])
