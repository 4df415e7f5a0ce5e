"""What the build adds to the package: the commit it was built from. See ``pipelines/commit.py``."""

from __future__ import annotations

import importlib.util
import json
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CommitHook(BuildHookInterface):  # type: ignore[type-arg]
    """Writes ``pipelines/build.json`` into wheel and source archive, never into the source folder."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Ask the repository, or the source archive that was made from it."""
        if version == "editable":
            return
        root = Path(self.root)
        found = importlib.util.spec_from_file_location("commit", root / "pipelines" / "commit.py")
        assert found is not None
        assert found.loader is not None
        commit = importlib.util.module_from_spec(found)
        found.loader.exec_module(commit)
        known = commit.recorded(root / "pipelines") or commit.commit_of(root)
        record = Path(tempfile.mkdtemp()) / commit.RECORD
        record.write_text(json.dumps({"commit": known}) + "\n", encoding="utf-8")
        build_data["force_include"][str(record)] = f"pipelines/{commit.RECORD}"
