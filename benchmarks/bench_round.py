"""A round of the pilot's size through the real assets: where the time goes, as shares of the whole.

Each run is a process of its own, as ``komglad run`` is, so imports count. Dagster's own clock says what each step took;
what no step took is imports, the instance and Dagster's bookkeeping. Processor time stands beside the clock, because
a busy machine stretches only the clock.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from evaluation.study import load_study
from evaluation.synthetic import make_municipality, write_files
from pipelines.demonstration import KEY, STUDY
from pipelines.instance import open_instance
from pipelines.settings import Settings

ROUND = "end_of_year_2027"
STAGES = {
    "incoming": "door",
    "core": "panel",
    "out": "questions",
    "release": "release",
    "reports": "reports",
    "report": "reports",
}
REST = "imports, Dagster"


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="komglad-bench-") as folder:
        settings = replace(Settings.from_environment(study=STUDY, data=Path(folder)), key=KEY)
        write_files(make_municipality(load_study(STUDY), seed=1), settings.incoming)
        environment = {**os.environ, "KOMGLAD_DATA": folder, "KOMGLAD_STUDY": STUDY, "KOMGLAD_KEY": KEY}
        command = [sys.executable, "-c", "from pipelines.entry import main; main()", "run", ROUND, "--quiet"]
        for attempt in ("first", "again"):
            used, began = _processor_seconds(), time.perf_counter()
            subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
            total, used = time.perf_counter() - began, _processor_seconds() - used
            spent = _by_stage(settings)
            spent[REST] = total - sum(spent.values())
            shares = ", ".join(f"{stage} {100 * s / total:.0f} %" for stage, s in spent.items())
            print(f"{attempt}: {total:.1f} s, {used:.1f} s of processor time; {shares}")


def _by_stage(settings: Settings) -> dict[str, float]:
    """Seconds by stage of the latest run."""
    with open_instance(settings) as instance:
        run = instance.get_runs(limit=1)[0]
        steps = [
            (s.step_key, s.end_time - s.start_time)
            for s in instance.get_run_step_stats(run.run_id)
            if s.start_time and s.end_time
        ]
    return _summed((_stage(key), seconds) for key, seconds in steps)


def _summed(parts: Iterable[tuple[str, float]]) -> dict[str, float]:
    spent = dict.fromkeys([STAGES["incoming"], "checks", *list(STAGES.values())[1:]], 0.0)
    for stage, seconds in parts:
        spent[stage] += seconds
    return spent


def _stage(step: str) -> str:
    return "checks" if step.endswith("expectations") else STAGES[step.split("_")[0]]


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
