"""Running a round through the real assets, in this process, under the lock; failures come back as sentences."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import dagster as dg

from evaluation.errors import GateRefused, Problem
from evaluation.words import ANALYST, render, taken
from evaluation.words.texts import texts
from pipelines.build import build_defs
from pipelines.causes import Interrupted, explained
from pipelines.instance import end_dead_runs, open_instance, prune_runs
from pipelines.jobs import JOB
from pipelines.progress import Progress
from pipelines.resources import resources_from, warehouse_of
from pipelines.settings import Settings
from pipelines.writing import claimed, writing

TEXT = texts("running")
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True)
class RunOutcome:
    """A finished round: the tables written with their rows, and Dagster's run id."""

    round_id: str
    run_id: str
    tables: dict[str, int]


def run_round(
    settings: Settings,
    round_id: str,
    *,
    assets: Sequence[str] | None = None,
    listener: Callable[[str, int], None] | None = None,
    say: Callable[[str], None] = lambda _: None,
    resource_overrides: Mapping[str, object] | None = None,
) -> RunOutcome:
    """Materialise a round (or some of its assets) with every check. ``say`` is told what was put right on the way.

    Raises:
        KomgladError: what went wrong, with the exit code that belongs to it. An error whose cause is not known comes
            as it is.
    """
    written: dict[str, int] = {}

    def note(name: str, rows: int) -> None:
        written[name] = rows
        if listener is not None:
            listener(name, rows)

    resources = {**resources_from(settings, Progress(note)), **(resource_overrides or {})}
    logging.getLogger("dagster").setLevel(logging.CRITICAL)
    run_id = str(uuid.uuid4())
    with (
        writing(settings, say),
        open_instance(settings) as instance,
        claimed(settings, run_id),
    ):
        end_dead_runs(instance, settings.data)
        prune_runs(instance, settings)
        definitions = build_defs(settings, resource_overrides=resources)
        job = definitions.resolve_job_def(JOB)
        try:
            result = job.execute_in_process(
                partition_key=round_id,
                instance=instance,
                run_id=run_id,
                run_config=_QUIET,
                asset_selection=[dg.AssetKey(a) for a in assets] if assets else None,
            )
        except dg.DagsterExecutionInterruptedError:
            raise Interrupted from None
        except Exception as error:
            raise _failure(error, settings, round_id) from error
        return RunOutcome(round_id, result.run_id, written)


def _failure(error: Exception, settings: Settings, round_id: str) -> Exception:
    """What stopped the round, as an error for people; one whose cause is not known comes back as it is."""
    if (known := explained(error, settings.data)) is not None:
        return known
    if isinstance(error, dg.DagsterError):
        return _refused_by_checks(settings, round_id, str(error)) or error
    return error


def _refused_by_checks(settings: Settings, round_id: str, stopped: str) -> GateRefused | None:
    """The refusal by the checks of a table that is named where Dagster says what it stopped at."""
    warehouse = warehouse_of(settings)
    for table in sorted(warehouse.tables(round_id), key=len, reverse=True):
        verdict = warehouse.verdict(round_id, table)
        if table in stopped and verdict is not None and not verdict["passed"]:
            # What else looks odd often says why: the gate counts weeks, the warning names the school.
            results = warehouse.check_results(round_id, table)
            odd = [render(taken(r["statement"]), ANALYST) for r in results if not r["is_passed"]]
            sentences = list(dict.fromkeys([*verdict["failed"], *odd]))
            problems = [Problem(table, found=str(s)) for s in sentences]
            return GateRefused(TEXT("runner_checks_stop", table=table, round_id=round_id), problems)
    return None
