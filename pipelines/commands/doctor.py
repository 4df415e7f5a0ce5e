"""``komglad doctor``: is this machine ready? Every answer with what to do about it."""

from __future__ import annotations

import typer


def doctor() -> None:
    """Check Python, packages, study, key, data folder, disk and browser; exit code 5 when something is missing."""
    import shutil
    import sys
    from importlib.metadata import version

    from evaluation.errors import EnvironmentProblem, KomgladError, Problem
    from evaluation.reports.pdf import find_browser
    from evaluation.study import load_study
    from pipelines.resources import KeySource
    from pipelines.settings import Settings

    settings = Settings.from_environment()
    problems: list[Problem] = []

    def say(what: str, state: str) -> None:
        typer.echo(f"  {what:<12} {state}")

    say("Python", sys.version.split()[0])
    say(
        "pakker",
        ", ".join(f"{p} {version(p)}" for p in ("dagster", "duckdb", "pandas", "statsmodels", "plotly")),
    )
    try:
        study = load_study(settings.study)
        say(
            "studie",
            f"{study.protocol.study.id} {study.protocol.study.version}, {len(study.mappings)} mapping-filer",
        )
    except KomgladError as error:
        problems += error.problems or (Problem("protocol.toml", found=error.message),)
    try:
        say("nøgle", f"fundet (id {KeySource(settings).load().key_id})")
    except KomgladError as error:
        problems += error.problems or (Problem("key", found=error.message),)
    existing = next(p for p in (settings.data, *settings.data.parents) if p.exists())
    free = shutil.disk_usage(existing).free / 1e9
    say("datamappe", f"{settings.data} ({free:.1f} GB fri)")
    if free < 1:
        problems.append(Problem(str(settings.data), found=f"{free:.2f} GB free", expected="at least 1 GB"))
    browser = find_browser()
    say("browser", str(browser) if browser else "ingen: rapporter laves som HTML, ikke som PDF")
    if problems:
        raise EnvironmentProblem("this machine is not ready yet", problems)
    typer.echo("alt er klar")
