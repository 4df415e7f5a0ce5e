"""out_: what the evaluation found about absence. Each asset asks one question of :mod:`evaluation.questions`."""

import dagster as dg
import pandas as pd

from assets.needs import FrozenPlans
from assets.rounds import described, out_spec, round_of
from evaluation.panel.description import describe
from evaluation.panel.estimation import monthly_panel
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


def _monthly(
    context: dg.AssetExecutionContext, study: Study, core_cells: pd.DataFrame, core_talks: pd.DataFrame
) -> pd.DataFrame:
    return monthly_panel(core_cells, core_talks, study.protocol, round_of(context, study).cutoff)


def _table(context: dg.AssetExecutionContext, study: Study, rows: list[EffectRow]) -> pd.DataFrame:
    estimated = sum(row.status == "estimated" for row in rows)
    context.add_output_metadata({"estimated": estimated, "not_estimated": len(rows) - estimated})
    return effects_table(rows, round_of(context, study).id, study.protocol.hash)


@dg.asset(**described("out_description"))
def out_description(
    context: dg.AssetExecutionContext,
    core_cells: pd.DataFrame,
    core_pupil_weeks: Stored,
    core_talks: pd.DataFrame,
    study: StudyParam,
) -> pd.DataFrame:
    cutoff = round_of(context, study).cutoff
    return describe(core_cells, core_pupil_weeks, core_talks, study.protocol, cutoff)


@dg.asset(**described("out_did"))
def out_did(
    context: dg.AssetExecutionContext, core_cells: pd.DataFrame, core_talks: pd.DataFrame, study: StudyParam
) -> pd.DataFrame:
    monthly = _monthly(context, study, core_cells, core_talks)
    return _table(context, study, grade.answer(monthly, study.protocol))


@dg.asset(**described("out_milestones"))
def out_milestones(
    context: dg.AssetExecutionContext, core_cells: pd.DataFrame, core_talks: pd.DataFrame, study: StudyParam
) -> pd.DataFrame:
    monthly, cutoff = _monthly(context, study, core_cells, core_talks), round_of(context, study).cutoff
    return _table(context, study, milestone.answer(monthly, core_talks, study.protocol, cutoff))


@dg.multi_asset(outs={name: out_spec(name) for name in ("out_event_study", "out_pretrend", "out_honest")})
def out_leads(
    context: dg.AssetExecutionContext, core_cells: pd.DataFrame, core_talks: pd.DataFrame, study: StudyParam
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    monthly, the_round = _monthly(context, study, core_cells, core_talks), round_of(context, study)
    found = leads.answer(monthly, study.protocol, the_round.id)
    events = effects_table(found.rows, the_round.id, study.protocol.hash)
    return events, found.pretrend, found.honest


@dg.asset(**described("out_same_pupils"))
def out_same_pupils(
    context: dg.AssetExecutionContext,
    core_cohort_cells: pd.DataFrame,
    core_talks: pd.DataFrame,
    study: StudyParam,
) -> pd.DataFrame:
    return _table(context, study, same_pupils.answer(core_cohort_cells, core_talks, study.protocol))


@dg.asset(**described("out_schools"))
def out_schools(
    context: dg.AssetExecutionContext, core_cells: pd.DataFrame, core_talks: pd.DataFrame, study: StudyParam
) -> pd.DataFrame:
    monthly = _monthly(context, study, core_cells, core_talks)
    return _table(context, study, schools.answer(monthly, study.protocol))


@dg.asset(**described("out_sensitivity"))
def out_sensitivity(
    context: dg.AssetExecutionContext, core_cells: pd.DataFrame, core_talks: pd.DataFrame, study: StudyParam
) -> pd.DataFrame:
    monthly = _monthly(context, study, core_cells, core_talks)
    return _table(context, study, sensitivity.answer(monthly, study.protocol))


@dg.asset(**described("out_targeted"))
def out_targeted(
    context: dg.AssetExecutionContext, core_band_cells: pd.DataFrame, study: StudyParam
) -> pd.DataFrame:
    return targeted.answer(core_band_cells, study.protocol, round_of(context, study).id)


@dg.asset(**described("out_registration"))
def out_registration(
    context: dg.AssetExecutionContext, core_cells: pd.DataFrame, core_talks: pd.DataFrame, study: StudyParam
) -> pd.DataFrame:
    monthly = _monthly(context, study, core_cells, core_talks)
    return registration.answer(monthly, core_cells, core_talks, study.protocol, round_of(context, study).id)


@dg.asset(**described("out_patterns"))
def out_patterns(
    context: dg.AssetExecutionContext,
    core_absence_days: Stored,
    core_pupil_weeks: Stored,
    core_school_days: Stored,
    study: StudyParam,
) -> pd.DataFrame:
    the_round = round_of(context, study)
    return patterns.answer(
        core_absence_days, core_pupil_weeks, core_school_days, study.protocol, the_round.id, the_round.cutoff
    )


@dg.asset(**described("out_effects"))
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


@dg.asset(**described("out_power"))
def out_power(
    context: dg.AssetExecutionContext,
    core_cells: pd.DataFrame,
    core_talks: pd.DataFrame,
    out_effects: pd.DataFrame,
    study: StudyParam,
) -> pd.DataFrame:
    monthly = _monthly(context, study, core_cells, core_talks)
    return power.answer(monthly, out_effects, study.protocol, round_of(context, study).id)


@dg.asset(**described("out_verdicts"))
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
        round_id=the_round.id,
        cutoff=the_round.cutoff,
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
