"""The one job: everything of a round. In one process, because starting a process per step costs more than the work."""

from __future__ import annotations

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition as Job

JOB = "report_round"


def round_job() -> Job:
    """Materialise every asset and run every check of one round."""
    return dg.define_asset_job(
        JOB,
        selection=dg.AssetSelection.all(),
        executor_def=dg.in_process_executor,
        description="Alle tabeller, kontroller og rapporter for én rapportrunde.",
    )
