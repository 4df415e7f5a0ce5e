"""What protects a round, taken away by hand: each is noticed by the test that is named. ``python -m tests.hand_mutants``.

A mutant is one line of a module, changed in a copy of the tree; its test must fail there. That every line still stands as
it is written here, and every test exists, is held by ``tests/unit/test_hand_mutants.py``.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.mutants import COPIED, ROOT


@dataclass(frozen=True)
class Mutant:
    """A protection, the text it stands in, what stands there without it, and the test that must fail then."""

    protects: str
    module: str
    text: str
    without: str
    test: str


FLUSHED = "tests/pipeline/test_storage.py::test_a_file_is_on_the_disk_before_it_takes_the_old_ones_place"
APPROVED = "tests/unit/disclosure/test_approval.py"
RESTORED = "tests/unit/door/test_forget.py::test_a_receipt_that_is_gone_is_noticed_and_a_removal_only_the_ledger_knows"
MUTANTS = (
    Mutant("fsync of tables", "pipelines/storage.py", "os.fsync(written.fileno())", "pass", FLUSHED),
    Mutant("fsync of the inbox", "evaluation/door/erase.py", "os.fsync(stream.fileno())", "pass", FLUSHED),
    Mutant("fsync of books", "evaluation/disclosure/ledger.py", "os.fsync(file.fileno())", "pass", FLUSHED),
    Mutant(
        "rename",
        "pipelines/storage.py",
        "temporary.replace(path)",
        "path.write_bytes(temporary.read_bytes())",
        FLUSHED,
    ),
    Mutant(
        "lock",
        "pipelines/lock.py",
        "fcntl.flock(handle.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)",
        "pass",
        "tests/pipeline/test_lock.py::test_the_second_run_is_told_who_holds_the_folder",
    ),
    Mutant(
        "lock before anything heavy",
        "pipelines/cli.py",
        "if command in ALONE:",
        "if False:",
        "tests/acceptance/test_commands.py::test_beside_a_run_a_command_is_turned_away_before_anything_heavy_is_read",
    ),
    Mutant(
        "sweep",
        "pipelines/sweep.py",
        "for left in _leftovers(data):",
        "for left in ():",
        "tests/pipeline/test_sweep.py::test_every_leftover_goes_and_nothing_else",
    ),
    Mutant(
        "hash check of a table",
        "pipelines/origins.py",
        "    if origin is None or origin.sha256 != warehouse.digest(round_id, table):",
        "    if origin is None:",
        "tests/pipeline/test_origins.py::test_a_table_that_komglad_did_not_write_is_read_by_nobody",
    ),
    Mutant(
        "hash check of what a table is made from",
        "pipelines/origins.py",
        "if warehouse.digest(round_id, used) != digest:",
        "if False:",
        "tests/pipeline/test_origins.py::test_old_estimates_do_not_go_out_under_new_inputs",
    ),
    Mutant(
        "hash check of a verdict",
        "pipelines/storage.py",
        'if verdict is None or verdict["sha256"] != self.digest(round_id, table):',
        "if verdict is None:",
        "tests/pipeline/test_storage.py::test_a_verdict_holds_only_for_the_bytes_it_was_given_for",
    ),
    Mutant(
        "hash check of a report that is approved",
        "evaluation/disclosure/approval.py",
        "elif hashlib.sha256(path.read_bytes()).hexdigest() != expected:",
        "elif False:",
        f"{APPROVED}::test_a_report_changed_after_the_audit_is_refused",
    ),
    Mutant(
        "seal",
        "evaluation/sealing.py",
        "if not hmac.compare_digest(found, key.keyed(name, _canonical(content))):",
        "if False:",
        "tests/unit/test_sealing.py::test_any_byte_that_is_changed_lost_or_added_shows",
    ),
    Mutant(
        "seal of a frozen plan",
        "pipelines/frozen.py",
        "opened(sealed_name(path), text, key, way_back=WAY_BACK)[_PLANS]",
        "json.loads(text)[_PLANS]",
        "tests/pipeline/test_frozen.py::test_an_altered_record_is_refused",
    ),
    Mutant(
        "a receipt that is gone",
        "evaluation/door/forgotten.py",
        "if gone := gone_receipts(path, forgotten):",
        "if gone := ():",
        RESTORED,
    ),
    Mutant(
        "a list older than the ledger",
        "evaluation/door/forgotten.py",
        "lost_receipts(path, forgotten, released):",
        "lost_receipts(path, forgotten):",
        RESTORED,
    ),
    Mutant(
        "two accounts",
        "evaluation/disclosure/approval.py",
        "elif first.account == who.account and not one_account:",
        "elif False:",
        f"{APPROVED}::test_two_names_from_one_account_are_one_person_unless_the_protocol_says_otherwise",
    ),
    Mutant(
        "consent to an interview",
        "evaluation/interviews/consent.py",
        "if word == VALID]",
        "if word != MISSING]",
        "tests/unit/interviews/test_consent.py::test_a_document_with_one_no_is_out_and_it_is_said",
    ),
    Mutant(
        "the most restrictive word",
        "evaluation/interviews/attributes.py",
        "return next((value for value in STRICTNESS if value in said), None)",
        "return next((value for value in reversed(STRICTNESS) if value in said), None)",
        "tests/unit/interviews/test_consent.py::test_words_are_joined_in_any_order",
    ),
    Mutant(
        "consent to rows about a pupil",
        "evaluation/door/consent.py",
        'is_in_force = pupil["worst"].eq(0)',
        'is_in_force = pupil["worst"].ge(0)',
        "tests/unit/door/test_consent.py::test_each_rule",
    ),
    Mutant(
        "disclosure minimum",
        "evaluation/disclosure/lattice.py",
        "is_small = (0 < pupils < minimum)",
        "is_small = (0 < pupils < minimum - 1)",
        "tests/unit/disclosure/test_thresholds.py::test_a_population_with_a_minimum_of_its_own",
    ),
    Mutant(
        "the estimate's sign",
        "evaluation/effects/imputation.py",
        "nuisance.residual(panel.y)[rows], tuple(notes))",
        "-nuisance.residual(panel.y)[rows], tuple(notes))",
        "tests/unit/effects/test_imputation.py::test_planted_effect_is_recovered_without_noise",
    ),
    Mutant(
        "a full disk",
        "pipelines/causes.py",
        "        if _is_full(cause):\n",
        "        if False:\n",
        "tests/pipeline/test_causes.py::test_a_known_cause_is_told_with_its_code",
    ),
)


def ended(copy: Path, *tests: str) -> int:
    """How pytest ends in the tree: 0 where all pass, 1 where one fails."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    return subprocess.run(command, cwd=copy, capture_output=True, check=False).returncode


def is_noticed(mutant: Mutant, copy: Path) -> bool:
    """Whether the named test fails in a tree with the mutant."""
    path = copy / mutant.module
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole.replace(mutant.text, mutant.without), encoding="utf-8")
    try:
        return ended(copy, mutant.test) == 1
    finally:
        path.write_text(whole, encoding="utf-8")


def main() -> int:
    """Every mutant; exit code 1 where one is not noticed, or where a test fails without any."""
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in COPIED:
            source = ROOT / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, copy / name)
        if ended(copy, *sorted({m.test for m in MUTANTS})):
            sys.stdout.write("a named test fails in the tree as it is: nothing can be noticed\n")
            return 1
        for mutant in MUTANTS:
            noticed = is_noticed(mutant, copy)
            missed += not noticed
            sys.stdout.write(f"{'noticed' if noticed else 'MISSED'}: {mutant.protects} ({mutant.test})\n")
            sys.stdout.flush()
    return int(missed > 0)


if __name__ == "__main__":
    raise SystemExit(main())
