"""A sensor on the inbox: when files have settled, the round that is due next runs."""

import datetime as dt
import hashlib
from pathlib import Path

import dagster as dg

from evaluation.protocol import Protocol, Round
from evaluation.words.texts import texts
from pipelines.jobs import JOB
from pipelines.settings import Settings

TEXT = texts("running")


SETTLED_SECONDS = 60


def incoming_sensor(settings: Settings, protocol: Protocol) -> dg.SensorDefinition:
    """Requests the open round once per state of the inbox; files still being written are waited for."""

    @dg.sensor(
        name="incoming_files",
        job_name=JOB,
        minimum_interval_seconds=60,
        description=TEXT("sensors_about"),
    )
    def incoming_files(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        now = dt.datetime.now(dt.UTC)
        state, newest = inbox_state(settings.incoming)
        if not state:
            return dg.SkipReason("the inbox is empty")
        if state == context.cursor:
            return dg.SkipReason("nothing has changed in the inbox")
        if newest > now.timestamp() - SETTLED_SECONDS:
            return dg.SkipReason("files are still arriving")
        due = next_round(protocol, now.date())
        if due is None:
            return dg.SkipReason("every round of this study has been reported")
        context.update_cursor(state)
        return dg.RunRequest(run_key=f"{due.id}:{state}", partition_key=due.id)

    return incoming_files


def inbox_state(incoming: Path) -> tuple[str, float]:
    """A hash of names, sizes and times of the files in the inbox, and the newest time; empty without files."""
    files = sorted(p for p in incoming.rglob("*") if p.is_file() and not p.name.startswith("."))
    if not files:
        return "", 0.0
    stats = [(p.relative_to(incoming).as_posix(), p.stat()) for p in files]
    text = "\n".join(f"{name}\t{s.st_size}\t{s.st_mtime_ns}" for name, s in stats)
    return hashlib.sha256(text.encode()).hexdigest()[:20], max(s.st_mtime for _, s in stats)


def next_round(protocol: Protocol, today: dt.date) -> Round | None:
    """The first round whose report date has not passed; None when all have."""
    return next((r for r in protocol.rounds if r.report_date >= today), None)
