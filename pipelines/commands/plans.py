"""What is made of a study before there are data: its plan as a page, frozen; empty templates; the privacy drafts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evaluation.words.texts import texts

if TYPE_CHECKING:
    from evaluation.protocol import Protocol

TEXT = texts("commands")


def plan(
    page: Annotated[
        Path | None, typer.Option("--page", help="also write it as an HTML page to this file", readable=False)
    ] = None,
) -> None:
    """Say who gets what from when, compared with whom, when the milestone is due, and which answers are possible."""
    from evaluation.reports.plan import page_title
    from evaluation.reports.render import render_plan
    from evaluation.study import load_study
    from pipelines.settings import Settings

    protocol = load_study(Settings.from_environment().study).protocol
    typer.echo(f"{page_title()}: {protocol.study.title} · {protocol.study.id} {protocol.study.version}")
    print_sections(protocol)
    if page is not None:
        page.write_text(render_plan(protocol), encoding="utf-8")
        typer.echo(f"\n{page}")


def print_sections(protocol: Protocol) -> None:
    """The plan's chapters on the terminal."""
    from evaluation.reports.plan import plan_sections

    for section in plan_sections(protocol):
        typer.echo(f"\n{section.title}")
        for word, meaning in section.terms:
            typer.echo(f"  {word}: {meaning}")
        for sentence in section.points:
            typer.echo(f"  {sentence}")


def freeze(
    reason: Annotated[str, typer.Option(help="why, when the plan was frozen before and has changed")] = "",
) -> None:
    """Freeze the study's plan: every report then says what, if anything, changed since.

    Says what is still assumed, which round reaches which months, and which answers the study can and cannot give, with
    their chances.
    """
    import datetime as dt

    from evaluation.reports.plan import due_sentences
    from evaluation.reports.verdict_words import outlook
    from evaluation.study import load_study
    from evaluation.words import danish
    from pipelines.frozen import freeze_protocol
    from pipelines.lock import run_lock
    from pipelines.resources import KeySource
    from pipelines.settings import Settings

    settings = Settings.from_environment()
    study = load_study(settings.study)
    key = KeySource(settings).load().for_seals
    with run_lock(settings.data):
        today = dt.datetime.now(dt.UTC).date()
        record = freeze_protocol(settings.data, study.protocol, today, reason, key=key)
    for sentence in (*due_sentences(study.protocol), *outlook(study.protocol)):
        typer.echo(f"  {sentence}")
    on = danish.date(dt.date.fromisoformat(record.frozen_on))
    typer.echo(
        TEXT("freeze_done", on=on, id=study.protocol.study.id, version=record.version, hash=record.hash)
    )


def templates(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="where the empty templates go", readable=False)
    ],
) -> None:
    """Write empty templates that komglad reads back when they are filled in and put in the inbox."""
    from evaluation.codebooks import load_codebook
    from evaluation.interviews.form_templates import write_templates as write_forms
    from evaluation.study import load_study
    from evaluation.templates import write_templates
    from pipelines.settings import Settings

    study = load_study(Settings.from_environment().study)
    schools = [s.name for s in study.protocol.schools]
    codebook = study.optional_file("codebook.yaml")
    forms = write_forms(directory / "skemaer", load_codebook(codebook), schools) if codebook else ()
    for path in (*write_templates(directory, study.protocol), *forms):
        typer.echo(str(path))


def privacy(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="where the drafts go", readable=False)],
) -> None:
    """Write impact assessment, record, retention, notice to parents, breach procedure and roles as drafts in Danish."""
    from evaluation.publication.privacy import privacy_documents
    from evaluation.study import load_study
    from pipelines.settings import Settings
    from pipelines.storage import write_text
    from pipelines.stores import STORES

    protocol = load_study(Settings.from_environment().study).protocol
    for name, text in privacy_documents(protocol, STORES).items():
        write_text(directory / name, text)
        typer.echo(str(directory / name))
