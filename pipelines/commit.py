"""Which commit a source folder is at. Nothing is imported but the standard library: the wheel's build asks too."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

RECORD = "build.json"
"""Written into the package by the build, because a wheel has no repository to ask."""
SOURCES = ("evaluation", "assets", "pipelines")
UNKNOWN = "unknown"


def commit_of(root: Path) -> str:
    """The commit of the repository whose top is ``root``, with ``+`` when the sources differ from it.

    A repository that merely encloses the folder (an analyst's own, around a virtual environment) is not asked.
    """
    try:
        if Path(_git(root, "rev-parse", "--show-toplevel")).resolve() != root.resolve():
            return UNKNOWN
        changed = _git(root, "status", "--porcelain", "--untracked-files=no", "--", *SOURCES)
        return _git(root, "rev-parse", "HEAD") + ("+" if changed else "")
    except (OSError, subprocess.SubprocessError):
        return UNKNOWN


def recorded(package: Path) -> str | None:
    """The commit that the build wrote down; None in a source folder."""
    path = package / RECORD
    if not path.is_file():
        return None
    return str(json.loads(path.read_text(encoding="utf-8"))["commit"])


def _git(root: Path, *arguments: str) -> str:
    # Inside a git hook these name another repository than the folder's own.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(
        ["git", "-C", str(root), *arguments],
        check=True,
        capture_output=True,
        text=True,
        timeout=10,
        env=environment,
    )
    return done.stdout.strip()
