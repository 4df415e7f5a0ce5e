"""Every benchmark, each in a process of its own: ``python -m benchmarks [--rows N]``."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000_000, help="pupil-days in the Parquet benchmark")
    rows = str(parser.parse_args().rows)
    commands = (
        ("bench_round.py",),
        ("bench_door.py",),
        ("bench_engine.py",),
        ("bench_sizes.py",),
        ("bench_scale.py", "--rows", rows, "--peers"),
        ("bench_disclosure.py",),
    )
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    for script, *options in commands:
        print(f"\n== {script}", flush=True)
        done = subprocess.run([sys.executable, str(HERE / script), *options], env=environment, check=False)
        if done.returncode:
            print(f"{script} ended with {done.returncode}", flush=True)


if __name__ == "__main__":
    main()
