"""Dose beside effect: talks planned and held, coverage, follow-ups, selected pupils and consents, by school and wave."""

from __future__ import annotations

import pandas as pd

from evaluation.protocol import Protocol
from evaluation.tables import table


def answer(
    core_talks: pd.DataFrame,
    core_band_cells: pd.DataFrame,
    core_consents: pd.DataFrame,
    core_pupils: pd.DataFrame,
    protocol: Protocol,
    round_id: str,
) -> pd.DataFrame:
    """``out_implementation``: one row per school and treated grade; empty for a study that keeps no talk log.

    ``targeted`` counts pupils the frozen rule selects; consents count pupils of the grade with a statement for the
    purpose of following single pupils: in force, withdrawn, or asked without a valid answer.
    """
    declared = table("out_implementation")
    if not core_talks["is_logged"].astype(bool).any():
        return declared.empty()
    selected = core_band_cells[
        core_band_cells["rule"].eq("primary") & core_band_cells["is_selected"] & core_band_cells["is_treated"]
    ]
    targeted = selected.groupby(["school_id", "grade"])["pupils"].sum().rename("targeted")
    frame = core_talks.merge(targeted.reset_index(), how="left", on=["school_id", "grade"])
    counts = _consents(core_consents, core_pupils, protocol)
    frame = frame.merge(counts, how="left", on=["school_id", "grade"]).assign(round=round_id)
    whole = ["targeted", "consents_given", "consents_missing", "consents_withdrawn"]
    frame[whole] = frame[whole].astype("Float64").fillna(0).astype("int64")
    return declared.conform(frame[list(declared.columns)])


def _consents(core_consents: pd.DataFrame, core_pupils: pd.DataFrame, protocol: Protocol) -> pd.DataFrame:
    basis = protocol.data_set("targeted_pupils")
    purpose = basis.consent_purpose if basis else None
    mine = core_consents[core_consents["purpose"].eq(purpose or "")]
    places = core_pupils[core_pupils["school_year"] == protocol.years.follow_up].drop_duplicates(
        "pupil_key", keep="last"
    )
    joined = mine.merge(places[["pupil_key", "school_id", "grade"]], on="pupil_key")
    given, withdrawn = joined["is_in_force"].astype(bool), joined["status"].eq("withdrawn")
    counted = joined.assign(
        consents_given=given, consents_withdrawn=withdrawn & ~given, consents_missing=~given & ~withdrawn
    )
    columns = ["consents_given", "consents_missing", "consents_withdrawn"]
    return counted.groupby(["school_id", "grade"], as_index=False)[columns].sum()
