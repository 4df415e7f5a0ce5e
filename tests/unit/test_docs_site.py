"""The documentation as a site: every page is in it, every link leads somewhere, and it opens without a network."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

DOCS = Path(__file__).parents[2] / "docs"
FETCHED = re.compile(
    r"""<(?:script|img|iframe)[^>]+src="(?:https?:)?//"""
    r"""|<link[^>]+rel="(?:stylesheet|preload)"[^>]+href="(?:https?:)?//"""
)


def test_the_site_is_made_without_a_warning_and_fetches_nothing(tmp_path: Path) -> None:
    made = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", DOCS, tmp_path],
        capture_output=True, text=True, check=False, cwd=DOCS.parent,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr[-3000:]
    pages = {p.relative_to(tmp_path).with_suffix("") for p in tmp_path.rglob("*.html")}
    assert {p.relative_to(DOCS).with_suffix("") for p in DOCS.rglob("*.md")} <= pages
    assert not [p.name for p in tmp_path.rglob("*.html") if FETCHED.search(p.read_text(encoding="utf-8"))]
    assert "pretrend_power" in (tmp_path / "engine.html").read_text(encoding="utf-8")
