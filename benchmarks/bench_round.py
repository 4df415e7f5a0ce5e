"""A round of the pilot's size through the real assets: where the time goes, as shares of the whole."""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path

from evaluation.study import load_study
from evaluation.synthetic import make_municipality, write_files
from pipelines.demonstration import KEY, STUDY
from pipelines.runner import run_round
from pipelines.settings import Settings

STAGES = {"raw": "door", "core": "panel", "out": "questions"}


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="komglad-bench-") as folder:
        settings = replace(Settings.from_environment(study=STUDY, data=Path(folder)), key=KEY)
        write_files(make_municipality(load_study(STUDY), seed=1), settings.incoming)
        for attempt in ("cold (imports, Dagster's home made)", "warm"):
            spent: dict[str, float] = {}
            clock = [time.perf_counter()]

            def note(name: str, _: int, spent: dict[str, float] = spent, clock: list[float] = clock) -> None:
                now = time.perf_counter()
                stage = STAGES.get(name.split("_")[0], "other")
                spent[stage] = spent.get(stage, 0.0) + now - clock[0]
                clock[0] = now

            began = time.perf_counter()
            run_round(settings, "end_of_year_2027", listener=note)
            total = time.perf_counter() - began
            spent["release, reports, PDF"] = total - sum(spent.values())
            print(
                f"{attempt}: {total:.1f} s; "
                + ", ".join(f"{k} {100 * v / total:.0f} %" for k, v in spent.items())
            )


if __name__ == "__main__":
    main()
