"""``komglad statements`` and ``komglad quotes``: the analyst's work with words; nothing of it is published."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evaluation.words import ANALYST, Count, Persons
from evaluation.words.texts import texts

if TYPE_CHECKING:
    import pandas as pd

    from evaluation.study import Study
    from pipelines.settings import Settings

TEXT = texts("commands")


ROUND = Annotated[str, typer.Argument(metavar="ROUND", help="a round that has been run")]


def statements(
    round_id: ROUND,
    code: Annotated[str | None, typer.Option(help="only this code and those below it")] = None,
    is_together: Annotated[
        bool, typer.Option("--together", help="which codes stand on one statement")
    ] = False,
    is_discussed: Annotated[
        bool, typer.Option("--disagreements", help="where coders differ, with names and texts")
    ] = False,
    is_material: Annotated[
        bool, typer.Option("--material", help="who was asked when, and who declined")
    ] = False,
    page: Annotated[
        Path | None, typer.Option(help="write it as a page only you can read", readable=False)
    ] = None,
) -> None:
    """Show every statement under a code with its interview and its words."""
    from evaluation.errors import InputError
    from evaluation.interviews.retrieval import disagreements, material, statements_under, together
    from evaluation.questions.voices import codebook_of
    from evaluation.voices_intake import names_behind
    from pipelines.resources import KeySource

    settings, study, tables = _round_of(
        round_id, "core_interview_codes", "raw_interview_texts", "out_coding_discussion"
    )
    codes, texts, discussion = tables
    book = codebook_of(study)
    wanted = None
    if code is not None:
        found = book.resolve(code)
        if found is None:
            raise InputError(TEXT("statements_no_code", code=code, nearest=book.nearest(code) or "–"))
        wanted = found.id
    names = names_behind(settings.incoming, study, KeySource(settings).load())
    title = TEXT("statements_title", round_id=round_id)
    rows: list[list[str]] = []
    if is_together:
        heading = [TEXT("statements_code"), TEXT("statements_together"), TEXT("statements_statement")]
        rows = [[a, b, str(n)] for a, b, n in together(codes, texts).itertuples(index=False)]
    elif is_material:
        heading = [
            TEXT("statements_who"),
            TEXT("statements_occasion"),
            TEXT("statements_form"),
            TEXT("statements_asked"),
            TEXT("statements_without_consent"),
        ]
        documents = _round_of(round_id, "raw_interview_documents")[2][0]
        rows = [[str(cell) for cell in row] for row in material(documents).itertuples(index=False)]
    elif is_discussed:
        heading = [
            TEXT("statements_interview"),
            TEXT("statements_code"),
            TEXT("statements_set_by"),
            TEXT("statements_not_set_by"),
            TEXT("statements_statement"),
        ]
        rows = [list(row) for row in disagreements(discussion, texts, names)]
    else:
        heading = [
            TEXT("statements_code"),
            TEXT("statements_interview"),
            TEXT("statements_who"),
            TEXT("statements_occasion"),
            TEXT("statements_direction"),
            TEXT("statements_statement"),
        ]
        said = statements_under(codes, texts, book, wanted, names)
        rows = [[s.code, s.interview, s.informant, s.occasion, s.direction, s.text] for s in said]
    if page is not None:
        _write_page(page, settings.data, title, heading, rows)
        typer.echo(TEXT("statements_page_done", page=page, rows=Persons(len(rows)), audience=ANALYST))
        return
    for row in rows:
        # A number says nothing without its heading.
        cells = [f"{h}: {c}" if c.isdigit() else c for h, c in zip(heading, row, strict=True)]
        typer.echo(" · ".join(cell for cell in cells[:-1] if cell) + f"\n    {cells[-1]}")
    if not rows:
        typer.echo(TEXT("statements_none"))


def quotes(
    round_id: ROUND,
    use: Annotated[list[str] | None, typer.Option(metavar="ID", help="these words may be printed")] = None,
    refuse: Annotated[
        list[str] | None, typer.Option("--do-not-use", metavar="ID", help="these may not")
    ] = None,
    by: Annotated[str | None, typer.Option(help="who decides")] = None,
    is_all: Annotated[bool, typer.Option("--all", help="also statements nobody marked as a quote")] = False,
) -> None:
    """List the words that may be quoted, and decide on them. A decision holds for exactly these words."""
    from evaluation.errors import EnvironmentProblem, InputError
    from evaluation.interviews.approvals import FILE, with_decisions
    from evaluation.interviews.retrieval import NO_IN_FILE, candidates
    from evaluation.questions.voices import codebook_of, decisions_of
    from evaluation.study import PACKAGED
    from pipelines.causes import reason_of

    names = ("core_interview_codes", "raw_interview_texts", "raw_school_forms")
    _, study, (codes, texts, school_forms) = _round_of(round_id, *names)
    found = candidates(
        codes,
        texts,
        school_forms,
        codebook_of(study),
        decisions_of(study),
        is_all=is_all or bool(use or refuse),
    )
    if not use and not refuse:
        for c in found:
            typer.echo(f"{c.short}  {c.state} · {c.source}\n    »{c.text}«")
        typer.echo(TEXT("statements_waiting", found=Persons(len(found)), audience=ANALYST, round_id=round_id))
        return
    if not by or not by.strip():
        raise InputError(TEXT("statements_who_decides"))
    folder = study.folders[0]
    if folder.resolve().is_relative_to(PACKAGED.resolve()):
        raise InputError(TEXT("statements_packaged", study=study.protocol.study.id))
    target = folder / FILE
    text = target.read_text(encoding="utf-8-sig") if target.is_file() else ""
    for ids, is_used in ((use or [], True), (refuse or [], False)):
        chosen = [_named(found, name) for name in ids]
        if is_used and any(c.state == NO_IN_FILE for c in chosen):
            raise InputError(TEXT("statements_said_no"))
        keys = [c.key for c in chosen]
        if keys:
            text = with_decisions(text, keys, is_used=is_used, by=by, on=dt.date.today().isoformat())  # noqa: DTZ011
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise EnvironmentProblem(TEXT("not_written", name=target.name, why=reason_of(error))) from None
    typer.echo(
        TEXT("statements_done", target=target, use=Count(len(use or [])), refuse=Count(len(refuse or [])))
    )


def _named(found: tuple[Any, ...], name: str) -> Any:
    from evaluation.errors import InputError

    mine = [c for c in found if len(name) >= 6 and c.key.startswith(name.casefold())]
    if len(mine) != 1:
        raise InputError(
            TEXT("statements_same_name", mine=Persons(len(mine)), audience=ANALYST, name=f"{name!r}")
        )
    return mine[0]


def _round_of(round_id: str, *names: str) -> tuple[Settings, Study, tuple[pd.DataFrame, ...]]:
    from evaluation.study import load_study
    from pipelines.known_round import known_round
    from pipelines.resources import warehouse_of
    from pipelines.settings import Settings

    settings = Settings.from_environment()
    study = load_study(settings.study)
    known_round(study, round_id)
    warehouse = warehouse_of(settings)
    return settings, study, tuple(warehouse.read(round_id, name) for name in names)


def _write_page(path: Path, data: Path, title: str, heading: list[str], rows: list[list[str]]) -> None:
    """A page of the owner's alone, never among the reports."""
    from markupsafe import Markup

    from evaluation.disclosure.ledger import write_private
    from evaluation.errors import InputError

    if path.resolve().is_relative_to((data / "reports").resolve()):
        raise InputError(TEXT("statements_among_reports", name=path.name))
    head = Markup("").join(Markup("<th scope='col'>{}</th>").format(h) for h in heading)
    body = Markup("").join(
        Markup("<tr>{}</tr>").format(Markup("").join(Markup("<td>{}</td>").format(c) for c in row))
        for row in rows
    )
    shown = Markup(
        "<!doctype html><html lang='da'><head><meta charset='utf-8'><title>{0}</title><style>body{{font:16px/1.5 sans-serif;"
        "margin:2rem}}td,th{{text-align:left;vertical-align:top;padding:.3rem .8rem;border-bottom:1px solid #ccc}}"
        "</style></head><body><h1>{0}</h1><p>{3}</p><table><thead><tr>{1}</tr>"
        "</thead><tbody>{2}</tbody></table></body></html>"
    ).format(title, head, body, TEXT("statements_private"))
    write_private(path, str(shown).encode())
