"""core_: the tables the evaluation is made from. One asset a table; the work is in :mod:`evaluation.panel`."""

import dagster as dg
import pandas as pd
import pyarrow as pa

from assets.rounds import out_spec, round_of, table_asset
from evaluation.door.consent import consents_in_force
from evaluation.legal_basis import require_basis
from evaluation.panel import calendar, cells, cohorts, follow_ups, pupils, talks
from evaluation.panel.estimation import monthly_panel
from evaluation.panel.measured import measured_months
from evaluation.study import Study
from evaluation.tables.relations import Stored


@table_asset("core_school_days")
def core_school_days(
    context: dg.AssetExecutionContext, raw_calendar: pd.DataFrame, study: dg.ResourceParam[Study]
) -> pd.DataFrame:
    return calendar.school_days(raw_calendar, round_of(context, study).cutoff)


@table_asset("core_pupils")
def core_pupils(raw_pupils: Stored) -> pa.RecordBatchReader:
    return pupils.enrolment_spells(raw_pupils)


@table_asset("core_absence_days")
def core_absence_days(
    raw_absence: Stored,
    core_pupils: Stored,
    core_school_days: Stored,
) -> pa.RecordBatchReader:
    return pupils.absence_days(raw_absence, core_pupils, core_school_days)


@table_asset("core_pupil_weeks")
def core_pupil_weeks(
    core_pupils: Stored,
    core_absence_days: Stored,
    core_school_days: Stored,
    raw_totals: Stored,
    raw_absence: Stored,
) -> pa.RecordBatchReader:
    return cells.pupil_weeks(core_pupils, core_absence_days, core_school_days, raw_totals, raw_absence)


@table_asset("core_cells")
def core_cells(
    context: dg.AssetExecutionContext,
    core_pupil_weeks: Stored,
    raw_totals: Stored,
    core_school_days: Stored,
    study: dg.ResourceParam[Study],
) -> pd.DataFrame:
    require_basis(study.protocol, "core_cells", len(core_pupil_weeks) + len(raw_totals))
    frame = cells.cells(core_pupil_weeks, raw_totals, core_school_days)
    by_year = frame.groupby("school_year")[["possible_days", "absent_days"]].sum()
    context.add_output_metadata(
        {
            # As the report prints it: more decimals would give the days away that the report rounds.
            f"absence_pct_{year}": round(float(100 * row.absent_days / row.possible_days), 1)
            for year, row in by_year.iterrows()
        }
    )
    return frame


@table_asset("core_talks")
def core_talks(
    context: dg.AssetExecutionContext,
    raw_talks: pd.DataFrame,
    core_pupils: pd.DataFrame,
    raw_calendar: pd.DataFrame,
    study: dg.ResourceParam[Study],
) -> pd.DataFrame:
    cutoff = round_of(context, study).cutoff
    return talks.talk_windows(raw_talks, core_pupils, raw_calendar, study.protocol, cutoff)


@table_asset("core_monthly")
def core_monthly(
    context: dg.AssetExecutionContext,
    core_cells: pd.DataFrame,
    core_talks: pd.DataFrame,
    study: dg.ResourceParam[Study],
) -> pd.DataFrame:
    require_basis(study.protocol, "core_monthly", len(core_cells))
    return monthly_panel(core_cells, core_talks, study.protocol, round_of(context, study).cutoff)


@table_asset("core_measured")
def core_measured(
    context: dg.AssetExecutionContext,
    core_pupil_weeks: Stored,
    core_absence_days: Stored,
    core_pupils: Stored,
    core_school_days: pd.DataFrame,
    raw_absence: Stored,
    raw_totals: Stored,
    study: dg.ResourceParam[Study],
) -> pd.DataFrame:
    require_basis(study.protocol, "core_measured", len(core_absence_days))
    return measured_months(
        core_pupil_weeks,
        core_absence_days,
        core_pupils,
        core_school_days,
        raw_absence,
        raw_totals,
        study.protocol,
        round_of(context, study).cutoff,
    )


@table_asset("core_cohort_cells")
def core_cohort_cells(core_pupil_weeks: Stored, study: dg.ResourceParam[Study]) -> pd.DataFrame:
    require_basis(study.protocol, "core_cohort_cells", len(core_pupil_weeks))
    return cohorts.cohort_cells(core_pupil_weeks, study.protocol)


@dg.multi_asset(outs={name: out_spec(name) for name in ("core_band_cells", "core_window_days")})
def core_selection_windows(
    context: dg.AssetExecutionContext,
    core_pupil_weeks: Stored,
    core_pupils: pd.DataFrame,
    core_school_days: pd.DataFrame,
    core_talks: pd.DataFrame,
    core_consents: pd.DataFrame,
    raw_talks: pd.DataFrame,
    study: dg.ResourceParam[Study],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    require_basis(study.protocol, "core_band_cells", len(core_pupil_weeks))
    cutoff = round_of(context, study).cutoff
    followed = cohorts.Followed.of(raw_talks, core_consents, study.protocol, cutoff)
    return cohorts.selection_windows(
        core_pupil_weeks, core_pupils, core_school_days, core_talks, followed, study.protocol
    )


@table_asset("core_year_bands")
def core_year_bands(
    context: dg.AssetExecutionContext, core_pupil_weeks: Stored, study: dg.ResourceParam[Study]
) -> pd.DataFrame:
    require_basis(study.protocol, "core_year_bands", len(core_pupil_weeks))
    edges = study.protocol.targeted.bands_pct if study.protocol.targeted else (0.0, 5.0, 10.0, 20.0)
    return cohorts.year_bands(core_pupil_weeks, study.protocol, round_of(context, study).cutoff, edges)


@table_asset("core_consents")
def core_consents(
    context: dg.AssetExecutionContext, raw_consents: pd.DataFrame, study: dg.ResourceParam[Study]
) -> pd.DataFrame:
    purposes = [d.consent_purpose for d in study.protocol.data_sets if d.consent_purpose]
    return consents_in_force(raw_consents, round_of(context, study).cutoff, purposes)


@table_asset("core_pupil_periods")
def core_pupil_periods(
    core_pupil_weeks: Stored, core_consents: pd.DataFrame, study: dg.ResourceParam[Study]
) -> pd.DataFrame:
    return cohorts.targeted_pupil_periods(core_pupil_weeks, core_consents, study.protocol)


@table_asset("core_follow_up_cells")
def core_follow_up_cells(
    context: dg.AssetExecutionContext,
    core_pupil_periods: pd.DataFrame,
    core_pupil_weeks: Stored,
    raw_talks: pd.DataFrame,
    core_school_days: pd.DataFrame,
    study: dg.ResourceParam[Study],
) -> pd.DataFrame:
    require_basis(study.protocol, "core_follow_up_cells", len(core_pupil_weeks))
    cutoff = round_of(context, study).cutoff
    return follow_ups.follow_up_cells(
        core_pupil_periods, core_pupil_weeks, raw_talks, core_school_days, study.protocol, cutoff
    )


ASSETS: list[dg.AssetsDefinition] = [
    core_school_days,
    core_pupils,
    core_absence_days,
    core_pupil_weeks,
    core_cells,
    core_talks,
    core_monthly,
    core_measured,
    core_cohort_cells,
    core_selection_windows,
    core_year_bands,
    core_consents,
    core_pupil_periods,
    core_follow_up_cells,
]
