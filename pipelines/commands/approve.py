"""``komglad approve``: two people let a round's report go out. Options and words only; the rules are in evaluation."""

from __future__ import annotations

from typing import Annotated

import typer


def approve(
    round_id: Annotated[str, typer.Argument(metavar="ROUND", help="The round whose report goes out.")],
    by: Annotated[list[str], typer.Option("--by", metavar="NAME", help="Who approves; give it twice.")],
) -> None:
    """Record two people's approval of a round and make a release copy without working data."""
    import datetime as dt

    from evaluation.disclosure.approval import approve as approve_release
    from evaluation.errors import InputError, Problem
    from pipelines.settings import Settings

    settings = Settings.from_environment()
    if not round_id or round_id in {".", ".."} or "/" in round_id or "\\" in round_id:
        raise InputError(
            "That is no round.", [Problem("", column="ROUND", expected="a round of the protocol")]
        )
    approval = approve_release(
        settings.reports / round_id,
        settings.reports / "ledger.json",
        settings.data / "releases" / round_id,
        round_id,
        by,
        dt.datetime.now().astimezone().date().isoformat(),
    )
    typer.echo(
        f"{round_id} er godkendt af {' og '.join(approval.by)} den {approval.on}. "
        f"{len(approval.files)} filer ligger i {settings.data / 'releases' / round_id}."
    )
