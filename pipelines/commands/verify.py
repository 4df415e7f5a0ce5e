"""``komglad verify ROUND``: run a round again in a scratch folder and compare every byte."""

from __future__ import annotations

from typing import Annotated

import typer


def verify(round_id: Annotated[str, typer.Argument(metavar="ROUND")]) -> None:
    """Rerun from the incoming files and compare tables and reports; exit code 3 when anything differs."""
    import tempfile
    from pathlib import Path

    from evaluation.errors import GateRefused, Problem
    from evaluation.study import load_study
    from pipelines.known_round import known_round
    from pipelines.settings import Settings
    from pipelines.verification import differing, rerun

    settings = Settings.from_environment()
    known_round(load_study(settings.study), round_id)
    with tempfile.TemporaryDirectory(prefix="komglad-verify-") as scratch:
        again = rerun(settings, round_id, Path(scratch))
        compared, different = differing(settings, again, round_id)
    if different:
        raise GateRefused(
            f"{round_id} cannot be made again as it was: {len(different)} of {compared} files differ",
            [
                Problem(name, found=why, next_step="see the manifest beside the report")
                for name, why in different
            ],
        )
    typer.echo(f"{round_id}: {compared} tables and reports made again, every byte the same")
