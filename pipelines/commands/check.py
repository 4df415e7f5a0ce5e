"""``komglad check``: read incoming files and protocol, say everything that is wrong at once, write nothing."""

from __future__ import annotations

from typing import Annotated

import typer


def check(
    round_id: Annotated[
        str | None, typer.Argument(metavar="[ROUND]", help="default: the round that is due next")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object instead of a page")] = False,
) -> None:
    """Check the protocol, the mapping files and everything in the inbox; exit code 2 or 3 when something is wrong."""
    import datetime as dt
    import json

    from evaluation.errors import GateRefused, InputError
    from evaluation.study import load_study
    from pipelines.checking import check_round, print_page
    from pipelines.known_round import known_round
    from pipelines.sensors import next_round
    from pipelines.settings import Settings

    settings = Settings.from_environment()
    study = load_study(settings.study)
    today = dt.datetime.now(dt.UTC).date()
    if round_id is None:
        the_round = next_round(study.protocol, today) or study.protocol.rounds[-1]
    else:
        the_round = known_round(study, round_id)
    found = check_round(settings, study, the_round)
    if as_json:
        typer.echo(json.dumps(found.as_dict(), ensure_ascii=False, indent=1))
    else:
        print_page(found)
    if found.problems:
        raise InputError(
            f"{len(found.problems)} file problem(s); nothing was written", () if as_json else found.problems
        )
    if found.refused:
        raise GateRefused(
            f"{len(found.refused)} check(s) would stop the round {the_round.id}; nothing was written"
        )
