"""Every store of a finished data folder, harmed in every way: what is refused, with which code and in which words.

The stores are those a finished folder has, found by listing it; one that is new must be given what asks for it here.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.main import get_command

from evaluation.errors import KomgladError
from pipelines.causes import explained
from pipelines.cli import app
from pipelines.resources import warehouse_of
from pipelines.runner import run_round
from pipelines.storage import file_digest
from pipelines.stores import files_of
from pipelines.verification import altered
from tests.acceptance.test_commands import LATER, PROGRAM, ROUND, Terminal, contents, environment
from tests.conftest import KEY, settings_for

pytestmark = pytest.mark.slow
__all__ = ["environment"]

SECOND = ("approve", LATER, "--by", "Bo Lund")
CHECK = ("check", ROUND)
RELEASE = ("release", LATER)
ALTERED = ("altered", ROUND)
"""Two that are no commands: the gate of a round, and what ``verify`` says was altered."""


@dataclass(frozen=True)
class Asked:
    """What uses a store, and the harms that it goes on after, each with the reason."""

    command: tuple[str, ...]
    goes_on: dict[str, str]


NOBODY = dict.fromkeys(
    ("missing", "empty", "truncated", "edited", "a folder", "unreadable"), "nothing is made from it"
)
DELIVERED = dict.fromkeys(
    ("missing", "empty", "truncated", "edited", "a folder"),
    "what schools deliver: the checks and the door's own tests judge it",
)
ASKED = {
    "modtagne filer": Asked(CHECK, DELIVERED),
    "tabeller": Asked(("compare", ROUND, LATER), {}),
    "hvad tabeller er lavet af": Asked(("compare", ROUND, LATER), {}),
    "kontrollers svar": Asked(RELEASE, {}),
    "udgivelser": Asked(("report", LATER), {}),
    "udgivelsesbogen": Asked(("report", LATER), {}),
    "rapporter": Asked(SECOND, {}),
    "godkendte kopier": Asked(ALTERED, {}),
    "godkendelser": Asked(RELEASE, {"missing": "the ledger says that the round is published"}),
    "første godkendelse": Asked(SECOND, {"missing": "the next person is the first"}),
    "listen over glemte elever": Asked(CHECK, {}),
    "kvitteringer": Asked(CHECK, {}),
    "frosne planer": Asked(("freeze",), {}),
    "noterede forhold": Asked(CHECK, {"missing": "nothing is noted, and what was odd is asked about again"}),
    "kontrollens side": Asked(CHECK, NOBODY),
    "kørselshistorik": Asked(("doctor",), NOBODY),
    "breve til skolerne": Asked(("freeze",), NOBODY),
    "log": Asked(("freeze",), NOBODY),
    "låse": Asked(("freeze",), NOBODY),
}
"""By store. Dagster's own files have a test of their own in ``test_commands`` and ``test_instance``."""
USED = {
    "tabeller": (f"{ROUND}/raw_ledger", f"{ROUND}/core_cells", f"{LATER}/out_effects"),
    "hvad tabeller er lavet af": (f"{ROUND}/core_cells", f"{LATER}/out_effects"),
    "kontrollers svar": (f"{LATER}/core_cells",),
    "udgivelser": (f"{LATER}/release",),
    "rapporter": (f"{LATER}/styregruppe", f"{LATER}/manifest"),
}
"""Where a store has many files: those that are harmed in turn, by round and name. Else it is the first."""
STRAY_NUMBER = "010114-4001"
"""Of somebody who stands in one stray file and in no table."""
UNHARMED = {"demonstrationens mærke", "demonstrationens sandhed"}
"""Of a made-up municipality only."""
QUICK = {
    "trace": ("trace", LATER, "out_effects"),
    "compare": ("compare", ROUND, LATER),
    "statements": ("statements", ROUND),
    "quotes": ("quotes", ROUND),
    "plan": ("plan",),
    "freeze": ("freeze",),
}
SLOW = {
    "report": ("report", LATER),
    "approve": SECOND,
    "attack": ("attack",),
    "check": CHECK,
    "school-letter": ("school-letter", ROUND),
}
OTHERS = {
    "run": "makes everything anew; what it trusts is refused at the gate (RELEASE)",
    "verify": "makes everything anew beside the folder; ALTERED is what it says of it",
    "doctor": "tells of the machine; test_monitoring",
    "demo": "takes no folder but a demonstration's; test_demonstration",
    "forget": "test_faults_consent and test_full_disk",
    "rotate": "test_rotation",
    "purge": "test_purge",
    "ui": "Dagster's page; test_page",
    **dict.fromkeys(
        ("templates", "pseudonymise", "privacy", "init", "map", "new-study", "did", "codebook"),
        "reads no store",
    ),
}
"""Every command: what it says over each harmed store is compared with what it says over whole ones, or why not."""
CLOCK = re.compile(r"\d\d:\d\d:\d\d")
HARMS = ("missing", "empty", "truncated", "edited", "a folder", "unreadable")
LUCK = random.Random(24)
DRAWN = {
    name: LUCK.choice([h for h in HARMS[:-1] if h not in asked.goes_on] or HARMS[:-1])
    for name, asked in ASKED.items()
}
"""Every store with one harm, a refused one where there is any, is tried in ``make test``; all of them take minutes."""


