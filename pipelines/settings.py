"""Where things are: study, data folder and key, from the environment with defaults. The only reader of ``os.environ``.

KOMGLAD_STUDY     a packaged study's name or a study folder          (default: kom_glad_i_skole)
KOMGLAD_DATA      the data folder                                    (default: data/ beside dagster.yaml, else ./data)
KOMGLAD_ENGINE    duckdb, or the address of a Spark                (default: duckdb)
KOMGLAD_KEY       the pseudonym key itself                           (for tests and secret managers)
KOMGLAD_LOG       the least level that is written to the log file    (default: INFO)
KOMGLAD_KEY_FILE  a file that holds it, owner-only                   (default: ~/.config/komglad/key)
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

DEFAULT_STUDY = "kom_glad_i_skole"
EMBEDDED = "duckdb"
NO_HOME = Path("/dev/null/komglad/key") if os.name != "nt" else Path("NUL/komglad/key")
"""Where the key lies for an account without a home folder: nowhere, until KOMGLAD_KEY_FILE says."""
PROJECT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Settings:
    """Resolved places. ``key`` is set only when the environment carries the key itself."""

    study: str
    data: Path
    key: str | None
    key_file: Path
    log_level: str = "INFO"
    engine: str = EMBEDDED

    @classmethod
    def from_environment(cls, *, study: str | None = None, data: Path | None = None) -> Settings:
        """Options first, then the environment, then the defaults."""
        env = os.environ
        return cls(
            study=study or env.get("KOMGLAD_STUDY") or DEFAULT_STUDY,
            data=(
                data or Path(env["KOMGLAD_DATA"]) if data or env.get("KOMGLAD_DATA") else _default_data()
            ).resolve(),
            key=env.get("KOMGLAD_KEY") or None,
            key_file=Path(env.get("KOMGLAD_KEY_FILE") or _default_key_file()),
            log_level=env.get("KOMGLAD_LOG") or "INFO",
            engine=env.get("KOMGLAD_ENGINE") or EMBEDDED,
        )

    def export(self) -> None:
        """Write the choice back, so that Dagster's code server and notebooks started from here see the same."""
        os.environ["KOMGLAD_STUDY"] = self.study
        os.environ["KOMGLAD_DATA"] = str(self.data)

    def for_children(self) -> dict[str, str]:
        """The environment of Dagster's processes: this choice, absolute, and never the key itself."""
        chosen = {
            "KOMGLAD_STUDY": self.study,
            "KOMGLAD_DATA": str(self.data),
            "KOMGLAD_KEY_FILE": str(self.key_file.absolute()),
            "DAGSTER_HOME": str(self.dagster),
            # A folder called assets or evaluation where the page is opened is the analyst's own, not ours.
            "PYTHONSAFEPATH": "1",
        }
        return {**{name: value for name, value in os.environ.items() if name != "KOMGLAD_KEY"}, **chosen}

    @property
    def incoming(self) -> Path:
        """The inbox."""
        return self.data / "incoming"

    @property
    def warehouse(self) -> Path:
        """Parquet, one folder a round."""
        return self.data / "warehouse"

    @property
    def reports(self) -> Path:
        """Rendered reports, one folder a round."""
        return self.data / "reports"

    @property
    def dagster(self) -> Path:
        """Dagster's SQLite files."""
        return self.data / "dagster"


def packaged(name: str) -> Path:
    """A file that stands beside the program: within the package when it was installed from a wheel."""
    inside = Path(__file__).resolve().parent / name
    return inside if inside.is_file() else PROJECT / name


def _default_key_file() -> Path:
    configured = os.environ.get("XDG_CONFIG_HOME")
    try:
        return (Path(configured) if configured else Path.home() / ".config") / "komglad" / "key"
    except RuntimeError:  # an account without a home folder, as in a container
        return NO_HOME


def _default_data() -> Path:
    for folder in (Path.cwd(), *Path.cwd().parents):
        if (folder / "dagster.yaml").is_file():
            return folder / "data"
    return Path.cwd() / "data"
