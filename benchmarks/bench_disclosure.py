"""How long protection and its audit take: the pilot's tables, a 12 × 10 table with margins, and many schools.

Run: ``python benchmarks/bench_disclosure.py [SCHOOLS …]``. Aims: the pilot's tables under 5 s, 12 × 10 under 30 s,
100 schools under 5 s and 1,000 under 60 s of processor time, the audit with it.
"""

from __future__ import annotations

import itertools
import sys
import time

import numpy as np
import pandas as pd

from evaluation.disclosure import Dimension, Exhibit, Release, protect
from evaluation.disclosure.audit import audit
from tests.rules import rules as rules_with

SCHOOLS = Dimension("skole", ("Herstedlund", "Herstedøster", "Herstedvester", "Egelund"))
GRADES = Dimension("klassetrin", tuple(str(g) for g in range(10)))
YEARS = Dimension("skoleår", ("2025/26", "2026/27"), total=None)
TYPES = Dimension("type", ("sygdom", "tilladelse", "ulovligt"), role="split")
BANDS = Dimension(
    "fravær",
    ("0-5", "5-10", "10-20", "over 20"),
    bands=(("over 10", ("10-20", "over 20")),),
    role="attribute",
)
TREATED = ("1", "6", "8")


def pilot_exhibits(seed: int = 7, schools: Dimension = SCHOOLS) -> list[Exhibit]:
    """What one round of the pilot publishes, from made-up pupils: some 65 per school and grade, two years."""
    rng = np.random.default_rng(seed)
    pupils = []
    for year, school, grade in itertools.product(YEARS.leaves, schools.leaves, GRADES.leaves):
        n = int(rng.poisson(65))
        risk = np.where(rng.random(n) < 0.97, rng.beta(2.1, 29.9, n), rng.beta(1.4, 2.6, n))
        is_chosen = (risk > 0.1) & (rng.random(n) < 0.6) & (grade in TREATED) & (year == "2026/27")
        for r, chosen in zip(risk, is_chosen, strict=True):
            types = rng.multinomial(rng.binomial(60, r), [0.55, 0.22, 0.23])
            pupils.append((year, school, grade, r, "ja" if chosen else "nej", *types))
    frame = pd.DataFrame(pupils, columns=["skoleår", "skole", "klassetrin", "risk", "indsats", *TYPES.leaves])
    frame["fravær"] = pd.cut(frame["risk"], [-1, 0.05, 0.10, 0.20, 1], labels=list(BANDS.leaves)).astype(str)
    frame["days"] = frame[list(TYPES.leaves)].sum(axis=1)

    def count(dimensions: list[str], leaves: list[tuple[str, ...]]) -> pd.DataFrame:
        sums = frame.groupby(dimensions).agg(
            pupils=("days", "size"), days_absent=("days", "sum"), max_days=("days", "max")
        )
        full = sums.reindex(pd.MultiIndex.from_product(leaves, names=dimensions), fill_value=0).reset_index()
        return full.assign(days_possible=60.0 * full["pupils"])

    by_school = count(["skoleår", "skole", "klassetrin"], [YEARS.leaves, schools.leaves, GRADES.leaves])
    by_type = count(["skoleår", "klassetrin"], [YEARS.leaves, GRADES.leaves])
    types = pd.concat(
        [
            by_type.assign(
                type=t,
                days_absent=frame.groupby(["skoleår", "klassetrin"])[t].sum().to_numpy(),
                max_days=frame.groupby(["skoleår", "klassetrin"])[t].max().to_numpy(),
            )
            for t in TYPES.leaves
        ]
    )
    bands = count(["skoleår", "klassetrin", "fravær"], [YEARS.leaves, GRADES.leaves, BANDS.leaves])
    over = count(["skoleår", "skole", "fravær"], [YEARS.leaves, schools.leaves, BANDS.leaves])
    treated = Dimension("klassetrin", TREATED, total="indsatsårgange")
    chosen = frame[(frame["skoleår"] == "2026/27") & (frame["indsats"] == "ja")]
    leaves = pd.MultiIndex.from_product([schools.leaves, TREATED], names=["skole", "klassetrin"])
    indsats = (
        chosen.groupby(["skole", "klassetrin"])
        .size()
        .reindex(leaves, fill_value=0)
        .rename("pupils")
        .reset_index()
    )
    held = Dimension("samtale", ("holdt", "ikke holdt"), role="attribute")
    talks = []
    for s, g in itertools.product(schools.leaves, TREATED):
        n = int(rng.poisson(65))
        done = int(rng.binomial(n, 0.93))
        talks += [(s, g, "holdt", done), (s, g, "ikke holdt", n - done)]
    exhibits = [
        Exhibit(
            "aargange",
            "elever",
            (YEARS, SCHOOLS if schools is SCHOOLS else schools, GRADES),
            by_school,
            ("pupils", "pct"),
            shown={"skole": ("i alt",)},
        ),
        Exhibit("typer", "elever", (YEARS, GRADES, TYPES), types, ("pct",)),
        Exhibit(
            "fordeling",
            "elever",
            (YEARS, GRADES, BANDS),
            bands,
            ("pupils", "share"),
            coarser=({"fravær": ("0-5", "5-10", "over 10", "i alt")}, {"fravær": ("over 10", "i alt")}),
        ),
        Exhibit(
            "over10",
            "elever",
            (YEARS, schools, BANDS),
            over,
            ("pupils", "share"),
            shown={"fravær": ("over 10", "i alt")},
        ),
        Exhibit("indsatselever", "indsatselever", (schools, treated), indsats),
        Exhibit(
            "samtaler",
            "samtaler",
            (schools, treated, held),
            pd.DataFrame(talks, columns=["skole", "klassetrin", "samtale", "pupils"]),
            ("pupils", "share"),
            shown={"samtale": ("holdt", "i alt")},
        ),
    ]
    exhibits += [
        Exhibit(
            f"skole-{school}",
            "elever",
            (YEARS, schools, GRADES),
            by_school,
            ("pupils", "pct"),
            shown={"skole": (school,)},
        )
        for school in schools.leaves
    ]
    return exhibits