@pytest.fixture(scope="module")
def complete(demonstration, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every store: a round published, another approved once, somebody forgotten, an oddity noted."""
    folder = tmp_path_factory.mktemp("matrix") / "data"
    shutil.copytree(demonstration.folder, folder, ignore=shutil.ignore_patterns("done.json"))
    with pytest.MonkeyPatch.context() as patch:
        set_up(patch, folder)
        for tokens in (
            ("approve", ROUND, "--by", "Anna Holm"),
            ("approve", ROUND, "--by", "Bo Lund"),
            ("approve", LATER, "--by", "Anna Holm"),
            ("freeze",),
        ):
            assert Terminal(folder)(*tokens).exit_code == 0
        stray = next(p for p in sorted((folder / "incoming").iterdir()) if p.is_dir()) / "stray.txt"
        stray.write_text(f"CPR\n{STRAY_NUMBER}\n", encoding="utf-8")
        forgotten = Terminal(folder)("forget", "--yes", given=f"{STRAY_NUMBER}\n")
        assert forgotten.exit_code == 0, f"{forgotten.output}{forgotten.exception}"
        stray.unlink(missing_ok=True)
        Terminal(folder)("school-letter", ROUND)
        found = json.loads(Terminal(folder)(*CHECK, "--json", "--page").stdout)
        odd = next(c["id"] for c in found["checks"] if not c["passed"])
        assert Terminal(folder)(*CHECK, "--note", odd, "--reason", "set efter på skolen").exit_code == 0
    return folder


def set_up(patch: pytest.MonkeyPatch, folder: Path) -> None:
    for name, value in (("KEY", KEY), ("STUDY", "demo_kommune"), ("DATA", str(folder))):
        patch.setenv(f"KOMGLAD_{name}", value)


@pytest.fixture
def folder(complete: Path, tmp_path: Path) -> Path:
    """A copy to harm: files are the same until one is replaced; what is written in place is copied."""
    copy = tmp_path / "data"

    def place(source: str, target: str) -> None:
        if Path(source).relative_to(complete).parts[0] in {"log", "dagster", "run.lock"}:
            shutil.copy2(source, target)
        else:
            os.link(source, target)

    shutil.copytree(complete, copy, copy_function=place)
    return copy


def a_number(folder: Path) -> str:
    """The number of some pupil."""
    texts = (path.read_text("cp1252") for path in sorted((folder / "incoming").rglob("elever_*.txt")))
    return next(n for text in texts for n in re.findall(r"\b\d{6}-?\d{4}\b", text))


def harm(path: Path, how: str) -> None:
    """Do one harm to a file, without touching what it is a copy of."""
    whole = path.read_bytes()
    path.unlink()
    if how == "missing":
        return
    if how == "a folder":
        path.mkdir()
        return
    path.write_bytes({"empty": b"", "truncated": whole[: len(whole) // 2]}.get(how, whole))
    path.chmod(0o000 if how == "unreadable" else 0o600)
    if how != "edited":
        return
    if path.suffix == ".parquet":
        table = pq.read_table(path)
        pq.write_table(table.slice(0, max(0, table.num_rows - 1)), path)
    elif path.suffix == ".json":
        path.write_text(json.dumps({**json.loads(whole), "by": "somebody"}), encoding="utf-8")
    else:
        path.write_bytes(whole + b" ")


def harmed_files(folder: Path, name: str) -> list[Path]:
    """The files of a store that are harmed in turn."""
    mine = [path for path, store in files_of(folder) if store is not None and store.name == name]
    wanted = USED.get(name)
    if wanted is None:
        return mine[:1]
    chosen = []
    for want in wanted:
        round_id, _, stem = want.rpartition("/")
        chosen.append(next(p for p in mine if p.stem == stem and round_id in p.parts))
    return chosen


def ask(folder: Path, command: tuple[str, ...]) -> tuple[int, str]:
    """Exit code and words of a command, as a person meets them."""
    settings = settings_for(folder)
    try:
        if command == RELEASE:
            run_round(settings, LATER, assets=["release"])
            return 0, ""
        if command == ALTERED:
            found = altered(settings, ROUND)
            return 3 * bool(found), "; ".join(f"{name}: {why}" for name, why in found)
        done = Terminal(folder)(*command)
        error = done.exception if not isinstance(done.exception, SystemExit) else None
    except Exception as raised:
        error = raised
    if error is None:
        return 0, done.output
    known = explained(error, folder)
    assert known is not None, f"no words for {error!r}"
    return known.exit_code, str(known)


@pytest.mark.parametrize(
    ("name", "how"),
    [
        pytest.param(name, how, marks=() if how == DRAWN[name] else pytest.mark.long)
        for name in ASKED
        for how in HARMS[:-1]
    ],
)
def test_a_store_that_was_harmed_is_refused_in_words(folder: Path, name: str, how: str) -> None:
    """With an exit code of its own, the file's name, the way back, in Danish; nothing else changes."""
    for path in harmed_files(folder, name):
        kept = folder.parent / "kept"
        os.link(path, kept)
        harm(path, how)
        before = stores(folder)
        code, said = ask(folder, ASKED[name].command)
        if how in ASKED[name].goes_on:
            assert code in (0, 2, 3, 5), said
        else:
            assert code in (2, 3, 5), (path, code, said)
            assert path.name in said or path.stem in said, said
            assert stores(folder) == before
            if ASKED[name].command != ALTERED:
                assert re.search(r"sikkerhedskopi|komglad \w+|slet|delete|flyt|hent", said), said
            assert re.search(r"\b(er|ikke|kan|af|til|eller)\b", said), said
        if path.is_dir():
            path.rmdir()
        kept.replace(path)


def test_every_command_of_the_command_line_is_asked_of_every_store() -> None:
    assert QUICK.keys() | SLOW.keys() | OTHERS.keys() == get_command(app).commands.keys()


@pytest.mark.parametrize(
    ("command", "how"),
    [
        pytest.param(name, how, marks=() if how == hurt and name in QUICK else pytest.mark.long)
        for name, hurt in zip((*QUICK, *SLOW), HARMS[:-1] * 3, strict=False)
        for how in HARMS[:-1]
    ],
)
def test_a_command_refuses_a_harmed_store_or_never_looked_at_it(
    complete: Path, folder: Path, command: str, how: str
) -> None:
    """It names the file in words and leaves all; else it says and writes exactly what it does over whole ones."""
    tokens = {**QUICK, **SLOW}[command]
    whole = stores(complete)
    code, said = ask(folder, tokens)
    made = stores(folder)
    assert code == 0, said
    for name in ASKED:
        for path in harmed_files(complete, name):
            put_back(complete, folder, whole)
            mine = folder / path.relative_to(complete)
            harm(mine, how)
            before = stores(folder)
            answer = ask(folder, tokens)
            if answer[0] != 0:
                assert answer[0] in (2, 3, 5), answer
                assert path.name in answer[1] or path.stem in answer[1], answer
                assert stores(folder) == before
            elif how not in ASKED[name].goes_on:
                place = path.relative_to(complete).as_posix()
                assert CLOCK.sub("", answer[1]) == CLOCK.sub("", said), place
                changed = {n for n, _ in made.items() ^ stores(folder).items()}
                assert {n for n in changed - {place} if not n.endswith(".approval.json")} == set(), place


def put_back(complete: Path, folder: Path, whole: dict[str, str]) -> None:
    """The folder as it was, from what it is a copy of."""
    for name in {n for n, _ in whole.items() ^ stores(folder).items()}:
        harmed = folder / name
        harmed.rmdir() if harmed.is_dir() else harmed.unlink(missing_ok=True)
        if name in whole:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            os.link(complete / name, folder / name)


@pytest.mark.long
@pytest.mark.skipif(os.name == "nt", reason="rights of files are POSIX")
@pytest.mark.parametrize("name", [n for n, a in ASKED.items() if a.command not in (RELEASE, ALTERED)])
def test_a_store_that_cannot_be_read_is_told_with_5(folder: Path, name: str) -> None:
    path = harmed_files(folder, name)[0]
    harm(path, "unreadable")
    done = as_program(
        folder, ASKED[name].command, "import ctypes; [ctypes.CDLL(None).prctl(24, c) for c in (1, 2)]"
    )
    assert "Traceback" not in done.stderr
    assert "komglad itself" not in done.stderr
    if "unreadable" not in ASKED[name].goes_on:
        assert done.returncode in (2, 5), done.stderr
        assert path.name in done.stdout + done.stderr


@pytest.mark.long
@pytest.mark.skipif(os.name == "nt", reason="file size limits are POSIX")
@pytest.mark.parametrize(
    "command",
    [
        ("report", LATER),
        SECOND,
        CHECK,
        ("forget", "--yes"),
        ("rotate", "--yes", "--to", "KEY", "--born", "2014"),
        ("freeze",),
        ("school-letter", ROUND),
    ],
    ids=lambda c: c[0],
)
def test_a_full_disk_leaves_every_store_as_it_was(folder: Path, command: tuple[str, ...]) -> None:
    """A limit on the size of files stands for the disk."""
    if command == ("freeze",):
        for name in ("frozen", "reports", "releases"):  # a report tells that there was a plan
            shutil.rmtree(folder / name)
    before = contents(folder)
    limit = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))"
    )
    tokens = tuple(str(folder.parent / "new_key") if t == "KEY" else t for t in command)
    done = as_program(folder, tokens, limit)
    assert done.returncode == 5, done.stderr
    assert "disken er fuld" in done.stderr
    assert contents(folder) == before


