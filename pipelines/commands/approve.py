"""``komglad approve``: two people let a round's report go out. Options and words only; the rules are in evaluation."""

from __future__ import annotations

from typing import Annotated

import typer

from evaluation.words import Count
from evaluation.words.texts import texts

TEXT = texts("commands")


def approve(
    round_id: Annotated[str, typer.Argument(metavar="ROUND", help="The round whose report goes out.")],
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who approves: one person at a time.")],
) -> None:
    """Let a round go out: the first person's approval is kept, the second's makes the release copy.

    Each gives the command from an account of their own; account and time stand in the record.
    """
    import datetime as dt

    from evaluation.disclosure.approval import Approver
    from evaluation.disclosure.approval import approve as approve_release
    from evaluation.study import load_study
    from pipelines.attacking import attack_folder
    from pipelines.known_round import known_round
    from pipelines.lock import run_lock
    from pipelines.log import account
    from pipelines.resources import KeySource
    from pipelines.settings import Settings

    settings = Settings.from_environment()
    study = load_study(settings.study)
    known_round(study, round_id)
    key = KeySource(settings).load().for_seals
    with run_lock(settings.data):
        approval = approve_release(
            settings.reports / round_id,
            settings.reports / "ledger.json",
            settings.data / "releases" / round_id,
            round_id,
            Approver(by, account(), dt.datetime.now().astimezone().isoformat(timespec="seconds")),
            key,
            one_account=study.protocol.approving.one_account,
            attack=lambda: attack_folder(settings, round_id).passed(),
        )
    names = " og ".join(f"{who.name} (konto {who.account}, {who.at})" for who in approval.by)
    if not approval.is_complete:
        typer.echo(TEXT("approve_one_missing", round_id=round_id, names=names))
        return
    if approval.is_one_account:
        typer.echo(TEXT("approve_one_account"))
    typer.echo(
        TEXT(
            "approve_done",
            round_id=round_id,
            names=names,
            files=Count(len(approval.files)),
            data=settings.data / "releases" / round_id,
        )
    )
