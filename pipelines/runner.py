"""Running a round through the real assets, in this process, under the lock; failures come back as sentences."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import dagster as dg

from evaluation import errors
from evaluation.errors import GateRefused, KomgladError
from pipelines.build import build_defs
from pipelines.instance import end_dead_runs, open_instance
from pipelines.jobs import JOB
from pipelines.lock import run_lock
from pipelines.progress import Progress
from pipelines.resources import resources_from
from pipelines.settings import Settings
from pipelines.storage import Warehouse

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
    resource_overrides: Mapping[str, object] | None = None,
) -> RunOutcome:
    """Materialise a round (or some of its assets) with every check.

    Raises:
        KomgladError: what went wrong, with the exit code that belongs to it.
    """
    written: dict[str, int] = {}

    def note(name: str, rows: int) -> None:
        written[name] = rows
        if listener is not None:
            listener(name, rows)

    resources = {**resources_from(settings, Progress(note)), **(resource_overrides or {})}
    logging.getLogger("dagster").setLevel(logging.CRITICAL)
    with run_lock(settings.data), open_instance(settings) as instance:
        end_dead_runs(instance)
        definitions = build_defs(settings, resource_overrides=resources)
        job = definitions.resolve_job_def(JOB)
        result = job.execute_in_process(
            partition_key=round_id,
            instance=instance,
            raise_on_error=False,
            run_config=_QUIET,
            asset_selection=[dg.AssetKey(a) for a in assets] if assets else None,
        )
        if not result.success:
            raise _failure(result, settings, round_id)
        return RunOutcome(round_id, result.run_id, written)


def _failure(result: dg.ExecuteInProcessResult, settings: Settings, round_id: str) -> KomgladError:
    """The first step that failed, as an error for people."""
    for event in result.all_node_events:
        if not event.is_step_failure:
            continue
        error = event.step_failure_data.error
        while (
            error is not None and error.cause is not None and error.cls_name != "DagsterAssetCheckFailedError"
        ):
            error = error.cause
        if error is None:
            continue
        name = str(error.cls_name)
        if name == "DagsterAssetCheckFailedError":
            return _refused_by_checks(settings, round_id, event.step_key or "")
        kind = getattr(errors, name, None)
        text = str(error.message).strip().removeprefix(f"evaluation.errors.{name}: ")
        if isinstance(kind, type) and issubclass(kind, KomgladError):
            return kind(text)
        return KomgladError(f"{event.step_key} failed: {name}: {text}")
    return KomgladError(f"{round_id} failed; see Dagster's page: komglad ui")


def _refused_by_checks(settings: Settings, round_id: str, step: str) -> GateRefused:
    warehouse = Warehouse(settings.warehouse)
    for table in sorted(warehouse.tables(round_id), key=len, reverse=True):
        verdict = warehouse.verdict(round_id, table)
        if table in step and verdict is not None and not verdict["passed"]:
            # What else looks odd often says why: the gate counts weeks, the warning names the school.
            odd = [r["sentence"] for r in warehouse.check_results(round_id, table) if not r["is_passed"]]
            sentences = list(dict.fromkeys([*verdict["failed"], *odd]))
            problems = [errors.Problem(table, found=str(s)) for s in sentences]
            return GateRefused(f"{table} did not pass its checks, so {round_id} stops here", problems)
    return GateRefused(f"a check refused {step}; see komglad check")
