"""Which code made a report: the git commit and the versions of the packages that compute."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pipelines.commit import commit_of, recorded
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
    """``git_commit`` is the build's own; from a source folder it ends in ``+`` when the code differs from it."""

    git_commit: str
    package_versions: dict[str, str]

    @property
    def code(self) -> str:
        """One word for the code: version and commit."""
        return f"{self.package_versions.get('komglad', 'unknown')} {self.git_commit}"


@cache
def provenance() -> Provenance:
    """Read once per process."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return Provenance(recorded(Path(__file__).parent) or commit_of(PROJECT), versions)
