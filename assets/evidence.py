"""out_: what was done and what people say, and what is known about the data themselves."""

import dagster as dg
import pandas as pd

from assets.needs import Warehouse
from assets.rounds import out_spec, round_of, table_asset
from evaluation.expectations import CHECKED_TABLES
from evaluation.legal_basis import require_basis
from evaluation.questions import beside, implementation, quality, voices
from evaluation.study import Study

StudyParam = dg.ResourceParam[Study]


@table_asset("core_interview_documents")
def core_interview_documents(raw_interview_documents: pd.DataFrame, study: StudyParam) -> pd.DataFrame:
    require_basis(study.protocol, "core_interview_documents", len(raw_interview_documents))
    return voices.consented_documents(raw_interview_documents)


@table_asset("core_interview_codes")
def core_interview_codes(
    context: dg.AssetExecutionContext, raw_interviews: pd.DataFrame, study: StudyParam
) -> pd.DataFrame:
    require_basis(study.protocol, "core_interview_codes", len(raw_interviews))
    codes = voices.consented_codes(raw_interviews, study)
    context.add_output_metadata({"coding_rule_breaches": voices.rule_breaches(codes, study)})
    return codes


@table_asset("out_implementation")
def out_implementation(
    context: dg.AssetExecutionContext,
    core_talks: pd.DataFrame,
    core_band_cells: pd.DataFrame,
    core_consents: pd.DataFrame,
    core_pupils: pd.DataFrame,
    study: StudyParam,
) -> pd.DataFrame:
    return implementation.answer(
        core_talks, core_band_cells, core_consents, core_pupils, study.protocol, round_of(context, study).id
    )


@table_asset("out_themes")
def out_themes(
    context: dg.AssetExecutionContext,
    core_interview_codes: pd.DataFrame,
    core_interview_documents: pd.DataFrame,
    raw_interview_documents: pd.DataFrame,
    raw_interview_texts: pd.DataFrame,
    study: StudyParam,
) -> pd.DataFrame:
    return voices.themes(
        core_interview_codes,
        core_interview_documents,
        raw_interview_documents,
        raw_interview_texts,
        study,
        round_of(context, study).id,
    )


@table_asset("out_theme_changes")
def out_theme_changes(
    context: dg.AssetExecutionContext,
    core_interview_codes: pd.DataFrame,
    core_interview_documents: pd.DataFrame,
    study: StudyParam,
) -> pd.DataFrame:
    return voices.changes(core_interview_codes, core_interview_documents, study, round_of(context, study).id)


@dg.multi_asset(outs={name: out_spec(name) for name in ("out_agreement", "out_coding_discussion")})
def out_agreement(
    context: dg.AssetExecutionContext,
    core_interview_codes: pd.DataFrame,
    core_interview_documents: pd.DataFrame,
    study: StudyParam,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    return voices.coder_agreement(
        core_interview_codes, core_interview_documents, study, round_of(context, study).id
    )


@table_asset("out_school_forms")
def out_school_forms(
    context: dg.AssetExecutionContext, raw_school_forms: pd.DataFrame, study: StudyParam
) -> pd.DataFrame:
    return voices.forms(raw_school_forms, study, round_of(context, study).id)


@table_asset("out_joint_display")
def out_joint_display(
    context: dg.AssetExecutionContext,
    core_interview_codes: pd.DataFrame,
    core_interview_documents: pd.DataFrame,
    raw_interview_texts: pd.DataFrame,
    out_effects: pd.DataFrame,
    out_verdicts: pd.DataFrame,
    study: StudyParam,
) -> pd.DataFrame:
    require_basis(study.protocol, "out_joint_display", int(core_interview_codes["is_approved_quote"].sum()))
    return voices.signs_joined(
        core_interview_codes,
        core_interview_documents,
        raw_interview_texts,
        out_effects,
        out_verdicts,
        study,
        round_of(context, study).id,
    )


@table_asset("out_context")
def out_context(context: dg.AssetExecutionContext, study: StudyParam) -> pd.DataFrame:
    return beside.context(study, round_of(context, study))


@table_asset("out_costs")
def out_costs(context: dg.AssetExecutionContext, study: StudyParam) -> pd.DataFrame:
    return beside.costs(study, round_of(context, study))


@table_asset("out_quality", deps=[dg.AssetKey(name) for name in CHECKED_TABLES])
def out_quality(
    context: dg.AssetExecutionContext, study: StudyParam, warehouse: dg.ResourceParam[Warehouse]
) -> pd.DataFrame:
    round_id = round_of(context, study).id
    results = [r for name in CHECKED_TABLES for r in warehouse.check_results(round_id, name)]
    return quality.answer(results, warehouse.read(round_id, "raw_ledger"), study.protocol, round_id)


ASSETS: list[dg.AssetsDefinition] = [
    core_interview_documents,
    core_interview_codes,
    out_implementation,
    out_themes,
    out_theme_changes,
    out_agreement,
    out_school_forms,
    out_joint_display,
    out_context,
    out_costs,
    out_quality,
]
