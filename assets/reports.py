"""report_: what leaves the warehouse. First the release through the disclosure gate, then files from what it released."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from assets.charts import weekly_levels
from assets.needs import FrozenPlans, Places, Provenance, Warehouse
from assets.rendering import (
    PREFIX,
    finish,
    released_inputs,
    render_reports,
    require_recordable,
    require_same_protocol,
)
from assets.rounds import round_of
from evaluation.publication.files import REPORTS
from evaluation.publication.manifest import manifest
from evaluation.publication.publish import PUBLISHED_TABLES, SUPPORT_TABLES, publish
from evaluation.study import Study
from evaluation.words.texts import texts

TEXT = texts("running")


StudyParam = dg.ResourceParam[Study]
WarehouseParam = dg.ResourceParam[Warehouse]
PlacesParam = dg.ResourceParam[Places]

_REPORT: dict[str, Any] = {"group_name": "report", "kinds": {"html"}}


@dg.asset(
    group_name="report",
    kinds={"parquet"},
    deps=[dg.AssetKey(name) for name in PUBLISHED_TABLES],
    description=TEXT("reports_release"),
)
def release(
    context: dg.AssetExecutionContext,
    study: StudyParam,
    warehouse: WarehouseParam,
    places: PlacesParam,
    frozen: dg.ResourceParam[FrozenPlans],
    provenance: dg.ResourceParam[Provenance],
) -> None:
    the_round = round_of(context, study)
    warehouse.require_checked(the_round.id)
    made_from = (*PUBLISHED_TABLES, *SUPPORT_TABLES, "core_pupil_weeks", "raw_ledger")
    warehouse.require_fit(the_round.id, made_from)
    inputs = warehouse.present(the_round.id, made_from)
    tables = {name: warehouse.read(the_round.id, name) for name in (*PUBLISHED_TABLES, *SUPPORT_TABLES)}
    weeks = warehouse.stored(the_round.id, "core_pupil_weeks")
    publication = publish(tables, weeks, study.protocol, the_round, places.open_ledger(the_round.id))
    for name, frame in publication.frames.items():
        warehouse.write(the_round.id, f"{PREFIX}{name}", frame, inputs=inputs)
    stated = manifest(
        study.protocol,
        the_round,
        frozen=frozen.state(study.protocol, the_round.report_date),
        ledger=warehouse.read(the_round.id, "raw_ledger"),
        table_hashes=warehouse.digests(the_round.id),
        keyed=warehouse.keyed,
        git_commit=provenance.git_commit,
        package_versions=provenance.package_versions,
    )
    warehouse.write_json(
        the_round.id,
        "release",
        {
            "release": publication.release.to_dict(),
            "manifest": stated,
            "tables": warehouse.present(the_round.id, (f"{PREFIX}{name}" for name in publication.frames)),
        },
    )
    chart = weekly_levels(publication.frames["out_description"], study.protocol)
    context.add_output_metadata({**publication.counts, "weekly_absence": chart})


@dg.multi_asset(
    name="reports",
    specs=[
        dg.AssetSpec(name, deps=[release], description=text, **_REPORT)
        for name, text in {
            "report_steering_group": TEXT("reports_board"),
            "report_school": TEXT("reports_schools"),
            "report_malplan": TEXT("reports_malplan"),
            "report_tables": TEXT("reports_tables"),
        }.items()
    ],
)
def reports(
    context: dg.AssetExecutionContext, study: StudyParam, warehouse: WarehouseParam, places: PlacesParam
) -> Iterator[dg.MaterializeResult[None]]:
    the_round = round_of(context, study)
    inputs = released_inputs(study, the_round, warehouse)
    require_same_protocol(study, the_round, inputs)
    require_recordable(the_round, warehouse, places)
    made = render_reports(the_round, inputs, places, pdf=True)
    for name in REPORTS:
        # A report nobody gets is made by making nothing.
        yield dg.MaterializeResult(asset_key=name, metadata=made.get(name, {}))


@dg.asset(
    group_name="report",
    kinds={"html"},
    deps=list(reports.keys),
    description=TEXT("reports_index"),
)
def report_index(
    context: dg.AssetExecutionContext, study: StudyParam, warehouse: WarehouseParam, places: PlacesParam
) -> None:
    the_round = round_of(context, study)
    inputs = released_inputs(study, the_round, warehouse)
    finish(study, the_round, inputs, warehouse, places)


ASSETS: list[dg.AssetsDefinition] = [
    release,
    reports,
    report_index,
]
