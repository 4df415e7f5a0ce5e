"""Which code made a report: the git commit and the versions of the packages that compute."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from pipelines.settings import PROJECT

PACKAGES = (
    "dagster",
    "duckdb",
    "great-expectations",
    "komglad",
    "numpy",
    "pandas",
    "plotly",
    "pyarrow",
    "scipy",
    "statsmodels",
)


@dataclass(frozen=True)
class Provenance:
    """``git_commit`` ends in ``+`` when the code differs from that commit; "unknown" without git."""

    git_commit: str
    package_versions: dict[str, str]


@cache
def provenance() -> Provenance:
    """Read once per process."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return Provenance(_commit(), versions)


def _commit() -> str:
    try:
        head = _git("rev-parse", "HEAD")
        changed = _git(
            "status", "--porcelain", "--untracked-files=no", "--", "evaluation", "assets", "pipelines"
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return head + ("+" if changed else "")


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(PROJECT), *arguments], check=True, capture_output=True, text=True, timeout=10
    )
    return done.stdout.strip()
