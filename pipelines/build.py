"""Dagster's definitions, assembled from a study: assets by round, checks, the job, schedules and the sensor."""

from __future__ import annotations

from collections.abc import Mapping

import dagster as dg

from assets import all_asset_checks, all_assets
from evaluation.study import load_study
from pipelines.jobs import round_job
from pipelines.provenance import provenance
from pipelines.resources import resources_from
from pipelines.schedules import report_schedules
from pipelines.sensors import incoming_sensor
from pipelines.settings import Settings
from pipelines.writing import guarded

OWNER = "team:evaluering"
"""Who answers for a table: the study's analysts."""


def build_defs(
    settings: Settings | None = None, *, resource_overrides: Mapping[str, object] | None = None
) -> dg.Definitions:
    """Assets partitioned by the study's rounds, checks, one job a round, schedules and a sensor.

    A run takes the folder's lock with the warehouse. ``resource_overrides`` swaps single resources: by the command
    line, which holds the lock already, and by tests, which run the real assets on other places.
    """
    settings = settings or Settings.from_environment()
    study = load_study(settings.study)
    rounds = dg.StaticPartitionsDefinition([r.id for r in study.protocol.rounds])
    code = provenance().code

    def placed(spec: dg.AssetSpec) -> dg.AssetSpec:
        return spec.replace_attributes(partitions_def=rounds, code_version=code, owners=[OWNER])

    assets = dg.map_asset_specs(placed, all_assets())
    return dg.Definitions(
        assets=assets,
        asset_checks=all_asset_checks(),
        jobs=[round_job],
        schedules=report_schedules(study.protocol),
        sensors=[incoming_sensor(settings, study.protocol)],
        resources={**guarded(settings, resources_from(settings)), **(resource_overrides or {})},
        executor=dg.in_process_executor,
    )
