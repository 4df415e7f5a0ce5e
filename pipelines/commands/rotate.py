"""``komglad rotate``: change the pseudonym key without letting anybody back in who has withdrawn."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.settings import Settings


def rotate(
    to: Annotated[
        Path, typer.Option(help="where the new key is to lie, or lies since a rotation that was cut short")
    ],
    born: Annotated[
        str | None,
        typer.Option(help="birth years to look in, as 2005-2022; default: by the study's school years"),
    ] = None,
    map_file: Annotated[
        Path | None,
        typer.Option("--map", help="also write old and new pseudonym of every pupil in the warehouse here"),
    ] = None,
) -> None:
    """Make a new key and move the list of forgotten pupils to it; the rounds are then made again with the new key.

    No number is asked for and none is shown: the old key's owner can find them, and does so in memory.
    """
    from evaluation.door.forgotten import FORGOTTEN, load_forgotten, made_with, read_forgotten
    from evaluation.door.rotation import birth_years, interview_names, moved_list, rotation_map
    from evaluation.study import load_study
    from pipelines.key_file import make_key_file, read_key_file
    from pipelines.lock import run_lock
    from pipelines.resources import KeySource
    from pipelines.storage import Warehouse, write_bytes

    settings = Settings.from_environment()
    study, old = load_study(settings.study), KeySource(settings).load()
    path = to.expanduser().absolute()
    years = _years(born) if born else birth_years(study.protocol)
    listed = settings.data / FORGOTTEN
    with run_lock(settings.data):
        new = (
            read_key_file(path, settings.data)
            if path.exists()
            else make_key_file(path, settings, option="--to")
        )
        _refuse_the_same(old.key_id, new.key_id, path)
        if made_with(listed) == new.key_id:
            typer.echo("Listen over glemte elever er allerede flyttet til den nye nøgle.")
            _say_what_is_left(path, settings)
            return
        read_forgotten(listed, old)  # a removal that was cut short is finished under the key it began with
        forgotten = load_forgotten(listed, old)
        wanted = set(forgotten.pupils)
        if map_file is not None:
            wanted |= Warehouse(settings.warehouse).pupil_keys(old.key_id)
        if wanted:
            typer.echo(
                f"Prøver CPR-numre for fødselsår {min(years)}-{max(years)} i hukommelsen; det kan tage et par minutter."
            )
        pupils = rotation_map(old, new, wanted, years)
        moved = moved_list(
            forgotten, old, new, pupils=pupils, document_names=interview_names(settings.incoming, study)
        )
        if map_file is not None:
            lines = ["old_key;new_key", *(f"{o};{n}" for o, n in sorted(pupils.items()))]
            write_bytes(map_file.expanduser().absolute(), ("\n".join(lines) + "\n").encode())
        if listed.is_file():
            moved.forgotten.write(listed)
    typer.echo(f"Den nye nøgle ligger i {path} (nøgle-id {new.key_id}); den gamle har id {old.key_id}.")
    typer.echo(
        f"Glemte elever flyttet: {len(moved.forgotten.pupils)}; interview: {len(moved.forgotten.documents)}."
    )
    if moved.lost_documents:
        typer.echo(
            f"{moved.lost_documents} glemte interview findes ikke længere i indbakken og kan ikke genkendes med den nye "
            "nøgle. Bed dem, der koder, om at lade dem være ude af nye filer."
        )
    _say_what_is_left(path, settings)


def _say_what_is_left(path: Path, settings: Settings) -> None:
    rounds = sorted(p.name for p in settings.warehouse.glob("*") if p.is_dir())
    again = "".join(f"\n  komglad run {r}" for r in rounds)
    drop = "\n  unset KOMGLAD_KEY" if settings.key is not None else ""
    typer.echo(f"Gør nu dette, og slet så den gamle nøgle:{drop}\n  export KOMGLAD_KEY_FILE={path}{again}")


def _years(text: str) -> range:
    import re

    from evaluation.errors import InputError, Problem

    found = re.fullmatch(r"(\d{4})(?:\s*[-–]\s*(\d{4}))?", text.strip())
    first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
    if not 1937 <= first <= last <= 2057:
        raise InputError(
            "the birth years cannot be read",
            [Problem("--born", found=f'"{text}"', expected="two years between 1937 and 2057, as 2005-2022")],
        )
    return range(first, last + 1)


def _refuse_the_same(old: str, new: str, path: Path) -> None:
    from evaluation.errors import EnvironmentProblem, Problem

    if old == new:
        raise EnvironmentProblem(
            "the new key is the one in use",
            [Problem(str(path), found=f"key {new}", rule="key", next_step="give another place with --to; "
                     "if the list has been moved already, only the rounds are left to make again")],
        )  # fmt: skip
