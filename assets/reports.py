"""report_: what leaves the warehouse. First the release through the disclosure gate, then files from what it released."""

import hashlib
from collections.abc import Iterator
from typing import Any

import dagster as dg

from assets.charts import weekly_levels
from assets.needs import FrozenPlans, Places, Provenance, Warehouse
from assets.rendering import finish, released_inputs, render_reports
from assets.rounds import round_of
from evaluation.disclosure.release import Release
from evaluation.publication.manifest import manifest
from evaluation.publication.publish import PUBLISHED_TABLES, SUPPORT_TABLES, publish
from evaluation.study import Study

StudyParam = dg.ResourceParam[Study]
WarehouseParam = dg.ResourceParam[Warehouse]
PlacesParam = dg.ResourceParam[Places]

_REPORT: dict[str, Any] = {"group_name": "report", "kinds": {"html"}}


@dg.asset(
    group_name="report",
    kinds={"parquet"},
    deps=[dg.AssetKey(name) for name in PUBLISHED_TABLES],
    description="Én udgivelse pr. runde: alle tal, der forlader datalageret, beskyttet samlet og angrebet sammen med "
    "alt, der er udgivet før. Uden bestået angreb skrives intet.",
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
    tables = {name: warehouse.read(the_round.id, name) for name in (*PUBLISHED_TABLES, *SUPPORT_TABLES)}
    weeks = warehouse.stored(the_round.id, "core_pupil_weeks")
    publication = publish(tables, weeks, study.protocol, the_round, places.read_ledger())
    for name, frame in publication.frames.items():
        warehouse.write(the_round.id, f"released_{name}", frame)
    stated = manifest(
        study.protocol,
        the_round,
        frozen=frozen.state(study.protocol, the_round.report_date),
        ledger=warehouse.read(the_round.id, "raw_ledger"),
        table_hashes=warehouse.digests(the_round.id),
        git_commit=provenance.git_commit,
        package_versions=provenance.package_versions,
    )
    warehouse.write_json(
        the_round.id, "release", {"release": publication.release.to_dict(), "manifest": stated}
    )
    chart = weekly_levels(publication.frames["out_description"], study.protocol)
    context.add_output_metadata({**publication.counts, "weekly_absence": chart})


@dg.multi_asset(
    name="reports",
    specs=[
        dg.AssetSpec(name, deps=[release], description=text, **_REPORT)
        for name, text in {
            "report_steering_group": "Styregruppens rapport som HTML og PDF.",
            "report_school": "En side til hver skoles lokale arbejdsgruppe.",
            "report_malplan": "Tekst til Målplanens felter: Evaluering, Læring og Tegn.",
            "report_tables": "De udgivne tabeller som CSV og Excel med kodebog.",
        }.items()
    ],
)
def reports(
    context: dg.AssetExecutionContext, study: StudyParam, warehouse: WarehouseParam, places: PlacesParam
) -> Iterator[dg.MaterializeResult[None]]:
    the_round = round_of(context, study)
    made = render_reports(the_round, released_inputs(study, the_round, warehouse), places, pdf=True)
    for name, metadata in made.items():
        yield dg.MaterializeResult(asset_key=name, metadata=metadata)


@dg.asset(
    **_REPORT,
    deps=list(reports.keys),
    description="Manifest, udgivelsesbog og oversigtssiden over alle runder.",
)
def report_index(
    context: dg.AssetExecutionContext, study: StudyParam, warehouse: WarehouseParam, places: PlacesParam
) -> None:
    the_round = round_of(context, study)
    stored = warehouse.read_json(the_round.id, "release")
    made = places.reports_of(the_round.id)
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in made.items()}
    places.record_release(Release.from_dict(stored["release"]), the_round.report_date.isoformat(), hashes)
    finish(study, the_round, released_inputs(study, the_round, warehouse), warehouse, places)


ASSETS: list[dg.AssetsDefinition] = [
    release,
    reports,
    report_index,
]
