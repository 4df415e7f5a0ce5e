"""This machine and its data folder: the key, whether all is ready, Dagster's page, and the end of the pilot."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evaluation.words import Count
from evaluation.words.texts import texts

TEXT = texts("commands")


def init(
    key_file: Annotated[
        Path | None,
        typer.Option(
            help="where the key is to lie; default: KOMGLAD_KEY_FILE or ~/.config/komglad/key", readable=False
        ),
    ] = None,
) -> None:
    """Make the key that turns CPR numbers into pseudonyms. It is never overwritten."""
    from pipelines.key_file import make_key_file
    from pipelines.settings import Settings

    settings = Settings.from_environment()
    path = (key_file or settings.key_file).expanduser().absolute()
    key = make_key_file(path, settings, option="--key-file")
    typer.echo(TEXT("init_key_at", path=path, key_id=key.key_id))
    typer.echo(TEXT("init_keep_a_copy"))


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object, for a monitor")] = False,
) -> None:
    """Check Python, packages, study, key, data folder, disk and browser; exit code 5 when something is missing."""
    import json

    from evaluation.errors import EnvironmentProblem
    from pipelines.readiness import readiness
    from pipelines.settings import Settings

    found = readiness(Settings.from_environment())
    if as_json:
        typer.echo(json.dumps(found.as_dict(), ensure_ascii=False, indent=1))
    else:
        lines = {
            "Python": found.python,
            "komglad": f"{found.komglad}; " + ", ".join(f"{p} {v}" for p, v in found.packages.items()),
            "studie": found.study,
            TEXT("doctor_key"): found.key_id and f"fundet (id {found.key_id})",
            "datamappe": f"{found.data} ({found.free_gb:.1f} GB fri)",
            "i gang": found.busy
            and f"proces {found.busy.get('process')}, begyndt {found.busy.get('started')}",
            "siden": found.page and TEXT("doctor_page_open", get=str(found.page.get("address"))),
            TEXT("doctor_last_run"): found.last_run and " ".join(str(v) for v in found.last_run.values()),
            "browser": found.browser or TEXT("doctor_no_printer"),
        }
        for what, state in lines.items():
            if state:
                typer.echo(f"  {what:<14} {state}")
    if found.problems:
        raise EnvironmentProblem(TEXT("doctor_not_ready"), () if as_json else found.problems)
    if not as_json:
        typer.echo("alt er klar")


def ui(
    port: Annotated[int, typer.Option(help="port on 127.0.0.1")] = 3000,
    daemon: Annotated[
        bool,
        typer.Option(
            "--daemon/--no-daemon", help="without: a page to look at, on which nothing can be started"
        ),
    ] = True,
) -> None:
    """Open Dagster's page: lineage, checks, row counts, reruns. Answers whoever holds the address it prints."""
    from pipelines.page import serve
    from pipelines.settings import Settings

    serve(Settings.from_environment(), port, with_daemon=daemon)


def purge(
    yes: Annotated[bool, typer.Option("--yes", help="do not ask; needed where there is no terminal")] = False,
    keep_key: Annotated[bool, typer.Option("--keep-key", help="leave the key file where it is")] = False,
) -> None:
    """Delete everything about persons and the key, prove by a search that it is gone, and file a receipt."""
    import datetime as dt
    import sys

    from evaluation.errors import GateRefused, InputError, Problem
    from evaluation.study import load_study
    from pipelines.key_file import read_key_file
    from pipelines.lock import run_lock
    from pipelines.purging import carry_out, file_receipt, is_sealed_with, left_of_persons, plan_purge
    from pipelines.resources import KeySource
    from pipelines.settings import Settings
    from pipelines.sweep import sweep

    settings = Settings.from_environment()
    study = load_study(settings.study).protocol.study
    if not settings.data.is_dir():
        raise InputError(
            TEXT("purge_no_folder", data=settings.data), [Problem(str(settings.data), found="findes ikke")]
        )
    key_id = KeySource(settings).load().key_id
    with run_lock(settings.data):
        sweep(settings.data)
        plan = plan_purge(settings.data)
        is_there = settings.key is None and settings.key_file.is_file() and not keep_key
        # The key of another folder, which may be the pilot's, is nobody's to delete here.
        has_file = is_there and is_sealed_with(
            settings.data, read_key_file(settings.key_file, settings.data).key_id
        )
        typer.echo(TEXT("purge_going", data=settings.data, going=", ".join(plan.going) or "intet"))
        typer.echo(
            TEXT("purge_key_goes", key_file=settings.key_file)
            if has_file
            else TEXT("purge_key_of_another", key_file=settings.key_file)
            if is_there
            else TEXT("purge_key_stays")
        )
        typer.echo(TEXT("purge_staying", staying=", ".join(plan.staying) or "intet"))
        if not yes and not sys.stdin.isatty():
            raise InputError(TEXT("purge_no_terminal"))
        if not yes and typer.prompt(TEXT("purge_ask", id=study.id)) != study.id:
            typer.echo(TEXT("purge_nothing_changed"))
            return
        carry_out(settings.data, plan)
        if has_file:
            settings.key_file.unlink()
        on = dt.datetime.now().astimezone().date().isoformat()
        receipt = file_receipt(settings.data, plan, on, key_id, is_key_gone=has_file)
        left = left_of_persons(settings.data)
    typer.echo(TEXT("purge_done", receipt=receipt))
    typer.echo(TEXT("purge_backups"))
    problems = [
        Problem(s.name, found=TEXT("purge_still_there"), next_step=TEXT("purge_by_hand")) for _, s in left
    ]
    problems += [
        Problem("datamappen", found=TEXT('purge_unknown', unknown=Count(len(plan.unknown))),
                next_step=TEXT('purge_look_at_them'))
    ] if plan.unknown else []  # fmt: skip
    if problems:
        raise GateRefused("noget ligger der stadig", problems)
