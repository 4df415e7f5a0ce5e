"""One schedule per report round: early on its report date, in Danish time, and only in its year."""

from collections.abc import Callable

import dagster as dg

from evaluation.protocol import Protocol, Round
from evaluation.words.texts import texts
from pipelines.jobs import JOB

TEXT = texts("running")


def report_schedules(protocol: Protocol) -> list[dg.ScheduleDefinition]:
    """A schedule for each round, stopped until someone turns it on."""
    return [_schedule(r) for r in protocol.rounds]


def _schedule(report_round: Round) -> dg.ScheduleDefinition:
    day = report_round.report_date
    return dg.ScheduleDefinition(
        name=f"report_{report_round.id}",
        job_name=JOB,
        cron_schedule=f"0 6 {day.day} {day.month} *",
        execution_timezone="Europe/Copenhagen",
        execution_fn=_only_in(report_round),
        description=TEXT("schedules_about", title=report_round.title, day=str(day)),
    )


def _only_in(report_round: Round) -> Callable[[dg.ScheduleEvaluationContext], dg.RunRequest | dg.SkipReason]:
    def decide(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        year = context.scheduled_execution_time.year
        if year != report_round.report_date.year:
            return dg.SkipReason(
                f"{report_round.id} is reported in {report_round.report_date.year}, not in {year}"
            )
        return dg.RunRequest(run_key=report_round.id, partition_key=report_round.id)

    return decide
