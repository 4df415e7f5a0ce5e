"""The door and what follows at size: processor seconds and peak memory of a day-row export, from text to judged cells.

``python benchmarks/bench_door.py [ROWS] [FOLDER]`` generates an export of ROWS rows (a pupil, a school day, a code) and
its roster in FOLDER, reads them through the door as a run does, stores the raw tables, makes the core tables and judges
all of them, once at a tenth of the size and once whole, each in a process of its own. What `komglad check` shows as
understood is timed by itself. What must hold: time grows with the rows and no faster, what is shown costs less than a
tenth, and peak memory stays where it was.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

MAPPING = """
kind = "absence"
grain = "day"
files = ["dage.csv"]
date_formats = ["dd-mm-yyyy"]
[columns]
school = "Skole"
pupil = { column = "CPR", kind = "cpr" }
class = "Klasse"
date = "Dato"
type = "Kode"
[types]
S = "sick"
T = "permitted"
U = "unlawful"
[ignore]
"Bemærkning" = "fritekst"
"""


ROSTER = """
kind = "pupils"
files = ["elever.csv"]
[columns]
school = "Skole"
school_year = "Skoleår"
pupil = { column = "CPR", kind = "cpr" }
class = "Klasse"
"""
JUDGED = [
    "raw_absence",
    "raw_pupils",
    "core_school_days",
    "core_pupils",
    "core_absence_days",
    "core_pupil_weeks",
    "core_cells",
]


def generate(path: Path, rows: int) -> None:
    """An export of ``rows`` day rows: every pupil once a day, days in order, so that no row doubles another."""
    import numpy as np
    import pandas as pd

    from evaluation.door.calendar import build_calendar, read_spans
    from evaluation.study import load_study

    study = load_study("demo_kommune")
    calendar = build_calendar(read_spans(study.file("calendar.csv"), study.protocol), study.protocol).frame()
    cutoff = pd.Timestamp(study.protocol.rounds[-1].cutoff)
    school = study.protocol.schools[0].id
    mine = calendar[
        calendar["school_id"].eq(school) & calendar["is_school_day"] & (calendar["day_on"] <= cutoff)
    ]
    days = mine["day_on"].dt.strftime("%d-%m-%Y").to_numpy()
    pupils = -(-rows // len(days))
    at = np.arange(pupils)
    # Birthdays in 2012 to 2018 and serials from 4000: numbers of that century that exist as dates.
    numbers = [
        f"{1 + n % 28:02d}{1 + n // 28 % 12:02d}{12 + n // 336 % 7:02d}{4000 + n // 2352 % 6000:04d}"
        for n in at
    ]
    codes = np.array(["S", "T", "U"])[at % 3]
    with (path.parent / "elever.csv").open("w", encoding="utf-8", newline="") as stream:
        stream.write("Skole;Skoleår;CPR;Klasse\n")
        for year in study.protocol.years.all:
            stream.write("".join(f"{school};{year};{numbers[i]};6.A\n" for i in range(pupils)))
    written = 0
    with path.open("w", encoding="utf-8", newline="") as stream:
        stream.write("Skole;CPR;Klasse;Dato;Kode;Bemærkning\n")
        for day in days:
            n = min(pupils, rows - written)
            lines = (
                f"{school};{numbers[i]};6.A;{day};{codes[i]};Meldt af hjemmet kl. 07.45 via intra\n"
                for i in range(n)
            )
            stream.write("".join(lines))
            written += n
            if written >= rows:
                return


def measure(folder: Path) -> dict[str, float]:
    """Read and store what lies in the folder; seconds of processor time and wall clock, and peak memory."""
    from evaluation.door.intake import read_incoming
    from evaluation.door.pseudonyms import PseudonymKey
    from evaluation.door.understood import understood_of
    from evaluation.expectations import NEEDS, run_suite
    from evaluation.panel.core import register_tables
    from evaluation.study import Study, load_study
    from evaluation.tables.relations import Stored
    from pipelines.storage import Warehouse

    demo = load_study("demo_kommune")
    study = Study(demo.protocol, (folder, *demo.folders))
    key = PseudonymKey.parse("00112233445566778899aabbccddeeff" * 2)
    began, used = time.perf_counter(), time.process_time()
    intake = read_incoming(
        folder / "inbox", study, round_id=demo.protocol.rounds[-1].id, key=key, scratch=folder / "scratch"
    )
    intake.raise_for_problems()
    warehouse = Warehouse(folder / "warehouse")

    def keep(name: str, rows: pa.RecordBatchReader) -> Stored:
        return Stored(name, warehouse.write_stream("r", name, rows)[0])

    tables = {name: keep(name, intake.tables.reader(name)) for name in intake.tables}
    door_seconds, door_peak = time.process_time() - used, _peak()
    used = time.process_time()
    understood = understood_of(tables, [t.id for t in demo.protocol.absence_types])
    preview_seconds = time.process_time() - used
    used, cutoff = time.process_time(), demo.protocol.rounds[-1].cutoff
    tables |= register_tables(tables, cutoff, keep)
    core_seconds = time.process_time() - used
    used = time.process_time()
    for name in JUDGED:
        others = {n: tables[n] for n in NEEDS.get(name, ())}
        run_suite(name, tables[name], demo.protocol, others=others, cutoff=cutoff)
    checks_seconds = time.process_time() - used
    ledger = intake.tables["raw_ledger"].set_index("source_kind").loc["absence"]
    return {
        "rows_in": int(ledger["rows_in"]),
        "rows_kept": int(ledger["rows_kept"]),
        "absence_days": len(tables["core_absence_days"]),
        "pupil_weeks": len(tables["core_pupil_weeks"]),
        "gigabytes": sum(p.stat().st_size for p in (folder / "inbox").iterdir()) / 1e9,
        "door_cpu_seconds": door_seconds,
        "understood_days": sum(u.absent_days for u in understood.values()),
        "preview_cpu_seconds": preview_seconds,
        "core_cpu_seconds": core_seconds,
        "checks_cpu_seconds": checks_seconds,
        "seconds": time.perf_counter() - began,
        "door_peak_megabytes": door_peak,
        "peak_megabytes": _peak(),
    }


def _peak() -> float:
    """The most memory of this process so far, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(rows: int = 5_000_000, scratch: str | None = None) -> None:
    """Print one line per size."""
    for size in (rows // 10, rows):
        with tempfile.TemporaryDirectory(prefix="komglad-bench-", dir=scratch) as place:
            folder = Path(place)
            for name in ("mappings", "inbox", "scratch"):
                (folder / name).mkdir()
            (folder / "mappings" / "m.toml").write_text(MAPPING, encoding="utf-8")
            (folder / "mappings" / "elever.toml").write_text(ROSTER, encoding="utf-8")
            generate(folder / "inbox" / "dage.csv", size)
            command = [sys.executable, __file__, "--measure", str(folder)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            print(json.dumps(json.loads(done.stdout), indent=None))


if __name__ == "__main__":
    if "--measure" in sys.argv:
        print(json.dumps(measure(Path(sys.argv[-1]))))
    else:
        main(*(int(a) for a in sys.argv[1:2]), *sys.argv[2:3])
