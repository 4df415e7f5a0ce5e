"""``komglad rotate``: change the pseudonym key without letting anybody back in who has withdrawn."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evaluation.words import ANALYST, Persons
from evaluation.words.texts import texts
from pipelines.settings import Settings

TEXT = texts("commands")


def rotate(
    to: Annotated[
        Path,
        typer.Option(
            help="where the new key is to lie, or lies since a rotation that was cut short", readable=False
        ),
    ],
    born: Annotated[
        str | None,
        typer.Option(help="birth years to look in, as 2005-2022; default: by the study's school years"),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask; needed where there is no terminal")] = False,
    map_file: Annotated[
        Path | None,
        typer.Option(
            "--map",
            help="also write old and new pseudonym of every pupil in the warehouse here",
            readable=False,
        ),
    ] = None,
) -> None:
    """Make a new key and move the list of forgotten pupils to it; the rounds are then made again with the new key.

    No number is asked for and none is shown: the old key's owner can find them, and does so in memory.
    """
    from evaluation.door.forgotten import FORGOTTEN, load_forgotten, made_with, read_forgotten
    from evaluation.door.rotation import birth_years, interview_names, moved_list, rotation_map
    from evaluation.errors import InputError, Problem
    from evaluation.study import load_study
    from pipelines.display import agreed
    from pipelines.key_file import make_key_file, read_key_file
    from pipelines.lock import run_lock
    from pipelines.resealing import reseal
    from pipelines.resources import KeySource, warehouse_of
    from pipelines.storage import write_bytes
    from pipelines.sweep import sweep

    settings = Settings.from_environment()
    if KeySource(settings).is_public:
        raise InputError(
            TEXT("rotate_demo", data=settings.data),
            [Problem(str(settings.data), found=TEXT("rotate_public"), next_step=TEXT("rotate_own_folder"))],
        )
    study, old = load_study(settings.study), KeySource(settings).load()
    path = to.expanduser().absolute()
    years = _years(born) if born else birth_years(study.protocol)
    listed = settings.data / FORGOTTEN
    with run_lock(settings.data):
        sweep(settings.data)
        typer.echo(TEXT("rotate_about_to", data=settings.data, path=path))
        if not agreed(TEXT("rotate_ask"), yes=yes):
            return
        new = (
            read_key_file(path, settings.data)
            if path.exists()
            else make_key_file(path, settings, option="--to")
        )
        _refuse_the_same(old.key_id, new.key_id, path)
        if made_with(listed) == new.key_id:
            reseal(settings.data, old.for_seals, new.for_seals)
            typer.echo(TEXT("rotate_already_moved"))
            _say_what_is_left(path, settings)
            return
        read_forgotten(listed, old)  # a removal that was cut short is finished under the key it began with
        forgotten = load_forgotten(listed, old)
        wanted = set(forgotten.pupils)
        if map_file is not None:
            wanted |= warehouse_of(settings).pupil_keys(old.key_id)
        if wanted:
            typer.echo(TEXT("rotate_trying", min=str(min(years)), max=str(max(years))))
        pupils = rotation_map(old, new, wanted, years)
        moved = moved_list(
            forgotten, old, new, pupils=pupils, document_names=interview_names(settings.incoming, study)
        )
        if map_file is not None:
            lines = ["old_key;new_key", *(f"{o};{n}" for o, n in sorted(pupils.items()))]
            write_bytes(map_file.expanduser().absolute(), ("\n".join(lines) + "\n").encode())
        reseal(settings.data, old.for_seals, new.for_seals)
        if listed.is_file():
            moved.forgotten.write(listed, new)
    typer.echo(TEXT("rotate_key_at", path=path, key_id=new.key_id, key_id_2=old.key_id))
    typer.echo(
        TEXT(
            "rotate_moved",
            pupils=Persons(len(moved.forgotten.pupils)),
            audience=ANALYST,
            documents=Persons(len(moved.forgotten.documents)),
        )
    )
    if moved.lost_documents:
        typer.echo(TEXT("rotate_lost", lost_documents=Persons(moved.lost_documents), audience=ANALYST))
    _say_what_is_left(path, settings)


def _say_what_is_left(path: Path, settings: Settings) -> None:
    rounds = sorted(p.name for p in settings.warehouse.glob("*") if p.is_dir())
    again = "".join(f"\n  komglad run {r}" for r in rounds)
    drop = "\n  unset KOMGLAD_KEY" if settings.key is not None else ""
    typer.echo(TEXT("rotate_next", drop=drop, path=path, again=again))


def _years(text: str) -> range:
    import re

    from evaluation.errors import InputError, Problem

    found = re.fullmatch(r"(\d{4})(?:\s*[-–]\s*(\d{4}))?", text.strip())
    first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
    if not 1937 <= first <= last <= 2057:
        raise InputError(
            TEXT("rotate_years"),
            [Problem("--born", found=f'"{text}"', expected=TEXT("rotate_years_expected"))],
        )
    return range(first, last + 1)


def _refuse_the_same(old: str, new: str, path: Path) -> None:
    from evaluation.errors import EnvironmentProblem, Problem

    if old == new:
        raise EnvironmentProblem(
            TEXT("rotate_same_key"),
            [Problem(str(path), found=TEXT("rotate_key", new=new), next_step=TEXT("rotate_other_place"))],
        )