def stores(folder: Path) -> dict[str, str]:
    """What must not change; that a run was tried stands in Dagster's history."""
    files = ((p, p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())
    kept = ((p, n) for p, n in files if n.parts[0] not in {"dagster", "log", "run.lock"})
    return {n.as_posix(): file_digest(p) for p, n in kept}


def as_program(folder: Path, command: tuple[str, ...], first: str) -> subprocess.CompletedProcess[str]:
    """The command as a program of its own that does something to itself first; root obeys rights after it."""
    again = f"import os, sys; os.execv(sys.executable, [sys.executable, '-c', {PROGRAM!r}, *sys.argv[1:]])"
    return subprocess.run(
        [sys.executable, "-c", f"{first}; {again}", *command],
        input=f"{a_number(folder)}\n",
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "KOMGLAD_DATA": str(folder), "KOMGLAD_KEY": KEY, "KOMGLAD_STUDY": "demo_kommune"},
        cwd=Path(__file__).parents[2],
    )


@pytest.mark.parametrize("name", ["warehouse", "reports", "releases", "incoming", "receipts", "frozen"])
def test_a_file_in_place_of_a_folder_is_told_by_every_command(folder: Path, name: str) -> None:
    """And never taken for a folder in which nothing has been made yet."""
    (folder / name).rename(folder / f".{name}")
    (folder / name).write_text("en fil", encoding="utf-8")
    before = stores(folder)
    for tokens in (*QUICK.values(), *SLOW.values(), ("run", ROUND), ("verify", ROUND)):
        code, said = ask(folder, tokens)
        assert code == 2, said
        assert f"{name}: en fil. Next: flyt den væk" in said
    assert stores(folder) == before


