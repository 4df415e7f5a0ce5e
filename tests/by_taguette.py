"""Taguette itself imports the exported codebook and gives it back: what it took stands in ``tests/data/interviews``.

Taguette needs older packages than this project and is installed by itself::

    python3 -m venv /somewhere && /somewhere/bin/pip install taguette
    python -m tests.by_taguette /somewhere/bin/taguette

Run it again when the codebook changes; a test compares what Taguette took with today's codebook.
"""

from __future__ import annotations

import html
import re
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path

from evaluation.codebooks import load_codebook
from evaluation.interviews.taguette import taguette_codebook
from evaluation.study import load_study

TAKEN = Path(__file__).parent / "data" / "interviews" / "taguette_took.csv"
PORT = 17465
BASE = f"http://localhost:{PORT}"


def taken_by(executable: str, codebook: bytes) -> bytes:
    """The codebook as a fresh Taguette exports it after it has imported ``codebook`` by its own pages."""
    with tempfile.TemporaryDirectory() as folder:
        command = [executable, "--no-browser", "--database", f"{folder}/t.sqlite3", "--port", str(PORT)]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={"HOME": folder})
        try:
            address = next(line for line in server.stdout or () if "token=" in line)
            return _through_pages(codebook, re.findall(r"http\S+", address)[0])
        finally:
            server.terminate()
            server.wait()


def _through_pages(codebook: bytes, address: str) -> bytes:
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    browser.open(address)
    page = browser.open(f"{BASE}/project/new").read().decode()
    made = browser.open(f"{BASE}/project/new", _form({"_xsrf": _token(page), "name": "Kodebog"}))
    project = re.sub(r"(.*/project/\d+).*", r"\1", made.geturl())
    part = '--x\r\nContent-Disposition: form-data; name="{}"{}\r\n\r\n'
    own = part.format("_xsrf", "") + _token(made.read().decode() + page) + "\r\n"
    own += part.format("file", '; filename="kodebog.csv"\r\nContent-Type: text/csv')
    sent = urllib.request.Request(f"{project}/import_codebook", own.encode() + codebook + b"\r\n--x--\r\n")
    sent.add_header("Content-Type", "multipart/form-data; boundary=x")
    page = browser.open(sent).read().decode()
    said = {"_xsrf": _token(page)}
    for field in re.findall(r'<input[^>]*name="tag\d+-[^>]*>', page):
        if 'type="checkbox"' not in field or "checked" in field:
            name, value = re.search(r'name="([^"]+)"', field), re.search(r'value="([^"]*)"', field)
            said[name.group(1) if name else ""] = html.unescape(value.group(1)) if value else "on"
    browser.open(f"{project}/import_codebook", _form(said))
    return browser.open(f"{project}/export/codebook.csv").read()


def _token(page: str) -> str:
    return re.findall(r'name="_xsrf" value="([^"]+)"', page)[0]


def _form(said: dict[str, str]) -> bytes:
    return urllib.parse.urlencode(said).encode()


if __name__ == "__main__":
    book = load_codebook(load_study("kom_glad_i_skole").file("codebook.yaml"))
    TAKEN.write_bytes(taken_by(sys.argv[1], taguette_codebook(book)))
