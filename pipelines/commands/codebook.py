"""``komglad codebook``: print, export and compare the study's codebook, and write the schools' empty forms."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evaluation.interviews.codebook_diff import compare
from evaluation.interviews.qdc import codebook_from_qdc, codebook_to_qdc
from evaluation.words import Count
from evaluation.words.texts import texts
from pipelines.causes import reason_of
from pipelines.usage import App

if TYPE_CHECKING:
    from evaluation.codebooks import Codebook

TEXT = texts("commands")


app = App()


@app.callback(invoke_without_command=True)
def codebook(context: typer.Context) -> None:
    """The study's codebook: print it (the default), hand it to a QDA tool, compare one that comes back."""
    if context.invoked_subcommand is None:
        print_codebook(None)


@app.command("print")
def print_codebook(
    code: Annotated[
        str | None, typer.Argument(metavar="CODE", help="One code or folder; default: the tree.")
    ] = None,
) -> None:
    """Show the codebook as a tree, or one entry with its definition."""
    from evaluation.codebooks import Code

    book = _codebook()

    def line(entry: Code, depth: int) -> str:
        mark = "" if entry.is_codable else " (mappe)"
        return f"{'  ' * depth}{entry.id}  {entry.name}{mark}"

    if code is None:
        codable = sum(entry.is_codable for entry in book.codes)
        typer.echo(
            TEXT(
                "codebook_heading",
                title=book.title,
                version=book.version,
                codes=Count(len(book.codes)),
                codable=Count(codable),
            )
        )
        for entry in book.codes:
            typer.echo(line(entry, len(book.ancestors(entry.id))))
        return
    found = book.resolve(code) or book.get(code)
    typer.echo(line(found, 0))
    for label, text in (
        (TEXT("codebook_definition"), found.definition),
        (TEXT("codebook_use_when"), found.use_when),
        (TEXT("codebook_use_not_when"), found.do_not_use_when),
        (TEXT("codebook_catchwords"), ", ".join(found.keywords)),
        (TEXT("codebook_source"), found.source),
        ("GUID", found.guid),
    ):
        if text:
            typer.echo(f"  {label}: {text}")
    for below in book.descendants(found.id):
        typer.echo(line(book.get(below), len(book.ancestors(below)) - len(book.ancestors(found.id))))


@app.command("export")
def export_codebook(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="Where it goes: .qdc for REFI-QDA, .csv for Taguette.", readable=False
        ),
    ],
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> None:
    """Write the codebook as the tool reads it: ``.qdc`` for NVivo, ATLAS.ti, MAXQDA and QualCoder, ``.csv`` for Taguette."""
    from evaluation.errors import EnvironmentProblem, InputError
    from evaluation.interviews.taguette import taguette_codebook

    book = _codebook()
    if path.suffix.casefold() not in (".qdc", ".csv"):
        raise InputError(TEXT("codebook_no_tool", name=path.name))
    if path.exists() and not force:
        raise InputError(TEXT("codebook_there_already", name=path.name))
    try:
        path.write_bytes(
            taguette_codebook(book) if path.suffix.casefold() == ".csv" else codebook_to_qdc(book)
        )
    except OSError as error:
        raise EnvironmentProblem(TEXT("not_written", name=path.name, why=reason_of(error))) from None
    typer.echo(f"{path}: {len(book.codes)} koder, version {book.version}")


@app.command("compare")
def compare_codebook(
    path: Annotated[
        Path, typer.Argument(metavar="FILE", help="A .qdc, a .qdpx or another codebook.yaml.", readable=False)
    ],
) -> None:
    """Show how a codebook that comes back from a tool differs from the study's."""
    from evaluation.codebooks import load_codebook
    from evaluation.errors import InputError
    from evaluation.interviews.qdc import codebook_of_root
    from evaluation.interviews.refi_project import read_qdpx

    book = _codebook()
    if not path.is_file():
        raise InputError(TEXT("codebook_no_file", name=path.name))
    if path.suffix.casefold() in {".yaml", ".yml"}:
        other = load_codebook(path)
    elif path.suffix.casefold() in {".qdpx", ".qde"}:
        other = codebook_of_root(read_qdpx(path).root, path.name)
    else:
        other = codebook_from_qdc(path)
    difference = compare(book, other)
    for sentence in difference.lines():
        typer.echo(sentence)
    if difference.is_same:
        typer.echo(TEXT("codebook_same_codes", codes=Count(len(book.codes))))
    if other.version and other.version != book.version:
        typer.echo(TEXT("codebook_versions", version=book.version, version_2=other.version))


@app.command("forms")
def write_forms(
    directory: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Where the empty forms go.", readable=False)
    ],
) -> None:
    """Write the schools' empty forms (xlsx), which komglad reads back when they are filled in."""
    from evaluation.interviews.form_templates import write_templates
    from evaluation.study import load_study
    from pipelines.settings import Settings

    schools = [s.name for s in load_study(Settings.from_environment().study).protocol.schools]
    for path in write_templates(directory, _codebook(), schools):
        typer.echo(str(path))


@app.command("guide")
def write_guide(
    directory: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Where the documents go.", readable=False)
    ],
) -> None:
    """Write what is needed before the first interview: interview guide, form for minutes, consent form (Word)."""
    from evaluation.reports.fieldwork import documents
    from evaluation.study import load_study
    from pipelines.settings import Settings

    protocol = load_study(Settings.from_environment().study).protocol
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in documents(_codebook(), protocol).items():
        (directory / name).write_bytes(content)
        typer.echo(str(directory / name))


def _codebook() -> Codebook:
    from evaluation.codebooks import load_codebook
    from evaluation.study import load_study
    from pipelines.settings import Settings

    return load_codebook(load_study(Settings.from_environment().study).file("codebook.yaml"))
