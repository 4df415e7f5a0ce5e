"""The legal basis of each data set, enforced: an asset asks before it uses data, and is refused in words.

Which table uses which data set for what stands here in one place, so that a data protection officer can read it.
"""

from __future__ import annotations

from collections.abc import Mapping

from evaluation.errors import GateRefused, Problem
from evaluation.protocol import Protocol, Use

ABSENCE, TARGETED, INTERVIEWS = "absence_all_pupils", "targeted_pupils", "interviews"
USES: Mapping[str, tuple[str, Use]] = {
    "core_cells": (ABSENCE, "counts"),
    "core_monthly": (ABSENCE, "counts"),
    "core_measured": (ABSENCE, "counts"),
    "core_cohort_cells": (ABSENCE, "counts"),
    "core_band_cells": (ABSENCE, "counts"),
    "core_year_bands": (ABSENCE, "counts"),
    "core_pupil_periods": (TARGETED, "pupil_rows"),
    "core_follow_up_cells": (ABSENCE, "counts"),
    "core_interview_documents": (INTERVIEWS, "counts"),
    "core_interview_codes": (INTERVIEWS, "counts"),
    "out_joint_display": (INTERVIEWS, "quotes"),
}
"""By table: the data set it is made from and what for."""


def require_basis(protocol: Protocol, table_name: str, rows: int) -> None:
    """Pass when ``table_name`` may be made from so many ``rows`` of its data set; nothing is asked of no rows.

    Raises:
        GateRefused: the protocol's basis does not cover the use.
    """
    if rows:
        require_use(protocol, *USES[table_name])


def require_use(protocol: Protocol, data_set_id: str, use: Use) -> None:
    """Pass when the protocol's basis for a data set covers this use.

    Raises:
        GateRefused: the data set is not declared, or its uses do not include this one.
    """
    data_set = protocol.data_set(data_set_id)
    if data_set is not None and use in data_set.uses:
        return
    found = "no such data set" if data_set is None else f"uses = {', '.join(data_set.uses)}"
    raise GateRefused(
        f'the legal basis does not cover using "{data_set_id}" for {use}',
        [
            Problem(
                "protocol.toml",
                column=f"data_sets.{data_set_id}",
                found=found,
                expected=f'"{use}" among the uses, with a basis that covers it',
                next_step="ask the data protection officer; change the protocol only with their answer",
            )
        ],
    )
