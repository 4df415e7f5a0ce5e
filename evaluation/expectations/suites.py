"""Which suite belongs to which table. The rules themselves stand in ``raw_suites`` and ``core_suites``."""

from __future__ import annotations

from evaluation.expectations import core_suites, raw_suites
from evaluation.expectations.checks import Check
from evaluation.protocol import Protocol
from evaluation.tables import TABLES

CHECKED_TABLES: tuple[str, ...] = tuple(n for n, t in TABLES.items() if t.layer in ("raw", "core"))
"""Every raw_ and core_ table, in the order they are made."""

NEEDS: dict[str, tuple[str, ...]] = {
    "raw_absence": ("raw_pupils",),
    "raw_talks": ("raw_pupils",),
    "raw_consents": ("raw_pupils",),
    "raw_interview_texts": ("raw_interviews",),
    "core_absence_days": ("core_pupils", "core_school_days", "raw_absence", "raw_totals"),
    "core_pupil_weeks": ("core_pupils", "core_absence_days", "core_school_days", "raw_absence"),
    "core_monthly": ("core_cells",),
    "core_cells": ("core_school_days", "raw_totals"),
    "core_pupil_periods": ("core_consents",),
    "core_interview_documents": ("raw_interview_documents",),
    "core_interview_codes": ("raw_interviews",),
}
"""Tables that a suite compares with; what is not handed over is not compared."""


def suite_for(table_name: str, protocol: Protocol) -> list[Check]:
    """The checks of a raw_ or core_ table under a study, after its structure has been found sound.

    Raises:
        KeyError: the table is not declared, or is an out_ table.
    """
    if table_name not in CHECKED_TABLES:
        raise KeyError(f"{table_name}: no checks are declared for it; known: {', '.join(CHECKED_TABLES)}")
    suites = raw_suites.SUITES if table_name.startswith("raw_") else core_suites.SUITES
    return suites[table_name].named(table_name, protocol)
