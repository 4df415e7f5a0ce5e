"""Does a changed line fail a test of its own module? ``python -m tests.mutants [MODULE …] [--each 60] [--seed 1]``.

Cosmic Ray makes the mutants by its fixed operators, in a copy of the tree. A mutant of a module is run against the tests
named here as that module's own, and against nothing else. Drawn by seed, the same number of each module; printed are the
share that was killed and every survivor with its line. Exit code 1 where a module falls below :data:`FLOOR`.

Left out is what means the same here: ``|`` stands in annotations, which are not run; ``is`` compares with None alone; a
dataclass that is not frozen and a ``zip`` that is not strict differ for those alone who misuse them.
"""

from __future__ import annotations

import argparse
import random
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FLOOR = 0.85
OWN_TESTS = {
    "evaluation/questions/verdict.py": ["tests/unit/questions/test_verdict.py"],
    "evaluation/panel/estimation.py": ["tests/unit/panel/test_estimation.py"],
    "evaluation/effects/permutation.py": ["tests/unit/effects/test_permutation.py"],
    "evaluation/door/overlap.py": ["tests/unit/door/test_overlap.py"],
    "evaluation/disclosure/ledger.py": ["tests/unit/disclosure/test_ledger.py"],
    "evaluation/disclosure/suppress.py": ["tests/unit/disclosure/test_suppress.py"],
    "evaluation/interviews/consent.py": ["tests/unit/interviews/test_consent.py"],
    "evaluation/door/consent.py": ["tests/unit/door/test_consent.py"],
}
"""Module → the tests that must notice."""
SAME_MEANING = re.compile(
    r"core/(ReplaceBinaryOperator_BitOr_.*|ReplaceComparisonOperator_(Is|IsNot)_.*|.*_(Is|IsNot)$"
    r"|ExceptionReplacer|RemoveDecorator|VariableReplacer|VariableInserter)"
)
COPIED = ("assets", "evaluation", "pipelines", "tests", "pyproject.toml", "dagster.yaml")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one module's mutants. ``survivors``: line, operator and the changed line."""

    module: str
    tried: int
    killed: int
    survivors: tuple[str, ...]

    @property
    def share(self) -> float:
        """Killed of tried."""
        return self.killed / self.tried if self.tried else 1.0


def mutate(module: str, tests: list[str], each: int, seed: int) -> Outcome:
    """Try ``each`` drawn mutants of one module in a copy of the tree."""
    from cosmic_ray.work_db import WorkDB, use_db
    from cosmic_ray.work_item import TestOutcome, WorkerOutcome, WorkResult

    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in COPIED:
            source = ROOT / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, copy / name)
        command = f"{sys.executable} -m pytest -x -q -p no:cacheprovider -p no:randomly {' '.join(tests)}"
        if subprocess.run(command.split(), cwd=copy, capture_output=True).returncode:
            raise SystemExit(f"{module}: its own tests fail, or are missing, before anything is changed")
        config = copy / "mutants.toml"
        config.write_text(
            f'[cosmic-ray]\nmodule-path = "{module}"\ntimeout = 60.0\nexcluded-modules = []\n'
            f'test-command = "{command}"\n[cosmic-ray.distributor]\nname = "local"\n'
        )
        ray = [sys.executable, "-m", "cosmic_ray.cli"]
        session = copy / "session.sqlite"
        subprocess.run([*ray, "init", config.name, session.name], cwd=copy, check=True, capture_output=True)
        with use_db(session, WorkDB.Mode.open) as work:
            lines = (ROOT / module).read_text(encoding="utf-8").splitlines()
            items = [i for i in work.work_items if _is_meant(i.mutations[0], lines)]
            items.sort(
                key=lambda i: (
                    i.mutations[0].start_pos,
                    i.mutations[0].operator_name,
                    i.mutations[0].occurrence,
                )
            )
            drawn = {i.job_id for i in random.Random(seed).sample(items, min(each, len(items)))}
            skipped = WorkResult(worker_outcome=WorkerOutcome.SKIPPED)
            work.set_multiple_results([i.job_id for i in work.work_items if i.job_id not in drawn], skipped)
        subprocess.run([*ray, "exec", config.name, session.name], cwd=copy, check=True, capture_output=True)
        with use_db(session, WorkDB.Mode.open) as work:
            tried = {job: result for job, result in work.results if job in drawn}
            where = {i.job_id: i.mutations[0] for i in work.work_items}
        alive = [job for job, result in tried.items() if result.test_outcome == TestOutcome.SURVIVED]
        named = sorted(
            (where[job].start_pos[0], f"{where[job].operator_name}: {_changed(tried[job].diff)}")
            for job in alive
        )
    return Outcome(
        module, len(tried), len(tried) - len(alive), tuple(f"{line}: {what}" for line, what in named)
    )


def _is_meant(mutation: Any, lines: list[str]) -> bool:
    """Whether a mutant can mean something else than the module does."""
    if SAME_MEANING.match(mutation.operator_name):
        return False
    is_flag = mutation.operator_name in ("core/ReplaceTrueWithFalse", "core/ReplaceFalseWithTrue")
    return not (is_flag and re.search(r"@dataclass|strict=", lines[mutation.start_pos[0] - 1]))


def _changed(diff: str | None) -> str:
    """The line a mutant put in."""
    lines = [line[1:].strip() for line in (diff or "").splitlines() if re.match(r"\+(?!\+\+)", line)]
    return " ".join(lines)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """Every module, or the ones that are named."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("modules", nargs="*", choices=[[], *OWN_TESTS], default=[])
    asked.add_argument("--each", type=int, default=45)
    asked.add_argument("--seed", type=int, default=1)
    given = asked.parse_args()
    outcomes = []
    for module in given.modules or OWN_TESTS:
        outcome = mutate(module, OWN_TESTS[module], given.each, given.seed)
        outcomes.append(outcome)
        _say(f"{outcome.killed:4} of {outcome.tried:4}  {outcome.share:4.0%}  {module}")
        for survivor in outcome.survivors:
            _say(f"       {survivor}")
    _say(f"{sum(o.killed for o in outcomes):4} of {sum(o.tried for o in outcomes):4}  all")
    return int(any(outcome.share < FLOOR for outcome in outcomes))


if __name__ == "__main__":
    raise SystemExit(main())
