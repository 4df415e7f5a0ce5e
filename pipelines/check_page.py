"""The findings of ``komglad check`` as a page for the terminal, in Danish; readable at 80 columns and when piped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from evaluation.door.control import Sum, control_total
from evaluation.door.understood import Understood
from evaluation.errors import Problem
from evaluation.reports.plan import due_sentences
from evaluation.voices_intake import UnderstoodVoices
from evaluation.words import ANALYST, danish
from pipelines.checking import Findings
from pipelines.told import danish_words, place_of

if TYPE_CHECKING:
    from rich.console import Console

LINES_SHOWN = 4
MONTHS_SHOWN = 5
"""The last months of a file; all of them stand on the page for the analyst."""
_COUNTS = {
    "rows_in": "ind",
    "rows_kept": "brugt",
    "rows_quarantined": "karantæne",
    "rows_duplicate": "dubletter",
    "rows_superseded": "erstattet",
    "rows_out_of_round": "uden for",
    "rows_skipped": "sprunget over",
}


def print_page(found: Findings) -> None:
    """The findings as a page for the terminal, in Danish; readable at 80 columns and when piped."""
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    types: dict[str, str] = {t.id: t.label for t in found.study.protocol.absence_types}
    console.print(f"[bold]Kontrol af {found.round_id}[/bold]\n")
    console.print(
        "[bold]Filer[/bold]  (ind = brugt + karantæne + dubletter + erstattet + uden for runden + sprunget over)"
    )
    for row in found.ledger.itertuples():
        parts = [
            f"{name} {_thousands(getattr(row, column))}"
            for column, name in _COUNTS.items()
            if getattr(row, column)
        ]
        console.print(f"  {row.source_file}\n      {' · '.join(parts)}", markup=False)
        if row.source_file in found.understood:
            _print_understood(found.understood[str(row.source_file)], types, console)
        _print_sums(found.sums.get(str(row.source_file), ()), console)
    if found.voices:
        console.print("\n[bold]Interviews[/bold]  (sådan er de forstået)")
        _print_voices(found.voices, console)
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
    if found.exposed:
        console.print("\n[bold yellow]Åbent for andre[/bold yellow]")
        console.print(f"  {found.exposed}", markup=False)
    for title, style, results in (
        ("Stopper runden", "red", found.refused),
        ("Bør ses efter", "yellow", found.open_warnings),
    ):
        if results:
            console.print(f"\n[bold {style}]{title}[/bold {style}]")
            for r in results:
                mark = "" if r.is_blocking else f"[{found.noted.id_of(r)}] "
                console.print(f"  {mark}{r.table_name}: {r.text(ANALYST)}", markup=False)
    if found.open_warnings:
        console.print(
            '  Er det rigtigt sådan, så notér det én gang: komglad check --note NUMMER --reason "…"',
            markup=False,
        )
    if accepted := found.accepted_warnings:
        console.print("\n[bold]Noteret[/bold]  (set efter og godtaget)")
        for r, reason in accepted:
            console.print(f"  [{found.noted.id_of(r)}] {r.text(ANALYST)}\n      {reason}", markup=False)
    if due := due_sentences(found.study.protocol):
        console.print("\n[bold]Hvornår milepælen kan opgøres[/bold]")
        for sentence in due:
            console.print(f"  {sentence}", markup=False)
    if not found.problems and not found.refused:
        console.print("\n[green]Runden kan køres.[/green]")
        return
    files = len({p.file for p in found.problems})
    stops = [(files, "fil", "filer"), (len(found.refused), "kontrol", "kontroller")]
    named = " og ".join(f"{n} {one if n == 1 else many}" for n, one, many in stops if n)
    console.print(f"\n[red]Runden kan ikke køres endnu: {named} stopper den.[/red] Intet er skrevet.")


def _print_understood(u: Understood, types: Mapping[str, str], console: Console) -> None:
    """What a file says, by type and month, beside the same months a year before."""
    pupils = f" · {danish.count(u.pupils)} {danish.plural(u.pupils, ('elev', 'elever'))}" if u.pupils else ""
    amounts = (
        ""
        if u.smallest is None or u.largest is None
        else f" · mængder {danish.number(u.smallest)}–{danish.number(u.largest)}"
    )
    possible = "" if u.possible_days is None else f" af {danish.number(u.possible_days)} mulige"
    console.print(
        f"      forstået: {danish.number(u.absent_days)} dage{possible}{pupils} · {u.first_on:%d.%m.%Y}–{u.last_on:%d.%m.%Y}"
        f"{amounts}",
        markup=False,
    )
    months = sorted(u.days["month"].unique())
    console.print(
        "      " + f"{'':<24}" + "".join(f"{m:%m.%Y}".rjust(10) for m in months[-MONTHS_SHOWN:]), markup=False
    )
    for kind in types:
        mine = u.days[u.days["absence_type"] == kind].groupby("month")[["days", "last_year"]].sum(min_count=1)
        for name, column in ((types[kind], "days"), ("  året før", "last_year")):
            cells = [mine[column].get(m) for m in months[-MONTHS_SHOWN:]]
            if any(pd.notna(c) for c in cells):
                texts = [("–" if c is None or pd.isna(c) else danish.number(c)).rjust(10) for c in cells]
                console.print(f"      {name[:24]:<24}{''.join(texts)}", markup=False)


def _print_sums(sums: Sequence[Sum], console: Console) -> None:
    """The sums that a file carries, beside what was read of it."""
    if not sums:
        return
    total = control_total(sums)
    parts = [
        f"{column} {danish.number(s['stated'])} i filen, {danish.number(s['read'])} læst"
        for column, s in total["by_column"].items()
    ]
    off = f"; {total['off']} af {total['sums']} stemmer ikke" if total["off"] else ""
    console.print(f"      kontrolsum: {' · '.join(parts)}{off}", markup=False)


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
        if rule == "open_question":
            for p in mine:
                console.print(f"      åbent spørgsmål, {p.column}: {p.found} → {p.next_step}", markup=False)
            continue
        words = danish_words(rule, mine[0].found, mine[0].next_step, mine[0].expected)
        console.print(
            f"      {words.found}{place_of(line, (p.column for p in mine))} → {words.do}", markup=False
        )


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
            words = danish_words(str(rule), str(rows["found"].iloc[0]), str(rows["next_step"].iloc[0]))
            at = ", ".join(part for part in (place, where) if part)
            found = f"{words.found} ({at})" if at else words.found
            console.print(f"      {_thousands(len(rows))} × {found} → {words.do}", markup=False)


def _print_voices(voices: tuple[UnderstoodVoices, ...], console: Console) -> None:
    """What was understood of each file of interviews, so that a person can say that it is not so."""
    for v in voices:
        consent = ", ".join(f"{word.replace('_', ' ')} {n}" for word, n in v.consent.items())
        coders = ", ".join(v.coders) or "ikke oplyst"
        counts = f"{v.documents} interviews · {v.segments} udsagn"
        console.print(
            f"  {v.file}\n      {counts} · kodet af: {coders} · samtykke: {consent or 'intet'}", markup=False
        )


def _thousands(count: int) -> str:
    return f"{count:,}".replace(",", ".")
