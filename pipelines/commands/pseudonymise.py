"""``komglad pseudonymise FILE``: names out of a transcript before it is coded; the key back lies outside the data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from evaluation.words import ANALYST, Persons
from evaluation.words.texts import texts

TEXT = texts("commands")


def pseudonymise(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="a transcript: .docx, .txt, .vtt, .srt, .md", readable=False),
    ],
    names: Annotated[
        Path | None,
        typer.Option(help="more names to look for (staff, places), one on each line", readable=False),
    ] = None,
    also: Annotated[list[str] | None, typer.Option(metavar="WORD", help="replace this word too")] = None,
    keep: Annotated[list[str] | None, typer.Option(metavar="WORD", help="leave this word")] = None,
    write: Annotated[
        Path | None,
        typer.Option(metavar="OUT", help="write the transcript without the names", readable=False),
    ] = None,
    key: Annotated[
        Path | None, typer.Option(help="where the key back goes; never in the data folder", readable=False)
    ] = None,
) -> None:
    """Show what may point to somebody, each in its context; with --write, replace it. A person reads it all the same."""
    from evaluation.disclosure.ledger import write_private
    from evaluation.errors import InputError
    from evaluation.interviews.pseudonymise import Finder, Known, Replacer, context_of
    from evaluation.interviews.transcripts import left_out, rewritten, texts_of
    from evaluation.study import load_study
    from evaluation.voices_intake import roster_names
    from pipelines.settings import Settings

    settings = Settings.from_environment()
    study = load_study(settings.study)
    people = roster_names(settings.incoming, study) if settings.incoming.is_dir() else ()
    if names is not None:
        if not names.is_file():
            raise InputError(TEXT("pseudonymise_no_names_file", name=names.name))
        people = (*people, *names.read_text(encoding="utf-8-sig").splitlines())
    if not people:
        raise InputError(TEXT("pseudonymise_nobody"))
    schools = tuple(n for s in study.protocol.schools for n in (s.name, s.short))
    finder = Finder(Known(tuple(people), schools, tuple(also or ()), tuple(keep or ())))
    texts = texts_of(file)
    replacer = Replacer.of(texts, finder)
    for text in texts:
        for p in finder.proposals(text):
            typer.echo(f"{replacer.words[p.kind, p.key]}  {context_of(text, p)}")
    typer.echo(
        TEXT(
            "pseudonymise_found",
            originals=Persons(len(replacer.originals)),
            audience=ANALYST,
            people=Persons(len(people)),
        )
    )
    if kinds := left_out(file):
        typer.echo(
            TEXT("pseudonymise_left_out", kinds=", ".join(TEXT(f"pseudonymise_part_{k}") for k in kinds))
        )
    if write is None:
        typer.echo(TEXT("pseudonymise_nothing_written"))
        return
    if key is None:
        raise InputError(TEXT("pseudonymise_where_key"))
    inside = (settings.data.resolve(), settings.incoming.resolve(), write.resolve().parent)
    if any(key.resolve().is_relative_to(folder) for folder in inside):
        raise InputError(TEXT("pseudonymise_key_beside_data"))
    for target in (write, key):
        if target.exists():
            raise InputError(TEXT("pseudonymise_target_taken", name=target.name))
    content = rewritten(file, lambda text: replacer.replaced(text, finder))
    write_private(
        key,
        json.dumps({"file": write.name, "words": replacer.originals}, ensure_ascii=False, indent=1).encode(),
    )
    write_private(write, content)
    typer.echo(TEXT("pseudonymise_done", write=write, key=key))
