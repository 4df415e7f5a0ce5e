"""Files about pupils are their owner's alone: who else may read what lies in the data folder, and closing it to them.

On Windows a file's mode says nothing; there the folder's place (the user's own profile) protects it, and nothing here
finds or changes anything.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from evaluation.errors import EnvironmentProblem, Problem
from evaluation.words import Count
from evaluation.words.texts import texts

TEXT = texts("running")


OTHERS = stat.S_IRWXG | stat.S_IRWXO
SHOWN = 20


def own_folder(folder: Path) -> None:
    """Make a folder, and every one above it that is missing, the owner's alone."""
    for missing in reversed([p for p in (folder, *folder.parents) if not p.exists()]):
        missing.mkdir(mode=0o700, exist_ok=True)


def open_to_others(data: Path) -> list[Path]:
    """What lies in the data folder, itself included, and may be read or written by group or others."""
    if os.name == "nt" or not data.is_dir():
        return []
    return [path for path in _below(data) if _mode(path) & OTHERS]


def close_to_others(data: Path) -> list[Path]:
    """Take every right of group and others to the data folder and all in it away; returns what was changed.

    Raises:
        EnvironmentProblem: something belongs to another account, so that it cannot be closed here.
    """
    found = open_to_others(data)
    left = []
    for path in found:
        try:
            path.chmod(_mode(path) & ~OTHERS)
        except FileNotFoundError:
            continue
        except OSError:
            left.append(path)
    if left:
        raise EnvironmentProblem(
            TEXT("private_others"),
            [as_problem(path, data) for path in left[:SHOWN]],
        )
    return found


def as_problem(path: Path, data: Path) -> Problem:
    """What ``komglad doctor`` says about one of them."""
    return Problem(
        _told(path, data),
        found=TEXT("private_readable", mode=f"{_mode(path):04o}"),
        expected="kun ejeren",
        next_step=f"chmod go-rwx {path}",
    )


def sentence(changed: list[Path], data: Path) -> str:
    """What was closed, for the terminal: the number of files and the first name, nothing about their content."""
    return TEXT("private_closed", changed=Count(len(changed)), name=_told(changed[0], data))


def warning(found: list[Path], data: Path) -> str:
    """The same before anything was closed, of what a run would close."""
    return TEXT("private_open_to_others", found=Count(len(found)), name=_told(found[0], data))


def _mode(path: Path) -> int:
    """A path's rights; none for what a check or rerun beside us has taken away meanwhile."""
    try:
        return stat.S_IMODE(path.lstat().st_mode)
    except FileNotFoundError:
        return 0


def _below(data: Path) -> Iterator[Path]:
    """The folder and everything below it, and what a link in its place for a whole folder (an inbox on a share) leads to.

    Other links are left alone, because what they lead to is not ours.
    """
    for top in (data, *(p.resolve() for p in sorted(data.iterdir()) if p.is_symlink() and p.is_dir())):
        yield top
        for folder, folders, files in os.walk(top, followlinks=False):
            for name in (*folders, *files):
                path = Path(folder, name)
                if not path.is_symlink():
                    yield path


def _told(path: Path, data: Path) -> str:
    return str(path.relative_to(data.parent) if path.is_relative_to(data.parent) else path)
