"""Write the committed operating characteristics of the verdict.

    python -m tests.independent.make --date 2026-11-30 --commit abc1234

Every word of the rule × threat × effect, for the model that is primary and the one beside it; the same arguments give the
same table. ``make test-long`` makes a smaller one and holds it against the committed.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pandas as pd

from evaluation.questions.operating import ALPHA, RELEVANT_PP
from evaluation.questions.verdict import Rule
from tests.independent.characteristics import Bench, characterise
from tests.independent.generator import THREATS

TABLE = Path(__file__).parents[2] / "evaluation" / "questions" / "verdict_characteristics.csv"
EFFECTS = (0.0, -1.0, -1.25, -1.5, -1.75, -2.0, -2.5, -3.0, 2.0)
SEED = 20270701


def differences(fresh: pd.DataFrame, committed: pd.DataFrame) -> pd.DataFrame:
    """Measures further from the committed than five Monte-Carlo errors of both."""
    keys = ["model", "threat", "effect_pp", "measure"]
    both = fresh.merge(committed, on=keys, suffixes=("", "_committed"))
    error = (both["mc_se"] ** 2 + both["mc_se_committed"] ** 2) ** 0.5
    return both[(both["value"] - both["value_committed"]).abs() > 5 * error + 0.003]


def main() -> int:
    """Write the table named by the arguments, or with --check hold a smaller fresh one against the committed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--date", help="the day the table is made, YYYY-MM-DD; printed in the report")
    parser.add_argument("--commit", help="the commit of the code that makes it")
    parser.add_argument("--to", type=Path, default=TABLE)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where figures have moved")
    options = parser.parse_args()
    if not options.check and not (options.date and options.commit):
        parser.error("--date and --commit are printed with the table")
    rule = Rule(RELEVANT_PP, ALPHA)
    table = characterise(Bench.make(), options.studies, options.seed, rule, EFFECTS, THREATS)
    if options.check:
        moved = differences(table, pd.read_csv(TABLE, comment="#"))
        sys.stdout.write((moved.to_string() if len(moved) else "the committed characteristics stand") + "\n")
        return int(len(moved) > 0)
    head = f"# simulated {options.date}, commit {options.commit}, seed {options.seed}, "
    head += f"{options.studies} studies of each kind\n"
    options.to.write_text(head + table.to_csv(index=False), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
