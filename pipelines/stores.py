"""Every kind of file a data folder keeps, told by its place: what it is, and how one comes back from a damaged one.

One list for the fault matrix, for ``komglad purge`` and for whoever asks what lies where. A file that no entry knows is
no store of komglad's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from evaluation.words.texts import texts

TEXT = texts("running")


@dataclass(frozen=True)
class Store:
    """A kind of file. ``pattern``: its place below the data folder. ``holds_persons``: rows, words or keys of persons.

    ``way_back``: what a person does when it is damaged. ``stays``: it is kept when the pilot ends. ``is_sealed``: it names
    the key of the study it belongs to.
    """

    name: str
    pattern: str
    holds_persons: bool
    way_back: str
    stays: bool = False
    is_sealed: bool = False


LOCKS, LOG, HISTORY = TEXT("stores_locks"), "log", TEXT("stores_history")
AGAIN = TEXT("stores_run_again")
COPY = TEXT("stores_backup")
LEDGER, REPORTS = "reports/ledger.json", "reports/**/*"
STORES = (
    Store("modtagne filer", "incoming/**/*", True, TEXT("stores_ask_again")),
    Store("tabeller", "warehouse/*/*.parquet", True, AGAIN),
    Store(TEXT("stores_origins"), "warehouse/*/made/*.json", False, AGAIN, is_sealed=True),
    Store("kontrollers svar", "warehouse/*/checks/*.json", True, AGAIN),
    Store("udgivelser", "warehouse/*/release.json", False, AGAIN),
    Store("udgivelsesbogen", LEDGER, False, COPY, stays=True, is_sealed=True),
    Store("rapporter", REPORTS, False, AGAIN, stays=True),
    Store("godkendte kopier", "releases/*/**/*", False, COPY, stays=True),
    Store("godkendelser", "releases/*.approval.json", False, COPY, stays=True, is_sealed=True),
    Store(
        TEXT("stores_first_approval"),
        "releases/*.waiting.json",
        False,
        TEXT("stores_approve_again"),
        stays=True,
        is_sealed=True,
    ),
    Store("tidligere udskrifter", "superseded/**/*", False, "slet dem", stays=True),
    Store("listen over glemte elever", "forgotten.json", True, COPY, is_sealed=True),
    Store("kvitteringer", "receipts/*.json", False, COPY, stays=True, is_sealed=True),
    Store("frosne planer", "frozen/*.json", False, COPY, stays=True, is_sealed=True),
    Store("noterede forhold", "noted.json", True, TEXT("stores_note_again"), is_sealed=True),
    Store("kontrollens side", "check/*", True, "lav den igen: komglad check --page"),
    Store(HISTORY, "dagster/**/*", False, TEXT("stores_move_dagster")),
    Store("breve til skolerne", "letters/*/*", True, "lav dem igen: komglad school-letter"),
    Store(LOG, "log/*", False, "slet den", stays=True),
    Store(LOCKS, "run.lock", False, TEXT("stores_delete_idle")),
    Store(LOCKS, "page.lock", False, TEXT("stores_delete_closed")),
    Store(TEXT("stores_demo_mark"), "made_by_komglad_demo.json", False, "lav demonstrationen igen"),
    Store("demonstrationens sandhed", "truth/*", False, "lav demonstrationen igen"),
)


def store_of(path: Path, data: Path) -> Store | None:
    """What a file is; None when komglad did not put it there."""
    name = path.relative_to(data)
    return next((s for s in STORES if _fits(name, s.pattern)), None)


def out_of_place(data: Path) -> Iterator[Path]:
    """Folders that stand where komglad has a file, and files that stand where it has a folder."""
    if data.exists() and not data.is_dir():
        yield data
        return
    homes = {s.pattern.split("/")[0] for s in STORES if "/" in s.pattern}
    yield from (
        data / name for name in sorted(homes) if (data / name).exists() and not (data / name).is_dir()
    )
    files = (s.pattern for s in STORES if not s.pattern.endswith("*"))
    yield from (path for pattern in files for path in sorted(data.glob(pattern)) if path.is_dir())


def _fits(name: Path, pattern: str) -> bool:
    return _parts_fit(name.parts, tuple(pattern.split("/")))


def _parts_fit(parts: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    if not pattern:
        return not parts
    if pattern[0] == "**":
        return any(_parts_fit(parts[n:], pattern[1:]) for n in range(len(parts) + 1))
    return bool(parts) and Path(parts[0]).match(pattern[0]) and _parts_fit(parts[1:], pattern[1:])


def files_of(data: Path) -> Iterator[tuple[Path, Store | None]]:
    """Every file of a data folder with what it is, in order of name."""
    for path in sorted(p for p in data.rglob("*") if p.is_file() or p.is_symlink()):
        yield path, store_of(path, data)
