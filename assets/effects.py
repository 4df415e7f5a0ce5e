"""out_: what the evaluation found about absence. Each asset asks one question of :mod:`evaluation.questions`."""

import dagster as dg
import pandas as pd

from assets.needs import FrozenPlans
from assets.rounds import out_spec, round_of, table_asset
from evaluation.panel.description import begun_grades, describe
from evaluation.questions import (
    completeness,
    grade,
    leads,
    milestone,
    patterns,
    power,
    registration,
    same_pupils,
    schools,
    sensitivity,
    targeted,
    verdicts,
)
from evaluation.questions.rows import EffectRow, effects_table
from evaluation.study import Study
from evaluation.tables.relations import Stored

StudyParam = dg.ResourceParam[Study]


def _table(context: dg.AssetExecutionContext, study: Study, rows: list[EffectRow]) -> pd.DataFrame:
    estimated = sum(row.status == "estimated" for row in rows)
    context.add_output_metadata({"estimated": estimated, "not_estimated": len(rows) - estimated})
    return effects_table(rows, round_of(context, study).id, study.protocol.hash)


@table_asset("out_description")
def out_description(
    context: dg.AssetExecutionContext,
    core_cells: pd.DataFrame,
    core_pupil_weeks: Stored,
    core_talks: pd.DataFrame,
    study: StudyParam,
) -> pd.DataFrame:
    cutoff = round_of(context, study).cutoff
    return describe(core_cells, core_pupil_weeks, core_talks, study.protocol, cutoff)


@table_asset("out_did")
def out_did(
    context: dg.AssetExecutionContext,
    core_monthly: pd.DataFrame,
    core_measured: pd.DataFrame,
    study: StudyParam,
) -> pd.DataFrame:
    return _table(context, study, grade.answer(core_monthly, study.protocol, core_measured))


@table_asset("out_milestones")
def out_milestones(
    context: dg.AssetExecutionContext, core_monthly: pd.DataFrame, core_talks: pd.DataFrame, study: StudyParam
) -> pd.DataFrame:
    the_round = round_of(context, study)
    return _table(context, study, milestone.answer(core_monthly, core_talks, study.protocol, the_round))


@dg.multi_asset(outs={name: out_spec(name) for name in ("out_event_study", "out_pretrend", "out_honest")})
def out_leads(
    context: dg.AssetExecutionContext, core_monthly: pd.DataFrame, study: StudyParam
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    the_round = round_of(context, study)
    found = leads.answer(core_monthly, study.protocol, the_round.id)
    events = effects_table(found.rows, the_round.id, study.protocol.hash)
    return events, found.pretrend, found.honest


@table_asset("out_same_pupils")
def out_same_pupils(
    context: dg.AssetExecutionContext,
    core_cohort_cells: pd.DataFrame,
    core_talks: pd.DataFrame,
    study: StudyParam,
) -> pd.DataFrame:
    return _table(context, study, same_pupils.answer(core_cohort_cells, core_talks, study.protocol))


@table_asset("out_schools")
def out_schools(
    context: dg.AssetExecutionContext, core_monthly: pd.DataFrame, study: StudyParam
) -> pd.DataFrame:
    return _table(context, study, schools.answer(core_monthly, study.protocol))


@table_asset("out_sensitivity")
def out_sensitivity(
    context: dg.AssetExecutionContext, core_monthly: pd.DataFrame, study: StudyParam
) -> pd.DataFrame:
    return _table(context, study, sensitivity.answer(core_monthly, study.protocol))


@table_asset("out_targeted")
def out_targeted(
    context: dg.AssetExecutionContext,
    core_band_cells: pd.DataFrame,
    core_follow_up_cells: pd.DataFrame,
    study: StudyParam,
) -> pd.DataFrame:
    return targeted.answer(core_band_cells, core_follow_up_cells, study.protocol, round_of(context, study).id)


@table_asset("out_registration")
def out_registration(
    context: dg.AssetExecutionContext,
    core_monthly: pd.DataFrame,
    core_cells: pd.DataFrame,
    core_talks: pd.DataFrame,
    study: StudyParam,
) -> pd.DataFrame:
    return registration.answer(
        core_monthly, core_cells, core_talks, study.protocol, round_of(context, study).id
    )


@table_asset("out_patterns")
def out_patterns(
    context: dg.AssetExecutionContext,
    core_absence_days: Stored,
    core_pupil_weeks: Stored,
    core_school_days: Stored,
    core_talks: pd.DataFrame,
    study: StudyParam,
) -> pd.DataFrame:
    the_round = round_of(context, study)
    begun = begun_grades(core_talks, study.protocol) or ()
    return patterns.answer(
        core_absence_days,
        core_pupil_weeks,
        core_school_days,
        study.protocol,
        the_round.id,
        the_round.cutoff,
        begun,
    )


@table_asset("out_effects")
def out_effects(
    context: dg.AssetExecutionContext,
    out_did: pd.DataFrame,
    out_milestones: pd.DataFrame,
    out_event_study: pd.DataFrame,
    out_same_pupils: pd.DataFrame,
    out_schools: pd.DataFrame,
    out_sensitivity: pd.DataFrame,
    out_targeted: pd.DataFrame,
    study: StudyParam,
) -> pd.DataFrame:
    high = effects_table(
        targeted.effect_rows(out_targeted, study.protocol), round_of(context, study).id, study.protocol.hash
    )
    parts = [out_did, out_milestones, out_event_study, out_same_pupils, out_schools, out_sensitivity, high]
    return pd.concat([p for p in parts if len(p)])


@table_asset("out_power")
def out_power(
    context: dg.AssetExecutionContext,
    core_monthly: pd.DataFrame,
    out_effects: pd.DataFrame,
    study: StudyParam,
) -> pd.DataFrame:
    return power.answer(core_monthly, out_effects, study.protocol, round_of(context, study).id)


@table_asset("out_verdicts")
def out_verdicts(
    context: dg.AssetExecutionContext,
    out_effects: pd.DataFrame,
    out_registration: pd.DataFrame,
    out_pretrend: pd.DataFrame,
    core_talks: pd.DataFrame,
    core_cells: pd.DataFrame,
    core_school_days: pd.DataFrame,
    study: StudyParam,
    frozen: dg.ResourceParam[FrozenPlans],
) -> pd.DataFrame:
    the_round, protocol = round_of(context, study), study.protocol
    found = verdicts.answer(
        out_effects,
        core_talks,
        out_registration,
        out_pretrend,
        protocol,
        the_round,
        completeness=completeness.registered_share(core_cells, core_school_days, protocol),
        is_frozen=frozen.state(protocol, the_round.report_date)["is_frozen"],
    )
    context.add_output_metadata({row.look: row.verdict for row in found.itertuples()})
    return found


ASSETS: list[dg.AssetsDefinition] = [
    out_description,
    out_did,
    out_milestones,
    out_leads,
    out_same_pupils,
    out_schools,
    out_sensitivity,
    out_targeted,
    out_registration,
    out_patterns,
    out_effects,
    out_power,
    out_verdicts,
]
