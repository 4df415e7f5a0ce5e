"""The command line: names, options and exit codes. Everything heavy is imported inside the commands."""

from __future__ import annotations

import gc
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from pipelines import (  # the first refuses at its import, so before all that follows
    own_names,
    stopping,
    usage,
)
from pipelines.commands import (
    approve,
    check,
    codebook,
    demo,
    did,
    forget,
    home,
    map,
    new_study,
    plans,
    pseudonymise,
    rotate,
    rounds,
    statements,
)

if TYPE_CHECKING:
    from evaluation.errors import KomgladError

texts = own_names.texts
TEXT = texts("commands")

app = usage.App(
    name="komglad",
    help=TEXT("cli_about"),
    context_settings={"help_option_names": ["-h", "--help"]},
)


WITHOUT_FOLDER = frozenset({"did", "map", "new-study", "templates", "codebook", "demo", "doctor"})
"""Commands that need nothing of the data folder, or tell themselves what is the matter with it."""
_endings: list[Callable[[int, str], None]] = []
"""Who is to be told how the command ended: the log."""


def _version(is_asked: bool) -> None:
    if is_asked:
        from importlib.metadata import version

        from evaluation.words.design import VERSION

        typer.echo(VERSION.format(version=version("komglad")))
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    study: Annotated[
        str | None,
        typer.Option(help="a study that comes with komglad, or a study folder", envvar="KOMGLAD_STUDY"),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="the data folder", envvar="KOMGLAD_DATA", readable=False)
    ] = None,
    _asked: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="which komglad this is")
    ] = False,
) -> None:
    """Options that every command shares; the choice holds for this process."""
    from pipelines.lock import refuse_busy
    from pipelines.log import ALONE, begin
    from pipelines.settings import Settings

    settings = Settings.from_environment(study=study, data=data)
    settings.export()
    command = context.invoked_subcommand or ""
    if command not in WITHOUT_FOLDER:
        from pipelines.causes import require_in_place, require_open

        require_open(settings.data)
        require_in_place(settings.data)
    _endings.append(begin(settings.data, command, settings.log_level))
    if command in ALONE:
        refuse_busy(settings.data)  # before anything heavy is read: the answer comes within a second


app.command("run")(rounds.run)
app.command("check")(check.check)
app.command("school-letter")(check.school_letter)
app.command("templates")(plans.templates)
app.command("report")(rounds.report)
app.command("demo")(demo.demo)
app.command("ui")(home.ui)
app.command("freeze")(plans.freeze)
app.command("plan")(plans.plan)
app.command("verify")(rounds.verify)
app.command("trace")(rounds.trace)
app.command("compare")(rounds.compare)
app.command("attack")(rounds.attack)
app.command("approve")(approve.approve)
app.command("forget")(forget.forget)
app.command("rotate")(rotate.rotate)
app.command("statements")(statements.statements)
app.command("quotes")(statements.quotes)
app.command("pseudonymise")(pseudonymise.pseudonymise)
app.command("privacy")(plans.privacy)
app.command("purge")(home.purge)
app.command("init")(home.init)
app.command("map")(map.map_file)
app.command("new-study")(new_study.new_study)
app.command("doctor")(home.doctor)
app.command("did", context_settings=did.CONTEXT_SETTINGS)(did.did)
app.add_typer(codebook.app, name="codebook")


def main() -> NoReturn:
    """The command. A refusal is a sentence on stderr and an exit code, never a traceback."""
    code, kind = _exit_code()
    for tell in _endings:
        tell(code, kind)
    if code:
        gc.collect()  # the refused command's frames hold an open DuckDB, of which its library would complain on stderr
    raise SystemExit(code)


def _exit_code() -> tuple[int, str]:
    """Exit code and, for a refusal or a fault, its kind."""
    from pipelines.causes import Interrupted

    error: BaseException | None = None
    ended: object = None
    try:
        ended = app(standalone_mode=False)
    except BaseException as caught:
        error = caught
    stopping.heard()
    code = _code_of(error) if error is not None else ended if isinstance(ended, int) else 0
    if code != 0 and (stopping.is_asked() or code == Interrupted.exit_code):
        _sweep()
        return _told(Interrupted())
    return _why(error) if code is None and error is not None else (code or 0, "")


def _code_of(error: BaseException) -> int | None:
    """The exit code that is settled already; None where the error has to be told first."""
    if isinstance(
        error, (KeyboardInterrupt, typer.Abort)
    ):  # the second: a question was answered with Ctrl-C or Ctrl-D
        return 130
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    return None


def _why(error: BaseException) -> tuple[int, str]:
    from evaluation.errors import KomgladError
    from pipelines.causes import explained

    if isinstance(error, KomgladError):
        return _told(error)
    if isinstance(error, usage.HelpInstead):
        typer.echo(str(error), err=True)
        return 2, ""
    if usage.is_usage(error):
        return _told(usage.explained_usage(error))
    # Its text could hold a value of a person, so only its kind and place are shown, also to who looks for the fault.
    frames = traceback.extract_tb(error.__traceback__)
    if os.environ.get("KOMGLAD_DEBUG"):
        typer.echo("".join(traceback.format_list(frames)), err=True)
    if (known := explained(error, _data())) is not None:
        return _told(known)
    typer.echo(
        f"komglad: an error in komglad itself ({type(error).__name__} in {Path(frames[-1].filename).name}, line "
        f"{frames[-1].lineno}). Nothing was half written. KOMGLAD_DEBUG=1 shows where it came from; please report it",
        err=True,
    )
    return 1, type(error).__name__


def _sweep() -> None:
    """What the interrupted command was in the middle of goes."""
    from contextlib import suppress

    from evaluation.errors import KomgladError

    try:
        from pipelines.lock import run_lock
        from pipelines.sweep import sweep, sweep_aside
    except Exception:  # a library was interrupted while it was read in, and is half there: nothing had begun
        return
    data = _data()
    sweep_aside(data)
    if (data / "run.lock").is_file():  # else nothing has ever been written here
        with suppress(KomgladError, OSError), run_lock(data):
            sweep(data)


def _told(error: KomgladError) -> tuple[int, str]:
    from pipelines.told import told

    # The engine speaks the language of its literature.
    text = str(error) if "did" in sys.argv else told(error)
    typer.echo(f"komglad: {text}", err=True)
    return error.exit_code, type(error).__name__


def _data() -> Path:
    from pipelines.settings import Settings

    return Settings.from_environment().data
