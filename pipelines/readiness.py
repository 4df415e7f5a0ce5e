"""Is this machine ready, and how is it going: what ``komglad doctor`` shows a person and a monitor. Changes nothing."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import sys
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from typing import Any

from evaluation.errors import KomgladError, Problem
from evaluation.reports.pdf import find_browser
from evaluation.study import load_study
from evaluation.words.texts import texts
from pipelines.causes import damaged_history, explained, require_in_place, require_open
from pipelines.lock import holder_of, page_of, probe_locks
from pipelines.private import SHOWN, as_problem, open_to_others
from pipelines.resources import KeySource
from pipelines.settings import Settings

TEXT = texts("running")


NEEDED_GB = 1.0


@dataclass(frozen=True)
class Readiness:
    """What was found. ``busy`` and ``page`` name who holds the folder and where the page is open, None when nobody."""

    python: str
    komglad: str
    packages: dict[str, str]
    data: str
    free_gb: float
    study: str | None
    key_id: str | None
    browser: str | None
    busy: dict[str, Any] | None
    page: dict[str, Any] | None
    last_run: dict[str, Any] | None
    problems: tuple[Problem, ...] = field(default_factory=tuple)

    def as_dict(self) -> dict[str, Any]:
        """For machines."""
        problems = [
            {"file": p.file, "found": p.found, "expected": p.expected, "next": p.next_step}
            for p in self.problems
        ]
        return {"ready": not self.problems, **asdict(self), "problems": problems}


def readiness(settings: Settings) -> Readiness:
    """Look at everything a run needs. Raises EnvironmentProblem where the data folder may not be looked into."""
    require_open(settings.data)
    problems: list[Problem] = []

    def known(what: str, ask: Any) -> Any:
        try:
            return ask()
        except (KomgladError, OSError) as error:
            if (found := explained(error, settings.data)) is None:
                raise
            problems.extend(found.problems or (Problem(what, found=found.message),))
            return None

    known("datamappen", lambda: require_in_place(settings.data))
    study = known("protocol.toml", lambda: load_study(settings.study))
    key = known("key", lambda: KeySource(settings).load())
    existing = next(p for p in (settings.data, *settings.data.parents) if p.exists())
    free = shutil.disk_usage(existing).free / 1e9
    if free < NEEDED_GB:
        problems.append(
            Problem(
                str(settings.data),
                found=f"{free:.2f} GB fri",
                expected=f"mindst {NEEDED_GB:.0f} GB",
                next_step=TEXT("causes_make_room"),
            )
        )
    exposed = open_to_others(settings.data)
    problems += [as_problem(path, settings.data) for path in exposed[:SHOWN]]
    if os.access(existing, os.W_OK):
        known("run.lock", lambda: probe_locks(existing))
    else:
        problems.append(
            Problem(str(existing), found=TEXT("readiness_not_writable"), next_step="ret mappens rettigheder")
        )
    browser = find_browser()
    return Readiness(
        python=sys.version.split()[0],
        komglad=version("komglad"),
        packages={p: version(p) for p in ("dagster", "duckdb", "pandas", "statsmodels", "plotly")},
        data=str(settings.data),
        free_gb=round(free, 1),
        study=study and f"{study.protocol.study.id} {study.protocol.study.version}",
        key_id=key and key.key_id,
        browser=None if browser is None else str(browser),
        busy=holder_of(settings.data),
        page=page_of(settings.data),
        last_run=known("dagster", lambda: _last_run(settings)),
        problems=tuple(problems),
    )


def _last_run(settings: Settings) -> dict[str, Any] | None:
    """The newest run's round, status and end, where there is a whole history; nothing is made to look."""
    history = settings.dagster / "history"
    if not all((history / name).is_file() for name in ("runs.db", "runs/index.db")):
        return None
    import dagster as dg
    import sqlalchemy
    import yaml
    from dagster_shared.check import CheckError

    try:
        with dg.DagsterInstance.from_config(str(settings.dagster)) as instance:
            found = instance.get_run_records(limit=1)
    except (sqlalchemy.exc.DatabaseError, dg.DagsterError, CheckError, yaml.YAMLError) as error:
        raise explained(error, settings.data) or damaged_history(settings.data) from error
    if not found:
        return None
    run, ended = found[0].dagster_run, found[0].end_time
    at = dt.datetime.fromtimestamp(ended, dt.UTC).isoformat(timespec="seconds") if ended else None
    return {"status": run.status.value, "round": run.tags.get("dagster/partition"), "ended": at}
