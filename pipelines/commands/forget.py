"""``komglad forget``: carry out a withdrawal of consent. The number is asked for, never an argument."""

from __future__ import annotations

from typing import Annotated

import typer

from evaluation.words import ANALYST, Count, Persons
from evaluation.words.texts import texts

TEXT = texts("commands")


def forget(
    yes: Annotated[bool, typer.Option("--yes", help="do not ask; needed where there is no terminal")] = False,
    closed_rounds: Annotated[
        bool, typer.Option("--closed-rounds", help="also in rounds whose report has gone out")
    ] = False,
    again: Annotated[
        str | None,
        typer.Option(metavar="RECEIPT", help="this pupil's receipt, which the list or the folder has lost"),
    ] = None,
) -> None:
    """Remove a pupil from the warehouse and the inbox, search the whole data folder, and file a receipt.

    The CPR number is read from a hidden prompt, or from standard input when that is no terminal; it is never an
    argument, because arguments stand in the shell's history and in the list of processes.
    """
    import datetime as dt
    import secrets
    import sys

    from evaluation.door.forget import execute_forget, finish_forget, nobody_found, open_rounds, plan_forget
    from evaluation.door.forget_files import Places
    from evaluation.door.forgotten import (
        FORGOTTEN,
        RECEIPTS,
        gone_receipts,
        load_forgotten,
        lost_receipts,
        receipt_id,
        receipt_name,
    )
    from evaluation.errors import GateRefused, InputError, Problem
    from evaluation.study import load_study
    from pipelines.display import agreed
    from pipelines.lock import run_lock
    from pipelines.resources import KeySource, places_of, warehouse_of
    from pipelines.settings import Settings
    from pipelines.storage import write_bytes
    from pipelines.sweep import sweep

    settings = Settings.from_environment()
    key = KeySource(settings).load()
    warehouse, listed, own = warehouse_of(settings), settings.data / FORGOTTEN, places_of(settings)
    closed = [] if closed_rounds else [p.name for p in (settings.data / "releases").glob("*") if p.is_dir()]
    is_terminal = sys.stdin.isatty()
    number = typer.prompt("CPR-nummer", hide_input=True) if is_terminal else sys.stdin.readline().strip()
    if not number:
        raise InputError(
            TEXT("forget_stdin"),
            [Problem("", found=TEXT("forget_stdin_empty"), next_step=TEXT("forget_stdin_next"))],
        )
    with run_lock(settings.data):
        sweep(settings.data)
        places = Places(
            load_study(settings.study),
            settings.warehouse,
            settings.incoming,
            open_rounds(settings.warehouse, closed),
            own.sql_addresses,
            own.fresh_scratch(),
        )
        forgotten, released = (
            load_forgotten(listed, key),
            own.removals_released(key.for_seals),
        )
        lost = {*lost_receipts(listed, forgotten, released), *gone_receipts(listed, forgotten)}
        if again is not None and again not in lost:
            raise InputError(
                TEXT("forget_other_receipt"),
                [
                    Problem(
                        "--again", found=again, expected=", ".join(sorted(lost)) or TEXT("forget_list_whole")
                    )
                ],
            )
        plan = plan_forget(number, key, places)
        unsearched = nobody_found(plan, key, listed=listed) if again is None else None
        if unsearched is not None:
            raise InputError(
                TEXT('forget_nobody'),
                [
                    Problem("", found=TEXT('forget_no_number'), expected=TEXT('forget_expected'),
                            next_step=TEXT('forget_look_again')),
                    *(Problem(name, found=TEXT('forget_not_searched'), next_step=TEXT("forget_look_inside"))
                      for name in unsearched),
                ],
            )  # fmt: skip
        rows = sum(t.rows for t in plan.tables)
        lines = sum(f.rows for f in plan.files)
        typer.echo(
            TEXT(
                "forget_found",
                rows=Persons(rows),
                audience=ANALYST,
                tables=Count(len(plan.tables)),
                lines=Persons(lines),
            )
        )
        if not agreed("Fjern dem?", yes=yes):
            return
        whole = [name for t in plan.tables if warehouse.is_whole(*(name := _table(t.name)))]
        today = dt.datetime.now().astimezone().date()
        is_gone = again is not None and not (settings.data / RECEIPTS / again).is_file()
        new = receipt_id(again) if again is not None and is_gone else secrets.token_hex(8)
        receipt = execute_forget(plan, key, places, listed=listed, on=today, receipt=new)
        for round_id, table in whole:
            warehouse.vouch(round_id, table)
        path = settings.data / RECEIPTS / receipt_name(receipt.id)
        write_bytes(path, receipt.filed(key))
        finish_forget(plan, key, listed=listed)
        if again is not None:
            load_forgotten(listed, key).settled(receipt_id(again)).write(listed, key)
        sweep(settings.data)
    files = [n for n in receipt.by_hand if not n.startswith("sql:")]
    left = (*files, *receipt.elsewhere, *receipt.unsearched)
    done = TEXT("forget_not_all") if left else TEXT("forget_all")
    typer.echo(TEXT("forget_done", done=done, path=path))
    if receipt.deleted:
        typer.echo(TEXT("forget_whole_files") + ", ".join(receipt.deleted))
    if databases := [n for n in receipt.by_hand if n not in files]:
        typer.echo(TEXT("forget_databases") + ", ".join(databases))
    if receipt.still_in:
        typer.echo(TEXT("forget_still_published", still_in=", ".join(receipt.still_in)))
    if receipt.again:
        runs = ", ".join(f"komglad run {r}" for r in receipt.again)
        typer.echo(TEXT("forget_run_again", runs=runs))
    if left:
        inbox = TEXT("forget_save_as")
        raise GateRefused(
            TEXT("forget_still_elsewhere"),
            [
                *(Problem(name, found="eleven", next_step=inbox) for name in files),
                *(
                    Problem(name, found="eleven", next_step=TEXT("forget_remove"))
                    for name in receipt.elsewhere
                ),
                *(
                    Problem(name, found=TEXT("forget_not_searched"), next_step=TEXT("forget_look_inside"))
                    for name in receipt.unsearched
                ),
            ],
        )


def _table(name: str) -> tuple[str, str]:
    """Round and table of ``november_2026/raw_absence.parquet``."""
    round_id, file = name.split("/")
    return round_id, file.removesuffix(".parquet")
