"""The core tables that are made from the register data alone, one from the other, for whoever is not Dagster.

``komglad check`` judges them without a run; the tests make them from single deliveries.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

import pyarrow as pa

from evaluation.panel.calendar import school_days
from evaluation.panel.cells import cells, pupil_weeks
from evaluation.panel.pupils import absence_days, enrolment_spells
from evaluation.tables.relations import Relation, collected, frame_of

Keep = Callable[[str, pa.RecordBatchReader], Relation]
"""Where the rows of a table go that arrive in pieces: into memory, or into a file."""


def register_tables(
    raw: Mapping[str, Relation], cutoff: dt.date, keep: Keep = collected
) -> dict[str, Relation]:
    """``core_school_days``, ``core_pupils``, ``core_absence_days``, ``core_pupil_weeks`` and ``core_cells``."""
    days = school_days(frame_of(raw["raw_calendar"]), cutoff)
    spells = keep("core_pupils", enrolment_spells(raw["raw_pupils"]))
    absence = keep("core_absence_days", absence_days(raw["raw_absence"], spells, days))
    weeks = keep(
        "core_pupil_weeks", pupil_weeks(spells, absence, days, raw["raw_totals"], raw["raw_absence"])
    )
    return {
        "core_school_days": days,
        "core_pupils": spells,
        "core_absence_days": absence,
        "core_pupil_weeks": weeks,
        "core_cells": cells(weeks, raw["raw_totals"], days),
    }
