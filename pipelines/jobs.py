"""The one job: everything of a round. In one process, because starting a process per step costs more than the work."""

from __future__ import annotations

import dagster as dg

JOB = "report_round"

round_job = dg.define_asset_job(
    JOB,
    selection=dg.AssetSelection.all(),
    executor_def=dg.in_process_executor,
    description="Alle tabeller, kontroller og rapporter for én rapportrunde.",
)
"""Materialise every asset and run every check of one round."""
