"""What ``komglad check`` finds: the ledger of every file, what is in quarantine, and what the checks say. Writes nothing."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

from evaluation.door.rule_words import FILE_WORDS, WORDS, Words
from evaluation.errors import Problem
from evaluation.expectations import CHECKED_TABLES, NEEDS, CheckResult, raise_if_crashed, run_suite
from evaluation.intake import read_round
from evaluation.panel.core import register_tables
from evaluation.protocol import Round
from evaluation.study import Study
from evaluation.tables.relations import Relation, Stored, frame_of
from pipelines.resources import KeySource, resources_from
from pipelines.settings import Settings
from pipelines.storage import Warehouse

if TYPE_CHECKING:
    from rich.console import Console

LINES_SHOWN = 4


@dataclass(frozen=True)
class Findings:
    """Everything about an inbox for one round."""

    round_id: str
    ledger: pd.DataFrame
    quarantine: pd.DataFrame
    problems: tuple[Problem, ...]
    waiting: tuple[str, ...]
    results: tuple[CheckResult, ...]

    @property
    def refused(self) -> tuple[CheckResult, ...]:
        """Results that would stop the round."""
        return tuple(r for r in self.results if r.is_blocking)

    @property
    def warnings(self) -> tuple[CheckResult, ...]:
        """Results that call for a look."""
        return tuple(r for r in self.results if not r.is_passed and not r.is_blocking)

    def as_dict(self) -> dict[str, Any]:
        """For machines."""
        counts = [c for c in self.ledger if c.startswith("rows_")]
        return {
            "round": self.round_id,
            "files": self.ledger[["source_file", "source_kind", *counts]].to_dict("records"),
            "quarantine": self.quarantine.astype(object)
            .where(self.quarantine.notna(), None)
            .to_dict("records"),
            "problems": [asdict(p) for p in self.problems],
            "waiting_for_a_later_round": list(self.waiting),
            "checks": [
                {
                    "check": r.check_name,
                    "table": r.table_name,
                    "group": r.group_id,
                    "severity": r.severity,
                    "passed": r.is_passed,
                    "count": r.count,
                    "of_total": r.of_total,
                    "rows": list(r.row_numbers),
                    "sentence": r.sentence,
                }
                for r in self.results
            ],
            "would_run": not self.problems and not self.refused,
        }


def check_round(settings: Settings, study: Study, the_round: Round) -> Findings:
    """Read the inbox as a run would, make the core tables that checks look at, and judge them all.

    The tables lie in a folder of the owner's while they are judged, so that no export is too large.
    """
    key = KeySource(settings).load()
    places = resources_from(settings)["places"]
    with _aside(settings.data) as folder:
        aside = Warehouse(Path(folder))

        def keep(name: str, rows: pa.RecordBatchReader) -> Stored:
            path, _ = aside.write_stream(the_round.id, name, rows)
            return Stored(name, path)

        intake = read_round(
            settings.incoming,
            study,
            round_id=the_round.id,
            key=key,
            sql_addresses=places.sql_addresses,
            forgotten=places.read_forgotten(key),
            scratch=Path(folder),
        )
        tables: dict[str, Relation] = {n: keep(n, intake.tables.reader(n)) for n in intake.tables}
        if not intake.problems:
            tables |= register_tables(tables, the_round.cutoff, keep)
        results: list[CheckResult] = []
        for name in CHECKED_TABLES:
            if name in tables:
                others = {n: tables[n] for n in NEEDS.get(name, ()) if n in tables}
                results += run_suite(
                    name, tables[name], study.protocol, others=others, cutoff=the_round.cutoff
                )
        raise_if_crashed(results)
        return Findings(
            the_round.id,
            frame_of(tables["raw_ledger"]),
            frame_of(tables["raw_quarantine"]),
            intake.problems,
            intake.waiting,
            tuple(results),
        )


@contextmanager
def _aside(data: Path) -> Iterator[str]:
    """A folder that is gone afterwards, inside the data folder: what a killed check leaves lies where data may lie.

    The next check removes such rests; a data folder that cannot be written is no hindrance.
    """
    for rest in data.glob(f"{_CHECKING}*"):
        if time.time() - rest.stat().st_mtime > _REST_SECONDS:
            shutil.rmtree(rest, ignore_errors=True)
    inside = str(data) if data.is_dir() and os.access(data, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix=_CHECKING, dir=inside) as folder:
        yield folder


_CHECKING = ".check-"
_REST_SECONDS = 3600.0
_COUNTS = {
    "rows_in": "ind",
    "rows_kept": "brugt",
    "rows_quarantined": "karantæne",
    "rows_duplicate": "dubletter",
    "rows_superseded": "erstattet",
    "rows_out_of_round": "uden for",
}


def print_page(found: Findings) -> None:
    """The findings as a page for the terminal, in Danish; readable at 80 columns and when piped."""
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    console.print(f"[bold]Kontrol af {found.round_id}[/bold]\n")
    console.print("[bold]Filer[/bold]  (ind = brugt + karantæne + dubletter + erstattet + uden for runden)")
    for row in found.ledger.itertuples():
        parts = [
            f"{name} {_thousands(getattr(row, column))}"
            for column, name in _COUNTS.items()
            if getattr(row, column)
        ]
        console.print(f"  {row.source_file}\n      {' · '.join(parts)}", markup=False)
    if found.waiting:
        console.print(
            "\n[bold]Venter[/bold]  (eksporteret efter rundens rapportdato; læses i en senere runde)"
        )
        for name in found.waiting:
            console.print(f"  {name}", markup=False)
    if len(found.quarantine):
        console.print("\n[bold]Karantæne[/bold]  (rækker, der ikke kan bruges, som de står)")
        _print_quarantine(found.quarantine, console)
    if found.problems:
        console.print("\n[bold red]Filer, der stopper runden[/bold red]")
        _print_problems(found.problems, console)
    for title, style, results in (
        ("Stopper runden", "red", found.refused),
        ("Bør ses efter", "yellow", found.warnings),
    ):
        if results:
            console.print(f"\n[bold {style}]{title}[/bold {style}]")
            for r in results:
                console.print(f"  {r.table_name}: {r.sentence}", markup=False)
    if not found.problems and not found.refused:
        console.print("\n[green]Runden kan køres.[/green]")
        return
    files = len({p.file for p in found.problems})
    stops = [(files, "fil", "filer"), (len(found.refused), "kontrol", "kontroller")]
    named = " og ".join(f"{n} {one if n == 1 else many}" for n, one, many in stops if n)
    console.print(f"\n[red]Runden kan ikke køres endnu: {named} stopper den.[/red] Intet er skrevet.")


def _print_problems(problems: tuple[Problem, ...], console: Console) -> None:
    """One line per file and rule: what is wrong, where, and what to do."""
    kinds: dict[tuple[str, str, int | None], list[Problem]] = {}
    for p in problems:
        kinds.setdefault((p.file, p.rule, p.line), []).append(p)
    last = None
    for (file, rule, line), mine in kinds.items():
        if file != last:
            console.print(f"  {file}", markup=False)
            last = file
        columns = ", ".join(dict.fromkeys(p.column for p in mine if p.column))
        at = [f"kolonnen {columns}" if columns else "", f"linje {line}" if line else ""]
        # Rules of interviews and forms speak of one file's own cells and say for themselves what to do.
        words = FILE_WORDS.get(rule, Words(mine[0].found, mine[0].next_step))
        place = ", ".join(a for a in at if a)
        console.print(f"      {words.found}{f' ({place})' if place else ''} → {words.do}", markup=False)


def _print_quarantine(quarantine: pd.DataFrame, console: Console) -> None:
    """One line per file, rule and column: how many rows, the first lines, and what to do."""
    for file, mine in quarantine.groupby("source_file"):
        console.print(f"  {file}", markup=False)
        kinds = mine.groupby(["rule", "column_name"], dropna=False)
        for (rule, column), rows in sorted(kinds, key=lambda item: (-len(item[1]), str(item[0]))):
            numbers = [str(int(n)) for n in rows["source_row"].dropna().head(LINES_SHOWN)]
            more = ", …" if len(rows) > len(numbers) else ""
            where = f"linje {', '.join(numbers)}{more}" if numbers else ""
            place = f"kolonnen {column}" if isinstance(column, str) and column else ""
            # Rules of interviews and forms speak of one file's own cells and say for themselves what to do.
            words = WORDS.get(str(rule), Words(str(rule), str(rows["next_step"].iloc[0])))
            at = ", ".join(part for part in (place, where) if part)
            found = f"{words.found} ({at})" if at else words.found
            console.print(f"      {_thousands(len(rows))} × {found} → {words.do}", markup=False)


def _thousands(count: int) -> str:
    return f"{count:,}".replace(",", ".")
