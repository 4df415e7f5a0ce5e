"""What a person sees on the terminal: progress of a round, and its ending. Plain lines where there is no terminal."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Self

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from evaluation.errors import InputError
from evaluation.reports.pdf import find_browser
from evaluation.tables import TABLES
from evaluation.words.texts import texts
from pipelines.resources import warehouse_of
from pipelines.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

TEXT = texts("running")


_LAYERS = {"raw": TEXT("display_reading"), "core": "samler", "out": "beregner", "report": "skriver"}


def agreed(question: str, *, yes: bool) -> bool:
    """Whether a person agrees to what cannot be taken back. ``yes``: agreed beforehand, by the option of that name.

    Raises:
        InputError: nobody can be asked, and nobody has agreed beforehand.
    """
    if yes:
        return True
    if not sys.stdin.isatty():
        raise InputError(TEXT("display_no_terminal"))
    if says_yes(question):
        return True
    typer.echo(TEXT("display_nothing_changed"))
    return False


def says_yes(question: str) -> bool:
    """Whether the answer is yes; nothing typed is no, and any other word is asked about again."""
    yes, no = TEXT("display_yes").split(), TEXT("display_no").split()
    asked = f"{question} [{yes[0]}/{no[0].upper()}]"
    while (word := typer.prompt(asked, default=no[0], show_default=False).strip().lower()) not in (*yes, *no):
        typer.echo(TEXT("display_yes_or_no"))
    return word in yes


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
            self._console.print(TEXT("display_done", round=self._round, seconds=f"{seconds:.1f}"))

    def say(self, sentence: str) -> None:
        """Something was put right on the way."""
        self._console.print(f"komglad: {sentence}", highlight=False, soft_wrap=True)

    def done(self, name: str, rows: int) -> None:
        """A table has been written."""
        verb = _LAYERS.get(name.split("_")[0], "")
        self._bar.update(
            self._task, advance=1, description=f"{self._round}: {verb} {name} ({rows:,})".replace(",", ".")
        )


@dataclass(frozen=True)
class Ending:
    """What stdout says of a round: ledger, verdict, places of its reports. A table that was harmed is met on reading."""

    settings: Settings
    round_id: str
    ledger: pd.DataFrame
    verdicts: pd.DataFrame

    @classmethod
    def read(cls, settings: Settings, round_id: str) -> Self:
        """Of a round that has been run.

        Raises:
            InputError: it has not.
            GateRefused: a table is not the one komglad wrote.
        """
        warehouse = warehouse_of(settings)
        return cls(
            settings,
            round_id,
            warehouse.read(round_id, "raw_ledger"),
            warehouse.read(round_id, "out_verdicts"),
        )

    def show(self) -> None:
        """Print it."""
        console = Console(highlight=False, soft_wrap=True)
        counts = {c: int(self.ledger[c].sum()) for c in self.ledger.columns if c.startswith("rows_")}
        console.print(
            TEXT(
                "display_balance",
                rows_in=f"{counts['rows_in']:,}",
                rows_kept=f"{counts['rows_kept']:,}",
                rows_quarantined=f"{counts['rows_quarantined']:,}",
                rows_duplicate=f"{counts['rows_duplicate']:,}",
                rows_superseded=f"{counts['rows_superseded']:,}",
                rows_out_of_round=f"{counts['rows_out_of_round']:,}",
                rows_skipped=f"{counts['rows_skipped']:,}",
            ).replace(",", ".")
        )
        for row in self.verdicts[self.verdicts["look"] == "all"].itertuples():
            earliest = f" (tidligst {row.earliest_on:%d.%m.%Y})" if str(row.earliest_on) != "NaT" else ""
            console.print(TEXT("display_milestone", verdict=str(row.verdict), earliest=earliest))
        folder = self.settings.reports / self.round_id
        console.print(TEXT("display_reports", folder=folder))
        for path in sorted(folder.rglob("*")):
            if path.suffix in {".html", ".pdf", ".xlsx", ".docx", ".pptx"}:
                console.print(f"    {path.relative_to(folder)}")
        if not any(folder.rglob("*.pdf")):
            why = (
                TEXT("display_make_pdf", round_id=self.round_id)
                if find_browser()
                else TEXT("display_no_browser")
            )
            console.print(TEXT("display_no_pdf", why=why))
