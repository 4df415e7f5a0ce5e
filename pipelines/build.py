"""Dagster's definitions, assembled from a study: assets by round, checks, the job, schedules and the sensor."""

from __future__ import annotations

from collections.abc import Mapping

import dagster as dg

from assets import all_asset_checks, all_assets
from evaluation.study import load_study
from pipelines.jobs import round_job
from pipelines.resources import resources_from
from pipelines.schedules import report_schedules
from pipelines.sensors import incoming_sensor
from pipelines.settings import Settings


def build_defs(
    settings: Settings | None = None, *, resource_overrides: Mapping[str, object] | None = None
) -> dg.Definitions:
    """Assets partitioned by the study's rounds, checks, one job a round, schedules and a sensor.

    ``resource_overrides`` swaps single resources, so that tests run the real assets on other places.
    """
    settings = settings or Settings.from_environment()
    study = load_study(settings.study)
    rounds = dg.StaticPartitionsDefinition([r.id for r in study.protocol.rounds])
    assets = dg.map_asset_specs(lambda spec: spec.replace_attributes(partitions_def=rounds), all_assets())
    job = round_job()
    return dg.Definitions(
        assets=assets,
        asset_checks=all_asset_checks(),
        jobs=[job],
        schedules=report_schedules(study.protocol, job),
        sensors=[incoming_sensor(settings, study.protocol, job)],
        resources={**resources_from(settings), **(resource_overrides or {})},
        executor=dg.in_process_executor,
    )
