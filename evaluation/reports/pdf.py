"""Printing a finished page to PDF with the browser on the machine. Everything else is made without it.

Chrome, Edge and Chromium write tagged PDF with an outline from the page's headings; language, title and page
numbers come from the page itself. A new profile is used and thrown away, and no network is needed.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
    "microsoft-edge",
)
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
    "C:/Program Files/Microsoft/Edge/Application/msedge.exe",
)
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--disable-dev-shm-usage",
    "--export-tagged-pdf",
    "--generate-pdf-document-outline",
    "--no-pdf-header-footer",
    "--virtual-time-budget=4000",
)


@dataclass(frozen=True)
class PdfResult:
    """``path`` is None when no PDF was made; ``note`` then says why, in Danish, for the reader."""

    path: Path | None
    note: str = ""


def find_browser() -> Path | None:
    """The first Chrome, Edge or Chromium on the machine."""
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return Path(found)
    return next((Path(p) for p in PLACES if Path(p).is_file()), None)


def print_pdf(html_path: Path, pdf_path: Path, browser: Path | None = None, timeout: float = 90) -> PdfResult:
    """Print a page. Never raises for the browser's sake: a failure is a note, and no half file is left."""
    browser = browser or find_browser()
    if browser is None:
        return PdfResult(
            None,
            "Ingen PDF: der er ingen Chrome, Edge eller Chromium på maskinen. HTML-siden kan udskrives fra "
            "en browser.",
        )
    partial = pdf_path.with_name(f".{pdf_path.name}.part")
    with tempfile.TemporaryDirectory(prefix="komglad-pdf-") as profile:
        command = [
            str(browser),
            *FLAGS,
            f"--user-data-dir={profile}",
            f"--print-to-pdf={partial}",
            html_path.resolve().as_uri(),
        ]
        try:
            done = subprocess.run(command, capture_output=True, timeout=timeout, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            partial.unlink(missing_ok=True)
            return PdfResult(
                None, f"Ingen PDF: browseren kunne ikke udskrive siden ({type(error).__name__})."
            )
    if done.returncode or not partial.is_file() or partial.read_bytes()[:5] != b"%PDF-":
        partial.unlink(missing_ok=True)
        return PdfResult(None, f"Ingen PDF: browseren endte med kode {done.returncode} uden en brugbar fil.")
    partial.chmod(0o600)
    partial.replace(pdf_path)
    return PdfResult(pdf_path)
