"""``komglad check`` and ``school-letter``: what is wrong and what was understood, for the analyst and for each school."""

from __future__ import annotations

from typing import Annotated

import typer

from evaluation.words import Count
from evaluation.words.texts import texts

TEXT = texts("commands")


def check(
    round_id: Annotated[
        str | None,
        typer.Argument(
            metavar="[ROUND]", help="default: the newest whose cut-off has passed and that is not approved"
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object instead of a page")] = False,
    page: Annotated[
        bool, typer.Option("--page", help="also write an HTML page for your own eyes in data/check/")
    ] = False,
    note: Annotated[
        str | None,
        typer.Option("--note", metavar="NUMBER", help="note an oddity as accepted; needs --reason"),
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="why it is right as it is")] = "",
) -> None:
    """Check the protocol, the mapping files and everything in the inbox, and show what was understood of each file.

    Exit code 2 or 3 when something stops the round.
    """
    import json

    from evaluation.errors import GateRefused, InputError, KomgladError, Problem
    from evaluation.words import ANALYST
    from pipelines.check_page import print_page
    from pipelines.checking import check_named_round, refusal_as_dict, which_round
    from pipelines.settings import Settings

    settings = Settings.from_environment()
    try:
        round_id, why = which_round(settings, round_id)
        if why:
            typer.echo(why, err=as_json)
        found = check_named_round(settings, round_id)
    except KomgladError as refusal:
        if as_json:
            typer.echo(json.dumps(refusal_as_dict(round_id, refusal), ensure_ascii=False, indent=1))
        raise
    if note is not None:
        hit = [r for r in found.warnings if found.noted.id_of(r) == note]
        if not hit:
            raise InputError(
                TEXT("check_nothing_to_note", note=note),
                [
                    Problem(
                        "",
                        found=TEXT("check_number_unknown"),
                        next_step="se numrene med komglad check",
                    )
                ],
            )
        found.noted.add(hit[0], reason)
        typer.echo(TEXT("check_noted", analyst=hit[0].text(ANALYST)))
        return
    if as_json:
        typer.echo(json.dumps(found.as_dict(), ensure_ascii=False, indent=1))
    else:
        print_page(found)
    if page:
        from pipelines.check_html import write_page

        typer.echo(TEXT("check_page_at", write_page=write_page(found, settings.data / "check")), err=as_json)
    if found.problems:
        files = len({p.file for p in found.problems})
        raise InputError(TEXT("check_files_stop", files=Count(files)))
    if found.refused:
        n = len(found.refused)
        raise GateRefused(TEXT("check_checks_stop", n=Count(n), round_id=found.round_id))


def school_letter(
    round_id: Annotated[
        str | None, typer.Argument(metavar="[ROUND]", help="default: the round that is due next")
    ] = None,
    school: Annotated[str | None, typer.Option(help="the letter of this school alone, by id or name")] = None,
) -> None:
    """Write a letter for each school in data/letters/: what is missing or odd in what it delivered, and what to do."""
    from evaluation.errors import InputError, Problem
    from pipelines.checking import check_named_round, which_round
    from pipelines.letters import letters_of, write_letters
    from pipelines.settings import Settings

    settings = Settings.from_environment()
    found = check_named_round(settings, which_round(settings, round_id)[0])
    letters = letters_of(found)
    if school is not None:
        letters = {
            s: text
            for s, text in letters.items()
            if school.casefold() in (s.id, s.short.casefold(), s.name.casefold())
        }
        if not letters:
            known = ", ".join(f"{s.id} {s.short}" for s in found.study.protocol.schools)
            raise InputError(
                f'ingen skole hedder "{school}"',
                [Problem("", expected=known, next_step="skriv nummer eller navn")],
            )
    for path in write_letters(letters, settings.data / "letters" / found.round_id):
        typer.echo(str(path))
