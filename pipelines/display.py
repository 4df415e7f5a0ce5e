"""What a person sees on the terminal: progress of a round, and its ending. Plain lines where there is no terminal."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from evaluation.tables import TABLES
from pipelines.settings import Settings
from pipelines.storage import Warehouse

_LAYERS = {"raw": "læser", "core": "samler", "out": "beregner", "report": "skriver"}


class RoundDisplay:
    """One line that moves while tables are written."""

    def __init__(self, round_id: str, *, quiet: bool = False) -> None:
        self._console = Console(stderr=True, quiet=quiet)
        self._round = round_id
        self._began = time.perf_counter()
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
        )
        self._task = self._bar.add_task(round_id, total=len(TABLES))

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._bar.stop()
        if error is None:
            seconds = time.perf_counter() - self._began
            self._console.print(f"[green]✓[/green] {self._round} kørt på {seconds:.1f} sekunder")

    def done(self, name: str, rows: int) -> None:
        """A table has been written."""
        verb = _LAYERS.get(name.split("_")[0], "")
        self._bar.update(
            self._task, advance=1, description=f"{self._round}: {verb} {name} ({rows:,})".replace(",", ".")
        )


def print_ending(settings: Settings, round_id: str) -> None:
    """The ledger, the verdict and the reports' places, on stdout."""
    console = Console(highlight=False, soft_wrap=True)
    warehouse = Warehouse(settings.warehouse)
    ledger = warehouse.read(round_id, "raw_ledger")
    counts = {c: int(ledger[c].sum()) for c in ledger if c.startswith("rows_")}
    console.print(
        f"  Rækker ind {counts['rows_in']:,} = brugt {counts['rows_kept']:,} + karantæne {counts['rows_quarantined']:,}"
        f" + dubletter {counts['rows_duplicate']:,} + erstattet {counts['rows_superseded']:,}"
        f" + uden for runden {counts['rows_out_of_round']:,}".replace(",", ".")
    )
    verdicts = warehouse.read(round_id, "out_verdicts")
    for row in verdicts[verdicts["look"] == "all"].itertuples():
        earliest = f" (tidligst {row.earliest_on:%d.%m.%Y})" if str(row.earliest_on) != "NaT" else ""
        console.print(f"  Milepælen: [bold]{row.verdict}[/bold]{earliest}")
    folder = settings.reports / round_id
    console.print(f"  Rapporter i {folder}")
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".html", ".pdf", ".xlsx", ".docx"}:
            console.print(f"    {path.relative_to(folder)}")
    if not any(folder.rglob("*.pdf")):
        console.print(
            "  Ingen PDF: Chrome, Edge eller Chromium mangler eller kunne ikke udskrive (komglad doctor)"
        )
