"""Printing a finished page to PDF with the browser on the machine. Everything else is made without it.

Chrome, Edge and Chromium write tagged PDF with an outline from the page's headings; language, title and page
numbers come from the page itself. A new profile is used and thrown away, and no network is needed. The browser stamps a
file with the time it was printed; that becomes the report's date, so that the same page gives the same bytes.
"""

from __future__ import annotations

import datetime as dt
import re
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


_PRINTED_AT = re.compile(rb"(/(?:CreationDate|ModDate) \(D:)\d{14}[+-]\d\d'\d\d'")
_NODE = re.compile(rb"\bnode(\d{8})\b")
_PRINTED_BY = re.compile(rb"/Producer \(([^)]*)\)")


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


def dated(content: bytes, on: dt.date) -> bytes:
    """A printed file whose times are a date, byte for byte as long as before, so that its table of places holds."""
    return _PRINTED_AT.sub(rb"\g<1>" + on.strftime("%Y%m%d").encode() + b"000000+00'00'", content)


def renumbered(content: bytes) -> bytes:
    """The same file with the names of its structure counted from one, in their order and as long as before.

    The browser counts from wherever it stood when the page was laid out, which is not always the same place.
    """
    found = sorted({int(n) for n in _NODE.findall(content)})
    places = {n: i for i, n in enumerate(found, start=1)}
    return _NODE.sub(lambda m: b"node%08d" % places[int(m[1])], content)


def printed_by(content: bytes) -> str:
    """The printing engine and its version, as the file names them."""
    found = _PRINTED_BY.search(content)
    return found[1].decode("latin-1") if found else ""


def print_pdf(
    html_path: Path, pdf_path: Path, on: dt.date, browser: Path | None = None, timeout: float = 90
) -> PdfResult:
    """Print a page, dated ``on``. Never raises for the browser's sake: a failure is a note, and no half file is left."""
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
    partial.write_bytes(renumbered(dated(partial.read_bytes(), on)))
    partial.chmod(0o600)
    partial.replace(pdf_path)
    return PdfResult(pdf_path)
