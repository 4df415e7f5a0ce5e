"""``komglad forget``: carry out a withdrawal of consent. The number is asked for, never an argument."""

from __future__ import annotations

from typing import Annotated

import typer


def forget(
    yes: Annotated[bool, typer.Option("--yes", help="do not ask before removing")] = False,
    closed_rounds: Annotated[
        bool, typer.Option("--closed-rounds", help="also in rounds whose report has gone out")
    ] = False,
) -> None:
    """Remove a pupil from the warehouse and the inbox, and write a receipt without identity.

    The CPR number is read from a hidden prompt, or from standard input when that is no terminal; it is never an
    argument, because arguments stand in the shell's history and in the list of processes.
    """
    import datetime as dt
    import sys

    from evaluation.door.forget import execute_forget, finish_forget, open_rounds, plan_forget
    from evaluation.door.forget_files import Places
    from evaluation.door.forgotten import FORGOTTEN
    from evaluation.study import load_study
    from pipelines.lock import run_lock
    from pipelines.resources import KeySource, resources_from
    from pipelines.settings import Settings
    from pipelines.storage import write_bytes

    settings = Settings.from_environment()
    key = KeySource(settings).load()
    closed = [] if closed_rounds else [p.name for p in (settings.data / "releases").glob("*") if p.is_dir()]
    places = Places(
        load_study(settings.study),
        settings.warehouse,
        settings.incoming,
        open_rounds(settings.warehouse, closed),
        resources_from(settings)["places"].sql_addresses,
    )
    is_terminal = sys.stdin.isatty()
    number = typer.prompt("CPR-nummer", hide_input=True) if is_terminal else sys.stdin.readline().strip()
    with run_lock(settings.data):
        plan = plan_forget(number, key, places)
        rows = sum(t.rows for t in plan.tables)
        lines = sum(f.rows for f in plan.files)
        typer.echo(
            f"{rows} rækker i {len(plan.tables)} tabeller og {lines} linjer i modtagne filer hører til eleven."
        )
        if is_terminal and not yes and not typer.confirm("Fjern dem?", default=False):
            typer.echo("Intet er ændret.")
            return
        listed = settings.data / FORGOTTEN
        today = dt.datetime.now().astimezone().date()
        receipt = execute_forget(plan, key, places, listed=listed, on=today)
        folder = settings.data / "receipts"
        number_of = sum(1 for _ in folder.glob("forget-*.json")) + 1 if folder.is_dir() else 1
        path = folder / f"forget-{number_of:04d}.json"
        write_bytes(path, receipt.to_json().encode())
        finish_forget(plan, key, listed=listed)
    typer.echo(f"Fjernet. Kvittering uden identitet: {path}")
    by_hand = [f.name for f in receipt.files if f.is_by_hand]
    if by_hand:
        typer.echo(
            "Kan ikke rettes her; eleven holdes ude af tallene, men fjern eleven ved kilden, eller slet filen: "
            + ", ".join(by_hand)
        )
    if places.rounds:
        again = ", ".join(f"komglad run {r}" for r in places.rounds)
        typer.echo(f"Kør igen, så tallene er uden eleven: {again}")
