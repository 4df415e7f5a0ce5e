"""``komglad freeze``: hash the protocol before outcomes are seen, and keep what it said."""

from __future__ import annotations

from typing import Annotated

import typer


def freeze(
    reason: Annotated[str, typer.Option(help="why, when the plan was frozen before and has changed")] = "",
) -> None:
    """Freeze the study's plan: every report then says what, if anything, changed since."""
    import datetime as dt

    from evaluation.study import load_study
    from pipelines.frozen import freeze_protocol
    from pipelines.settings import Settings

    settings = Settings.from_environment()
    study = load_study(settings.study)
    record = freeze_protocol(settings.data, study.protocol, dt.datetime.now(dt.UTC).date(), reason)
    typer.echo(f"frozen on {record.frozen_on}: {study.protocol.study.id} {record.version} · {record.hash}")
