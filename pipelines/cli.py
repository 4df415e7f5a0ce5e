"""The command line: names, options and exit codes. Everything heavy is imported inside the commands."""

from __future__ import annotations

import atexit
import gc
import os
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from pipelines.commands import (
    approve,
    check,
    codebook,
    compare,
    demo,
    did,
    doctor,
    forget,
    freeze,
    init,
    map,
    new_study,
    report,
    rotate,
    run,
    ui,
    verify,
)

app = typer.Typer(
    name="komglad",
    help="Fra skolernes fraværsudtræk til en ærlig evalueringsrapport. "
    "Reproducible evaluation of school-absence trials.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def options(
    study: Annotated[
        str | None,
        typer.Option(help="a study that comes with komglad, or a study folder", envvar="KOMGLAD_STUDY"),
    ] = None,
    data: Annotated[Path | None, typer.Option(help="the data folder", envvar="KOMGLAD_DATA")] = None,
) -> None:
    """Options that every command shares; the choice holds for this process."""
    from pipelines.settings import Settings

    Settings.from_environment(study=study, data=data).export()


app.command("run")(run.run)
app.command("check")(check.check)
app.command("report")(report.report)
app.command("demo")(demo.demo)
app.command("ui")(ui.ui)
app.command("freeze")(freeze.freeze)
app.command("verify")(verify.verify)
app.command("compare")(compare.compare)
app.command("approve")(approve.approve)
app.command("forget")(forget.forget)
app.command("rotate")(rotate.rotate)
app.command("init")(init.init)
app.command("map")(map.map_file)
app.command("new-study")(new_study.new_study)
app.command("doctor")(doctor.doctor)
app.command("did", context_settings=did.CONTEXT_SETTINGS)(did.did)
app.add_typer(codebook.app, name="codebook")


def main() -> NoReturn:
    """Entry point. A refusal is a sentence on stderr and an exit code, never a traceback."""
    # A round makes millions of small objects that live to its end; looking through them again and again for
    # rubbish costs a fifth of its time. Memory stays far below a gigabyte.
    gc.set_threshold(200_000, 50, 50)
    code = _exit_code()
    # What was asked to happen at the end happens; only the taking apart of a million objects one by one, which takes
    # more than a second and changes nothing, is left to the operating system.
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # the reader of a pipe may have gone
            stream.flush()
    os._exit(code)


def _exit_code() -> int:
    from evaluation.errors import KomgladError

    try:
        app()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except KomgladError as error:
        typer.echo(f"komglad: {error}", err=True)
        return error.exit_code
    except Exception as error:
        # Its text could hold a value of a person, so only its kind and place are shown.
        if os.environ.get("KOMGLAD_DEBUG"):
            raise
        place = traceback.extract_tb(error.__traceback__)[-1]
        typer.echo(
            f"komglad: an error in komglad itself ({type(error).__name__} in {Path(place.filename).name}, line "
            f"{place.lineno}). Nothing was half written. KOMGLAD_DEBUG=1 shows everything; please report it",
            err=True,
        )
        return 1
    except KeyboardInterrupt:
        typer.echo("komglad: stopped; finished tables are whole, run again to go on", err=True)
        return 130
    return 0