def twelve_by_ten(seed: int, mean: float) -> Exhibit:
    """A 12 × 10 table of small and large cells with both margins."""
    rng = np.random.default_rng(seed)
    rows, columns = (
        Dimension("r", tuple(f"r{i}" for i in range(12))),
        Dimension("c", tuple(f"c{j}" for j in range(10))),
    )
    counts = rng.negative_binomial(3, 3 / (3 + mean), size=(12, 10))
    frame = pd.DataFrame(
        [
            (r, c, int(counts[i, j]))
            for (i, r), (j, c) in itertools.product(enumerate(rows.leaves), enumerate(columns.leaves))
        ],
        columns=["r", "c", "pupils"],
    )
    return Exhibit("t", "u", (rows, columns), frame)


def country(n: int, seed: int = 3) -> Exhibit:
    """Levels of ``n`` schools × 10 grades × 2 years with all margins; one grade in twenty-five has some three pupils."""
    rng = np.random.default_rng(seed)
    schools = Dimension("skole", tuple(f"s{i:04d}" for i in range(n)))
    rest = tuple(g for g in GRADES.leaves if g not in TREATED)
    grades = Dimension("klassetrin", GRADES.leaves, bands=(("treated", TREATED), ("comparison", rest)))
    rows = []
    for place in itertools.product(YEARS.leaves, schools.leaves, GRADES.leaves):
        pupils = int(rng.poisson(rng.choice([3, 20, 65], p=[0.04, 0.1, 0.86])))
        days = rng.binomial(60, rng.beta(2.1, 29.9, pupils)) if pupils else np.zeros(1, dtype=int)
        rows.append((*place, pupils, int(days.sum()), 60.0 * pupils, int(days.max())))
    columns = ["skoleår", "skole", "klassetrin", "pupils", "days_absent", "days_possible", "max_days"]
    frame = pd.DataFrame(rows, columns=columns)
    return Exhibit("levels", "elever", (YEARS, schools, grades), frame, ("pupils", "pct"))


def measure(name: str, exhibits: list[Exhibit], earlier: tuple[Release, ...] = ()) -> Release:
    """Protect and audit once; print seconds and what was hidden."""
    start = time.process_time()
    release = protect(exhibits, rules_with(), earlier, release_id=name)
    protected = time.process_time()
    report = audit(release, earlier)
    done = time.process_time()
    printed = len(release.cells)
    print(
        f"{name:28} protect {protected - start:6.2f} s   audit {done - protected:6.2f} s   "
        f"{sum(c.is_suppressed for c in release.cells)} of {printed} hidden   passed {report.is_passed}   "
        f"narrowest {report.narrowest}"
    )
    return release


if __name__ == "__main__":
    november = measure("pilot, november", pilot_exhibits())
    measure("pilot, again after november", pilot_exhibits(), (november,))
    for seed, mean in ((0, 9.0), (1, 7.0), (2, 4.0), (3, 20.0), (4, 50.0)):
        measure(f"12 x 10, mean {mean:g}", [twelve_by_ten(seed, mean)])
    for schools in map(int, sys.argv[1:] or ("25", "100")):
        measure(f"{schools} schools", [country(schools)])
