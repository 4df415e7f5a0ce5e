"""``komglad ui``: Dagster's page for this data folder, on this machine only."""

from __future__ import annotations

from typing import Annotated

import typer


def ui(
    port: Annotated[int, typer.Option(help="port on 127.0.0.1")] = 3000,
    daemon: Annotated[
        bool, typer.Option("--daemon/--no-daemon", help="let schedules and the sensor run")
    ] = True,
) -> None:
    """Open Dagster's page: lineage, checks, row counts, reruns. Answers this machine's own browser alone."""
    from pipelines.page import serve
    from pipelines.settings import Settings

    serve(Settings.from_environment(), port, with_daemon=daemon)