def test_every_store_of_a_finished_folder_is_harmed_here(complete: Path) -> None:
    """The folder's own listing: no file that nobody knows, and no kind that nobody asks for."""
    found = dict(files_of(complete))
    assert [path for path, store in found.items() if store is None] == []
    assert {store.name for store in found.values() if store is not None} - UNHARMED == ASKED.keys()


@pytest.mark.long
def test_every_table_and_what_is_kept_of_it_is_refused_when_it_was_harmed(folder: Path) -> None:
    """All of them, in every way, where they are read."""
    warehouse, home = warehouse_of(settings_for(folder)), folder / "warehouse" / ROUND
    for table in warehouse.tables(ROUND):
        kept = {
            warehouse.path(ROUND, table): warehouse.read,
            home / "made" / f"{table}.json": warehouse.read,
            home / "checks" / f"{table}.results.json": warehouse.check_results,
        }
        for path, read in kept.items():
            if not path.is_file():  # not every table is checked
                continue
            whole = path.read_bytes()
            for how in ("missing", "empty", "truncated", "edited"):
                harm(path, how)
                with pytest.raises(KomgladError) as refused:
                    read(ROUND, table)
                assert refused.value.exit_code in (2, 3), (path, how)
                assert table in str(refused.value)
                assert "komglad run" in str(refused.value)
                path.unlink(missing_ok=True)
                path.write_bytes(whole)
