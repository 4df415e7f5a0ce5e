"""``komglad codebook``: print, export and compare the study's codebook, and write the schools' empty forms."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from evaluation.codebooks import Codebook

app = typer.Typer(rich_markup_mode=None)


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
        typer.echo(f"{book.title}, version {book.version}: {len(book.codes)} koder, {codable} kan bruges")
        for entry in book.codes:
            typer.echo(line(entry, len(book.ancestors(entry.id))))
        return
    found = book.resolve(code) or book.get(code)
    typer.echo(line(found, 0))
    for label, text in (
        ("Definition", found.definition),
        ("Brug når", found.use_when),
        ("Brug ikke når", found.do_not_use_when),
        ("Stikord", ", ".join(found.keywords)),
        ("Kilde", found.source),
        ("GUID", found.guid),
    ):
        if text:
            typer.echo(f"  {label}: {text}")
    for below in book.descendants(found.id):
        typer.echo(line(book.get(below), len(book.ancestors(below)) - len(book.ancestors(found.id))))


@app.command("export")
def export_codebook(
    path: Annotated[Path, typer.Argument(metavar="FILE.qdc", help="Where the REFI-QDA codebook goes.")],
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> None:
    """Write the codebook as ``.qdc``, which NVivo, ATLAS.ti, MAXQDA, QualCoder and Taguette open."""
    from evaluation.errors import EnvironmentProblem, InputError

    book = _codebook()
    if path.exists() and not force:
        raise InputError(f"{path.name} is there already. Give another name, or --force to write over it.")
    try:
        path.write_bytes(book.to_qdc())
    except OSError as error:
        raise EnvironmentProblem(f"{path.name} cannot be written: {error.strerror}.") from None
    typer.echo(f"{path}: {len(book.codes)} koder, version {book.version}")


@app.command("compare")
def compare_codebook(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="A .qdc, a .qdpx or another codebook.yaml.")],
) -> None:
    """Show how a codebook that comes back from a tool differs from the study's."""
    from evaluation.codebooks import Codebook, load_codebook
    from evaluation.errors import InputError
    from evaluation.interviews.qdc import codebook_of_root
    from evaluation.interviews.refi_project import read_qdpx

    book = _codebook()
    if not path.is_file():
        raise InputError(f"There is no file {path.name}. Expected: a .qdc, a .qdpx or a codebook.yaml.")
    if path.suffix.casefold() in {".yaml", ".yml"}:
        other = load_codebook(path)
    elif path.suffix.casefold() in {".qdpx", ".qde"}:
        other = codebook_of_root(read_qdpx(path).root, path.name)
    else:
        other = Codebook.from_qdc(path)
    difference = book.compare(other)
    for sentence in difference.lines():
        typer.echo(sentence)
    if difference.is_same:
        typer.echo(f"Kodebøgerne har de samme {len(book.codes)} koder.")
    if other.version and other.version != book.version:
        typer.echo(f"Versionen er {book.version} her og {other.version} dér.")


@app.command("forms")
def write_forms(
    directory: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the empty forms go.")],
) -> None:
    """Write the schools' empty forms (xlsx), which komglad reads back when they are filled in."""
    from evaluation.interviews.form_templates import write_templates

    for path in write_templates(directory, _codebook()):
        typer.echo(str(path))


def _codebook() -> Codebook:
    from evaluation.codebooks import load_codebook
    from evaluation.study import load_study
    from pipelines.settings import Settings

    return load_codebook(load_study(Settings.from_environment().study).file("codebook.yaml"))
